"""Auditing in one run: many passages, each there by the toss of a coin, guessed from a single day's releases.

Source: Steinke, Nasr and Jagielski 2023, "Privacy auditing with one (1) training run". docs/privacy/0010-attacks.md, section
"One run".
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import bisect
from scipy.special import expit
from scipy.stats import binom

from throng.audit.attacks.intervals import CONFIDENCE

_MOST = 50.0


def right_guesses(scores: ArrayLike, present: ArrayLike, *, positive: int, negative: int) -> int:
    """How many guesses are right: that the `positive` passages with the largest scores are there, and the `negative` with the
    smallest are not. Of the others nothing is said.

    Parameters
    ----------
    scores : (m,) array-like
        Larger for passages that seem to be there.
    present : (m,) array-like of bool
        The coins.
    positive, negative : int
        Fixed before the scores are seen.

    Raises
    ------
    ValueError
        There are more guesses than passages.
    """
    order, truth = np.argsort(np.asarray(scores)), np.asarray(present, dtype=bool)
    if not (positive >= 0 and negative >= 0 and positive + negative <= len(order)):
        raise ValueError(f"positive and negative must add up to at most {len(order)} passages, not {positive} and {negative}")
    there, gone = order[len(order) - positive :], order[:negative]
    return int(truth[there].sum() + (~truth[gone]).sum())


def chance(*, passages: int, guesses: int, right: int, epsilon: float, delta: float) -> float:
    """At most the probability of so many right guesses or more if the whole is (epsilon, delta)-differentially private.

    With f(v) the probability that a binomial of `guesses` trials at e^epsilon / (1 + e^epsilon) is at least v:
    f(right) + 2 m delta max_i (f(right - i) - f(right)) / i, over i from 1 to `right` (appendix D).

    Parameters
    ----------
    passages : int
        m, coins that were tossed.
    guesses, right : int
        About passages chosen in any way from what was released, their number fixed beforehand.
    epsilon, delta : float
        Of one passage.
    """
    by_luck = float(binom.sf(right - 1, guesses, expit(epsilon)))
    if not right or not delta:
        return by_luck
    steps = np.arange(1, right + 1)
    further = np.cumsum(binom.pmf(right - steps, guesses, expit(epsilon)))
    return min(1.0, by_luck + 2 * passages * delta * float(np.max(further / steps)))


def epsilon_at_least(*, passages: int, guesses: int, right: int, delta: float, confidence: float = CONFIDENCE) -> float:
    """A lower bound on epsilon: where `chance` is as small as the confidence leaves. For the parameters see there."""

    def surplus(epsilon: float) -> float:
        return chance(passages=passages, guesses=guesses, right=right, epsilon=epsilon, delta=delta) - (1 - confidence)

    return float(bisect(surplus, 0.0, _MOST)) if surplus(0.0) < 0 else 0.0
