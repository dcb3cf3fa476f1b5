"""Boxes of people fitted to a foreground mask: a blob of three people becomes three boxes."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from throng.detect.background import SURE

Mask = NDArray[np.uint8]
Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Rectangles = NDArray[np.int32]

SLICES = 6
"""Rectangles of equal height that stand for the outline of a body."""
BELOW = np.array([0.25, 1.0, 0.75, 1.12])
"""The ground in front of the feet: left, top, right, bottom in shares of the lowest slice's width and of the box's height."""
GROWN = 0.15
"""Share of its width by which an outline grows on either side before the foreground inside counts as explained."""
STEPS = 6.0
"""Candidates to a person's width."""
BARE_COST = 0.9
"""What a pixel of bare ground inside a body costs, against the 1 that a pixel of foreground brings."""
UNSURE_WORTH = 0.2
"""What a pixel that may be a shadow brings; less than `LEAST_GAIN`, so that nobody is seen in shadow alone."""
PRIOR = 0.1
"""What a body gains, in shares of its area, where there was one a moment ago: of two explanations the last one stays."""
BELOW_COST = 0.6
"""What a pixel of foreground below the feet costs: people are taken from the front to the back."""
MOVES = np.array([0.5, 0.3])
"""How far somebody is moved to make room for others, in shares of the box's width and height."""
LEAST_GAIN = 0.25
"""Gain of a body, as a share of its area, below which nobody is seen there."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Everywhere a person could stand.

    Attributes
    ----------
    feet : (n, 2) float64
        Where they would stand, pixels of the mask, row by row from above.
    boxes : (n, 4) float64
        Left, top, right, bottom.
    slices, outlines : (n, k, 4) int32
        The bodies as rectangles on top of each other, within the mask; the same, somewhat wider.
    front : (n, 1, 4) int32
        The ground in front of the feet, within the mask.
    area : (n,) float64
        Of the body, pixels, the part outside the picture included.
    body, below : (n, 4 k), (n, 4) intp
        Corners of the slices and of the front in the flat integral image.
    middle : (n,) intp
        The middle of the box in the flat mask.
    """

    feet: Floats
    boxes: Floats
    slices: Rectangles
    outlines: Rectangles
    front: Rectangles
    area: Floats
    body: Indices
    below: Indices
    middle: Indices

    def near(self, k: int) -> Indices:
        """Candidates that stand close to candidate k."""
        reach = MOVES * (self.boxes[k, 2:] - self.boxes[k, :2])
        first, last = np.searchsorted(self.feet[:, 1], self.feet[k, 1] + [-reach[1], reach[1]], side="left")
        beside = np.abs(self.feet[first:last, 0] - self.feet[k, 0]) <= reach[0]
        close: Indices = first + np.flatnonzero(beside)
        return close


def candidates(feet: Floats, boxes: Floats, size: tuple[int, int]) -> Candidates:
    """Candidates from the boxes (n, 4) of people standing at feet (n, 2), for a mask of (width, height) pixels."""
    width, height = size
    x = np.clip((boxes[:, 0] + boxes[:, 2]) / 2, 0, width - 1).astype(np.intp)
    y = np.clip((boxes[:, 1] + boxes[:, 3]) / 2, 0, height - 1).astype(np.intp)
    slices = _ellipses(feet, boxes)
    area = (slices[..., 2:] - slices[..., :2]).prod(axis=2).sum(axis=1)
    front = _rounded(_below(slices[:, -1], boxes[:, 3] - boxes[:, 1])[:, None], size)
    bodies, outlines = _rounded(slices, size), _rounded(_grown(slices), size)
    return Candidates(feet, boxes, bodies, outlines, front, area, _flat(bodies, size), _flat(front, size), y * width + x)


def _ellipses(feet: Floats, boxes: Floats) -> Floats:
    """Slices (n, k, 4) of the ellipses that touch the boxes and lean as a line from the feet through the middle does.

    With the half axis u from the feet to the middle and the extents A, B of the box, the ellipse has the matrix
    S = [[A^2, u_x u_y], [u_x u_y, B^2]]; at height y its middle is S_xy / S_yy y and its half width
    sqrt((S_xx - S_xy^2 / S_yy) (1 - y^2 / S_yy)).
    """
    middle, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    half = np.maximum(half, 1e-6)
    axis = middle - feet
    lean = np.clip(axis.prod(axis=1), -0.95 * half.prod(axis=1), 0.95 * half.prod(axis=1)) / half[:, 1] ** 2
    breadth = np.sqrt(half[:, 0] ** 2 - (lean * half[:, 1]) ** 2)
    edges = np.linspace(-1.0, 1.0, SLICES + 1)
    share = (edges[:-1] + edges[1:]) / 2
    x = middle[:, :1] + (lean * half[:, 1])[:, None] * share
    wide = breadth[:, None] * np.sqrt(1.0 - share**2)
    y = middle[:, 1:] + half[:, 1:] * edges
    return np.stack([x - wide, y[:, :-1], x + wide, y[:, 1:]], axis=2)


def _below(lowest: Floats, heights: Floats) -> Floats:
    wide = lowest[:, 2] - lowest[:, 0]
    bottom = lowest[:, 3]
    x0, y0, x1, y1 = BELOW
    return np.column_stack(
        [lowest[:, 0] + x0 * wide, bottom + (y0 - 1) * heights, lowest[:, 0] + x1 * wide, bottom + (y1 - 1) * heights]
    )


def fit_people(mask: Mask, people: Candidates, prior: NDArray[np.float32]) -> tuple[Indices, Floats]:
    """The people that explain a mask, greedily: each takes the foreground its body covers.

    Parameters
    ----------
    mask : (rows, columns) uint8
        `SURE`, `UNSURE` or 0, as `Background.foreground` gives it.
    people : Candidates
        For this size of mask.
    prior : (rows, columns) float32
        1 where the middle of a person is likely, else 0.

    Returns
    -------
    chosen : (k,) intp
        Indices into the candidates.
    gains : (k,) float64
        Newly explained foreground less bare ground covered, as a share of the body's area.
    """
    left, bare = _worth(mask), _bare(mask)
    likely = PRIOR * prior.ravel()[people.middle]
    active = np.flatnonzero(left.ravel()[people.middle] > 0)
    chosen: list[int] = []
    gains: list[float] = []
    while len(active):
        gain = _gain(left, bare, people, active)
        share = gain / people.area[active]
        enough = share >= LEAST_GAIN
        active, gain, share = active[enough], gain[enough], share[enough]
        gain = gain + likely[active] * people.area[active]
        for k in _apart(people.boxes[active], gain):
            chosen.append(int(active[k]))
            gains.append(float(share[k]))
            _explain(left, people.outlines[active[k]])
    return _settled(mask, people, chosen, gains)


def _settled(mask: Mask, people: Candidates, chosen: list[int], gains: list[float]) -> tuple[Indices, Floats]:
    """Each in turn, weakest first, moves to where it explains most of what the others leave, or goes.

    One sweep of coordinate ascent (Besag 1986) over what was chosen greedily; who overlaps nobody stays as found.
    """
    worth, bare = _worth(mask), _bare(mask)
    covers = np.zeros(mask.shape, dtype=np.int16)
    for k in chosen:
        _cover(covers, people.outlines[k], 1)
    where, share = np.array(chosen, dtype=np.intp), np.array(gains)
    stays = np.ones(len(where), dtype=bool)
    for n in np.argsort(share, kind="stable").tolist():
        k = int(where[n])
        if not _meets(people.boxes[k], people.boxes[where[stays & (np.arange(len(where)) != n)]]):
            continue
        _cover(covers, people.outlines[k], -1)
        near = people.near(k)
        gain = _gain_nearby(worth, bare, covers, people, near) / people.area[near]
        best = int(np.argmax(gain))
        where[n], share[n], stays[n] = near[best], gain[best], gain[best] >= LEAST_GAIN
        if stays[n]:
            _cover(covers, people.outlines[near[best]], 1)
    return where[stays], share[stays]


def _worth(mask: Mask) -> NDArray[np.float32]:
    return np.where(mask == SURE, np.float32(1.0), np.float32(UNSURE_WORTH) * (mask > 0)).astype(np.float32)


def _bare(mask: Mask) -> NDArray[np.float32]:
    bare: NDArray[np.float32] = (BARE_COST * (mask == 0)).astype(np.float32)
    return bare


def _meets(box: Floats, others: Floats) -> bool:
    x0, y0, x1, y1 = box
    return bool(((others[:, 0] < x1) & (others[:, 2] > x0) & (others[:, 1] < y1) & (others[:, 3] > y0)).any())


def _gain_nearby(
    worth: NDArray[np.float32], bare: NDArray[np.float32], covers: NDArray[np.int16], people: Candidates, near: Indices
) -> Floats:
    """Gains of candidates near each other, from that part of the picture alone; `covers` counts the others in each pixel."""
    bodies, front = people.slices[near], people.front[near]
    low = np.minimum(bodies[..., :2].min(axis=(0, 1)), front[..., :2].min(axis=(0, 1)))
    high = np.maximum(bodies[..., 2:].max(axis=(0, 1)), front[..., 2:].max(axis=(0, 1)))
    part = (slice(low[1], high[1]), slice(low[0], high[0]))
    left = worth[part] * (covers[part] == 0)
    at, extent = np.tile(low, 2), (int(high[0] - low[0]), int(high[1] - low[1]))
    gain: Floats = _sums(cv2.integral(left - bare[part]).ravel(), _flat(bodies - at, extent))
    return gain - BELOW_COST * _sums(cv2.integral(left).ravel(), _flat(front - at, extent))


def _cover(covers: NDArray[np.int16], outline: Rectangles, by: int) -> None:
    for x0, y0, x1, y1 in outline.tolist():
        covers[y0:y1, x0:x1] += by


def middles(boxes: Floats, size: tuple[int, int], *, radius: float) -> NDArray[np.float32]:
    """1 within `radius` box widths of the middles of boxes (n, 4), else 0, (rows, columns)."""
    near = np.zeros((size[1], size[0]), dtype=np.float32)
    for x0, y0, x1, y1 in boxes.tolist():
        x, y = min(max((x0 + x1) / 2, 0), size[0] - 1), min(max((y0 + y1) / 2, 0), size[1] - 1)
        cv2.circle(near, (round(x), round(y)), max(1, round(radius * (x1 - x0))), 1.0, -1)
    return near


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


def _explain(left: NDArray[np.float32], outline: Rectangles) -> None:
    for x0, y0, x1, y1 in outline.tolist():
        left[y0:y1, x0:x1] = 0.0


def _grown(slices: Floats) -> Floats:
    margin = GROWN * (slices[..., 2] - slices[..., 0])
    zero = np.zeros_like(margin)
    return slices + np.stack([-margin, zero, margin, zero], axis=-1)


def _rounded(rectangles: Floats, size: tuple[int, int]) -> Rectangles:
    limits = np.array([size[0], size[1], size[0], size[1]])
    return np.clip(np.rint(rectangles), 0, limits).astype(np.int32)


def _flat(rectangles: Rectangles, size: tuple[int, int]) -> Indices:
    """Flat indices (n, 4 k) into an integral image for rectangles (n, k, 4): first those that count plus, then minus."""
    x0, y0, x1, y1 = np.moveaxis(rectangles, 2, 0)
    stride = size[0] + 1
    corners = np.stack([y1 * stride + x1, y0 * stride + x0, y0 * stride + x1, y1 * stride + x0], axis=1)
    flat: Indices = corners.reshape(len(rectangles), -1).astype(np.intp)
    return flat


def _sums(integral: Floats, corners: Indices) -> Floats:
    values = integral[corners]
    half = corners.shape[1] // 2
    sums: Floats = values[:, :half].sum(axis=1) - values[:, half:].sum(axis=1)
    return sums
