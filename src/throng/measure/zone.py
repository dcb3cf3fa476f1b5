"""Who is in a zone: entries, exits, occupancy."""

import numpy as np
from numpy.typing import NDArray

from throng.data.place import Zone
from throng.measure.geometry import Polygon

Floats = NDArray[np.float64]


class ZoneVisits:
    """Entries and exits of one zone.

    A track first seen inside has entered. One that was outside enters when its point is inside by more than a margin, one
    that was inside leaves when it is outside by more than a margin; a track that ends inside has left. So entries minus exits
    is at every moment the number of tracks inside.

    Parameters
    ----------
    zone : Zone
    margin : float
        Heights of the person's box.
    """

    def __init__(self, zone: Zone, *, margin: float = 0.04) -> None:
        self._polygon = Polygon(zone.corners_px)
        self._margin = margin
        self._inside: dict[int, bool] = {}
        self.occupancy = 0

    def update(self, ids: NDArray[np.uint64], points_px: Floats, heights_px: Floats) -> list[tuple[int, int]]:
        """Visits as (track id, 0 for an entry, 1 for an exit).

        Parameters
        ----------
        ids : (n,) uint64
            Who is seen.
        points_px : (n, 2) float64
            Where, image pixels.
        heights_px : (n,) float64
            Heights of the boxes, which set the margin.
        """
        if not len(ids):
            return []
        distances = self._polygon.signed_distance(points_px)
        visits = []
        for key, distance, margin in zip(ids.tolist(), distances, self._margin * heights_px, strict=True):
            was = self._inside.get(key)
            now = bool(distance >= 0) if was is None else bool(distance > (-margin if was else margin))
            self._inside[key] = now
            if now != bool(was):
                visits.append((key, 0 if now else 1))
        self.occupancy += sum(1 - 2 * kind for _, kind in visits)
        return visits

    def end(self, ids: NDArray[np.uint64]) -> list[tuple[int, int]]:
        """Forget tracks that have ended; those inside have left."""
        visits = [(key, 1) for key in ids.tolist() if self._inside.pop(key, False)]
        self.occupancy -= len(visits)
        return visits
