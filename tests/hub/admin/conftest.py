"""The pages of a whole hub, with accounts, cameras and sensors, and browsers of whoever is in."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr
from tests.hub.making import BUDGET, SEAL

from throng.hub.access import EVERYWHERE, Grant, Role
from throng.hub.app import Hub, HubSettings, Kept, create_app
from throng.hub.log.log import Log
from throng.hub.people import factors
from throng.hub.people.accounts import Account
from throng.hub.people.passwords import Passwords
from throng.hub.registry.draft import Draft
from throng.hub.registry.registry import By
from throng.hub.registry.state import OwnSite, Site
from throng.hub.sensors.authority import new_key
from throng.store.duck import DuckStore
from throng.store.records import KINDS, Change, Record
from throng.store.sqlite_records import SqliteRecords

ORIGIN = "https://hub.example"
PASSWORD = "orbit-velvet-canyon-17"
OTHER = "marble lantern tuesday frost"
MARK = '"><script>alert(8431)</script>'
"""What no page may take for markup."""
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
HEAD = "name,site,address,user,password,sensor\n"


@dataclass
class Office:
    """A hub, and how tests come in."""

    hub: Hub
    folder: Path

    def account(self, name: str, role: Role = "administrator", site: str = EVERYWHERE, *, password: str = PASSWORD) -> Account:
        """Somebody who has a password."""
        people = self.hub.people
        account = Account(name, handle=factors.new_handle(), grants=(Grant(role, site),), made="2026-11-30")
        people.records.change([factors.with_password(people, account, password).change()])
        return people.accounts.get(name)

    def browser(self, name: str = "Ada", *, proved: bool = True, grants: Sequence[Grant] = ()) -> httpx.AsyncClient:
        """A browser of somebody who has signed in."""
        account = self.hub.people.accounts.find(name)
        own = tuple(grants) or (account.grants if account else ())
        token = self.hub.people.sessions.open(name, grants=own, how="password", proved=proved)
        return self.client(cookie=token)

    def client(self, *, cookie: str = "") -> httpx.AsyncClient:
        """A browser at the hub's own page."""
        transport = httpx.ASGITransport(app=self.hub)
        http = httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"origin": ORIGIN})
        if cookie:
            http.cookies.set("__Host-throng", cookie, domain="hub.example", path="/")
        return http

    def sensor(self, name: str, site: str) -> None:
        """A sensor that has enrolled."""
        self.hub.sensors.enrol(name, new_key().public_key(), site=site, used=Change("enrolment", "none", None))

    def kept(self) -> list[Record]:
        """All that the hub keeps beside numbers and its log."""
        return [record for kind in KINDS for record in self.hub.kept.records.all(kind)]

    def events(self) -> list[tuple[str, str]]:
        """What the log tells, oldest first."""
        return [(entry["event"], entry["outcome"]) for entry in reversed(self.hub.kept.log.newest(most=10_000))]


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckStore]:
    """A store into which no test of the pages writes: they show no numbers."""
    with DuckStore(tmp_path_factory.mktemp("store") / "throng.duckdb") as store:
        yield store


@pytest.fixture
def office(tmp_path: Path, empty_store: DuckStore) -> Iterator[Office]:
    with (
        SqliteRecords(tmp_path / "hub.sqlite") as records,
        Log(tmp_path / "audit.jsonl") as log,
    ):
        settings = HubSettings(f"Central {MARK}", BUDGET, tmp_path / "page", (ORIGIN,), names=("hub.example",))
        hub = create_app(Kept(empty_store, records, SEAL, log), settings, own=OwnSite("station"))
        hub.people.passwords = Passwords(hasher=QUICK)
        made = Office(hub, tmp_path)
        by = By("test")
        for site in ("north", "south"):
            hub.registry.put_site(Site(site, title=f"The {site}"), by=by)
            draft = Draft(f"{site}-door", site=site, sensor=f"{site}-box", address=SecretStr("rtsp://8.8.8.8-secret.example/1"))
            hub.registry.put(draft, version=0, by=by)
            made.sensor(f"{site}-box", site)
        made.account("Ada")
        try:
            yield made
        finally:
            hub.people.close()


class Read(HTMLParser):
    """A page as a browser reads it: its elements with their attributes, and its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    def of(self, *names: str) -> list[dict[str, str]]:
        """The attributes of all elements of these names."""
        return [attributes for name, attributes in self.elements if name in names]


def problem_of(answer: httpx.Response) -> str:
    """What the page says went wrong."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    found = re.search(r'<p role="alert" id="problem">([^<]*)</p>', answer.text)
    assert found
    return found[1]


def secret_of(answer: httpx.Response) -> str:
    """What the page shows this once."""
    found = re.search(r'<p class="secret"[^>]*>([^<]+)</p>', answer.text)
    assert found, answer.text
    return found[1]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
