"""Two copies of a store a tick apart differ in the next tick's rows, and its bytes follow from its rows."""

import shutil
from pathlib import Path

import duckdb
import numpy as np
import pytest
from tests.audit.scenes import events_of, last_of_day, wall

from throng.audit.attacks.two_copies import PAGE, difference, differing_bytes
from throng.data.release import Release
from throng.privacy.budget import Budget
from throng.store.duck import DuckStore

TICKS = 30
UNINITIALISED = 64
"""Bytes of a page that DuckDB leaves as its memory was, at most: in the hub, which knows no exact number."""


@pytest.fixture
def releases(tmp_path: Path) -> list[Release]:
    counts = np.random.default_rng(9).poisson(2.0, (2, TICKS))
    return last_of_day(wall(tmp_path, Budget(), number_of_lines=1, number_of_zones=1), events_of(counts), ticks=TICKS)


def test_the_later_copy_adds_the_next_tick_and_changes_nothing(tmp_path: Path, releases: list[Release]) -> None:
    path, stolen = tmp_path / "throng.duckdb", tmp_path / "stolen.duckdb"
    with DuckStore(path) as store:
        store.add(releases[:-1])
    shutil.copy(path, stolen)
    with DuckStore(path) as store:
        store.add([releases[-1]])
    found = difference(stolen, path)
    assert found.gone == ()
    assert {row[0] for row in found.new} == {"released"}
    last = releases[-1]
    values = [value for value in last.values.tolist() if value == value]  # noqa: PLR0124
    assert {(row[2], row[3]) for row in found.new} == set(zip(last.places, last.quantities, strict=True))
    assert {row[6] for row in found.new} - {None} == set(values)
    assert len(found.new) == len(last.places)


def test_a_row_that_was_changed_is_seen(tmp_path: Path, releases: list[Release]) -> None:
    path, stolen = tmp_path / "throng.duckdb", tmp_path / "stolen.duckdb"
    with DuckStore(path) as store:
        store.add(releases)
    shutil.copy(path, stolen)
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE fresh SET value = value + 1 WHERE rowid = 0").fetchall()
    found = difference(stolen, path)
    assert len(found.gone) == len(found.new) == 1


def _stored(folder: Path, releases: list[Release]) -> Path:
    folder.mkdir()
    for each in range(0, len(releases), 5):
        with DuckStore(folder / "throng.duckdb") as store:
            store.add(releases[each : each + 5])
    return folder / "throng.duckdb"


def test_its_bytes_follow_from_what_was_released(tmp_path: Path, releases: list[Release]) -> None:
    """Two stores of the same releases are one file, but for a name and for bytes that DuckDB never wrote.

    So file size, free pages and the order on the disk are computed from releases alone: nothing in them is not private.
    """
    one, other = (_stored(tmp_path / name, releases) for name in ("one", "other"))
    assert one.stat().st_size == other.stat().st_size
    assert differing_bytes(one, other) <= UNINITIALISED * (one.stat().st_size // PAGE)
    again = last_of_day(wall(tmp_path / "one", Budget(), number_of_lines=1, number_of_zones=1), {}, ticks=TICKS)
    assert differing_bytes(one, _stored(tmp_path / "again", again)) > 10 * UNINITIALISED


def test_a_busy_street_makes_no_larger_file_than_an_empty_one(tmp_path: Path) -> None:
    sizes = []
    for name, rate in (("empty", 0.0), ("busy", 20.0)):
        (tmp_path / name).mkdir()
        counts = np.random.default_rng(1).poisson(rate, (100, 60))
        through = wall(tmp_path / name, Budget(), number_of_lines=50)
        with DuckStore(tmp_path / name / "throng.duckdb") as store:
            store.add(last_of_day(through, events_of(counts), ticks=60))
        sizes.append((tmp_path / name / "throng.duckdb").stat().st_size)
    assert sizes[0] > 3 * PAGE / 2  # more than one page: there is something to compare
    assert abs(sizes[1] - sizes[0]) <= PAGE
