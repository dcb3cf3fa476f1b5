"""What of a cell is floor: cells cut by the outline and the holes of an area, the piece with the person kept."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from throng.data.errors import GeometryError
from throng.data.ground_place import Area
from throng.measure.rings import (
    Rings,
    cut,
    cut_straight,
    following,
    nothing,
    of_each,
    replaced,
    rounds,
    sides_of,
    starts_of,
    taken,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_CLOSE = 1e-12
"""Lengths within this part of the floor's size are the same."""


class Floor(NamedTuple):
    """An area as straight walls with the floor on their left, relative to its middle.

    Attributes
    ----------
    middle_m : (2,) float64
        Metres.
    radius_m : float
        Of a circle around the middle that holds the area.
    corners, along, across : (k, 2) float64
        Where each wall begins, its direction and the one to its left, of length one.
    lengths : (k,) float64
        Metres.
    area_m2 : float
        Its size.
    convex : bool
        It has no holes and no corner that points inwards.
    polygon : shapely.Polygon
        The area relative to its middle, prepared.
    """

    middle_m: Floats
    radius_m: float
    corners: Floats
    along: Floats
    across: Floats
    lengths: Floats
    area_m2: float
    convex: bool
    polygon: shapely.Polygon


@lru_cache(maxsize=64)
def floor_of(area: Area) -> Floor:
    """The walls of an area.

    Raises
    ------
    GeometryError
        The outline crosses itself, or holes reach out of it or into each other.
    """
    middle = (area.corners_m.min(axis=0) + area.corners_m.max(axis=0)) / 2
    rings = [area.corners_m - middle, *(hole - middle for hole in area.holes_m)]
    polygon = shapely.orient_polygons(shapely.Polygon(rings[0], rings[1:]))
    if not polygon.is_valid:
        raise GeometryError(f'area "{area.name}" must not cross itself and its holes must be apart inside it')
    shapely.prepare(polygon)
    outlines = [shapely.get_coordinates(ring) for ring in (polygon.exterior, *polygon.interiors)]
    corners = np.concatenate([outline[:-1] for outline in outlines])
    steps = np.concatenate([np.diff(outline, axis=0) for outline in outlines])
    lengths = np.hypot(*steps.T)
    corners, steps, lengths = corners[lengths > 0], steps[lengths > 0], lengths[lengths > 0]
    along = steps / lengths[:, None]
    turns = along[:, 0] * np.roll(along[:, 1], -1) - along[:, 1] * np.roll(along[:, 0], -1)
    convex = len(rings) == 1 and bool((turns >= -_CLOSE).all())
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    return Floor(middle, float(np.hypot(*corners.T).max()), corners, along, across, lengths, area.area_m2, convex, polygon)


def on_floor(rings: Rings, xy: Floats, reach: Floats, floor: Floor) -> Rings:
    """Convex cells cut to the floor.

    A cell that no wall comes near stays. The others are cut by the straight lines of the walls that meet them and have the
    person on their left, the nearest first. (To reach a wall from behind, a straight line from the person has to go through
    one of those.) That is the wanted piece if, in the end, no corner of it lies on a wall's line beyond the wall's ends: then
    its outline is made of walls and the cell's own sides, and no wall is inside. Otherwise (next to corners that point
    inwards), and for people on a wall, shapely cuts the cell.

    Parameters
    ----------
    rings : Rings
        Convex, (n,), relative to each person.
    xy : (n, 2) float64
        People, relative to the floor's middle.
    reach : (n,) float64
        Farthest corner of each ring, metres.
    floor : Floor
        The area.

    Returns
    -------
    Rings
        Empty for people who are not on the floor. A hole is joined to the outline by a cut of no width.
    """
    # Rows are walls, columns people.
    distance = floor.across @ xy.T - np.einsum("kd,kd->k", floor.across, floor.corners)[:, None]
    if floor.convex:
        inside = (distance >= -_CLOSE * floor.radius_m).all(axis=0)
        close = (np.abs(distance) < reach) & inside
    else:
        inside = shapely.intersects_xy(floor.polygon, xy[:, 0], xy[:, 1])
        close = (distance < reach) & (distance >= -_CLOSE * floor.radius_m) & inside & _boxes_meet(rings, xy, floor)
    cell, wall = np.nonzero(close.T)
    if floor.convex and len(cell):
        met = close.any(axis=0)
        near, place = np.flatnonzero(met), (np.cumsum(met) - 1)[cell]
        rings = replaced(rings, near, cut_straight(taken(rings, near), place, distance[wall, cell], floor.along[wall]))
    elif len(cell):
        order = np.lexsort((distance[wall, cell], cell))
        cell, wall = cell[order], wall[order]
        offset = xy[cell] - floor.corners[wall]
        rings = _cut(rings, _Pairs(cell, distance[wall, cell], floor.along[wall], offset, floor.lengths[wall]), xy, floor)
    outside = np.flatnonzero(~inside)
    return replaced(rings, outside, nothing(len(outside))) if len(outside) else rings


def _boxes_meet(rings: Rings, xy: Floats, floor: Floor) -> Flags:
    """Whether the upright boxes around walls and cells meet, (k, n)."""
    ends, small = floor.corners + floor.lengths[:, None] * floor.along, _CLOSE * floor.radius_m
    result = np.ones((len(ends), len(xy)), dtype=bool)
    for axis, values in enumerate((rings.x, rings.y)):
        low, high = (of_each(extreme, values, rings.starts) + xy[:, axis] for extreme in (np.minimum, np.maximum))
        begin, end = floor.corners[:, axis, None], ends[:, axis, None]
        result &= (np.maximum(begin, end) >= low - small) & (np.minimum(begin, end) <= high + small)
    return result


class _Pairs(NamedTuple):
    """Cells, ascending, and walls that may meet them.

    Of each wall: how far the person is on its left, its direction, the way from its beginning to the person, its length.
    """

    cell: Ints
    distance: Floats
    along: Floats
    offset: Floats
    length: Floats

    def some(self, which: Ints) -> "_Pairs":
        return _Pairs(self.cell[which], self.distance[which], self.along[which], self.offset[which], self.length[which])

    def past(self, x: Floats, y: Floats, of: Ints, small: float) -> tuple[Flags, Flags]:
        """Which points, relative to the person of pair `of`, are not past the wall's beginning, and which are past its end."""
        along, offset = self.along[of], self.offset[of]
        position = along[:, 0] * (x + offset[:, 0]) + along[:, 1] * (y + offset[:, 1])
        return position <= small, position >= self.length[of] - small


def _cut(rings: Rings, pairs: _Pairs, xy: Floats, floor: Floor) -> Rings:
    """Cells cut to any floor."""
    whole, small = rings, _CLOSE * floor.radius_m
    odd = np.zeros(len(xy), dtype=bool)
    odd[pairs.cell[np.abs(pairs.distance) <= small]] = True
    pairs = pairs.some(_meeting(rings, pairs, small))
    for which in rounds(pairs.cell):
        some = pairs.some(which)
        some = some.some(_meeting(rings, some, small))
        cells = taken(rings, some.cell)
        rings = replaced(rings, some.cell, cut(cells, sides_of(cells, some.distance, some.along)))
    cells = taken(rings, pairs.cell)
    on_line = np.flatnonzero(np.abs(sides_of(cells, pairs.distance, pairs.along)) <= small)
    of = cells.of[on_line]
    before, after = pairs.past(cells.x[on_line], cells.y[on_line], of, -small)
    odd[pairs.cell[of[before | after]]] = True
    chosen = np.flatnonzero(odd)
    return replaced(rings, chosen, _by_shapely(taken(whole, chosen), xy[chosen], floor)) if len(chosen) else rings


def _meeting(rings: Rings, pairs: _Pairs, small: float) -> Ints:
    """Pairs of which the wall goes through the cell, not only its line."""
    cells = taken(rings, pairs.cell)
    sides = sides_of(cells, pairs.distance, pairs.along)
    keep, after = sides >= 0, following(cells.starts)
    this = np.flatnonzero(keep != keep[after])
    if not len(this):
        return this
    that, of = after[this], cells.of[this]
    share = sides[this] / (sides[this] - sides[that])
    x = cells.x[this] + share * (cells.x[that] - cells.x[this])
    y = cells.y[this] + share * (cells.y[that] - cells.y[this])
    first = np.flatnonzero(np.append(True, of[1:] != of[:-1]))
    before, behind = (np.logical_and.reduceat(past, first) for past in pairs.past(x, y, of, small))
    meeting: Ints = of[first[~(before | behind)]]
    return meeting


def _by_shapely(rings: Rings, xy: Floats, floor: Floor) -> Rings:
    """Cells cut to the floor, piece by piece: of each, the piece that holds the person."""
    of = rings.of
    corners = np.stack([rings.x, rings.y], axis=1) + xy[of]
    # A corner that rounding turned inwards would make an outline that shapely refuses; its hull never is.
    hulls = shapely.convex_hull(shapely.linearrings(corners, indices=of))
    pieces, cell = shapely.get_parts(shapely.intersection(hulls, floor.polygon), return_index=True)
    flat = (shapely.get_type_id(pieces) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(pieces)
    pieces, cell = pieces[flat], cell[flat]
    order = np.lexsort((shapely.distance(pieces, shapely.points(xy[cell])), cell))
    chosen, first = np.unique(cell[order], return_index=True)
    outlines, counts = _outlines(shapely.orient_polygons(pieces[order[first]]))
    all_counts = np.zeros(len(xy), dtype=np.int64)
    all_counts[chosen] = counts
    outlines = outlines - np.repeat(xy, all_counts, axis=0)
    return Rings(outlines[:, 0], outlines[:, 1], starts_of(all_counts))


def _outlines(pieces: NDArray[np.object_]) -> tuple[Floats, Ints]:
    """Corners (m, 2) of polygons and how many each has; the way to each hole is the way back from it."""
    rings, piece = shapely.get_rings(pieces, return_index=True)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    owner = piece[ring]
    if len(rings) == len(pieces):
        kept = np.flatnonzero(owner[1:] == owner[:-1])
        return corners[kept], np.bincount(owner[kept], minlength=len(pieces))
    joined = []
    for number in range(len(pieces)):
        outer, *holes = (corners[ring == each] for each in np.flatnonzero(piece == number))
        joined.append(np.concatenate([outer, *(part for hole in holes for part in (hole, outer[:1]))])[:-1])
    return np.concatenate(joined), np.array([len(outline) for outline in joined])
