"""Exports in the form of YOLOv8, which later versions share: (n, 4 + classes, places), all of it decoded."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from throng.detect.engine import Array, Signature
from throng.detect.family import Floats, Preparation, check_shape, columns_of_people, fits, picture_size
from throng.detect.grid import cell_counts

USUAL_PX = (640, 640)
STRIDES = (8, 16, 32)
MIN_SCORE = 0.1
"""Low, since the tracker uses weak boxes to carry on what strong ones began."""
PREPARATION = Preparation(order="rgb", deviation=(255.0, 255.0, 255.0), fit="centre")


def recognise(signature: Signature) -> "YoloV8 | None":
    """One picture in, one (n, 4 + classes, cells of strides 8, 16, 32) out; sizes may be free."""
    size = picture_size(signature, usual_px=USUAL_PX)
    if size is None or len(signature.inputs) != 1 or len(signature.outputs) != 1 or any(side % 32 for side in size):
        return None
    output, free = signature.outputs[0], signature.inputs[0].shape[2] is None
    if not fits(output, None, None, sum(cell_counts(size, STRIDES))) or (output.shape[2] is None and not free):
        return None
    rows = output.shape[1]
    if rows is None or rows < 5:
        return None
    refusal = columns_of_people("YOLOv8 (or of its poses, masks or turned boxes)", rows - 4)
    if refusal:
        raise refusal
    return YoloV8(signature.inputs[0].name, size, any_size=free)


class YoloV8:
    """Boxes from an output (n, 4 + classes, places): centre and size in pixels of the input, then class probabilities.

    Parameters
    ----------
    input_name : str
    size_px : tuple of int
        Width and height of the input.
    any_size : bool
        Whether the file leaves the input's size free.
    """

    name = "yolov8"
    overlap: float | None = 0.7

    def __init__(self, input_name: str, size_px: tuple[int, int], *, any_size: bool = False) -> None:
        self.size_px = size_px
        self.preparation = replace(PREPARATION, stride=32) if any_size else PREPARATION
        self._input_name = input_name

    def feeds(self, blob: NDArray[np.float32]) -> Mapping[str, Array]:
        """The model's inputs for a batch (n, 3, rows, columns) of prepared pictures."""
        return {self._input_name: blob}

    def decode(self, outputs: Sequence[NDArray[np.float32]], size_px: tuple[int, int]) -> list[tuple[Floats, Floats]]:
        """For each picture of the batch boxes (n, 4), pixels of an input of (width, height), and scores (n,) of people."""
        check_shape(outputs[0], None, None, sum(cell_counts(size_px, STRIDES)))
        found = []
        for output in outputs[0]:
            likely = np.flatnonzero(output[4] >= MIN_SCORE)
            numbers = output[:4, likely].astype(np.float64).T
            centres, halves = numbers[:, :2], numbers[:, 2:] / 2
            found.append((np.hstack([centres - halves, centres + halves]), output[4, likely].astype(np.float64)))
        return found
