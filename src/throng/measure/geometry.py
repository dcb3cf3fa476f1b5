"""Where points lie relative to lines and polygons, in the picture."""

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def signed_distance_to_line(points: Floats, ends: Floats) -> Floats:
    """Distance (n,) of points (n, 2) from the straight line through `ends` (2, 2), positive on its right-hand side.

    Right-hand as seen in the picture, whose y axis points down, looking from the first end to the second:
    d = (e x (p - a)) / |e| with e = b - a.
    """
    direction = ends[1] - ends[0]
    offset = points - ends[0]
    distance: Floats = (direction[0] * offset[:, 1] - direction[1] * offset[:, 0]) / np.hypot(*direction)
    return distance


def share_along_line(points: Floats, ends: Floats) -> Floats:
    """Position (n,) of the foot of each point's perpendicular on the line: 0 at the first end, 1 at the second."""
    direction = ends[1] - ends[0]
    share: Floats = (points - ends[0]) @ direction / (direction @ direction)
    return share


class Polygon:
    """A polygon prepared for asking where many points lie.

    Parameters
    ----------
    corners : (k, 2) float64
    """

    def __init__(self, corners: Floats) -> None:
        self._area = shapely.Polygon(corners)
        self._outline = self._area.exterior
        shapely.prepare(self._area)

    def signed_distance(self, points: Floats) -> Floats:
        """Distance (n,) of points (n, 2) from the outline, positive inside, zero on it."""
        where = shapely.points(points)
        inside = shapely.covers(self._area, where)
        distance: Floats = np.where(inside, 1.0, -1.0) * shapely.distance(self._outline, where)
        return distance
