"""What a sensor signs and proves to its hub, byte for byte; both sides build it here, and neither key comes here.

Each message begins with a line of its own, so that a signature for one purpose is none for another.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable

HUB_NAME = "hub.throng.internal"
"""The name that a sensor asks for, and checks, in TLS: the hub answers to it with a certificate of its own authority, whatever
address it is reached at and whatever certificate it shows to browsers. Nobody can own a name under `.internal`."""

TOKEN_ID_LETTERS = 8
"""How much of an enrolment token travels, to find it."""

_INGEST = b"throng ingest 1\0"
_RENEWAL = b"throng renewal 1\0"


def ingest_message(sensor: str, body: bytes) -> bytes:
    """What is signed of a batch of releases: who sends it, and its SHA-256."""
    return _INGEST + sensor.encode() + b"\0" + hashlib.sha256(body).digest()


def renewal_message(request_der: bytes, *, authority: bytes, time_s: int) -> bytes:
    """What is signed with the key of a certificate that has expired, to have it renewed.

    Parameters
    ----------
    request_der : bytes
        The new certificate request.
    authority : bytes
        SHA-256 of the authority's certificate.
    time_s : int
        Unix time of the signature.
    """
    return _RENEWAL + hashlib.sha256(request_der).digest() + authority + b"%d" % time_s


def sign(key: Callable[[bytes], bytes], sensor: str, body: bytes) -> str:
    """The `throng-signature` header of a batch.

    Parameters
    ----------
    key : callable
        Signs a message with the key of the sensor's certificate: ECDSA over P-256 with SHA-256, DER.
    sensor : str
        The sensor's name, as in its certificate.
    body : bytes
        As it will be sent.
    """
    return base64.b64encode(key(ingest_message(sensor, body))).decode()


def enrolment_proof(token: str, request_der: bytes, *, authority: bytes) -> str:
    """Shows that the sender knows the token without sending it, for this request and this authority alone; hexadecimal.

    HMAC-SHA256 (RFC 2104) under the token, over the request's SHA-256 and the authority's fingerprint.
    """
    message = hashlib.sha256(request_der).digest() + authority
    return hmac.new(token.encode(), message, hashlib.sha256).hexdigest()
