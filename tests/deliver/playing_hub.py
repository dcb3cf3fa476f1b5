"""A hub for the tests of its sensors: a real TLS server on loopback, with an authority of its own."""

import json
import socket
import socketserver
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from throng.data.signed import HUB_NAME
from throng.deliver.hub import Address


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    """Issues certificates as the hub's own does."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(_name("authority"))
            .issuer_name(_name("authority"))
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self.key, hashes.SHA256())
        )

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def fingerprint(self) -> bytes:
        return self.certificate.fingerprint(hashes.SHA256())

    def issue(self, name: str, key: ec.EllipticCurvePublicKey, *, server: bool = False, life_s: float = 86_400) -> str:
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(self.certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(seconds=life_s))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM).decode()

    def server_context(self, *, name: str = HUB_NAME, most: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.maximum_version = most
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(pem + self.issue(name, key.public_key(), server=True) + self.pem)
            file.flush()
            context.load_cert_chain(file.name)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(cadata=self.pem)
        return context


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came; `connection` counts the connections."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    peer: x509.Certificate | None
    connection: int

    @property
    def tree(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Say:
    """An answer."""

    status: int
    tree: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    close: bool = False


class PlayingHub:
    """Answers with whatever `answer` says, and keeps everything that was asked."""

    def __init__(self, authority: Authority, answer: Callable[[Asked], Say], *, context: ssl.SSLContext | None = None) -> None:
        self.authority = authority
        self.answer = answer
        self.asked: list[Asked] = []
        self.came = threading.Condition()
        self.connections = 0
        self._open: list[socket.socket] = []
        hub, serving = self, context or authority.server_context()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                hub.connections += 1
                self.number = hub.connections
                self.request.settimeout(10)
                self.request = serving.wrap_socket(self.request, server_side=True)
                hub._open.append(self.request)
                super().setup()

            def finish(self) -> None:
                super().finish()
                self.request.close()

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except OSError:
                    self.close_connection = True

            def _any(self) -> None:
                der = self.request.getpeercert(True)
                asked = Asked(
                    self.command,
                    self.path,
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(int(self.headers.get("content-length", 0))),
                    x509.load_der_x509_certificate(der) if der else None,
                    self.number,
                )
                say = hub.answer(asked)
                content = b"" if say.tree is None else json.dumps(say.tree).encode()
                self.send_response(say.status)
                for name, value in say.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = say.close
                with hub.came:
                    hub.asked.append(asked)
                    hub.came.notify_all()

            do_GET = do_POST = _any  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, request: object, client_address: object) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.address = Address("127.0.0.1", self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def wait(self, enough: Callable[[list[Asked]], bool]) -> None:
        """Until what was asked is enough."""
        with self.came:
            assert self.came.wait_for(lambda: enough(self.asked), 20), [asked.path for asked in self.asked]

    def drop(self) -> None:
        """Break every connection."""
        for connection in self._open:
            with suppress(OSError, ValueError):
                connection.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def end(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.drop()


@contextmanager
def playing(
    answer: Callable[[Asked], Say], *, authority: Authority | None = None, context: ssl.SSLContext | None = None
) -> Iterator[PlayingHub]:
    """A hub, ended at the end."""
    hub = PlayingHub(authority or Authority(), answer, context=context)
    try:
        yield hub
    finally:
        hub.end()


def files_under(folder: Path) -> bytes:
    """The content of every file in a folder, one after the other."""
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
