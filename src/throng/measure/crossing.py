"""Line crossings that a person swaying on the line does not make."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.place import Line
from throng.measure.geometry import share_along_line, signed_distance_to_line

Floats = NDArray[np.float64]


@dataclass(slots=True)
class _Walker:
    """One track beside one line: which side counts, where it last went through, since when it is beyond the margin."""

    side: int
    last_distance_px: float
    last_share: float
    came_from_beyond: bool
    through_share: float = np.nan
    beyond_since_s: float = np.nan


class LineCrossings:
    """Crossings of one line.

    A track belongs to the side where it began, also before it was confirmed. It crosses when its point has gone through the
    segment, is beyond it by more than a margin, and has stayed there for a moment. A margin of `margin` heights of the
    person's box and a stay of `stay_s` keep the sway of feet from counting; a person who turns around on the line does not
    cross it. A track that ends has crossed if it came from beyond the margin and was last seen on the other side: no later
    evidence will come.

    Parameters
    ----------
    line : Line
    margin : float
        Heights of the person's box.
    stay_s : float
        Seconds.
    """

    def __init__(self, line: Line, *, margin: float = 0.08, stay_s: float = 0.5) -> None:
        self._ends = line.ends_px
        self._margin = margin
        self._stay_s = stay_s
        self._walkers: dict[int, _Walker] = {}

    def update(
        self, ids: NDArray[np.uint64], points_px: Floats, heights_px: Floats, begins_px: Floats, time_s: float
    ) -> list[tuple[int, int]]:
        """Crossings as (track id, direction) with direction 0 for *in* (left to right) and 1 for *out*.

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
        if not len(ids):
            return []
        distances = signed_distance_to_line(points_px, self._ends)
        shares = share_along_line(points_px, self._ends)
        crossings = []
        rows = zip(ids.tolist(), distances, shares, self._margin * heights_px, strict=True)
        for row, (key, distance, share, margin) in enumerate(rows):
            walker = self._walkers.get(key)
            if walker is None:
                walker = self._walkers[key] = self._new(begins_px[row], float(margin))
            if self._crosses(walker, float(distance), float(share), float(margin), time_s):
                crossings.append((key, 0 if walker.side > 0 else 1))
        return crossings

    def _new(self, begin_px: Floats, margin_px: float) -> _Walker:
        distance_px = float(signed_distance_to_line(begin_px[None], self._ends)[0])
        share = float(share_along_line(begin_px[None], self._ends)[0])
        return _Walker(1 if distance_px >= 0 else -1, distance_px, share, abs(distance_px) > margin_px)

    def end(self, ids: NDArray[np.uint64]) -> list[tuple[int, int]]:
        """Forget tracks that have ended; the crossings of those that ended on the other side."""
        crossings = []
        for key in ids.tolist():
            walker = self._walkers.pop(key, None)
            if (
                walker is not None
                and walker.came_from_beyond
                and walker.side * walker.last_distance_px < 0
                and _through(walker)
            ):
                crossings.append((key, 1 if walker.side > 0 else 0))
        return crossings

    def _crosses(self, walker: _Walker, distance_px: float, share: float, margin_px: float, time_s: float) -> bool:
        if distance_px * walker.last_distance_px < 0:
            part = walker.last_distance_px / (walker.last_distance_px - distance_px)
            walker.through_share = walker.last_share + part * (share - walker.last_share)
        if distance_px:
            walker.last_distance_px, walker.last_share = distance_px, share
        walker.came_from_beyond |= walker.side * distance_px > margin_px
        if -walker.side * distance_px <= margin_px:
            walker.beyond_since_s = np.nan
            return False
        if np.isnan(walker.beyond_since_s):
            walker.beyond_since_s = time_s
        if time_s - walker.beyond_since_s < self._stay_s:
            return False
        walker.side, walker.beyond_since_s, walker.came_from_beyond = -walker.side, np.nan, True
        return _through(walker)


def _through(walker: _Walker) -> bool:
    """Whether the walker last changed sides within the segment, not past its ends."""
    return 0.0 <= walker.through_share <= 1.0
