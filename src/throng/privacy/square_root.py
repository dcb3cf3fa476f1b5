"""Counting under continual observation by the square root of the matrix that sums.

The proof, with what it assumes: docs/privacy/0001-continual-counting.md.
"""

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import MemoryOnly
from throng.privacy.mechanism import Noised
from throng.privacy.sampler import DiscreteGaussian, gaussian_scale

GRID_BITS = 24
"""Everything that is noised lies on the grid 2^-24 of the unit that counts come in."""

MOST_TICKS = 86_400
MOST_PEOPLE_PER_TICK = 2**20
MOST_UNITS = 2**8


def square_root_coefficients(ticks: int) -> NDArray[np.int64]:
    """The first column of the square root of the summing matrix, in units of 2^-GRID_BITS, rounded to integers.

    c_0 = 1, c_k = c_(k-1) (2k - 1) / (2k) = binom(2k, k) / 4^k (Fichtenberger, Henzinger and Upadhyay 2023). They
    are rounded because privacy is proved for the rounded ones, exactly; accuracy follows from the rounded ones too.
    """
    k = np.arange(1, ticks)
    exact = np.concatenate(([1.0], np.cumprod((2 * k - 1) / (2 * k))))
    rounded: NDArray[np.int64] = np.rint(exact * 2**GRID_BITS).astype(np.int64)
    return rounded


class SquareRoot(MemoryOnly):
    """Counts and running totals, both accurate, from one stream of correlated noise.

    The noisy vectors w_t = sum_k c_k x_(t-k) + z_t are computed in integers; what is given back is a function of the w alone:
    y_t = w_t - sum_(k>=1) c_k y_(t-k), which is x_t plus noise, and the running sum of y. So no rounding of a floating-point
    sum can tell anything that w does not.

    Parameters
    ----------
    counters, ticks : int
        Length of each vector, and the most vectors that `step` takes (at most 86,400).
    rho : float
        Zero-concentrated differential privacy of the whole stream.
    sensitivity : float
        What one passage contributes, in units of the length of one column of C: root of m for m unit counts in m counters,
        times the number of pieces.
    unit : int
        Counts come in units of 1/`unit` person; at most 256.

    Notes
    -----
    A tick costs two products of a vector with the history: 0.8 ms on average for 8 counters over 43,200 ticks.

    Sources: Fichtenberger, Henzinger and Upadhyay 2023, "Constant matters: fine-grained error bound on differentially private
    continual observation"; Henzinger, Upadhyay and Upadhyay 2023, "Almost tight error bounds on differentially private
    continual counting"; discrete noise: Canonne, Kamath and Steinke 2020.
    """

    __slots__ = (
        "_c",
        "_counts",
        "_grid",
        "_noise",
        "_response",
        "_row",
        "_sigma",
        "_tick",
        "_totals",
        "_unit",
        "_values",
        "description",
    )

    def __init__(self, *, counters: int, ticks: int, rho: float, sensitivity: float, unit: int = 1) -> None:
        if not 1 <= ticks <= MOST_TICKS:
            raise ValueError(f"ticks must lie between 1 and {MOST_TICKS}, not {ticks}")
        if not 1 <= unit <= MOST_UNITS:
            raise ValueError(f"unit must lie between 1 and {MOST_UNITS}, not {unit}")
        # c_(n-1) ... c_0, so that the last t of them meet the first t ticks in a plain product; as integers, and as numbers.
        self._grid = square_root_coefficients(ticks)[::-1].copy()
        self._c = self._grid / 2.0**GRID_BITS
        squared_norm = sum(c * c for c in self._grid.tolist())
        scale = gaussian_scale(squared_length=(Fraction(sensitivity) * unit) ** 2 * squared_norm, rho=rho)
        self._noise = DiscreteGaussian(scale)
        self._unit = unit
        self._sigma = scale / (unit * 2**GRID_BITS)
        self._counts = np.zeros((counters, ticks), dtype=np.int64)
        # One row more than counters: it solves for one unit of noise in the first tick, which gives the standard errors.
        self._values = np.zeros((counters + 1, ticks))
        self._totals = np.zeros(counters + 1)
        self._response = np.zeros(ticks)
        self._row = np.zeros(2)
        self._tick = 0
        norm = math.sqrt(squared_norm) / 2**GRID_BITS
        self.description = (
            f"square-root(ticks={ticks}, rho={rho:g}, sensitivity={sensitivity:g}, norm={norm:.4f}, sigma={self._sigma:.4g})"
        )

    def step(self, counts: NDArray[np.int64]) -> Noised:
        """The next tick's protected numbers; see `Mechanism`."""
        t, ticks = self._tick, len(self._grid)
        if t == ticks:
            raise ValueError(f"this mechanism was made for {ticks} ticks and has taken them all")
        self._tick = t + 1
        # No overflow: 86,400 coefficients, which sum to less than 332 * 2^24, times at most 2^20 people of 2^8 units stay below
        # 2^61, and the noise below 2^57 but for a chance under e^-8000. A count never reaches 2^20 people; cutting it there
        # keeps neighbours as near.
        self._counts[:, t] = np.clip(counts, 0, MOST_PEOPLE_PER_TICK * self._unit)
        noised = np.einsum("ij,j->i", self._counts[:, : t + 1], self._grid[ticks - 1 - t :]) + self._noise.draw(
            len(self._counts)
        )
        return self._solve(noised)

    def _solve(self, noised: NDArray[np.int64]) -> Noised:
        """From here on only what has been noised is used."""
        t, ticks = self._tick - 1, len(self._grid)
        known = np.append(noised / (self._unit * 2.0**GRID_BITS), 1.0 if t == 0 else 0.0)
        value = self._values[:, t] = known - self._values[:, :t] @ self._c[ticks - 1 - t : ticks - 1]
        self._totals = self._totals + value
        self._response[t] = self._totals[-1]
        self._row += np.square([value[-1], self._totals[-1]])
        tick_error, total_error = self._sigma * np.sqrt(self._row)
        return Noised(value[:-1], float(tick_error), self._totals[:-1], float(total_error))

    def window_standard_error(self, ticks: int) -> float:
        """See `Mechanism`. The total's noise is r * z, r the running sum of C^-1's first column; that of a window is r minus r
        shifted by its length.
        """
        response = self._response[: self._tick]
        begun, shifted = response[:ticks], response[ticks:] - response[:-ticks]
        return float(self._sigma * math.sqrt(begun @ begun + shifted @ shifted))
