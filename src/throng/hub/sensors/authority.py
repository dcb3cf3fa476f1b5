"""The hub's own certificate authority: it vouches for the hub to its sensors, and for each sensor to the hub."""

import contextlib
import ipaddress
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from throng.data.errors import ConflictError, HubError
from throng.data.signed import HUB_NAME
from throng.seal.box import Seal, opened_value, sealed_value
from throng.store.records import Change, Records

SENSOR_URI = "urn:throng:sensor:"
SENSOR_S = 24 * 3600
SERVER_S = 90 * 24 * 3600
_AUTHORITY_DAYS = 3652
_EARLY = timedelta(minutes=5)  # a sensor's clock that is a little behind must not call a new certificate not yet valid
_KEY = "authority/ca/key"
_USAGE = dict.fromkeys(
    (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ),
    False,
)


@dataclass(frozen=True, slots=True)
class Authority:
    """Issues certificates: ECDSA over P-256 with SHA-256.

    Attributes
    ----------
    certificate : x509.Certificate
        Public; sensors know it by its fingerprint.
    """

    certificate: x509.Certificate
    _key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def pem(self) -> str:
        """The certificate, PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the certificate."""
        return self.certificate.fingerprint(hashes.SHA256())

    @property
    def shown_fingerprint(self) -> str:
        """The fingerprint as people compare it: hexadecimal, with colons."""
        return self.fingerprint.hex(":").upper()

    def issue_sensor(self, name: str, key: ec.EllipticCurvePublicKey, *, now_s: float, life_s: int) -> x509.Certificate:
        """A certificate for a sensor, good for being a client and nothing else."""
        return self._issue(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
            key,
            names=[x509.UniformResourceIdentifier(SENSOR_URI + name)],
            purpose=ExtendedKeyUsageOID.CLIENT_AUTH,
            now_s=now_s,
            life_s=life_s,
        )

    def issue_server(self, names: Sequence[str], key: ec.EllipticCurvePublicKey, *, now_s: float) -> x509.Certificate:
        """A certificate for the hub itself, for 90 days.

        Parameters
        ----------
        names : sequence of str
            Host names and IP addresses at which it is reached; this machine's own, and the one that sensors ask for, are added.
        key : public key
            On P-256.
        now_s : float
            Unix time.

        Raises
        ------
        HubError
            A name is neither a host name nor an IP address.
        """
        wanted = dict.fromkeys((HUB_NAME, "localhost", "127.0.0.1", *names))
        return self._issue(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Throng hub")]),
            key,
            names=[_general_name(name) for name in wanted],
            purpose=ExtendedKeyUsageOID.SERVER_AUTH,
            now_s=now_s,
            life_s=SERVER_S,
        )

    def has_issued(self, certificate: x509.Certificate) -> bool:
        """Whether the authority signed it; says nothing of its time or purpose."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        # Also raised for kinds of key and signature that the authority never makes.
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def _issue(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        *,
        names: Sequence[x509.GeneralName],
        purpose: x509.ObjectIdentifier,
        now_s: float,
        life_s: int,
    ) -> x509.Certificate:
        now = datetime.fromtimestamp(int(now_s), UTC)
        ours = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _EARLY)
            .not_valid_after(min(now + timedelta(seconds=life_s), self.certificate.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            # Key agreement: what the hub tells one sensor alone is sealed to this key.
            .add_extension(x509.KeyUsage(**_USAGE | {"digital_signature": True, "key_agreement": True}), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ours), critical=False)
            .sign(self._key, hashes.SHA256())
        )


def load_authority(records: Records, seal: Seal, *, clock: Callable[[], float] = time.time) -> Authority:
    """The hub's authority; made, and kept with its key sealed, where there is none.

    Raises
    ------
    HubError
        It has expired, or is not in the form in which it is kept.
    SealError
        Its key cannot be opened.
    StoreError
        The records cannot be read or written.
    """
    record = records.get("authority", "ca")
    if record is None:
        with contextlib.suppress(ConflictError):  # another hub on the same records was first: its authority is ours
            records.change([Change("authority", "ca", _made(seal, now_s=clock()), version=0)])
        record = records.get("authority", "ca")
    if record is None:
        raise HubError("the hub's authority is not in its records: restore them from a backup")
    key_der = opened_value(seal, record.body.get("key"), _KEY)
    try:
        certificate = x509.load_pem_x509_certificate(str(record.body.get("certificate")).encode())
        key = serialization.load_der_private_key(key_der, None)
    except ValueError:
        raise HubError("the hub's authority is damaged in its records: restore them from a backup") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise HubError("the key of the hub's authority does not fit its certificate: restore the records from a backup")
    if certificate.not_valid_after_utc.timestamp() <= clock():
        raise HubError("the hub's authority has expired: remove it from the records, start anew, and enrol every sensor again")
    return Authority(certificate, key)


def new_key() -> ec.EllipticCurvePrivateKey:
    """A key as every certificate here has: ECDSA over P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def _made(seal: Seal, *, now_s: float) -> dict[str, object]:
    key = new_key()
    now = datetime.fromtimestamp(int(now_s), UTC)
    # Two hubs in one browser's list must be told apart.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Throng authority {x509.random_serial_number() % 16**6:06X}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLY)
        .not_valid_after(now + timedelta(days=_AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**_USAGE | {"key_cert_sign": True}), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return {"certificate": pem, "key": sealed_value(seal, der, _KEY)}


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        ascii_name = name.encode("idna").decode()
    except UnicodeError:
        ascii_name = ""
    if not ascii_name or len(ascii_name) > 253 or not all(c.isalnum() or c in "-." for c in ascii_name):
        raise HubError(f'a name of the hub is a host name or an IP address, not "{name}": correct [hub] names')
    return x509.DNSName(ascii_name)
