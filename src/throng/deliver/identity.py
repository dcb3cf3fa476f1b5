"""Who a sensor is: its key, its certificate, and the hub that gave it, in a folder of its own."""

import json
import os
import ssl
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from throng.data.errors import DeliveryError
from throng.deliver.hub import Address, context_for
from throng.deliver.segment import sync_folder

IDENTITY_FILE = "identity.pem"
HUB_FILE = "hub.json"
MOST_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Identity:
    """A sensor's key and certificate, and its hub.

    Attributes
    ----------
    folder : Path
    hub : Address
    authority_pem : str
        The certificate of the one authority that is trusted.
    certificate : x509.Certificate
    key : private key
        On P-256; belongs to the certificate.
    """

    folder: Path
    hub: Address
    authority_pem: str = field(repr=False)
    certificate: x509.Certificate = field(repr=False)
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def name(self) -> str:
        """The sensor's name in the hub."""
        return str(self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)

    @property
    def authority(self) -> bytes:
        """SHA-256 of the authority's certificate."""
        return x509.load_pem_x509_certificate(self.authority_pem.encode()).fingerprint(hashes.SHA256())

    @property
    def expires_s(self) -> float:
        """When the certificate ends, Unix time."""
        return self.certificate.not_valid_after_utc.timestamp()

    @property
    def renew_s(self) -> float:
        """When two thirds of the certificate's life are over, Unix time."""
        begun_s = self.certificate.not_valid_before_utc.timestamp()
        return begun_s + (self.expires_s - begun_s) * 2 / 3

    def sign(self, message: bytes) -> bytes:
        """A signature with the certificate's key: ECDSA over P-256 with SHA-256, DER."""
        return self.key.sign(message, ec.ECDSA(hashes.SHA256()))

    def context(self) -> ssl.SSLContext:
        """TLS as this sensor, to its hub alone.

        Raises
        ------
        DeliveryError
            The file with the key has gone.
        """
        try:
            return context_for(self.authority_pem, identity_file=str(self.folder / IDENTITY_FILE))
        except OSError as error:
            reason = (error.strerror or "unknown error").lower()
            raise DeliveryError(f"the sensor's key in {self.folder} cannot be used: {reason}") from None


def new_request(name: str = "sensor") -> tuple[ec.EllipticCurvePrivateKey, x509.CertificateSigningRequest]:
    """A new key, and the request to certify it; the hub takes the name from what it knows, not from here."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return key, x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())


def store_identity(
    folder: Path, *, hub: Address, authority_pem: str, key: ec.EllipticCurvePrivateKey, certificate_pem: str
) -> Identity:
    """Keep a key with the certificate that the hub gave it; the one before stays until this one is whole on the disk.

    Raises
    ------
    DeliveryError
        The certificate is none, is not for this key, or is not of this authority; the folder cannot be written.
    """
    certificate = _checked(certificate_pem, key, authority_pem)
    identity = Identity(folder, hub, authority_pem, certificate, key)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        told = json.dumps({"hub": hub.url, "authority": authority_pem}).encode()
        if not (folder / HUB_FILE).exists() or (folder / HUB_FILE).read_bytes() != told:
            write_private(folder / HUB_FILE, told)
        write_private(folder / IDENTITY_FILE, pem + certificate_pem.encode())
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise DeliveryError(f"the sensor's folder {folder} cannot be written: {reason}") from None
    return identity


def load_identity(folder: Path) -> Identity:
    """The identity that was kept in a folder.

    Raises
    ------
    DeliveryError
        There is none, others may read the key, or the files make no sense.
    """
    if not (folder / IDENTITY_FILE).exists():
        raise DeliveryError(f"there is no sensor in {folder}: run throng sensor enrol first")
    pem, hub_json = read_private(folder / IDENTITY_FILE), read_private(folder / HUB_FILE)
    identity = None
    try:
        tree: Any = json.loads(hub_json)
        key = serialization.load_pem_private_key(pem, None)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            authority_pem = str(tree["authority"])
            certificate = _checked(pem.decode("ascii"), key, authority_pem)
            identity = Identity(folder, Address.of(str(tree["hub"])), authority_pem, certificate, key)
    except (ValueError, TypeError, KeyError):
        identity = None
    # Raised outside the except block: the reader's error may hold the key.
    if identity is None:
        raise DeliveryError(f"the sensor's files in {folder} are damaged: remove that folder and enrol the sensor anew")
    return identity


def write_private(path: Path, content: bytes) -> None:
    """Put a file in place of another, for its owner only; after a crash one of the two is there, whole.

    Raises
    ------
    OSError
        It cannot be written.
    """
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(file, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(file)
    fresh.replace(path)
    sync_folder(path.parent)


def read_private(path: Path) -> bytes:
    """The content of a file that only its owner may read.

    Raises
    ------
    DeliveryError
        It cannot be read, is too large, or others may read it.
    """
    try:
        # Opened first and looked at through the same descriptor, so that what is checked is what is read.
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise DeliveryError(f"{path} cannot be read: {(error.strerror or 'unknown error').lower()}") from None
    if mode & 0o077:
        raise DeliveryError(f"{path} has mode {mode:04o}, but only its owner may read it: run chmod 600 {path}")
    if len(content) > MOST_BYTES:
        raise DeliveryError(f"{path} is larger than {MOST_BYTES // 2**20} MiB: is it the right file?")
    return content


def _checked(certificate_pem: str, key: ec.EllipticCurvePrivateKey, authority_pem: str) -> x509.Certificate:
    """The certificate, first in its chain.

    Raises
    ------
    DeliveryError
        It is none, is not for this key, or is not of this authority.
    """
    try:
        certificate = x509.load_pem_x509_certificates(certificate_pem.encode())[0]
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority_pem.encode()))
    except (ValueError, TypeError, InvalidSignature):
        raise DeliveryError("the certificate is not of the hub's authority: enrol the sensor anew") from None
    if certificate.public_key() != key.public_key():
        raise DeliveryError("the certificate is not for this sensor's key: enrol the sensor anew")
    if len(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)) != 1:
        raise DeliveryError("the certificate names no sensor: enrol the sensor anew")
    return certificate
