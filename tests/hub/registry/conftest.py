"""A registry over real records and a real log, and its routes behind the real gate."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from throng.hub.access import Grant, Needs, Principal
from throng.hub.gate import Gate, GateSettings
from throng.hub.log.log import Log
from throng.hub.registry.draft import Draft, Login
from throng.hub.registry.plans import MOST_BYTES
from throng.hub.registry.registry import By, Registry
from throng.hub.registry.routes import add_registry
from throng.hub.registry.state import OwnSite, Site
from throng.hub.registry.table_file import LARGEST_BYTES
from throng.seal.box import Seal
from throng.site.model import Camera
from throng.store.sqlite_records import SqliteRecords

ADDRESS, USER, PASSWORD = "rtsp://10.31.41.59/MARKED-ADDRESS", "MARKED-USER", "MARKED-PASSWORD"
MARKS = ("MARKED-", "10.31.41.59")
BY = By("ada", "127.0.0.1")
SEAL = Seal({"k1": bytes(32)}, "k1")
LINE = {"name": "door", "from": [0, 0], "to": [100, 0]}
GATE = {"name": "gate", "address": "film.mp4", "line": [LINE], "where": {"x": 3.5, "y": 1.0}}
OWN = OwnSite("file", (Camera.model_validate(GATE),), tick_s=60)

PRINCIPALS = {
    "administrator": (Grant("administrator"),),
    "auditor": (Grant("auditor"),),
    "viewer of west": (Grant("viewer", "west"),),
    "operator of west": (Grant("operator", "west"),),
    "administrator of west": (Grant("administrator", "west"),),
}


@pytest.fixture
def records(tmp_path: Path) -> Iterator[SqliteRecords]:
    with SqliteRecords(tmp_path / "data" / "hub.sqlite") as opened:
        yield opened


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with Log(tmp_path / "data" / "audit.log") as opened:
        yield opened


@pytest.fixture
def registry(records: SqliteRecords, log: Log) -> Registry:
    """A registry with the sites east and west, and the site file's camera."""
    made = Registry(records, SEAL, log, own=OWN)
    for name in ("east", "west"):
        made.put_site(Site(name), by=BY)
    return made


def draft(name: str = "north", **changes: object) -> Draft:
    """A camera of the west with an address and login that are marked."""
    usual = {
        "site": "west",
        "address": SecretStr(ADDRESS),
        "login": Login(SecretStr(USER), SecretStr(PASSWORD)),
        "table": {"line": [LINE]},
    }
    return Draft(name, **(usual | changes))  # type: ignore[arg-type]


class Callers:
    """Everybody's token is what he is."""

    def principal_of_cookie(self, token: str) -> Principal | None:
        return None

    def principal_of_bearer(self, token: str) -> Principal | None:
        return Principal("token", token, PRINCIPALS[token]) if token in PRINCIPALS else None

    def principal_of_peer(self, der: bytes) -> Principal | None:
        return None


Ask = Callable[[str], AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def ask(registry: Registry, log: Log) -> Ask:
    """Opens a client of somebody, by what he is."""
    app = FastAPI(openapi_url=None)
    add_registry(app, registry=registry)
    settings = GateSettings(most_bytes=(("/api/v1/registry/import", LARGEST_BYTES), ("/api/v1/sites/{name}/plan", MOST_BYTES)))
    gate = Gate(app, needs=Needs(app), people=Callers(), sensors=Callers(), log=log, settings=settings)

    @asynccontextmanager
    async def client(who: str) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(gate, client=("192.0.2.7", 1234))
        headers = {"authorization": f"Bearer {who}"} if who else {}
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers) as opened:
            yield opened

    return client
