"""Stop-and-go: how many people stand, and waves of standing that travel against the walking direction.

In a crowd near its capacity people stop and start again in turn, and the stops travel upstream (Helbing, Johansson and
Al-Abideen, Phys. Rev. E 75, 046109, 2007; Portz and Seyfried, Pedestrian and Evacuation Dynamics 2010, 577) at some tenths of
a metre a second. It is the last warning before the flow breaks down.
"""

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import MemoryOnly
from throng.measure.recent import RecentSums

Floats = NDArray[np.float64]

STANDING_MPS = 0.2
SHORTEST_S = 30.0
"""A wave needs to be watched for so long."""
LEAST_KNOWN = 0.3
"""And in at least this share of the cells of place and time."""
CHANCE = 0.2
"""Strengths below this are found among speeds that vary by chance alone."""
SLOWEST_MPS = 0.1
"""Slower waves are not looked for."""
SHORTEST_DELAY = 2.0
"""Nor such as pass the stretch in fewer slots of time: they cannot be told from what happens everywhere at once."""
LONGEST_DELAY = 1.5
"""Nor such as take longer to pass the stretch than so many times the while."""
LEAST_PERIODIC = 0.3
"""A period needs to explain this share of what a wave does."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Waves(MemoryOnly):
    """Stop-and-go waves in a stretch of way over the last while.

    Attributes
    ----------
    strength : float
        Share of the variance of speed, in [0, 1], that one pattern explains which travels upstream.
    swing_mps : float
        Standard deviation of that pattern, m/s.
    wave_speed_mps : float
        Its speed along the walking direction, so negative.
    period_s : float
        After which it comes again at one place.
    reason : str or None
        Why those that are NaN are unknown.
    """

    strength: float = nan
    swing_mps: float = nan
    wave_speed_mps: float = nan
    period_s: float = nan
    reason: str | None = None


def standing_share(velocities_mps: Floats, *, below_mps: float = STANDING_MPS) -> float:
    """Share of people who stand, of those whose velocity (n, 2), m/s, is known; NaN where there is nobody."""
    speeds = np.hypot(velocities_mps[:, 0], velocities_mps[:, 1])
    known = np.isfinite(speeds)
    return float((speeds[known] < below_mps).mean()) if known.any() else nan


def stop_and_go(speeds_mps: Floats, *, cell_m: float, slot_s: float) -> Waves:
    """Waves that travel upstream in a field of speeds.

    Speeds, less the mean of each cell, are compared with patterns g(t - p x) for all slownesses p = 1 / c, of waves
    upstream and downstream as slow as `SLOWEST_MPS`. The share of variance that the best g explains is

        strength = 1 - (1 - R^2) (n - 1) / (n - k),   R^2 = sum_k n_k g_k^2 / sum u^2,

    adjusted for the k values of g fitted to n speeds (slant stack; Wherry's adjustment). A pattern that does not travel, or
    travels with the people, has strength 0. The period is that of the largest term in the Fourier sum of g.

    Parameters
    ----------
    speeds_mps : (t, x) float64
        Mean speed along the walking direction in slots of time and cells of the way, both in order; NaN where nobody was.
    cell_m, slot_s : float
        Size of a cell and a slot.
    """
    slots, cells = speeds_mps.shape
    known = np.isfinite(speeds_mps)
    if cells < 3:
        return Waves(reason="the stretch is shorter than three cells")
    if np.count_nonzero(known.any(axis=1)) * slot_s < SHORTEST_S or known.mean() < LEAST_KNOWN:
        return Waves(reason=f"people were seen too seldom: in {LEAST_KNOWN:.0%} of cells for {SHORTEST_S:g} s it can be told")
    time, place = np.nonzero(known)
    counts = np.bincount(place, minlength=cells)
    speeds = speeds_mps[known]
    speeds = speeds - (np.bincount(place, speeds, minlength=cells) / np.maximum(counts, 1))[place]
    total = float(speeds @ speeds)
    if total < 1e-12 * len(speeds):
        return Waves(0.0, 0.0, reason="all speeds are the same")
    # In slots per cell: each candidate is one slot more on the whole stretch.
    longest = int(min((cells - 1) * cell_m / SLOWEST_MPS / slot_s, LONGEST_DELAY * slots))
    lags = np.arange(-longest, longest + 1) / (cells - 1)
    explained = _explained(time, place, speeds, lags) / total
    best = int(explained.argmax())
    strength = float(explained[best])
    lag = float(lags[best]) + _offset(explained, best) * float(lags[1] - lags[0])
    period = _period(time - lag * place, speeds, slots)
    if np.isfinite(period):
        # Cells cannot tell a delay from one that is a period longer: the shortest is meant.
        lag -= period * round(lag / period)
    if lag * (cells - 1) > -SHORTEST_DELAY or strength < CHANCE:
        return Waves(0.0, 0.0, reason="nothing that can be told from chance travels against the walking direction")
    swing_mps = (strength * total / len(speeds)) ** 0.5
    reason = "the waves have no one period" if np.isnan(period) else None
    return Waves(min(strength, 1.0), swing_mps, cell_m / (lag * slot_s), period * slot_s, reason)


def _explained(time: NDArray[np.intp], place: NDArray[np.intp], speeds: Floats, lags: Floats) -> Floats:
    """Sum of squares, adjusted for chance, that patterns with each of the lags (slots per cell) explain."""
    n, longest = len(speeds), int(np.abs(lags).max() * place.max()) + 1
    lines = np.rint(time - lags[:, None] * place).astype(np.int64) + longest
    width = int(lines.max()) + 1
    keys = (lines + np.arange(len(lags))[:, None] * width).ravel()
    sums = np.bincount(keys, np.tile(speeds, len(lags)), minlength=len(lags) * width).reshape(-1, width)
    counts = np.bincount(keys, minlength=len(lags) * width).reshape(-1, width)
    between = (sums**2 / np.maximum(counts, 1)).sum(axis=1)
    total = float(speeds @ speeds)
    fitted = np.count_nonzero(counts, axis=1)
    return np.asarray(total - (total - between) * (n - 1) / np.maximum(n - fitted, 1))


def _offset(values: Floats, best: int) -> float:
    """Where between its neighbours the top of a parabola lies, in [-0.5, 0.5] steps."""
    if not 0 < best < len(values) - 1:
        return 0.0
    before, top, after = values[best - 1 : best + 2]
    bend = before - 2 * top + after
    return float(0.5 * (before - after) / bend) if bend < 0 else 0.0


def _period(phase: Floats, speeds: Floats, slots: int) -> float:
    """The period, in slots, of speeds at moments of their wave; NaN where none explains enough or fits in twice."""
    frequencies = np.arange(1.5, slots / 3, 0.25) / slots
    turns = np.exp(-2j * np.pi * np.outer(frequencies, phase)) @ speeds
    power = 2 * np.abs(turns) ** 2 / (len(speeds) * float(speeds @ speeds))
    best = int(power.argmax())
    if power[best] < LEAST_PERIODIC or frequencies[best] * slots < 2:
        return nan
    return float(1 / (frequencies[best] + _offset(power, best) * 0.25 / slots))


class Stretch:
    """A straight stretch of way that is watched for stop-and-go; it remembers the last while in cells of place and time.

    Parameters
    ----------
    start_m, end_m : (2,) float64
        Where people come from and go to, metres.
    width_m : float
        Of the way, half of it on each side of the line from start to end.
    cell_m, slot_s : float
        Size of the cells of the way, about, and of the slots of time.
    span_s : float
        How long is remembered.
    """

    def __init__(
        self,
        start_m: Floats,
        end_m: Floats,
        *,
        width_m: float,
        cell_m: float = 1.0,
        slot_s: float = 1.0,
        span_s: float = 60.0,
    ) -> None:
        way = np.asarray(end_m, dtype=np.float64) - start_m
        length = float(np.hypot(*way))
        self._start, self._way, self._half_m = np.asarray(start_m), way / length, width_m / 2
        self._cells = max(round(length / cell_m), 1)
        self._cell_m, self._length_m = length / self._cells, length
        self._recent = RecentSums((3, self._cells), slot_s=slot_s, slots=round(span_s / slot_s))

    def add(self, time_s: float, xy_m: Floats, velocities_mps: Floats) -> None:
        """Take in one frame: places and velocities (n, 2) of people, metres and m/s; NaN velocities are left out."""
        offset, across = xy_m - self._start, np.array([-self._way[1], self._way[0]])
        along = offset @ self._way
        speed = velocities_mps @ self._way
        here = (along >= 0) & (along < self._length_m) & (np.abs(offset @ across) <= self._half_m) & np.isfinite(speed)
        cell = np.minimum(along[here] / self._cell_m, self._cells - 1).astype(np.int64)
        slow = np.hypot(*velocities_mps[here].T) < STANDING_MPS
        rows = (None, speed[here], slow.astype(np.float64))
        self._recent.add(time_s, np.array([np.bincount(cell, row, minlength=self._cells) for row in rows]))

    def speeds_mps(self) -> Floats:
        """Mean speed along the way (t, x) in slots and cells; NaN where nobody was."""
        _, _, sums = self._recent.whole()
        return np.asarray(sums[:, 1] / np.where(sums[:, 0] > 0, sums[:, 0], np.nan))

    def waves(self) -> Waves:
        """What `stop_and_go` finds in the last while."""
        return stop_and_go(self.speeds_mps(), cell_m=self._cell_m, slot_s=self._recent.slot_s)

    def standing(self) -> tuple[float, float]:
        """Share of people who stood over the last while, and the standard deviation of that share from slot to slot.

        Both are NaN while people were in fewer than half of the slots.
        """
        _, _, sums = self._recent.whole()
        people, stood = sums[:, 0].sum(axis=1), sums[:, 2].sum(axis=1)
        known = people > 0
        if 2 * np.count_nonzero(known) < len(known):
            return nan, nan
        return float(stood.sum() / people.sum()), float((stood[known] / people[known]).std())
