"""Views by the hour and day: they agree with the ticks of a real wall, also over a crash, and say what they cannot give."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from tests.hub.making import made_hub

from throng.data.measurement import Measurement
from throng.data.place import Line, Zone
from throng.hub.app import Hub
from throng.hub.cameras import CameraEntry, PlaceEntry
from throng.hub.models import SeriesAnswer
from throng.privacy.budget import Budget
from throng.privacy.ledger import Ledger
from throng.privacy.wall import Wall
from throng.site.budget import BudgetTable
from throng.store.duck import DuckStore

pytestmark = pytest.mark.anyio
Client = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
DAY = datetime(2026, 11, 24, tzinfo=UTC)
PLACES = ("door", "door", "hall", "hall")
COUNTS = ("in", "out", "entries", "exits")
CRASHED_H, ENDED_H = 3, 6
FRAME_S = 5


def _watched(
    store: DuckStore, ledger: Ledger, begin_h: float, end_h: float, *, camera: str = "north", tick_s: int = 60
) -> None:
    """Let a wall see crossings and visits at random from one hour of the day to another, and store what it releases."""
    chance = np.random.default_rng()
    lines = [Line("door", np.array([[0.0, 0.0], [100.0, 0.0]]))]
    zones = [Zone("hall", np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 100.0]]))]
    wall = Wall(camera=camera, lines=lines, zones=zones, tick_s=tick_s, budget=Budget(), ledger=ledger)
    seen = 0
    for time_s in np.arange(DAY.timestamp() + 3600 * begin_h, DAY.timestamp() + 3600 * end_h, FRAME_S):
        n = int(chance.poisson(0.4))
        keys = np.arange(seen, seen + n, dtype=np.uint64)
        seen += n
        counters = chance.integers(0, len(COUNTS), n)
        wall.observe(Measurement(keys, counters, np.ones(n), keys, np.zeros(1, dtype=np.int64), float(time_s)))
    store.add(wall.advance(DAY.timestamp() + 3600 * end_h))


@pytest.fixture
def hub(tmp_path: Path, store: DuckStore, page_dir: Path) -> Iterator[Hub]:
    """A hub whose cameras tick every minute, hour, and 45 minutes."""
    cameras = [
        CameraEntry("north", (PlaceEntry("door", "line"), PlaceEntry("hall", "zone"))),
        CameraEntry("south", (PlaceEntry("door", "line"),), tick_s=3600.0),
        CameraEntry("west", (PlaceEntry("stairs", "zone"),), tick_s=2700.0),
    ]
    budget = BudgetTable().model_dump(exclude={"epsilon_per_day", "pieces_measured"})
    with made_hub(tmp_path, store, cameras, page_dir=page_dir, budget=budget) as made:
        yield made


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.jsonl")


def _asked(place: str, quantity: str, step: str, hours: tuple[float, float]) -> dict[str, str]:
    start, end = ((DAY + timedelta(hours=hour)).isoformat() for hour in hours)
    return {"camera": "north", "place": place, "quantity": quantity, "step": step, "start": start, "end": end}


async def _rows(http: httpx.AsyncClient, *asked: Any) -> list[dict[str, Any]]:
    answer = await http.get("/api/v1/series", params=_asked(*asked))
    SeriesAnswer.model_validate_json(answer.content)
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


def _sum(rows: list[dict[str, Any]]) -> float:
    return sum(float(row["value"]) for row in rows if row["value"] is not None)


async def test_an_hour_is_what_its_ticks_add_up_to(client: Client, store: DuckStore, ledger: Ledger) -> None:
    _watched(store, ledger, 0.2, 3.5)
    async with client(signed_in=True) as http:
        for place, quantity in zip(PLACES, COUNTS, strict=True):
            hours = await _rows(http, place, quantity, "hour", (0, 24))
            assert [row["time"] for row in hours] == [f"2026-11-24T0{hour}:00:00Z" for hour in range(3)]
            # Counting began within the first hour.
            assert (hours[0]["value"], hours[0]["unknown"] != "") == (None, True)
            for hour, row in enumerate(hours[1:], start=1):
                ticks = await _rows(http, place, quantity, "tick", (hour, hour + 1))
                assert row["value"] == pytest.approx(_sum(ticks), abs=1e-6)
                assert ticks[0]["standard_error"] < row["standard_error"] < 60 * ticks[0]["standard_error"]


async def test_a_day_is_what_its_ticks_add_up_to_also_over_a_crash(client: Client, store: DuckStore, ledger: Ledger) -> None:
    _watched(store, ledger, 0, CRASHED_H)
    _watched(store, ledger, CRASHED_H, ENDED_H)
    async with client(signed_in=True) as http:
        for place, way in zip(PLACES, COUNTS, strict=True):
            (day,) = await _rows(http, place, way, "day", (0, 24))
            assert day["value"] == pytest.approx(_sum(await _rows(http, place, way, "tick", (0, 24))), abs=1e-6)
            totals = await _rows(http, place, f"{way}_total", "tick", (0, 24))
            last = [totals[60 * hour - 1]["standard_error"] for hour in (CRASHED_H, ENDED_H)]
            assert day["standard_error"] == pytest.approx(np.hypot(*last))
            # However it is asked for: as a total, by the hour, or from the middle of the day.
            for asked in ((f"{way}_total", "day", (0, 24)), (f"{way}_hour", "day", (0, 24)), (way, "day", (5, 24))):
                assert await _rows(http, place, *asked) == [day]


async def test_of_a_stock_an_hour_and_a_day_are_the_last_known_tick(client: Client, store: DuckStore, ledger: Ledger) -> None:
    _watched(store, ledger, 0, CRASHED_H)
    _watched(store, ledger, CRASHED_H + 0.5, ENDED_H)
    async with client(signed_in=True) as http:
        ticks = await _rows(http, "hall", "occupancy", "tick", (0, 24))
        hours = await _rows(http, "hall", "occupancy", "hour", (0, 24))
        (day,) = await _rows(http, "hall", "occupancy", "day", (0, 24))
    for row in hours:
        last = [tick for tick in ticks if tick["time"][:13] == row["time"][:13] and tick["value"] is not None][-1]
        assert row == last | {"time": row["time"]}
    assert day == hours[-1] | {"time": "2026-11-24T00:00:00Z"}


async def test_where_a_tick_is_an_hour_the_hour_is_the_tick(client: Client, store: DuckStore, ledger: Ledger) -> None:
    _watched(store, ledger, 0, 4, camera="south", tick_s=3600)
    async with client(signed_in=True) as http:
        hours, ticks = [
            (await http.get("/api/v1/series", params=_asked("door", "in", step, (0, 24)) | {"camera": "south"})).json()
            for step in ("hour", "tick")
        ]
    assert len(ticks["rows"]) == 4
    assert hours == ticks | {"step": "hour"}


async def test_where_ticks_make_no_hour_that_is_said(client: Client) -> None:
    async with client(signed_in=True) as http:
        answer = await http.get("/api/v1/series", params=_asked("stairs", "entries", "hour", (0, 24)) | {"camera": "west"})
        assert (answer.status_code, "ticks of 2700 s make no hour" in answer.text) == (400, True)
        answer = await http.get("/api/v1/series", params=_asked("stairs", "occupancy", "hour", (0, 24)) | {"camera": "west"})
        assert (answer.status_code, answer.json()["rows"]) == (200, [])


async def test_steps_begin_with_the_one_that_holds_the_start(client: Client, store: DuckStore, ledger: Ledger) -> None:
    _watched(store, ledger, 0, 4)
    async with client(signed_in=True) as http:
        whole = await _rows(http, "hall", "entries", "hour", (0, 24))
        assert await _rows(http, "hall", "entries", "hour", (1.5, 24)) == whole[1:]
        answer = await http.get("/api/v1/series", params=_asked("hall", "entries", "hour", (0, 24)))
        assert (answer.json()["step"], answer.json()["tick_s"]) == ("hour", 3600)


async def test_there_is_no_view_by_the_week_and_none_of_what_is_not_there(client: Client) -> None:
    async with client(signed_in=True) as http:
        assert (await http.get("/api/v1/series", params=_asked("hall", "entries", "week", (0, 24)))).status_code == 422
        assert (await http.get("/api/v1/series", params=_asked("nowhere", "in", "day", (0, 24)))).status_code == 404
