"""The NanoDet family (github.com/RangiLyu/nanodet, Apache-2.0), as exported before NanoDet-Plus: three pairs of outputs."""

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

STRIDES = (8, 16, 32)
MIN_SCORE = 0.2
"""Below what its demonstration shows (0.35), since the tracker uses weak boxes to carry on what strong ones began; of those
that are weaker still, nearly all are nobody."""
SIDES = 4 * 8
"""Numbers for the distances to the four sides: distributions over 0 to 7 strides."""


def recognise(signature: Signature) -> "NanoDet | None":
    """One picture in; out come, for the strides 8, 16, 32, first class scores (n, cells, classes), then distances."""
    size = picture_size(signature)
    outputs = signature.outputs
    if size is None or len(signature.inputs) != 1 or len(outputs) != 2 * len(STRIDES):
        return None
    counts = cell_counts(size, STRIDES)
    scores, sides = outputs[: len(STRIDES)], outputs[len(STRIDES) :]
    if not all(
        fits(one, None, n, None) and fits(other, None, n, SIDES) for one, other, n in zip(scores, sides, counts, strict=True)
    ):
        return None
    classes = {output.shape[2] for output in scores}
    if len(classes) != 1 or None in classes:
        return None
    refusal = columns_of_people("NanoDet", next(n for n in classes if n))
    if refusal:
        raise refusal
    return NanoDet(signature.inputs[0].name, size)


class NanoDet:
    """Boxes from NanoDet's outputs.

    The centre of a cell (i, j) of stride s lies at (s (j + 1/2), s (i + 1/2)); scores are probabilities already.

    Parameters
    ----------
    input_name : str
    size_px : tuple of int
        Width and height of the input.
    """

    name = "nanodet"
    preparation = Preparation(
        mean=IMAGENET_MEAN_RGB[::-1], deviation=IMAGENET_DEVIATION_RGB[::-1], fit="centre", padding=0.0, stride=32
    )
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
        counts = cell_counts(size_px, STRIDES)
        for output, count in zip(outputs, counts * 2, strict=True):
            check_shape(output, None, count, None)
        if size_px not in self._cells:
            self._cells[size_px] = cells(size_px, STRIDES)
        corners, strides = self._cells[size_px]
        scores = np.concatenate([output[:, :, 0] for output in outputs[: len(STRIDES)]], axis=1)
        sides = np.concatenate(outputs[len(STRIDES) :], axis=1)
        found = []
        for score, side in zip(scores, sides, strict=True):
            likely = np.flatnonzero(score >= MIN_SCORE)
            centres = (corners[likely] + 0.5) * strides[likely, None]
            found.append((boxes_from_distances(side[likely], centres, strides[likely]), score[likely].astype(np.float64)))
        return found
