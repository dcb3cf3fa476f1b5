"""How far a shaking camera has moved since the last frame, told by the people themselves: all of them move alike."""

import numpy as np
from numpy.typing import NDArray

from throng.track.expected import Floats

Shift = NDArray[np.float64]
MOST_PEOPLE = 64
"""So many of those followed are asked for their vote."""
REACH, WIDTH = 1.0, 0.1
"""A jolt is looked for within so many heights of a person, and told to so many."""
ALIKE = 0.3
"""Boxes whose logarithms of height differ by more are not the same person's."""
FEWEST_VOTERS, FEWEST_MATCHES = 4, 6
SURE = 3.0
"""Standard errors from which a common surprise is the camera's."""


def jolt(expected_px: Floats, found_px: Floats) -> Shift | None:
    """The displacement (2,), pixels, that most people share, when the camera moved too far for them to be found again.

    Every pair of an expected and a found box of about the same height votes for its displacement; the one with the most
    votes within `WIDTH` heights wins if it brings half of the people to a box.

    Parameters
    ----------
    expected_px : (n, 4) float64
        Where those seen in the last frame should be: centre x, centre y, width, height.
    found_px : (m, 4) float64
        Detections of this frame.
    """
    if min(len(expected_px), len(found_px)) < FEWEST_VOTERS:
        return None
    asked = expected_px[:: 1 + len(expected_px) // MOST_PEOPLE]
    height = float(np.median(asked[:, 3]))
    moved = found_px[None, :, :2] - asked[:, None, :2]
    alike = np.abs(np.log(found_px[None, :, 3] / asked[:, None, 3])) < ALIKE
    people, boxes = np.nonzero(alike & (np.abs(moved) < REACH * height).all(axis=2))
    if not len(people):
        return None
    moved = moved[people, boxes]
    agree = _agreeing(moved, WIDTH * height)
    if len(np.unique(people[agree])) < max(FEWEST_VOTERS, len(asked)) / 2:
        return None
    return _median(moved[agree])


def _agreeing(moved: Floats, width_px: float) -> NDArray[np.intp]:
    """Rows of the displacements (k, 2) around the one that most others are within reach of."""
    order = np.argsort(moved[:, 0])
    along = moved[order]
    first = np.searchsorted(along[:, 0], along[:, 0] - width_px)
    last = np.searchsorted(along[:, 0], along[:, 0] + width_px, side="right")
    near: list[NDArray[np.intp]] = [
        order[start:end][np.abs(along[start:end, 1] - along[row, 1]) < width_px]
        for row, (start, end) in enumerate(zip(first, last, strict=True))
    ]
    # Of equal votes the smaller jolt: neither left nor right may win by its order.
    votes = np.array([len(each) for each in near])
    leading = np.flatnonzero(votes == votes.max())
    return near[int(leading[np.hypot(*along[leading].T).argmin()])]


def common_surprise(differences_px: Floats) -> Shift | None:
    """The median (2,) of how far people were found from where they should be, if that is more than chance makes it.

    Parameters
    ----------
    differences_px : (n, 2) float64
        Found less expected, pixels. The median's standard error is taken as 1.48 MAD / sqrt(n).
    """
    n = len(differences_px)
    if n < FEWEST_MATCHES:
        return None
    middle = _median(differences_px)
    error = 1.48 * _median(np.abs(differences_px - middle)) / np.sqrt(n)
    return middle if (np.abs(middle) > SURE * error).any() else None


def _median(values: Floats) -> Shift:
    # As numpy's median, which takes ten times as long for the few people of a frame.
    ordered, n = np.sort(values, axis=0), len(values)
    middle: Shift = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    return middle
