"""Was a known passage there? The best test of it, and what its successes prove.

docs/privacy/0010-attacks.md, section "Membership".
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from throng.audit.attacks.intervals import CONFIDENCE, Tally, epsilon_at_least, mu_at_least

_PILOT = 10
"""One score in so many chooses the thresholds."""
_TAILS = 0.5 ** np.arange(1, 10)
_LEVELS = np.unique(np.concatenate((_TAILS, 1 - _TAILS)))
"""Thresholds are these quantiles of the pilot's scores."""


def log_likelihood_ratio(
    residuals: ArrayLike, contributions: ArrayLike, factor: ArrayLike, *, power: int = 2
) -> NDArray[np.float64]:
    """Evidence (q,) for a passage in q trials: the logarithm of how much likelier the releases are with it than without it.

    No test does better at any rate of false alarms (Neyman and Pearson 1933). With w the residual and d the contribution, both
    multiplied by the inverse of the factor, it is the sum of (|w|^power - |w - d|^power) / power.

    Parameters
    ----------
    residuals : (q, k, n) array-like
        What was released of k counters at n ticks, less what would be there without the passage and without noise, people. The
        strongest attacker knows all of the others.
    contributions : (q, k, n) array-like
        What the passage adds.
    factor : (n, n) array-like
        A counter's noise is this times independent numbers z of density proportional to exp(-|z|^power / power); for Gaussian
        noise a Cholesky factor of its covariance. The noise of different counters is independent.
    power : int
        2 for Gaussian noise, 1 for Laplace noise.
    """
    inverse = np.linalg.inv(np.asarray(factor, dtype=np.float64)).T
    noised, shift = np.asarray(residuals) @ inverse, np.asarray(contributions) @ inverse
    evidence: NDArray[np.float64] = np.sum(np.abs(noised) ** power - np.abs(noised - shift) ** power, axis=(1, 2)) / power
    return evidence


@dataclass(frozen=True, slots=True)
class Measured:
    """Lower bounds, each at the stated confidence.

    Attributes
    ----------
    epsilon : float
        At the delta that was asked for, whatever the mechanism is.
    mu : float
        Of Gaussian differential privacy; `throng.audit.attacks.intervals.gaussian_epsilon` makes an epsilon of it.
    """

    epsilon: float
    mu: float


def audit_membership(present: ArrayLike, absent: ArrayLike, *, delta: float, confidence: float = CONFIDENCE) -> Measured:
    """What the scores of an attack prove, larger scores speaking for the passage.

    A tenth of the scores, which is not counted, sets a few thresholds; each of them is tried, at a confidence that is raised so
    that all bounds hold together (Bonferroni), and the best is taken.

    Parameters
    ----------
    present, absent : (p,) and (a,) array-like
        Scores of independent trials with the passage and without it.
    delta : float
        What the epsilon is asked at.
    confidence : float
        Of each of the bounds.
    """
    scores = [np.asarray(each, dtype=np.float64) for each in (present, absent)]
    pilot = np.concatenate([each[::_PILOT] for each in scores])
    thresholds = np.quantile(pilot, _LEVELS, method="lower")
    with_it, without = (np.delete(each, np.s_[::_PILOT]) for each in scores)
    hits, alarms = (len(each) - np.searchsorted(np.sort(each), thresholds) for each in (with_it, without))
    tally = Tally(hits, len(with_it), alarms, len(without))
    each_confidence = 1 - (1 - confidence) / len(thresholds)
    return Measured(
        float(np.max(epsilon_at_least(tally, delta=delta, confidence=each_confidence))),
        float(np.max(mu_at_least(tally, confidence=each_confidence))),
    )
