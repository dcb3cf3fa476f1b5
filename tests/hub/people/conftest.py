"""The routes about people behind the hub's own gate, with records, log and clocks of their own."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from throng.hub.access import ANYONE_SIGNED_IN, Needs, Principal
from throng.hub.gate import Gate, GateSettings
from throng.hub.log.log import Log
from throng.hub.people.people import People
from throng.hub.people.routes import add_people
from throng.seal.box import Seal
from throng.store.sqlite_records import SqliteRecords

HTTPS = "https://hub.example:8443"
LOOPBACK = "http://localhost:8080"
PASSWORD = "orbit-velvet-canyon-17"
OTHER = "marble lantern tuesday frost"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
EVERYWHERE = [{"role": "administrator", "site": "*"}]
VIEWER = [{"role": "viewer", "site": "north"}]


@dataclass
class Clock:
    """Seconds that go forward when told, and the time of day with them."""

    now_s: float = 1_000.0
    began_s: float = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now_s

    def wall(self) -> float:
        return self.began_s + self.now_s


class NoSensors:
    """Knows no sensor."""

    def principal_of_peer(self, der: bytes) -> Principal | None:
        return None


@dataclass
class House:
    """A hub of people only: how tests enter it, and what it wrote."""

    app: FastAPI
    people: People
    log: Log
    clock: Clock
    folder: Path
    ended: list[bytes] = field(default_factory=list)

    def client(
        self, origin: str = HTTPS, *, address: str = "203.0.113.7", headers: dict[str, str] | None = None
    ) -> httpx.AsyncClient:
        """A browser at an address, or a script, which names no origin."""
        transport = httpx.ASGITransport(app=self.app, client=(address, 50_000))
        return httpx.AsyncClient(
            transport=transport, base_url=origin, headers={"origin": origin} if headers is None else headers
        )

    @asynccontextmanager
    async def signed_in(
        self, name: str = "Ada", *, password: str = PASSWORD, origin: str = HTTPS, address: str = "203.0.113.7"
    ) -> AsyncIterator[httpx.AsyncClient]:
        """A browser of somebody who has just signed in."""
        async with self.client(origin, address=address) as http:
            answer = await http.post("/sign-in", data={"name": name, "password": password})
            assert answer.status_code == 303, answer.text
            yield http

    async def set_up(self, name: str = "Ada", *, password: str = PASSWORD) -> None:
        """The first administrator, by the link of the terminal."""
        url = self.people.set_up_url(HTTPS)
        assert url is not None
        async with self.client() as http:
            answer = await http.post("/set-up", data={"code": code_of(url), "name": name, "password": password})
            assert answer.status_code == 303, answer.text

    async def invite(self, name: str, *, grants: list[dict[str, str]], password: str = OTHER) -> None:
        """Somebody whom Ada invites and who joins with a password."""
        async with self.signed_in() as admin:
            answer = await admin.post("/api/v1/people", json={"name": name, "grants": grants})
            assert answer.status_code == 201, answer.text
        async with self.client() as http:
            answer = await http.post("/set-up", data={"code": code_of(answer.json()["url"]), "password": password})
            assert answer.status_code == 303, answer.text

    def events(self, event: str = "") -> list[dict[str, Any]]:
        """What the log tells, oldest first."""
        return [entry for entry in reversed(self.log.newest(most=10_000)) if event in ("", entry["event"])]

    def totp(self, secret: str) -> str:
        """The code that an app shows now."""
        return pyotp.TOTP(secret).at(self.clock.wall())


def code_of(url: str) -> str:
    """The code in a link."""
    found = re.search(r"code=([\w-]+)", url)
    assert found
    return found[1]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_house(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., House]]:
    """Makes a house; a second one of the same test stands on the same records, as after a restart."""
    with ExitStack() as stack:
        records = stack.enter_context(SqliteRecords(tmp_path / "hub.sqlite"))
        log = stack.enter_context(Log(tmp_path / "audit.jsonl", clock=clock.wall))
        seal = Seal({"k": bytes(32)}, "k")

        def made(
            *,
            one_time: bool = False,
            hasher: PasswordHasher = QUICK,
            origins: tuple[str, ...] = (HTTPS, LOOPBACK, "http://127.0.0.1:8080"),
        ) -> House:
            people = People(
                records,
                seal,
                log,
                site_name="Central Station",
                origins=origins,
                clock=clock,
                wall=clock.wall,
                one_time=one_time,
                hasher=hasher,
            )
            stack.callback(people.close)
            app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
            add_people(app, people=people)

            @app.get("/", openapi_extra=ANYONE_SIGNED_IN)
            def home() -> str:
                return "home"

            house = House(app, people, log, clock, tmp_path)
            people.on_end(house.ended.append)
            settings = GateSettings(names=("hub.example",))
            app.add_middleware(Gate, needs=Needs(app), people=people, sensors=NoSensors(), log=log, settings=settings)
            return house

        yield made


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    return make_house()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


Client = AbstractAsyncContextManager[httpx.AsyncClient]
