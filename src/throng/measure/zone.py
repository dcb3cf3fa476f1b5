"""Who is in a zone: entries, exits, occupancy, and how long those who left had stayed and how fast they had walked."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from throng.data.place import Zone
from throng.measure.geometry import signed_distances_to_polygons
from throng.measure.slots import Slots, widened

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]

STEP_S = 1.0
"""A way is summed in steps of this length: over shorter ones the sway of boxes would look like walking."""


class Visit(NamedTuple):
    """A track's entry to a zone (kind 0) or exit (kind 1); an exit has the visit's length and mean speed, NaN if unknown."""

    key: int
    zone: int
    kind: int
    stay_s: float = math.nan
    speed_mps: float = math.nan


class ZoneVisits:
    """Entries and exits of the zones of a camera.

    A track first seen inside has entered. One that was outside enters when its point is inside by more than a margin and has
    stayed there for a moment, one that was inside leaves likewise; a track that ends inside has left. So entries minus exits is
    at every moment the number of tracks inside, and swaying on the border counts once or not at all.

    A visit lasts from when the track came to be inside by the margin to when it came to be outside by it, or was last seen: the
    moment of waiting at either end is no part of it.

    Where places on the ground are known, a visit has a mean speed, the length of its way over the time it took (Edie 1963 for a
    single person): from steps of a second, so that standing people do not seem to walk. A visit shorter than a step has none.

    Parameters
    ----------
    zones : sequence of Zone
    margin : float
        Heights of the person's box.
    stay_s : float
        Seconds.

    Attributes
    ----------
    occupancy : (zones,) int64
        Tracks inside each zone now.
    """

    def __init__(self, zones: Sequence[Zone], *, margin: float = 0.04, stay_s: float = 0.5) -> None:
        most = max((len(zone.corners_px) for zone in zones), default=3)
        self._corners = np.array([np.pad(z.corners_px, ((0, most - len(z.corners_px)), (0, 0)), mode="edge") for z in zones])
        self._margin = margin
        self._stay_s = stay_s
        self._slots = Slots(self._grow)
        self._inside = np.zeros((len(zones), 0), dtype=bool)
        # Since when a track is on the other side of the border; when its visit began; of the visit's way: how long and of how
        # many seconds its steps were, and where and when the last of them ended (x, y, time).
        self._since, self._entered_s, self._length_m, self._seconds = np.zeros((4, len(zones), 0))
        self._step_end = np.zeros((3, len(zones), 0))
        self._seen_s = np.zeros(0)
        self.occupancy = np.zeros(len(zones), dtype=np.int64)

    def update(
        self, ids: NDArray[np.uint64], points_px: Floats, heights_px: Floats, xy_m: Floats | None, time_s: float
    ) -> list[Visit]:
        """Entries and exits of this moment.

        Parameters
        ----------
        ids : (n,) uint64
            Who is seen.
        points_px : (n, 2) float64
            Where, image pixels.
        heights_px : (n,) float64
            Heights of the boxes, which set the margin.
        xy_m : (n, 2) float64 or None
            Where on the ground, metres.
        time_s : float
            When.
        """
        if not (len(ids) and len(self._corners)):
            return []
        slots, new = self._slots.take(ids)
        distances = signed_distances_to_polygons(points_px, self._corners)
        was = self._inside[:, slots] & ~new
        margins = self._margin * heights_px
        beyond = np.where(was, distances < -margins, distances > margins) & ~new
        since = self._beyond_since(slots, new, beyond, time_s)
        stayed = time_s - since >= self._stay_s
        inside = np.where(new, distances >= 0, was ^ stayed)
        self._inside[:, slots], self._since[:, slots] = inside, np.where(stayed, np.nan, since)
        entered = inside & ~was
        self._entered_s[:, slots] = np.where(entered, np.where(new, time_s, since), self._entered_s[:, slots])
        self._seen_s[slots] = time_s
        visits = self._told(ids, slots, entered, was & ~inside, since)
        self.occupancy += np.count_nonzero(inside, axis=1) - np.count_nonzero(was, axis=1)
        if xy_m is not None:
            self._walk(slots, entered, inside, np.column_stack([xy_m, np.full(len(ids), time_s)]).T[:, None])
        return visits

    def end(self, ids: NDArray[np.uint64]) -> list[Visit]:
        """Forget tracks that have ended; those inside have left."""
        keys, slots = self._slots.release(ids)
        if not keys:
            return []
        left = self._inside[:, slots]
        self.occupancy -= np.count_nonzero(left, axis=1)
        self._inside[:, slots] = False
        since = self._since[:, slots]
        left_s = np.where(np.isnan(since), self._seen_s[slots], since)
        return self._told(np.array(keys, dtype=np.uint64), slots, np.zeros_like(left), left, left_s)

    def entered_s(self, ids: NDArray[np.uint64]) -> Floats:
        """When the visits began (zones, n) that tracks (n,), seen at this moment, are on; NaN for those outside."""
        slots, _ = self._slots.take(ids)
        return np.where(self._inside[:, slots], self._entered_s[:, slots], np.nan)

    def _beyond_since(self, slots: Rows, new: Mask, beyond: Mask, time_s: float) -> Floats:
        """Since when each is beyond the border, on the other side of it (zones, n); NaN for those who are not."""
        since = np.where(new, np.nan, self._since[:, slots])
        return np.where(beyond, np.where(np.isnan(since), time_s, since), np.nan)

    def _told(self, ids: NDArray[np.uint64], slots: Rows, entered: Mask, left: Mask, left_s: Floats) -> list[Visit]:
        visits = [Visit(int(ids[row]), int(zone), 0) for zone, row in np.argwhere(entered)]
        for zone, row in np.argwhere(left):
            length_m, seconds = self._length_m[zone, slots[row]], self._seconds[zone, slots[row]]
            stay_s = float(left_s[zone, row] - self._entered_s[zone, slots[row]])
            visits.append(Visit(int(ids[row]), int(zone), 1, stay_s, float(length_m / seconds) if seconds else math.nan))
            self._length_m[zone, slots[row]] = self._seconds[zone, slots[row]] = 0.0
        return visits

    def _walk(self, slots: Rows, entered: Mask, inside: Mask, here: Floats) -> None:
        """Lengthen the ways of those inside to `here`, (3, 1, n): x, y, time."""
        last = np.where(entered, here, self._step_end[:, :, slots])
        step = inside & (here[2] - last[2] >= STEP_S)
        self._length_m[:, slots] += np.where(step, np.hypot(*(here - last)[:2]), 0.0)
        self._seconds[:, slots] += np.where(step, here[2] - last[2], 0.0)
        self._step_end[:, :, slots] = np.where(step, here, last)

    def _grow(self, capacity: int) -> None:
        for name in ("_inside", "_since", "_entered_s", "_length_m", "_seconds", "_step_end", "_seen_s"):
            setattr(self, name, widened(getattr(self, name), capacity))
