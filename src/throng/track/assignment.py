"""Which detection continues which track."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Floats = NDArray[np.float64]
Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]


def buffered_iou(first_px: Floats, second_px: Floats, *, buffer: float) -> Floats:
    """Intersection over union (n, m) of boxes (n, 4) and (m, 4), each first grown by `buffer` of its size on every side.

    Growing lets boxes that moved by more than their width between two frames still meet (Yang et al. 2023, C-BIoU).
    """
    a, b = _grown(first_px, buffer)[:, None], _grown(second_px, buffer)[None]
    overlap = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = np.prod(np.maximum(overlap, 0.0), axis=-1)
    union = np.prod(a[..., 2:] - a[..., :2], axis=-1) + np.prod(b[..., 2:] - b[..., :2], axis=-1) - shared
    iou: Floats = shared / union
    return iou


def assign(similarity: Floats, *, least: float) -> Pairs:
    """Rows and columns of the pairing with the greatest total similarity, pairs below `least` left out."""
    if not similarity.size:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
    gated = np.where(similarity >= least, similarity, 0.0)
    rows, columns = linear_sum_assignment(gated, maximize=True)
    real = gated[rows, columns] > 0.0
    return rows[real], columns[real]


def _grown(boxes_px: Floats, buffer: float) -> Floats:
    margin = buffer * np.tile(boxes_px[:, 2:] - boxes_px[:, :2], 2)
    grown: Floats = boxes_px + margin * np.array([-1.0, -1.0, 1.0, 1.0])
    return grown
