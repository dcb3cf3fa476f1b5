"""One connection: what uvicorn's HTTP/1.1 lacks for a server that strangers reach.

Slow and oversized requests are cut, and who is at the other end of the connection is told to the application.
"""

import asyncio
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httptools
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from throng.hub.gate import PEER

TLS_VERSION = "throng.tls"
"""Key of `scope["extensions"]`: "TLSv1.3", or None without TLS."""

_FLUSH_S = 2.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection, one address and all of them may take.

    Attributes
    ----------
    head_bytes, headers, body_bytes : int
        Of a request: bytes of its address and headers, their number, bytes of its body.
    head_s : float
        From a connection's or request's beginning to the end of its headers; of TLS, of its handshake.
    body_s, body_bytes_per_s, body_most_s : float
        A body may take `body_s`, and longer at that rate, but never more than `body_most_s`.
    idle_s, sensor_idle_s : float
        Between requests, without and with a sensor's certificate.
    write_s, write_bytes_per_s : float
        In each such time the other end must have taken as much of an answer as that rate makes.
    requests : int
        In work at once.
    connections, of_one_address : int
        Open at once, those in their handshake counted; sensors with their certificate do not count for their address.
    """

    head_bytes: int = 16 * 1024
    headers: int = 100
    body_bytes: int = 32 * 1024 * 1024
    head_s: float = 10.0
    body_s: float = 20.0
    body_bytes_per_s: float = 8192.0
    body_most_s: float = 120.0
    idle_s: float = 15.0
    sensor_idle_s: float = 90.0
    write_s: float = 30.0
    write_bytes_per_s: float = 1024.0
    requests: int = 512
    connections: int = 8192
    of_one_address: int = 256


class HubProtocol(HttpToolsProtocol):
    """An HTTP connection.

    Attributes
    ----------
    peer : bytes or None
        DER of the verified certificate that the other end showed.

    Parameters
    ----------
    config : Config
    state : ServerState
        Shared by all connections.
    limits : Limits
    on_lost : callable
        Called once the connection is over.
    on_refused : callable, optional
        Told from where and why, of what is refused before it is a request; not of connections on which nothing is asked.
    """

    def __init__(
        self,
        config: Config,
        state: ServerState,
        *,
        limits: Limits,
        on_lost: Callable[[], None],
        on_refused: Callable[[str, str], None] = lambda address, sentence: None,
    ) -> None:
        super().__init__(config, state, app_state={})
        self.peer: bytes | None = None
        self._limits = limits
        self._on_lost, self._on_refused = on_lost, on_refused
        self._tls_version: str | None = None
        self._deadline: asyncio.TimerHandle | None = None  # of the request that is being read
        self._watch: asyncio.TimerHandle | None = None  # whether the other end takes what is written
        self._unsent_before = 0.0
        self._in_head = self._in_body = self._is_refused = False
        self._head_bytes = self._pending_bytes = self._body_bytes = 0
        self._body_began_s = 0.0
        self._problem: tuple[int, str] | None = None
        self._running: RequestResponseCycle | None = None  # of pipelined requests the one in work, where `cycle` is the newest

    # Connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Learn who is at the other end; the first request must come soon."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        if tls is not None:
            self.peer = tls.getpeercert(binary_form=True)
            self._tls_version = tls.version()
        self.timeout_keep_alive = self._limits.sensor_idle_s if self.peer else self._limits.idle_s  # type: ignore[assignment]
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._disarm()
        if self._watch is not None:
            self._watch.cancel()
        self._unset_keepalive_if_required()
        self._forsake()
        super().connection_lost(exc)
        self._on_lost()

    def pause_writing(self) -> None:
        """The other end takes no more; it may do so for a time only."""
        super().pause_writing()
        self._watch_writing(self._limits.write_s)

    def resume_writing(self) -> None:
        """The other end takes more again."""
        super().resume_writing()
        self._unsent_before = math.inf

    def on_response_complete(self) -> None:
        """All is written, which is not to say sent."""
        super().on_response_complete()
        self._unsent_before = math.inf
        self._watch_writing(self._limits.write_s)
        if self._in_body and self.cycle.response_complete:  # answered before its end: what is on its way may come, no more
            self._disarm()
            self._deadline = self.loop.call_later(_FLUSH_S, self._end)

    def timeout_keep_alive_handler(self) -> None:
        """Nothing came for long; nothing is asked while an answer is still on its way."""
        if self._unsent():
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        else:
            self._end()

    def abort(self) -> None:
        """Cut the connection, whatever is going on."""
        self.transport.abort()

    # Bytes

    def data_received(self, data: bytes) -> None:
        """Take what came, or refuse it."""
        if self._is_refused:
            return
        self._unset_keepalive_if_required()
        was_in_head = self._in_head
        try:
            self.parser.feed_data(data)
            # The parser keeps a header to itself until it is whole: of one without an end only its bytes are seen.
            if self._in_head and was_in_head:
                self._pending_bytes += len(data)
                if self._pending_bytes > self._limits.head_bytes:
                    self._fail(431, "the headers are too large")
        except httptools.HttpParserUpgrade:
            self.cycle.keep_alive = False  # answered as any other request; what follows is not HTTP
        except (httptools.HttpParserError, _RefusedError):
            self._refuse(*(self._problem or (400, "this is no HTTP/1.1 request")))
            return
        cycle = self._current()
        if self._deadline is None and (cycle is None or cycle.response_complete):
            self._expect_head()  # a few bytes that begin no request must not hold the connection

    # Parser callbacks; what they raise comes out of feed_data

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        extensions: dict[str, Any] = {PEER: self.peer, TLS_VERSION: self._tls_version}
        self.scope["extensions"] = extensions
        self._in_head, self._in_body = True, False
        self._head_bytes = self._pending_bytes = self._body_bytes = 0
        if self._deadline is None:
            self._expect_head()

    def on_url(self, url: bytes) -> None:
        """A piece of the address."""
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer after the body."""
        self._count_head(len(name) + len(value) + 4)
        if len(self.headers) >= self._limits.headers:
            self._fail(431, f"a request has at most {self._limits.headers} headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The headers are whole: the request is answered while its body comes."""
        if sum(name == b"host" for name, _ in self.headers) != 1:
            self._fail(400, "a request has one Host header")
        self._in_head, self._in_body = False, True
        self._body_began_s = self.loop.time()
        self._disarm()
        self._deadline = self.loop.call_later(self._limits.body_s, self._look_at_body)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body_bytes += len(body)
        if self._body_bytes > self._limits.body_bytes:
            self._fail(413, "the body is too large")
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._in_body = False
        self._disarm()
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        too_many = len(self.tasks) >= self._limits.requests
        super()._start_asgi_task(cycle, _busy if too_many else _heard_out(cycle, app))  # type: ignore[arg-type]

    def _watch_writing(self, every_s: float) -> None:
        if self._watch is None and self._unsent():
            self._unsent_before = self._unsent()
            self._watch = self.loop.call_later(every_s, self._look_at_writing, every_s)

    def _look_at_writing(self, every_s: float) -> None:
        self._watch = None
        cycle = self._current()
        if not (self.flow.write_paused or self.transport.is_closing() or cycle is None or cycle.response_complete):
            return  # the application writes: what waits now is not what waited then
        unsent = self._unsent()
        if unsent > max(0.0, self._unsent_before - every_s * self._limits.write_bytes_per_s):
            self.transport.abort()
        else:
            self._watch_writing(every_s)

    def _unsent(self) -> int:
        """Bytes that wait to be sent. asyncio tells of those that wait for TLS, not of those that wait for the socket below."""
        below = getattr(getattr(self.transport, "_ssl_protocol", None), "_transport", None)
        return self.transport.get_write_buffer_size() + (0 if below is None else below.get_write_buffer_size())

    def _current(self) -> RequestResponseCycle | None:
        return self.cycle  # uvicorn's own type leaves out that there is none before the first request

    # Limits

    def _count_head(self, count: int) -> None:
        self._head_bytes += count
        if self._head_bytes > self._limits.head_bytes:
            self._fail(431, "the headers are too large")

    def _fail(self, status: int, sentence: str) -> None:
        self._problem = (status, sentence)
        raise _RefusedError

    def _expect_head(self) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(self._limits.head_s, self._cut, "the request came too slowly")

    def _look_at_body(self) -> None:
        limits, taken_s = self._limits, self.loop.time() - self._body_began_s
        allowed_s = min(limits.body_s + self._body_bytes / limits.body_bytes_per_s, limits.body_most_s)
        if taken_s < allowed_s:
            self._deadline = self.loop.call_later(allowed_s - taken_s + 0.01, self._look_at_body)
        else:
            self._cut("the body came too slowly")

    def _cut(self, sentence: str) -> None:
        self._deadline = None
        self._refuse(408, sentence)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer in a word where no answer has begun, and close."""
        self._is_refused = True
        self._disarm()
        if status != 408 or self._in_head or self._in_body:
            self._on_refused(self.client[0] if self.client else "", f"{status}: {sentence}")
        running = self._running
        # Of the newest request, even an answer that is over must not be followed by another before its body has ended.
        in_work = running is not None and (not running.response_complete or (self._in_body and running is self._current()))
        answered = running is not None and running.response_started and in_work
        self._forsake()
        if not answered and not self.transport.is_closing():
            body = json.dumps({"detail": sentence}).encode()
            self.transport.write(
                f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n".encode()
                + body
            )
        self._end()

    def _forsake(self) -> None:
        """Let whoever answers know that nobody waits: uvicorn tells the newest request alone.

        What is written to a closed connection is a fault that fills the log.
        """
        self.pipeline.clear()
        for cycle in (self._running, self._current()):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()

    def _end(self) -> None:
        """Close, once the other end has taken what is left for it, or does not take it."""
        if not self.transport.is_closing():
            self.transport.close()
            self._watch_writing(_FLUSH_S)


class _RefusedError(Exception):
    """Ends the parsing of a request, out of the parser's callbacks."""


def _heard_out(cycle: RequestResponseCycle, app: ASGIApp) -> ASGIApp:
    """An application of which nothing is logged when a request's end never came, or was not waited for."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except ClientDisconnect:
            if not cycle.response_started:  # goes nowhere where the connection is over
                await _answer(send, 413, "the message is longer than this hub takes here")

    return call


async def _busy(scope: Scope, receive: Receive, send: Send) -> None:
    await _answer(send, 503, "the hub is too busy: try again in a few seconds")


async def _answer(send: Send, status: int, sentence: str) -> None:
    body = json.dumps({"detail": sentence}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"retry-after", b"5"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
