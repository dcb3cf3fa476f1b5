"""Counting under continual observation with a few numbers of memory for each counter.

The proof, with what it assumes: docs/privacy/0004-buffered.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.signal import lfilter

from throng.data.secrecy import MemoryOnly
from throng.data.secret_memory import secret_array
from throng.privacy.mechanism import GRID_BITS, Noised, check, most_per_tick, out_of_ticks
from throng.privacy.normalised import gains, noise_scale
from throng.privacy.sampler import DiscreteGaussian

BUFFERS = 5
_BITS = 31
"""Weights and decays are multiples of 2^-31."""
_FASTEST, _SLOWEST = 0.5, 1.5
"""The decays are spaced evenly in the logarithm of what they lose in a tick, from one half to 1.5 over the ticks."""
_CAUTION = 0.9
"""The weights are so much smaller than those of the square root: a tick's error falls by 9 per cent, a total's grows by 0.4."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def coefficients(ticks: int) -> tuple[Integers, Integers]:
    """The weights and decays (5,) of the buffers, in units of 2^-31.

    c_j = sum_i weight_i decay_i^(j-1) is fitted, by least squares with no weight below zero, to the coefficients of the square
    root of the summing matrix, binom(2j, j) / 4^j, at up to 400 places j spread evenly in log j.
    """
    decays = 1 - np.geomspace(_FASTEST, min(_SLOWEST / ticks, _FASTEST), BUFFERS)
    places = np.unique(np.geomspace(1, max(ticks - 1, 1), 400).astype(np.int64))
    k = np.arange(1, places[-1] + 1)
    wanted = np.cumprod((2 * k - 1) / (2 * k))[places - 1]
    importance = np.sqrt(np.gradient(places.astype(np.float64))) if len(places) > 1 else np.ones(1)
    powers = decays ** (places[:, None] - 1)
    weights, _ = nnls(powers * importance[:, None], wanted * importance)
    return np.floor(_CAUTION * weights * 2.0**_BITS).astype(np.int64), np.floor(decays * 2.0**_BITS).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """All about a stream of so many ticks that does not depend on what is counted; one for all cameras.

    The noise of y = C^-1 w is z_t + sum_i b_i v_(i,t), v_(i,t+1) = m_i v_(i,t) + z_t: the inverse of a buffered matrix is one.
    From this the variances below follow for z of variance one.

    Attributes
    ----------
    weights, decays : (5,) int64
        See `coefficients`.
    gains : (n,) int64
        See `throng.privacy.normalised.gains`.
    lengths : (n,) float64
        What a tick's y is multiplied with: the length of its column, as the rounded gains have it.
    tick_variances, total_variances : (n,) float64
    modes, loads : (5,) float64
        m and b.
    held : (n + 1, 5) float64
        Covariance of the total after so many ticks with the v of the next.
    slack : float
        By how much rounding in the buffers moves a number that is noised, grid steps, at most.
    """

    weights: Integers
    decays: Integers
    gains: Integers
    lengths: Floats
    tick_variances: Floats
    total_variances: Floats
    modes: Floats
    loads: Floats
    held: Floats
    slack: float

    def covariance(self, now: int, ago: Sequence[int]) -> Floats:
        """As `Mechanism.covariance`, after the tick of number `now`, for z of variance one."""
        moments = [now - each for each in ago]
        powers = self.modes ** np.arange(ago[0] - ago[-1])[:, None]
        whole = np.zeros((len(moments), len(moments)))
        for row, moment in enumerate(moments):
            if moment >= 0:
                last = moments[-1]
                further = self.lengths[moment + 1 : last + 1] * (powers[: last - moment] @ (self.loads * self.held[moment + 1]))
                with_later = self.total_variances[moment] + np.append(0.0, np.cumsum(further))
                whole[row, row:] = whole[row:, row] = with_later[[each - moment for each in moments[row:]]]
        return whole


@lru_cache(maxsize=64)
def course(ticks: int, unit: int) -> Course:
    """The course of streams of so many ticks, counted in units of 1/`unit` person."""
    weights, decays = coefficients(ticks)
    alpha, lam = weights / 2.0**_BITS, decays / 2.0**_BITS
    column = np.ones(ticks)
    column[1:] = (lam ** np.arange(ticks - 1)[:, None]) @ alpha
    gain = gains(column, unit=unit)
    lengths = 2.0**GRID_BITS / (unit * gain)
    modes, vectors = np.linalg.eig(np.diag(lam) - np.outer(np.ones(BUFFERS), alpha))
    modes, vectors = modes.real, vectors.real
    loads = -(alpha @ vectors) * np.linalg.solve(vectors, np.ones(BUFFERS))
    t = np.arange(ticks)[:, None, None]
    products = np.outer(modes, modes)
    of_v = ((1 - products**t) / (1 - products)) @ loads
    tick_variances = lengths**2 * (1 + of_v @ loads)
    gained = lengths[:, None] * (1 + modes * of_v)
    held = np.zeros((ticks + 1, BUFFERS))
    for i, mode in enumerate(modes):
        held[1:, i] = lfilter([1.0], [1.0, -mode], gained[:, i])
    total_variances = np.cumsum(tick_variances + 2 * lengths * (held[:-1] @ loads))
    slack = float(np.sum(alpha / (1 - lam)) + BUFFERS)
    return Course(weights, decays, gain, lengths, tick_variances, total_variances, modes, loads, held, slack)


class Buffered(MemoryOnly):
    """Counts and running totals, both accurate, from correlated noise that five numbers of memory for each counter make.

    The noisy vectors w_t = sum_j c_j g_(t-j) x_(t-j) + z_t are computed in integers; what is given back is a function of the w
    alone: y = C^-1 w over g, which is x plus noise, and the running sum of y. c_j is a sum of five decaying exponentials, so
    C and its inverse are run with five buffers for each counter, however many ticks there are; g normalises the columns.

    Parameters
    ----------
    counters, ticks : int
        Length of each vector, and the most vectors that `step` takes (at most 86,400).
    rho : float
        Zero-concentrated differential privacy of the whole stream.
    sensitivity : float
        What one passage contributes, as `throng.privacy.bound` has it: the length of C times its counts, in columns of C.
    unit : int
        Counts come in units of 1/`unit` person; at most 256.

    Notes
    -----
    Sources: Dvijotham, McMahan, Pillutla, Steinke and Thakurta 2024, "Efficient and near-optimal noise generation for streaming
    differential privacy" (buffered linear Toeplitz matrices); Henzinger, Kalinin and Upadhyay 2025, "Normalized square root:
    sharper matrix factorization bounds for differentially private continual counting"; discrete noise: Canonne, Kamath and
    Steinke 2020.
    """

    __slots__ = ("_buffers", "_course", "_most", "_noise", "_sigma", "_solved", "_tick", "_totals", "description")

    def __init__(self, *, counters: int, ticks: int, rho: float, sensitivity: float, unit: int = 1) -> None:
        check(ticks=ticks, unit=unit)
        self._course = course(ticks, unit)
        self._most = most_per_tick(ticks, unit)
        scale = noise_scale(sensitivity=sensitivity, rho=rho, slack=self._course.slack, entries=ticks * counters)
        self._noise = DiscreteGaussian(scale)
        self._sigma = scale / 2.0**GRID_BITS
        self._buffers = secret_array((BUFFERS, counters), np.int64)
        self._solved = np.zeros((BUFFERS, counters))
        self._totals = np.zeros(counters)
        self._tick = -1
        self.description = f"buffered(ticks={ticks}, rho={rho:g}, sensitivity={sensitivity:g}, sigma={self._sigma:.4g})"

    def step(self, counts: NDArray[np.int64]) -> Noised:
        """The next tick's protected numbers; see `Mechanism`."""
        course, t = self._course, self._tick + 1
        if t == len(course.gains):
            raise out_of_ticks(t)
        self._tick = t
        new = np.clip(counts, -self._most, self._most) * course.gains[t]
        noised = new + _times(self._buffers, course.weights).sum(axis=0) + self._noise.draw(len(new))
        self._buffers[:] = _times(self._buffers, course.decays) + new
        return self._solve(noised)

    def _solve(self, noised: Integers) -> Noised:
        """From here on only what has been noised is used."""
        course, t = self._course, self._tick
        solved = noised / 2.0**GRID_BITS - (course.weights / 2.0**_BITS) @ self._solved
        self._solved = (course.decays / 2.0**_BITS)[:, None] * self._solved + solved
        values = course.lengths[t] * solved
        self._totals = self._totals + values
        return Noised(
            values,
            float(self._sigma * course.tick_variances[t] ** 0.5),
            self._totals,
            float(self._sigma * course.total_variances[t] ** 0.5),
        )

    def covariance(self, ago: Sequence[int]) -> Floats:
        """See `Mechanism`."""
        return self._sigma**2 * self._course.covariance(self._tick, ago)


def _times(buffers: Integers, factors: Integers) -> Integers:
    """Each row times its factor over 2^31, rounded down, in two halves that do not overflow: rows are below 2^62."""
    factor = factors[:, None]
    product: Integers = factor * (buffers >> _BITS) + ((factor * (buffers & (2**_BITS - 1))) >> _BITS)
    return product
