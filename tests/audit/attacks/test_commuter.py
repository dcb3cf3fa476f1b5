"""A commuter's passages put together: the curve of theory is reached, and never passed."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binom, norm
from tests.audit.scenes import events_of, first_epoch, last_of_day, noise_covariance, series, wall

from throng.audit.attacks.commuter import Evidence, evidence, linked, recognition_rate
from throng.privacy import risk
from throng.privacy.budget import Budget

DAYS, TICKS, LINES = 60, 12, 60
FALSE_FAILURE = 1e-8
"""Of each comparison of a rate with a bound."""


def _days(folder: Path, budget: Budget) -> tuple[list[list[Evidence]], list[list[Evidence]]]:
    """By line and day, the evidence about one passage in and out that was there, and about one that was not.

    Each line stands for a camera of its own: one passage changes its two counters and no others.
    """
    rng = np.random.default_rng(6)
    covariance = noise_covariance(budget, ticks=TICKS, number_of_lines=LINES)
    came: list[list[Evidence]] = [[] for _ in range(LINES)]
    stayed_away: list[list[Evidence]] = [[] for _ in range(LINES)]
    for day in range(DAYS):
        others = rng.poisson(2.0, (2 * LINES, TICKS))
        times = np.sort(rng.integers(0, TICKS, (LINES, 2)), axis=1)
        contribution = np.zeros((2 * LINES, TICKS))
        for line in range(LINES):
            contribution[2 * line, times[line, 0]] = contribution[2 * line + 1, times[line, 1]] = 1.0
        present = np.arange(2 * LINES) // 2 % 2 == 0
        through = wall(folder, budget, camera=f"day {day}", number_of_lines=LINES)
        releases = last_of_day(through, events_of(others + contribution * present[:, None]), ticks=TICKS)
        values = series(releases, "in", "out")
        for line in range(LINES):
            both = slice(2 * line, 2 * line + 2)
            found = evidence(values[both], others[both], contribution[both], covariance)
            (came if present[2 * line] else stayed_away)[line].append(found)
    return [each for each in came if each], [each for each in stayed_away if each]


@pytest.mark.parametrize("mechanism", ["buffered", "independent"])
def test_the_strongest_attacker_reaches_the_curve_and_never_passes_it(tmp_path: Path, mechanism: str) -> None:
    budget = Budget(rho_per_day=0.2, passage_counters=2, mechanism=mechanism)
    came, stayed_away = _days(tmp_path, budget)
    rho = first_epoch(budget).rho
    threshold = norm.isf(0.01)
    for passages in (1, 5, 20, 60):
        hits, alarms = (_recognised(people, passages, threshold) for people in (came, stayed_away))
        bound = recognition_rate(rho, passages)
        assert hits.sum() <= binom.isf(FALSE_FAILURE, hits.size, bound)
        assert hits.sum() >= binom.ppf(FALSE_FAILURE, hits.size, 0.95 * bound)
        assert alarms.sum() <= binom.isf(FALSE_FAILURE, alarms.size, 0.01)


def _recognised(people: list[list[Evidence]], passages: int, threshold: float) -> NDArray[np.bool_]:
    groups = [days[first : first + passages] for days in people for first in range(0, DAYS, passages)]
    return np.array([linked(days) > threshold for days in groups])


@pytest.mark.usefixtures("_noise_off")
def test_without_noise_one_passage_is_enough(tmp_path: Path) -> None:
    """The same attack: its evidence is then all there is, and nought where nobody was."""
    through = wall(tmp_path, Budget(passage_counters=2), number_of_lines=1)
    contribution = np.zeros((2, TICKS))
    contribution[0, 3] = contribution[1, 5] = 1.0
    releases = last_of_day(through, {3: [(1, 0)], 5: [(1, 1)]}, ticks=TICKS)
    there = evidence(series(releases, "in", "out"), np.zeros((2, TICKS)), contribution, np.eye(TICKS))
    elsewhere = evidence(series(releases, "in", "out"), np.zeros((2, TICKS)), contribution[:, ::-1], np.eye(TICKS))
    assert there.score == pytest.approx(there.strength)
    assert elsewhere.score == pytest.approx(0.0, abs=1e-4)


@given(st.floats(0.01, 5), st.integers(1, 60), st.sampled_from([0.0, 0.3, 2.0]))
def test_the_curve_is_the_one_that_sites_are_told(rho: float, passages: int, epsilon: float) -> None:
    assert recognition_rate(rho, passages, epsilon=epsilon) == pytest.approx(
        risk.recognition_rate(rho, passages, epsilon=epsilon), abs=1e-9
    )


def test_the_curve_rises_with_the_passages() -> None:
    rates = [recognition_rate(0.1, passages) for passages in range(1, 61)]
    assert (np.diff(rates) > 0).all()
    assert recognition_rate(0.0, 60) == pytest.approx(0.01)


def test_the_evidence_is_that_of_two_gaussians() -> None:
    """Against the densities themselves: the logarithm of their ratio is score - strength / 2."""
    rng = np.random.default_rng(1)
    root = rng.normal(size=(4, 4))
    covariance, added = root @ root.T + np.eye(4), rng.normal(size=(1, 4))
    values, expected = rng.normal(size=(1, 4)), rng.normal(size=(1, 4))
    found = evidence(values, expected, added, covariance)

    def log_density(residual: NDArray[np.float64]) -> float:
        return float(-residual @ np.linalg.solve(covariance, residual) / 2)

    ratio = log_density((values - expected - added)[0]) - log_density((values - expected)[0])
    assert found.score - found.strength / 2 == pytest.approx(ratio)
