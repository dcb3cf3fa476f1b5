"""One run: the bound is the paper's, holds against the worst, and refutes a wall without its noise in a single day."""

import numpy as np
import pytest
from bench.privacy_attacks import COUNTERS, ONE_RUN_DELTA, ONE_RUN_GROUPS, PURE_WALL, claimed, of_wall
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import binom

from throng.audit.attacks.intervals import exceeds, rate_at_least
from throng.audit.attacks.one_run import chance, epsilon_at_least, right_guesses
from throng.privacy.budget import Budget
from throng.privacy.sampler import _ExactNoise

DEFAULT = Budget(passage_counters=COUNTERS)


def _in_one_day(budget: Budget, passages: int = ONE_RUN_GROUPS) -> float:
    delta = 0.0 if budget.pure else ONE_RUN_DELTA
    return of_wall(budget, groups=passages, days=1).measured_in_one_run(delta)


def test_one_day_of_the_pure_wall_proves_half_of_its_claim_and_no_more() -> None:
    measured, claim = _in_one_day(PURE_WALL), claimed(PURE_WALL, 0.0)
    assert measured <= claim or _in_one_day(PURE_WALL) <= claim
    assert measured >= claim / 2


def test_one_day_of_the_default_wall_proves_no_more_than_its_claim() -> None:
    assert not exceeds(lambda: _in_one_day(DEFAULT, passages=1_000), claimed(DEFAULT, ONE_RUN_DELTA))


@pytest.mark.parametrize(("budget", "share"), [(PURE_WALL, 0.0), (PURE_WALL, 0.5), (DEFAULT, 0.0)])
def test_one_day_with_less_noise_refutes_the_claim(budget: Budget, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = _ExactNoise.draw
    monkeypatch.setattr(_ExactNoise, "draw", lambda self, n: np.rint(share * draw(self, n)).astype(np.int64))
    passages = ONE_RUN_GROUPS if share else 1_000
    assert exceeds(lambda: _in_one_day(budget, passages), claimed(budget, 0.0 if budget.pure else ONE_RUN_DELTA))


@pytest.mark.parametrize(
    ("passages", "guesses", "right", "delta", "published"),
    [(1_000, 100, 75, 1e-4, 0.673), (100_000, 1_510, 1_439, 1e-5, 2.675)],
)
def test_the_bound_is_the_published_one(passages: int, guesses: int, right: int, delta: float, published: float) -> None:
    """Steinke, Nasr and Jagielski 2023, appendix D and section 7; given there to three digits."""
    found = epsilon_at_least(passages=passages, guesses=guesses, right=right, delta=delta, confidence=0.95)
    assert found == pytest.approx(published, abs=1e-3)


@settings(deadline=None)
@given(st.integers(1, 500), st.floats(0, 1), st.floats(0.5, 0.9999))
def test_with_a_delta_of_zero_it_is_a_bound_on_a_rate(guesses: int, share: float, confidence: float) -> None:
    """No guess about an epsilon-differentially private answer is right more often than e^epsilon / (1 + e^epsilon)."""
    right = round(share * guesses)
    found = epsilon_at_least(passages=guesses, guesses=guesses, right=right, delta=0.0, confidence=confidence)
    assert expit(found) == pytest.approx(max(0.5, rate_at_least(right, guesses, 1 - confidence)), abs=1e-6)


@settings(deadline=None)
@given(st.integers(1, 60), st.floats(0, 3), st.floats(0, 0.2))
def test_nothing_that_is_private_is_guessed_more_often_than_the_bound(passages: int, epsilon: float, delta: float) -> None:
    """Of randomised responses that let out each answer with a probability of delta, or all of them together."""
    rights, q = np.arange(passages + 1), expit(epsilon)
    bound = [
        chance(passages=passages, guesses=passages, right=right, epsilon=epsilon, delta=delta) for right in rights.tolist()
    ]
    each_by_itself = binom.sf(rights - 1, passages, delta + (1 - delta) * q)
    all_together = delta + (1 - delta) * binom.sf(rights - 1, passages, q)
    assert (np.array(bound) >= np.maximum(each_by_itself, all_together) - 1e-12).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.floats(0.1, 3), st.sampled_from([0.0, 1e-3]), st.sampled_from([0.8, 0.999]))
def test_it_is_wrong_no_more_often_than_it_says(guesses: int, epsilon: float, delta: float, confidence: float) -> None:
    """Against randomised response, summed over all numbers of right guesses."""
    rights = np.arange(guesses + 1)
    found = [
        epsilon_at_least(passages=guesses, guesses=guesses, right=right, delta=delta, confidence=confidence)
        for right in rights.tolist()
    ]
    wrong = np.array(found) > epsilon + 1e-9
    assert binom.pmf(rights, guesses, delta + (1 - delta) * expit(epsilon)) @ wrong <= 1 - confidence


@given(st.integers(0, 10**6), st.integers(1, 40), st.data())
def test_guesses_go_to_the_ends(seed: int, passages: int, data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    present = rng.random(passages) < 0.5
    positive, negative = data.draw(st.integers(0, present.sum())), data.draw(st.integers(0, (~present).sum()))
    scores = present + rng.random(passages) / 2
    assert right_guesses(scores, present, positive=positive, negative=negative) == positive + negative
    assert right_guesses(-scores, present, positive=positive, negative=negative) == (
        max(0, positive - (~present).sum()) + max(0, negative - present.sum())
    )


def test_more_guesses_than_passages_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 2"):
        right_guesses([1.0, 2.0], [True, False], positive=2, negative=1)
