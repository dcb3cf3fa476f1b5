"""PicoDet (Yu et al. 2021, arXiv:2111.00902; github.com/PaddlePaddle/PaddleDetection, Apache-2.0), in two of its exports.

Without post-processing in the graph: four outputs of class scores and four of distances, strides 8, 16, 32, 64. With all of
it, non-maximum suppression included: rows of class, score, left, top, right, bottom, and how many belong to each picture.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import ModelError
from throng.detect.engine import Array, Signature
from throng.detect.family import (
    IMAGENET_DEVIATION_RGB,
    IMAGENET_MEAN_RGB,
    Family,
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
PP_YOLOE_SIDE_PX = 640
INTEGERS = ("int32", "int64")
PERSON = 0


def recognise(signature: Signature) -> Family | None:
    """One picture, with its scale or without, in; one of the two kinds of outputs out."""
    size = picture_size(signature)
    if size is None:
        return None
    if len(signature.inputs) == 1 and len(signature.outputs) == 2 * len(STRIDES):
        return _recognise_raw(signature, size)
    return _recognise_finished(signature, size)


def _recognise_raw(signature: Signature, size: tuple[int, int]) -> "RawPicoDet | None":
    scores, sides = signature.outputs[: len(STRIDES)], signature.outputs[len(STRIDES) :]
    counts = cell_counts(size, STRIDES)
    if not all(
        fits(one, None, n, None) and fits(other, None, n, None) for one, other, n in zip(scores, sides, counts, strict=True)
    ):
        return None
    classes, columns = ({output.shape[2] for output in outputs} for outputs in (scores, sides))
    if len(classes) != 1 or len(columns) != 1 or None in classes | columns or next(n or 0 for n in columns) % 4:
        return None
    refusal = columns_of_people("PicoDet", next(n for n in classes if n))
    if refusal:
        raise refusal
    return RawPicoDet(signature.inputs[0].name, size)


def _recognise_finished(signature: Signature, size: tuple[int, int]) -> "FinishedPicoDet | None":
    names = [tensor.name for tensor in signature.inputs]
    rows, counts = signature.outputs if len(signature.outputs) == 2 else (None, None)
    if names not in (["image"], ["image", "scale_factor"]) or rows is None or counts is None:
        return None
    if not fits(rows, None, 6) or not fits(counts, None, of=INTEGERS):
        return None
    if len(names) == 2 and not fits(signature.inputs[1], None, 2):
        return None
    if PP_YOLOE_SIDE_PX in size:
        raise ModelError(
            f"not usable as a person detector: at {size[0]}x{size[1]} the model may be PicoDet or PP-YOLOE, which take "
            "and give the same but want their colours prepared differently; export PicoDet without post-processing "
            "(export.post_process=False)"
        )
    return FinishedPicoDet(names, size)


class RawPicoDet:
    """Boxes from PicoDet's outputs before any post-processing.

    The centre of a cell (i, j) of stride s lies at (s (j + 1/2), s (i + 1/2)); scores are probabilities already. Pictures are
    stretched, as in its training.

    Parameters
    ----------
    input_name : str
    size_px : tuple of int
        Width and height of the input.
    """

    name = "picodet"
    preparation = Preparation(order="rgb", mean=IMAGENET_MEAN_RGB, deviation=IMAGENET_DEVIATION_RGB, fit="stretch")
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
        for output, count in zip(outputs, cell_counts(size_px, STRIDES) * 2, strict=True):
            check_shape(output, None, count, None)
        scores = np.concatenate([output[:, :, 0] for output in outputs[: len(STRIDES)]], axis=1)
        sides = np.concatenate(outputs[len(STRIDES) :], axis=1)
        found = []
        for score, side in zip(scores, sides, strict=True):
            likely = np.flatnonzero(score >= MIN_SCORE)
            strides = self._strides[likely]
            centres = (self._corners[likely] + 0.5) * strides[:, None]
            found.append((boxes_from_distances(side[likely], centres, strides), score[likely].astype(np.float64)))
        return found


class FinishedPicoDet:
    """Boxes of a PicoDet whose graph ends in non-maximum suppression; person is class 0.

    Parameters
    ----------
    input_names : sequence of str
        The picture, and its scale where the model asks for it: 1, so that boxes come in pixels of the input.
    size_px : tuple of int
        Width and height of the input.
    """

    name = "picodet"
    preparation = RawPicoDet.preparation
    overlap: float | None = None

    def __init__(self, input_names: Sequence[str], size_px: tuple[int, int]) -> None:
        self.size_px = size_px
        self._input_names = tuple(input_names)

    def feeds(self, blob: NDArray[np.float32]) -> Mapping[str, Array]:
        """The model's inputs for a batch (n, 3, rows, columns) of prepared pictures."""
        return dict(zip(self._input_names, (blob, np.ones((len(blob), 2), np.float32)), strict=False))

    def decode(self, outputs: Sequence[NDArray[np.float32]], size_px: tuple[int, int]) -> list[tuple[Floats, Floats]]:
        """For each picture of the batch boxes (n, 4), pixels of an input of (width, height), and scores (n,) of people."""
        rows, counts = outputs
        check_shape(rows, None, 6)
        if counts.ndim != 1 or counts.min(initial=0) < 0 or counts.sum() != len(rows):
            raise ValueError("the rows do not add up to those of the pictures")
        found = []
        for last, count in zip(np.cumsum(counts), counts, strict=True):
            some = rows[last - count : last].astype(np.float64)
            people = some[(some[:, 0] == PERSON) & (some[:, 1] >= MIN_SCORE)]
            found.append((people[:, 2:], people[:, 1]))
        return found
