"""Serving the hub until it is told to stop."""

import asyncio
import contextlib
import errno
import ipaddress
import logging
import resource
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from throng.data.errors import HubError, StoreError, ThrongError
from throng.data.fault import told
from throng.hub.connections import Connections
from throng.hub.protocol import HubProtocol, Limits
from throng.hub.tls import HubTls

if TYPE_CHECKING:
    from throng.hub.app import Hub

HOST = "127.0.0.1"
_GRACE_S = 3
_FLUSH_S = 0.5
_SPARE_FILES = 1024  # beside connections: the store, the log, cameras
_TICKS_A_SECOND = 10
_logger = logging.getLogger("throng.hub")


@dataclass(frozen=True, slots=True)
class Chore:
    """Something the hub does again and again while it serves, in a thread of its own; what it raises is told, and it goes on.

    Attributes
    ----------
    every_s : float
        Between two times; the first is one such time after the start.
    do : callable
        What is done.
    """

    every_s: float
    do: Callable[[], object]


def listen(port: int, *, host: str = HOST, has_tls: bool = False) -> socket.socket:
    """Take the port, so that nothing else is started when it is not to be had.

    Parameters
    ----------
    port : int
        0 to 65535.
    host : str
        IP address of this machine, or "localhost"; "0.0.0.0" is every IPv4 address, "::" every address.
    has_tls : bool
        Without it only this machine itself may be served.

    Raises
    ------
    HubError
        The port is taken, or may not be used; the address is none of this machine; it would be reached without TLS.
    """
    address = _address(host)
    _refuse_bare(address, has_tls=has_tls)
    listener = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if address.version == 6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((str(address), port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise HubError(_why_no_port(host, port, error)) from None
    except OverflowError:
        listener.close()
        raise HubError(f"a port is a number from 0 to 65535, not {port}: choose another with --port") from None
    return listener


def serve(
    hub: "Hub",
    *,
    port: int,
    on_ready: Callable[[], None],
    on_stop: Callable[[], None] = lambda: None,
    listener: socket.socket | None = None,
    stop: threading.Event | None = None,
    tls: HubTls | None = None,
    is_welcome: Callable[[bytes], bool] | None = None,
    chores: Sequence[Chore] = (),
    limits: Limits | None = None,
) -> None:
    """Serve in this thread until Ctrl-C, SIGTERM or `stop`; returns once every release that was put is stored.

    Signals are heard in the main thread only, and set as they were before on return.

    Parameters
    ----------
    hub : Hub
        Its store is open.
    port : int
        0 to 65535, on 127.0.0.1; not used with a listener.
    on_ready, on_stop : callable
        Called in this thread, once the hub answers and once it does not any more: to start and to stop what puts releases.
    listener : socket, optional
        From `listen`, where the port was taken beforehand.
    stop : threading.Event, optional
        Ends the hub when it is set.
    tls : HubTls, optional
        What is spoken; without it plain HTTP, to this machine alone.
    is_welcome : callable, optional
        Whether a certificate, DER, holds: a connection that showed one which does not is closed within two seconds.
    chores : sequence of Chore
        Done while it serves.
    limits : Limits, optional
        What connections may take.

    Raises
    ------
    HubError
        The port is taken, or may not be used, or would be reached from elsewhere without TLS; nothing was started.
    StoreError
        Some releases could not be stored to the end.
    """
    with listener or listen(port) as taken:
        _refuse_bare(ipaddress.ip_address(taken.getsockname()[0]), has_tls=tls is not None)
        config = uvicorn.Config(
            hub,
            access_log=False,
            log_level="warning",
            lifespan="off",
            ws="none",
            server_header=False,
            proxy_headers=False,  # who asks, and over what, is never what a header says
        )
        limits = limits or Limits()
        _raise_file_limit(limits.connections + _SPARE_FILES)
        server = _Server(config, hub=hub, on_ready=on_ready, stop=stop or threading.Event(), chores=chores)
        server.connections = Connections(
            lambda on_lost: HubProtocol(
                config, server.server_state, limits=limits, on_lost=on_lost, on_refused=hub.tell_refused
            ),
            tls=tls.context if tls else None,
            limits=limits,
        )
        server.is_welcome = is_welcome
        hub.ingest.start()
        try:
            server.run(sockets=[taken])
        finally:
            try:
                on_stop()
            finally:
                left = hub.ingest.stop()
                hub.alarming.stop()
    if left:
        cause = hub.ingest.problem or "the store could not be written for too long"
        raise StoreError(f"{left} releases are lost: {cause}")


class _Server(uvicorn.Server):
    connections: Connections
    is_welcome: Callable[[bytes], bool] | None

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        hub: "Hub",
        on_ready: Callable[[], None],
        stop: threading.Event,
        chores: Sequence[Chore],
    ) -> None:
        super().__init__(config)
        self._hub = hub
        self._on_ready = on_ready
        self._stop = stop
        self._chores = chores
        self._running: list[asyncio.Task[None]] = []
        self._unwelcome: set[HubProtocol] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Unlike uvicorn's own, takes connections itself: it would bound neither handshakes nor what one address may take."""
        self.servers = []
        loop = asyncio.get_running_loop()
        self._running += [loop.create_task(self.connections.take_from(listener)) for listener in sockets or ()]
        self._running += [loop.create_task(_again_and_again(chore)) for chore in self._chores]
        self.started = True
        self._on_ready()

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_A_SECOND == 0:
            self._close_unwelcome()
        return self._stop.is_set() or await super().on_tick(counter)

    def _close_unwelcome(self) -> None:
        """Close what a removed sensor has open: first as soon as its request is answered, a second later at any rate."""
        if self.is_welcome is None:
            return
        unwelcome = {
            connection
            for connection in self.server_state.connections
            if isinstance(connection, HubProtocol) and connection.peer is not None and not self.is_welcome(connection.peer)
        }
        for connection in unwelcome:
            if connection in self._unwelcome:
                connection.abort()
            else:
                connection.shutdown()
        self._unwelcome = unwelcome

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Unlike uvicorn's own, does not wait for the last word of those whose requests are answered: idle sensors say none."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        for listener in sockets or ():
            listener.close()
        self._hub.feed.close()  # first: an open live page would hold up the end
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            _, late = await asyncio.wait(set(self.server_state.tasks), timeout=_GRACE_S)
            for task in late:
                task.cancel()
        loop = asyncio.get_running_loop()
        end_s = loop.time() + _FLUSH_S
        while self.server_state.connections and loop.time() < end_s:
            await asyncio.sleep(0.02)
        for connection in list(self.server_state.connections):
            if isinstance(connection, HubProtocol):
                connection.abort()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Unlike uvicorn's own, does not raise the signal again afterwards: the caller has yet to stop what it started."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


async def _again_and_again(chore: Chore) -> None:
    while True:
        await asyncio.sleep(chore.every_s)
        try:
            await asyncio.get_running_loop().run_in_executor(None, chore.do)
        except ThrongError as error:
            _logger.error("%s", error)
        except Exception as error:  # noqa: BLE001 -- the others must be done all the same, and this one again
            _logger.error("a chore of the hub failed, and will be tried again:\n%s", told(error))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(HOST if host == "localhost" else host.strip("[]"))
    except ValueError:
        raise HubError(f'the hub listens at an IP address of this machine, not at "{host}": correct [hub] listen') from None


def _refuse_bare(address: ipaddress.IPv4Address | ipaddress.IPv6Address, *, has_tls: bool) -> None:
    if not has_tls and not address.is_loopback:
        raise HubError(f"without TLS the hub serves this machine alone, at {HOST}, and not {address}: give [hub] names")


def _raise_file_limit(wanted: int) -> None:
    """A thousand sensors are more connections than a process may have open by default."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _why_no_port(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken by another program: stop it, or choose another port with --port"
    if error.errno == errno.EACCES:
        return f"port {port} may be used by the administrator only: choose one from 1024 to 65535 with --port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: correct [hub] listen"
    return f"port {port} cannot be used ({error.strerror}): choose another with --port"
