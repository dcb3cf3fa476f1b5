"""Where the next detections should be, and how well one fits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]
SURPRISE = 3.5
"""Squared surprise, in variances, beyond which a filter takes itself to be wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """The boxes that n people should fill now, with the variance of what is detected there.

    Attributes
    ----------
    boxes_px : (n, 4) float64
        Centre x, centre y, width, height, pixels.
    centre_px2 : (xx, xy, yy), each (n,) float64
        Covariance of the detected centre, square pixels; xy is None where the coordinates are independent.
    size_px2 : (n,) float64
        Variance of the detected width and height.
    """

    boxes_px: Floats
    centre_px2: tuple[Floats, Floats | None, Floats]
    size_px2: Floats

    def log_spread(self) -> Floats:
        """Logarithm of the area of the centre's one-sigma ellipse over pi, in squares of the box's height, (n,)."""
        xx, xy, yy = self.centre_px2
        determinant = xx * yy if xy is None else xx * yy - xy**2
        spread: Floats = 0.5 * np.log(determinant) - 2 * np.log(self.boxes_px[:, 3])
        return spread

    def reach_px(self, sigmas: Floats) -> Floats:
        """Half the sides (n, 2) of the box around each centre that holds its ellipse of so many standard errors (n,)."""
        xx, _, yy = self.centre_px2
        reach: Floats = np.sqrt(np.stack([xx, yy], axis=1)) * sigmas[:, None]
        return reach

    def misfit(self, rows: NDArray[np.intp], differences_px: Floats) -> Floats:
        """Squared Mahalanobis distance (k,) of detections that lie (k, 4) off the boxes expected in `rows` (k,)."""
        xx, xy, yy = self.centre_px2
        squares = differences_px * differences_px
        of_size = (squares[:, 2] + squares[:, 3]) / self.size_px2[rows]
        if xy is None:
            return squares[:, 0] / xx[rows] + squares[:, 1] / yy[rows] + of_size
        determinant = xx * yy - xy**2
        a, b, c = (yy / determinant)[rows], (xy / determinant)[rows], (xx / determinant)[rows]
        crossed = differences_px[:, 0] * differences_px[:, 1]
        return a * squares[:, 0] - 2 * b * crossed + c * squares[:, 1] + of_size


def grown_iou(one_px: Floats, other_px: Floats, buffer: float) -> Floats:
    """Intersection over union (k,) of pairs of boxes (k, 4), centre and size, each first grown by `buffer` of its size.

    Growing lets boxes that moved by more than their width between two frames still meet (Yang et al. 2023, C-BIoU).
    """
    sides, other_sides = one_px[:, 2:] * (1 + 2 * buffer), other_px[:, 2:] * (1 + 2 * buffer)
    apart = np.abs(other_px[:, :2] - one_px[:, :2])
    common = np.minimum((sides + other_sides) / 2 - apart, np.minimum(sides, other_sides))
    np.maximum(common, 0.0, out=common)
    shared = common[:, 0] * common[:, 1]
    iou: Floats = shared / (sides[:, 0] * sides[:, 1] + other_sides[:, 0] * other_sides[:, 1] - shared)
    return iou
