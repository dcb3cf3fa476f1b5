"""Asks a hub what its own description makes up, as everybody, and what no description says; judges every answer."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests
import schemathesis
from argon2 import PasswordHasher
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from tests.hub.sensors.serving import pem_of, request_of
from tests.security.asking import Reply, ask, header_pairs
from tests.security.deployment import ALPHA, BETA, ORIGIN, REACHES, ZONE, Cell, Deployment, deployed
from tests.security.described import Described, prepared

from throng.hub.access import Grant, Needs
from throng.hub.people.accounts import Account
from throng.hub.people.passwords import Passwords
from throng.hub.sensors.authority import new_key
from throng.store.records import Kind

ASKERS: list[Cell] = [
    ("stranger", ""),
    ("administrator", "hub"),
    ("administrator", "hub"),
    ("administrator", "hub"),
    ("operator", "site"),
    ("viewer", "site"),
    ("auditor", "hub"),
    ("sensor", ""),
]
"""Administrators reach most, so that more is asked as one."""
PASSWORD = "orbit-velvet-canyon-17"
_OF_A_HUB = 50
"""Requests to one hub as one asker: administrators take away what the others ask about."""
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_ODD_HEADERS: list[dict[str, str]] = [
    {"host": "elsewhere.example"},
    {"host": ""},
    {"host": "hub.example:99999999"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"authorization": "Bearer"},
    {"authorization": "Bearer \xff\xfe"},
    {"authorization": "Basic YTpi"},
    {"cookie": "__Host-throng=x; __Host-throng=y"},
    {"cookie": '"\\;=,\x7f'},
    {"content-length": "99999999999999999999999"},
    {"content-length": "-1"},
    {"content-length": "\xb2"},
    {"content-type": "text/plain"},
    {"content-type": "application/json; charset=utf-7"},
    {"content-type": "multipart/form-data"},
    {"content-encoding": "gzip"},
    {"if-none-match": '"'},
    {"range": "bytes=9-1,-,0-0"},
    {"accept": "\x00"},
]
_ODD_PAGES = [
    "/assets/%2e%2e/index.html",
    "/assets/" + "a" * 300,
    "/assets/%00",
    "/assets/%ff%fe",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/%",
    "//",
]
_FITTING: dict[str, list[Any]] = {
    "password": [PASSWORD],
    "address": ["rtsp://new-secret.example/stream"],
    "login": [None, {"user": "u", "password": "mark-secret.example"}],
    "zone": [[ZONE], []],
    "grants": [[{"role": "viewer", "site": ALPHA}], [{"role": "administrator", "site": "*"}]],
    "request_pem": [pem_of(request_of(new_key()))],
    **{name: [None] for name in ("where", "calibration", "tiles", "tick_s")},
    **{name: [[]] for name in ("line", "cameras")},
}
"""What made-up texts and trees hardly ever are."""
_FIELDS = ("code", "name", "password", "factor", "other")
_FORMS = st.dictionaries(st.sampled_from(_FIELDS), st.text(max_size=50), max_size=4).map(urlencode).map(str.encode)


@dataclass
class Report:
    """What was asked, what came back, and what was wrong with it."""

    askers: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    asked: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    findings: dict[str, str] = field(default_factory=dict)
    refusals_compared: int = 0

    def find(self, what: str, request: requests.PreparedRequest, asker: Cell, reply: Reply) -> None:
        """Note a finding, once of its kind."""
        path = (request.path_url or "").partition("?")[0]
        kind = f"{request.method} {re.sub('[0-9a-f]{16,}', '', path)[:60]} {reply.status} {what[:120]}"
        sent = f"{request.method} {request.path_url[:500]} as {asker}, {dict(request.headers)}\n{_body(request)[:500]!r}"
        told = f"{what}\n{sent}"
        self.findings.setdefault(kind, f"{told}\n{reply.status} {reply.body[:500]!r}")

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{self.askers.total():,} requests: {dict(self.askers)}",
                f"statuses: {dict(sorted(self.statuses.items()))}",
                f"{len(self.asked)} operations were asked, {len(self.done)} of them done",
                f"{self.refusals_compared} refusals compared with what is kept",
                f"{len(self.findings)} findings",
                *self.findings.values(),
            ]
        )


class Fuzz:
    """Asks one hub.

    Parameters
    ----------
    deployment : Deployment
    described : Described
    report : Report
        Is added to.
    """

    def __init__(self, deployment: Deployment, described: Described, report: Report) -> None:
        self._deployment, self._described, self._report = deployment, described, report
        self._hub = deployment.hub
        self._loop = asyncio.new_event_loop()
        self._shown: dict[Cell, dict[str, str]] = {}
        self._hub.people.passwords = Passwords(hasher=_QUICK)
        for role, reach in dict.fromkeys(asker for asker in ASKERS if asker[1]):
            grants = (Grant(role, REACHES[reach]),)  # type: ignore[arg-type]
            hashed = self._hub.people.passwords.hash(PASSWORD)
            account = Account(f"{role} {reach}", f"{role}{reach}", grants, "2026-11-24", password=hashed)
            self._hub.kept.records.change([account.change()])

    def run(self, asker: Cell, count: int, *, first_seed: int) -> None:
        """Ask some requests as somebody: most by the description, some by none."""

        def described(case: schemathesis.Case[Any], picked: int) -> None:
            # What there is differs from time to time, which must not change what Hypothesis makes up.
            pick = random.Random(picked)
            self._use_what_there_is(case, pick)
            request = prepared(case)
            if pick.random() < 0.1:
                request.headers.update(pick.choice(_ODD_HEADERS))
            self._ask(request, asker)

        def undescribed(path: str, method: str, body: bytes) -> None:
            kind = "application/json" if body[:1] in b"{[" else "application/x-www-form-urlencoded"
            self._ask(requests.Request(method, ORIGIN + path, data=body, headers={"content-type": kind}).prepare(), asker)

        pages = (
            st.sampled_from([*self._pages(), *_ODD_PAGES]),
            st.sampled_from(["GET", "POST"]),
            _FORMS | st.binary(max_size=50) | st.just(b"{}"),
        )
        _made_up(described, self._described.cases, st.integers(0, 2**32), count=count - count // 10, first_seed=first_seed)
        _made_up(undescribed, *pages, count=count // 10, first_seed=first_seed)

    def close(self) -> None:
        """No more is asked."""
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def _pages(self) -> list[str]:
        """The paths of pages, which are described nowhere."""
        stated = {path for _, path, _ in Needs(self._hub).stated()} - self._hub.openapi()["paths"].keys()
        return sorted(re.sub(r"\{[^}]*\}", "index.js", path) for path in stated)

    def _use_what_there_is(self, case: schemathesis.Case[Any], pick: random.Random) -> None:
        """Put names and versions of things that there are into some requests: made-up ones hardly ever meet any."""
        known: dict[str, list[Any]] = {}
        for part in (case.path_parameters, case.query, case.body):
            if isinstance(part, dict) and part and pick.random() < 0.5:
                known = known or self._known(case.operation.path)
                for name in sorted(part.keys() & known.keys()):
                    if known[name]:
                        part[name] = pick.choice(known[name])

    def _known(self, path: str) -> dict[str, list[Any]]:
        people, records = self._hub.people, self._hub.kept.records
        kinds: dict[str, Kind] = {"people": "account", "sites": "site", "sensors": "sensor"}
        kind: Kind = next((kind for part, kind in kinds.items() if f"/{part}/" in path), "camera")
        known: dict[str, list[Any]] = {
            "name": [record.key for record in records.all(kind)],
            "session": [facts.id.hex() for role, reach in ASKERS if reach for facts in people.sessions.of(f"{role} {reach}")],
            "token": [record.key for record in records.all("token")],
            "id": [record.key for record in records.all("enrolment")],
            "site": [ALPHA, BETA],
            "camera": [f"{ALPHA}-camera", f"{BETA}-camera"],
            "sensor": [f"{ALPHA}-box", "new-box"],
            "place": ["hall"],
            "quantity": ["occupancy"],
            "version": [0, 1, 2, 3],
        }
        return known | _FITTING

    def _ask(self, request: requests.PreparedRequest, asker: Cell) -> None:
        headers = {
            "host": "hub.example",
            **self._headers(asker),
            **{name.lower(): value for name, value in request.headers.items()},
        }
        before = self._deployment.kept() if self._report.askers.total() % 8 == 0 else None
        reply = self._loop.run_until_complete(
            ask(
                self._hub,
                request.method or "",
                request.path_url,
                headers=header_pairs(headers),
                body=_body(request),
                peer=self._deployment.der if asker[0] == "sensor" else None,
            )
        )
        self._judge(request, asker, reply)
        if before is not None and reply.status >= 400:
            self._report.refusals_compared += 1
            if self._deployment.kept() != before:
                self._report.find("a refused request changed something", request, asker, reply)

    def _headers(self, asker: Cell) -> dict[str, str]:
        """What shows who asks; a session that was ended is opened anew."""
        shown = self._shown.get(asker)
        if shown is None or ("cookie" in shown and self._hub.people.principal_of_cookie(_token(shown)) is None):
            shown = self._shown[asker] = self._deployment.headers(asker)
        return shown

    def _judge(self, request: requests.PreparedRequest, asker: Cell, reply: Reply) -> None:
        report = self._report
        report.askers[" ".join(asker).strip()] += 1
        report.statuses[reply.status] += 1
        is_page = not request.path_url.startswith(("/api/", "/health", "/.well-known/"))
        for problem in reply.problems(is_page=is_page):
            report.find(problem, request, asker, reply)
        if is_page or request.path_url == "/api/v1/openapi.json":
            return
        for problem in self._described.problems(request, reply):
            report.find(problem, request, asker, reply)
        if label := self._described.label(request.method or "", request.path_url):
            report.asked.add(label)
            if reply.status < 300:
                report.done.add(label)


def fuzz(folder: Path, count: int, *, first_seed: int, report: Report) -> None:
    """Ask so many requests, of as many hubs as it takes; always the same with the same seed."""
    described: Described | None = None
    each = -(-count // len(ASKERS))
    for number in range(0, each, _OF_A_HUB):
        with _hub_in(folder / f"{first_seed}-{number}") as deployment:
            described = described or Described(deployment.hub.openapi())
            one = Fuzz(deployment, described, report)
            try:
                for place, asker in enumerate(ASKERS):
                    one.run(asker, min(_OF_A_HUB, each - number), first_seed=first_seed + number * len(ASKERS) + place)
            finally:
                one.close()


@contextmanager
def _hub_in(folder: Path) -> Iterator[Deployment]:
    (folder / "page" / "assets").mkdir(parents=True)
    (folder / "page" / "index.html").write_text("<!doctype html>")
    (folder / "page" / "assets" / "index.js").write_text("export {};")
    with deployed(folder) as deployment:
        deployment.hub.ingest.start()
        deployment.hub.feed.close()  # so that a live page ends at once
        try:
            yield deployment
        finally:
            deployment.hub.ingest.stop()


def _made_up(one: Callable[..., None], *strategies: st.SearchStrategy[Any], count: int, first_seed: int) -> None:
    """Call a function with made-up arguments: always the same with the same seed, and findings are not made smaller."""
    if count:
        settings(
            max_examples=count, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck)
        )(seed(first_seed)(given(*strategies)(one)))()


def _body(request: requests.PreparedRequest) -> bytes:
    body = request.body or b""
    assert isinstance(body, bytes | str)
    return body.encode() if isinstance(body, str) else body


def _token(headers: dict[str, str]) -> str:
    return headers["cookie"].partition("=")[2]
