"""Who is in a zone: entries, exits, occupancy, and how fast those who left had walked."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from throng.data.place import Zone
from throng.measure.geometry import Polygon

Floats = NDArray[np.float64]


STEP_S = 1.0
"""A way is summed in steps of this length: over shorter ones the sway of boxes would look like walking."""


@dataclass(slots=True)
class _Visitor:
    """One track beside one zone: whether it counts as inside, and since when it is on the other side of the border."""

    inside: bool
    changed_s: float = np.nan
    way: "_Way | None" = None


@dataclass(slots=True)
class _Way:
    """The way of one visit on the ground: where and when its last step ended, and what was walked up to then."""

    x_m: float
    y_m: float
    step_s: float
    length_m: float = 0.0
    seconds: float = 0.0

    def go(self, x_m: float, y_m: float, time_s: float) -> None:
        if time_s - self.step_s >= STEP_S:
            self.length_m += math.hypot(x_m - self.x_m, y_m - self.y_m)
            self.seconds += time_s - self.step_s
            self.x_m, self.y_m, self.step_s = x_m, y_m, time_s


class Visit(NamedTuple):
    """A track's entry (kind 0) or exit (kind 1); an exit has the visit's mean speed, or NaN where that is not known."""

    key: int
    kind: int
    speed_mps: float = math.nan


class ZoneVisits:
    """Entries and exits of one zone.

    A track first seen inside has entered. One that was outside enters when its point is inside by more than a margin and has
    stayed there for a moment, one that was inside leaves likewise; a track that ends inside has left. So entries minus exits is
    at every moment the number of tracks inside, and swaying on the border counts once or not at all.

    Where places on the ground are known, a visit has a mean speed, the length of its way over the time it took (Edie 1963 for a
    single person): from steps of a second, so that standing people do not seem to walk. A visit shorter than a step has none.

    Parameters
    ----------
    zone : Zone
    margin : float
        Heights of the person's box.
    stay_s : float
        Seconds.
    """

    def __init__(self, zone: Zone, *, margin: float = 0.04, stay_s: float = 0.5) -> None:
        self._polygon = Polygon(zone.corners_px)
        self._margin = margin
        self._stay_s = stay_s
        self._visitors: dict[int, _Visitor] = {}
        self.occupancy = 0

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
        if not len(ids):
            return []
        distances = self._polygon.signed_distance(points_px)
        visits = []
        for row, (key, distance, margin) in enumerate(zip(ids.tolist(), distances, self._margin * heights_px, strict=True)):
            visitor = self._visitors.get(key)
            if visitor is None:
                visitor = self._visitors[key] = _Visitor(bool(distance >= 0))
                visits += [Visit(key, 0)] if distance >= 0 else []
            elif self._changes(visitor, float(distance), float(margin), time_s):
                visits.append(Visit(key, 0) if visitor.inside else self._left(key, visitor))
            if visitor.inside and xy_m is not None:
                _walk(visitor, float(xy_m[row, 0]), float(xy_m[row, 1]), time_s)
        self.occupancy += sum(1 - 2 * visit.kind for visit in visits)
        return visits

    def end(self, ids: NDArray[np.uint64]) -> list[Visit]:
        """Forget tracks that have ended; those inside have left."""
        ended = [(key, self._visitors.pop(key, None)) for key in ids.tolist()]
        visits = [self._left(key, visitor) for key, visitor in ended if visitor is not None and visitor.inside]
        self.occupancy -= len(visits)
        return visits

    @staticmethod
    def _left(key: int, visitor: _Visitor) -> Visit:
        way, visitor.way = visitor.way, None
        return Visit(key, 1, way.length_m / way.seconds if way and way.seconds else math.nan)

    def _changes(self, visitor: _Visitor, distance_px: float, margin_px: float, time_s: float) -> bool:
        beyond = distance_px < -margin_px if visitor.inside else distance_px > margin_px
        if not beyond:
            visitor.changed_s = np.nan
            return False
        if np.isnan(visitor.changed_s):
            visitor.changed_s = time_s
        if time_s - visitor.changed_s < self._stay_s:
            return False
        visitor.inside, visitor.changed_s = not visitor.inside, np.nan
        return True


def _walk(visitor: _Visitor, x_m: float, y_m: float, time_s: float) -> None:
    if visitor.way is None:
        visitor.way = _Way(x_m, y_m, time_s)
    else:
        visitor.way.go(x_m, y_m, time_s)
