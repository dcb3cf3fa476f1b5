"""Every store gives the same answers: those of a plain walk over all that it was told, in whatever order and however often."""

import io
import itertools
import math
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.store.engines.conftest import FILLED_FIRST
from tests.store.engines.oracle import HOUR_US, NAMES, Oracle, Told, drawn, rows_of

from throng.data.errors import StoreError
from throng.data.release import Release
from throng.store.duck import DuckStore
from throng.store.store import DAY_S, HOUR_S, Store

MakeRelease = Callable[..., Release]
END_S = 1e9


def test_gives_back_what_was_stored(store: Store, release: MakeRelease) -> None:
    assert store.add([release(start_s=60.5, value=-2.25), release(start_s=120.5, unknown="the camera is dark")]) == 6
    row = store.tick("north", 60.5)[0]
    assert (row.camera, row.place, row.quantity, row.tick_start_us) == ("north", "door", "in", 60_500_000)
    assert (row.tick_s, row.value, row.standard_error) == (60.0, -2.25, 3.5)
    assert (row.mechanism, row.epoch, row.unknown) == ("noise", "2026-11-24/1", "")
    dark = store.latest()
    assert [(r.place, r.quantity) for r in dark] == [("door", "in"), ("door", "out"), ("hall", "occupancy")]
    assert {(r.value, r.standard_error, r.unknown) for r in dark} == {(None, None, "the camera is dark")}


def test_a_tick_comes_back_in_the_order_of_its_release(store: Store, release: MakeRelease) -> None:
    store.add([release("south", 0.0), release("north", 0.0)])
    assert [(row.place, row.quantity) for row in store.tick("north", 0.0)] == [
        ("door", "in"),
        ("door", "out"),
        ("hall", "occupancy"),
    ]


def test_an_empty_store_has_nothing_and_takes_nothing(store: Store) -> None:
    assert store.add([]) == store.add_rows(rows_of([])) == store.forget(1e9) == 0
    assert store.latest() == store.tick("a", 0.0) == store.heat("a", end_s=0.0) == []
    assert (
        len(store.series("a", "door", "in", start_s=0.0, end_s=END_S))
        == len(store.hours(start_s=0.0, end_s=END_S, quantities=["in"]))
        == 0
    )


def test_takes_nothing_but_releases(store: Store) -> None:
    with pytest.raises(TypeError, match=r"only releases|releases only"):
        store.add([{"camera": "north"}])  # type: ignore[list-item]


@pytest.mark.parametrize("store", ["duck", "postgres", FILLED_FIRST], indirect=True)
def test_it_answers_as_a_plain_walk_does(store: Store) -> None:
    seed = random.randrange(2**32)
    chance, oracle = random.Random(seed), Oracle()
    earlier: list[Told] = []
    for turn in range(7):
        told = drawn(chance, 60) + chance.sample(earlier, min(len(earlier), 20))  # late, and again
        chance.shuffle(told)
        earlier += told
        assert store.add_rows(rows_of(told)) == oracle.add(told), seed
        if turn in (2, 5):
            before_us = chance.choice([600_000_000 * chance.randrange(4 * 144), HOUR_US * chance.randrange(80), 24 * HOUR_US])
            assert store.forget(before_us / 1e6) == oracle.forget(before_us), seed
            earlier = [row for row in earlier if row.tick_us >= before_us]
        _compare(store, oracle, chance, seed)


def test_it_answers_the_same_after_a_restart(store: Store) -> None:
    seed = random.randrange(2**32)
    chance, oracle = random.Random(seed), Oracle()
    told = drawn(chance, 100)
    store.add_rows(rows_of(told))
    oracle.add(told)
    store.close()
    store.open()
    assert store.add_rows(rows_of(told[::-1])) == 0
    _compare(store, oracle, chance, seed)


def test_a_backup_is_restored_into_any_kind_of_store(store: Store, other_store: Store) -> None:
    seed = random.randrange(2**32)
    chance, oracle = random.Random(seed), Oracle()
    told = [*drawn(chance, 100), *drawn(chance, 100)]
    store.add_rows(rows_of(told))
    oracle.add(told)
    file = io.BytesIO()
    facts = store.backup(file)
    ticks_us = [row.tick_us for row in oracle.rows.values()]
    assert (facts.rows, facts.first_us, facts.last_us) == (
        len(ticks_us),
        min(ticks_us, default=None),
        max(ticks_us, default=None),
    )
    file.seek(0)
    assert other_store.restore(file) == facts
    _compare(other_store, oracle, chance, seed)
    assert other_store.add_rows(rows_of(told)) == 0
    if told:
        file.seek(0)
        with pytest.raises(StoreError, match="into an empty store only"):
            other_store.restore(file)


def test_a_spoiled_backup_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    chance, oracle = random.Random(seed), Oracle()
    told = [*drawn(chance, 50), *drawn(chance, 50), Told(NAMES[0], 0, 60.0, "noise", "1", 1.0, 1.0, "")]
    oracle.add(told)
    file = io.BytesIO()
    with DuckStore(tmp_path / "source" / "throng.duckdb") as source:
        source.add_rows(rows_of(told))
        facts = source.backup(file)
    whole = file.getvalue()
    for spoiled in (whole[:-1], whole[: len(whole) // 2], whole.replace(b'"rows": ', b'"rows": 1'), b""):
        with pytest.raises(StoreError, match="backup"):
            store.restore(io.BytesIO(spoiled))
        assert store.latest() == []
    assert store.add_rows(rows_of(told)) == facts.rows
    _compare(store, oracle, chance, seed)


def _compare(store: Store, oracle: Oracle, chance: random.Random, seed: int) -> None:
    assert store.latest() == oracle.latest(), seed
    tick_us = chance.choice([row.tick_us for row in oracle.rows.values()] or [0])
    start_us, end_us = sorted(chance.randrange(0, 5 * 24 * 12) * HOUR_US // 12 for _ in range(2))
    start_s, end_s = start_us / 1e6, end_us / 1e6
    for camera in "abñ":
        assert set(store.tick(camera, tick_us / 1e6)) == oracle.tick(camera, tick_us), seed
        assert set(store.heat(camera, end_s=end_us / 1e6)) == oracle.heat(camera, end_us), seed
    for series in NAMES:
        found, wanted = store.series(*series, start_s=start_s, end_s=end_s), oracle.series(series, start_us, end_us)
        assert found.tick_start_us.tolist() == [row.tick_us for row in wanted], seed
        assert found.tick_s.tolist() == [row.tick_s for row in wanted], seed
        assert found.values.tolist() == pytest.approx([row.value for row in wanted], rel=0, abs=0, nan_ok=True), seed
        assert found.standard_errors.tolist() == pytest.approx([row.standard_error for row in wanted], nan_ok=True), seed
        assert found.unknown.tolist() == [row.reason for row in wanted], seed
    for cameras in (None, ["ñ", "a"], []):
        hours = store.hours(start_s=start_s, end_s=end_s, quantities=["out", "in"], cameras=cameras)
        columns = [
            hours.cameras,
            hours.quantities,
            hours.hour_start_us,
            hours.values,
            hours.standard_errors,
            hours.known_shares,
        ]
        rows = list(zip(*(column.tolist() for column in columns), strict=True))
        walked = list(oracle.hours(start_us, end_us, ["in", "out"], cameras))
        assert [row[:3] for row in rows] == [row[:3] for row in walked], seed
        for place in (3, 4, 5):
            numbers = [[row[place] for row in some] for some in (rows, walked)]
            assert numbers[0] == pytest.approx(numbers[1], nan_ok=True, abs=1e-9), seed


def test_a_step_is_its_last_known_tick(store: Store) -> None:
    seed = random.randrange(2**32)
    oracle = Oracle()
    told = drawn(random.Random(seed), 400)
    oracle.add(told)
    store.add_rows(rows_of(told))
    start_us = 5 * HOUR_US + 1
    for series, step_s, add_epochs in itertools.product(NAMES, (HOUR_S, DAY_S), (False, True)):
        found = store.steps(*series, step_s=step_s, add_epochs=add_epochs, start_s=start_us / 1e6, end_s=3.1 * DAY_S)
        step_us = step_s * 1_000_000
        rows = oracle.series(series, start_us // step_us * step_us, round(3.1 * DAY_S * 1e6))
        walked = _steps(rows, step_us, add_epochs=add_epochs)
        assert found.tick_start_us.tolist() == [row[0] for row in walked], seed
        assert found.values.tolist() == pytest.approx([row[1] for row in walked], nan_ok=True), seed
        assert found.standard_errors.tolist() == pytest.approx([row[2] for row in walked], nan_ok=True), seed
        assert found.unknown.tolist() == [row[3] for row in walked], seed
        assert set(found.tick_s.tolist()) <= {float(step_s)}, seed


def _steps(rows: list[Told], step_us: int, *, add_epochs: bool) -> list[tuple[int, float, float, str]]:
    walked = []
    for start_us in sorted({row.tick_us // step_us * step_us for row in rows}):
        held = [row for row in rows if row.tick_us // step_us * step_us == start_us]
        last = {row.epoch if add_epochs else "": row for row in held if not row.reason}
        value = math.fsum(row.value for row in last.values()) if last else math.nan
        error = math.sqrt(math.fsum(row.standard_error**2 for row in last.values())) if last else math.nan
        walked.append((start_us, value, error, "" if last else held[-1].reason))
    return walked


def test_a_series_and_its_steps_are_no_longer_than_asked_for(store: Store, release: MakeRelease) -> None:
    store.add([release(start_s=HOUR_S * i, value=i) for i in range(5)])
    assert store.series("north", "door", "in", start_s=0.0, end_s=END_S, max_rows=2).values.tolist() == [0, 1]
    assert store.steps(
        "north", "door", "in", step_s=HOUR_S, add_epochs=False, start_s=0.0, end_s=END_S, max_rows=3
    ).values.tolist() == [0, 1, 2]


def test_threads_read_while_one_writes(store: Store, release: MakeRelease) -> None:
    wrong: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            count = len(store.series("north", "door", "in", start_s=0.0, end_s=END_S))
            if count % 2 or len(store.latest()) not in (0, 3):
                wrong.append(count)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for thread in readers:
        thread.start()
    try:
        for i in range(30):
            assert store.add([release(start_s=2.0 * i), release(start_s=2.0 * i + 1)]) == 6
    finally:
        done.set()
        for thread in readers:
            thread.join()
    assert not wrong  # a batch of two ticks is seen whole or not at all


@pytest.mark.parametrize("store", ["duck", "postgres", FILLED_FIRST], indirect=True)
def test_threads_that_write_the_same_store_each_row_once(store: Store) -> None:
    seed = random.randrange(2**32)
    told = drawn(random.Random(seed), 200)
    distinct = Oracle()
    distinct.add(told)
    counts: list[int] = []

    def write(number: int) -> None:
        mine = list(told)
        random.Random(seed + number).shuffle(mine)
        counts.extend(store.add_rows(rows_of(mine[start : start + 40])) for start in range(0, len(mine), 40))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    assert sum(counts) == len(distinct.rows), seed
    assert len(counts) == 4 * len(range(0, len(told), 40)), seed
    stored = [len(store.series(*series, start_s=0.0, end_s=END_S)) for series in NAMES]
    assert sum(stored) == len(distinct.rows), seed


def test_says_that_it_is_not_open(store: Store, release: MakeRelease) -> None:
    store.close()
    with pytest.raises(StoreError, match=r"cannot be written: .* is not open"):
        store.add([release()])
    with pytest.raises(StoreError, match=r"cannot be read: .* is not open"):
        store.latest()
