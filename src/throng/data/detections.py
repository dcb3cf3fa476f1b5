"""Where people are in one picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import MemoryOnly, frozen_array


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Detections(MemoryOnly):
    """People found in one frame, by Throng's detectors or any other.

    Attributes
    ----------
    boxes_px : (n, 4) float64
        Left, top, right, bottom in image pixels; right > left and bottom > top.
    scores : (n,) float64
        Confidence, 0 to 1.
    time_s : float
        The frame's time.
    errors : (n,) float64 or None
        Standard error of each box's centre, heights of the box; None where the detector does not know.

    Raises
    ------
    ValueError
        A value is not finite, a box has no area, a score lies outside 0 to 1, or an error is not above 0.
    """

    boxes_px: NDArray[np.float64]
    scores: NDArray[np.float64]
    time_s: float
    errors: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        boxes = frozen_array(self.boxes_px, np.float64, shape=(None, 4), name="boxes_px")
        scores = frozen_array(self.scores, np.float64, shape=(len(boxes),), name="scores")
        if not (boxes[:, 2:] > boxes[:, :2]).all():
            # Neither which nor how many: what an error says may reach a sensor's log.
            raise ValueError(
                "boxes_px must be left, top, right, bottom with right > left and bottom > top: leave boxes without area out"
            )
        if len(scores) and not (scores.min() >= 0 and scores.max() <= 1):
            raise ValueError(
                "scores must lie between 0 and 1: map them to probabilities first, as throng.evaluate.run.probability does"
            )
        if not np.isfinite(self.time_s):
            raise ValueError(f"time_s must be a finite number of seconds, not {self.time_s}")
        if self.errors is not None:
            errors = frozen_array(self.errors, np.float64, shape=(len(boxes),), name="errors")
            if not (errors > 0).all():
                raise ValueError("errors must be above 0: leave them out where they are not known")
            object.__setattr__(self, "errors", errors)
        object.__setattr__(self, "boxes_px", boxes)
        object.__setattr__(self, "scores", scores)

    def __len__(self) -> int:
        return len(self.scores)
