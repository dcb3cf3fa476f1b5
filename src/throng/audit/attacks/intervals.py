"""What an attack's successes prove: bounds on rates, and through them on epsilon and on mu, each at a stated confidence.

docs/privacy/0010-attacks.md, section "Membership".
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtr, ndtri
from scipy.stats import beta

CONFIDENCE = 0.999


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """How often an attack said that a passage was there; numbers, or arrays (q,) for as many attacks.

    Attributes
    ----------
    hits : array-like of int
        Times that it was there, out of `present`.
    present : int
        Independent trials.
    alarms : array-like of int
        Times that it was not there, out of `absent`.
    absent : int
    """

    hits: ArrayLike
    present: int
    alarms: ArrayLike
    absent: int


def rate_at_least(hits: ArrayLike, trials: int, error: float) -> NDArray[np.float64]:
    """A lower bound on the rate behind `hits` of so many independent trials; above it with a probability of at most `error`.

    Source: Clopper and Pearson 1934, "The use of confidence or fiducial limits illustrated in the case of the binomial".
    """
    number = np.asarray(hits)
    with np.errstate(invalid="ignore"):
        least: NDArray[np.float64] = np.where(number > 0, beta.ppf(error, number, trials - number + 1), 0.0)
    return least


def rate_at_most(hits: ArrayLike, trials: int, error: float) -> NDArray[np.float64]:
    """The same from above."""
    most: NDArray[np.float64] = 1 - rate_at_least(trials - np.asarray(hits), trials, error)
    return most


def epsilon_at_least(tally: Tally, *, delta: float, confidence: float = CONFIDENCE) -> NDArray[np.float64]:
    """A lower bound on epsilon, whatever the mechanism is.

    (epsilon, delta)-differential privacy demands of the rates p of hits and q of false alarms that p <= e^epsilon q + delta and
    1 - q <= e^epsilon (1 - p) + delta (Kairouz, Oh and Viswanath 2015, "The composition theorem for differential privacy"). One
    lower bound on p and one upper bound on q, each wrong with half of what the confidence leaves, serve both.
    """
    hits, alarms = _rates(tally, confidence)
    forth, back = np.maximum(hits - delta, 0) / alarms, np.maximum(1 - alarms - delta, 0) / (1 - hits)
    bound: NDArray[np.float64] = np.log(np.maximum(np.maximum(forth, back), 1.0))
    return bound


def mu_at_least(tally: Tally, *, confidence: float = CONFIDENCE) -> NDArray[np.float64]:
    """A lower bound on the mu of Gaussian differential privacy: the distance of two Gaussians that cannot be told apart worse.

    Phi^-1(p) - Phi^-1(q), from p and q as `epsilon_at_least` has them (Dong, Roth and Su 2022, "Gaussian differential privacy",
    equation 6). Gaussian noise that is rho-zCDP has mu = root(2 rho).
    """
    hits, alarms = _rates(tally, confidence)
    bound: NDArray[np.float64] = np.maximum(ndtri(hits) - ndtri(alarms), 0.0)
    return bound


def gaussian_epsilon(mu: float, delta: float) -> float:
    """The epsilon of a Gaussian mechanism at a delta above zero, exactly.

    The root of delta = Phi(mu / 2 - epsilon / mu) - e^epsilon Phi(-mu / 2 - epsilon / mu) (Balle and Wang 2018, "Improving the
    Gaussian mechanism for differential privacy", theorem 8).
    """

    def surplus(epsilon: float) -> float:
        return float(ndtr(mu / 2 - epsilon / mu) - math.exp(epsilon + log_ndtr(-mu / 2 - epsilon / mu))) - delta

    if mu <= 0 or surplus(0.0) <= 0:
        return 0.0
    return float(brentq(surplus, 0.0, mu * mu / 2 - mu * float(ndtri(delta))))


def exceeds(measure: Callable[[], float], claim: float) -> bool:
    """Whether a claim is refuted: two measurements, of fresh noise, are both above it.

    Of a claim that is true one is above with a probability of at most 1 - confidence, and both with its square.
    """
    return measure() > claim and measure() > claim


def _rates(tally: Tally, confidence: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    error = (1 - confidence) / 2
    return rate_at_least(tally.hits, tally.present, error), rate_at_most(tally.alarms, tally.absent, error)
