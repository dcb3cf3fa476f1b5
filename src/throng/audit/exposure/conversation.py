"""A connection to a server with an end, in time and in bytes: whatever the server does, the audit goes on."""

import ssl
import time
from socket import create_connection, socket
from types import TracebackType
from typing import Self

MOST_BYTES = 65_536
"""Read in one conversation."""


def connect(host: str, port: int, limit_s: float) -> socket:
    """Connect. Nothing else in the audit does."""
    return create_connection((host, port), timeout=limit_s)


class Conversation:
    """One connection, for a `with` statement. Reading and writing raise OSError when it ends, by the server or by the limit.

    Parameters
    ----------
    connection : socket
    until_s : float
        When it ends, on the monotonic clock.
    """

    def __init__(self, connection: socket, until_s: float) -> None:
        self._connection = connection
        self._until_s = until_s
        self._left = MOST_BYTES

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._connection.close()

    def send(self, content: bytes) -> None:
        """Say something."""
        self._limit()
        self._connection.sendall(content)

    def some(self, most: int = MOST_BYTES) -> bytes:
        """What comes next, at least one byte.

        Raises
        ------
        OSError
            The server says nothing more, or has said enough.
        """
        self._limit()
        content = self._connection.recv(min(most, self._left))
        if not content:
            raise ConnectionError("the server closed the connection")
        self._left -= len(content)
        return content

    def exactly(self, length: int) -> bytes:
        """The next `length` bytes."""
        content = b""
        while len(content) < length:
            content += self.some(length - len(content))
        return content

    def until(self, mark: bytes) -> bytes:
        """All that comes up to a mark, and what came with it."""
        content = b""
        while mark not in content:
            content += self.some()
        return content

    def start_tls(self, host: str) -> ssl.SSLSocket:
        """Speak TLS from here on, with whoever it is: certificates are looked at, not trusted."""
        self._limit()
        encrypted = _anybody().wrap_socket(self._connection, server_hostname=host)
        self._connection = encrypted
        return encrypted

    def shorten(self, limit_s: float) -> None:
        """End in so many seconds at the latest."""
        self._until_s = min(self._until_s, time.monotonic() + limit_s)

    def _limit(self) -> None:
        left_s = self._until_s - time.monotonic()
        if left_s <= 0 or self._left <= 0:
            raise TimeoutError("the server takes too long, or says too much")
        self._connection.settimeout(left_s)


def _anybody() -> ssl.SSLContext:
    """Even the oldest version, with any certificate: to say so is what the audit is for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context
