"""Whatever a server says, or does not, the audit ends, and shows nothing that a terminal would act on."""

import os
import socket
import string
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.audit.exposure.certificates import made
from tests.audit.exposure.conftest import Serve, here
from tests.audit.exposure.fakes import bson

from throng.audit.exposure.answer import Answer, cleaned
from throng.audit.exposure.certificate import described
from throng.audit.exposure.conversation import MOST_BYTES, Conversation
from throng.audit.exposure.login import authorization
from throng.audit.exposure.message import parse_reply, read_reply
from throng.audit.exposure.report import look_at
from throng.audit.exposure.servers import mongodb, mqtt, postgresql, redis

HTTP = [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 401 X\r\n", b"RTSP/1.0 200 OK\r\n", b"\r\n", b"Content-Length: 5\r\n"]
HTTP += [
    b"Transfer-Encoding: chunked\r\n",
    b"WWW-Authenticate: Digest nonce=\r\n",
    b"5\r\nhello\r\n",
    b"\x00",
    b":",
    b"[" * 5000,
]
PIECES = [
    *HTTP,
    b"R\0\0\0\x08\0\0\0\0",
    b"E\0\0\0\x0cC28000\0\0",
    b"+PONG\r\n",
    b"\x20\x02\0\0",
    b"\x90\x03\0\1\0",
    b"\xff" * 9,
]
PIECES += [bson({"ok": 1.0, "a": {"b": [1, "c"]}}), b"\xdd\x07\0\0", b"\0\0\0\x80"]
SAID = st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join))


@given(SAID)
@example(b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 100_000)
def test_no_parser_fails_at_anything_a_server_says(said: bytes) -> None:
    reply = parse_reply(said)
    if reply is not None:
        assert isinstance(reply.json(), dict)
        authorization([value for _, value in reply.headers], method="GET", uri="/", user="u", password="p")
    messages = postgresql.parse_messages(said)
    assert sum(5 + len(body) for _, body in messages) <= len(said)
    assert isinstance(postgresql.judged(messages, "u", None), Answer | None)
    assert mqtt.subscribed(said) in (True, False, None)
    assert isinstance(mongodb.parse_document(said), dict)
    mongodb.parse_message(said)
    redis.version_of(said)
    assert described("TLSv1.3", said, "127.0.0.1").names == ()


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300)), st.integers(1, 80))
def test_what_is_shown_of_a_server_is_short_and_printable(said: bytes | str, most: int) -> None:
    shown = cleaned(said, most)
    assert len(shown) <= most
    assert set(shown) <= set(string.printable) - set("\t\n\r\x0b\x0c")


@given(
    st.dictionaries(
        st.text(string.ascii_letters, min_size=1), st.one_of(st.integers(-(2**31), 2**31 - 1), st.text(string.ascii_letters))
    )
)
def test_the_fields_of_a_document_are_read_as_they_were_written(document: dict[str, int | str]) -> None:
    assert mongodb.parse_document(bson(document)) == document  # type: ignore[arg-type]


@given(SAID)
def test_a_reply_is_read_to_an_end_whatever_comes(said: bytes) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(said[:100_000])
        theirs.shutdown(socket.SHUT_WR)
        with Conversation(ours, until_s=time.monotonic() + 60) as talk, suppress(OSError):
            read_reply(talk)


def _says_nothing(connection: socket.socket) -> None:
    connection.recv(1)
    connection.recv(1_000_000)
    connection.settimeout(5)
    with suppress(TimeoutError):
        connection.recv(1)


def _hangs_up(connection: socket.socket) -> None:
    connection.recv(1)


def _drips(connection: socket.socket) -> None:
    for _ in range(1000):
        connection.recv(1)
        connection.sendall(b"H")


def _talks_without_end(connection: socket.socket) -> None:
    connection.recv(1000)
    while True:
        connection.sendall(b"HTTP/1.1 200 OK\r\nA: " + b"x" * 60_000)


def _shouts(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"\x1b[31mred\x07" * 1000)


def _noise(connection: socket.socket) -> None:
    while connection.recv(1000):
        connection.sendall(os.urandom(100))


def _promises_much(connection: socket.socket) -> None:
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
    connection.recv(1000)
    connection.recv(1)


@pytest.mark.parametrize("server", [_says_nothing, _hangs_up, _drips, _talks_without_end, _shouts, _noise, _promises_much])
def test_no_server_keeps_or_breaks_the_audit(serve: Serve, server: Callable[[socket.socket], None]) -> None:
    (seen,) = look_at([here(serve(server))], limit_s=0.15).seen
    assert seen.state == "answers"
    assert seen.answer is not None
    assert seen.answer.gives == ()
    assert all("\x1b" not in note for note in seen.answer.notes)


def test_a_conversation_reads_no_more_than_its_share() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * MOST_BYTES)
        theirs.setblocking(False)
        read = 0
        with Conversation(ours, until_s=time.monotonic() + 60) as talk:
            for _ in range(1000):
                with suppress(BlockingIOError):
                    theirs.send(b"x" * 50_000)
                try:
                    read += len(talk.some())
                except TimeoutError:
                    break
    assert read == MOST_BYTES


def test_what_was_not_begun_in_time_is_said_to_be_left_out(serve: Serve) -> None:
    report = look_at([here(serve(_says_nothing)) for _ in range(20)], limit_s=0.15, total_s=0.0)
    assert len(report.seen) == 20
    left = [one for one in report.seen if one.state == "not looked at"]
    assert len(left) >= 4
    assert any("the time was up" in finding.sentence for finding in report.findings)


def test_a_certificate_is_told_as_it_is() -> None:
    from datetime import UTC, datetime, timedelta

    from cryptography.hazmat.primitives.serialization import Encoding

    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    for own in (True, False):
        _, certificate = made(names=("hub.example", "*.camera.example"), ends=soon, own=own)
        der = certificate.public_bytes(Encoding.DER)
        told = described("TLSv1.3", der, "hub.example")
        assert (told.self_signed, told.expired, told.fits, told.ends) == (own, False, True, soon.isoformat())
        assert described("TLSv1.3", der, "HUB.example", now=soon + timedelta(seconds=1)).expired
        assert described("TLSv1.3", der, "a.camera.example").fits
        assert not any(described("TLSv1.3", der, name).fits for name in ("camera.example", "b.a.camera.example", "127.0.0.1"))
    assert [described(version, b"", "h").weak for version in ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")] == [
        True,
        True,
        False,
        False,
    ]
