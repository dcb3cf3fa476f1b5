"""Attacks by subtraction: windows, a zone inside a zone, a day less its hours, and one question asked again and again."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr


def windows(totals: ArrayLike, begins: ArrayLike, ends: ArrayLike) -> NDArray[np.float64]:
    """What was counted between two moments: the later running total less the earlier.

    Parameters
    ----------
    totals : (n,) array-like
        Running totals at the ends of ticks 0 to n - 1, people.
    begins, ends : (q,) array-like of int
        The first tick of each window, and the first after it.
    """
    running = np.concatenate(([0.0], np.asarray(totals, dtype=np.float64)))
    counted: NDArray[np.float64] = running[np.asarray(ends)] - running[np.asarray(begins)]
    return counted


def ring(outer: ArrayLike, inner: ArrayLike) -> NDArray[np.float64]:
    """How many stand in a zone but not in the zone that lies inside it, (n,) people; the errors of both add up."""
    return np.asarray(outer, dtype=np.float64) - np.asarray(inner, dtype=np.float64)


def remainder(whole: float, parts: ArrayLike) -> float:
    """What is left of a day once the hours that are known, or guessed, are taken away, people."""
    return float(whole - np.sum(np.asarray(parts, dtype=np.float64)))


def averaged(answers: ArrayLike) -> NDArray[np.float64]:
    """The mean (n,) of (q, n) answers to the same n questions: fresh noise would fall with the root of q."""
    mean: NDArray[np.float64] = np.mean(np.asarray(answers, dtype=np.float64), axis=0)
    return mean


def hit_rate(guesses: ArrayLike, truth: ArrayLike) -> float:
    """Share of whole numbers that a guess, rounded, gets right."""
    return float(np.mean(np.rint(np.asarray(guesses, dtype=np.float64)) == np.asarray(truth)))


def best_hit_rate(rho: float, *, length: float = 1.0) -> float:
    """How often the best attacker, who knows all but one count, gets it right, if all values are alike to him beforehand.

    One person more or less in the count shifts a Gaussian by at most mu = root(2 rho) `length` of its standard deviation, so he
    errs less than half a person with probability 2 Phi(mu / 2) - 1.

    Parameters
    ----------
    rho : float
        Zero-concentrated differential privacy of one passage.
    length : float
        Of one count as a share of what the passage may contribute: 1 / root(m) where it may change m counters.
    """
    return float(2 * ndtr(length * np.sqrt(2 * rho) / 2) - 1)
