"""The seam between the wall and what makes a stream of counts private."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Noised:
    """The protected numbers of one tick.

    Attributes
    ----------
    tick_values : (k,) float64
        Each counter's count in this tick plus noise.
    tick_standard_error : float
        Standard error of each of `tick_values`.
    totals : (k,) float64
        Each counter's count since the first tick plus noise.
    total_standard_error : float
        Standard error of each of `totals`, now.
    """

    tick_values: NDArray[np.float64]
    tick_standard_error: float
    totals: NDArray[np.float64]
    total_standard_error: float


class Mechanism(Protocol):
    """One stream of vectors of counts, made private tick by tick.

    Neighbouring streams differ by what one passage contributes: a set of amounts whose length, in people and in the mechanism's
    own measure, is at most the `sensitivity` that it was made for. The whole output, over all ticks, is `rho`-zCDP.
    """

    @property
    def description(self) -> str:
        """What this is, with its parameters, for people and auditors."""
        ...

    def window_standard_error(self, ticks: int) -> float:
        """Standard error of each counter's count in the last `ticks` ticks together, at most as many as were taken."""
        ...

    def step(self, counts: NDArray[np.int64]) -> Noised:
        """Take the (k,) counts of the next tick, in units of 1/`unit` person, and give back its protected numbers in people; at
        most `ticks` times.
        """
        ...
