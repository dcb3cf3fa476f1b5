"""The best test proves more than half of the claimed epsilon and never more than all of it, unless noise is missing."""

import math

import numpy as np
import pytest
from bench.privacy_attacks import (
    CLEAR,
    DELTA,
    EPSILON,
    MECHANISMS,
    PURE,
    PURE_WALL,
    RHO,
    Scores,
    claimed,
    of_mechanism,
    of_wall,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, laplace, multivariate_normal

from throng.audit.attacks.commuter import evidence
from throng.audit.attacks.intervals import exceeds, gaussian_epsilon
from throng.audit.attacks.membership import Measured, audit_membership, log_likelihood_ratio
from throng.privacy import risk
from throng.privacy.budget import Budget
from throng.privacy.sampler import _ExactNoise

FALSE_FAILURE = 1e-6


def _weaken(monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    draw = _ExactNoise.draw
    monkeypatch.setattr(_ExactNoise, "draw", lambda self, n: np.rint(share * draw(self, n)).astype(np.int64))


def _best(scores: Scores, delta: float) -> float:
    return float(np.nanmax(scores.measured(delta)))


def _claims(name: str) -> tuple[float, float, float]:
    """The delta, the claimed epsilon at it, and the exact one."""
    if name == PURE:
        return 0.0, EPSILON, EPSILON
    return DELTA, risk.epsilon(RHO, DELTA), gaussian_epsilon(math.sqrt(2 * RHO), DELTA)


@pytest.mark.parametrize("name", MECHANISMS)
def test_a_mechanism_leaks_what_it_claims_and_no_more(name: str) -> None:
    """Each of the two bounds alone proves half of it; half is more than five standard deviations away."""
    delta, claim, exact = _claims(name)
    assert not exceeds(lambda: _best(of_mechanism(name), delta), exact)
    assert min(each for each in of_mechanism(name).measured(delta) if not math.isnan(each)) >= claim / 2


@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize("name", MECHANISMS)
def test_with_less_noise_a_mechanism_is_refuted(name: str, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is assumed of its noise."""
    _weaken(monkeypatch, share)
    delta, claim, _ = _claims(name)
    assert exceeds(lambda: of_mechanism(name).measured(delta)[0], claim)


@pytest.mark.parametrize("budget", [CLEAR, PURE_WALL], ids=lambda budget: budget.mechanism)
def test_the_wall_leaks_what_it_claims_and_no_more(budget: Budget) -> None:
    delta = 0.0 if budget.pure else DELTA
    claim = claimed(budget, delta)
    exact = claim if budget.pure else gaussian_epsilon(math.sqrt(budget.rho_per_day), delta)
    measured = _best(of_wall(budget), delta)
    assert measured <= exact or _best(of_wall(budget), delta) <= exact
    assert measured >= claim / 2


@pytest.mark.parametrize(("budget", "share"), [(CLEAR, 0.0), (CLEAR, 0.5), (PURE_WALL, 0.0)])
def test_with_less_noise_the_wall_is_refuted(budget: Budget, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the noise of the pure wall is seen in one run, with fewer passages."""
    _weaken(monkeypatch, share)
    delta = 0.0 if budget.pure else DELTA
    assert exceeds(lambda: _best(of_wall(budget, days=2), delta), claimed(budget, delta))


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_the_evidence_is_the_ratio_of_the_densities(seed: int) -> None:
    rng = np.random.default_rng(seed)
    factor = np.eye(4) + np.tril(rng.normal(size=(4, 4)), -1)
    residuals, added = rng.normal(size=(3, 2, 4)), rng.normal(size=(3, 2, 4))
    gaussian = multivariate_normal(np.zeros(4), factor @ factor.T)
    expected = np.sum(gaussian.logpdf(residuals - added) - gaussian.logpdf(residuals), axis=1)
    np.testing.assert_allclose(log_likelihood_ratio(residuals, added, factor), expected, atol=1e-8)
    plain = log_likelihood_ratio(residuals, added, 3 * np.eye(4), power=1)
    ratio = np.sum(laplace.logpdf(residuals - added, scale=3) - laplace.logpdf(residuals, scale=3), axis=(1, 2))
    np.testing.assert_allclose(plain, ratio, atol=1e-8)
    for residual, one, found in zip(residuals, added, log_likelihood_ratio(residuals, added, factor), strict=True):
        known = evidence(residual, np.zeros((2, 4)), one, factor @ factor.T)
        assert found == pytest.approx(known.score - known.strength / 2, abs=1e-8)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 2]))
def test_the_evidence_does_not_depend_on_the_basis(seed: int, power: int) -> None:
    """What is released as ticks or as totals is the same."""
    rng = np.random.default_rng(seed)
    factor, residuals, added = (rng.normal(size=shape) for shape in ((4, 4), (3, 2, 4), (3, 2, 4)))
    factor += 4 * np.eye(4)
    totals = np.tril(np.ones((4, 4)))
    np.testing.assert_allclose(
        log_likelihood_ratio(residuals @ totals.T, added @ totals.T, totals @ factor, power=power),
        log_likelihood_ratio(residuals, added, factor, power=power),
        atol=1e-8,
    )


@pytest.mark.parametrize("which", ["epsilon", "mu"])
def test_its_bounds_are_wrong_no_more_often_than_they_say(which: str) -> None:
    """At a confidence of one half, over 200 audits of a Gaussian whose mu is known."""
    rng, mu = np.random.default_rng(), 1.0
    true = gaussian_epsilon(mu, DELTA) if which == "epsilon" else mu

    def audited() -> float:
        found = audit_membership(rng.normal(mu, 1, 10_000), rng.normal(0, 1, 10_000), delta=DELTA, confidence=0.5)
        return found.epsilon if which == "epsilon" else found.mu

    assert sum(audited() > true for _ in range(200)) <= binom.isf(FALSE_FAILURE, 200, 0.5)


@pytest.mark.parametrize("transformed", [np.exp, np.cbrt])
def test_only_the_order_of_scores_matters(transformed: np.ufunc) -> None:
    rng = np.random.default_rng(1)
    present, absent = rng.normal(1, 1, 2_000), rng.normal(0, 1, 2_000)
    found = audit_membership(present, absent, delta=DELTA)
    assert audit_membership(transformed(present), transformed(absent), delta=DELTA) == found


def test_scores_that_tell_nothing_prove_nothing() -> None:
    assert audit_membership(np.zeros(5_000), np.zeros(5_000), delta=0.0) == Measured(0.0, 0.0)
