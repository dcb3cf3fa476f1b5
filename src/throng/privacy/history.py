"""The protected totals of the last ticks, and how their noise hangs together over a stretch of them."""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from throng.privacy.mechanism import Mechanism, Noised, window_standard_error

_LENGTHS = (1, 2, 4, 8, 16, 32, 64)
LONGEST_WINDOW = _LENGTHS[-1]
"""Ticks over which speeds and stays are averaged at most."""
LEEWAY = 3.0
"""Those who left a zone may be so many standard errors fewer than those who came had to be."""

Floats = NDArray[np.float64]


class Inside(NamedTuple):
    """People in a zone: how many, the variance of that number, and its covariance with those who left in a stretch."""

    people: float
    variance: float
    covariance: float


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of ticks up to now over which enough people have passed through a zone.

    Attributes
    ----------
    seconds : float
    exits, error : float
        People, with the standard error, which is also that of any other counter over the stretch.
    mean, now : Inside
        The mean over the stretch and the present.
    speeds : float
        What was added to the zone's speeds; NaN without them.
    """

    seconds: float
    exits: float
    error: float
    mean: Inside
    now: Inside
    speeds: float


class Stretch(NamedTuple):
    """What each counter counted in a stretch of ticks up to now, with the standard error, and in one that ended a little
    earlier; people.
    """

    length: int
    counted: list[float]
    error: float
    earlier: list[float]


class _Noise(NamedTuple):
    """Of one counter over a stretch: variances of its mean total and its present one, covariances with what was counted."""

    mean: float
    now: float
    mean_with_counted: float
    now_with_counted: float


class History:
    """The protected totals of the last ticks of an epoch, all of one mechanism.

    Parameters
    ----------
    tick_s : float
        Seconds.
    """

    def __init__(self, tick_s: float) -> None:
        self._tick_s = tick_s
        kept = LONGEST_WINDOW + _lag(LONGEST_WINDOW) + 1
        self._ticks: deque[int] = deque(maxlen=kept)
        self._totals: deque[Floats] = deque(maxlen=kept)
        # Made once a tick, for all zones.
        self._stretches: list[Stretch] | None = None
        self._means: dict[int, tuple[Floats, _Noise]] = {}

    def add(self, tick: int, noised: Noised) -> None:
        """Take in a known tick, by number."""
        if not self._ticks:
            self._ticks.append(tick - 1)
            self._totals.append(np.zeros_like(noised.totals))
        self._ticks.append(tick)
        self._totals.append(noised.totals)
        self._stretches, self._means = None, {}

    def stretches(self, mechanism: Mechanism) -> list[Stretch]:
        """The stretches that are tried, the shortest first."""
        if self._stretches is None:
            self._stretches = []
            for length in (each for each in _LENGTHS if each + _lag(each) < len(self._ticks)):
                counted, earlier = self._counted(length, 0), self._counted(length, _lag(length))
                self._stretches.append(Stretch(length, counted, window_standard_error(mechanism, length), earlier))
        return self._stretches

    def window(self, mechanism: Mechanism, *, entries: int, sure: float, speeds: int | None = None) -> Window | None:
        """The shortest stretch for the zone whose entries, exits and speeds are counters `entries`, `entries + 1` and `speeds`.

        It is chosen by those who came a little earlier: at least `sure` standard errors of their number. Their noise is
        independent of that of the exits and speeds, and has next to nothing to do with that of the people inside; a stretch
        chosen by the exits would be one in which noise happened to raise them. `LEEWAY` bites only while a zone fills.
        """
        for length, counted, error, earlier in self.stretches(mechanism):
            if earlier[entries] >= sure * error and counted[entries + 1] >= (sure - LEEWAY) * error:
                means, noise = self._mean(mechanism, length)
                now, seconds = self._totals[-1], self._tick_s * (self._ticks[-1] - self._ticks[-1 - length])
                # Inside are entries minus exits, two counters of independent noise; only that of the exits meets the exits'.
                mean = Inside(float(means[entries] - means[entries + 1]), 2 * noise.mean, -noise.mean_with_counted)
                present = Inside(float(now[entries] - now[entries + 1]), 2 * noise.now, -noise.now_with_counted)
                added = np.nan if speeds is None else counted[speeds]
                return Window(seconds, counted[entries + 1], error, mean, present, added)
        return None

    def _counted(self, length: int, ago: int) -> list[float]:
        """What each counter counted in a stretch that ended so many ticks ago."""
        counted: list[float] = (self._totals[-1 - ago] - self._totals[-1 - ago - length]).tolist()
        return counted

    def _mean(self, mechanism: Mechanism, length: int) -> tuple[Floats, _Noise]:
        """The mean of each total over the time of a stretch, by the trapezoidal rule, and its noise."""
        if length not in self._means:
            steps = np.diff(list(self._ticks)[-1 - length :])
            weights = (np.append(steps, 0) + np.append(0, steps)) / (2 * steps.sum())
            whole = mechanism.covariance(range(length, -1, -1))
            with_counted = whole[:, -1] - whole[:, 0]
            noise = _Noise(
                float(weights @ whole @ weights), float(whole[-1, -1]), float(weights @ with_counted), float(with_counted[-1])
            )
            self._means[length] = weights @ np.array(list(self._totals)[-1 - length :]), noise
        return self._means[length]


def _lag(length: int) -> int:
    """How long ago, ticks, the earlier stretch ends: most of the noise that it shares with the present total is in its end."""
    return max(1, length // 8)
