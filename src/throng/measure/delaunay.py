"""Who stands next to whom: Voronoi cells of the people of many moments, before anything cuts them."""

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from throng.measure.rings import Rings, following, nothing, replaced, starts_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FAR = 4.0
_GUARDS = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
_UNITS = 1_000_000
"""OpenCV compares with a fixed small number, so that its unit must be small."""
_TIE = 1e-10
_LOOSE_TIE = 1e-6
"""Among people set apart on a circle rounding weighs more. A wrong diagonal changes areas by the square of it."""
_APART = 1e-5


def voronoi_rings(xy_m: Floats, starts: Ints, *, reach_m: float) -> Rings:
    """Voronoi cell of each person among the people of the same moment.

    Four guards stand at four times the reach in all moments. Every point of the floor is nearer to any person than to them, so
    that they change nothing there, and every cell is closed, however few the people are and even if they stand on one line.

    OpenCV finds Delaunay's triangles with places in single precision, and each is checked in double precision: all triangles
    around a person must be turned the same way and join one to the next (then they make a triangulation), and the circle of
    each must not hold the far corner of the next (Delaunay's lemma: then no circle holds anybody). Where four people are on a
    circle within 1e-10 of its radius squared, either diagonal will do. Moments that fail are done again by shapely with
    twice the digits. There, people nearer to each other than 1e-5 of the reach are first set apart by as much (`_set_apart`).

    Parameters
    ----------
    xy_m : (n, 2) float64
        People, metres.
    starts : (k + 1,) int64
        Rows `starts[j]` to `starts[j + 1]` are those of moment j.
    reach_m : float
        Radius of a circle about the origin that holds all people and the floor.

    Returns
    -------
    Rings
        Relative to each person, in order; empty where that fails too.
    """
    points = np.concatenate([xy_m, _GUARDS * (_FAR * reach_m)])
    rings, sound = _fans(points, _triangles(points, starts))
    if sound.all():
        return rings
    moments = np.unique(np.searchsorted(starts, np.flatnonzero(~sound), side="right") - 1)
    for moment in moments:
        rows = np.arange(starts[moment], starts[moment + 1])
        apart = np.concatenate([_set_apart(xy_m[rows], _APART * reach_m), points[-4:]])
        again, sound = _fans(apart, _triangles_slowly(apart), tie=_LOOSE_TIE)
        shift = (apart[:-4] - xy_m[rows])[again.of]
        again = Rings(again.x + shift[:, 0], again.y + shift[:, 1], again.starts)
        if not sound.all():
            again = nothing(len(rows))
        rings = replaced(rings, rows, again)
    return rings


def _triangles(points: Floats, starts: Ints) -> Ints:
    """Rows (t, 3) of the corners, anticlockwise, of the triangles of all moments; `points` end with the guards."""
    moments, people = len(starts) - 1, starts[-1]
    spans = starts + 4 * np.arange(moments + 1)
    who = np.empty(spans[-1], dtype=np.int64)
    guards = spans[:-1, None] + np.arange(4)
    is_guard = np.zeros(len(who), dtype=bool)
    is_guard[guards] = True
    who[guards] = np.arange(people, people + 4)
    who[~is_guard] = np.arange(people)
    units = (points * (_UNITS / points[-4, 0])).astype(np.float32)[who]
    subdivision = cv2.Subdiv2D()
    found: list[NDArray[np.float32]] = []
    for start, stop in zip(spans[:-1].tolist(), spans[1:].tolist(), strict=True):
        subdivision.initDelaunay((-_UNITS - 1, -_UNITS - 1, 2 * _UNITS + 2, 2 * _UNITS + 2))
        try:
            subdivision.insert(units[start:stop])
        except cv2.error:
            # People who are next to each other in single precision can lead OpenCV astray.
            found.append(np.empty((0, 6), dtype=np.float32))
        else:
            found.append(np.asarray(subdivision.getTriangleList(), dtype=np.float32))
    keys = _keys(units, np.repeat(np.arange(moments), np.diff(spans)))
    corners = np.concatenate(found)
    wanted = _keys(corners.reshape(-1, 2), np.repeat(np.arange(moments), [3 * len(each) for each in found]))
    result: Ints = who[_looked_up(keys, wanted)].reshape(-1, 3)
    return result


def _keys(places: NDArray[np.float32], moments: Ints) -> NDArray[np.uint64]:
    """A number (n,) for each place and moment; that two get the same is as good as impossible, and would be found out."""
    keys: NDArray[np.uint64] = places.view(np.uint64).ravel() + moments.view(np.uint64) * np.uint64(0xD1B54A32D192ED03)
    keys *= np.uint64(0x9E3779B97F4A7C15)
    return keys


def _looked_up(keys: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> Ints:
    """Where each wanted number, which occurs, is among `keys`: by a table, and by bisection where two want the same slot."""
    bits = (16 * len(keys)).bit_length()
    slot = np.uint64(64 - bits)
    table = np.empty(1 << bits, dtype=np.int64)
    table[keys >> slot] = np.arange(len(keys))
    found: Ints = table[wanted >> slot]
    missed = np.flatnonzero(keys[found] != wanted)
    if len(missed):
        order = np.argsort(keys)
        found[missed] = order[np.searchsorted(keys[order], wanted[missed])]
    return found


def _triangles_slowly(points: Floats) -> Ints:
    """Triangles (t, 3) of one moment by shapely, which computes with twice the digits; no two points may be the same."""
    triangles = shapely.get_parts(shapely.delaunay_triangles(shapely.MultiPoint(points)))
    corners = shapely.get_coordinates(shapely.orient_polygons(triangles)).reshape(-1, 4, 2)[:, :3]
    keys = points[:, 0] + 1j * points[:, 1]
    order = np.argsort(keys)
    result: Ints = order[np.searchsorted(keys[order], corners[..., 0] + 1j * corners[..., 1])]
    return result


def _set_apart(xy_m: Floats, least_m: float) -> Floats:
    """Places of which none are nearer than `least_m`: those that are stand on a small circle, and so share their ground."""
    apart = xy_m.copy()
    for _ in range(8):
        pairs = cKDTree(apart).query_pairs(0.999 * least_m, output_type="ndarray")
        if not len(pairs):
            break
        linked = coo_array((np.ones(len(pairs)), pairs.T), shape=(len(apart), len(apart)))
        group = connected_components(linked, directed=False)[1]
        for number in np.flatnonzero(np.bincount(group) > 1):
            members = np.flatnonzero(group == number)
            turn = 2 * np.pi * np.arange(len(members)) / len(members)
            radius_m = least_m / (2 * np.sin(np.pi / len(members)))
            apart[members] = apart[members].mean(axis=0) + radius_m * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return apart


def _fans(points: Floats, triangles: Ints, *, tie: float = _TIE) -> tuple[Rings, NDArray[np.bool_]]:
    """Cells (n,) of the people, made of the circumcentres of the triangles around each, and whether each is sound."""
    people = len(points) - 4
    a, b, c = np.ascontiguousarray(triangles.T)
    site, first, second = (np.concatenate(corners) for corners in ((a, b, c), (b, c, a), (c, a, b)))
    px, py = np.ascontiguousarray(points.T)
    x, y = px[first] - px[site], py[first] - py[site]
    order = _around(site, x, y)
    starts = starts_of(np.bincount(site, minlength=people)[:people])
    order = order[: starts[-1]]
    after = following(starts)
    x, y, first = x[order], y[order], first[order]
    squared = x * x + y * y
    next_x, next_y, next_squared = x[after], y[after], squared[after]
    double = 2 * (x * next_y - y * next_x)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre_x = (next_y * squared - y * next_squared) / double
        centre_y = (x * next_squared - next_x * squared) / double
        power = next_squared[after] - 2 * (centre_x * next_x[after] + centre_y * next_y[after])
        sound = (double > 0) & (second[order] == first[after]) & (power >= -tie * (centre_x**2 + centre_y**2))
    rings = Rings(centre_x, centre_y, starts)
    well = rings.counts >= 3
    if not sound.all():
        well[rings.of[~sound]] = False
    return rings, well


def _around(site: Ints, x: Floats, y: Floats) -> Ints:
    """Order by site, and about each anticlockwise: one sort of whole numbers, of site, direction and place in this order."""
    last = len(site).bit_length()
    middle = 62 - last - int(site.max(initial=0)).bit_length()
    # Grows from -2 to 2 once around, as the angle does.
    direction = np.copysign(1 - x / np.maximum(np.abs(x) + np.abs(y), np.finfo(float).tiny), y)
    turned = ((direction + 2) * (2.0 ** (middle - 2) * 0.999)).astype(np.int64)
    keys = (((site << middle) + turned) << last) + np.arange(len(site))
    keys.sort()
    order: Ints = keys & ((1 << last) - 1)
    return order
