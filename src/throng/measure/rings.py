"""Polygons of many people in flat arrays, and cutting them all at once."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Rings(NamedTuple):
    """Polygons, corners anticlockwise, ring after ring.

    Attributes
    ----------
    x, y : (m,) float64
        Corners, metres, relative to a point of each ring's own, so that small rings far from the origin stay exact.
    starts : (n + 1,) int64
        Corners `starts[i]` to `starts[i + 1]` are those of ring i; a ring may be empty.
    """

    x: Floats
    y: Floats
    starts: Ints

    @property
    def of(self) -> Ints:
        """(m,) Which ring each corner belongs to."""
        return np.repeat(np.arange(len(self.starts) - 1), self.counts)

    @property
    def counts(self) -> Ints:
        """(n,) How many corners each ring has."""
        return self.starts[1:] - self.starts[:-1]


def starts_of(counts: Ints) -> Ints:
    """(n + 1,) Where each of runs of so many begins, and where the last ends."""
    starts = np.zeros(len(counts) + 1, dtype=np.int64)
    counts.cumsum(out=starts[1:])
    return starts


def nothing(size: int) -> Rings:
    """Empty rings."""
    return Rings(np.empty(0), np.empty(0), np.zeros(size + 1, dtype=np.int64))


def following(starts: Ints) -> Ints:
    """(m,) The corner that follows each corner in its ring."""
    after = np.arange(1, starts[-1] + 1)
    first, past = starts[:-1], starts[1:]
    filled = past > first
    if not filled.all():
        first, past = first[filled], past[filled]
    after[past - 1] = first
    return after


def areas(rings: Rings) -> Floats:
    """(n,) Areas, m2, by the shoelace formula; 0 for empty rings."""
    x, y, starts = rings
    after = following(starts)
    result: Floats = np.bincount(rings.of, x * y[after] - x[after] * y, minlength=len(starts) - 1) / 2
    return result


def radii(rings: Rings) -> Floats:
    """(n,) Distance of the farthest corner of each ring from its own point, metres; 0 for empty rings."""
    return np.sqrt(of_each(np.maximum, rings.x**2 + rings.y**2, rings.starts))


def of_each(ufunc: np.ufunc, values: Floats, starts: Ints) -> Floats:
    """(n,) Values of the corners of each ring taken together; 0 for empty rings."""
    filled = starts[1:] > starts[:-1]
    if len(filled) and filled.all():
        result: Floats = ufunc.reduceat(values, starts[:-1])
        return result
    result = np.zeros(len(filled))
    if filled.any():
        result[filled] = ufunc.reduceat(values, starts[:-1][filled])
    return result


def spread(first: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Runs counted up from `first`, as long as `counts`, one after another; and the same from 0."""
    begins = starts_of(counts)
    numbers = np.arange(begins[-1])
    return numbers + np.repeat(first - begins[:-1], counts), numbers - np.repeat(begins[:-1], counts)


def corners_of(starts: Ints, chosen: Ints) -> tuple[Ints, Ints]:
    """Corners of some rings, one ring after another, and where each begins among them."""
    counts = starts[chosen + 1] - starts[chosen]
    begins = starts_of(counts)
    return np.arange(begins[-1]) + np.repeat(starts[chosen] - begins[:-1], counts), begins


def taken(rings: Rings, chosen: Ints) -> Rings:
    """Some of the rings."""
    corners, begins = corners_of(rings.starts, chosen)
    return Rings(rings.x[corners], rings.y[corners], begins)


def replaced(rings: Rings, chosen: Ints, new: Rings) -> Rings:
    """Rings with some of them, (c,) ascending, replaced by new ones."""
    if len(chosen) == len(rings.starts) - 1:
        return new
    counts = rings.counts
    kept = np.ones(len(counts), dtype=bool)
    kept[chosen] = False
    kept_corners = np.repeat(kept, counts)
    counts[chosen] = new.counts
    starts = starts_of(counts)
    old = np.repeat(kept, counts)
    x, y = np.empty(starts[-1]), np.empty(starts[-1])
    x[old], y[old] = rings.x[kept_corners], rings.y[kept_corners]
    x[~old], y[~old] = new.x, new.y
    return Rings(x, y, starts)


def cut(rings: Rings, sides: Floats) -> Rings:
    """What of each ring lies on one side of its own straight line (Sutherland and Hodgman, Comm. ACM 17, 32, 1974).

    Parameters
    ----------
    rings : Rings
        A ring that is not convex and falls into pieces stays joined along the line; its area is right all the same.
    sides : (m,) float64
        Distance of each corner from its ring's line, in any unit, not negative where it is kept.

    Returns
    -------
    Rings
        Empty where nothing is kept.
    """
    x, y, starts = rings
    keep = sides >= 0
    after = following(starts)
    goes = keep != keep[after]
    begins = starts_of(keep.astype(np.int64) + goes)
    this = np.flatnonzero(goes)
    that = after[this]
    share = sides[this] / (sides[this] - sides[that])
    at_kept, at_new = begins[:-1][keep], begins[this + 1] - 1
    new_x, new_y = np.empty(at_kept.size + at_new.size), np.empty(at_kept.size + at_new.size)
    new_x[at_kept], new_y[at_kept] = x[keep], y[keep]
    new_x[at_new] = x[this] + share * (x[that] - x[this])
    new_y[at_new] = y[this] + share * (y[that] - y[this])
    return Rings(new_x, new_y, begins[starts])


def cut_straight(rings: Rings, cell: Ints, distance: Floats, along: Floats) -> Rings:
    """Rings cut by straight lines, what is on the left of each line kept.

    Parameters
    ----------
    rings : Rings
        Convex, or only their area is right in the end.
    cell : (p,) int64
        Ring that each line cuts, ascending.
    distance : (p,) float64
        Of the ring's own point from the line, positive on its left, metres.
    along : (p, 2) float64
        Direction of the line, of length one.
    """
    for which in rounds(cell):
        distances, directions = np.full(len(rings.starts) - 1, np.inf), np.zeros((len(rings.starts) - 1, 2))
        distances[cell[which]], directions[cell[which]] = distance[which], along[which]
        sides = sides_of(rings, distances, directions)
        if (sides < 0).any():
            rings = cut(rings, sides)
    return rings


def rounds(cell: Ints) -> Iterator[Ints]:
    """Places in an ascending list of rings: of one entry of each ring, then of another of each that has more, and so on."""
    counts = np.bincount(cell)
    rank = np.arange(len(cell)) - (np.cumsum(counts) - counts)[cell]
    for number in range(int(counts.max(initial=0))):
        yield np.flatnonzero(rank == number)


def sides_of(rings: Rings, distance: Floats, along: Floats) -> Floats:
    """(m,) How far corners are on the left of a line of each ring's own, as in `cut_straight`, metres."""
    counts = rings.counts
    along_x, along_y = along[:, 0].repeat(counts), along[:, 1].repeat(counts)
    result: Floats = distance.repeat(counts) + along_x * rings.y - along_y * rings.x
    return result


def portions(starts: Ints, at_once: int) -> Iterator[tuple[int, int]]:
    """First moment, and the one after the last, of portions of about so many people; rows of moment j begin at `starts[j]`."""
    first, moments = 0, len(starts) - 1
    while first < moments:
        last = int(np.searchsorted(starts, starts[first] + at_once, side="right")) - 1
        last = min(max(last, first + 1), moments)
        if starts[last] > starts[first]:
            yield first, last
        first = last
