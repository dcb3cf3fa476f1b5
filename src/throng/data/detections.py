"""Where people are in one picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import MemoryOnly, frozen_array


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Detections(MemoryOnly):
    """People found in one frame.

    Attributes
    ----------
    boxes_px : (n, 4) float64
        Left, top, right, bottom in image pixels; right > left and bottom > top.
    scores : (n,) float64
        Confidence, 0 to 1.
    time_s : float
        The frame's time.
    """

    boxes_px: NDArray[np.float64]
    scores: NDArray[np.float64]
    time_s: float

    def __post_init__(self) -> None:
        boxes = frozen_array(self.boxes_px, np.float64, shape=(None, 4), name="boxes_px")
        scores = frozen_array(self.scores, np.float64, shape=(len(boxes),), name="scores")
        if not (boxes[:, 2:] > boxes[:, :2]).all():
            raise ValueError("boxes_px must have right > left and bottom > top")
        object.__setattr__(self, "boxes_px", boxes)
        object.__setattr__(self, "scores", scores)

    def __len__(self) -> int:
        return len(self.scores)
