"""What the test of the scatter rests on: a bound on a probability, and how the noise of each mechanism hangs together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chi2
from tests.audit.scenes import events_of, first_epoch, last_of_day, noise_covariance, series, wall

from throng.audit.store.noise import Scatter, squared_differences
from throng.audit.store.promise import Promise, promised
from throng.privacy.budget import MECHANISMS, Budget

CALLED_GAUSSIAN, CALLED_PURE = 2.0, 8.0


@given(st.floats(0.01, 0.99), st.integers(1, 3000))
def test_the_chance_is_a_bound_on_that_of_a_chi_square(ratio: float, terms: int) -> None:
    """With a spread of one the terms are independent, and the exact probability is known."""
    assert Scatter("", ratio, terms, 1.0).chance() >= chi2.cdf(ratio * terms, terms)


@given(st.lists(st.floats(0.0, 4.0), min_size=2, max_size=30), st.floats(0.05, 0.95))
def test_no_other_weights_of_the_same_spread_are_likelier_to_be_small(weights: list[float], ratio: float) -> None:
    """The bound's own step: Chernoff's bound for any weights is at most that for equal ones, whatever its parameter."""
    lam = np.array(weights) + 0.01
    lam *= len(lam) / lam.sum()
    spread = float(np.mean(lam**2))
    for theta in np.geomspace(0.01, 100, 30):
        own = -0.5 * np.sum(np.log1p(2 * theta * lam))
        equal = -0.5 * len(lam) / spread * np.log1p(2 * theta * spread)
        assert own <= equal + 1e-9


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("ticks", [2, 9, 64, 129, 400])
def test_the_noise_of_every_mechanism_is_as_the_test_assumes(mechanism: str, ticks: int) -> None:
    """Differences vary no less than their two errors say, and hang together no more than the spread allows, in any stretch."""
    covariance = noise_covariance(Budget(mechanism=mechanism, passage_counters=2), ticks=ticks, number_of_lines=1)
    variances = np.diag(covariance)
    scale = np.sqrt(variances[1:] + variances[:-1])
    squares = np.diff(np.diff(covariance, axis=0), axis=1) / np.outer(scale, scale)
    assert np.diag(squares).min() > 1 - 1e-9
    for begin in range(0, ticks - 1, 50):
        for end in {min(begin + 128, ticks - 1), ticks - 1}:
            part = squares[begin:end, begin:end]
            assert np.sum(part**2) * len(part) / np.trace(part) ** 2 <= CALLED_GAUSSIAN


def test_noise_without_a_delta_is_found_too_small_no_more_often_than_is_said(tmp_path_factory: pytest.TempPathFactory) -> None:
    """It is no Gaussian, so its spread is a larger one, and it is shown by drawing: 2,000 series of 60 ticks."""
    budget = Budget(mechanism="pure-tree", passage_counters=2)
    through = wall(tmp_path_factory.mktemp("pure"), budget, number_of_lines=1000)
    releases = last_of_day(through, events_of(np.zeros((2000, 60))), ticks=60)
    errors = np.array([release.standard_errors[0] for release in releases])
    ratios = [float(np.mean(squared_differences(values, errors))) for values in series(releases, "in", "out")]
    for ratio in (0.2, 0.4, 0.6, 0.8):
        low = int(np.sum(np.array(ratios) <= ratio))
        said = Scatter("", ratio, 59, CALLED_PURE).chance()
        assert low <= binom.isf(1e-8, len(ratios), min(said, 1.0))
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_no_mechanism_has_smaller_errors_than_its_cost_permits(mechanism: str) -> None:
    for rho, epsilon in ((0.01, 0.1), (0.2, 1.0), (10.0, 20.0)):
        budget = Budget(rho_per_day=rho, epsilon_per_day=epsilon, mechanism=mechanism, passage_counters=1)
        epoch = first_epoch(budget)
        cost = Promise(epsilon=epoch.epsilon) if budget.pure else Promise(rho=epoch.rho)
        least = np.sqrt(np.diag(noise_covariance(budget, ticks=5, number_of_lines=1)).min())
        assert cost.least_standard_error() <= least


def test_the_least_error_is_nearly_reached_by_the_plainest_mechanism() -> None:
    """So that errors half as large as they must be are found where one passage changes one number."""
    budget = Budget(mechanism="independent", passage_counters=1)
    reached = noise_covariance(budget, ticks=5, number_of_lines=1)[0, 0] ** 0.5
    assert Promise(rho=first_epoch(budget).rho).least_standard_error() > 0.9 * reached


@pytest.mark.parametrize(
    ("text", "promise"),
    [
        ("square-root(ticks=1440, rho=0.1, sensitivity=1.732, sigma=3.87)", Promise(rho=0.1)),
        ("buffered(ticks=43200, rho=2.5e-05, sensitivity=1)", Promise(rho=2.5e-5)),
        ("pure-tree(ticks=9, epsilon=0.5, sensitivity=3, arity=5)", Promise(epsilon=0.5)),
        ("buffered(rho=0.1, ticks=3); tree(rho=0.05, ticks=9)", Promise(rho=0.15)),
        ("none", None),
        ("independent(ticks=9, sigma=3)", None),
        ("independent(rho=0)", None),
    ],
)
def test_what_a_description_states_is_read_whatever_stands_around_it(text: str, promise: Promise | None) -> None:
    found = promised(text)
    if promise is None or found is None:
        assert found is promise
    else:
        assert (found.rho, found.epsilon) == pytest.approx((promise.rho, promise.epsilon))
