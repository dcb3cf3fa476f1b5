"""`throng export`: what is written is what is stored, hours and days are sums of ticks, and small numbers can be left out."""

import math
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import csv, parquet

from throng.cli.export.rows import DAY_S, HOUR_S, LAST, SUMMED, Row, by_step, rounded, suppressed
from throng.data.measurement import Measurement
from throng.data.place import Line, Zone
from throng.data.release import UNITS, Release
from throng.privacy.budget import Budget, Shares
from throng.privacy.ledger import Ledger
from throng.privacy.wall import Wall
from throng.store.duck import DuckStore

THRONG = [str(Path(sys.executable).parent / "throng")]
TICK_S = 900
MIDNIGHT_S = datetime(2026, 11, 24, tzinfo=UTC).timestamp()
RESTART_S, OUTAGE_S = MIDNIGHT_S + 10.2 * HOUR_S, MIDNIGHT_S + 14.5 * HOUR_S


def throng(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [*THRONG, "export", *arguments], capture_output=True, text=True, check=False, env=environ, cwd=folder, timeout=60
    )


def walls(ledger: Ledger) -> Iterator[Release]:
    """Two days of a busy place: a restart on the first at a quarter past ten, and a camera that is covered for an hour."""
    settings: dict[str, Any] = {
        "camera": "gate",
        "lines": [Line("door", np.array([[0.0, 0.0], [100.0, 0.0]]))],
        "zones": [Zone("square", np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 100.0]]))],
        "tick_s": TICK_S,
        "budget": Budget(rho_per_day=1.0, shares=Shares(heat=0.2)),
        "ledger": ledger,
    }
    wall, passage = Wall(**settings), 0
    for now_s in np.arange(MIDNIGHT_S, MIDNIGHT_S + 2 * DAY_S, 60.0).tolist():
        if now_s == RESTART_S:
            wall = Wall(**settings)
        yield from wall.advance(now_s)
        if now_s == OUTAGE_S:
            wall.outage("the camera is covered")
        if not OUTAGE_S <= now_s < OUTAGE_S + HOUR_S:
            wall.recovered()
            passage += 1
            one = np.array([passage], dtype=np.uint64)
            counter, none = np.array([passage % 2], dtype=np.intp), np.zeros(1, dtype=np.int64)
            wall.observe(Measurement(one, counter, np.ones(1), one, none, now_s))
    yield from wall.advance(MIDNIGHT_S + 2 * DAY_S)


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> list[Release]:
    return list(walls(Ledger(tmp_path_factory.mktemp("ledger") / "gate.jsonl")))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, releases: list[Release]) -> Path:
    path = tmp_path_factory.mktemp("store") / "throng.duckdb"
    with DuckStore(path) as store:
        store.add(releases)
    return path


@pytest.fixture
def folder(tmp_path: Path, filled: Path) -> Path:
    shutil.copy(filled, tmp_path / "throng.duckdb")
    return tmp_path


def written(folder: Path, *options: str, out: str = "out.parquet") -> list[dict[str, Any]]:
    done = throng("throng.duckdb", "--out", out, *options, folder=folder)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    path = folder / out
    rows: list[dict[str, Any]] = (parquet.read_table(path) if out.endswith("parquet") else csv.read_csv(path)).to_pylist()
    assert f"written: {out}, {len(rows):,} rows" in done.stderr
    return rows


def began(quantity: str, tick_start_s: float) -> float:
    """When what is stored in a tick began: some of it is of the hour that the tick ends."""
    of_an_hour = quantity.endswith("_hour") or quantity == "heat"
    return tick_start_s // HOUR_S * HOUR_S if of_an_hour else tick_start_s


def test_every_stored_row_is_written_as_it_is(folder: Path, releases: list[Release]) -> None:
    wanted = {
        (place, quantity, began(quantity, release.tick_start_s)): (value, error, unknown)
        for release in releases
        for place, quantity, value, error, unknown in zip(
            release.places, release.quantities, release.values, release.standard_errors, release.reasons, strict=True
        )
    }
    for out in ("out.parquet", "out.csv"):
        rows = written(folder, out=out)
        assert len(rows) == len(wanted)
        for row in rows:
            value, error, unknown = wanted[row["place"], row["quantity"], row["time"].timestamp()]
            numbers = (None, None) if unknown else (value, error)
            assert (row["value"], row["standard_error"], row["unknown"] or "") == (*numbers, unknown)
            seconds = HOUR_S if began(row["quantity"], 1.0) == 0.0 else TICK_S
            assert (row["camera"], row["seconds"], row["unit"]) == ("gate", seconds, UNITS[row["quantity"]])
            assert row["known_share"] == float(not unknown)


def test_sums_of_the_wall_get_the_error_that_the_wall_gave_them(folder: Path) -> None:
    """Noise and all, an hour's sum is the wall's own hour, and a day's sum its total, where one epoch counted it."""
    ticks = {(row["place"], row["quantity"], row["time"]): row for row in written(folder)}
    hours, days = written(folder, "--step", "hour"), written(folder, "--step", "day")
    told = 0
    for row in (each for each in hours if each["quantity"] in ("in", "out", "entries", "exits")):
        start_s = row["time"].timestamp()
        # In the first hour of an epoch its total is the same sum.
        names = [f"{row['quantity']}_hour", f"{row['quantity']}_total"]
        ends = [start_s if name.endswith("_hour") else start_s + HOUR_S - TICK_S for name in names]
        same = [ticks[row["place"], name, datetime.fromtimestamp(end_s, UTC)] for name, end_s in zip(names, ends, strict=True)]
        errors = [each["standard_error"] for each in same if each["value"] == pytest.approx(row["value"], abs=1e-6)]
        if row["standard_error"] is not None and row["known_share"] > TICK_S / HOUR_S:
            assert row["standard_error"] in errors
            told += 1
    for row in (each for each in days if each["quantity"] in ("in", "out", "entries", "exits")):
        end = datetime.fromtimestamp(row["time"].timestamp() + DAY_S - TICK_S, UTC)
        total = ticks[row["place"], f"{row['quantity']}_total", end]
        whole = row["time"].timestamp() > MIDNIGHT_S
        assert (row["standard_error"] is None) != whole
        if whole:
            assert row["standard_error"] == total["standard_error"]
            assert row["value"] == pytest.approx(total["value"], abs=1e-6)
    # Of the 48 hours of each of four quantities the first of either epoch and those of the outage are without.
    assert 4 * 40 <= told < 4 * 48
    # The heat map is by the hour already.
    heat = [row for row in hours if row["quantity"] == "heat"]
    assert len(heat) == 144 * 48
    assert {row["known_share"] for row in heat} == {0.0, 1.0}
    assert all(row["standard_error"] is not None for row in heat if not row["unknown"])


def test_what_was_not_seen_is_not_counted_as_nothing(folder: Path) -> None:
    hours = {row["time"].timestamp(): row for row in written(folder, "--step", "hour") if row["quantity"] == "in"}
    # The whole hour from half past two is dark; the hour that it begins in and that it ends in are known in part.
    assert [hours[MIDNIGHT_S + at * HOUR_S]["known_share"] for at in (13, 14, 15, 16)] == pytest.approx([1, 0.5, 0.5, 1])
    assert all(0 <= row["known_share"] <= 1 for row in hours.values())
    dark = written(folder, "--from", "2026-11-24T14:30", "--to", "2026-11-24T15:30", "--step", "day")
    assert {row["unknown"] for row in dark} == {"the camera is covered"}
    assert {row["value"] for row in dark} == {None}


tick = st.tuples(st.integers(0, 3 * 24 - 1), st.booleans(), st.floats(-50, 50))


@given(st.lists(tick, min_size=1, max_size=80, unique_by=lambda each: each[0]), st.sampled_from([1200, 3600]))
def test_days_are_sums_of_hours_and_hours_of_ticks(ticks: list[tuple[int, bool, float]], tick_s: int) -> None:
    def row(quantity: str, number: int, known: bool, value: float) -> Row:
        numbers = (value, 1.0, 1.0, "") if known else (math.nan, math.nan, 0.0, "dark")
        return Row(quantity, MIDNIGHT_S + tick_s * number, tick_s, *numbers)

    place = {name: [row(name, *each) for each in sorted(ticks)] for name in ("in", "in_total", "density")}
    hours, days = by_step(place, HOUR_S), by_step(place, DAY_S)
    assert set(hours) == set(days) == {"in", "in_total"}
    sums = [math.fsum(each.value for each in rows if not each.unknown) for rows in (place["in"], hours["in"], days["in"])]
    assert sums == pytest.approx([sums[0]] * 3, abs=1e-9)
    seconds = [sum(each.known_share * each.seconds for each in rows) for rows in (place["in"], hours["in"], days["in"])]
    assert seconds == pytest.approx([seconds[0]] * 3)
    for rows in (hours, days):
        assert all(each.unknown == ("" if each.known_share else "dark") for each in rows["in"])
        for each in rows["in_total"]:
            inside = [one for one in place["in_total"] if 0 <= one.start_s - each.start_s < each.seconds and not one.unknown]
            assert not each.known_share if not inside else each.value == inside[-1].value
    assert set(SUMMED).isdisjoint(LAST)


people = st.builds(
    lambda number, value: Row("entries", 60.0 * number, 60.0, value, 2.0, 1.0, ""), st.integers(0, 5), st.floats(-50, 50)
)


@given(st.lists(people, max_size=10), st.integers(1, 30), st.integers(1, 30))
def test_no_small_number_is_shown_and_every_one_says_why(rows: list[Row], least: int, to: int) -> None:
    densities = [Row("density", 60.0 * number, 60.0, 0.5, 0.1, 1.0, "") for number in range(6)]
    place = {"entries": rows, "density": densities}
    shown = suppressed(place, least)
    for before, after in zip(rows, shown["entries"], strict=True):
        if before.value < least:
            assert after.unknown == f"suppressed: fewer than {least}"
            assert math.isnan(after.value)
            assert math.isnan(after.standard_error)
        else:
            assert after == before
    few = {row.start_s for row in rows if row.value < least}
    assert [bool(row.unknown) for row in shown["density"]] == [row.start_s in few for row in densities]
    for before, after in zip(shown["entries"], rounded(shown, to)["entries"], strict=True):
        if before.unknown:
            assert after == before
        else:
            assert after.value / to == round(after.value / to)
            assert abs(after.value - before.value) <= to / 2
            assert after.standard_error == pytest.approx((before.standard_error**2 + to**2 / 12) ** 0.5)
    assert rounded(shown, to)["density"] == shown["density"]


def test_the_rules_reach_the_file(folder: Path) -> None:
    rows = written(folder, "--step", "day", "--suppress-below", "500", "--round-to", "50", out="public.csv")
    values = {row["value"] for row in rows if row["value"] is not None}
    assert values
    assert all(value % 50 == 0 and value >= 500 for value in values)
    hidden = [row for row in rows if row["value"] is None]
    assert {row["unknown"] for row in hidden} == {"suppressed: fewer than 500"}
    assert {row["standard_error"] for row in hidden} == {None}


def test_cameras_and_times_can_be_chosen(folder: Path) -> None:
    rows = written(folder, *2 * ("--camera", "gate"), "--from", "2026-11-25T06:00", "--to", "2026-11-25T07:15:00+01:00")
    assert len({(row["place"], row["quantity"], row["time"]) for row in rows}) == len(rows)
    assert {row["time"].isoformat() for row in rows} <= {"2026-11-25T06:00:00+00:00"}
    assert written(folder, "--to", "2026-11-24") == []
    rows = written(folder, "--from", "2026-11-25T06:00", "--to", "2026-11-25T07:00")
    assert {row["time"].isoformat() for row in rows} == {f"2026-11-25T06:{at:02}:00+00:00" for at in (0, 15, 30, 45)}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["throng.duckdb", "--out", "out.txt"], "--out must end in .csv or .parquet, not out.txt"),
        (["absent.duckdb", "--out", "out.csv"], "there is no store absent.duckdb"),
        (["throng.duckdb", "--out", "absent/out.csv"], "out.csv cannot be written"),
        (["throng.duckdb", "--out", "out.csv", "--camera", "west"], 'the store has no camera "west": take one of gate'),
        (["throng.duckdb", "--out", "out.csv", "--from", "noon"], "--from must be a date or time such as"),
        (["throng.duckdb", "--out", "out.csv", "--from", "2026-01-02", "--to", "2026-01-01"], "--from must be before --to"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_status_2(folder: Path, arguments: list[str], words: str) -> None:
    done = throng(*arguments, folder=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("throng: ")
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (folder / "absent.duckdb").exists()


def test_a_store_that_is_being_served_is_named_with_who_holds_it(folder: Path) -> None:
    with DuckStore(folder / "throng.duckdb"):
        done = throng("throng.duckdb", "--out", "out.csv", folder=folder)
    assert done.returncode == 2
    assert "holds" in done.stderr
    assert "stop it" in done.stderr


def test_help_has_examples_and_says_what_protects(tmp_path: Path) -> None:
    text = " ".join(throng("--help", folder=tmp_path).stdout.split())
    assert "throng export data/throng.duckdb --out public.csv --step hour --suppress-below 10" in text
    assert "never instead" in text
