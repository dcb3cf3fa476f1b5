"""The seam between the wall and what makes a stream of counts private."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

GRID_BITS = 30
"""What correlated noise is added to lies on the grid of 2^-30 person."""
MOST_TICKS = 86_400
MOST_UNITS = 2**8


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
    own measure, is at most the `sensitivity` that it was made for. The whole output, over all ticks, is `rho`-zCDP, or has the
    `epsilon` that it was made for.
    """

    @property
    def description(self) -> str:
        """What this is, with its parameters, for people and auditors."""
        ...

    def step(self, counts: NDArray[np.int64]) -> Noised:
        """Take the (k,) counts of the next tick, in units of 1/`unit` person, and give back its protected numbers in people; at
        most `ticks` times.
        """
        ...

    def covariance(self, ago: Sequence[int]) -> NDArray[np.float64]:
        """How the noise of each counter's totals hangs together, (q, q) in people squared, for moments so many ticks ago.

        `ago` falls, and is at most the number of ticks taken, which is the moment before the first. The noise of different
        counters is independent.
        """
        ...


def most_per_tick(ticks: int, unit: int) -> int:
    """A count is cut to this, in units of 1/`unit` person: no sum of so many ticks can overflow 63 bits on the grid.

    2^31 people in all, at most 2^22 in a tick. Cutting brings neighbours no further apart.
    """
    return unit * min(2**31 // ticks, 2**22)


def check(*, ticks: int, unit: int) -> None:
    """Make sure that a stream of so many ticks, counted in units of 1/`unit` person, can be computed."""
    if not 1 <= ticks <= MOST_TICKS:
        raise ValueError(f"ticks must lie between 1 and {MOST_TICKS}, not {ticks}")
    if not 1 <= unit <= MOST_UNITS:
        raise ValueError(f"unit must lie between 1 and {MOST_UNITS}, not {unit}")


def out_of_ticks(ticks: int) -> ValueError:
    """What is raised when a stream that has ended is stepped."""
    return ValueError(f"this mechanism was made for {ticks} ticks and has taken them all")


def window_standard_error(mechanism: Mechanism, ticks: int) -> float:
    """Standard error of each counter's count in the last `ticks` ticks together, at most as many as were taken."""
    whole = mechanism.covariance((ticks, 0))
    return math.sqrt(max(0.0, float(whole[0, 0] + whole[1, 1] - 2 * whole[0, 1])))
