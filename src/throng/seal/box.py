"""Sealing short secrets for rest: camera addresses, passwords, keys."""

import base64
import binascii
import os
import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from throng.data.errors import SealError, SecrecyError

KEY_BYTES = 32
NONCE_BYTES = 12
# NIST SP 800-38D, 8.3: with random 96-bit nonces a key may seal 2^32 times, so that two nonces agree with a chance below 2^-32.
# A process that stops at 2^24 lets one key serve 256 starts that all go to the bound; a thousand cameras take 2^12 at a start.
MOST_SEALS = 2**24

_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_SEALED = re.compile(r"throng1:([A-Za-z0-9_-]{1,32}):([A-Za-z0-9_-]*)")


class Seal:
    """A ring of AES-256-GCM keys: seals with the current one and opens with any.

    What a sealed text is about is authenticated with it, so that one cannot be put in the place of another. Safe to share
    between threads; never printed, never pickled.

    Parameters
    ----------
    keys : mapping of str to bytes
        Key identifiers and keys, 32 bytes each.
    current : str
        Identifier of the key that seals.

    Raises
    ------
    SealError
        An identifier or a key has another form, or the current key is not among them.
    """

    __slots__ = ("_boxes", "_count", "_current", "_lock", "_masters")

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        for key_id, key in keys.items():
            if not _KEY_ID.fullmatch(key_id):
                raise SealError("a key's identifier is 1 to 32 letters, digits, - or _: correct the key file")
            if len(key) != KEY_BYTES:
                raise SealError(f'the key "{key_id}" has {len(key)} bytes, but a key has {KEY_BYTES}: correct the key file')
        if current not in keys:
            raise SealError(f'the key "{current}" is not in the key ring: give it, or make another the current one')
        self._masters = {key_id: bytes(key) for key_id, key in keys.items()}
        self._boxes = {key_id: AESGCM(_derived(key, b"", b"throng seal 1")) for key_id, key in keys.items()}
        self._current = current
        self._count = 0
        self._lock = threading.Lock()

    @property
    def current(self) -> str:
        """Identifier of the key that seals."""
        return self._current

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Identifiers of all keys, the current one first."""
        return (self._current, *(key_id for key_id in self._masters if key_id != self._current))

    def seal(self, plain: bytes, *, about: str) -> str:
        """Seal a secret as a line of text.

        Parameters
        ----------
        plain : bytes
            The secret.
        about : str
            What it is, such as "camera/door/address"; `open` must be told the same.

        Raises
        ------
        SealError
            This process has sealed so often that a nonce might come a second time.
        """
        with self._lock:
            if self._count >= MOST_SEALS:
                raise SealError(f"one start may seal {MOST_SEALS:,} secrets: stop the hub and run throng key rotate")
            self._count += 1
        nonce = os.urandom(NONCE_BYTES)
        hidden = self._boxes[self._current].encrypt(nonce, plain, _bound(self._current, about))
        return f"throng1:{self._current}:{base64.urlsafe_b64encode(nonce + hidden).decode().rstrip('=')}"

    def open(self, sealed: str, *, about: str) -> bytes:
        """Open a sealed secret.

        Raises
        ------
        SealError
            The text is no sealed secret, is about something else, was changed, or was sealed with a key that the ring lacks.
        """
        written = _SEALED.fullmatch(sealed)
        if written is None:
            raise SealError(f'the secret of "{about}" is not in the form in which secrets are sealed: set it anew')
        key_id = written[1]
        if key_id not in self._boxes:
            raise SealError(
                f'the secret of "{about}" was sealed with the key "{key_id}", which the key ring lacks: add it to the key file'
            )
        content = _from_base64(written[2])
        plain = None
        if content is not None and len(content) >= NONCE_BYTES:
            try:
                plain = self._boxes[key_id].decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], _bound(key_id, about))
            except InvalidTag:
                plain = None
        if plain is None:
            raise SealError(
                f'the secret of "{about}" does not open: it was changed, or sealed for something else or by another key of the '
                "same name: set it anew, or give the right key"
            )
        return plain

    def file_key(self, key_id: str, *, salt: bytes, header: bytes) -> bytes:
        """The key of one large file, by HKDF from a key of the ring, the file's salt and its header.

        Raises
        ------
        SealError
            The ring lacks the key.
        """
        if key_id not in self._masters:
            raise SealError(f'the file was sealed with the key "{key_id}", which the key ring lacks: add it to the key file')
        return _derived(self._masters[key_id], salt, b"throng stream 1\0" + header)

    def __repr__(self) -> str:
        return f"Seal(key_ids={list(self.key_ids)})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise SecrecyError("a Seal lives in the memory of one process and cannot be pickled or copied")

    def __getstate__(self) -> NoReturn:
        raise SecrecyError("a Seal lives in the memory of one process and has no state to save")


def sealed_value(seal: Seal, plain: bytes, about: str) -> dict[str, str]:
    """A sealed secret as records hold it, so that the rotation of keys finds it: {"sealed": ..., "about": ...}."""
    return {"sealed": seal.seal(plain, about=about), "about": about}


def opened_value(seal: Seal, value: object, about: str) -> bytes:
    """Open what `sealed_value` made.

    The reader says what it is about: a value that somebody moved to another record does not open.

    Raises
    ------
    SealError
        It is no sealed value, or does not open.
    """
    if not _is_sealed_value(value):
        raise SealError(f'the secret of "{about}" is not in the form in which secrets are sealed: set it anew')
    return seal.open(value["sealed"], about=about)  # type: ignore[index]


def key_ids_in(body: object) -> Iterator[str]:
    """The identifiers of the keys under which the secrets anywhere in a record's body are sealed."""
    if _is_sealed_value(body):
        written = _SEALED.fullmatch(body["sealed"])  # type: ignore[index]
        if written:
            yield written[1]
    elif isinstance(body, dict | list):
        for part in body.values() if isinstance(body, dict) else body:
            yield from key_ids_in(part)


def resealed(seal: Seal, body: Any) -> Any:
    """A record's body with every sealed value in it sealed anew under the current key; all else as it is.

    Raises
    ------
    SealError
        One of them does not open.
    """
    if _is_sealed_value(body):
        if all(key_id == seal.current for key_id in key_ids_in(body)):
            return body
        return sealed_value(seal, seal.open(body["sealed"], about=body["about"]), body["about"])
    if isinstance(body, dict):
        return {key: resealed(seal, part) for key, part in body.items()}
    return [resealed(seal, part) for part in body] if isinstance(body, list) else body


def _is_sealed_value(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {"sealed", "about"} and all(isinstance(v, str) for v in value.values())


def _bound(key_id: str, about: str) -> bytes:
    return b"\0".join((b"throng1", key_id.encode(), about.encode()))


def _derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt or None, info=info).derive(key)


def _from_base64(text: str) -> bytes | None:
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return None
    # One text for one secret: unused bits of the last letter are zero.
    return content if base64.urlsafe_b64encode(content).decode().rstrip("=") == text else None
