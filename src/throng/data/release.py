"""What has passed the wall: the only numbers about people that are stored or sent."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

QUANTITIES = ("in", "out", "in_total", "out_total", "entries", "exits", "occupancy")
"""What can be released of a place. `in`, `out`, `entries`, `exits` are of one tick; the totals run since the epoch began;
`occupancy` is the running sum of entries minus exits."""


@dataclass(frozen=True, slots=True, eq=False)
class Release:
    """The protected numbers of one camera and one tick. Only the room `privacy` makes one (a test holds it).

    Attributes
    ----------
    camera : str
    tick_start_s : float
        Unix time, UTC, at which the tick began.
    tick_s : float
        Length of the tick, seconds.
    epoch : str
        The accounted stretch of the mechanism the tick belongs to: UTC day and number, "2026-11-24/1".
    mechanism : str
        What made the numbers private, with its parameters, for people and auditors.
    places, quantities : tuple of str, length n
        What each row is about: the line's or zone's name, and one of `QUANTITIES`.
    values : (n,) float64
        The protected numbers; unclipped, so that they are unbiased and a difference may be negative. NaN when unknown.
    standard_errors : (n,) float64
        Standard error of each value that the noise causes, people. NaN when unknown.
    unknown : str
        Why the tick's numbers are unknown; empty when they are known.
    """

    camera: str
    tick_start_s: float
    tick_s: float
    epoch: str
    mechanism: str
    places: tuple[str, ...]
    quantities: tuple[str, ...]
    values: NDArray[np.float64]
    standard_errors: NDArray[np.float64]
    unknown: str = ""

    def __post_init__(self) -> None:
        n = len(self.places)
        strange = set(self.quantities) - set(QUANTITIES)
        if strange or len(self.quantities) != n:
            raise ValueError(f"quantities must be {n} of {QUANTITIES}, not {self.quantities}")
        for name in ("values", "standard_errors"):
            array = np.array(getattr(self, name), dtype=np.float64)
            known = np.isnan(array).all() if self.unknown else np.isfinite(array).all()
            if not known:
                raise ValueError(f"{name} must be finite in a known tick and NaN in an unknown one")
            array.flags.writeable = False
            if array.shape != (n,):
                raise ValueError(f"{name} must have shape ({n},), not {array.shape}")
            object.__setattr__(self, name, array)
