"""The YOLOX family (Ge et al. 2021, arXiv:2107.08430), exported with undecoded outputs; person-only heads among them."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from throng.detect.engine import Array, Signature
from throng.detect.family import Floats, Preparation, check_shape, fits, picture_size
from throng.detect.grid import cell_counts, cells

STRIDES = (8, 16, 32)
MIN_SCORE = 0.1
"""Low, since the tracker uses weak boxes to carry on what strong ones began."""


def recognise(signature: Signature) -> "Yolox | None":
    """One picture in, one (n, cells of strides 8, 16, 32, 5 + classes) out."""
    size = picture_size(signature)
    if size is None or len(signature.inputs) != 1 or len(signature.outputs) != 1:
        return None
    output = signature.outputs[0]
    if any(side % 32 for side in size) or not fits(output, None, None, None):
        return None
    # A free number of cells could as well be that of another family.
    if output.shape[1] != sum(cell_counts(size, STRIDES)) or (output.shape[2] or 0) < 6:
        return None
    return Yolox(signature.inputs[0].name, size)


class Yolox:
    """Boxes from YOLOX's outputs.

    A cell (i, j) of stride s gives centre s (dx + j, dy + i), size s exp(dw, dh), objectness and class probabilities; the
    score is objectness times the probability of class 0, person.

    Parameters
    ----------
    input_name : str
    size_px : tuple of int
        Width and height of the input.
    """

    name = "yolox"
    preparation = Preparation(stride=32)
    overlap: float | None = 0.5

    def __init__(self, input_name: str, size_px: tuple[int, int]) -> None:
        self.size_px = size_px
        self._input_name = input_name
        self._cells: dict[tuple[int, int], tuple[Floats, Floats]] = {}

    def feeds(self, blob: NDArray[np.float32]) -> Mapping[str, Array]:
        """The model's inputs for a batch (n, 3, rows, columns) of prepared pictures."""
        return {self._input_name: blob}

    def decode(self, outputs: Sequence[NDArray[np.float32]], size_px: tuple[int, int]) -> list[tuple[Floats, Floats]]:
        """For each picture of the batch boxes (n, 4), pixels of an input of (width, height), and scores (n,) of people."""
        check_shape(outputs[0], None, sum(cell_counts(size_px, STRIDES)), None)
        if size_px not in self._cells:
            self._cells[size_px] = cells(size_px, STRIDES)
        corners, strides = self._cells[size_px]
        return [_decoded(output, corners, strides) for output in outputs[0]]


def _decoded(output: NDArray[np.float32], corners: Floats, strides: Floats) -> tuple[Floats, Floats]:
    # No probability is above 1, so that few rows are left to multiply; the output is large and its rows far apart.
    likely = np.flatnonzero(output[:, 4] >= MIN_SCORE)
    scores = output[likely, 4] * output[likely, 5]
    enough = scores >= MIN_SCORE
    likely, scores = likely[enough], scores[enough]
    rows = output[likely, :4].astype(np.float64)
    centres = (rows[:, :2] + corners[likely]) * strides[likely, None]
    halves = np.exp(np.clip(rows[:, 2:], -10.0, 10.0)) * strides[likely, None] / 2
    return np.column_stack([centres - halves, centres + halves]), scores.astype(np.float64)
