"""Bytes that are no request, or nearly one, over real TLS: refused in the 400s, nothing is changed, and the hub goes on."""

import contextlib
import logging
import os
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.hub.sensors.serving import Identity
from tests.security.asking import Reply
from tests.security.deployment import ALPHA, Deployment, deployed

from throng.data.signed import HUB_NAME
from throng.data.wire import MEDIA_TYPE
from throng.hub.protocol import Limits
from throng.hub.sensors.authority import new_key
from throng.hub.server import listen, serve
from throng.hub.tls import HubTls
from throng.store.records import Change

REQUESTS = int(os.environ.get("THRONG_FUZZ_REQUESTS", "1200"))
_SHORT = Limits(head_s=0.1, body_s=0.1, idle_s=0.1, sensor_idle_s=0.1)
"""So that nobody waits for the rest of half a request."""


@dataclass
class Served:
    """A hub over TLS, and a sensor's certificate for it."""

    deployment: Deployment
    port: int
    stranger: ssl.SSLContext
    sensor: ssl.SSLContext

    def send(self, raw: bytes, *, as_sensor: bool = False) -> bytes:
        """All that comes back until the hub closes the connection."""
        context = self.sensor if as_sensor else self.stranger
        received = b""
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=20) as bare,
            context.wrap_socket(bare, server_hostname=HUB_NAME) as connection,
            contextlib.suppress(ConnectionError, ssl.SSLError),  # closed while more was on its way
        ):
            connection.sendall(raw)
            while piece := connection.recv(65536):
                received += piece
        return received


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("hub")
    with deployed(folder) as deployment:
        hub, listener = deployment.hub, listen(0, has_tls=True)
        ready, stop = threading.Event(), threading.Event()

        def run() -> None:
            tls = HubTls(hub.authority, names=("hub.example",))
            serve(hub, port=0, listener=listener, on_ready=ready.set, stop=stop, tls=tls, limits=_SHORT)

        thread = threading.Thread(target=run)
        port = listener.getsockname()[1]
        thread.start()
        assert ready.wait(20)
        stranger, sensor = (ssl.create_default_context(cadata=hub.authority.pem) for _ in range(2))
        sensor.load_cert_chain(_identity(deployment, folder))
        yield Served(deployment, port, stranger, sensor)
        stop.set()
        thread.join()


def _identity(deployment: Deployment, folder: Path) -> Path:
    key = new_key()
    used = Change("enrolment", "none", None)
    certificate = deployment.hub.sensors.enrol(f"{ALPHA}-box", key.public_key(), site=ALPHA, used=used)
    path = folder / "sensor.pem"
    path.write_bytes(Identity(key, x509.load_der_x509_certificate(certificate.public_bytes(serialization.Encoding.DER))).pem)
    return path


def _judge(answer: bytes) -> list[int]:
    """The statuses of an answer, none of which is a fault of ours, and none of which shows the inside."""
    statuses = [int(status) for status in re.findall(rb"(?:^|\n)HTTP/1\.1 (\d{3}) ", answer)]
    assert statuses or not answer
    assert all(status < 500 for status in statuses), answer[:300]
    assert not [problem for problem in Reply(200, body=answer).problems() if "inside" in problem], answer[:1000]
    return statuses


_HOST = b"host: hub.example\r\n"
_INGEST = b"POST /api/v1/ingest HTTP/1.1\r\n" + _HOST
_LONG = b"x" * 20_000
_REFUSED = {
    b"\r\n" * 50 + b"\0": (400,),
    b"\r\n": (408,),
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03": (400,),
    b"GET / HTTP/9.9\r\n" + _HOST + b"\r\n": (400,),
    b"GET /health\r\n\r\n": (400,),
    b"GET /health HTTP/1.1 \0\r\n" + _HOST + b"\r\n": (400,),
    b"GET /health HTTP/1.1\r\n\r\n": (400,),
    b"GET /health HTTP/1.1\r\n" + _HOST * 2 + b"\r\n": (400,),
    b"GET /health HTTP/1.1\r\nhost: elsewhere.example\r\n\r\n": (421,),
    b"GET http://elsewhere.example/health HTTP/1.1\r\n" + _HOST + b"\r\n": (200, 303, 400),
    b"GET /health HTTP/1.1\r\n" + _HOST + b"x\0y: z\r\n\r\n": (400,),
    b"GET /health HTTP/1.1\r\n" + _HOST + b" folded: z\r\n\r\n": (400,),
    b"GET /health HTTP/1.1\r\n" + _HOST + b"no colon\r\n\r\n": (400,),
    b"GET /" + _LONG + b" HTTP/1.1\r\n" + _HOST + b"\r\n": (431,),
    b"GET /health HTTP/1.1\r\n" + _HOST + b"x: " + _LONG + b"\r\n\r\n": (431,),
    b"GET /health HTTP/1.1\r\n" + _HOST + b"x: y\r\n" * 200 + b"\r\n": (431,),
    b"GET /\xff\xfe HTTP/1.1\r\n" + _HOST + b"\r\n": (400,),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": (400,),
    _INGEST + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello": (400,),
    _INGEST + b"content-length: -1\r\n\r\n": (400,),
    _INGEST + b"content-length: 99999999999999999999999\r\n\r\n": (400,),
    _INGEST + b"content-length: 9000000\r\n\r\n": (413,),
    _INGEST + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n": (400,),
    _INGEST + b"transfer-encoding: chunked\r\n\r\nzz\r\n": (400, 401),
    _INGEST + b"transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n": (400, 401),
    _INGEST + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n": (400, 401),
    _INGEST + b"content-length: 100\r\n\r\nhalf": (401, 408),
}


@pytest.mark.parametrize("number", range(len(_REFUSED)))
def test_what_is_no_request_of_ours_is_refused(served: Served, number: int) -> None:
    raw, expected = list(_REFUSED.items())[number]
    before, told = served.deployment.kept(), served.deployment.hub.kept.log.head().seq
    statuses = _judge(served.send(raw))
    assert statuses
    assert set(statuses) <= set(expected)
    assert served.deployment.kept() == before
    if statuses[0] >= 400 and raw != b"\r\n":  # in which nothing is asked
        entries = [entry for entry in served.deployment.hub.kept.log.newest() if entry["seq"] > told]
        assert [(entry["event"], entry["outcome"], entry["address"]) for entry in entries] == [
            ("request.refused", "refused", "127.0.0.1")
        ] * len(entries)
        assert f"{statuses[-1]}: " in [entry["detail"][:5] for entry in entries]


def test_a_message_in_pieces_that_grows_too_long_is_refused_and_told(served: Served) -> None:
    piece = b"100000\r\n" + bytes(0x100000) + b"\r\n"
    head = f"content-type: {MEDIA_TYPE}\r\nthrong-signature: x\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    answer = served.send(_INGEST + head + piece * 9 + b"0\r\n\r\n", as_sensor=True)
    assert _judge(answer) == [413]
    assert b"strict-transport-security" in answer
    (entry,) = served.deployment.hub.kept.log.newest(most=1)
    assert (entry["outcome"], entry["who"], entry["detail"][:4]) == ("refused", f"{ALPHA}-box", "413:")


_VALID = [
    b"GET /health HTTP/1.1\r\n" + _HOST + b"\r\n",
    b"GET /api/v1/latest?x=%20 HTTP/1.1\r\n" + _HOST + b"authorization: Bearer throng_x\r\n\r\n",
    b"POST /sign-in HTTP/1.1\r\n" + _HOST + b"origin: https://hub.example\r\ncontent-length: 8\r\n\r\nname=ada",
    b"POST /api/v1/enrol HTTP/1.1\r\n" + _HOST + b"content-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
    _INGEST + b"transfer-encoding: chunked\r\nexpect: 100-continue\r\n\r\n3\r\nabc\r\n0\r\nx: y\r\n\r\n",
    b"PUT /api/v1/sites/north HTTP/1.1\r\n" + _HOST + b"cookie: __Host-throng=x\r\ncontent-length: 2\r\n\r\n{}",
]
_PARTS = st.sampled_from([b"", b"\0", b"\r\n", b"\n", b" ", b":", b"%", b"\xff", b"0" * 9, b"\r\n\r\n", _HOST, b"A" * 999])


@st.composite
def _nearly(draw: st.DrawFn) -> bytes:
    raw = bytearray(b"".join(draw(st.lists(st.sampled_from(_VALID), min_size=1, max_size=3))))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(raw)))
        raw[place : place + draw(st.sampled_from([0, 1, 2, 30]))] = draw(_PARTS | st.binary(max_size=6))
    return bytes(raw)


def test_bytes_that_are_nearly_a_request_change_nothing(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    seen = set()

    @settings(max_examples=max(100, REQUESTS // 100), deadline=None, suppress_health_check=list(HealthCheck))
    @given(raw=_nearly(), as_sensor=st.booleans())
    def send(raw: bytes, as_sensor: bool) -> None:
        seen.update(_judge(served.send(raw, as_sensor=as_sensor)))

    before = served.deployment.kept()
    with caplog.at_level(logging.ERROR):
        send()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert served.deployment.kept() == before
    assert {200, 400, 401} <= seen
    assert 200 in _judge(served.send(_VALID[0]))
