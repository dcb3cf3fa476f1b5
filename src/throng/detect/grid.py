"""Cells of feature maps, and boxes from distributions over the distances to their sides."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from throng.detect.family import Floats


def cell_counts(size_px: tuple[int, int], strides: Sequence[int]) -> list[int]:
    """How many cells of each stride an input of (width, height) has; those at the border may reach beyond it."""
    return [-(-size_px[0] // stride) * -(-size_px[1] // stride) for stride in strides]


def cells(size_px: tuple[int, int], strides: Sequence[int]) -> tuple[Floats, Floats]:
    """Top left corner (n, 2), in cells, and stride (n,), in pixels, of every cell, row by row, stride after stride."""
    corners, lengths = [], []
    for stride in strides:
        y, x = np.mgrid[: -(-size_px[1] // stride), : -(-size_px[0] // stride)]
        corners.append(np.column_stack([x.ravel(), y.ravel()]).astype(np.float64))
        lengths.append(np.full(x.size, float(stride)))
    return np.concatenate(corners), np.concatenate(lengths)


def boxes_from_distances(distributions: NDArray[np.float32], centres_px: Floats, strides_px: Floats) -> Floats:
    """Boxes (n, 4) from distributions over the distances to their sides (Li et al. 2020, arXiv:2006.04388, eq. 3).

    Parameters
    ----------
    distributions : (n, 4 m) float32
        For the left, top, right and bottom side logits of the distances 0, 1, ..., m - 1, in strides.
    centres_px : (n, 2) float64
        Where the distances are measured from.
    strides_px : (n,) float64
        What a step of a distribution stands for.
    """
    steps = distributions.shape[1] // 4
    shares = softmax(distributions.astype(np.float64).reshape(-1, 4, steps), axis=2)
    distances = shares @ np.arange(float(steps)) * strides_px[:, None]
    return np.hstack([centres_px - distances[:, :2], centres_px + distances[:, 2:]])
