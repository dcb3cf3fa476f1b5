"""Which points lie near which places, without looking at every pair."""

import numpy as np
from numpy.typing import NDArray

from throng.track.expected import Floats, Pairs

ALL_PAIRS = 1 << 14
"""So many pairs are faster looked at one by one than sorted."""


def nearby(places_px: Floats, reach_px: Floats, points_px: Floats) -> Pairs:
    """All pairs of a place and a point within the place's reach, sorted by place.

    Parameters
    ----------
    places_px : (n, 2) float64
        Centres of what is looked around.
    reach_px : (n, 2) float64
        Half the sides of the rectangle around each place.
    points_px : (m, 2) float64
        What may lie near.

    Returns
    -------
    Pairs
        Rows of places and of points, (k,) each.
    """
    if len(places_px) * len(points_px) <= ALL_PAIRS:
        near = np.abs(places_px[:, None, 0] - points_px[None, :, 0]) <= reach_px[:, None, 0]
        near &= np.abs(places_px[:, None, 1] - points_px[None, :, 1]) <= reach_px[:, None, 1]
        rows, columns = np.nonzero(near)
        return rows, columns
    return _by_strips(places_px, reach_px, points_px)


def _by_strips(places_px: Floats, reach_px: Floats, points_px: Floats) -> Pairs:
    """Points are sorted by strips of the picture and, within a strip, from left to right: n log n where people are sparse."""
    left, top = points_px.min(axis=0)
    # As high as most reach, and never so low that there are more strips than points.
    strip_px = max(2 * float(np.median(reach_px[:, 1])), float(np.ptp(points_px[:, 1])) / len(points_px), 1e-6)
    # Whole strips one after another on one axis, far enough apart that no reach leads from one into the next.
    period_px = float(np.ptp(points_px[:, 0])) + 1.0
    strips = np.floor((points_px[:, 1] - top) / strip_px)
    along = strips * period_px + (points_px[:, 0] - left)
    order = np.argsort(along)
    along = along[order]

    last = strips.max()
    first_strip = np.maximum(np.floor((places_px[:, 1] - reach_px[:, 1] - top) / strip_px), 0.0)
    last_strip = np.minimum(np.floor((places_px[:, 1] + reach_px[:, 1] - top) / strip_px), last)
    rows, offset = _expanded(np.maximum(last_strip - first_strip + 1, 0).astype(np.intp))
    start = (first_strip[rows] + offset) * period_px
    middle, half = places_px[rows, 0] - left, reach_px[rows, 0]
    begin = np.searchsorted(along, start + np.maximum(middle - half, 0.0), side="left")
    end = np.searchsorted(along, start + np.minimum(middle + half, period_px - 0.5), side="right")
    which, offset = _expanded(np.maximum(end - begin, 0))
    rows, columns = rows[which], order[begin[which] + offset]
    close = np.abs(places_px[rows, 1] - points_px[columns, 1]) <= reach_px[rows, 1]
    return rows[close], columns[close]


def _expanded(lengths: NDArray[np.intp]) -> Pairs:
    """Each index repeated as often as its length says, and the number of the repetition."""
    index = np.repeat(np.arange(len(lengths)), lengths)
    return index, np.arange(len(index)) - (np.cumsum(lengths) - lengths)[index]
