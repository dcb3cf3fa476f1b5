"""What has passed the wall: the only numbers about people that are stored or sent."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from throng.data.place import NO_EXTRAS, Extras

Kind = Literal["line", "zone", "cell"]

UNITS = {
    "in": "people",
    "out": "people",
    "in_total": "people",
    "out_total": "people",
    "in_hour": "people",
    "out_hour": "people",
    "specific_flow": "people/(m s)",
    "entries": "people",
    "exits": "people",
    "entries_total": "people",
    "exits_total": "people",
    "entries_hour": "people",
    "exits_hour": "people",
    "occupancy": "people",
    "mean_dwell": "s",
    "wait": "s",
    "dwell_median": "s",
    "dwell_p95": "s",
    "density": "people/m2",
    "mean_speed": "m/s",
    "speed_now": "m/s",
    "heat": "people",
}
"""What can be released of a place, and its unit. `in`, `out`, `specific_flow`, `entries`, `exits` are of one tick; the totals
run since the epoch began; those of an hour stand in the tick that ends it, and are the difference of two totals; `occupancy` is
the running sum of entries minus exits, and `density` that over the zone's area; `mean_dwell`, `wait`, `mean_speed` and the
quantiles of the dwell are of the last few ticks, as many as it takes to tell them from the noise; `speed_now` is of those
inside; `heat` is how many people were in a cell of the picture in the hour that ends, each for his share of time there."""

QUANTITIES = tuple(UNITS)


def quantities_of(kind: Kind, *, in_metres: bool, extras: Extras = NO_EXTRAS) -> tuple[str, ...]:
    """What is released of a line or zone in every tick, in order; some only where the camera is calibrated or asked for it."""
    if kind == "line":
        return ("in", "out", "in_total", "out_total") + (("specific_flow",) if in_metres else ())
    if kind == "cell":
        return ()
    return (
        ("entries", "exits", "entries_total", "exits_total", "occupancy", "mean_dwell", "wait")
        + (("dwell_median", "dwell_p95") if extras.dwell else ())
        + (("density", "mean_speed") if in_metres else ())
        + (("speed_now",) if in_metres and extras.speed_now else ())
    )


def hourly_quantities_of(kind: Kind) -> tuple[str, ...]:
    """What is released in addition in a tick that ends an hour."""
    return {"line": ("in_hour", "out_hour"), "zone": ("entries_hour", "exits_hour"), "cell": ("heat",)}[kind]


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
        The protected numbers, in the units of `UNITS`; unclipped, so that a difference may be negative. NaN when unknown.
    standard_errors : (n,) float64
        Standard error of each value that the noise and the calibration cause. NaN when unknown.
    unknown : str
        Why the tick's numbers are unknown; empty when they are known.
    reasons : tuple of str, length n
        Why each row is unknown; empty for a known one. Made from `unknown` where it is not given.
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
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.places)
        strange = set(self.quantities) - set(QUANTITIES)
        if strange or len(self.quantities) != n:
            raise ValueError(f"quantities must be {n} of {QUANTITIES}, not {self.quantities}")
        reasons = self.reasons or (self.unknown,) * n
        if len(reasons) != n or (self.unknown and not all(reasons)):
            raise ValueError(f"reasons must be {n}, one for every row, and none empty in an unknown tick")
        object.__setattr__(self, "reasons", reasons)
        known = np.array([not reason for reason in reasons], dtype=bool)
        for name in ("values", "standard_errors"):
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.shape != (n,):
                raise ValueError(f"{name} must have shape ({n},), not {array.shape}")
            if not (np.isfinite(array) == known).all() or not np.isnan(array[~known]).all():
                raise ValueError(f"{name} must be finite in a known row and NaN in an unknown one")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
