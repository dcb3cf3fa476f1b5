"""A commuter whose schedule is known: all his passages, put together."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, ndtr, ndtri
from scipy.stats import binom


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one day's releases say for the presence of one known passage.

    Attributes
    ----------
    score : float
        Its mean is 0 without him and `strength` with him; its variance is `strength` either way.
    strength : float
        d' S^-1 d: how far apart the two are, squared, in standard deviations.
    """

    score: float
    strength: float


def evidence(values: ArrayLike, expected: ArrayLike, contribution: ArrayLike, covariance: ArrayLike) -> Evidence:
    """The logarithm of the likelihood ratio for a passage at known ticks, up to a constant (Neyman and Pearson 1933).

    Parameters
    ----------
    values : (k, n) array-like
        What was released of k counters in n ticks, people.
    expected : (k, n) array-like
        What would be there without the passage and without noise; the strongest attacker knows it exactly.
    contribution : (k, n) array-like
        What the passage adds.
    covariance : (n, n) array-like
        Of the noise of each counter, people squared; what the attacker does not know of the others can be added to it. The
        noise of different counters is independent.
    """
    added = np.asarray(contribution, dtype=np.float64)
    direction = np.linalg.solve(np.asarray(covariance, dtype=np.float64), added.T).T
    residual = np.asarray(values, dtype=np.float64) - np.asarray(expected, dtype=np.float64)
    return Evidence(float(np.sum(direction * residual)), float(np.sum(direction * added)))


def linked(days: Iterable[Evidence]) -> float:
    """The evidence of independent days in one number: standard normal if he never came; larger if he came on all of them."""
    each = list(days)
    return float(sum(day.score for day in each) / np.sqrt(sum(day.strength for day in each)))


def recognition_rate(rho: float, passages: int, *, epsilon: float = 0.0, false_alarm: float = 0.01) -> float:
    """The most that any attack recognises of a known person's passages: Phi(Phi^-1(false_alarm) + root(2 rho passages)).

    Sources: Dong, Roth and Su 2022, "Gaussian differential privacy", equation 6 and corollary 3.3; with an epsilon, that of as
    many randomised responses takes the place of the false alarms (Kairouz, Oh and Viswanath 2015, "The composition theorem for
    differential privacy", theorem 3.3).
    """
    return float(ndtr(ndtri(_responses(epsilon, passages, false_alarm)) + np.sqrt(2 * rho * passages)))


def _responses(epsilon: float, passages: int, false_alarm: float) -> float:
    """The most that a test of so many randomised responses recognises: whoever has more true ones than some number."""
    if not epsilon:
        return false_alarm
    false = float(expit(-epsilon))
    least = int(binom.isf(false_alarm, passages, false))
    part = (false_alarm - binom.sf(least, passages, false)) / binom.pmf(least, passages, false)
    with_him = binom.sf(least, passages, 1 - false) + part * binom.pmf(least, passages, 1 - false)
    return min(1.0, float(with_him))


def tick_covariance(of_totals: ArrayLike) -> NDArray[np.float64]:
    """Covariance (n, n) of a counter's ticks from that of its totals (n + 1, n + 1), with the one before the first tick."""
    totals = np.asarray(of_totals, dtype=np.float64)
    ticks: NDArray[np.float64] = np.diff(np.diff(totals, axis=0), axis=1)
    return ticks
