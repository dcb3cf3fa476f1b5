"""Sealing for one receiver: only the holder of a certificate's private key can open it.

HPKE (RFC 9180), base mode: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. Anybody may seal to a public key: who sealed it
must be known from elsewhere, such as the TLS connection it came over.
"""

import base64
import binascii

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from throng.data.errors import SealError

_SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_MARK = "throng-to-key1:"


def seal_to(key: ec.EllipticCurvePublicKey, plain: bytes, *, about: str) -> str:
    """Seal a secret for the holder of a key, as a line of text.

    Parameters
    ----------
    key : public key
        On P-256, such as that of a sensor's certificate.
    plain : bytes
        The secret.
    about : str
        What it is; `open_with` must be told the same.
    """
    return _MARK + base64.b64encode(_SUITE.encrypt(plain, key, info=_info(about))).decode()


def open_with(key: ec.EllipticCurvePrivateKey, sealed: str, *, about: str) -> bytes:
    """Open what `seal_to` sealed.

    Raises
    ------
    SealError
        It is in another form, was changed, is about something else, or was sealed for another key.
    """
    plain = None
    if sealed.startswith(_MARK):
        try:
            content = base64.b64decode(sealed.removeprefix(_MARK), validate=True)
            if base64.b64encode(content).decode() == sealed.removeprefix(_MARK):  # one text for one secret
                plain = _SUITE.decrypt(content, key, info=_info(about))
        except (InvalidTag, ValueError, binascii.Error):
            plain = None
    if plain is None:
        raise SealError(f'what the hub sealed about "{about}" does not open with this key: enrol the sensor anew')
    return plain


def _info(about: str) -> bytes:
    return b"throng to-key 1\0" + about.encode()
