"""Numbers that one sensor sends, in whatever way, must not keep those of the others out: each of these once did."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.security.deployment import deployed

from throng.alarm.rule import Rule
from throng.data.errors import HubError, LogError
from throng.data.rows import Rows
from throng.hub import ingest as ingest_module
from throng.hub.alarms import Alarms
from throng.hub.cameras import CameraEntry, Cameras, PlaceEntry
from throng.hub.ingest import Ingest, Spend
from throng.hub.live import Event, Feed
from throng.store.duck import DuckStore

DAY_S = 1_795_478_400  # 2026-11-24 began
CAMERAS = tuple(CameraEntry(name, (PlaceEntry("hall", "zone"),), sensor=f"{name} box") for name in ("north", "south"))


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
