"""How a sensor gets its first certificate, and each one after that."""

import base64
import re
import time
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from throng.data.errors import DeliveryError
from throng.data.signed import TOKEN_ID_LETTERS, enrolment_proof, renewal_message
from throng.deliver.hub import Address, Answer, Link, authority_of, context_for
from throng.deliver.identity import Identity, new_request, store_identity

SHORTEST_TOKEN = 32


def fingerprint_of(text: str) -> bytes:
    """A SHA-256 fingerprint from what a person pastes: hexadecimal, with or without colons.

    Raises
    ------
    DeliveryError
        It is none.
    """
    digits = re.sub(r"[\s:]", "", text)
    if not re.fullmatch("[0-9a-fA-F]{64}", digits):
        raise DeliveryError(
            "a fingerprint is 32 pairs of hexadecimal digits, AB:CD:... as the hub shows it: copy the whole of it"
        )
    return bytes.fromhex(digits)


def enrol(address: Address, *, fingerprint: bytes, token: str, folder: Path) -> Identity:
    """Make a key, have the hub certify it, and keep both.

    The hub's authority is checked first; the token is never sent, only the proof that we know it.

    Parameters
    ----------
    address : Address
        Of the hub.
    fingerprint : bytes
        SHA-256 of the hub's authority, from whoever made the token.
    token : str
        Works once.
    folder : Path
        Where the identity is kept.

    Raises
    ------
    DeliveryError
        The hub cannot be reached, is another one, or refuses; the folder cannot be written.
    """
    if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable():
        raise DeliveryError("this is no enrolment token: copy the whole of it from the hub")
    authority_pem = authority_of(address, fingerprint=fingerprint)
    key, request = new_request()
    proof = enrolment_proof(token, request.public_bytes(serialization.Encoding.DER), authority=fingerprint)
    link = Link(address, lambda: context_for(authority_pem))
    try:
        answer = link.post(
            "/api/v1/enrol", {"token_id": token[:TOKEN_ID_LETTERS], "request_pem": _pem(request), "proof": proof}
        )
    finally:
        link.close()
    if answer.status not in (200, 201):
        raise DeliveryError(f"the hub does not enrol this sensor: {answer.sentence}")
    return store_identity(folder, hub=address, authority_pem=authority_pem, key=key, certificate_pem=_certificate(answer))


def renew(identity: Identity, link: Link, *, clock: Callable[[], float] = time.time) -> Identity:
    """Have the hub certify a new key for the same sensor, and keep both.

    A certificate that has expired opens no connection: its key signs the new request instead, which the hub takes for a while.

    Parameters
    ----------
    identity : Identity
        The one that ends.
    link : Link
        As this sensor; the caller closes it after that, so that the next request shows the new certificate.
    clock : callable
        Unix time, UTC.

    Raises
    ------
    DeliveryError
        The hub cannot be reached or refuses; the folder cannot be written.
    """
    key, request = new_request(identity.name)
    now_s = clock()
    if now_s < identity.expires_s:
        answer = link.post("/api/v1/sensor/renew", {"request_pem": _pem(request)})
    else:
        answer = _renew_expired(identity, request, now_s)
    if answer.status not in (200, 201):
        raise DeliveryError(f"the hub does not renew this sensor's certificate: {answer.sentence}")
    return store_identity(
        identity.folder,
        hub=identity.hub,
        authority_pem=identity.authority_pem,
        key=key,
        certificate_pem=_certificate(answer),
    )


def _renew_expired(identity: Identity, request: x509.CertificateSigningRequest, now_s: float) -> Answer:
    der, time_s = request.public_bytes(serialization.Encoding.DER), int(now_s)
    signature = identity.sign(renewal_message(der, authority=identity.authority, time_s=time_s))
    link = Link(identity.hub, lambda: context_for(identity.authority_pem))
    try:
        return link.post(
            "/api/v1/sensor/renew",
            {
                "request_pem": _pem(request),
                "certificate_pem": identity.certificate.public_bytes(serialization.Encoding.PEM).decode(),
                "time_s": time_s,
                "signature": base64.b64encode(signature).decode(),
            },
        )
    finally:
        link.close()


def _pem(request: x509.CertificateSigningRequest) -> str:
    return request.public_bytes(serialization.Encoding.PEM).decode()


def _certificate(answer: Answer) -> str:
    certificate = answer.tree.get("certificate_pem")
    if not isinstance(certificate, str):
        raise DeliveryError("the hub answered without a certificate: is it of this version?")
    return certificate
