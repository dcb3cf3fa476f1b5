"""Sealing large files piece by piece: what is read from one is checked before it is handed on.

The STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, "Online authenticated-encryption and its nonce-reuse
misuse-resistance" (CRYPTO 2015): every chunk has its number and whether it is the last in its nonce, so that a file that was
cut, reordered or changed anywhere does not open. Each file has a key of its own, by HKDF from a random salt.

A file: 16 bytes "throng-sealed-1\\n", one byte with the length of the key's identifier, the identifier, four bytes with the
size of a chunk, 32 bytes of salt; then the chunks, each 16 bytes longer than what it holds.
"""

import os
import struct
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from throng.data.errors import SealError
from throng.seal.box import Seal

MAGIC = b"throng-sealed-1\n"
CHUNK_BYTES = 64 * 2**10
LARGEST_CHUNK_BYTES = 16 * 2**20
SALT_BYTES = 32
TAG_BYTES = 16


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class SealedWriter:
    """Seals what is written into a file; the file is whole only when it has been closed.

    As a context manager it is closed at the end of the block, but not by an error: what was begun then does not open.

    Parameters
    ----------
    file : binary file
        Open for writing; it stays open.
    seal : Seal
    """

    def __init__(self, file: BinaryIO, seal: Seal) -> None:
        self._file = file
        self._pending = bytearray()
        self._number = 0
        self._closed = False
        key_id, salt = seal.current, os.urandom(SALT_BYTES)
        head = _head(key_id, CHUNK_BYTES)
        self._box = AESGCM(seal.file_key(key_id, salt=salt, header=head))
        self._start = head + salt

    def write(self, content: bytes) -> int:
        """Take the next bytes; returns how many."""
        if self._closed:
            raise ValueError("the sealed file is closed")
        self._begin()
        self._pending += content
        # The last chunk is known only at the end: one whole chunk is held back.
        while len(self._pending) > CHUNK_BYTES:
            self._put(bytes(self._pending[:CHUNK_BYTES]), last=False)
            del self._pending[:CHUNK_BYTES]
        return len(content)

    def close(self) -> None:
        """Write the last chunk; closing again does nothing."""
        if not self._closed:
            self._begin()
            self._put(bytes(self._pending), last=True)
            self._pending.clear()
            self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if kind is None:
            self.close()

    def _begin(self) -> None:
        self._file.write(self._start)
        self._start = b""

    def _put(self, chunk: bytes, *, last: bool) -> None:
        self._file.write(self._box.encrypt(_nonce(self._number, last=last), chunk, None))
        self._number += 1


class SealedReader:
    """Reads a sealed file; every byte was checked before it is handed on, and the end is an end only if it was written as one.

    Parameters
    ----------
    file : binary file
        Open for reading; it stays open.
    seal : Seal
    """

    def __init__(self, file: _Readable, seal: Seal) -> None:
        self._file = file
        self._seal = seal
        self._box: AESGCM | None = None
        self._chunk_bytes = 0
        self._number = 0
        self._ahead = b""
        self._plain = b""
        self._at = 0
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size` (all: -1); none at the end.

        Raises
        ------
        SealError
            The file is no sealed file, was cut or changed, or was sealed with a key that the ring lacks.
        """
        parts: list[bytes] = []
        wanted = size
        while (wanted != 0) and (self._at < len(self._plain) or self._next()):
            end = len(self._plain) if wanted < 0 else self._at + wanted
            part = self._plain[self._at : end]
            self._at += len(part)
            parts.append(part)
            if wanted > 0:
                wanted -= len(part)
        return b"".join(parts)

    def readable(self) -> bool:
        """It is."""
        return True

    def _next(self) -> bool:
        """Whether there was a further chunk."""
        if self._ended:
            return False
        box = self._box or self._begin()
        sealed_bytes = self._chunk_bytes + TAG_BYTES
        sealed = self._ahead + self._exactly(sealed_bytes - len(self._ahead))
        self._ahead = self._exactly(1) if len(sealed) == sealed_bytes else b""
        last = not self._ahead
        try:
            plain = box.decrypt(_nonce(self._number, last=last), sealed, None)
        except InvalidTag:
            plain = None
        # An empty chunk is written only as the one chunk of an empty file; others would let one content have several files.
        if plain is None or (not plain and self._number):
            raise SealError("the sealed file was cut or changed: take another copy of it")
        self._plain, self._at, self._ended = plain, 0, last
        self._number += 1
        return bool(plain)

    def _begin(self) -> AESGCM:
        start = self._exactly(len(MAGIC) + 1)
        if start[:-1] != MAGIC:
            raise SealError("the file is not one that Throng sealed: give another")
        name = self._exactly(start[-1])
        rest = self._exactly(4 + SALT_BYTES)
        if len(rest) != 4 + SALT_BYTES or not name.isascii():
            raise SealError("the sealed file was cut or changed: take another copy of it")
        (chunk_bytes,) = struct.unpack(">I", rest[:4])
        if not 1 <= chunk_bytes <= LARGEST_CHUNK_BYTES:
            raise SealError("the sealed file was cut or changed: take another copy of it")
        key_id = name.decode()
        self._chunk_bytes = chunk_bytes
        self._box = AESGCM(self._seal.file_key(key_id, salt=rest[4:], header=_head(key_id, chunk_bytes)))
        return self._box

    def _exactly(self, size: int) -> bytes:
        """So many bytes, fewer only at the end of the file; a pipe gives them in pieces."""
        parts: list[bytes] = []
        while size > 0 and (part := self._file.read(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def _head(key_id: str, chunk_bytes: int) -> bytes:
    name = key_id.encode()
    return MAGIC + bytes([len(name)]) + name + struct.pack(">I", chunk_bytes)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
