"""Servers on loopback, real and made up, that the audit looks at."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from throng.audit.exposure.look import Seen, look
from throng.audit.exposure.target import Target

Handler = Callable[[socket.socket], None]
Serve = Callable[[Handler], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server that hands every connection to a function in a thread of its own; gives its port."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []
    stop = threading.Event()

    def start(handler: Handler) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def handle(connection: socket.socket) -> None:
            with connection, suppress(OSError, EOFError):
                connection.settimeout(5)
                handler(connection)

        def accept() -> None:
            while not stop.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                thread = threading.Thread(target=handle, args=(connection,))
                threads.append(thread)
                thread.start()

        thread = threading.Thread(target=accept)
        threads.append(thread)
        thread.start()
        return int(listener.getsockname()[1])

    yield start
    stop.set()
    for listener in listeners:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in list(threads):
        thread.join(10)


def exactly(connection: socket.socket, length: int) -> bytes:
    """The next bytes; EOFError where they do not come."""
    content = b""
    while len(content) < length:
        more = connection.recv(length - len(content))
        if not more:
            raise EOFError
        content += more
    return content


def request(connection: socket.socket) -> tuple[str, str, dict[str, str]]:
    """Method, path and headers of the next request of HTTP or RTSP; EOFError where none comes."""
    content = b""
    while b"\r\n\r\n" not in content:
        more = connection.recv(4096)
        if not more:
            raise EOFError
        content += more
        if not content[:1].isalpha():
            raise EOFError  # no text: real servers hang up, too
    first, *lines = content.decode().partition("\r\n\r\n")[0].split("\r\n")
    method, path, _ = first.split(" ")
    return method, path, {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines}


def here(port: int, **more: object) -> Target:
    """A target on loopback."""
    return Target("127.0.0.1", port, f"127.0.0.1:{port}", **more)  # type: ignore[arg-type]


def seen_at(port: int, *, limit_s: float = 2.0, **more: object) -> Seen:
    """What is seen at a port of loopback."""
    return look(here(port, **more), limit_s)
