"""One released number over one tick, which is all that a rule sees."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from throng.data.release import Release


@dataclass(frozen=True, slots=True)
class Reading:
    """One number of one tick.

    Attributes
    ----------
    camera, place, quantity : str
    start_s, tick_s : float
        When the tick began, Unix time, UTC, and its length, seconds.
    value, standard_error : float
        NaN when unknown.
    unknown : str
        Why it is unknown; empty when it is known.
    """

    camera: str
    place: str
    quantity: str
    start_s: float
    tick_s: float
    value: float
    standard_error: float
    unknown: str = ""

    @property
    def end_s(self) -> float:
        """When the tick ended."""
        return self.start_s + self.tick_s


def readings_of(release: Release) -> Iterator[Reading]:
    """Every number of a release."""
    rows = zip(
        release.places,
        release.quantities,
        release.values.tolist(),
        release.standard_errors.tolist(),
        release.reasons,
        strict=True,
    )
    for place, quantity, value, error, reason in rows:
        yield Reading(release.camera, place, quantity, release.tick_start_s, release.tick_s, value, error, reason)


def mean_of(readings: list[Reading]) -> tuple[float, float]:
    """The average of known readings and its standard error.

    Neighbouring ticks' noise is correlated, and how much is not known here; the mean of the errors bounds the error of the mean
    whatever the correlation (Minkowski's inequality).
    """
    n = len(readings)
    return math.fsum(one.value for one in readings) / n, math.fsum(one.standard_error for one in readings) / n
