"""What follows from numbers that are already protected, at no further cost: per metre, per second, and how long people stay."""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from throng.data.place_size import PlaceSize
from throng.privacy.bound import FASTEST_MPS, SPEED_UNITS, UNIT
from throng.privacy.mechanism import Mechanism, Noised

LONGEST_WINDOW = 64
"""Ticks over which speeds and stays are averaged at most."""
SURE, SURE_OF_SPEED = 5.0, 20.0
"""A stay is told as soon as the number of people who have left is so many times its standard error; a speed, whose sum carries
twice the noise of a number, later: its standard error is then at most about 0.3 m/s."""

_SPEED_PER_PERSON = FASTEST_MPS * UNIT / SPEED_UNITS
_TOO_FEW = f"too few people have left in the last {LONGEST_WINDOW} ticks to tell it from the noise"


class Row(NamedTuple):
    """A number, its standard error, and why it is unknown."""

    value: float
    standard_error: float
    reason: str = ""


def unknown(reason: str) -> Row:
    """A row that is not known."""
    return Row(float("nan"), float("nan"), reason)


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The shortest stretch of ticks up to now over which enough people have left a zone.

    Attributes
    ----------
    seconds : float
    exits, exits_error : float
        People, with its standard error, which is also that of any other counter over the stretch.
    occupancy : float
        Mean over the ends of its ticks.
    speeds : float
        What was added to the zone's speeds; NaN without them.
    """

    seconds: float
    exits: float
    exits_error: float
    occupancy: float
    speeds: float


class History:
    """The protected totals of the last ticks of an epoch.

    Parameters
    ----------
    tick_s : float
        Seconds.
    """

    def __init__(self, tick_s: float) -> None:
        self._tick_s = tick_s
        self._ticks: deque[int] = deque(maxlen=LONGEST_WINDOW + 1)
        self._totals: deque[NDArray[np.float64]] = deque(maxlen=LONGEST_WINDOW + 1)
        self._errors: dict[int, float] = {}
        """Standard error of a stretch by its length, the same for every zone at one tick: late in a day it takes a while."""

    def add(self, tick: int, noised: Noised) -> None:
        """Take in a known tick, by number."""
        if not self._ticks:
            self._ticks.append(tick - 1)
            self._totals.append(np.zeros_like(noised.totals))
        self._ticks.append(tick)
        self._totals.append(noised.totals)
        self._errors.clear()

    def window(self, mechanism: Mechanism, *, entries: int, speeds: int | None = None) -> Window | None:
        """The stretch for the zone whose entries, exits and speeds are counters `entries`, `entries + 1` and `speeds`."""
        sure = SURE if speeds is None else SURE_OF_SPEED
        length = 1
        while length < len(self._ticks):
            if length not in self._errors:
                self._errors[length] = mechanism.window_standard_error(length)
            error = self._errors[length]
            exits = float(self._totals[-1][entries + 1] - self._totals[-length - 1][entries + 1])
            if exits >= sure * error:
                inside = [float(totals[entries] - totals[entries + 1]) for totals in list(self._totals)[-length:]]
                added = np.nan if speeds is None else float(self._totals[-1][speeds] - self._totals[-length - 1][speeds])
                seconds = self._tick_s * (self._ticks[-1] - self._ticks[-length - 1])
                return Window(seconds, exits, error, float(np.mean(inside)), added)
            length *= 2
        return None


def density(occupancy: Row, size: PlaceSize) -> Row:
    """People per square metre: occupancy over area; the errors of both add as independent ones do."""
    return _per(occupancy, size, 1.0)


def specific_flow(passed: Row, size: PlaceSize, tick_s: float) -> Row:
    """People per metre and second: who passed a line in a tick, over its length and the tick's."""
    return _per(passed, size, tick_s)


def stay(people: Row, window: Window | None) -> Row:
    """Mean time in a zone by Little's law, W = L / lambda (Little 1961), L people inside, lambda those who leave a second.

    With the mean occupancy of the window it is how long those who left had stayed; with the present one, how long somebody who
    comes now will wait. The errors of L and lambda may be correlated, so they are added: the standard error is a bound.
    """
    if window is None:
        return unknown(_TOO_FEW)
    seconds_each = window.seconds / window.exits
    relative = window.exits_error / window.exits
    return Row(people.value * seconds_each, seconds_each * (people.standard_error + abs(people.value) * relative))


def mean_speed(window: Window | None, size: PlaceSize) -> Row:
    """Mean over those who left of the speed of their visit, m/s: the sum of speeds over the number, noised independently."""
    if size.unknown:
        return unknown(size.unknown)
    if window is None:
        return unknown(_TOO_FEW)
    speed_mps = _SPEED_PER_PERSON * window.speeds / window.exits
    of_sum = _SPEED_PER_PERSON * window.exits_error / window.exits
    of_number = speed_mps * window.exits_error / window.exits
    return Row(speed_mps, float(np.hypot(np.hypot(of_sum, of_number), speed_mps * size.scale_error)))


def _per(people: Row, size: PlaceSize, seconds: float) -> Row:
    if size.unknown:
        return unknown(size.unknown)
    value = people.value / (size.size * seconds)
    error = np.hypot(people.standard_error / (size.size * seconds), value * size.standard_error / size.size)
    return Row(value, float(error))
