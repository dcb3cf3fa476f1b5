"""Geometry of boxes: overlap, clipping, non-maximum suppression."""

import cv2
import numpy as np
from numpy.typing import NDArray


def clip(
    boxes_px: NDArray[np.float64], scores: NDArray[np.float64], size_px: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Boxes cut to the picture of (width, height), with their scores; those with less than a pixel left are dropped."""
    limits = np.array([size_px[0], size_px[1], size_px[0], size_px[1]], dtype=np.float64)
    cut = np.clip(boxes_px, 0.0, limits)
    kept = ((cut[:, 2:] - cut[:, :2]) >= 1.0).all(axis=1)
    return cut[kept], scores[kept]


def common(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """What boxes (..., 4) have in common, corners; of no area where that is nothing."""
    corner = np.maximum(one[..., :2], other[..., :2])
    return np.concatenate([corner, np.maximum(corner, np.minimum(one[..., 2:], other[..., 2:]))], axis=-1)


def area(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Areas (...) of boxes (..., 4), corners."""
    areas: NDArray[np.float64] = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    return areas


def suppress(boxes_px: NDArray[np.float64], scores: NDArray[np.float64], *, iou: float) -> NDArray[np.intp]:
    """Non-maximum suppression: indices of the boxes that overlap no better-scored kept box by more than `iou`."""
    if not len(scores):
        return np.empty(0, dtype=np.intp)
    xywh = np.column_stack([boxes_px[:, :2], boxes_px[:, 2:] - boxes_px[:, :2]])
    kept = cv2.dnn.NMSBoxes(xywh.tolist(), scores.tolist(), 0.0, iou)
    return np.asarray(kept, dtype=np.intp).reshape(-1)
