"""Servers that Debian does not have, faithful as far as the audit asks them."""

import base64
import hashlib
import json
import re
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

from tests.audit.exposure.conftest import Handler, exactly, request

Value = int | float | str | list[object] | dict[str, object]


def bson(document: dict[str, Value]) -> bytes:
    """A document in BSON."""
    body = b""
    for name, value in document.items():
        key = name.encode() + b"\0"
        if isinstance(value, dict):
            body += b"\x03" + key + bson(value)  # type: ignore[arg-type]
        elif isinstance(value, list):
            body += b"\x04" + key + bson({str(at): each for at, each in enumerate(value)})  # type: ignore[misc]
        elif isinstance(value, float):
            body += b"\x01" + key + struct.pack("<d", value)
        elif isinstance(value, int):
            body += b"\x10" + key + struct.pack("<i", value)
        else:
            text = value.encode() + b"\0"
            body += b"\x02" + key + struct.pack("<i", len(text)) + text
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def op_msg(document: dict[str, Value]) -> bytes:
    """A message that answers."""
    body = struct.pack("<I", 0) + b"\0" + bson(document)
    return struct.pack("<iiii", 16 + len(body), 7, 1, 2013) + body


def mongodb(*, closed: bool, asked: list[str]) -> Handler:
    """As mongod 7.0: hello and buildInfo for everybody, listDatabases for those who signed in, where it has users."""
    refused: dict[str, Value] = {"ok": 0.0, "errmsg": "Command listDatabases requires authentication", "code": 13}
    answers: dict[str, dict[str, Value]] = {
        "hello": {"isWritablePrimary": 1, "topologyVersion": {"counter": 0}, "maxWireVersion": 21, "ok": 1.0},
        "buildInfo": {"version": "7.0.14", "modules": [], "ok": 1.0},
        "listDatabases": refused if closed else {"databases": [{"name": "marked-content"}], "ok": 1.0},
    }

    def handle(connection: socket.socket) -> None:
        while True:
            length, _, _, code = struct.unpack("<iiii", exactly(connection, 16))
            if code != 2013 or length > 1000:
                return
            content = exactly(connection, length - 16)
            (size,) = struct.unpack_from("<i", content, 5)
            assert size == len(content) - 5
            assert content[-1] == 0
            command = content[10 : content.index(b"\0", 10)].decode()
            asked.append(command)
            connection.sendall(op_msg(answers[command]))

    return handle


def http(respond: Callable[[str, dict[str, str]], tuple[int, dict[str, str], bytes]]) -> Handler:
    """A server of HTTP/1.1, of GET only."""

    def handle(connection: socket.socket) -> None:
        with suppress(ValueError, UnicodeDecodeError):
            while True:
                method, path, headers = request(connection)
                assert method == "GET"
                status, more, body = respond(path, headers)
                said = {"Content-Length": str(len(body)), **more}
                lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in said.items())]
                connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + body)

    return handle


def elasticsearch(*, closed: bool) -> Handler:
    """As Elasticsearch 8."""

    def respond(path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if closed:
            challenge = {"WWW-Authenticate": 'Basic realm="security", charset="UTF-8"'}
            return 401, challenge, json.dumps({"error": {"type": "security_exception"}, "status": 401}).encode()
        product = {"X-elastic-product": "Elasticsearch"}
        if path == "/_cat/indices":
            return 200, product, b"green open marked-content 1 0 12 0 20kb 20kb\n"
        said = {"name": "n", "cluster_name": "c", "version": {"number": "8.15.1"}, "tagline": "You Know, for Search"}
        return 200, product, json.dumps(said).encode()

    return http(respond)


def hub(*, open_paths: tuple[str, ...] = (), names: tuple[str, ...] = ("127.0.0.1", "localhost")) -> Handler:
    """As the hub; the paths that are named answer strangers."""

    def respond(path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if headers["host"].rpartition(":")[0] not in names and headers["host"] not in names:
            return 421, {}, b'{"detail":"this hub does not answer to that name"}'
        if path == "/health":
            return 200, {}, b'{"status":"ok"}'
        if path in open_paths:
            return 200, {}, b'{"budget":{},"marked":"marked-content"}'
        if path.startswith("/api/"):
            return 401, {}, b'{"detail":"sign in first, at /sign-in"}'
        return 303, {"Location": "/sign-in"}, b""

    return http(respond)


class Camera:
    """A camera over RTSP, or HTTP, that knows one user; without one it shows everybody its pictures. `tried` is what was."""

    def __init__(
        self, login: tuple[str, str] | None, *, scheme: str = "digest", path: str = "/stream?channel=1", web: bool = False
    ) -> None:
        self.login = login
        self.scheme = scheme
        self.path = path
        self.web = web
        self.tried: list[str] = []

    def handle(self, connection: socket.socket) -> None:
        with suppress(ValueError, UnicodeDecodeError):
            nonce = hashlib.sha256(str(connection.getpeername()).encode()).hexdigest()[:16]
            while True:
                method, path, headers = request(connection)
                rtsp = path.startswith("rtsp")
                if not rtsp and not self.web:
                    connection.sendall(b"RTSP/1.0 400 Bad Request\r\n\r\n")
                    return
                version, cseq = ("RTSP/1.0", f"CSeq: {headers.get('cseq', '')}\r\n") if rtsp else ("HTTP/1.1", "")
                if method == "OPTIONS":
                    connection.sendall(f"{version} 200 OK\r\n{cseq}Public: DESCRIBE\r\nServer: Cam/1\r\n\r\n".encode())
                    continue
                if self._admits(method, path, headers.get("authorization", ""), nonce):
                    body = "v=0\r\ns=marked-content\r\n"
                    connection.sendall(f"{version} 200 OK\r\n{cseq}Content-Length: {len(body)}\r\n\r\n{body}".encode())
                    continue
                challenge = {
                    "digest": f'Digest realm="cam", nonce="{nonce}"',
                    "digest-qop": f'Digest realm="cam", qop="auth,auth-int", nonce="{nonce}", opaque="o", algorithm=SHA-256',
                    "basic": 'Basic realm="cam"',
                }[self.scheme]
                said = f"{version} 401 Unauthorized\r\n{cseq}WWW-Authenticate: {challenge}\r\nContent-Length: 0\r\n\r\n"
                connection.sendall(said.encode())

    def _admits(self, method: str, path: str, given: str, nonce: str) -> bool:
        if self.login is None:
            return True
        if not given:
            return False
        self.tried.append(given)
        user, password = self.login
        if self.scheme == "basic":
            return given == "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        fields = {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', given)}
        if (fields["username"], fields["nonce"], fields["uri"]) != (user, nonce, path):
            return False
        algorithm = "md5" if self.scheme == "digest" else "sha256"

        def hashed(text: str) -> str:
            return hashlib.new(algorithm, text.encode()).hexdigest()

        secret, asked = hashed(f"{user}:cam:{password}"), hashed(f"{method}:{path}")
        if self.scheme == "digest":
            return bool(fields["response"] == hashed(f"{secret}:{nonce}:{asked}"))
        assert (fields["qop"], fields["opaque"], fields["nc"]) == ("auth", "o", "00000001")
        return bool(fields["response"] == hashed(f"{secret}:{nonce}:00000001:{fields['cnonce']}:auth:{asked}"))
