"""Serving the hub on this machine, until it is told to stop."""

import contextlib
import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn

from throng.data.errors import HubError, StoreError
from throng.hub.app import Hub

HOST = "127.0.0.1"
_GRACE_S = 3


def listen(port: int) -> socket.socket:
    """Take the port on the loopback interface, so that nothing else is started when it is not to be had.

    Raises
    ------
    HubError
        The port is taken, or may not be used.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise HubError(_why_no_port(port, error)) from None
    except OverflowError:
        listener.close()
        raise HubError(f"a port is a number from 0 to 65535, not {port}: choose another with --port") from None
    return listener


def serve(
    hub: Hub,
    *,
    port: int,
    on_ready: Callable[[], None],
    on_stop: Callable[[], None] = lambda: None,
    listener: socket.socket | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Serve on 127.0.0.1 in this thread until Ctrl-C, SIGTERM or `stop`; returns once every release that was put is stored.

    Signals are heard in the main thread only, and set as they were before on return.

    Parameters
    ----------
    hub : Hub
        Its store is open.
    port : int
        0 to 65535.
    on_ready, on_stop : callable
        Called in this thread, once the hub answers and once it does not any more: to start and to stop what puts releases.
    listener : socket, optional
        From `listen`, where the port was taken beforehand.
    stop : threading.Event, optional
        Ends the hub when it is set.

    Raises
    ------
    HubError
        The port is taken, or may not be used; nothing was started.
    StoreError
        Some releases could not be stored to the end.
    """
    with listener or listen(port) as taken:
        config = uvicorn.Config(
            hub,
            access_log=False,
            log_level="warning",
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
        hub.ingest.start()
        try:
            _Server(config, hub=hub, on_ready=on_ready, stop=stop or threading.Event()).run(sockets=[taken])
        finally:
            try:
                on_stop()
            finally:
                left = hub.ingest.stop()
    if left:
        cause = hub.ingest.problem or "the store could not be written for too long"
        raise StoreError(f"{left} releases are lost: {cause}")


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, *, hub: Hub, on_ready: Callable[[], None], stop: threading.Event) -> None:
        super().__init__(config)
        self._hub = hub
        self._on_ready = on_ready
        self._stop = stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    async def on_tick(self, counter: int) -> bool:
        return self._stop.is_set() or await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.feed.close()  # first: an open live page would hold up the end
        await super().shutdown(sockets)

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


def _why_no_port(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken by another program: stop it, or choose another port with --port"
    if error.errno == errno.EACCES:
        return f"port {port} may be used by the administrator only: choose one from 1024 to 65535 with --port"
    return f"port {port} cannot be used ({error.strerror}): choose another with --port"
