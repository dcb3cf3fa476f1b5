"""The box that a walker fills in a picture, and the walker that a box shows."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from throng.ground.view import View

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

HEAD_RADIUS_M = 0.11


class _Part(NamedTuple):
    """A level ellipse that swings ahead and back with the stride.

    Its height is given in heights of the body, all else in metres: by how much it lies ahead of the feet, how far it swings to
    either side in the mean over a stride, and its half axes ahead and aside.
    """

    level: float
    before_m: float
    swing_m: float
    ahead_m: float
    aside_m: float


_PARTS = (
    _Part(0.81, 0.0, 0.0, 0.13, 0.235),  # shoulders
    _Part(0.50, 0.0, 0.14, 0.05, 0.27),  # hands
    _Part(0.00, 0.05, 0.20, 0.13, 0.11),  # shoes
)
_NEAREST_M = 0.3
_ROUNDS = 4
"""Of the fixed-point search for the feet; each leaves a few hundredths of the error."""


def body_boxes(view: View, feet_m: Floats, heading_rad: Floats, height_m: ArrayLike) -> Floats:
    """The boxes (n, 4) of walkers with feet at (n, 2), metres, who head (n,) from the x axis; NaN where none is seen.

    A body is a ball for the head and level ellipses for shoulders, hands and shoes; its box bounds them all. An ellipse with
    half axes a and b about a point that swings by s is imaged, to first order, as one that reaches
    |J s| + sqrt((J a)^2 + (J b)^2) from it along each axis of the picture, J the derivative of the projection there. From a
    steep camera the shoes lie well below the feet in the picture, which an upright ellipsoid would miss.
    """
    tall = np.broadcast_to(np.asarray(height_m, dtype=np.float64), (len(feet_m),))
    ahead = np.column_stack([np.cos(heading_rad), np.sin(heading_rad)])
    aside = np.column_stack([-ahead[:, 1], ahead[:, 0]])
    turned, stride = view.axes(), np.stack([ahead, aside])
    head, depth = _seen(view, np.column_stack([feet_m, tall - HEAD_RADIUS_M]))
    low, high = head - HEAD_RADIUS_M / depth, head + HEAD_RADIUS_M / depth
    for part in _PARTS:
        middle, depth = _seen(view, np.column_stack([feet_m + part.before_m * ahead, part.level * tall]))
        slope = (turned[:2, :2] - middle[:, :, None] * turned[2, :2]) / depth[:, :, None]
        along, across = np.einsum("nij,knj->kni", slope, stride)
        reach = part.swing_m * np.abs(along) + np.hypot(part.ahead_m * along, part.aside_m * across)
        low, high = np.minimum(low, middle - reach), np.maximum(high, middle + reach)
    low, high = (view.focal_px * edge + view.lens.middle_px for edge in (low, high))
    return np.column_stack([low, high]) if not view.k1 else _bent(view, low, high)


def _seen(view: View, points_m: Floats) -> tuple[Floats, Floats]:
    """Where points (n, 3) lie in the picture, in focal lengths from its middle, (n, 2), and their depths (n, 1), metres."""
    seen = (points_m - [view.x_m, view.y_m, view.height_m]) @ view.axes().T
    depth = np.where(seen[:, 2:] > _NEAREST_M, seen[:, 2:], np.nan)
    return seen[:, :2] / depth, depth


def stand(
    view: View, feet_px: Floats, ends: tuple[NDArray[np.intp], NDArray[np.intp]], height_m: float
) -> tuple[Floats, Floats]:
    """Where on the ground people stand, (n, 2) metres, and which way they head, (n,) radians; NaN where nobody can stand.

    The middle of the lower edge of each body's box comes to lie at `feet_px` (n, 2).

    Parameters
    ----------
    view : View
        Of the camera.
    feet_px : (n, 2) float64
        Image pixels.
    ends : two (n,) index arrays
        For each box, the first and the last one of the same person: the heading leads from one to the other.
    height_m : float
        Of the bodies.
    """
    first, _ = view.to_ground(feet_px)
    way = first[ends[1]] - first[ends[0]]
    heading = np.arctan2(way[:, 1], way[:, 0])
    below_px, feet_m = feet_px, first
    for _ in range(_ROUNDS):
        below_px = below_px + feet_px - bottom_middles(body_boxes(view, feet_m, heading, height_m))
        feet_m, _ = view.to_ground(below_px)
    return feet_m, heading


def bottom_middles(boxes_px: Floats) -> Floats:
    """The middles (n, 2) of the lower edges of boxes (n, 4)."""
    return np.column_stack([(boxes_px[:, 0] + boxes_px[:, 2]) / 2, boxes_px[:, 3]])


def _bent(view: View, low: Floats, high: Floats) -> Floats:
    """Boxes as a lens that bends shows them: each edge where its middle comes to lie."""
    middle = (low + high) / 2
    left, right = (view.lens.distort(np.column_stack([edge[:, 0], middle[:, 1]]))[:, 0] for edge in (low, high))
    top, bottom = (view.lens.distort(np.column_stack([middle[:, 0], edge[:, 1]]))[:, 1] for edge in (low, high))
    return np.column_stack([left, top, right, bottom])
