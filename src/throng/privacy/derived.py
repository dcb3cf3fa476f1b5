"""What follows from numbers that are already protected, at no further cost: per metre, per second, and how long people stay.

Every standard error is a function of protected numbers and of the mechanism alone. What the interval of 1.96 of them covers,
and how often: docs/privacy/0008-errors-shown.md.
"""

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from throng.data.place_size import PlaceSize
from throng.privacy.history import LONGEST_WINDOW, Inside, Stretch, Window
from throng.privacy.streams import FASTEST_MPS, MOST_RISE_MPS, SPEED_UNITS, STAYS_S, UNIT

SURE, SURE_OF_SPEED = 6.0, 20.0
"""So many times its standard error must a number of people be before something is divided by it; before a speed of those who
left is, whose sum carries twice the noise of a number, more: its standard error is then about 0.3 m/s."""
COVERED = 1.959963984540054
"""An interval of so many standard errors to both sides covers a normal number 95 times in 100."""
SPEED_PER_PERSON = FASTEST_MPS * UNIT / SPEED_UNITS
"""What one person in a zone's sum of speeds stands for, m/s."""

_TOO_FEW = f"too few people have left in the last {LONGEST_WINDOW} ticks to tell it from the noise"


class Row(NamedTuple):
    """A number, its standard error, and why it is unknown."""

    value: float
    standard_error: float
    reason: str = ""


def unknown(reason: str) -> Row:
    """A row that is not known."""
    return Row(float("nan"), float("nan"), reason)


def density(occupancy: Row, size: PlaceSize) -> Row:
    """People per square metre: occupancy over area; the errors of both add as independent ones do."""
    return _per(occupancy, size, 1.0)


def specific_flow(passed: Row, size: PlaceSize, tick_s: float) -> Row:
    """People per metre and second: who passed a line in a tick, over its length and the tick's."""
    return _per(passed, size, tick_s)


def stay(people: Inside, window: Window) -> Row:
    """Mean time in a zone, s, by Little's law, W = L / lambda (Little 1961), L people inside, lambda those who leave a second.

    With the mean of the window it is how long those who left had stayed; with the present, how long somebody who comes now will
    wait. The error is that of the noise: the interval covers L / lambda of the same window without noise. That is the mean
    stay itself only as far as the people inside at the window's two ends are few beside those who left, or alike.
    """
    per_person = ratio(people.people, people.variance, window.exits, window.error**2, people.covariance)
    return Row(window.seconds * per_person.value, window.seconds * per_person.standard_error)


def mean_speed(window: Window | None, size: PlaceSize) -> Row:
    """Mean over those who left of the speed of their visit, m/s: the sum of speeds over the number, noised independently."""
    if size.unknown:
        return unknown(size.unknown)
    if window is None:
        return unknown(_TOO_FEW)
    return _speed(ratio(window.speeds, window.error**2, window.exits, window.error**2), SPEED_PER_PERSON, size)


def speed_now(levels: Row, occupancy: Row, size: PlaceSize) -> Row:
    """Mean over those inside of how fast they walk now, m/s: the sum of levels over the number inside, noised independently."""
    if size.unknown:
        return unknown(size.unknown)
    if occupancy.value < SURE * occupancy.standard_error:
        return unknown("too few people are inside to tell them from the noise")
    each = ratio(levels.value, levels.standard_error**2, occupancy.value, occupancy.standard_error**2)
    return _speed(each, MOST_RISE_MPS, size)


def stays(window: Window | None) -> tuple[Row, Row]:
    """Of a window, how long those who left had stayed and how long somebody who comes now will wait."""
    if window is None:
        return unknown(_TOO_FEW), unknown(_TOO_FEW)
    return stay(window.mean, window), stay(window.now, window)


def enough_stays(share: float, counts: Sequence[Stretch], exits: int, visits: Sequence[Stretch]) -> Stretch | None:
    """The shortest stretch of `visits`, stays by class, in which enough left for a quantile of them.

    It is chosen by the zone's exits, the counter `exits` of `counts`, whose noise is independent of that of the stays: a share
    of 1 - `share` of them must be `SURE` standard errors.
    """
    for counted, stayed in zip(counts, visits, strict=True):
        if (1 - share) * counted.counted[exits] >= SURE * stayed.error * _spread(share, len(STAYS_S)):
            return stayed
    return None


def dwell_quantile(share: float, stayed: Stretch | None, classes: slice) -> Row:
    """The stay, s, that a share of those who left in a stretch did not exceed; 0.5 is the median. `classes` are the zone's.

    It lies above a class's end where less than the share of all stays end before that. A one-sided test of this at each
    end, from the first upwards and from the last downwards, until one fails, leaves the classes in which the quantile may lie
    (Woodruff 1952; one step at a time, so that only the first false end counts): whatever the stays, it lies elsewhere at
    most 5 times in 100. The value is interpolated, as if stays were evenly spread in their class; the error
    reaches from it to the farther end of these classes, over 1.96: a bound, as the place within a class is not known.
    """
    if stayed is None:
        return unknown(_TOO_FEW)
    visits, ends = stayed.counted[classes], (0.0, *STAYS_S)
    wanted, below = share * sum(visits), [0.0, *accumulate(visits[:-1])]
    tests = [(below[end] - wanted) / (stayed.error * _spread(share, end)) for end in range(1, len(ends))]
    if tests[-1] < COVERED:
        return unknown(f"it may be longer than {STAYS_S[-1] / 60:g} minutes")
    low = next(end for end, test in enumerate(tests) if test > -COVERED)
    high = next((end for end in range(len(tests), 0, -1) if tests[end - 1] < COVERED), 0) + 1
    # Sorting takes out falls that noise made (Chernozhukov, Fernandez-Val and Galichon 2009).
    value = min(max(float(np.interp(wanted, sorted(below), ends)), ends[low]), ends[high])
    return Row(value, max(value - ends[low], ends[high] - value) / COVERED)


def ratio(top: float, top_variance: float, bottom: float, bottom_variance: float, covariance: float = 0.0) -> Row:
    """The quotient of two numbers with normal errors, and its standard error; the bottom is about `SURE` times its own or more.

    Fieller's interval (Fieller 1954), {r : (top - r bottom)^2 <= z^2 (v_t - 2 r c + r^2 v_b)}, covers 95 times in 100, but lies
    askew about the quotient. The one given lies evenly about it. Let s = root(v_t - 2 r c + r^2 v_b) / bottom at the quotient,
    the delta method's error, k = (r v_b - c) / (s bottom^2) and g = v_b / bottom^2. Where Fieller's pivot is t, the error found
    is root(1 + 2 k t + g t^2) times that at the true quotient. With k and g given, both tails are 5 in 100 to second order for
    the error s root(q / (1 + z^2 g q)), q = 1 + z^2 (z^2 - 1) k^2. As k and g vary too, the interval covers from 94.4 to 95.7
    times in 100: a test computes it.
    """
    quotient = top / bottom
    spread = math.sqrt(max(top_variance - 2 * quotient * covariance + quotient**2 * bottom_variance, 0.0))
    askew = (quotient * bottom_variance - covariance) / (spread * bottom) if spread else 0.0
    q = 1 + COVERED**2 * (COVERED**2 - 1) * askew**2
    wider = math.sqrt(q / (1 + COVERED**2 * bottom_variance / bottom**2 * q))
    return Row(quotient, wider * spread / bottom)


def _spread(share: float, below: int) -> float:
    """Standard error of the visits in the first `below` classes minus a share of all, over that of one class."""
    return math.sqrt(below * (1 - share) ** 2 + (len(STAYS_S) + 1 - below) * share**2)


def _speed(each: Row, per_person_mps: float, size: PlaceSize) -> Row:
    """A speed from its share of what one person can add, with the error of the calibration."""
    speed_mps = per_person_mps * each.value
    return Row(speed_mps, math.hypot(per_person_mps * each.standard_error, speed_mps * size.scale_error))


def _per(people: Row, size: PlaceSize, seconds: float) -> Row:
    if size.unknown:
        return unknown(size.unknown)
    value = people.value / (size.size * seconds)
    return Row(value, math.hypot(people.standard_error / (size.size * seconds), value * size.standard_error / size.size))
