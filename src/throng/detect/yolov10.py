"""Exports in the form of YOLOv10 (Wang et al. 2024, arXiv:2405.14458): 300 finished rows, nothing to suppress."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from throng.detect.engine import Array, Signature
from throng.detect.family import Floats, Preparation, check_shape, fits, picture_size
from throng.detect.yolov8 import PREPARATION, USUAL_PX

ROWS = 300
MIN_SCORE = 0.1
"""Low, since the tracker uses weak boxes to carry on what strong ones began."""
PERSON = 0


def recognise(signature: Signature) -> "YoloV10 | None":
    """One picture in, one (n, 300, 6) out."""
    size = picture_size(signature, usual_px=USUAL_PX)
    if size is None or len(signature.inputs) != 1 or len(signature.outputs) != 1 or signature.outputs[0].shape[1:] != (ROWS, 6):
        return None
    return YoloV10(signature.inputs[0].name, size) if fits(signature.outputs[0], None, ROWS, 6) else None


class YoloV10:
    """People from rows of left, top, right, bottom (pixels of the input), score and class, of which 0 is taken to be a person.

    How many classes there are such an output does not show: a model trained on others than COCO's, with no person at 0, finds
    those instead.

    Parameters
    ----------
    input_name : str
    size_px : tuple of int
        Width and height of the input.
    """

    name = "yolov10"
    preparation: Preparation = PREPARATION
    overlap: float | None = None

    def __init__(self, input_name: str, size_px: tuple[int, int]) -> None:
        self.size_px = size_px
        self._input_name = input_name

    def feeds(self, blob: NDArray[np.float32]) -> Mapping[str, Array]:
        """The model's inputs for a batch (n, 3, rows, columns) of prepared pictures."""
        return {self._input_name: blob}

    def decode(self, outputs: Sequence[NDArray[np.float32]], size_px: tuple[int, int]) -> list[tuple[Floats, Floats]]:
        """For each picture of the batch boxes (n, 4), pixels of an input of (width, height), and scores (n,) of people."""
        check_shape(outputs[0], None, ROWS, 6)
        found = []
        for output in outputs[0].astype(np.float64):
            people = output[(output[:, 5] == PERSON) & (output[:, 4] >= MIN_SCORE)]
            found.append((people[:, :4], people[:, 4]))
        return found
