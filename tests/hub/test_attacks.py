"""What whoever has a key, a token or only a line to the hub could try: each once brought it down, or got past it."""

import asyncio
import contextlib
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.responses import JSONResponse
from tests.security.asking import Reply, ask
from tests.security.deployment import Deployment, deployed

from throng.alarm.rule import Rule
from throng.data.errors import HubError, LogError
from throng.data.rows import Rows
from throng.hub import ingest as ingest_module
from throng.hub import live as live_module
from throng.hub.access import Grant, Needs, Sites
from throng.hub.alarms import Alarms
from throng.hub.cameras import CameraEntry, Cameras, PlaceEntry
from throng.hub.gate import Gate, GateSettings
from throng.hub.ingest import Ingest, Spend
from throng.hub.live import ENDED, RELOAD, Event, Feed, stream
from throng.store.duck import DuckStore

DAY_S = 1_795_478_400  # 2026-11-24 began
CAMERAS = tuple(CameraEntry(name, (PlaceEntry("hall", "zone"),), sensor=f"{name} box") for name in ("north", "south"))
ALL = Sites(everywhere=True)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def rows(
    start_s: Sequence[float], *, camera: str = "north", values: Sequence[float] = (1.0,), errors: Sequence[float] = (1.0,)
) -> Rows:
    """Ticks of a minute, with values and errors in turn."""
    n = len(start_s)
    return Rows(
        ((camera, "hall", "occupancy"),),
        (("noise()", "2026-11-24/1", 60.0),),
        ("",),
        series_of=np.zeros(n, np.int32),
        part_of=np.zeros(n, np.int32),
        reason_of=np.zeros(n, np.int32),
        tick_start_us=np.round(np.array(start_s) * 1e6).astype(np.int64),
        values=np.resize(np.array(values, float), n),
        standard_errors=np.resize(np.array(errors, float), n),
    )


class Told(Feed):
    """Remembers what pages were told."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []

    def publish(self, event: Event) -> None:
        self.events.append(event)

    def of(self, name: str) -> list[str]:
        return [text for event in self.events if event.name == name for _, text in event.items or ()]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckStore]:
    with DuckStore(tmp_path / "throng.duckdb") as opened:
        yield opened


@pytest.fixture
def told() -> Told:
    return Told()


@contextlib.contextmanager
def storing(store: DuckStore, told: Told, alarms: Alarms | None = None, **more: Any) -> Iterator[Ingest]:
    ingest = Ingest(store, told, Cameras(CAMERAS), alarms, **more)
    ingest.start()
    yield ingest
    ingest.stop()


# Numbers of one sensor must not keep those of others out


def test_numbers_that_no_line_fits_do_not_stop_the_storing(store: DuckStore, told: Told) -> None:
    """Errors so unlike that the variance of a line through the values comes out below zero."""
    watched = Alarms((Rule("full", "north", "hall", "occupancy", threshold=9.0, clear=7.0, within_s=600.0),))
    values, errors = (1e9, -1e9, 9.0, 1e9, 5e-324), (1e9, 5e-324, 0.0, 1.0, 1e-200)
    with storing(store, told, watched) as ingest:
        for shift in range(5):
            batch = rows(
                [DAY_S + 60.0 * (minute + 12 * shift) for minute in range(12)],
                values=np.roll(values, shift).tolist(),
                errors=np.roll(errors, -shift).tolist(),
            )
            assert ingest.submit(batch).result(10) is None
        assert ingest.submit(rows([DAY_S + 7200.0], camera="south")).result(10) is None
        assert ingest.problem == ""


def test_an_alarm_that_cannot_be_judged_does_not_stop_the_storing(
    store: DuckStore, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Alarms):
        def take(self, rows: Rows) -> Any:
            raise ZeroDivisionError

    with storing(store, told, Broken(())) as ingest:
        for minute in range(3):
            assert ingest.submit(rows([DAY_S + 60.0 * minute])).result(10) is None
    assert len(told.of("ticks")) == 3
    assert "an alarm could not be judged" in caplog.text  # not silently


def test_a_day_that_comes_with_the_present_is_stored_and_only_the_last_while_is_news(store: DuckStore, told: Told) -> None:
    """Else one sensor could have the hub judge and tell a day of seconds, while all others wait."""
    judged: list[int] = []

    class Counting(Alarms):
        def take(self, rows: Rows) -> Any:
            judged.append(len(rows))
            return super().take(rows)

    with storing(store, told, Counting(())) as ingest:
        assert ingest.submit(rows([DAY_S + 60.0 * minute for minute in range(1440)])).result(10) is None
    assert len(store.series("north", "hall", "occupancy", start_s=DAY_S, end_s=DAY_S + 86_400)) == 1440
    assert judged == [21]
    assert len(told.of("ticks")) == 21


def test_of_a_repeat_no_more_is_looked_up_than_there_is_time_for(
    store: DuckStore, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[float] = []
    tick = store.tick

    def look_up(camera: str, start_s: float) -> Any:
        looked.append(start_s)
        return tick(camera, start_s)

    monkeypatch.setattr(ingest_module, "_MOST_LOOKED_UP", 5)
    monkeypatch.setattr(store, "tick", look_up)
    store.add_rows(rows([DAY_S]))
    with storing(store, told) as ingest:
        ingest.submit(rows([DAY_S + 60.0 * minute for minute in range(15)])).result(10)
    assert looked == [DAY_S + 60.0 * minute for minute in range(10, 15)]


def test_late_rows_are_stored_however_many_live_ones_come(
    store: DuckStore, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a thousand sensors there is never a moment without a live row."""
    monkeypatch.setattr(ingest_module, "_LATE_EVERY_S", 0.0)
    monkeypatch.setattr(ingest_module, "_GATHER_S", 0.0)
    add_rows, minutes, over = store.add_rows, iter(range(10**6)), threading.Event()

    def add(batch: Rows) -> int:
        if not over.is_set():
            ingest.submit(rows([DAY_S + 60.0 * next(minutes)]))
        return add_rows(batch)

    monkeypatch.setattr(store, "add_rows", add)
    with storing(store, told) as ingest:
        ingest.submit(rows([DAY_S], camera="south"))
        late = [ingest.submit(rows([DAY_S - 60.0 * n]), late=True) for n in range(1, 4)]
        try:
            assert [answer.result(10) for answer in late] == [None] * 3
        finally:
            over.set()


def test_whoever_catches_up_leaves_room_for_the_live_ones(store: DuckStore, told: Told) -> None:
    ingest = Ingest(store, told, Cameras(CAMERAS), most_waiting_rows=100)  # nothing is storing
    for n in range(5):
        ingest.submit(rows([DAY_S + 600.0 * n + 60.0 * m for m in range(10)]), late=True)
    with pytest.raises(HubError, match="send this again"):
        ingest.submit(rows([DAY_S]), late=True)
    for n in range(5):
        ingest.submit(rows([DAY_S + 600.0 * n + 60.0 * m for m in range(10)], camera="south"))
    with pytest.raises(HubError, match="send this again"):
        ingest.submit(rows([DAY_S]))
    ingest.start()
    assert ingest.stop() == 0


def test_whoever_hangs_up_does_not_stop_the_storing(store: DuckStore, told: Told) -> None:
    ingest = Ingest(store, told, Cameras(CAMERAS))
    answer = ingest.submit(rows([DAY_S]))
    assert not answer.cancel()
    ingest.start()
    assert answer.result(10) is None
    ingest.stop()


def test_all_spends_of_a_batch_are_told_at_once(store: DuckStore, told: Told) -> None:
    """At midnight a thousand cameras begin an epoch together, and each wait for the disk is one for everybody."""
    spent: list[list[Spend]] = []
    batch = Rows.joined([rows([DAY_S], camera=f"camera {n}") for n in range(50)])
    with storing(store, told, spent=lambda spends: spent.append(list(spends))) as ingest:
        ingest.submit(batch).result(10)
        ingest.submit(batch).result(10)
    assert spent == [[(f"camera {n}", "2026-11-24/1", "noise()") for n in range(50)]]


def test_the_spends_that_are_remembered_have_a_bound(store: DuckStore, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_module, "_MOST_KNOWN_SPENDS", 3)
    with storing(store, told) as ingest:
        for n in range(8):
            ingest.submit(rows([DAY_S], camera=f"camera {n}")).result(10)
        assert [spend[0] for spend in ingest._known_spends] == ["camera 5", "camera 6", "camera 7"]


# The gate


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("hub")) as made:
        yield made


async def _asked(gate: Any, *, host: str, path: str = "/health", **scope: Any) -> Reply:
    async def app(inner: Any, receive: Any, send: Any) -> None:
        await gate({**inner, **scope}, receive, send)

    return await ask(app, "GET", path, headers=[(b"host", host.encode())])


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("[2001:db8::1]", 200),
        ("[2001:DB8::1]:8443", 200),
        ("2001:db8::1", 421),
        ("[2001:db8::2]:8443", 421),
        ("[2001:db8::1].example", 421),
        ("HUB.example:443", 200),
        ("hub.example:443:443", 421),
        ("hub.example:99999999", 421),
        ("hub.example.", 421),
        ("user@hub.example", 421),
        ("hub.example#", 421),
    ],
)
async def test_a_hub_answers_to_its_names_and_no_other(deployment: Deployment, host: str, status: int) -> None:
    hub = deployment.hub
    settings = GateSettings(names=("hub.example", "2001:db8::1"))
    gate = Gate(JSONResponse({}), needs=Needs(hub), people=hub.people, sensors=hub.sensors, log=hub.kept.log, settings=settings)
    assert (await _asked(gate, host=host)).status == status


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/health", "/sign-in", "/api/v1/latest", "/api/v1/enrol", "/nothing"])
async def test_before_it_was_looked_at_a_hub_answers_its_own_machine_alone(deployment: Deployment, path: str) -> None:
    hub = deployment.hub
    there, here = {"client": ("10.0.0.7", 5)}, {"client": ("10.0.0.1", 5)}
    places = {"server": ("10.0.0.1", 443)}
    hub.is_open = False
    try:
        closed = await _asked(hub, host="hub.example", path=path, **there, **places)
        unknown = await _asked(hub, host="hub.example", path=path, client=None, server=None)
        own = await _asked(hub, host="hub.example", path=path, **here, **places)
    finally:
        hub.is_open = True
    assert (closed.status, unknown.status) == (503, 503)
    assert b"the hub is starting" in closed.body
    assert [one for one in closed.problems() if "fault" not in one] == []
    after = await _asked(hub, host="hub.example", path=path, **there, **places)
    assert (own.status, after.status) == (after.status, own.status)
    assert own.status != 503


def test_no_address_is_judged_by_the_need_of_one_route_and_answered_by_another(deployment: Deployment) -> None:
    """The gate looks plain addresses up; the router takes the first route that fits."""
    needs = Needs(deployment.hub)
    for method, path, need in needs.stated():
        address = re.sub(r"{[^}]*}", "x", path)
        scope = {"type": "http", "method": method, "path": address, "root_path": ""}
        first = next(route for route in deployment.hub.routes if route.matches(scope)[0].name == "FULL")
        assert (getattr(first, "path", ""), needs.of(scope)) == (path, need)


@pytest.mark.anyio
async def test_of_several_rights_at_once_the_first_one_alone_counts(deployment: Deployment) -> None:
    """A header that was set on purpose, or else a session, or else a certificate; and never the next if the first is wrong."""
    administrator = deployment.headers(("administrator", "hub"))["cookie"].encode()
    token = f"Bearer {deployment.tokens['viewer', 'hub']}".encode()
    cases: list[tuple[list[tuple[bytes, bytes]], bool, tuple[int, int, int]]] = [
        ([(b"authorization", token), (b"cookie", administrator)], True, (403, 200, 403)),
        ([(b"authorization", b"Bearer x"), (b"cookie", administrator)], True, (401, 401, 401)),
        ([(b"authorization", b"Basic eDp5"), (b"cookie", administrator)], True, (401, 401, 401)),
        ([(b"cookie", administrator)], True, (200, 200, 403)),
        ([(b"cookie", b"__Host-throng=x")], True, (403, 403, 200)),
        ([(b"authorization", b"Bearer x"), (b"authorization", token)], False, (401, 401, 401)),
    ]
    for headers, has_certificate, wanted in cases:
        found = []
        for path in ("/api/v1/people", "/api/v1/latest", "/api/v1/sensor/work"):
            peer = deployment.der if has_certificate else None
            reply = await ask(deployment.hub, "GET", path, headers=[(b"host", b"hub.example"), *headers], peer=peer)
            found.append(reply.status)
        assert tuple(found) == wanted, headers


# Live pages


@pytest.mark.anyio
async def test_a_page_ends_with_the_token_that_opened_it(deployment: Deployment) -> None:
    people, feed = deployment.hub.people, Feed()
    secret, token = people.tokens.draw("script", owner="owner", grants=[Grant("viewer")], days=1)
    people.tokens.add(token)
    asked = people.principal_of_bearer(secret)
    assert asked is not None
    page = stream(feed, asked.session, ALL, first=list, is_open=people.is_open, who="owner")
    assert await anext(page)
    people.tokens.discard([token])
    feed.publish(Event("ticks", (("a site", "1"),)))
    assert [part async for part in page] == [ENDED.encode(ALL)]


def test_what_every_page_is_told_is_not_kept_for_each(deployment: Deployment) -> None:
    for n in range(100):
        for event in (RELOAD, ENDED):
            event.encode(Sites(frozenset({f"site {n}"})))
    assert not RELOAD._encoded
    assert not ENDED._encoded


@pytest.mark.anyio
async def test_one_person_does_not_take_all_live_pages(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "_MOST_OF_ONE", 2)
    hub = deployment.hub
    taken = [hub.feed.subscribe(bytes([n]), ALL, who="owner") for n in range(2)]
    try:
        told = f"Bearer {deployment.tokens['viewer', 'hub']}".encode()  # of the same owner
        reply = await ask(hub, "GET", "/api/v1/live", headers=[(b"host", b"hub.example"), (b"authorization", told)])
        assert (reply.status, b"too many pages" in reply.body) == (503, True)
        assert not hub.feed.has_many("somebody else")
    finally:
        for page in taken:
            hub.feed.unsubscribe(page)
    assert not hub.feed.has_many("owner")


# The log, when the disk fails


@pytest.mark.parametrize("broken", ["write", "fsync", "fstat"])
def test_a_log_that_cannot_be_written_stops_the_storing_only_while_it_cannot(
    tmp_path: Path, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where what was written in part cannot be cut off again."""

    def failing(*args: object) -> Any:
        raise OSError(5, "Input/output error")

    with deployed(tmp_path) as deployment:
        hub = deployment.hub
        hub.ingest.start()
        with monkeypatch.context() as patch:
            patch.setattr(f"throng.hub.log.log.os.{broken}", failing)
            patch.setattr("throng.hub.log.log.os.ftruncate", failing)
            with pytest.raises(LogError, match="cannot be written: Input/output error"):
                hub.kept.log.write("sign-in", who="ada")
        assert hub.ingest.submit(rows([DAY_S])).result(10) is None
        assert hub.ingest.problem == ""
        hub.ingest.stop()


@pytest.mark.anyio
async def test_a_flood_of_refusals_does_not_have_the_hub_wait_for_the_disk(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr("throng.hub.log.log.os.fsync", synced.append)
    asked = [_asked(deployment.hub, host="hub.example", path="/api/v1/latest") for _ in range(300)]
    assert {reply.status for reply in await asyncio.gather(*asked)} == {401}
    assert 50 < len(synced) <= 101
