"""Clogging at a bottleneck: fewer come out while it gets denser before it; and how long nobody comes out at all."""

from collections import deque
from dataclasses import dataclass
from math import log, nan, sqrt

import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import MemoryOnly
from throng.data.trend import Trend, falls_while_rises, trend
from throng.measure.recent import RecentSums

Floats = NDArray[np.float64]

FEWEST_INTERVALS = 25
"""A tail of fewer intervals has no exponent worth telling."""
REMEMBERED_INTERVALS = 500


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Tail(MemoryOnly):
    """The power law p(t) ~ t^-exponent that long intervals between two passages follow.

    Attributes
    ----------
    exponent, error : float
        The exponent and its standard error. With 2 or less the mean interval diverges: the bottleneck clogs for good.
    shortest_s : float
        Intervals from here on follow it.
    reason : str or None
        Why it is unknown; all numbers are NaN then.
    """

    exponent: float = nan
    error: float = nan
    shortest_s: float = nan
    reason: str | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Clogging(MemoryOnly):
    """What happened at a bottleneck over the last while.

    Attributes
    ----------
    confidence : float
        That outflow falls while density rises, in [0, 1].
    outflow_per_s, density_per_m2 : Trend
        Of people per second, and of the density before the bottleneck.
    stalled : float
        Confidence that it is not by chance that nobody has passed since the last person did, in [0, 1].
    reason : str or None
        Why the confidence is unknown.
    """

    confidence: float
    outflow_per_s: Trend
    density_per_m2: Trend
    stalled: float
    reason: str | None


class Bottleneck:
    """A gate or door that is watched for clogging.

    Parameters
    ----------
    slot_s : float
        Passages are counted, and densities averaged, over slots of so many seconds.
    span_s : float
        Length of the while whose trends are looked at.
    """

    def __init__(self, *, slot_s: float = 5.0, span_s: float = 60.0) -> None:
        self._recent = RecentSums((3,), slot_s=slot_s, slots=round(span_s / slot_s))
        self._intervals: deque[float] = deque(maxlen=REMEMBERED_INTERVALS)
        self._last_passage_s = self._now_s = nan

    def add(self, time_s: float, passed: int, density_per_m2: float) -> None:
        """Take in one frame: how many have passed since the frame before, and the density before the bottleneck, or NaN."""
        self._now_s = time_s
        known = np.isfinite(density_per_m2)
        self._recent.add(time_s, [passed, density_per_m2 if known else 0.0, known])
        if passed:
            if np.isfinite(self._last_passage_s):
                self._intervals.append(time_s - self._last_passage_s)
            self._last_passage_s = time_s

    def clogging(self) -> Clogging:
        """Trends over the last while: see `throng.data.trend`, which does the same to released series."""
        times_s, frames, sums = self._recent.whole()
        seen = np.where(frames > 0, 1.0, np.nan)
        outflow = trend(times_s, sums[:, 0] / self._recent.slot_s * seen)
        density = trend(times_s, sums[:, 1] / np.where(sums[:, 2] > 0, sums[:, 2], np.nan))
        reasons = [f"{name}: {one.reason}" for name, one in (("outflow", outflow), ("density", density)) if one.reason]
        return Clogging(falls_while_rises(outflow, density), outflow, density, self._stalled(), "; ".join(reasons) or None)

    def _stalled(self) -> float:
        """1 less the chance that a Poisson stream with n passages in a time T pauses for t: (T / (T + t))^n."""
        since_s, before_s = self._now_s - self._last_passage_s, sum(self._intervals)
        if not before_s > 0:
            return nan
        return float(1 - (before_s / (before_s + since_s)) ** len(self._intervals))

    def tail(self) -> Tail:
        """The tail of the last intervals between passages, with the one that has not ended yet."""
        return interval_tail(np.array(self._intervals), unended_s=self._now_s - self._last_passage_s)


def interval_tail(intervals_s: Floats, *, unended_s: float = 0.0) -> Tail:
    """Exponent of the power-law tail of the intervals between passages (Zuriguel et al., Scientific Reports 4, 7324, 2014).

    alpha = 1 + n / sum ln(t / t_min), with the standard error (alpha - 1) / sqrt(n), where t_min makes the distance between the
    distribution and its fit least (Clauset, Shalizi and Newman, SIAM Review 51, 661, 2009).

    Parameters
    ----------
    intervals_s : (n,) float64
        Seconds; zeros are left out.
    unended_s : float
        How long the present interval lasts so far; it adds to the sum, not to n.
    """
    times = np.sort(intervals_s[intervals_s > 0])
    starts = np.unique(times[: len(times) - FEWEST_INTERVALS + 1]) if len(times) >= FEWEST_INTERVALS else np.empty(0)
    fits = [_fit(times[times >= start], unended_s) for start in starts[:: max(len(starts) // 50, 1)]]
    fits = [fit for fit in fits if np.isfinite(fit[1])]
    if not fits:
        return Tail(reason=f"fewer than {FEWEST_INTERVALS} different intervals between passages are known")
    _, exponent, count, start = min(fits)
    return Tail(exponent, (exponent - 1) / sqrt(count), start)


def _fit(times: Floats, unended_s: float) -> tuple[float, float, int, float]:
    """Distance of Kolmogorov and Smirnov, exponent, number and first of the sorted intervals of a tail."""
    logs, count = np.log(times / times[0]), len(times)
    total = float(logs.sum()) + log(max(unended_s / times[0], 1.0))
    if total <= 0:
        return nan, nan, count, nan
    reached = 1 - np.exp(-(count / total) * logs)
    steps = np.arange(count + 1) / count
    distance = np.maximum(np.abs(reached - steps[:-1]), np.abs(reached - steps[1:])).max()
    return float(distance), 1 + count / total, count, float(times[0])
