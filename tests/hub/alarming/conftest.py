"""A hub with a camera in its registry, whose numbers a test makes up, and whose outlets go nowhere."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr
from tests.hub.making import BUDGET, SEAL, code_of

from throng.alarm.rule import Rule
from throng.data.errors import HubError
from throng.data.release import Release
from throng.data.rows import Rows
from throng.hub.alarming.alarming import Alarming
from throng.hub.app import Hub, HubSettings, Kept, create_app
from throng.hub.log.log import Log
from throng.hub.registry.draft import Draft
from throng.hub.registry.registry import By
from throng.hub.registry.state import OwnSite
from throng.store.duck import DuckStore
from throng.store.sqlite_records import SqliteRecords

ORIGIN = "http://127.0.0.1:8080"
BY = By("test")
NOON_S = 1_795_521_600.0
ZONE = {"corners": [[0, 0], [100, 0], [100, 100]]}
RULE = {"camera": "north", "place": "hall", "quantity": "occupancy", "above": 100, "clear": 50}
OF_FILE = Rule("of the file", "north", "hall", "occupancy", threshold=200.0, clear=150.0, severity="danger")


@dataclass
class Told:
    """Stands for all outlets: notes what is sent, and fails as long as it is told to."""

    messages: list[tuple[str, str, str]] = field(default_factory=list)
    failure: str = ""

    def __call__(self, attempt: Any, outlet: Any, secrets: Any, message: Any) -> str:
        if self.failure:
            raise HubError(self.failure)
        self.messages.append((outlet.name, message.event.name, message.event.what))
        return ""


class Http:
    """A client of the hub, signed in, for tests that are not asynchronous."""

    def __init__(self, hub: Hub) -> None:
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app=hub), base_url=ORIGIN, headers={"origin": ORIGIN})
        self.post("/sign-in", data={"code": code_of(hub)})

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self._runner.run(self._client.request(method, path, **more))

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    def put(self, path: str, *, json: Any) -> httpx.Response:
        return self.request("PUT", path, json=json)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)

    def delete(self, path: str) -> httpx.Response:
        return self.request("DELETE", path)

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()


@dataclass
class Place:
    """A hub, its clock, and what its outlets were told."""

    hub: Hub
    http: "Http"
    now: list[float]
    told: Told

    @property
    def alarming(self) -> Alarming:
        return self.hub.alarming

    def tick(self, *people: float, error: float = 1.0, store: bool = True, unknown: str = "") -> None:
        """Minutes that pass, each with so many people in the hall."""
        for number in people:
            rows = Rows.of([release_of(self.now[0], number, error=error, unknown=unknown)])
            if store:
                self.hub.kept.store.add_rows(rows)
            self.now[0] += 60.0
            self.alarming.alarms.take(rows)

    def states(self) -> dict[str, str]:
        return {alarm["name"]: alarm["state"] for alarm in self.http.get("/api/v1/alarms").json()}

    def alarm(self, name: str = "full") -> dict[str, Any]:
        found: dict[str, Any] = next(one for one in self.http.get("/api/v1/alarms").json() if one["name"] == name)
        return found

    def put(self, name: str = "full", /, **more: Any) -> httpx.Response:
        return self.http.put(f"/api/v1/alarm-rules/{name}", json={**RULE, **more})

    def history(self) -> list[tuple[str, str]]:
        return [(one["name"], one["event"]) for one in self.http.get("/api/v1/alarm-history").json()]


def release_of(start_s: float, people: float, *, error: float = 1.0, unknown: str = "") -> Release:
    """One minute of the hall."""
    return Release(
        camera="north",
        tick_start_s=start_s,
        tick_s=60.0,
        epoch="2026-11-24/1",
        mechanism="noise",
        places=("hall",),
        quantities=("occupancy",),
        values=np.array([np.nan if unknown else people]),
        standard_errors=np.array([np.nan if unknown else error]),
        unknown=unknown,
    )


@contextmanager
def opened(folder: Path, *, rules: Sequence[Rule] = (), now: list[float] | None = None) -> Iterator[Place]:
    """The hub of a folder: opened again, it is the same hub after a restart."""
    now = [NOON_S] if now is None else now
    with (
        DuckStore(folder / "throng.duckdb") as store,
        SqliteRecords(folder / "hub.sqlite") as records,
        Log(folder / "audit.jsonl") as log,
    ):
        settings = HubSettings("Central", BUDGET, folder / "page", (ORIGIN,), one_time=True)
        told = Told()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("throng.hub.app.Alarming", _with(told, now))
            hub = create_app(Kept(store, records, SEAL, log), settings, own=OwnSite("Central"), alarms=tuple(rules))
        if "north" not in hub.registry.state.cameras:
            hub.registry.put(draft("hall"), version=0, by=BY)
        http = Http(hub)
        try:
            yield Place(hub, http, now, told)
        finally:
            http.close()
            hub.alarming.stop()
            hub.people.close()


def draft(*zones: str) -> Draft:
    """The camera with such zones."""
    table = {"zone": [{"name": name, **ZONE} for name in zones], "line": [{"name": "door", "from": [0, 0], "to": [9, 9]}]}
    return Draft("north", site="Central", address=SecretStr("rtsp://camera.example/1"), table=table)


def _with(told: Told, now: list[float]) -> Callable[..., Alarming]:
    return lambda *parts, **more: Alarming(*parts, send=told, clock=lambda: now[0], **more)


Opened = Callable[..., AbstractContextManager[Place]]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with opened(tmp_path, rules=[OF_FILE]) as made:
        yield made


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that vouches for itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "here")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "here.pem", folder / "here.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths
