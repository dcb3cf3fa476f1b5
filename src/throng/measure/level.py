"""How fast each person in a zone walks now, in a few levels that change seldom."""

import numpy as np
from numpy.typing import NDArray

from throng.measure.slots import Slots, widened
from throng.measure.trailing import TrailingVelocities
from throng.measure.waves import STANDING_MPS

Floats = NDArray[np.float64]

STEP_MPS = 0.25
WINDOW_S, SHORTEST_S = 2.0, 0.5
"""Speed is the way between two places so far apart in time: over two seconds the sway of boxes adds little to it."""
LOOK_EVERY_S = 0.5
AGAIN_S = 2.0
"""A level that was told is not told anew before so long has passed."""


class WalkingLevels:
    """Levels of speed of the people in the zones of a camera, told when they change.

    A visit begins at level 0. Its level changes when the person's speed is a whole step or more away from it, to the step that
    is nearest; slower than `STANDING_MPS` is standing, speed 0. So nobody's level stays off by a step, while steady walkers and
    those who stand mostly keep theirs, though their boxes sway.

    Parameters
    ----------
    zones : int
        How many there are.
    """

    def __init__(self, zones: int) -> None:
        self._velocities = TrailingVelocities(window_s=WINDOW_S, shortest_s=SHORTEST_S)
        self._slots = Slots(self._grow)
        # Of each visit: when it began, its level, and when that was told; of each track: its speed at the last look.
        self._entered_s, self._level_mps, self._told_s = np.zeros((3, zones, 0))
        self._speed_mps = np.zeros(0)
        self._looked_s = -np.inf

    def due(self, time_s: float) -> bool:
        """Whether it is time for a look: it does not depend on who is there."""
        return time_s - self._looked_s >= LOOK_EVERY_S - 1e-6

    def update(self, ids: NDArray[np.uint64], xy_m: Floats, entered_s: Floats, time_s: float) -> list[tuple[int, int, float]]:
        """Changes of level as (track id, zone, m/s).

        Parameters
        ----------
        ids : (n,) uint64
            Who is seen.
        xy_m : (n, 2) float64
            Where on the ground, metres.
        entered_s : (zones, n) float64
            When the visit began that each is on; NaN for those outside.
        time_s : float
            When.
        """
        self._looked_s = time_s
        velocities = self._velocities.update(ids, xy_m, time_s)
        if not len(ids):
            return []
        speeds = np.hypot(velocities[:, 0], velocities[:, 1])
        speeds[speeds < STANDING_MPS] = 0.0
        slots, new = self._slots.take(ids)
        before = np.where(new, np.nan, self._speed_mps[slots])
        self._speed_mps[slots] = speeds
        # One look may be wrong, the first of a track above all. The lesser of two counts: noise shall not make people walk.
        speeds = np.minimum(speeds, before)
        same = ~new & (entered_s == self._entered_s[:, slots])
        levels = np.where(same, self._level_mps[:, slots], 0.0)
        told_s = np.where(same, self._told_s[:, slots], -np.inf)
        may = np.isfinite(entered_s) & (time_s - told_s >= AGAIN_S)
        changed = may & (np.abs(speeds - levels) >= STEP_MPS)
        levels = np.where(changed, STEP_MPS * np.round(speeds / STEP_MPS), levels)
        self._entered_s[:, slots], self._level_mps[:, slots] = entered_s, levels
        self._told_s[:, slots] = np.where(changed, time_s, told_s)
        zones, rows = np.nonzero(changed)
        return list(zip(ids[rows].tolist(), zones.tolist(), levels[zones, rows].tolist(), strict=True))

    def end(self, ids: NDArray[np.uint64]) -> None:
        """Forget tracks that have ended."""
        self._slots.release(ids)

    def _grow(self, capacity: int) -> None:
        for name in ("_entered_s", "_level_mps", "_told_s", "_speed_mps"):
            setattr(self, name, widened(getattr(self, name), capacity))
