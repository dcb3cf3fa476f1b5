"""Subtraction: of exact numbers it finds every count, of releases no more than theory grants; asking again gives nothing."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom
from tests.audit.scenes import MIDNIGHT_S, TICK_S, events_of, first_epoch, last_of_day, series, wall, watch

from throng.audit.attacks.differencing import averaged, best_hit_rate, hit_rate, remainder, ring, windows
from throng.data.release import Release
from throng.privacy.budget import Budget
from throng.store.duck import DuckStore

TICKS = 6
FALSE_FAILURE = 1e-8
LINES, DAYS, ASKED = 100, 8, 8
BUDGET = Budget(passage_counters=2)


def _counts(day: int, counters: int) -> NDArray[np.int64]:
    return np.random.default_rng(day).poisson(1.5, (counters, TICKS))


def _hits(guesses: NDArray[np.float64], truth: NDArray[np.int64]) -> int:
    return round(hit_rate(guesses, truth) * truth.size)


def _most(number: int, length: float) -> float:
    """More hits than this are had once in 10^8 at the best rate that theory grants; counters' noise is independent."""
    return float(binom.isf(FALSE_FAILURE, number, best_hit_rate(first_epoch(BUDGET).rho, length=length)))


def _days(folder: Path) -> list[list[Release]]:
    return [
        last_of_day(
            wall(folder, BUDGET, camera=f"day {day}", number_of_lines=LINES), events_of(_counts(day, 2 * LINES)), ticks=TICKS
        )
        for day in range(DAYS)
    ]


def test_windows_ticks_and_the_rest_of_a_day_give_one_answer_and_hardly_a_count(tmp_path: Path) -> None:
    """A tick straight, as two totals apart, and as a day less all its other ticks, which the attacker knows exactly."""
    hits = {"tick": 0, "window": 0, "rest": 0}
    for day, releases in enumerate(_days(tmp_path)):
        truth, ticks = _counts(day, 2 * LINES), series(releases, "in", "out")
        totals = series(releases, "in_total", "out_total")
        apart = np.array([windows(row, np.arange(TICKS), np.arange(1, TICKS + 1)) for row in totals])
        np.testing.assert_allclose(apart, ticks, atol=1e-6)  # no second noise to average
        rest = np.array([remainder(row[-1], known[:-1]) for row, known in zip(totals, truth, strict=True)])
        hits["tick"] += _hits(ticks[:, 2], truth[:, 2])
        hits["window"] += _hits(apart[:, 4], truth[:, 4])
        hits["rest"] += _hits(rest, truth[:, -1])
    assert max(hits.values()) <= _most(DAYS * 2 * LINES, 2**-0.5), hits


@pytest.mark.usefixtures("_noise_off")
def test_the_same_attacks_find_every_exact_count(tmp_path: Path) -> None:
    truth = _counts(0, 2 * LINES)
    releases = last_of_day(wall(tmp_path, BUDGET, number_of_lines=LINES), events_of(truth), ticks=TICKS)
    totals = series(releases, "in_total", "out_total")
    apart = np.array([windows(row, np.arange(TICKS), np.arange(1, TICKS + 1)) for row in totals])
    rest = [remainder(row[-1], known[:-1]) for row, known in zip(totals, truth, strict=True)]
    assert hit_rate(apart, truth) == hit_rate(rest, truth[:, -1]) == 1.0


def _nested(folder: Path, cameras: int) -> tuple[list[tuple[NDArray[np.float64], NDArray[np.float64]]], NDArray[np.int64]]:
    """Cameras with a zone inside a zone: what is released of both, and how many stand in the ring between them."""
    rng = np.random.default_rng(4)
    outer, inner = rng.poisson(4.0, cameras), rng.poisson(2.0, cameras)
    entries = [[(i, 0) for i in range(a + b)] + [(i, 2) for i in range(b)] for a, b in zip(outer, inner, strict=True)]
    released = []
    for camera, events in enumerate(entries):
        through = wall(folder, Budget(passage_counters=4), camera=f"gate {camera}", number_of_zones=2)
        occupancy = series(last_of_day(through, {1: events}, ticks=3), "occupancy")
        released.append((occupancy[0], occupancy[1]))
    return released, outer


def test_the_ring_between_two_zones_is_no_better_known_than_either(tmp_path: Path) -> None:
    released, truth = _nested(tmp_path, 300)
    guesses = np.array([ring(outer, inner)[-1] for outer, inner in released])
    assert _hits(guesses, truth) <= binom.isf(FALSE_FAILURE, len(truth), best_hit_rate(first_epoch(BUDGET).rho, length=0.5))


@pytest.mark.usefixtures("_noise_off")
def test_the_ring_is_exact_where_the_zones_are(tmp_path: Path) -> None:
    released, truth = _nested(tmp_path, 30)
    assert hit_rate([ring(outer, inner)[-1] for outer, inner in released], truth) == 1.0


def test_hours_are_what_their_ticks_say(tmp_path: Path) -> None:
    """A day less its hours is a day less its ticks: nothing new to ask."""
    half_hours = 1800.0
    through = wall(tmp_path, Budget(), number_of_lines=2, tick_s=half_hours)
    releases = watch(through, {1: [(1, 0)]}, begin_s=MIDNIGHT_S, ticks=4, tick_s=half_hours)
    ends = [each for each in releases if "in_hour" in each.quantities and not each.reasons[each.quantities.index("in_hour")]]
    assert ends, "no hour was released"
    ticks = np.array([[release.values[release.quantities.index("in")] for release in releases]])
    for release in ends:
        value, last = release.values[release.quantities.index("in_hour")], releases.index(release)
        assert value == pytest.approx(ticks[0, last - 1 : last + 1].sum(), abs=1e-6)


def test_the_same_question_gets_the_same_answer_before_and_after_a_restart(tmp_path: Path) -> None:
    truth = _counts(0, 2 * LINES)
    releases = last_of_day(wall(tmp_path, BUDGET, number_of_lines=LINES), events_of(truth), ticks=TICKS)
    again = last_of_day(wall(tmp_path, BUDGET, number_of_lines=LINES), events_of(truth), ticks=TICKS)
    answers = []
    for restart in range(4):
        with DuckStore(tmp_path / "throng.duckdb") as store:
            store.add(again if restart else releases)
            answers += [_asked(store) for _ in range(10)]
    assert all((answer == answers[0]).all() for answer in answers)
    np.testing.assert_array_equal(answers[0], series(releases, "in")[:ASKED, 2])
    assert not np.isin(series(again, "in"), series(releases, "in")).any()  # a start has noise of its own
    asked = truth[: 2 * ASKED : 2, 2]
    assert hit_rate(averaged(answers), asked) == hit_rate(answers[0], asked)


def _asked(store: DuckStore) -> NDArray[np.float64]:
    begin_s = MIDNIGHT_S - TICKS * TICK_S
    asked = [store.series("gate", f"door {i}", "in", start_s=begin_s, end_s=MIDNIGHT_S).values[2] for i in range(ASKED)]
    return np.array(asked)


def test_answers_with_fresh_noise_would_give_every_count_away() -> None:
    truth = _counts(0, 50)[:, 0]
    fresh = truth + np.random.default_rng(0).normal(0, 4.0, (10_000, len(truth)))
    assert hit_rate(averaged(fresh), truth) == 1.0
    assert hit_rate(fresh[0], truth) < 0.5


def test_the_best_hit_rate_is_that_of_a_gaussian() -> None:
    """By drawing: noise of 1 / root(2 rho) people is what the best attacker is left with."""
    rho = 0.3
    drawn = np.random.default_rng(2).normal(0, (2 * rho) ** -0.5, 1_000_000)
    assert best_hit_rate(rho) == pytest.approx(np.mean(np.abs(drawn) < 0.5), abs=0.003)
    assert best_hit_rate(rho, length=0.5) < best_hit_rate(rho)
