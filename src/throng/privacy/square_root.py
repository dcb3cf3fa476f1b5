"""Counting under continual observation by the square root of the matrix that sums, its columns made one length.

The proof, with what it assumes: docs/privacy/0005-square-root.md.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import MemoryOnly
from throng.data.secret_memory import secret_array
from throng.privacy.mechanism import GRID_BITS, Noised, check, most_per_tick, out_of_ticks
from throng.privacy.normalised import gains, noise_scale
from throng.privacy.sampler import DiscreteGaussian

_BITS = 24
"""Coefficients are multiples of 2^-24."""


def square_root_coefficients(ticks: int) -> NDArray[np.int64]:
    """The first column of the square root of the summing matrix, in units of 2^-24, rounded to integers.

    c_0 = 1, c_k = c_(k-1) (2k - 1) / (2k) = binom(2k, k) / 4^k (Fichtenberger, Henzinger and Upadhyay 2023). They
    are rounded because privacy is proved for the rounded ones, exactly; accuracy follows from the rounded ones too.
    """
    k = np.arange(1, ticks)
    exact = np.concatenate(([1.0], np.cumprod((2 * k - 1) / (2 * k))))
    rounded: NDArray[np.int64] = np.rint(exact * 2**_BITS).astype(np.int64)
    return rounded


class SquareRoot(MemoryOnly):
    """Counts and running totals, both accurate, from one stream of correlated noise.

    The noisy vectors w_t = sum_j c_j g_(t-j) x_(t-j) + z_t are computed in integers; what is given back is a function of the w
    alone: y = C^-1 w over g, which is x plus noise, and the running sum of y. So no rounding of a floating-point sum can tell
    anything that w does not. g normalises the columns of C.

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
    Memory for each counter: eight bytes a tick. A tick costs two products of a vector with the history.

    Sources: Fichtenberger, Henzinger and Upadhyay 2023, "Constant matters: fine-grained error bound on differentially private
    continual observation"; Henzinger, Upadhyay and Upadhyay 2023, "Almost tight error bounds on differentially private
    continual counting"; Henzinger, Kalinin and Upadhyay 2025, "Normalized square root: sharper matrix factorization bounds for
    differentially private continual counting"; discrete noise: Canonne, Kamath and Steinke 2020.
    """

    __slots__ = (
        "_c", "_counts", "_gains", "_grid", "_inverse", "_lengths", "_most", "_noise", "_response", "_sigma", "_solved",
        "_tick", "_totals", "description",
    )  # fmt: skip

    def __init__(self, *, counters: int, ticks: int, rho: float, sensitivity: float, unit: int = 1) -> None:
        check(ticks=ticks, unit=unit)
        self._most = most_per_tick(ticks, unit)
        column = square_root_coefficients(ticks)
        # c_(n-1) ... c_0, so that the last t of them meet the first t ticks in a plain product; as integers, and as numbers.
        self._grid = column[::-1].copy()
        self._c = self._grid / 2.0**_BITS
        self._gains = gains(column / 2.0**_BITS, unit=unit)
        self._lengths = 2.0**GRID_BITS / (unit * self._gains)
        scale = noise_scale(sensitivity=sensitivity, rho=rho, slack=1.0, entries=ticks * counters)
        self._noise = DiscreteGaussian(scale)
        self._sigma = scale / 2.0**GRID_BITS
        self._counts = secret_array((counters, ticks), np.int32)
        self._solved = np.zeros((counters, ticks), dtype=np.float32)
        self._totals = np.zeros(counters)
        self._inverse, self._response = np.zeros(ticks), np.zeros(ticks)
        self._tick = -1
        self.description = f"square-root(ticks={ticks}, rho={rho:g}, sensitivity={sensitivity:g}, sigma={self._sigma:.4g})"

    def step(self, counts: NDArray[np.int64]) -> Noised:
        """The next tick's protected numbers; see `Mechanism`."""
        ticks, t = len(self._grid), self._tick + 1
        if t == ticks:
            raise out_of_ticks(ticks)
        self._tick = t
        self._counts[:, t] = np.clip(counts, -self._most, self._most)
        louder = self._counts[:, : t + 1] * self._gains[: t + 1]
        c = self._grid[ticks - 1 - t :]
        # In two halves, which do not overflow: all ticks together are below 2^61, and the coefficients' sum below 2^33.
        whole = np.einsum("ij,j->i", louder >> _BITS, c) + (np.einsum("ij,j->i", louder & (2**_BITS - 1), c) >> _BITS)
        return self._solve(whole + self._noise.draw(len(self._counts)))

    def _solve(self, noised: NDArray[np.int64]) -> Noised:
        """From here on only what has been noised is used."""
        t, ticks = self._tick, len(self._grid)
        c = self._c[ticks - 1 - t : ticks - 1]
        solved = noised / 2.0**GRID_BITS - self._solved[:, :t].astype(np.float64) @ c
        # Half as many bytes: a total is off by less than a ten-millionth of itself.
        self._solved[:, t] = solved
        self._inverse[t] = 1.0 if t == 0 else -(self._inverse[:t] @ c)
        self._response[: t + 1] += self._lengths[t] * self._inverse[t::-1]
        values = self._lengths[t] * solved
        self._totals = self._totals + values
        of_tick, of_total = self._inverse[: t + 1], self._response[: t + 1]
        return Noised(
            values,
            float(self._sigma * self._lengths[t] * (of_tick @ of_tick) ** 0.5),
            self._totals,
            float(self._sigma * (of_total @ of_total) ** 0.5),
        )

    def covariance(self, ago: Sequence[int]) -> NDArray[np.float64]:
        """See `Mechanism`. The total's noise is r * z, r_t the sum of the first t + 1 rows of C^-1, each times its length."""
        t = self._tick
        response, rows = self._response[: t + 1].copy(), np.zeros((len(ago), t + 1))
        for back in range(ago[0] + 1):
            rows[[row for row, each in enumerate(ago) if each == back]] = response
            response[: t + 1 - back] -= self._lengths[t - back] * self._inverse[: t + 1 - back][::-1]
        whole: NDArray[np.float64] = self._sigma**2 * (rows @ rows.T)
        return whole
