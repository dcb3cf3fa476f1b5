"""Which places lie in an area of the ground."""

from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from throng.data.ground_place import Area


def inside(xy_m: NDArray[np.float64], area: Area) -> NDArray[np.bool_]:
    """Which places (n, 2), metres, lie in an area, (n,); its outline is outside, as are its holes and their outlines."""
    result: NDArray[np.bool_] = shapely.contains_xy(prepared(area), xy_m[:, 0], xy_m[:, 1])
    return result


@lru_cache(maxsize=64)
def prepared(area: Area) -> shapely.Polygon:
    """An area as shapely asks about it fastest; areas are asked about again and again."""
    polygon = shapely.Polygon(area.corners_m, area.holes_m)
    shapely.prepare(polygon)
    return polygon
