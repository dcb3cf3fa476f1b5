"""Certificates for tests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def made(
    *, names: tuple[str, ...] = ("localhost",), ends: datetime | None = None, own: bool = True
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A key and a certificate for it, signed by itself or by another key under another name."""
    key = ec.generate_private_key(ec.SECP256R1())
    until = ends or datetime.now(UTC) + timedelta(days=1)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
    issuer = subject if own else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - timedelta(days=10))
        .not_valid_after(until)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    signer = key if own else ec.generate_private_key(ec.SECP256R1())
    return key, builder.sign(signer, hashes.SHA256())


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Files of a key, mode 0600, and of its self-signed certificate."""
    key, certificate = made()
    key_file, certificate_file = folder / "key.pem", folder / "certificate.pem"
    encoded = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_file.touch(mode=0o600)
    key_file.write_bytes(encoded)
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return key_file, certificate_file
