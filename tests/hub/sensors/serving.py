"""A hub of sensors' routes alone, served over real TLS in a thread, and what speaks to it."""

import http.client
import json
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI, Request
from starlette.responses import Response, StreamingResponse

from throng.data.signed import HUB_NAME, enrolment_proof
from throng.hub.access import Grant, Needs, Principal, needs
from throng.hub.gate import PEER, Gate, GateSettings
from throng.hub.log.log import Log
from throng.hub.protocol import TLS_VERSION, Limits
from throng.hub.sensors.authority import Authority, load_authority, new_key
from throng.hub.sensors.enrolment import Enrolments
from throng.hub.sensors.refusal import Refused
from throng.hub.sensors.routes import add_sensors
from throng.hub.sensors.sensors import Sensors
from throng.hub.server import Chore, listen, serve
from throng.hub.tls import HubTls
from throng.seal.box import Seal
from throng.store.records import KINDS
from throng.store.sqlite_records import SqliteRecords

if TYPE_CHECKING:
    from throng.hub.app import Hub

ADMINISTRATOR = "administrator-token"
OPERATOR = "operator-token"
_PEOPLE = {
    ADMINISTRATOR: Principal("token", "ada", (Grant("administrator"),)),
    OPERATOR: Principal("token", "otto", (Grant("operator", "north"),)),
}


class Clock:
    """The right time, or as far from it as a test likes."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


class People:
    """Knows two scripts by their tokens."""

    def principal_of_cookie(self, token: str) -> Principal | None:
        return None

    def principal_of_bearer(self, token: str) -> Principal | None:
        return _PEOPLE.get(token)


class Parts:
    """All that stands behind the routes, on records of their own."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.seal = Seal({"a": b"k" * 32}, "a")
        self.records = SqliteRecords(folder / "records.sqlite").open()
        self.log = Log(folder / "log.jsonl").open()
        self.authority = load_authority(self.records, self.seal)
        self.sensors = self.new_sensors()
        self.enrolments = Enrolments(
            self.records,
            seal=self.seal,
            authority=self.authority,
            sensors=self.sensors,
            log=self.log,
            clock=self.clock,
        )

    def new_sensors(self) -> Sensors:
        return Sensors(self.records, authority=self.authority, log=self.log, clock=self.clock)

    def close(self) -> None:
        self.log.close()
        self.records.close()

    def told(self, event: str = "") -> list[tuple[str, str, str]]:
        """Event, outcome and detail of what the log holds, oldest first."""
        entries = reversed(self.log.newest(most=10_000))
        return [(e["event"], e["outcome"], e["detail"]) for e in entries if event in ("", e["event"])]


class _NoIngest:
    problem = ""

    def start(self) -> None:
        pass

    def stop(self) -> int:
        return 0


class _NoFeed:
    def close(self) -> None:
        pass


def app_of(parts: Parts) -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    add_sensors(
        app,
        sensors=parts.sensors,
        enrolments=parts.enrolments,
        authority=parts.authority,
        has_site=("north", "south").__contains__,
        clock=parts.clock,
    )

    @app.get("/who", openapi_extra=needs("stranger"))
    def who(request: Request) -> dict[str, Any]:
        extensions = request.scope["extensions"]
        return {"has_peer": extensions[PEER] is not None, "tls": extensions[TLS_VERSION], "client": request.client}

    @app.post("/api/echo", openapi_extra=needs("stranger"))
    async def echo(request: Request) -> int:
        return len(await request.body())

    @app.get("/large", openapi_extra=needs("stranger"))
    def large() -> Response:
        return Response(b"x" * 20_000_000)

    @app.get("/streamed", openapi_extra=needs("stranger"))
    def streamed() -> Response:
        return StreamingResponse(iter([b"x" * 100_000] * 200))

    @app.get("/api/for-sensors", openapi_extra=needs("sensor"))
    def for_sensors(request: Request) -> str:
        return cast("Principal", request.scope["throng.principal"]).name

    app.add_middleware(
        Gate,
        needs=Needs(app),
        people=People(),
        sensors=parts.sensors,
        log=parts.log,
        settings=GateSettings(names=(HUB_NAME,), most_bytes=(("/api/echo", 10**9),)),
    )
    return app


@dataclass
class Served:
    """A hub that is served in a thread."""

    port: int
    authority_pem: str

    @property
    def is_alone(self) -> bool:
        """Whether the hub holds no connection any more: none from its port is established."""
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return not [line for line in lines if line[1].endswith(f":{self.port:04X}") and line[3] == "01"]

    def context(self, identity: "Identity | None" = None, *, trusted_pem: str = "") -> ssl.SSLContext:
        context = ssl.create_default_context(cadata=trusted_pem or self.authority_pem)
        if identity is not None:
            with tempfile.NamedTemporaryFile() as file:
                file.write(identity.pem)
                file.flush()
                context.load_cert_chain(file.name)
        return context

    def connect(self, identity: "Identity | None" = None, *, name: str = HUB_NAME) -> ssl.SSLSocket:
        bare = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        try:
            return self.context(identity).wrap_socket(bare, server_hostname=name)
        except BaseException:
            bare.close()
            raise

    @contextmanager
    def link(self, identity: "Identity | None" = None, token: str = "") -> Iterator["Link"]:
        link = Link(self.port, self.context(identity), token)
        try:
            yield link
        finally:
            link.close()

    def ask(
        self, method: str, path: str, tree: Any = None, *, identity: "Identity | None" = None, token: str = ""
    ) -> tuple[int, Any]:
        with self.link(identity, token) as link:
            return link.ask(method, path, tree)


class Link(http.client.HTTPSConnection):
    """A connection that stays open."""

    def __init__(self, port: int, context: ssl.SSLContext, token: str) -> None:
        super().__init__("127.0.0.1", port, context=context, timeout=10)
        self._token = token

    def ask(self, method: str, path: str, tree: Any = None) -> tuple[int, Any]:
        headers = {"authorization": f"Bearer {self._token}"} if self._token else {}
        body = None if tree is None else json.dumps(tree).encode()
        self.request(method, path, body=body, headers=headers | ({} if body is None else {"content-type": "application/json"}))
        answer = self.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None


@contextmanager
def served(
    parts: Parts,
    *,
    tls: HubTls | None = None,
    limits: Limits | None = None,
    chores: tuple[Chore, ...] = (),
) -> Iterator[Served]:
    tls = tls or HubTls(parts.authority, names=())
    listener = listen(0, has_tls=True)
    ready, stop = threading.Event(), threading.Event()
    app = app_of(parts)
    app.ingest, app.feed = _NoIngest(), _NoFeed()  # type: ignore[attr-defined]
    app.alarming = SimpleNamespace(stop=lambda: None)  # type: ignore[attr-defined]
    app.tell_refused = lambda address, sentence: None  # type: ignore[attr-defined]

    def run() -> None:
        serve(
            cast("Hub", app),
            port=0,
            listener=listener,
            on_ready=ready.set,
            stop=stop,
            tls=tls,
            is_welcome=parts.sensors.is_welcome,
            chores=chores,
            limits=limits,
        )

    thread = threading.Thread(target=run)
    port = listener.getsockname()[1]
    thread.start()
    assert ready.wait(10)
    try:
        yield Served(port, parts.authority.pem)
    finally:
        stop.set()
        thread.join()


@dataclass
class Identity:
    """A key and a certificate."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate_pem.encode() + self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)


def request_of(key: ec.EllipticCurvePrivateKey, name: str = "whatever") -> x509.CertificateSigningRequest:
    subject = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])
    return x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())


def pem_of(request: x509.CertificateSigningRequest) -> str:
    return request.public_bytes(serialization.Encoding.PEM).decode()


def der_of(request: x509.CertificateSigningRequest) -> bytes:
    return request.public_bytes(serialization.Encoding.DER)


def proof_of(token: str, request: x509.CertificateSigningRequest, authority: Authority) -> str:
    return enrolment_proof(token, der_of(request), authority=authority.fingerprint)


def enrolled(parts: Parts, name: str = "box", site: str = "north") -> Identity:
    """A sensor that came in as sensors do."""
    _, token = parts.enrolments.make(name, site=site, life_s=600, who="ada")
    key = new_key()
    request = request_of(key)
    pem, _ = parts.enrolments.redeem(token[:8], pem_of(request), proof_of(token, request, parts.authority))
    return Identity(key, x509.load_pem_x509_certificate(pem.encode()))


def until(true: Callable[[], bool]) -> None:
    """Wait until something is so; the whole test's time limit ends it otherwise."""
    while not true():
        time.sleep(0.02)


def state_of(parts: Parts) -> str:
    """All that is kept, to see that nothing was changed."""
    return json.dumps([[record.key, record.version, record.body] for kind in KINDS for record in parts.records.all(kind)])


def refused(parts: Parts, do: Callable[[], object], status: int) -> str:
    """The sentence with which something is refused, after a look that nothing was changed and that the log tells of it."""
    before, told = state_of(parts), len(parts.told())
    with pytest.raises(Refused) as caught:
        do()
    assert caught.value.status == status
    assert state_of(parts) == before
    assert [outcome for _, outcome, _ in parts.told()[told:]] == ["refused"]
    return str(caught.value)
