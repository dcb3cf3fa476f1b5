"""Line crossings that a person swaying on the line does not make."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from throng.data.place import Line
from throng.measure.geometry import distances_and_shares
from throng.measure.slots import Slots, widened

Floats = NDArray[np.float64]


class LineCrossings:
    """Crossings of the lines of a camera.

    A track belongs to the side where it began, also before it was confirmed. It crosses when its point has gone through the
    segment, is beyond it by more than a margin, and has stayed there for a moment. A margin of `margin` heights of the
    person's box and a stay of `stay_s` keep the sway of feet from counting; a person who turns around on the line does not
    cross it. A track that ends has crossed if it came from beyond the margin and was last seen on the other side: no later
    evidence will come.

    Parameters
    ----------
    lines : sequence of Line
    margin : float
        Heights of the person's box.
    stay_s : float
        Seconds.
    """

    def __init__(self, lines: Sequence[Line], *, margin: float = 0.08, stay_s: float = 0.5) -> None:
        self._ends = np.array([line.ends_px for line in lines]).reshape(-1, 2, 2)
        self._margin = margin
        self._stay_s = stay_s
        self._slots = Slots(self._grow)
        # By line and track: the side that counts (1 or -1), where the track last was, where it last went through the line's
        # direction, since when it is beyond the margin, and whether it came from beyond the margin on its own side.
        self._side, self._distance, self._share, self._through, self._since = np.zeros((5, len(lines), 0))
        self._from_beyond = np.zeros((len(lines), 0), dtype=bool)

    def update(
        self, ids: NDArray[np.uint64], points_px: Floats, heights_px: Floats, begins_px: Floats, time_s: float
    ) -> list[tuple[int, int]]:
        """Crossings as (track id, counter): 2 l for line l crossed *in* (left to right), 2 l + 1 for *out*.

        Parameters
        ----------
        ids : (n,) uint64
            Who is seen.
        points_px : (n, 2) float64
            Where, image pixels.
        heights_px : (n,) float64
            Heights of the boxes, which set the margin.
        begins_px : (n, 2) float64
            Where each track began; looked at when it is new here.
        time_s : float
            When.
        """
        if not (len(ids) and len(self._ends)):
            return []
        slots, new = self._slots.take(ids)
        margins = self._margin * heights_px
        if new.any():
            self._begin(slots[new], begins_px[new], margins[new])
        crossed, inwards = self._step(slots, points_px, margins, time_s)
        lines, rows = np.nonzero(crossed)
        counters = 2 * lines + ~inwards[lines, rows]
        return list(zip(ids[rows].tolist(), counters.tolist(), strict=True))

    def end(self, ids: NDArray[np.uint64]) -> list[tuple[int, int]]:
        """Forget tracks that have ended; the crossings of those that ended on the other side."""
        keys, slots = self._slots.release(ids)
        if not keys:
            return []
        side, through = self._side[:, slots], self._through[:, slots]
        crossed = self._from_beyond[:, slots] & (side * self._distance[:, slots] < 0) & (through >= 0) & (through <= 1)
        lines, rows = np.nonzero(crossed)
        counters = 2 * lines + (side[lines, rows] > 0)
        return [(keys[row], counter) for row, counter in zip(rows.tolist(), counters.tolist(), strict=True)]

    def _begin(self, slots: NDArray[np.intp], begins_px: Floats, margins_px: Floats) -> None:
        distance, share = distances_and_shares(begins_px, self._ends)
        self._side[:, slots] = np.where(distance >= 0, 1.0, -1.0)
        self._distance[:, slots], self._share[:, slots] = distance, share
        self._from_beyond[:, slots] = np.abs(distance) > margins_px
        self._through[:, slots] = self._since[:, slots] = np.nan

    def _step(
        self, slots: NDArray[np.intp], points_px: Floats, margins_px: Floats, time_s: float
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Who crosses which line now (lines, n), and whether inwards."""
        distance, share = distances_and_shares(points_px, self._ends)
        side, last, last_share = self._side[:, slots], self._distance[:, slots], self._share[:, slots]
        through, since = self._through[:, slots], self._since[:, slots]
        changed = distance * last < 0
        part = np.divide(last, last - distance, out=np.zeros_like(last), where=changed)
        through = np.where(changed, last_share + part * (share - last_share), through)
        off = distance != 0
        beyond = -side * distance > margins_px
        from_beyond = self._from_beyond[:, slots] | (side * distance > margins_px)
        since = np.where(beyond, np.where(np.isnan(since), time_s, since), np.nan)
        stayed = time_s - since >= self._stay_s
        side = np.where(stayed, -side, side)
        self._distance[:, slots] = np.where(off, distance, last)
        self._share[:, slots] = np.where(off, share, last_share)
        self._through[:, slots], self._side[:, slots] = through, side
        self._since[:, slots] = np.where(stayed, np.nan, since)
        self._from_beyond[:, slots] = from_beyond | stayed
        return stayed & (through >= 0) & (through <= 1), side > 0

    def _grow(self, capacity: int) -> None:
        for name in ("_side", "_distance", "_share", "_through", "_since", "_from_beyond"):
            setattr(self, name, widened(getattr(self, name), capacity))
