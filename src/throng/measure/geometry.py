"""Where points lie relative to lines and polygons, in the picture."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def distances_and_shares(points: Floats, ends: Floats) -> tuple[Floats, Floats]:
    """Where points lie relative to lines.

    Parameters
    ----------
    points : (n, 2) float64
        Points p.
    ends : (k, 2, 2) float64
        First and second end a and b of each line.

    Returns
    -------
    distances : (k, n) float64
        From the straight line, positive on its right-hand side as seen in the picture, whose y axis points down, looking from
        the first end to the second: d = (e x (p - a)) / |e| with e = b - a.
    shares : (k, n) float64
        Of the foot of the perpendicular on the line: 0 at the first end, 1 at the second.
    """
    ex, ey = (ends[:, 1] - ends[:, 0]).T[..., None]
    x, y = (points[:, axis] - ends[:, 0, axis, None] for axis in (0, 1))
    squared = ex * ex + ey * ey
    return (ex * y - ey * x) / np.sqrt(squared), (ex * x + ey * y) / squared


def signed_distances_to_polygons(points: Floats, corners: Floats) -> Floats:
    """Distances (z, n) of points (n, 2) from the outlines of polygons (z, k, 2), positive inside, zero on them.

    A polygon with fewer corners than the others repeats its last one. The distance is that to the nearest side; inside is where
    a ray meets the outline an odd number of times (Shimrat 1962).
    """
    # Points come last, as they are many.
    ax, ay = np.moveaxis(corners, -1, 0)[..., None]
    ex, ey = np.moveaxis(np.roll(corners, -1, axis=1) - corners, -1, 0)[..., None]
    dx, dy = points[:, 0] - ax, points[:, 1] - ay
    share = np.clip((dx * ex + dy * ey) / np.maximum(ex * ex + ey * ey, np.finfo(float).tiny), 0.0, 1.0)
    squared = np.min((dx - share * ex) ** 2 + (dy - share * ey) ** 2, axis=1)
    # Whether the side passes the point's height, and then to the right of it.
    spans = (dy < 0) != (dy < ey)
    right = (dx * ey < dy * ex) == (ey > 0)
    inside = np.count_nonzero(spans & right, axis=1) % 2 == 1
    distance: Floats = np.where(inside, 1.0, -1.0) * np.sqrt(squared)
    return distance
