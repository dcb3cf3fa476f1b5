"""Independent noise in every tick: the best live tick, and the reference that running totals must beat.

The proof, with C the identity: docs/privacy/0001-continual-counting.md.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import MemoryOnly
from throng.privacy.mechanism import Noised, check, most_per_tick, out_of_ticks
from throng.privacy.sampler import DiscreteGaussian, gaussian_scale

_BITS = 22


class Independent(MemoryOnly):
    """Each tick's counts plus discrete Gaussian noise; the error of a total grows with the root of the ticks.

    Parameters
    ----------
    counters, ticks : int
        Length of each vector, and the most vectors that `step` takes.
    rho : float
        Zero-concentrated differential privacy of the whole stream.
    sensitivity : float
        Euclidean length of what one passage contributes, in people.
    unit : int
        Counts come in units of 1/`unit` person.
    """

    __slots__ = ("_grid", "_most", "_noise", "_sigma", "_steps", "_ticks", "_totals", "description")

    def __init__(self, *, counters: int, ticks: int, rho: float, sensitivity: float, unit: int = 1) -> None:
        check(ticks=ticks, unit=unit)
        self._grid = unit * 2**_BITS
        scale = gaussian_scale(squared_length=(Fraction(sensitivity) * self._grid) ** 2, rho=rho)
        self._noise = DiscreteGaussian(scale)
        self._sigma = scale / self._grid
        self._totals = np.zeros(counters)
        self._steps, self._ticks, self._most = 0, ticks, most_per_tick(ticks, unit)
        self.description = f"independent(ticks={ticks}, rho={rho:g}, sensitivity={sensitivity:g}, sigma={self._sigma:.4g})"

    def step(self, counts: NDArray[np.int64]) -> Noised:
        """The next tick's protected numbers; see `Mechanism`."""
        if self._steps == self._ticks:
            raise out_of_ticks(self._ticks)
        self._steps += 1
        noised = np.clip(counts, -self._most, self._most) * 2**_BITS + self._noise.draw(len(self._totals))
        values = noised / float(self._grid)
        self._totals = self._totals + values
        return Noised(values, self._sigma, self._totals, self._sigma * self._steps**0.5)

    def covariance(self, ago: Sequence[int]) -> NDArray[np.float64]:
        """See `Mechanism`."""
        moments = self._steps - np.array(ago)
        whole: NDArray[np.float64] = self._sigma**2 * np.minimum.outer(moments, moments)
        return whole
