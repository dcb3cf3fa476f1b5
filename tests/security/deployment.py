"""A hub of two sites, with somebody of every kind: for tests that ask everything as everybody."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from cryptography.hazmat.primitives import serialization
from pydantic import SecretStr
from tests.hub.making import BUDGET, SEAL

from throng.alarm.rule import Rule
from throng.data.rows import Rows
from throng.hub.access import ROLES, Grant
from throng.hub.app import Hub, HubSettings, Kept, create_app
from throng.hub.gate import PEER
from throng.hub.log.log import Log
from throng.hub.registry.draft import Draft
from throng.hub.registry.registry import By
from throng.hub.registry.state import OwnSite, Site
from throng.hub.sensors.authority import new_key
from throng.store.duck import DuckStore
from throng.store.records import KINDS, Change
from throng.store.sqlite_records import SqliteRecords

ORIGIN = "https://hub.example"
ALPHA, BETA = "alphasite", "betasite"
"""Marks: whoever may see one only never reads the other's."""
REACHES = {"site": ALPHA, "hub": "*"}
ZONE = {"name": "hall", "corners": [[0, 0], [100, 0], [100, 100]]}
Cell = tuple[str, str]
"""Who asks: a role and how far it reaches, as "viewer", "site"; "stranger" or "sensor" alone."""
CELLS: list[Cell] = [("stranger", ""), ("sensor", ""), *((role, reach) for role in ROLES for reach in REACHES)]


@dataclass
class Deployment:
    """The hub, and a sensor's certificate, DER."""

    hub: Hub
    der: bytes
    tokens: dict[Cell, str]

    def headers(self, cell: Cell, *, by: str = "person") -> dict[str, str]:
        """What somebody of that kind sends, with a session just opened or with a token."""
        role, reach = cell
        if role in ("stranger", "sensor"):
            return {"origin": ORIGIN}
        if by == "token":
            return {"authorization": f"Bearer {self.tokens[cell]}"}
        grants = (Grant(role, REACHES[reach]),)  # type: ignore[arg-type]
        token = self.hub.people.sessions.open(f"{role} {reach}", grants=grants, how="password")
        return {"cookie": f"__Host-throng={token}", "origin": ORIGIN}

    @contextmanager
    def client(self, cell: Cell) -> "Iterator[httpx.AsyncClient]":
        """A client that shows a certificate where a sensor asks."""

        async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
            shown = {PEER: self.der if cell[0] == "sensor" else None}
            await self.hub({**scope, "extensions": {**scope.get("extensions", {}), **shown}}, receive, send)

        yield httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ORIGIN)

    def kept(self) -> dict[str, Any]:
        """All that the hub keeps beside numbers and its log."""
        records = self.hub.kept.records
        return {kind: records.all(kind) for kind in KINDS}


@contextmanager
def deployed(folder: Path) -> Iterator[Deployment]:
    """Two sites, each with a camera, numbers, an alarm and a sensor; an account and a token for every role."""
    with (
        DuckStore(folder / "throng.duckdb") as store,
        SqliteRecords(folder / "hub.sqlite") as records,
        Log(folder / "audit.jsonl") as log,
    ):
        hub = _hub(folder, Kept(store, records, SEAL, log))
        try:
            _fill(hub)
            yield Deployment(hub, _sensor(hub, f"{ALPHA}-box", ALPHA), _tokens(hub))
        finally:
            hub.alarming.stop()
            hub.people.close()


def _hub(folder: Path, kept: Kept) -> Hub:
    alarms = tuple(
        Rule(f"{site}-alarm", f"{site}-camera", "hall", "occupancy", threshold=9.0, clear=7.0) for site in (ALPHA, BETA)
    )
    settings = HubSettings("Hub", BUDGET, folder / "page", (ORIGIN,), names=("hub.example",))
    return create_app(kept, settings, own=OwnSite(), alarms=alarms)


def _fill(hub: Hub) -> None:
    by = By("test")
    for site in (ALPHA, BETA):
        hub.registry.put_site(Site(site), by=by)
        draft = Draft(
            f"{site}-camera",
            site=site,
            sensor=f"{site}-box",
            address=SecretStr(f"rtsp://{site}-secret.example/stream"),
            table={"zone": [ZONE]},
        )
        hub.registry.put(draft, version=0, by=by)
    _sensor(hub, f"{BETA}-box", BETA)
    hub.kept.store.add_rows(_rows())
    for minute in range(2):  # both alarms ring, so that there is a history
        hub.alarming.alarms.take(_rows(minute, 20.0))


def _rows(minute: int = 0, people: float = 1.0) -> Rows:
    series = tuple((f"{site}-camera", "hall", "occupancy") for site in (ALPHA, BETA))
    n = len(series)
    return Rows(
        series,
        (("noise()", "2026-11-24/1", 60.0),),
        ("",),
        series_of=np.arange(n, dtype=np.int32),
        part_of=np.zeros(n, np.int32),
        reason_of=np.zeros(n, np.int32),
        tick_start_us=np.full(n, 1_795_500_000_000_000 + minute * 60_000_000, np.int64),
        values=np.full(n, people),
        standard_errors=np.ones(n),
    )


def _sensor(hub: Hub, name: str, site: str) -> bytes:
    certificate = hub.sensors.enrol(name, new_key().public_key(), site=site, used=Change("enrolment", "none", None))
    return certificate.public_bytes(serialization.Encoding.DER)


def _tokens(hub: Hub) -> dict[Cell, str]:
    tokens: dict[Cell, str] = {}
    for role in ROLES:
        for reach, site in REACHES.items():
            secret, token = hub.people.tokens.draw(f"{role} {reach}", owner="owner", grants=[Grant(role, site)], days=1)
            hub.people.tokens.add(token)
            tokens[role, reach] = secret
    return tokens
