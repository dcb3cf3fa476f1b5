"""Passkeys (W3C Web Authentication): the two ceremonies, without a challenge being remembered before it is answered."""

import base64
import binascii
import hashlib
import hmac
import ipaddress
import secrets
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from throng.data.errors import AccountError
from throng.hub.people.accounts import Passkey

ANSWER_S = 300
_NONCE_BYTES = 16
_MALFORMED = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, NotImplementedError, RecursionError,
    OverflowError, struct.error, InvalidSignature, UnsupportedAlgorithm,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """What an authenticator made: a credential id and what it attested, base64url, and its counter."""

    id: str
    public: str
    counter: int


class Passkeys:
    """Asks authenticators and checks what they answer.

    A challenge carries its time, what it is for, and a keyed digest of both, so that asking costs no memory; an answer is taken
    once.

    Parameters
    ----------
    site_name : str
        Shown by the browser.
    origins : sequence of str
        Where people open the hub, "https://hub.example:8443"; a passkey belongs to the name in one of them.
    clock : callable
        Seconds that only go forward.
    """

    def __init__(self, *, site_name: str, origins: Sequence[str], clock: Callable[[], float]) -> None:
        self._site_name = site_name
        self._hosts = {origin: host for origin in origins if (host := _host_of(origin))}
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._answered: dict[bytes, float] = {}

    @property
    def origins(self) -> tuple[str, ...]:
        """Where passkeys work: https, or localhost, and a name, as numbers cannot own a passkey."""
        return tuple(self._hosts)

    def host_of(self, origin: str) -> str:
        """The name to which a passkey made at this origin belongs.

        Raises
        ------
        AccountError
            No passkey works there.
        """
        host = self._hosts.get(origin)
        if host is None:
            places = " or ".join(self._hosts) or "a name that the hub is given in its site file"
            raise AccountError(f"a passkey works at {places} only: open the hub there")
        return host

    def ask_to_make(self, origin: str, *, about: str, handle: str, name: str, known: Sequence[Passkey] = ()) -> dict[str, Any]:
        """What the browser is asked, to make a passkey that asks for a finger, face or number of its owner."""
        server = self._server(origin)
        options, _ = server.register_begin(
            PublicKeyCredentialUserEntity(id=_bytes(handle), name=name, display_name=name),
            credentials=[
                PublicKeyCredentialDescriptor(type=PublicKeyCredentialType.PUBLIC_KEY, id=_bytes(passkey.id))
                for passkey in known
            ],
            resident_key_requirement=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
            challenge=self._challenge(about),
        )
        return {name: _plain(value) for name, value in dict(options.public_key).items() if value is not None}

    def made(self, origin: str, *, about: str, answer: dict[str, Any]) -> Made:
        """What the authenticator made.

        Raises
        ------
        AccountError
            The answer is to another question, too late, came before, or its maker did not check who its owner is.
        """
        try:
            state = self._state(origin, about, answer)
            data = self._server(origin).register_complete(state, answer)
            credential = data.credential_data
            if credential is None or credential.public_key.ALGORITHM not in CoseKey.supported_algorithms():
                raise ValueError("no key of a kind that is supported")
            if _text(credential.credential_id) != answer["id"]:
                raise ValueError("another credential")
        except _MALFORMED:
            raise AccountError("the passkey was not made as asked: try again") from None
        return Made(_text(credential.credential_id), _text(credential), data.counter)

    def ask_to_sign(self, origin: str, *, about: str, known: Sequence[Passkey] | None = None) -> dict[str, Any]:
        """What the browser is asked, to sign with a passkey: one of these, or any of this hub's that it has."""
        descriptors = None
        if known is not None:
            host = self.host_of(origin)
            descriptors = [
                PublicKeyCredentialDescriptor(type=PublicKeyCredentialType.PUBLIC_KEY, id=_bytes(passkey.id))
                for passkey in known
                if passkey.host == host
            ]
        options, _ = self._server(origin).authenticate_begin(
            descriptors, user_verification=UserVerificationRequirement.REQUIRED, challenge=self._challenge(about)
        )
        return {name: _plain(value) for name, value in dict(options.public_key).items() if value is not None}

    def counter_of(self, origin: str, *, about: str, passkey: Passkey, handle: str, answer: dict[str, Any]) -> int:
        """The counter of a passkey that signed as asked.

        Raises
        ------
        AccountError
            It did not; or its counter stands still, as that of a copy would.
        """
        try:
            state = self._state(origin, about, answer)
            credential = AttestedCredentialData(_bytes(passkey.public))
            self._server(origin).authenticate_complete(state, [credential], answer)
            counter = AuthenticatorData(_bytes(answer["response"]["authenticatorData"])).counter
            told = answer["response"].get("userHandle")
            if told and not hmac.compare_digest(_bytes(told), _bytes(handle)):
                raise ValueError("another owner")
            if (counter or passkey.counter) and counter <= passkey.counter:
                raise ValueError("the counter stands still")
        except _MALFORMED:
            raise AccountError("the passkey did not fit: try again", status=401) from None
        return counter

    def _server(self, origin: str) -> Fido2Server:
        host = self.host_of(origin)
        entity = PublicKeyCredentialRpEntity(id=host, name=f"Throng {self._site_name}")
        server = Fido2Server(entity, verify_origin=lambda told: told == origin)
        server.timeout = ANSWER_S * 1000  # type: ignore[assignment]
        return server

    def _challenge(self, about: str) -> bytes:
        head = secrets.token_bytes(_NONCE_BYTES) + struct.pack(">d", self._clock())
        return head + self._digest(head, about)

    def _digest(self, head: bytes, about: str) -> bytes:
        return hmac.digest(self._key, head + about.encode(), hashlib.sha256)

    def _state(self, origin: str, about: str, answer: dict[str, Any]) -> dict[str, Any]:
        """The state in which the ceremony was begun, told by the challenge alone; ValueError where it is none of ours."""
        told = CollectedClientData(_bytes(answer["response"]["clientDataJSON"]))
        if told.cross_origin is not False:
            raise ValueError("asked from within another page")
        head, digest = told.challenge[: _NONCE_BYTES + 8], told.challenge[_NONCE_BYTES + 8 :]
        if not hmac.compare_digest(digest, self._digest(head, about)):
            raise ValueError("another challenge")
        made_s = struct.unpack(">d", head[_NONCE_BYTES:])[0]
        with self._lock:
            now = self._clock()
            self._answered = {known: end_s for known, end_s in self._answered.items() if end_s >= now}
            if now > made_s + ANSWER_S or head in self._answered:
                raise ValueError("too late, or a second time")
            self._answered[head] = made_s + ANSWER_S
        return {"challenge": _text(told.challenge), "user_verification": UserVerificationRequirement.REQUIRED}


def _host_of(origin: str) -> str | None:
    parts = urlsplit(origin)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        secure = parts.scheme == "https" or host == "localhost"
        return host if secure and host else None
    return None


def _plain(value: Any) -> Any:
    """As JSON: bytes as base64url, and what is not said left out."""
    if isinstance(value, bytes):
        return _text(value)
    if isinstance(value, str):
        return str(value)
    if hasattr(value, "keys"):
        return {key: _plain(value[key]) for key in value if value[key] is not None}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _text(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("not base64url") from None
