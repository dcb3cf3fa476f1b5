"""FastestDet (github.com/dog-qiuqiu/FastestDet, BSD-3-Clause): one map of stride 16."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from throng.detect.engine import Array, Signature
from throng.detect.family import Floats, Preparation, check_shape, columns_of_people, fits, picture_size

STRIDE = 16
MIN_SCORE = 0.65
"""Its demonstration's own; of what it gives weaker scores on a street, half is nobody."""
OBJECT_POWER, CLASS_POWER = 0.6, 0.4


def recognise(signature: Signature) -> "FastestDet | None":
    """One picture in, one map (n, 5 + classes, rows, columns) of cells of 16 pixels out."""
    size = picture_size(signature)
    if size is None or len(signature.inputs) != 1 or len(signature.outputs) != 1 or any(side % 32 for side in size):
        return None
    output = signature.outputs[0]
    if not fits(output, None, None, size[1] // STRIDE, size[0] // STRIDE) or (output.shape[1] or 0) < 6:
        return None
    refusal = columns_of_people("FastestDet", (output.shape[1] or 0) - 5)
    if refusal:
        raise refusal
    return FastestDet(signature.inputs[0].name, size)


class FastestDet:
    """Boxes from FastestDet's output.

    A cell (i, j) gives objectness o, centre ((j + tanh dx) / columns, (i + tanh dy) / rows), size (sigmoid dw, sigmoid dh) as
    shares of the input, and class probabilities p; the score is o^0.6 p^0.4 for the likeliest class, where that is a person.

    Parameters
    ----------
    input_name : str
    size_px : tuple of int
        Width and height of the input.
    """

    name = "fastestdet"
    preparation = Preparation(deviation=(255.0, 255.0, 255.0), fit="stretch")
    overlap: float | None = 0.45

    def __init__(self, input_name: str, size_px: tuple[int, int]) -> None:
        self.size_px = size_px
        self._input_name = input_name

    def feeds(self, blob: NDArray[np.float32]) -> Mapping[str, Array]:
        """The model's inputs for a batch (n, 3, rows, columns) of prepared pictures."""
        return {self._input_name: blob}

    def decode(self, outputs: Sequence[NDArray[np.float32]], size_px: tuple[int, int]) -> list[tuple[Floats, Floats]]:
        """For each picture of the batch boxes (n, 4), pixels of an input of (width, height), and scores (n,) of people."""
        check_shape(outputs[0], None, None, size_px[1] // STRIDE, size_px[0] // STRIDE)
        return [_decoded(output, size_px) for output in outputs[0]]


def _decoded(output: NDArray[np.float32], size_px: tuple[int, int]) -> tuple[Floats, Floats]:
    scores = output[0] ** OBJECT_POWER * output[5] ** CLASS_POWER
    likely = (scores >= MIN_SCORE) & (output[5] >= output[5:].max(axis=0))
    rows, columns = np.nonzero(likely)
    numbers = output[1:5, rows, columns].astype(np.float64)
    centres = np.column_stack(
        [(columns + np.tanh(numbers[0])) / scores.shape[1], (rows + np.tanh(numbers[1])) / scores.shape[0]]
    )
    halves = expit(numbers[2:]).T / 2
    boxes = np.hstack([centres - halves, centres + halves]) * np.array([*size_px, *size_px], dtype=np.float64)
    return boxes, scores[likely].astype(np.float64)
