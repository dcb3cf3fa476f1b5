"""Taking connections: at most so many of all, and of one address, from the first packet on."""

import asyncio
import asyncio.sslproto
import socket
import ssl
from collections import Counter
from collections.abc import Callable

from throng.hub.protocol import HubProtocol, Limits

_SHUTDOWN_S = 30.0  # within it the last of an answer must be taken
_PAUSE_S = 0.2
_READ_BYTES = 64 * 1024


class Connections:
    """Takes connections from a listening socket and lets nobody have too many; handshakes count, as they cost the most.

    Parameters
    ----------
    make : callable
        Makes the protocol of a connection, given what to call once it is lost.
    tls : callable
        Gives the context for the next connection; None: without TLS.
    limits : Limits
    """

    def __init__(
        self, make: Callable[[Callable[[], None]], HubProtocol], *, tls: Callable[[], ssl.SSLContext] | None, limits: Limits
    ) -> None:
        self._make, self._tls, self._limits = make, tls, limits
        self._of_address: Counter[str] = Counter()
        self._open = 0
        self._handshakes: set[asyncio.Task[None]] = set()
        if tls is not None:
            # asyncio keeps a buffer of 256 KiB for each connection with TLS: of a thousand sensors, a quarter of a GiB.
            asyncio.sslproto.SSLProtocol.max_size = _READ_BYTES

    async def take_from(self, listener: socket.socket) -> None:
        """Take connections until cancelled."""
        loop = asyncio.get_running_loop()
        listener.setblocking(False)
        try:
            while True:
                try:
                    connection, name = await loop.sock_accept(listener)
                except OSError:  # no descriptors are left, or whoever came is gone: the others wait in the queue
                    await asyncio.sleep(_PAUSE_S)
                    continue
                address = str(name[0])
                if self._open >= self._limits.connections or self._of_address[address] >= self._limits.of_one_address:
                    connection.close()
                    continue
                task = loop.create_task(self._greet(connection, _Place(self, address)))
                self._handshakes.add(task)
                task.add_done_callback(self._handshakes.discard)
                await asyncio.sleep(0)  # a full queue of newcomers does not keep the others waiting
        finally:
            for task in self._handshakes:
                task.cancel()

    async def _greet(self, connection: socket.socket, place: "_Place") -> None:
        loop = asyncio.get_running_loop()
        protocol = None
        try:
            _, protocol = await loop.connect_accepted_socket(
                lambda: self._make(place.leave),
                connection,
                ssl=self._tls() if self._tls else None,
                ssl_handshake_timeout=self._limits.head_s if self._tls else None,
                ssl_shutdown_timeout=_SHUTDOWN_S if self._tls else None,
            )
            # A connection whose other end is gone without a word is noticed by itself.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if protocol.peer is not None:
                place.leave_address()
        except OSError:  # of the handshake, too: whoever speaks no TLS 1.3, or shows a certificate of others, gets no word
            pass
        finally:
            if protocol is None:
                place.leave()


class _Place:
    """What one connection takes of the limits, given back once."""

    def __init__(self, connections: Connections, address: str) -> None:
        self._of = connections
        self._address: str | None = address
        self._is_open = True
        connections._open += 1
        connections._of_address[address] += 1

    def leave(self) -> None:
        self.leave_address()
        if self._is_open:
            self._is_open = False
            self._of._open -= 1

    def leave_address(self) -> None:
        if self._address is not None:
            self._of._of_address[self._address] -= 1
            if not self._of._of_address[self._address]:
                del self._of._of_address[self._address]
            self._address = None
