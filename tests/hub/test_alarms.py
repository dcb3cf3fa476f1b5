"""The hub's alarms: told as they change, the same after a restart, and never silently quiet."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from tests.hub.making import made_hub

from throng.alarm.rule import Rule
from throng.data.errors import AlarmError
from throng.data.release import Release
from throng.data.rows import Rows
from throng.hub.access import Sites
from throng.hub.alarms import Alarms
from throng.hub.app import Hub
from throng.hub.cameras import CameraEntry, PlaceEntry
from throng.hub.models import AlarmAnswer
from throng.store.duck import DuckStore

pytestmark = pytest.mark.anyio
CROWD = Rule("crowd", "north", "hall", "density", threshold=4.0, clear=2.0, severity="danger")
FULL = Rule("full", "north", "hall", "density", threshold=5.0, clear=3.0, severity="danger")
STILL = Rule("still", "north", "hall", "mean_speed", threshold=0.3, clear=0.8, direction="below")
NOON_S = 1_795_521_600.0


def _release(minute: int, density: float, *, speed: float = 1.2, unknown: str = "") -> Release:
    value = np.full(2, np.nan) if unknown else np.array([density, speed])
    return Release(
        camera="north",
        tick_start_s=NOON_S + 60 * minute,
        tick_s=60.0,
        epoch="2026-11-24/1",
        mechanism="noise",
        places=("hall", "hall"),
        quantities=("density", "mean_speed"),
        values=value,
        standard_errors=np.full(2, np.nan if unknown else 0.05),
        unknown=unknown,
    )


CRUSH = [1.0, 1.1, 4.5, 4.6, 4.4]


@contextmanager
def _hub(store: DuckStore, page_dir: Path, rules: tuple[Rule, ...] = (CROWD, FULL, STILL)) -> Iterator[Hub]:
    cameras = [CameraEntry("north", (PlaceEntry("hall", "zone", in_metres=True),))]
    with made_hub(page_dir.parent, store, cameras, page_dir=page_dir, alarms=rules) as made:
        yield made


@pytest.fixture
def hub(store: DuckStore, page_dir: Path) -> Iterator[Hub]:
    with _hub(store, page_dir) as made:
        yield made


def _at(minute: float) -> Callable[[], float]:
    return lambda: NOON_S + 60 * minute


async def test_an_alarm_is_told_after_every_tick_of_its_camera() -> None:
    alarms = Alarms([CROWD, Rule("other", "south", "hall", "density", threshold=4.0, clear=2.0)], clock=_at(3))
    told = [[(one.name, one.state) for one in alarms.take(Rows.of([_release(i, x)]))] for i, x in enumerate(CRUSH)]
    assert told == [[("crowd", state)] for state in ("quiet", "quiet", "pending", "ringing", "ringing")]


async def test_the_answer_says_it_all(store: DuckStore) -> None:
    alarms = Alarms([CROWD], clock=_at(5))
    assert [(one.state, one.value, one.since, one.time) for one in alarms.all()] == [("unknown", None, None, None)]
    assert alarms.all()[0].sentence == "north, hall: unknown, no numbers have come yet"
    alarms.take(Rows.of([_release(i, x) for i, x in enumerate(CRUSH)]))
    (one,) = alarms.all()
    assert one.sentence == "north, hall: 4.5 people/m2 (between 4.4 and 4.6), above 4 for 3 minutes"
    assert (one.state, one.severity, one.unit, one.unseen) == ("ringing", "danger", "people/m2", "")
    assert one.value == pytest.approx(4.5)
    assert one.model_dump(mode="json")["since"] == "2026-11-24T12:04:00Z"
    assert one.model_dump(mode="json")["time"] == "2026-11-24T12:05:00Z"


async def test_after_a_restart_the_alarms_are_as_before(store: DuckStore) -> None:
    before = Alarms([CROWD, FULL, STILL], clock=_at(7))
    for minute, density in enumerate([*CRUSH, 3.4]):
        store.add([_release(minute, density, unknown="dark" if minute == 1 else "", speed=0.1)])
        before.take(Rows.of([_release(minute, density, unknown="dark" if minute == 1 else "", speed=0.1)]))
    after = Alarms([CROWD, FULL, STILL], clock=_at(7))
    after.replay(store)
    assert after.all() == before.all()
    assert [one.state for one in after.all()] == ["ringing", "quiet", "ringing"]
    assert after.take(Rows.of([_release(5, 1.0)]))[0].value == after.all()[0].value  # what was replayed counts once


async def test_an_alarm_whose_numbers_stop_coming_says_so(store: DuckStore) -> None:
    now = [NOON_S]
    alarms = Alarms([CROWD, STILL], clock=lambda: now[0])
    alarms.take(Rows.of([_release(i, x) for i, x in enumerate(CRUSH)]))
    now[0] = NOON_S + 60 * 5 + 124
    assert [(one.state, one.unseen) for one in alarms.all()] == [("ringing", ""), ("quiet", "")]
    now[0] += 2
    crowd, still = alarms.all()
    assert (crowd.state, still.state) == ("ringing", "unknown")
    assert crowd.sentence.startswith("north, hall: last seen at 12:05 UTC with 4.5 people/m2")
    assert "no new numbers have come" in crowd.sentence
    now[0] = NOON_S - 3600  # the clock was set back: what comes now is older than what was taken
    assert {one.unseen for one in alarms.all()} == {"no new numbers have come"}


Client = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


async def test_the_route_and_the_live_feed(hub: Hub, client: Client) -> None:
    page = hub.feed.subscribe(b"a", Sites(everywhere=True))
    hub.ingest.start()
    start_s = time.time() - 60 * len(CRUSH)
    shift = round((start_s - NOON_S) / 60)
    for minute, density in enumerate(CRUSH):
        hub.ingest.put(_release(minute + shift, density))
    hub.ingest.stop()
    told: dict[str, Any] = {}
    while "crowd" not in told or told["crowd"]["state"] != "ringing":
        event = await asyncio.wait_for(page.next(), 5)
        if event is not None and event.name == "alarms":
            told |= {one["name"]: one for one in (json.loads(text) for _, text in event.items or ())}
    hub.feed.unsubscribe(page)
    async with client(signed_in=True) as http:
        answer = (await http.get("/api/v1/alarms")).json()
    assert [(AlarmAnswer.model_validate(one).name, one["state"]) for one in answer] == [
        ("crowd", "ringing"),
        ("full", "quiet"),
        ("still", "quiet"),
    ]
    assert told["crowd"] == answer[0]


async def test_an_alarm_is_told_after_its_tick_was_stored(hub: Hub, store: DuckStore, monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[int] = []

    def take(alarms: Alarms, rows: Rows) -> list[AlarmAnswer]:
        stored.append(len(store.latest()))
        return []

    monkeypatch.setattr(Alarms, "take", take)
    hub.ingest.put(_release(0, 1.0))
    hub.ingest.start()
    hub.ingest.stop()
    assert stored == [2]


async def test_two_alarms_of_one_name_are_refused(store: DuckStore, page_dir: Path) -> None:
    message = 'two alarms have the name "crowd": give each its own'
    with pytest.raises(AlarmError, match=message), _hub(store, page_dir, (CROWD, CROWD)):
        pass
