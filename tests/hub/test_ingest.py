"""Ingest: stored before shown, and nothing lost while the store fails."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from throng.data.errors import HubError, StoreError
from throng.data.release import Release
from throng.data.rows import Rows
from throng.hub import ingest as ingest_module
from throng.hub.cameras import CameraEntry, Cameras
from throng.hub.ingest import Ingest
from throng.hub.live import Event, Feed
from throng.store.duck import DuckStore

MakeRelease = Callable[..., Release]
PROBLEM = "the store cannot be written: the disk is full"


class RecordingFeed(Feed):
    """Remembers what was published, and how many rows the store held at that moment."""

    def __init__(self, store: DuckStore) -> None:
        super().__init__()
        self.store = store
        self.events: list[tuple[str, Any]] = []
        self.unstored: list[Any] = []

    def publish(self, event: Event) -> None:
        for _, text in event.items or ():
            data = json.loads(text)
            if event.name == "ticks" and not [row for row in self.store.latest() if row.camera == data["camera"]]:
                self.unstored.append(data)
            self.events.append((event.name, data))

    def ticks(self) -> list[Any]:
        return [data for name, data in self.events if name == "ticks"]


class FailingStore(DuckStore):
    """A store whose disk is full until it is told otherwise."""

    full = False
    attempts = 0

    def add_rows(self, rows: Rows) -> int:
        self.attempts += 1
        if self.full:
            raise StoreError(PROBLEM)
        return super().add_rows(rows)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FailingStore]:
    with FailingStore(tmp_path / "throng.duckdb") as opened:
        assert isinstance(opened, FailingStore)
        yield opened


@pytest.fixture
def feed(store: FailingStore) -> RecordingFeed:
    return RecordingFeed(store)


@pytest.fixture
def cameras() -> Cameras:
    return Cameras([CameraEntry("north", ()), CameraEntry("south", ())])


@pytest.fixture
def ingest(store: FailingStore, feed: RecordingFeed, cameras: Cameras, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ingest]:
    monkeypatch.setattr(ingest_module, "_RETRY_S", (0.01,))
    made = Ingest(store, feed, cameras, most_waiting_rows=60)
    yield made
    made.stop()


def _until(happened: Callable[[], object]) -> None:
    while not happened():
        time.sleep(0.005)


def test_what_is_put_is_stored_then_shown(ingest: Ingest, store: DuckStore, feed: RecordingFeed, release: MakeRelease) -> None:
    ingest.start()
    ingest.put(release(start_s=60, value=-2))
    ingest.put(release("south", 60, unknown="dark"))
    _until(lambda: len(feed.ticks()) == 2)
    north, south = feed.ticks()
    assert north == {
        "camera": "north",
        "time": "1970-01-01T00:01:00Z",
        "tick_s": 60.0,
        "unknown": "",
        "rows": [
            {"place": "door", "quantity": "in", "value": -2.0, "standard_error": 3.5, "unknown": ""},
            {"place": "door", "quantity": "out", "value": -1.0, "standard_error": 3.5, "unknown": ""},
            {"place": "hall", "quantity": "occupancy", "value": 0.0, "standard_error": 3.5, "unknown": ""},
        ],
    }
    assert (south["unknown"], south["rows"][0]["value"], south["rows"][0]["standard_error"]) == ("dark", None, None)
    assert feed.unstored == []
    assert len(store.latest()) == 6


def test_a_repeat_shows_what_was_stored_first(ingest: Ingest, feed: RecordingFeed, release: MakeRelease) -> None:
    ingest.put(release(value=1))
    ingest.put(release(value=99))
    ingest.put(release(start_s=60, value=2))
    ingest.start()
    assert ingest.stop() == 0
    assert [(tick["time"], tick["rows"][0]["value"]) for tick in feed.ticks()] == [
        ("1970-01-01T00:00:00Z", 1.0),
        ("1970-01-01T00:01:00Z", 2.0),
    ]


def test_while_the_store_fails_nothing_is_shown_and_nothing_is_lost(
    ingest: Ingest, store: FailingStore, feed: RecordingFeed, cameras: Cameras, release: MakeRelease
) -> None:
    ingest.camera_state("north", "live")
    store.full = True
    ingest.start()
    for i in range(10):
        ingest.put(release(start_s=60.0 * i, value=i))
    _until(lambda: store.attempts > 3)
    assert ingest.problem == PROBLEM
    assert {(status.state, status.reason) for status in cameras.all()} == {("unknown", PROBLEM)}
    assert feed.ticks() == []

    def told() -> list[str]:
        return [data["name"] for name, data in feed.events if name == "cameras" and data["reason"] == PROBLEM]

    _until(told)
    assert sorted(told()) == ["north", "south"]  # once each
    store.full = False
    _until(lambda: len(feed.ticks()) == 10)
    assert ingest.problem == ""
    assert [status.state for status in cameras.all()] == ["live", "starting"]
    assert store.series("north", "door", "in", start_s=0, end_s=1e6).values.tolist() == list(range(10))


def test_when_too_many_wait_the_oldest_are_lost_and_it_is_said(
    ingest: Ingest, store: FailingStore, feed: RecordingFeed, release: MakeRelease
) -> None:
    store.full = True
    ingest.start()
    for i in range(25):
        ingest.put(release(start_s=60.0 * i, value=i))
    _until(lambda: ingest.problem == f"{PROBLEM}; 5 of the releases that waited are lost")
    store.full = False
    _until(lambda: len(feed.ticks()) == 20)
    assert store.series("north", "door", "in", start_s=0, end_s=1e6).values.tolist() == list(range(5, 25))
    assert ingest.stop() == 5


def test_releases_given_up_while_they_were_being_stored_are_not_lost(
    ingest: Ingest, store: FailingStore, release: MakeRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, go_on = threading.Event(), threading.Event()
    add_rows = store.add_rows

    def slow(rows: Rows) -> int:
        writing.set()
        go_on.wait()
        return add_rows(rows)

    monkeypatch.setattr(store, "add_rows", slow)
    for i in range(20):
        ingest.put(release(start_s=60.0 * i, value=i))
    ingest.start()
    writing.wait()
    for i in range(20, 27):
        ingest.put(release(start_s=60.0 * i, value=i))
    go_on.set()
    assert ingest.stop() == 0
    assert store.series("north", "door", "in", start_s=0, end_s=1e6).values.tolist() == list(range(27))


def test_stopping_stores_what_waits(ingest: Ingest, store: DuckStore, release: MakeRelease) -> None:
    for i in range(20):
        ingest.put(release(start_s=60.0 * i))
    ingest.start()
    assert ingest.stop() == 0
    assert len(store.series("north", "door", "in", start_s=0, end_s=1e6)) == 20


def test_stopping_while_the_store_fails_tells_what_is_lost(ingest: Ingest, store: FailingStore, release: MakeRelease) -> None:
    store.full = True
    ingest.start()
    ingest.put(release())
    ingest.put(release(start_s=60))
    _until(lambda: store.attempts > 2)
    assert ingest.stop() == 2


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_ours_is_not_silent(
    ingest: Ingest, store: FailingStore, cameras: Cameras, release: MakeRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(rows: Rows) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(store, "add_rows", broken)
    ingest.start()
    ingest.put(release())
    _until(lambda: ingest.problem)
    assert cameras.all()[0].reason == "the hub has stopped storing numbers: start it again"
    assert ingest.stop() == 1


def test_putting_never_waits_for_the_store(ingest: Ingest, release: MakeRelease) -> None:
    for i in range(100):  # nothing is storing
        ingest.put(release(start_s=60.0 * i))
    assert ingest.stop() == 100


def test_a_sensor_is_answered_once_its_rows_are_stored(ingest: Ingest, store: FailingStore, release: MakeRelease) -> None:
    answer = ingest.submit(Rows.of([release(value=3)]))
    assert not answer.done()
    ingest.start()
    assert answer.result(10) is None
    assert store.latest()[0].value == 3


def test_a_sensor_is_told_when_its_rows_cannot_be_stored_and_keeps_them(
    ingest: Ingest, store: FailingStore, release: MakeRelease
) -> None:
    store.full = True
    ingest.start()
    with pytest.raises(StoreError, match="the disk is full"):
        ingest.submit(Rows.of([release()])).result(10)
    store.full = False
    assert ingest.submit(Rows.of([release()])).result(10) is None
    assert ingest.stop() == 0


def test_a_sensor_is_sent_away_while_too_much_waits(ingest: Ingest, release: MakeRelease) -> None:
    for i in range(20):
        ingest.put(release(start_s=60.0 * i))
    with pytest.raises(HubError, match="send this again"):
        ingest.submit(Rows.of([release()]))


def test_late_rows_give_way_to_live_ones_and_are_no_news(
    ingest: Ingest, store: FailingStore, feed: RecordingFeed, release: MakeRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    add_rows = store.add_rows

    def noted(rows: Rows) -> int:
        order.append(rows.series[0][0])
        return add_rows(rows)

    monkeypatch.setattr(store, "add_rows", noted)
    late = [ingest.submit(Rows.of([release("south", 60.0 * i)]), late=True) for i in range(2)]
    live = ingest.submit(Rows.of([release("north", 600)]))
    ingest.start()
    for answer in (*late, live):
        answer.result(10)
    assert ingest.stop() == 0
    assert order == ["north", "south"]
    assert [tick["camera"] for tick in feed.ticks()] == ["north"]
    assert len(store.latest()) == 6


def test_an_older_tick_is_stored_but_is_no_news(
    ingest: Ingest, store: FailingStore, feed: RecordingFeed, release: MakeRelease
) -> None:
    ingest.start()
    for start_s in (120, 60, 120, 180):
        ingest.submit(Rows.of([release(start_s=start_s)])).result(10)
    assert ingest.stop() == 0
    assert [tick["time"][14:19] for tick in feed.ticks()] == ["02:00", "03:00"]
    assert len(store.series("north", "door", "in", start_s=0, end_s=1e6)) == 3


def test_every_stretch_of_a_budget_is_told_once_before_its_first_number(
    store: FailingStore, feed: RecordingFeed, cameras: Cameras, release: MakeRelease
) -> None:
    told: list[tuple[tuple[str, str, str], int]] = []
    spent = lambda spends: told.extend((spend, len(store.latest())) for spend in spends)  # noqa: E731
    ingest = Ingest(store, feed, cameras, spent=spent)
    ingest.start()
    for one in (release(start_s=0), release(start_s=60), release("south"), release(start_s=120)):
        ingest.submit(Rows.of([one])).result(10)
    ingest.stop()
    assert told == [(("north", "2026-11-24/1", "noise"), 0), (("south", "2026-11-24/1", "noise"), 3)]
