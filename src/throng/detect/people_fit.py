"""Boxes of people fitted to a foreground mask: a blob of three people becomes three boxes."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

BODY = np.array([[0.28, 0.0, 0.72, 0.17], [0.08, 0.17, 0.92, 0.55], [0.2, 0.55, 0.8, 1.0]])
"""Head, trunk and legs as rectangles: left, top, right, bottom in widths and heights of the person's box."""
BELOW = np.array([[0.2, 1.0, 0.8, 1.12]])
"""The ground in front of the feet."""
STEPS = 6.0
"""Candidates to a person's width."""
BARE_COST = 1.0
"""What a pixel of bare ground inside a body costs, against the 1 that a pixel of foreground brings."""
BELOW_COST = 0.6
"""What a pixel of foreground below the feet costs: people are taken from the front to the back."""
LEAST_GAIN = 0.22
"""Gain of a body, as a share of its area, below which nobody is seen there."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Everywhere a person could stand.

    Attributes
    ----------
    boxes : (n, 4) float64
        Left, top, right, bottom in pixels of the mask.
    area : (n,) float64
        Of the body, pixels, the part outside the picture included.
    body, below : (n, 12), (n, 4) intp
        Corners of the rectangles of `BODY` and `BELOW` in the flat integral image.
    middle : (n,) intp
        The middle of the box in the flat mask.
    """

    boxes: Floats
    area: Floats
    body: Indices
    below: Indices
    middle: Indices


def candidates(boxes: Floats, size: tuple[int, int]) -> Candidates:
    """Candidates from the boxes (n, 4) of people standing on a grid of feet, for a mask of (width, height) pixels."""
    width, height = size
    sides = boxes[:, 2:] - boxes[:, :2]
    x = np.clip((boxes[:, 0] + boxes[:, 2]) / 2, 0, width - 1).astype(np.intp)
    y = np.clip((boxes[:, 1] + boxes[:, 3]) / 2, 0, height - 1).astype(np.intp)
    share = float(((BODY[:, 2] - BODY[:, 0]) * (BODY[:, 3] - BODY[:, 1])).sum())
    return Candidates(boxes, share * sides.prod(axis=1), _corners(boxes, BODY, size), _corners(boxes, BELOW, size), y * width + x)


def fit_people(mask: Mask, people: Candidates) -> tuple[Indices, Floats]:
    """The people that explain a mask, greedily: each takes the foreground its body covers.

    Parameters
    ----------
    mask : (rows, columns) uint8
        Foreground is not 0.
    people : Candidates
        For this size of mask.

    Returns
    -------
    chosen : (k,) intp
        Indices into the candidates.
    gains : (k,) float64
        Newly explained foreground less bare ground covered, as a share of the body's area.
    """
    left = (mask > 0).astype(np.float32)
    bare = (1.0 - left) * np.float32(BARE_COST)
    active = np.flatnonzero(left.ravel()[people.middle] > 0)
    chosen: list[int] = []
    gains: list[float] = []
    while len(active):
        gain = _gain(left, bare, people, active)
        share = gain / people.area[active]
        active, gain, share = (values[share >= LEAST_GAIN] for values in (active, gain, share))
        for k in _apart(people.boxes[active], gain):
            chosen.append(int(active[k]))
            gains.append(float(share[k]))
            _explain(left, people.boxes[active[k]])
        active = active[left.ravel()[people.middle[active]] >= 0] if len(active) else active
    return np.array(chosen, dtype=np.intp), np.array(gains)


def body_mask(boxes: Floats, size: tuple[int, int]) -> Mask:
    """255 inside the boxes (n, 4), else 0, for a mask of (width, height) pixels."""
    mask = np.zeros((size[1], size[0]), dtype=np.uint8)
    for x0, y0, x1, y1 in _rounded(boxes, size).tolist():
        mask[y0:y1, x0:x1] = 255
    return mask


def _gain(left: NDArray[np.float32], bare: NDArray[np.float32], people: Candidates, active: Indices) -> Floats:
    worth = cv2.integral(left - bare).ravel()
    foreground = cv2.integral(left).ravel()
    gain: Floats = _sums(worth, people.body[active]) - BELOW_COST * _sums(foreground, people.below[active])
    return gain


def _apart(boxes: Floats, gain: Floats) -> list[int]:
    """Indices of the best candidates that overlap no better one."""
    best: list[int] = []
    open_gain = gain.copy()
    while len(open_gain):
        k = int(np.argmax(open_gain))
        if open_gain[k] <= 0:
            break
        best.append(k)
        x0, y0, x1, y1 = boxes[k]
        near = (boxes[:, 0] < x1) & (boxes[:, 2] > x0) & (boxes[:, 1] < y1) & (boxes[:, 3] > y0)
        open_gain[near] = 0.0
    return best


def _explain(left: NDArray[np.float32], box: Floats) -> None:
    size = (left.shape[1], left.shape[0])
    wider = BODY + np.array([-0.12, 0.0, 0.12, 0.03])
    for x0, y0, x1, y1 in _rounded(_placed(box[None], wider)[0], size).tolist():
        left[y0:y1, x0:x1] = 0.0


def _placed(boxes: Floats, shares: Floats) -> Floats:
    """Rectangles (n, k, 4) at shares (k, 4) of boxes (n, 4)."""
    sides = boxes[:, None, 2:] - boxes[:, None, :2]
    placed: Floats = np.concatenate([boxes[:, None, :2] + shares[:, :2] * sides, boxes[:, None, :2] + shares[:, 2:] * sides], axis=2)
    return placed


def _rounded(rectangles: Floats, size: tuple[int, int]) -> Indices:
    limits = np.array([size[0], size[1], size[0], size[1]])
    return np.clip(np.rint(rectangles), 0, limits).astype(np.intp)


def _corners(boxes: Floats, shares: Floats, size: tuple[int, int]) -> Indices:
    """Flat indices (n, 4 k) into an integral image; per rectangle those that count plus, plus, minus, minus."""
    rectangles = _rounded(_placed(boxes, shares), size)
    x0, y0, x1, y1 = np.moveaxis(rectangles, 2, 0)
    stride = size[0] + 1
    corners = np.stack([y1 * stride + x1, y0 * stride + x0, y0 * stride + x1, y1 * stride + x0], axis=1)
    flat: Indices = corners.reshape(len(boxes), -1)
    return flat


def _sums(integral: Floats, corners: Indices) -> Floats:
    values = integral[corners]
    half = corners.shape[1] // 2
    sums: Floats = values[:, :half].sum(axis=1) - values[:, half:].sum(axis=1)
    return sums
