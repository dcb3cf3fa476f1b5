"""How much of each of many polygons lies in areas."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from throng.data.ground_place import Area
from throng.measure.rings import Rings, areas, cut_straight, taken
from throng.measure.walls import floor_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_AT_ONCE = 20_000
"""Corners that are worked on together, so that arrays stay in the cache."""


def overlaps(corners_m: Floats, starts: Ints, sizes_m2: Floats, zones: Sequence[Area]) -> Floats:
    """Area of each polygon that lies in each zone.

    A polygon on the right of any side of a convex zone is outside, one on the left of all sides is inside, and only the others
    are cut, by the sides that they cross. Zones that are not convex are cut into triangles first.

    Parameters
    ----------
    corners_m : (m, 2) float64
        Corners, metres.
    starts : (n + 1,) int64
        Corners `starts[i]` to `starts[i + 1]` are those of polygon i.
    sizes_m2 : (n,) float64
        Their areas.
    zones : sequence of Area, z of them
        Where.

    Returns
    -------
    (z, n) float64
        Square metres; 0 for polygons without corners.
    """
    result = np.zeros((len(zones), len(sizes_m2)))
    known = np.flatnonzero(starts[1:] > starts[:-1])
    begins = np.append(starts[known], starts[-1])
    for first in range(0, len(known), size := max(1, _AT_ONCE * len(known) // max(len(corners_m), 1))):
        rows = known[first : first + size]
        some = begins[first : first + size + 1]
        result[:, rows] = _overlaps(corners_m[some[0] : some[-1]], some - some[0], sizes_m2[rows], tuple(zones))
    return result


def _overlaps(corners_m: Floats, starts: Ints, sizes_m2: Floats, zones: tuple[Area, ...]) -> Floats:
    middle, zone, first_wall, corners, along = _pieces(zones)
    x, y = corners_m[:, 0] - middle[0], corners_m[:, 1] - middle[1]
    own_x, own_y = x[starts[:-1]], y[starts[:-1]]
    low, high = _reach(x, y, starts[:-1], along)
    distance = along[:, :1] * (own_y - corners[:, 1:]) - along[:, 1:] * (own_x - corners[:, :1])
    outside = np.logical_or.reduceat(distance + high <= 0, first_wall, axis=0)
    crosses = distance + low < 0
    inside = ~np.logical_or.reduceat(crosses, first_wall, axis=0)
    result = np.zeros((len(zones), len(sizes_m2)))
    np.add.at(result, zone, np.where(inside, sizes_m2, 0.0))
    piece, cell = np.nonzero(~(inside | outside))
    if len(cell):
        counts = starts[1:] - starts[:-1]
        rings = taken(Rings(x - own_x.repeat(counts), y - own_y.repeat(counts), starts), cell)
        pair, wall = np.nonzero((_owner(first_wall, len(along)) == piece[:, None]) & crosses[:, cell].T)
        rings = cut_straight(rings, pair, distance[wall, cell[pair]], along[wall])
        np.add.at(result, (zone[piece], cell), areas(rings))
    return result


def _reach(x: Floats, y: Floats, first: Ints, along: Floats) -> tuple[Floats, Floats]:
    """Bounds (walls, n) on how far polygons reach to the right and the left of their first corner, across walls."""
    left, right, down, up = (extreme.reduceat(at, first) - at[first] for at in (x, y) for extreme in (np.minimum, np.maximum))
    across, forth = -along[:, 1:], along[:, :1]
    return (
        np.minimum(across * left, across * right) + np.minimum(forth * down, forth * up),
        np.maximum(across * left, across * right) + np.maximum(forth * down, forth * up),
    )


def _owner(first_wall: Ints, walls: int) -> Ints:
    """The piece that each wall belongs to."""
    return np.searchsorted(first_wall, np.arange(walls), side="right") - 1


@lru_cache(maxsize=64)
def _pieces(zones: tuple[Area, ...]) -> tuple[Floats, Ints, Ints, Floats, Floats]:
    """Convex pieces of zones: a middle point, the zone and the first wall of each piece, beginnings and directions of walls."""
    middle = floor_of(zones[0]).middle_m
    zone, counts, corners, along = [], [], [], []
    for number, area in enumerate(zones):
        whole = floor_of(area)
        triangles = () if whole.convex else shapely.get_parts(shapely.constrained_delaunay_triangles(whole.polygon))
        parts = [floor_of(Area(area.name, shapely.get_coordinates(part)[:-1] + whole.middle_m)) for part in triangles]
        for part in [whole] if whole.convex else parts:
            zone.append(number)
            counts.append(len(part.corners))
            corners.append(part.corners + (part.middle_m - middle))
            along.append(part.along)
    return middle, np.array(zone), np.cumsum([0, *counts[:-1]]), np.concatenate(corners), np.concatenate(along)
