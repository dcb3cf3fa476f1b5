"""Independent noise in every tick: the best live tick, and the reference that running totals must beat."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import MemoryOnly
from throng.privacy.mechanism import Noised
from throng.privacy.sampler import DiscreteGaussian, gaussian_scale

_GRID_BITS = 24


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

    __slots__ = ("_grid", "_left", "_noise", "_sigma", "_steps", "_totals", "description")

    def __init__(self, *, counters: int, ticks: int, rho: float, sensitivity: float, unit: int = 1) -> None:
        self._grid = unit * 2**_GRID_BITS
        scale = gaussian_scale(squared_length=(Fraction(sensitivity) * self._grid) ** 2, rho=rho)
        self._noise = DiscreteGaussian(scale)
        self._sigma = scale / self._grid
        self._totals = np.zeros(counters)
        self._steps, self._left = 0, ticks
        self.description = f"independent(ticks={ticks}, rho={rho:g}, sensitivity={sensitivity:g}, sigma={self._sigma:.4g})"

    def step(self, counts: NDArray[np.int64]) -> Noised:
        """The next tick's protected numbers; see `Mechanism`."""
        if self._steps == self._left:
            raise ValueError(f"this mechanism was made for {self._left} ticks and has taken them all")
        self._steps += 1
        noised = np.asarray(counts, dtype=np.int64) * 2**_GRID_BITS + self._noise.draw(len(self._totals))
        values = noised / float(self._grid)
        self._totals = self._totals + values
        return Noised(values, self._sigma, self._totals, self._sigma * self._steps**0.5)

    def window_standard_error(self, ticks: int) -> float:
        """See `Mechanism`."""
        return float(self._sigma * ticks**0.5)
