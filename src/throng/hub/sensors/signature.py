"""What a certificate of a sensor says, and whether a batch of releases was signed with its key."""

import base64
import binascii
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from throng.data.signed import ingest_message
from throng.hub.sensors.authority import SENSOR_URI

ECDSA = ec.ECDSA(hashes.SHA256())


@dataclass(frozen=True, slots=True)
class Peer:
    """What a sensor's certificate says; whether it holds is for `Sensors` to say.

    Attributes
    ----------
    name : str
        The sensor.
    serial : str
        Hexadecimal.
    expires_s : float
        Unix time.
    key : public key
        On P-256.
    """

    name: str
    serial: str
    expires_s: float
    key: ec.EllipticCurvePublicKey = field(repr=False)


@lru_cache(maxsize=4096)  # parsing takes ten times as long as all that is checked of a request
def peer_of(der: bytes) -> Peer | None:
    """Read a certificate; None where it is none of a sensor."""
    try:
        return of_certificate(x509.load_der_x509_certificate(der))
    except ValueError:
        return None


def of_certificate(certificate: x509.Certificate) -> Peer | None:
    """What a certificate says; None where it is none of a sensor."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
        key = certificate.public_key()
    except (ValueError, x509.ExtensionNotFound):
        return None
    if len(uris) != 1 or not uris[0].startswith(SENSOR_URI) or not is_fit(key):
        return None
    assert isinstance(key, ec.EllipticCurvePublicKey)
    expires_s = certificate.not_valid_after_utc.timestamp()
    return Peer(uris[0].removeprefix(SENSOR_URI), f"{certificate.serial_number:x}", expires_s, key)


def is_fit(key: object) -> bool:
    """Whether a key is of the one kind that sensors have: ECDSA over P-256."""
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)


def verify(der: bytes, body: bytes, signature: str) -> bool:
    """Whether a batch was signed with the key of a sensor's certificate.

    Parameters
    ----------
    der : bytes
        The certificate, as the TLS connection showed it.
    body : bytes
        The batch as it came.
    signature : str
        The `throng-signature` header.
    """
    peer = peer_of(der)
    return peer is not None and is_signed(peer.key, ingest_message(peer.name, body), signature)


def is_signed(key: ec.EllipticCurvePublicKey, message: bytes, signature: str) -> bool:
    """Whether a message was signed: base64 of ECDSA over P-256 with SHA-256, DER."""
    try:
        key.verify(base64.b64decode(signature, validate=True), message, ECDSA)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
