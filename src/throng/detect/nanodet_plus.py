"""NanoDet-Plus (github.com/RangiLyu/nanodet, Apache-2.0): one output, four strides."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from throng.detect.engine import Array, Signature
from throng.detect.family import (
    IMAGENET_DEVIATION_RGB,
    IMAGENET_MEAN_RGB,
    Floats,
    Preparation,
    check_shape,
    columns_of_people,
    fits,
    picture_size,
)
from throng.detect.grid import boxes_from_distances, cell_counts, cells

STRIDES = (8, 16, 32, 64)
MIN_SCORE = 0.1
"""Low, since the tracker uses weak boxes to carry on what strong ones began."""
SIDES = 4 * 8
"""Numbers for the distances to the four sides: distributions over 0 to 7 strides."""


def recognise(signature: Signature) -> "NanoDetPlus | None":
    """One picture in, one (n, cells of strides 8, 16, 32, 64, classes + 32) out."""
    size = picture_size(signature)
    if size is None or len(signature.inputs) != 1 or len(signature.outputs) != 1:
        return None
    output = signature.outputs[0]
    columns = output.shape[2] if fits(output, None, sum(cell_counts(size, STRIDES)), None) else None
    if columns is None or columns <= SIDES:
        return None
    refusal = columns_of_people("NanoDet-Plus", columns - SIDES)
    if refusal:
        raise refusal
    return NanoDetPlus(signature.inputs[0].name, size)


class NanoDetPlus:
    """Boxes from NanoDet-Plus's output.

    Distances are measured from the corner (s j, s i) of a cell (i, j) of stride s, not from its centre; scores are
    probabilities already. Pictures are stretched, as in its training.

    Parameters
    ----------
    input_name : str
    size_px : tuple of int
        Width and height of the input.
    """

    name = "nanodet-plus"
    preparation = Preparation(mean=IMAGENET_MEAN_RGB[::-1], deviation=IMAGENET_DEVIATION_RGB[::-1], fit="stretch")
    overlap: float | None = 0.6

    def __init__(self, input_name: str, size_px: tuple[int, int]) -> None:
        self.size_px = size_px
        self._input_name = input_name
        self._corners, self._strides = cells(size_px, STRIDES)

    def feeds(self, blob: NDArray[np.float32]) -> Mapping[str, Array]:
        """The model's inputs for a batch (n, 3, rows, columns) of prepared pictures."""
        return {self._input_name: blob}

    def decode(self, outputs: Sequence[NDArray[np.float32]], size_px: tuple[int, int]) -> list[tuple[Floats, Floats]]:
        """For each picture of the batch boxes (n, 4), pixels of an input of (width, height), and scores (n,) of people."""
        check_shape(outputs[0], None, len(self._strides), None)
        found = []
        for output in outputs[0]:
            likely = np.flatnonzero(output[:, 0] >= MIN_SCORE)
            strides = self._strides[likely]
            boxes = boxes_from_distances(output[likely, -SIDES:], self._corners[likely] * strides[:, None], strides)
            found.append((boxes, output[likely, 0].astype(np.float64)))
        return found
