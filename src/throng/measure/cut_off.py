"""No cell larger than what a person takes notice of: cells cut by a polygon close to a circle around each person."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from throng.measure.rings import Rings, following, spread, starts_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SMALL = 1e-12
"""What is shorter than this part of the radius is not there: a corner that pokes out so little does not."""


def within(rings: Rings, *, radius_m: float, quad_segments: int) -> Rings:
    """What of convex rings, relative to a point inside each, is within a regular polygon around that point.

    A corner stays if it is inside the polygon; a side is cut to what is inside; where the ring leaves the polygon and comes
    back it goes along the polygon, whose corners in between are put in.
    """
    radius, corners = radius_m, 4 * quad_segments
    inside = _inside(rings.x / radius, rings.y / radius, corners)
    if inside.all():
        return rings
    x, y, starts = rings
    after = following(starts)
    outside_after = ~inside[after]
    crossing = np.flatnonzero(~inside | outside_after)
    end = after[crossing]
    begin_at, end_at, entry, leave = _spans(x[crossing], y[crossing], x[end], y[end], radius=radius, corners=corners)
    begin_at[inside[crossing]] = 0.0
    end_at[inside[end]] = 1.0
    used = np.ones(len(x), dtype=bool)
    used[crossing] = inside[crossing] | inside[end] | (end_at > begin_at)
    leaves = np.flatnonzero((used & outside_after)[crossing])
    comes = np.flatnonzero((used & ~inside)[crossing])
    step_x, step_y = x[end] - x[crossing], y[end] - y[crossing]
    begin_x, begin_y = x.copy(), y.copy()
    begin_x[crossing] += begin_at * step_x
    begin_y[crossing] += begin_at * step_y
    end_x, end_y = (x[crossing] + end_at * step_x)[leaves], (y[crossing] + end_at * step_y)[leaves]
    leaving, coming = crossing[leaves], crossing[comes]
    back = _next_in_ring(leaving, coming, starts)
    sides = (entry[comes][back] - leave[leaves]) % corners
    count = used.astype(np.int64)
    count[leaving] += 1 + sides
    whole = starts[:-1][~np.logical_or.reduceat(used, starts[:-1])]
    count[whole] = corners
    begins = starts_of(count)
    first = begins[:-1]
    new_x, new_y = np.empty(begins[-1]), np.empty(begins[-1])
    new_x[first[used]], new_y[first[used]] = begin_x[used], begin_y[used]
    new_x[first[leaving] + 1], new_y[first[leaving] + 1] = end_x, end_y
    runs = np.concatenate([sides, np.full(len(whole), corners)])
    at, along = spread(np.concatenate([first[leaving] + 2, first[whole]]), runs)
    number = along + np.repeat(np.concatenate([leave[leaves] + 1, np.zeros(len(whole), dtype=np.int64)]), runs)
    corner_x, corner_y = _table(corners)[:2]
    new_x[at], new_y[at] = radius * corner_x[number], radius * corner_y[number]
    return Rings(new_x, new_y, begins[starts])


@lru_cache(maxsize=16)
def _table(corners: int) -> Floats:
    """(4, 3 * corners) Corners x, y of the regular polygon in the unit circle, and the unit vector across the side after each.

    Three times around, so that numbers from -2 to 3 times `corners` will do.
    """
    angle = np.arange(3 * corners) % corners * (2 * np.pi / corners)
    across = angle + np.pi / corners
    return np.stack([np.cos(angle), np.sin(angle), np.cos(across), np.sin(across)])


def _inside(x: Floats, y: Floats, corners: int) -> NDArray[np.bool_]:
    """Which points (n,) are inside the regular polygon in the unit circle, or poke out by next to nothing."""
    half = np.pi / corners
    apothem = np.cos(half)
    squared = x * x + y * y
    inside: NDArray[np.bool_] = squared <= apothem**2
    between = np.flatnonzero(~inside & (squared < 1))
    x, y = x[between], y[between]
    side = np.floor(np.arctan2(y, x) / (2 * half)).astype(np.int64)
    across_x, across_y = _table(corners)[2:, side]
    inside[between] = across_x * x + across_y * y <= apothem * (1 + _SMALL)
    return inside


def _spans(ax: Floats, ay: Floats, bx: Floats, by: Floats, *, radius: float, corners: int) -> tuple[Floats, Floats, Ints, Ints]:
    """Where sides from a to b, anticlockwise about the origin, are inside a regular polygon with corners on a circle.

    A line at distance d from the middle in direction phi enters and leaves a circle of radius r at phi -+ arccos(d / r). It
    meets the polygon between where it meets its inner and its outer circle, which is less than the angle of one side, so that
    at most two sides come into question; the nearer one is it.

    Returns
    -------
    begin, end : (n,) float64
        Shares of the side, 0 to 1; equal where nothing of it is inside.
    entry, leave : (n,) int64
        Numbers of the polygon's sides where the side's line enters and leaves.
    """
    half = np.pi / corners
    apothem = np.cos(half)
    ax, ay, dx, dy = ax / radius, ay / radius, (bx - ax) / radius, (by - ay) / radius
    length = np.sqrt(dx * dx + dy * dy)
    length[length == 0] = 1.0
    dx, dy = dx / length, dy / length
    distance = ax * dy - ay * dx
    phi = np.arctan2(-dx, dy)
    table, inner, outer = (
        _table(corners),
        np.arccos(np.clip(distance / apothem, -1.0, 1.0)),
        np.arccos(np.clip(distance, -1.0, 1.0)),
    )
    entry, before = _nearer(ax, ay, -dx, -dy, bearings=(phi - inner, phi - outer), table=table)
    leave, behind = _nearer(ax, ay, dx, dy, bearings=(phi + inner, phi + outer), table=table)
    begin, end = np.clip(-before / length, 0.0, 1.0), np.clip(behind / length, 0.0, 1.0)
    corner = np.rint(phi / (2 * half)).astype(np.int64)
    misses = (distance >= dy * table[0, corner] - dx * table[1, corner]) | ((end - begin) * length < _SMALL)
    return begin, np.where(misses, begin, end), entry, leave


def _nearer(
    ax: Floats, ay: Floats, dx: Floats, dy: Floats, *, bearings: tuple[Floats, Floats], table: Floats
) -> tuple[Ints, Floats]:
    """Which of two sides of the polygon, at bearings from the middle, a ray from a leaves it by first, and how far from a."""
    corners = table.shape[1] // 3
    apothem = np.cos(np.pi / corners)
    found, reach = np.zeros(len(ax), dtype=np.int64), np.full(len(ax), np.inf)
    for bearing in bearings:
        side = np.floor(bearing * (corners / (2 * np.pi))).astype(np.int64)
        across_x, across_y = table[2, side], table[3, side]
        rate = across_x * dx + across_y * dy
        with np.errstate(divide="ignore", invalid="ignore"):
            far = (apothem - across_x * ax - across_y * ay) / rate
        far[rate <= 0] = np.inf
        nearer = far < reach
        found[nearer], reach[nearer] = side[nearer], far[nearer]
    return found, reach


def _next_in_ring(leaving: Ints, coming: Ints, starts: Ints) -> Ints:
    """Where the side at which each ring next comes back is among `coming` (ascending), for the sides at which it leaves."""
    ring = np.searchsorted(starts, leaving, side="right") - 1
    following_one = np.searchsorted(coming, leaving, side="right")
    last = np.searchsorted(coming, starts[ring + 1])
    result: Ints = np.where(following_one < last, following_one, np.searchsorted(coming, starts[ring]))
    return result
