"""What goes over the wire, to real servers: signed, encrypted, once, never redirected, and with an end."""

import contextlib
import email
import email.policy
import hashlib
import hmac
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from throng.data.errors import HubError
from throng.hub.alarming.history import Event
from throng.hub.alarming.outlets import Outlet, OutletKind, Target
from throng.hub.alarming.reach import Attempt
from throng.hub.alarming.senders import SIGNATURE, TIMESTAMP, Message, send, written

SECRET = "a-secret-of-32-characters-is-long"
EVENT = Event(
    "Quai 1, é", "danger", "Gare", "nord", "hall", "rang", 1_795_521_600_000_000, sentence="nord, hall: 4.3 people/m2", number=3
)
MESSAGE = Message("3-1", EVENT, "https://hub.example")
MOSQUITTO = Path("/usr/sbin/mosquitto")


@pytest.fixture(scope="module")
def tls(files: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context


def outlet(kind: OutletKind, port: int, encryption: str, files: tuple[Path, Path] | None, **more: Any) -> Outlet:
    authority = files[0].read_text() if files else ""
    return Outlet("one", kind, frozenset(), frozenset(), Target("127.0.0.1", port, encryption, authority=authority, **more))


@contextlib.contextmanager
def receiver(status: int, tls: ssl.SSLContext | None, **headers: str) -> Iterator[tuple[int, list[tuple[str, Any, bytes]]]]:
    """A web server that answers everything with one status; its port, and what came."""
    came: list[tuple[str, Any, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append((self.path, self.headers, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port, came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_webhook_is_posted_once_over_tls_and_signed(files: tuple[Path, Path], tls: ssl.SSLContext) -> None:
    with receiver(204, tls) as (port, came):
        assert send(Attempt(), outlet("webhook", port, "tls", files), {"path": "/x?t=1", "secret": SECRET}, MESSAGE) == ""
    ((path, headers, body),) = came
    signed = hmac.new(SECRET.encode(), headers[TIMESTAMP].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert (path, headers[SIGNATURE], headers["host"]) == ("/x?t=1", f"sha256={signed}", f"127.0.0.1:{port}")
    assert json.loads(body) == {
        "id": "3-1", "event": "rang", "name": "Quai 1, é", "severity": "danger", "site": "Gare", "camera": "nord",
        "place": "hall", "by": "", "note": "", "sentence": "nord, hall: 4.3 people/m2", "at": "2026-11-24T12:00:00Z",
        "hub": "https://hub.example",
    }  # fmt: skip


def test_a_certificate_that_nobody_vouches_for_gets_nothing(tls: ssl.SSLContext) -> None:
    with receiver(204, tls) as (port, came):
        assert "certificate of 127.0.0.1 does not hold" in refusal(outlet("webhook", port, "tls", None))
    assert came == []


def test_a_redirect_is_not_followed() -> None:
    with receiver(204, None) as (elsewhere, came), receiver(307, None, location=f"http://127.0.0.1:{elsewhere}/") as (port, _):
        assert "answers 307, redirects, which are not followed" in refusal(outlet("webhook", port, "none", None))
    assert came == []


SECRETS = {"path": "/a-token", "secret": SECRET, "password": SECRET}


def refusal(target: Outlet, *, whole_s: float = 20.0) -> str:
    with pytest.raises(HubError) as caught:
        send(Attempt(whole_s=whole_s), target, SECRETS, MESSAGE)
    assert not any(secret in str(caught.value) for secret in SECRETS.values())
    return str(caught.value)


def test_a_target_that_refuses_or_babbles_is_told_in_a_sentence_without_a_secret(tls: ssl.SSLContext) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = free.getsockname()[1]
    assert refusal(outlet("webhook", closed, "none", None)) == "127.0.0.1 cannot be reached (Connection refused)"
    with receiver(500, None) as (broken, _):
        assert "answers 500, an error" in refusal(outlet("webhook", broken, "none", None))
    kinds: tuple[OutletKind, ...] = ("webhook", "email", "mqtt")
    for kind in kinds:
        with mail_server(tls, starttls=True, answers={}) as (babbling, _):
            assert "does not speak TLS" in refusal(outlet(kind, babbling, "tls", None))
    with mail_server(tls, starttls=True, answers={}) as (babbling, _):
        assert "does not answer as it should" in refusal(outlet("webhook", babbling, "none", None))


def test_a_target_that_takes_the_connection_and_says_nothing_has_an_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for target in (
            outlet("webhook", port, "none", None),
            outlet("email", port, "starttls", None),
            outlet("email", port, "tls", None),
            outlet("mqtt", port, "tls", None),
        ):
            assert refusal(target, whole_s=0.1) == "127.0.0.1 did not answer in time"


def test_a_connection_that_is_being_made_can_be_cut() -> None:
    attempt = Attempt()
    attempt.cut()
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(OSError):  # noqa: PT011 -- of whatever kind
        attempt.connected("127.0.0.1", silent.getsockname()[1])


@contextlib.contextmanager
def mail_server(tls: ssl.SSLContext, *, starttls: bool, answers: dict[str, bytes]) -> Iterator[tuple[int, list[str]]]:
    """A mail server that says yes, but where `answers` has another word for the beginning of a line; and all it was told."""
    told: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line, _ = listener.accept()
        with contextlib.suppress(OSError):  # whoever speaks TLS to it goes away
            converse(line)
        line.close()

    def converse(line: socket.socket) -> None:
        line.settimeout(10)
        line = line if starttls else tls.wrap_socket(line, server_side=True)
        line.sendall(b"220 here\r\n")
        while text := _line(line):
            told.append(text)
            command = text.split()[0].upper()
            word = next((answer for start, answer in answers.items() if text.upper().startswith(start)), None)
            line.sendall(word or _USUAL.get(command, b"250 ok\r\n"))
            if command == "STARTTLS":
                line = tls.wrap_socket(line, server_side=True)
            if command == "DATA":
                while (part := _line(line)) != ".":
                    told.append(part)
                line.sendall(b"250 taken\r\n")
            if command == "QUIT":
                break
        line.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], told
    finally:
        thread.join()
        listener.close()


_USUAL = {"EHLO": b"250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n", "DATA": b"354 go on\r\n", "STARTTLS": b"220 go\r\n"}
_USUAL |= {"AUTH": b"235 in\r\n", "QUIT": b"221 bye\r\n"}


def _line(line: socket.socket) -> str:
    got = b""
    while not got.endswith(b"\r\n"):
        part = line.recv(1)
        if not part:
            return ""
        got += part
    return got[:-2].decode()


MAIL = {"user": "throng", "sender": "throng@site.example", "to": ("a@site.example", "b@site.example")}


@pytest.mark.parametrize("starttls", [True, False])
def test_an_email_is_sent_once_over_tls(files: tuple[Path, Path], tls: ssl.SSLContext, starttls: bool) -> None:
    with mail_server(tls, starttls=starttls, answers={"QUIT": b"500 no\r\n"}) as (port, told):
        encryption = "starttls" if starttls else "tls"
        assert send(Attempt(), outlet("email", port, encryption, files, **MAIL), {"password": SECRET}, MESSAGE) == ""
    start = told.index("data") + 1
    mail = email.message_from_string("\n".join(told[start:-1]), policy=email.policy.default)
    assert mail["Subject"] == "Throng, danger: Quai 1, é rings"
    assert (mail["From"], mail["To"]) == ("throng@site.example", "a@site.example, b@site.example")
    assert "nord, hall: 4.3 people/m2" in mail.get_content()
    if starttls:
        assert told[1] == "STARTTLS"  # before that, no word of what is sent
    assert told.count("data") == 1


def test_an_email_server_that_refuses_is_told_by_its_number(files: tuple[Path, Path], tls: ssl.SSLContext) -> None:
    with mail_server(tls, starttls=False, answers={"AUTH": f"535 not {SECRET}\r\n".encode()}) as (port, _):
        assert "refuses the user or password (535)" in refusal(outlet("email", port, "tls", files, **MAIL))
    with mail_server(tls, starttls=False, answers={"RCPT TO:<B@": b"550 no\r\n"}) as (port, _):
        told = send(Attempt(), outlet("email", port, "tls", files, **MAIL), {"password": SECRET}, MESSAGE)
    assert told == "127.0.0.1 refuses 1 of 2 recipients: correct to"


def test_no_name_can_add_a_header_to_an_email() -> None:
    for name in ("a\r\nBcc: x@y.example", "a\nSubject: b"):
        with pytest.raises(ValueError, match="linefeed"):
            written(Target("h", 1, "tls", sender="a@b.example", to=("c@d.example",)), _named(name))


def _named(name: str) -> Message:
    return Message("1", Event(name, "danger", "", "", "", "rang", 0), "")


@contextlib.contextmanager
def broker(folder: Path, files: tuple[Path, Path]) -> Iterator[int]:
    """A real mosquitto that takes one user, over TLS."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = folder / "passwords"
    subprocess.run(["mosquitto_passwd", "-c", "-b", str(words), "throng", SECRET], check=True, capture_output=True)
    words.chmod(0o644)
    for path in files:
        path.chmod(0o644)
        path.parent.chmod(0o755)
    text = f"listener {port} 127.0.0.1\npassword_file {words}\ncertfile {files[0]}\nkeyfile {files[1]}\nuser root\n"
    (folder / "mosquitto.conf").write_text(text)
    with subprocess.Popen([MOSQUITTO, "-c", folder / "mosquitto.conf"], stderr=subprocess.DEVNULL) as process:
        try:
            _until(lambda: _listens(port))
            yield port
        finally:
            process.terminate()


def test_mqtt_keeps_an_alarm_at_its_topic_over_tls(files: tuple[Path, Path], tmp_path: Path) -> None:
    with broker(tmp_path, files) as port:
        target = outlet("mqtt", port, "tls", files, user="throng")
        assert send(Attempt(), target, {"password": SECRET}, MESSAGE) == ""
        assert send(Attempt(), target, {"password": SECRET}, Message("t", EVENT, "", is_test=True)) == ""
        kept = _kept(port, files)
        assert [topic for topic, _ in kept] == ["throng/Gare/alarms/Quai 1, é"]
        assert json.loads(kept[0][1])["event"] == "rang"
        with pytest.raises(HubError, match="refuses the connection"):
            send(Attempt(), target, {"password": "wrong"}, MESSAGE)
        assert "certificate of 127.0.0.1 does not hold" in refusal(outlet("mqtt", port, "tls", None, user="throng"))


def _kept(port: int, files: tuple[Path, Path]) -> list[tuple[str, bytes]]:
    """What a client of the broker is told that comes later: what is retained, which comes before the mark that it sends."""
    came: list[tuple[str, bytes]] = []
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.tls_set(str(files[0]))
    client.username_pw_set("throng", SECRET)
    client.on_message = lambda client, data, message: came.append((message.topic, bytes(message.payload)))
    client.on_connect = lambda client, *more: client.subscribe("#", 1)
    client.on_subscribe = lambda client, *more: client.publish("mark", b"", 1)
    client.connect("127.0.0.1", port)
    _until(lambda: client.loop(0.05) or ("mark", b"") in came)
    client.disconnect()
    return came[:-1]


def _listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def _until(is_so: Callable[[], Any]) -> None:
    end_s = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end_s
        time.sleep(0.01)
