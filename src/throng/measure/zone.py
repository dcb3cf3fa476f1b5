"""Who is in a zone: entries, exits, occupancy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.place import Zone
from throng.measure.geometry import Polygon

Floats = NDArray[np.float64]


@dataclass(slots=True)
class _Visitor:
    """One track beside one zone: whether it counts as inside, and since when it is on the other side of the border."""

    inside: bool
    changed_s: float = np.nan


class ZoneVisits:
    """Entries and exits of one zone.

    A track first seen inside has entered. One that was outside enters when its point is inside by more than a margin and has
    stayed there for a moment, one that was inside leaves likewise; a track that ends inside has left. So entries minus exits is
    at every moment the number of tracks inside, and swaying on the border counts once or not at all.

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

    def update(self, ids: NDArray[np.uint64], points_px: Floats, heights_px: Floats, time_s: float) -> list[tuple[int, int]]:
        """Visits as (track id, 0 for an entry, 1 for an exit).

        Parameters
        ----------
        ids : (n,) uint64
            Who is seen.
        points_px : (n, 2) float64
            Where, image pixels.
        heights_px : (n,) float64
            Heights of the boxes, which set the margin.
        time_s : float
            When.
        """
        if not len(ids):
            return []
        distances = self._polygon.signed_distance(points_px)
        visits = []
        for key, distance, margin in zip(ids.tolist(), distances, self._margin * heights_px, strict=True):
            visitor = self._visitors.get(key)
            if visitor is None:
                self._visitors[key] = _Visitor(bool(distance >= 0))
                visits += [(key, 0)] if distance >= 0 else []
            elif self._changes(visitor, float(distance), float(margin), time_s):
                visits.append((key, 0 if visitor.inside else 1))
        self.occupancy += sum(1 - 2 * kind for _, kind in visits)
        return visits

    def end(self, ids: NDArray[np.uint64]) -> list[tuple[int, int]]:
        """Forget tracks that have ended; those inside have left."""
        ended = [(key, self._visitors.pop(key, None)) for key in ids.tolist()]
        visits = [(key, 1) for key, visitor in ended if visitor is not None and visitor.inside]
        self.occupancy -= len(visits)
        return visits

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
