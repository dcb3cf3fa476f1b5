"""Bounds hold as often as they say against the most that they allow, summed exactly; they are close where trials are many."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.special import ndtr, ndtri
from scipy.stats import binom, binomtest, norm

from throng.audit.attacks.intervals import (
    Tally,
    epsilon_at_least,
    exceeds,
    gaussian_epsilon,
    mu_at_least,
    rate_at_least,
    rate_at_most,
)
from throng.privacy import risk

TRIALS = 150
RATES = np.linspace(0.005, 0.995, 100)


@settings(deadline=None)
@given(st.integers(1, 300), st.floats(0, 1), st.floats(1e-6, 0.4))
def test_rates_are_bounded_as_by_the_exact_test(trials: int, share: float, error: float) -> None:
    hits = round(share * trials)
    low, high = binomtest(hits, trials).proportion_ci(1 - 2 * error, method="exact")
    assert rate_at_least(hits, trials, error) == pytest.approx(low, abs=1e-9)
    assert rate_at_most(hits, trials, error) == pytest.approx(high, abs=1e-9)


@pytest.mark.parametrize("error", [0.1, 0.001])
def test_a_bound_on_a_rate_fails_no_more_often_than_it_says(error: float) -> None:
    hits = np.arange(TRIALS + 1)
    wrong = rate_at_least(hits, TRIALS, error)[:, None] > RATES
    failures = np.sum(binom.pmf(hits[:, None], TRIALS, RATES) * wrong, axis=0)
    assert failures.max() <= error
    assert failures.max() >= error / 2


def _failures(hits: NDArray[np.float64], alarms: NDArray[np.float64], wrong: Callable[[Tally], NDArray[np.bool_]]) -> float:
    """The largest probability of a wrong bound over pairs of rates (q,) of hits and of false alarms, summed over all counts."""
    counts = np.arange(TRIALS + 1)
    grid = np.meshgrid(counts, counts, indexing="ij")
    bad = wrong(Tally(grid[0], TRIALS, grid[1], TRIALS))
    of_hits, of_alarms = (binom.pmf(counts, TRIALS, rates[:, None]) for rates in (hits, alarms))
    return float(np.max(np.einsum("qi,ij,qj->q", of_hits, bad, of_alarms)))


@pytest.mark.parametrize(("epsilon", "delta"), [(0.0, 0.0), (1.0, 0.0), (1.0, 0.05), (2.0, 0.01)])
@pytest.mark.parametrize("confidence", [0.8, 0.999])
def test_a_bound_on_epsilon_is_wrong_no_more_often_than_it_says(epsilon: float, delta: float, confidence: float) -> None:
    """Of the most that any attack attains: p = e^epsilon q + delta, or 1 - q = e^epsilon (1 - p) + delta, where they meet."""
    best = np.minimum(np.exp(epsilon) * RATES + delta, 1 - (1 - RATES - delta) * np.exp(-epsilon))

    def wrong(tally: Tally) -> NDArray[np.bool_]:
        return epsilon_at_least(tally, delta=delta, confidence=confidence) > epsilon

    assert 0 < _failures(np.clip(best, 0, 1), RATES, wrong) <= 1 - confidence


@pytest.mark.parametrize("mu", [0.0, 1.0])
@pytest.mark.parametrize("confidence", [0.8, 0.999])
def test_a_bound_on_mu_is_wrong_no_more_often_than_it_says(mu: float, confidence: float) -> None:
    def wrong(tally: Tally) -> NDArray[np.bool_]:
        return mu_at_least(tally, confidence=confidence) > mu

    assert 0 < _failures(ndtr(ndtri(RATES) + mu), RATES, wrong) <= 1 - confidence


@settings(deadline=None)
@given(st.floats(0.1, 3), st.floats(0.05, 0.45), st.sampled_from([0.0, 0.01]))
def test_of_many_trials_the_bounds_are_close(epsilon: float, alarms: float, delta: float) -> None:
    many = 10**12
    hits = min(math.exp(epsilon) * alarms + delta, 1 - (1 - alarms - delta) * math.exp(-epsilon))
    tally = Tally(round(hits * many), many, round(alarms * many), many)
    assert epsilon_at_least(tally, delta=delta) == pytest.approx(epsilon, rel=1e-3)
    assert mu_at_least(tally) == pytest.approx(ndtri(hits) - ndtri(alarms), rel=1e-3)


@settings(deadline=None)
@given(st.floats(0.05, 4), st.floats(1e-9, 0.3))
def test_the_epsilon_of_a_gaussian_solves_its_definition(mu: float, delta: float) -> None:
    """delta is the integral of what the one density has beyond e^epsilon times the other."""
    epsilon = gaussian_epsilon(mu, delta)
    from_x = epsilon / mu + mu / 2
    above, _ = quad(lambda x: norm.pdf(x, mu) - math.exp(epsilon) * norm.pdf(x), from_x, from_x + 12, epsabs=1e-14)
    if epsilon:
        assert above == pytest.approx(delta, rel=1e-3)
    else:
        assert above <= delta + 1e-12


@settings(deadline=None)
@given(st.floats(0.01, 4), st.floats(1e-9, 0.1))
def test_it_is_below_what_the_budget_is_shown_as(rho: float, delta: float) -> None:
    assert gaussian_epsilon(math.sqrt(2 * rho), delta) <= risk.epsilon(rho, delta) + 1e-6


def test_a_claim_is_refuted_by_two_measurements_and_not_by_one() -> None:
    for measured, refuted in (([2.0, 3.0], True), ([2.0, 0.5], False), ([0.5, 2.0], False)):
        assert exceeds(iter(measured).__next__, 1.0) is refuted
