"""The present: the newest that was stored of every camera, never anything older, and never a number that is stale."""

import asyncio
import gzip
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from tests.audit.scenes import noise_covariance
from tests.browser import town
from tests.hub.conftest import Client
from tests.hub.making import made_hub

from throng.data.rows import Rows
from throng.hub import live
from throng.hub.access import Sites
from throng.hub.app import Hub
from throng.hub.cameras import CameraEntry, Cameras, PlaceEntry
from throng.hub.ingest import Ingest
from throng.hub.live import Event, Feed, stream
from throng.hub.now import OVER_S, Now, Passing
from throng.hub.now_models import CameraNow, NowAnswer, NowTick
from throng.privacy.budget import MECHANISMS, Budget
from throng.store.duck import DuckStore

ALL = Sites(everywhere=True)
DAY_S = 1_795_478_400.0
DARK = "the camera is too dark"
PLACES = (PlaceEntry("door", "line"), PlaceEntry("hall", "zone", in_metres=True))
NORTH = CameraEntry("north", PLACES, tick_s=10.0, site="west")
TICKS: TypeAdapter[list[NowTick]] = TypeAdapter(list[NowTick])


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def rows(
    starts_s: Sequence[float],
    *,
    camera: str = "north",
    value: float = 1.0,
    error: float = 2.0,
    epoch: str = "2026-11-24/1",
    tick_s: float = 10.0,
    unknown: Sequence[str] = (),
    reason: str = DARK,
) -> Rows:
    """Some ticks, with totals that grow by one person a second in and two out; the quantities in `unknown` are unknown."""
    series = tuple(
        (camera, place, quantity)
        for place, quantities in (
            ("door", ("in", "out", "in_total", "out_total")),
            ("hall", ("entries", "occupancy", "density")),
        )
        for quantity in quantities
    )
    made = {"in": tick_s, "out": 2 * tick_s, "entries": 7.0, "occupancy": value, "density": value / 100}
    columns = [(made | {"in_total": start - DAY_S, "out_total": 2 * (start - DAY_S)}, start) for start in starts_s]
    dark = np.array([[quantity in unknown for *_, quantity in series]] * len(columns), bool).ravel()
    n = len(series) * len(columns)
    return Rows(
        series,
        (("noise()", epoch, tick_s),),
        ("", reason),
        series_of=np.tile(np.arange(len(series), dtype=np.int32), len(columns)),
        part_of=np.zeros(n, np.int32),
        reason_of=dark.astype(np.int32),
        tick_start_us=np.repeat((np.array(starts_s) * 1e6).astype(np.int64), len(series)),
        values=np.where(dark, np.nan, [numbers[quantity] for numbers, _ in columns for *_, quantity in series]),
        standard_errors=np.where(dark, np.nan, error),
    )


def taken(now: Now, told: Rows) -> list[str]:
    """Hand all ticks of some rows over."""
    return now.take(
        told, sorted({(told.series[0][0], start) for start in told.tick_start_us.tolist()}, key=lambda tick: tick[1])
    )


def told_of(now: Now, camera: str = "north") -> CameraNow:
    """What everybody who may see all is told of a camera."""
    answer = NowAnswer.model_validate_json(now.answer([], ALL))
    return next(one for one in answer.cameras if one.camera == camera)


def tick_of(now: Now, camera: str = "north") -> NowTick:
    """The newest tick of a camera."""
    tick = told_of(now, camera).now
    assert tick is not None
    return tick


def made(entries: Sequence[CameraEntry] = (NORTH,), at_s: float = DAY_S) -> tuple[Now, Cameras, list[float]]:
    """The present of some cameras, with a clock that can be set."""
    clock = [at_s]
    cameras = Cameras(entries)
    return Now(cameras, clock=lambda: clock[0]), cameras, clock


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=30))
def test_the_newest_tick_is_told_in_whatever_order_they_come(order: list[int]) -> None:
    now, _, clock = made()
    for place, number in enumerate(order):
        newest = max(order[: place + 1])
        news = taken(now, rows([DAY_S + 10 * number], value=float(number)))
        assert news == (["north"] if newest not in order[:place] else [])
        clock[0] = DAY_S + 10 * newest + 10
        tick = tick_of(now)
        assert (tick.time.timestamp(), tick.zones[0].people) == (DAY_S + 10 * newest, newest)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([1, 2, 3, 40]), st.sampled_from(["", "", "", "", "", "epoch", "dark"])),
        min_size=1,
        max_size=80,
    ),
    st.sampled_from([1.0, 5.0, 10.0, 60.0, 120.0]),
    st.floats(0.1, 9.0),
)
def test_a_rate_is_that_of_the_last_minutes_of_one_epoch_or_unknown(
    steps: list[tuple[int, str]], tick_s: float, error: float
) -> None:
    """Totals that grow evenly, though every epoch begins elsewhere: each rate is the true one, and the span fits the error."""
    passing = Passing()
    time_s, epoch, begins_s, even_s = 0.0, 0, math.inf, math.inf
    for skipped, what in steps:
        time_s += skipped * tick_s
        if what == "dark":
            begins_s = even_s = math.inf
            assert passing.rate(time_s, str(epoch), (math.nan, math.nan), math.nan) is None
            continue
        if what == "epoch" or begins_s == math.inf:
            epoch += what == "epoch"
            begins_s = even_s = time_s
        if skipped > 1:
            even_s = time_s  # from here on every tick came
        start = 1000.0 * epoch
        rate = passing.rate(time_s, str(epoch), (start + 0.5 * time_s, start - 2 * time_s), error)
        if time_s - begins_s < 60:
            assert rate is None
        if time_s - even_s >= 60:
            assert rate is not None
        if rate is not None:
            assert rate[:2] == pytest.approx((30, -120))
            span_s = 60 * math.sqrt(2) * error / rate[2]
            assert max(60.0, min(time_s - even_s, OVER_S) - 30 - tick_s) - 1e-6 <= span_s <= OVER_S + 1e-6


@pytest.mark.parametrize("tick_s", [1.0, 10.0, 60.0, 120.0])
def test_a_line_has_a_rate_a_minute_after_it_began_and_ever_after(tick_s: float) -> None:
    passing = Passing()
    rates = [passing.rate(tick_s * n, "1", (tick_s * n, 0.0), 1.0) for n in range(int(900 / tick_s))]
    assert [rate is not None for rate in rates] == [tick_s * n >= 60 for n in range(len(rates))]


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("ticks", [2, 64, 129])
def test_no_difference_of_two_totals_varies_more_than_their_errors_say(mechanism: str, ticks: int) -> None:
    covariance = noise_covariance(Budget(mechanism=mechanism, passage_counters=2), ticks=ticks, number_of_lines=1)
    totals = np.cumsum(np.cumsum(covariance, axis=0), axis=1)
    variances = np.diag(totals)
    differences = variances[:, None] + variances[None, :] - 2 * totals
    assert (differences <= (variances[:, None] + variances[None, :]) * (1 + 1e-9)).all()


def test_ticks_of_more_than_five_minutes_give_the_rate_of_the_newest() -> None:
    now, _, clock = made([replace(NORTH, tick_s=600.0)])
    taken(now, rows([DAY_S], tick_s=600.0, error=3.0))
    clock[0] = DAY_S + 600
    tick = tick_of(now)
    assert tick.lines[0].model_dump() == {"place": "door", "in_per_min": 60, "out_per_min": 120, "per_min_se": 0.3}


def test_a_tick_of_a_minute_gives_a_rate_alone_until_there_are_two() -> None:
    now, _, clock = made([replace(NORTH, tick_s=60.0)])
    taken(now, rows([DAY_S], tick_s=60.0, error=3.0))
    clock[0] = DAY_S + 60
    assert tick_of(now).lines[0].model_dump() == {"place": "door", "in_per_min": 60, "out_per_min": 120, "per_min_se": 3}
    taken(now, rows([DAY_S + 60], tick_s=60.0, error=3.0))
    assert tick_of(now).lines[0].per_min_se == pytest.approx(3 * math.sqrt(2), rel=1e-4)


def test_what_is_unknown_is_told_with_its_reason_and_without_a_number() -> None:
    now, _, clock = made()
    taken(now, rows([DAY_S + 10 * n for n in range(8)]))
    clock[0] = DAY_S + 80
    assert [line.in_per_min for line in tick_of(now).lines] == [60]
    taken(now, rows([DAY_S + 80], unknown=("in", "in_total", "occupancy", "density")))
    tick = tick_of(now)
    assert (tick.unknown, tick.zones, [line.in_per_min for line in tick.lines]) == ("", [], [None])
    taken(now, rows([DAY_S + 90], unknown=("in", "out", "in_total", "out_total", "entries", "occupancy", "density")))
    tick = tick_of(now)
    assert (tick.unknown, tick.zones, [line.in_per_min for line in tick.lines]) == (DARK, [], [None])


def test_a_density_that_is_not_released_is_null() -> None:
    now, _, _ = made()
    taken(now, rows([DAY_S], unknown=("density",)))
    (zone,) = tick_of(now).zones
    assert zone.model_dump() == {"place": "hall", "people": 1, "people_se": 2, "density": None, "density_se": None}


def test_numbers_that_stopped_coming_are_not_told() -> None:
    now, _, clock = made()
    taken(now, rows([DAY_S], value=4321.0))
    for late_s, is_told in ((10, True), (34, True), (36, False), (86_400, False)):
        clock[0] = DAY_S + late_s
        tick = tick_of(now)
        assert (tick.unknown == "", bool(tick.zones), "4321" in now.answer([], ALL).decode()) == (is_told,) * 3


def test_a_camera_forgets_places_that_are_no_longer_its() -> None:
    now, cameras, _ = made()
    taken(now, rows([DAY_S]))
    assert [line.place for line in tick_of(now).lines] == ["door"]
    cameras.replace_entries([replace(NORTH, places=(PlaceEntry("door", "zone"), PLACES[1]))])
    tick = tick_of(now)
    assert ([zone.place for zone in tick.zones], tick.lines) == (["hall"], [])
    cameras.replace_entries([replace(NORTH, places=())])
    taken(now, rows([DAY_S + 10]))  # of a sensor that has not heard of it yet
    assert TICKS.validate_json(f"[{now.ticks(['north'])[0][2]}]")[0].zones == []


def test_a_camera_that_was_removed_is_forgotten() -> None:
    now, cameras, _ = made()
    taken(now, rows([DAY_S]))
    cameras.replace_entries([])
    now.forget_removed()
    assert taken(now, rows([DAY_S + 10])) == []  # it was on its way
    assert now.ticks(["north"]) == []
    cameras.replace_entries([NORTH])
    assert told_of(now).now is None


def test_after_a_restart_the_newest_ticks_are_there_and_rates_come_back(store: DuckStore) -> None:
    before, _, clock = made()
    told = rows([DAY_S + 10 * n for n in range(7)], value=12.0)
    store.add_rows(told)
    taken(before, told)
    after, _, _ = made(at_s=DAY_S + 70)
    after.fill(store.latest())
    clock[0] = DAY_S + 70
    was, tick = tick_of(before), tick_of(after)
    assert was.lines[0].in_per_min == 60
    assert tick == was.model_copy(update={"lines": [was.lines[0].model_copy(update=dict.fromkeys(_RATES))]})
    for n in range(7, 13):
        taken(after, rows([DAY_S + 10 * n]))
    tick = tick_of(after)
    assert tick.lines[0].in_per_min == 60


def test_a_hub_that_starts_knows_what_is_stored_and_forgets_what_the_registry_lost(tmp_path: Path, store: DuckStore) -> None:
    entries = town.town(2)
    store.add_rows(town.rows(entries, start_s=DAY_S, end_s=DAY_S + 120))
    names = [entry.name for entry in entries]
    with made_hub(tmp_path, store, entries) as hub:
        assert [name for name, _, _ in hub.now.ticks(names)] == names
        hub.registry.tell()  # it has none of these cameras
        hub.cameras.replace_entries(entries)
        assert hub.now.ticks(names) == []


def test_of_a_repeat_the_first_is_told(store: DuckStore) -> None:
    now, cameras, _ = made()
    store.add_rows(rows([DAY_S], value=1.0))
    ingest = Ingest(store, Feed(), cameras, now=now)
    ingest.submit(rows([DAY_S], value=99.0))
    ingest.start()
    ingest.stop()
    assert tick_of(now).zones[0].people == 1


_RATES = ("in_per_min", "out_per_min", "per_min_se")


def test_a_series_that_ended_long_ago_is_not_part_of_the_newest_tick(store: DuckStore) -> None:
    store.add_rows(rows([DAY_S - 3600], unknown=()))
    lines = rows([DAY_S])
    store.add_rows(lines.taken(np.flatnonzero(lines.series_of < 4)))
    now, _, _ = made()
    now.fill(store.latest())
    tick = tick_of(now)
    assert (tick.time.timestamp(), tick.zones, len(tick.lines)) == (DAY_S, [], 1)


def test_the_answer_is_what_the_store_holds_of_a_town(tmp_path: Path, store: DuckStore) -> None:
    entries = town.town(40)
    store.add_rows(town.rows(entries, start_s=DAY_S, end_s=DAY_S + 1200, dark=(3,)))
    now, _, clock = made(entries)
    now.fill(store.latest())
    clock[0] = DAY_S + 1200
    answer = NowAnswer.model_validate_json(now.answer([], ALL))
    latest = {(row.camera, row.place, row.quantity): row for row in store.latest()}
    assert [camera.camera for camera in answer.cameras] == [entry.name for entry in entries]
    for entry, camera in zip(entries, answer.cameras, strict=True):
        assert entry.where is not None
        assert camera.now is not None
        assert (camera.lat, camera.lon, camera.x, camera.y) == (
            *(entry.where.lat, entry.where.lon),
            *(entry.where.x, entry.where.y),
        )
        if camera.camera == "c0003":
            assert (camera.now.unknown, camera.now.zones) == (DARK, [])
            continue
        (zone,) = camera.now.zones
        for quantity, value, error in (("occupancy", zone.people, zone.people_se), ("density", zone.density, zone.density_se)):
            stored = latest[camera.camera, "hall", quantity]
            assert (value, error) == pytest.approx((stored.value, stored.standard_error), rel=1e-5)


@pytest.fixture
def town_hub(tmp_path: Path, store: DuckStore) -> Iterator[Hub]:
    with made_hub(tmp_path, store, [replace(entry, name=f'"{entry.name}" 北\u2028') for entry in town.town(30)]) as made:
        yield made


@pytest.mark.anyio
async def test_a_page_hears_of_a_tick_what_it_would_be_answered(town_hub: Hub) -> None:
    entry = town_hub.cameras.entries[0]
    page = stream(town_hub.feed, b"a", ALL, first=list, is_open=lambda session: True, events=("now",))
    await anext(page)
    town_hub.ingest.submit(town.rows([entry], start_s=DAY_S, end_s=DAY_S + 120))
    town_hub.ingest.start()
    try:
        heard = await anext(page)
    finally:
        town_hub.ingest.stop()
    assert heard.startswith(b"event: now\ndata: ")
    (tick,) = TICKS.validate_json(heard.partition(b"data: ")[2])
    assert (tick.camera, tick.time.timestamp()) == (entry.name, DAY_S + 60)
    assert json.loads(heard.partition(b"data: ")[2]) == [json.loads(town_hub.now.ticks([entry.name])[0][2])]


@pytest.mark.anyio
async def test_a_long_answer_is_compressed_for_whoever_takes_it(client: Client, hub: Hub) -> None:
    site = hub.settings.site_name
    hub.cameras.replace_entries([replace(entry, site=site) for entry in town.town(200)])
    async with client(signed_in=True) as http:
        plain, packed = [await http.get("/api/v1/now", headers={"accept-encoding": coding}) for coding in ("identity", "gzip")]
    assert ("content-encoding" in plain.headers, packed.headers["content-encoding"]) == (False, "gzip")
    first, second = plain.json(), packed.json()
    assert (first["cameras"], first["sites"]) == (second["cameras"], second["sites"])
    assert int(packed.headers["content-length"]) < len(gzip.compress(plain.content, 1)) + 100
    assert first["sites"] == [{"name": site, "title": "", "plan": None}]


@pytest.mark.anyio
@pytest.mark.parametrize("events", ["", "now,", "now,people", "ticks cameras", "reload"])
async def test_events_that_there_are_not_are_refused(client: Client, events: str) -> None:
    async with client(signed_in=True) as http:
        answer = await http.get("/api/v1/live", params={"events": events})
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "events must be some of ticks, now, cameras, alarms, with commas between them",
    )


@pytest.mark.anyio
async def test_a_page_that_asks_for_one_camera_hears_of_it_alone(
    hub: Hub, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_MOST_PAGES", 1)
    async with client(signed_in=True) as http:
        page = asyncio.create_task(http.get("/api/v1/live", params={"events": "now,alarms", "camera": "north"}))
        while not hub.feed.is_full:
            await asyncio.sleep(0)
        for name in live.EVENTS:
            hub.feed.publish(Event(name, (("", f'"{name} north"'), ("", f'"{name} south"')), ("north", "south")))
        hub.feed.publish(live.RELOAD)
        answer = await page
    assert [line for line in answer.text.splitlines() if line.startswith("data: ")] == [
        'data: ["now north"]',
        'data: ["alarms north","alarms south"]',
        "data: {}",
    ]
