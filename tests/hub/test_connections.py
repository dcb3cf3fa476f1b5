"""What the hub does not wait for, and what it does not take."""

import contextlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.hub.sensors.serving import Parts, Served, enrolled, served, until

from throng.hub.protocol import Limits

_QUICK = Limits(
    head_s=0.4,
    body_s=0.4,
    body_bytes_per_s=1e4,
    body_most_s=1.2,
    idle_s=0.4,
    sensor_idle_s=30.0,
    write_s=0.4,
    write_bytes_per_s=10.0,
    of_one_address=20,
)


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    made = Parts(tmp_path)
    yield made
    made.close()


@pytest.fixture
def hub_app(parts: Parts) -> Iterator[Served]:
    with served(parts) as running:
        yield running


@pytest.fixture
def quick(parts: Parts) -> Iterator[Served]:
    with served(parts, limits=_QUICK) as running:
        yield running


def _rest(connection: socket.socket) -> bytes:
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except (ConnectionError, ssl.SSLError):
        pass
    return received


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", 408),
        (b"GET /who HT", 408),
        (b"\r\n\r\n", 408),
        (b"GET /who HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ", 408),
        (b"POST /api/echo HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\nabc", 408),
        (b"POST /api/echo HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab", 408),
    ],
)
def test_who_stops_in_the_middle_of_a_request_is_cut_off(quick: Served, sent: bytes, status: int) -> None:
    with quick.connect() as connection:
        connection.sendall(sent)
        assert _rest(connection).startswith(b"HTTP/1.1 %d " % status)


@contextmanager
def _dripping(connection: ssl.SSLSocket, piece: bytes) -> Iterator[None]:
    """Sends a piece every 50 ms for as long as it is taken."""
    done = threading.Event()

    def drip() -> None:
        while not done.wait(0.05):
            try:
                connection.sendall(piece)
            except (OSError, ssl.SSLError):
                return

    thread = threading.Thread(target=drip)
    thread.start()
    yield
    done.set()
    thread.join()


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (b"GET /who HTTP/1.1\r\nhost: 127.0.0.1\r\n", b"x: y\r\n"),
        (b"GET /who HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ", b"y"),
        (b"", b"\r\n"),
        (b"GET /who HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n", b"\r\n"),
        (b"POST /api/echo HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100000\r\n\r\n", b"y"),
    ],
)
def test_who_sends_a_request_drop_by_drop_is_cut_off(quick: Served, first: bytes, piece: bytes) -> None:
    with quick.connect() as connection:
        connection.sendall(first or b"\r\n")
        with _dripping(connection, piece):
            received = _rest(connection)
        assert b"HTTP/1.1 408 " in received or not received


def test_a_body_that_comes_steadily_may_take_its_time(quick: Served) -> None:
    with quick.connect() as connection:
        connection.sendall(b"POST /api/echo HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 12000\r\nconnection: close\r\n\r\n")
        for _ in range(12):
            connection.sendall(b"y" * 1000)
            time.sleep(0.05)
        assert _rest(connection).endswith(b"12000")


def test_who_shakes_no_hand_is_cut_off(quick: Served) -> None:
    with socket.create_connection(("127.0.0.1", quick.port), timeout=10) as bare:
        assert _rest(bare) == b""


@pytest.mark.parametrize("path", [b"large", b"streamed"])
@pytest.mark.parametrize("more", [b"", b"connection: close\r\n"])
def test_who_asks_and_does_not_take_the_answer_is_cut_off(quick: Served, path: bytes, more: bytes) -> None:
    with quick.connect() as connection:
        connection.sendall(b"GET /%b HTTP/1.1\r\nhost: 127.0.0.1\r\n%b\r\n" % (path, more))
        until(lambda: quick.is_alone)
        assert len(_rest(connection)) < 20_000_000


@pytest.mark.parametrize("path", [b"large", b"streamed"])
def test_who_takes_an_answer_slowly_gets_it_whole(quick: Served, path: bytes) -> None:
    received = 0
    with quick.connect() as connection:
        connection.sendall(b"GET /%b HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n" % path)
        while received < 20_000_000:
            time.sleep(0.002)
            piece = connection.recv(65536)
            assert piece
            received += len(piece)


def test_an_idle_connection_is_closed_but_not_a_sensors(quick: Served, parts: Parts) -> None:
    box = enrolled(parts)
    ask = b"GET /who HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
    with quick.connect() as stranger, quick.connect(box) as sensor:
        for connection in (stranger, sensor):
            connection.sendall(ask)
        assert _rest(stranger).startswith(b"HTTP/1.1 200")  # ends: closed by the hub
        sensor.sendall(ask)
        received = b""
        while received.count(b"HTTP/1.1 200") < 2:
            piece = sensor.recv(4096)
            assert piece
            received += piece


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /who HTTP/1.1\r\nhost: 127.0.0.1\r\nx: " + b"y" * 20_000 + b"\r\n\r\n", 431),
        (b"GET /who HTTP/1.1\r\nhost: 127.0.0.1\r\n" + b"x: y\r\n" * 101 + b"\r\n", 431),
        (b"GET /" + b"y" * 20_000 + b" HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n", 431),
        (b"GET /who HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: 127.0.0.1\r\n\r\n", 400),
        (b"GET /who HTTP/1.1\r\n\r\n", 400),
        (
            b"POST /api/echo HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (b"POST /api/echo HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", 400),
        (b"CONNECT other:443 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n", 400),
        (b"\x16\x03\x01 no http at all", 400),
        (b"GET /who HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nanything", 200),
    ],
)
def test_an_oversized_or_malformed_request_is_refused_in_a_word(hub_app: Served, sent: bytes, status: int) -> None:
    with hub_app.connect() as connection:
        connection.sendall(sent)
        assert _rest(connection).startswith(b"HTTP/1.1 %d " % status)


def test_a_header_without_an_end_is_refused_before_it_fills_memory(hub_app: Served) -> None:
    with hub_app.connect() as connection:
        connection.sendall(b"GET /who HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ")
        sent = 0
        with contextlib.suppress(OSError):  # the hub has closed it
            while sent < 60_000_000:
                connection.sendall(b"y" * 65536)
                sent += 65536
    assert sent < 20_000_000  # what lay in the sockets' buffers


def test_a_body_longer_than_the_most_is_refused(parts: Parts) -> None:
    with served(parts, limits=Limits(body_bytes=10_000)) as running, running.connect() as connection:
        head = b"POST /api/echo HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n"
        connection.sendall(head + b"2000\r\n" + b"y" * 0x2000 + b"\r\n2000\r\n" + b"y" * 0x2000)
        assert _rest(connection).startswith(b"HTTP/1.1 413 ")


def test_one_address_may_open_so_many_connections_but_sensors_do_not_count(parts: Parts) -> None:
    box = enrolled(parts)
    with served(parts, limits=Limits(of_one_address=4)) as running:
        sensors = [running.connect(box) for _ in range(6)]
        strangers = [socket.create_connection(("127.0.0.1", running.port), timeout=10) for _ in range(4)]
        assert not _opens(running)
        for connection in [*sensors, *strangers]:
            connection.close()
        until(lambda: _opens(running))  # what is closed does not count any more


def _opens(running: Served) -> bool:
    try:
        running.connect().close()
    except OSError:
        return False
    return True


def test_more_requests_than_may_be_in_work_are_told_to_come_back(parts: Parts) -> None:
    with served(parts, limits=Limits(requests=2)) as running:
        waiting = [running.connect() for _ in range(2)]
        for connection in waiting:
            connection.sendall(b"POST /api/echo HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1\r\n\r\n")
        until(lambda: _status(running) == 503)
        for connection in waiting:
            connection.sendall(b"x")
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
            connection.close()
        assert _status(running) == 200


def _status(running: Served) -> int:
    with running.link() as link:
        return link.ask("GET", "/who")[0]


def test_stopping_does_not_wait_for_idle_connections(parts: Parts) -> None:
    with served(parts) as running:
        connection = running.connect()
        connection.sendall(b"GET /who HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    assert _rest(connection) is not None  # `served` has returned: the thread of the hub has ended
    connection.close()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=400) | st.sampled_from([b"GET / HTTP/1.1\r\n", b"host: a\r\n", b"\r\n"]), max_size=6))
def test_no_bytes_bring_the_hub_down(running_long: Served, sent: list[bytes]) -> None:
    with running_long.connect() as connection:
        try:
            connection.sendall(b"".join(sent))
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass
    assert _status(running_long) == 200


@pytest.fixture(scope="module")
def running_long(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    parts = Parts(tmp_path_factory.mktemp("hub"))
    with served(parts) as running:
        yield running
    parts.close()


def test_a_request_that_ends_too_soon_leaves_no_stack_trace(hub_app: Served) -> None:
    told: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = told.append  # type: ignore[assignment, method-assign]
    logging.getLogger("uvicorn.error").addHandler(handler)
    with hub_app.connect() as connection:
        connection.sendall(b"POST /api/echo HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\nx")
    until(lambda: hub_app.is_alone)
    assert _status(hub_app) == 200
    logging.getLogger("uvicorn.error").removeHandler(handler)
    assert told == []


def test_a_body_without_a_length_that_grows_past_the_gates_limit_is_refused(hub_app: Served) -> None:
    with hub_app.connect() as connection:
        connection.sendall(b"POST /api/v1/enrol HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n")
        connection.sendall(b"transfer-encoding: chunked\r\n\r\n")
        with contextlib.suppress(OSError):
            for _ in range(40):
                connection.sendall(b"4000\r\n" + b" " * 0x4000 + b"\r\n")
        received = _rest(connection)  # ends, though the body does not
        assert received.split(b" ")[1] in {b"400", b"413"}
        assert received.count(b"HTTP/1.1") == 1
