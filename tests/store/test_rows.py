"""Rows in bulk, late, twice, in any order: the first of each tick stays, wherever it lies and whatever happened meanwhile."""

import random
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.data.errors import StoreError
from throng.data.rows import Rows
from throng.store import duck
from throng.store.duck import DuckStore
from throng.store.duck_batch import unstored
from throng.store.duck_hours import HourSums
from throng.store.known import Coded, Known
from throng.store.store import StoredRow

SERIES = tuple((camera, place, quantity) for camera in "ab" for place in "xy" for quantity in ("in", "heat", "occupancy"))
PARTS = (("noise(rho=1)", "2026-11-24/1", 60.0), ("noise(rho=1)", "2026-11-24/2", 60.0))
REASONS = ("", "dark", "moved")
Row = tuple[int, int, int, int, float]
"""Series, tick, part, reason, value."""

rows_told = st.lists(
    # Most of them of one series, so that there are repeats, gaps, and ticks that fill them.
    st.tuples(
        st.sampled_from((0, 0, 0, 0, 1, 4, 9)), st.integers(0, 30), st.integers(0, 1), st.integers(0, 2), st.floats(-9, 9)
    ),
    max_size=20,
)


def rows(told: list[Row]) -> Rows:
    series, tick, part, reason, value = zip(*told, strict=True) if told else ((),) * 5
    known = np.array(reason, np.int32) == 0
    return Rows(
        SERIES,
        PARTS,
        REASONS,
        np.array(series, np.int32),
        np.array(part, np.int32),
        np.array(reason, np.int32),
        tick_start_us=60_000_000 * np.array(tick, np.int64),
        values=np.where(known, np.array(value, np.float64), np.nan),
        standard_errors=np.where(known, 1.5, np.nan),
    )


def expected(told: list[Row]) -> dict[tuple[int, int], StoredRow]:
    first: dict[tuple[int, int], StoredRow] = {}
    for series, tick, part, reason, value in told:
        camera, place, quantity = SERIES[series]
        mechanism, epoch, tick_s = PARTS[part]
        known, error = (None, None) if reason else (value, 1.5)
        at = 60_000_000 * tick
        row = StoredRow(camera, place, quantity, at, tick_s, known, error, mechanism, epoch, REASONS[reason])
        first.setdefault((series, tick), row)
    return first


def stored(store: DuckStore) -> list[StoredRow]:
    with store._cursor("test") as cursor:
        found = cursor.execute(
            "SELECT camera, place, quantity, epoch_us(tick_start), tick_s, value, standard_error, mechanism, epoch, unknown "
            "FROM released"
        ).fetchall()
    return sorted((StoredRow(*row) for row in found), key=lambda row: row[:4])


def newest(wanted: dict[tuple[int, int], StoredRow]) -> list[StoredRow]:
    last = {row[:3]: row for _, row in sorted(wanted.items(), key=lambda item: item[0][1]) if row.quantity != "heat"}
    return [last[name] for name in sorted(last)]


@settings(max_examples=20, deadline=None)
@given(batches=st.lists(st.tuples(rows_told, st.sampled_from(("", "", "open again", "fails"))), max_size=8), seed=st.integers())
def test_any_batches_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, batches: list[tuple[list[Row], str]], seed: int
) -> None:
    """Over runs being sorted, restarts, and batches that are stored although writing them seemed to fail."""
    told = [batch for batch, _ in batches]
    told += random.Random(seed).sample(told, len(told))
    happens = [what for _, what in batches] + [""] * len(batches)
    all_told = [row for batch in told for row in batch]
    wanted = expected(all_told)
    with pytest.MonkeyPatch.context() as patch, DuckStore(tmp_path_factory.mktemp("rows") / "throng.duckdb") as store:
        patch.setattr(duck, "SETTLED_ROWS", 16)
        store._settle_at = 16
        new = 0
        for batch, what in zip(told, happens, strict=True):
            if what == "fails":
                new += _stored_but_told_otherwise(store, batch)
            new += store.add_rows(rows(batch))
            if what == "open again":
                store.close()
                store.open()
        assert new == len(wanted)
        assert stored(store) == sorted(wanted.values(), key=lambda row: row[:4])
        assert store.latest() == newest(wanted)
        for camera in "ab":
            ticks = [row for row in wanted.values() if row.camera == camera and row.tick_start_us == 60_000_000 * 7]
            assert sorted(store.tick(camera, 420.0)) == sorted(ticks)


def _stored_but_told_otherwise(store: DuckStore, batch: list[Row]) -> int:
    """A commit of which nobody heard: of a disk that fails at the wrong moment."""
    before = len(stored(store))
    insert = store._insert

    def insert_and_fail(cursor: duckdb.DuckDBPyConnection, coded: Coded, table: str) -> None:
        insert(cursor, coded, table)
        raise duckdb.IOException("No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "_insert", insert_and_fail)
        try:
            store.add_rows(rows(batch))
        except StoreError as error:
            assert "the disk that holds throng.duckdb is full" in str(error)  # noqa: PT017
    return len(stored(store)) - before


def test_an_outage_that_is_made_up_for_asks_the_file_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera was offline from tick 10 to 1000, came back live, and sends the rest meanwhile, oldest first."""
    asked = []
    look = unstored

    def counted(cursor: duckdb.DuckDBPyConnection, batch: Coded, doubtful: NDArray[np.bool_]) -> Coded:
        asked.append(int(doubtful.sum()))
        return look(cursor, batch, doubtful)

    monkeypatch.setattr(duck, "unstored", counted)
    with DuckStore(tmp_path / "throng.duckdb") as store:
        for tick in [*range(10), 1000]:
            store.add_rows(rows([(series, tick, 0, 0, 1.0) for series in range(12)]))
        for missed in range(10, 1000, 99):
            store.add_rows(rows([(0, 1001 + missed, 0, 0, 1.0)]))
            told = [(series, tick, 0, 0, 1.0) for tick in range(missed, missed + 99) for series in range(12)]
            assert store.add_rows(rows(told)) == len(told)
        assert sum(asked) == 0
        assert store.add_rows(rows(told)) == 0
        assert sum(asked) == len(told)


def test_rows_that_came_at_once_are_found_as_those_that_came_in_drops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [(series, tick, 0, 0, float(tick)) for tick in range(300) for series in range(12)]
    random.Random(3).shuffle(told)
    with DuckStore(tmp_path / "one.duckdb") as one, DuckStore(tmp_path / "other.duckdb") as other:
        monkeypatch.setattr(duck, "SETTLED_ROWS", 1000)
        one._settle_at = other._settle_at = 1000
        assert one.add_rows(rows(told)) == 3600
        for first in range(0, 3600, 70):
            other.add_rows(rows(told[first : first + 70]))
        assert stored(one) == stored(other)
        for store in (one, other):
            series = store.series("a", "y", "in", start_s=600.0, end_s=6000.0)
            assert series.values.tolist() == list(map(float, range(10, 100)))


@settings(max_examples=150, deadline=None)
@given(told=st.lists(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 30)), min_size=1, max_size=3), max_size=20))
def test_what_is_held_for_new_is_new(told: list[list[tuple[int, int]]]) -> None:
    known, stored_ticks = Known(), set[tuple[int, int]]()
    for batch in told:
        coded = known.coded(rows([(series, tick, 0, 0, 0.0) for series, tick in batch]))
        surely_new = [key for key, maybe in zip(batch, known.maybe_stored(coded).tolist(), strict=True) if not maybe]
        assert not stored_ticks & set(surely_new)
        known.reserve(coded)
        stored_ticks |= set(batch)


def test_hours_that_were_asked_for_follow_what_comes_later(tmp_path: Path) -> None:
    """Sums that are kept in memory say what a store says that was just opened."""
    chance, told = random.Random(), 0
    with DuckStore(tmp_path / "throng.duckdb") as store:
        for _ in range(12):
            store.add_rows(
                rows([(chance.randrange(12), chance.randrange(300), 0, chance.choice((0, 0, 1)), 1.0) for _ in "12345"])
            )
            start_s, end_s = 60.0 * chance.choice((0, 0, 7)), 3600.0 * chance.choice((2, 4, 4.5))
            ask = partial(store.hours, quantities=("in", "occupancy"), start_s=start_s, end_s=end_s)
            warm = ask()
            if chance.random() < 0.2:
                store.forget(600.0)
                warm = ask()
            store._hours, kept = HourSums(), store._hours
            cold = ask()
            store._hours = kept
            for name in ("cameras", "quantities", "hour_start_us", "values", "standard_errors", "known_shares"):
                np.testing.assert_array_equal(getattr(warm, name), getattr(cold, name))
            told += len(cold)
        assert told  # so that the comparisons say something
