"""RT-DETR (Zhao et al. 2023, arXiv:2304.08069) and D-FINE (Peng et al. 2024, arXiv:2410.13842), both Apache-2.0.

Each person comes once, so that nothing is suppressed. Two exports are known: their own (`images`, `orig_target_sizes` in;
`labels`, `boxes`, `scores` out) and that of the transformers library (`pixel_values` in; `logits`, `pred_boxes` out).
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from throng.data.errors import ModelError
from throng.detect.engine import Array, Signature
from throng.detect.family import Family, Floats, Preparation, check_shape, fits, picture_size

USUAL_PX = (640, 640)
MIN_SCORE = 0.1
"""Low, since the tracker uses weak boxes to carry on what strong ones began."""
INTEGERS = ("int32", "int64")
PERSON = 0
CLASSES = 80


def recognise(signature: Signature) -> Family | None:
    """One of the two exports."""
    size = picture_size(signature, usual_px=USUAL_PX)
    if size is None:
        return None
    given = [output.name for output in signature.outputs]
    if given == ["labels", "boxes", "scores"]:
        return _recognise_own(signature, size)
    if given == ["logits", "pred_boxes"] and len(signature.inputs) == 1:
        return _recognise_transformers(signature, size)
    return None


def _recognise_own(signature: Signature, size: tuple[int, int]) -> "FinishedRtDetr | None":
    labels, boxes, scores = signature.outputs
    if not fits(labels, None, None, of=INTEGERS) or not fits(boxes, None, None, 4) or not fits(scores, None, None):
        return None
    if len(signature.inputs) == 1:
        return FinishedRtDetr(signature.inputs[0].name, size)
    sizes = signature.inputs[1]
    if len(signature.inputs) != 2 or sizes.name != "orig_target_sizes" or not fits(sizes, None, 2, of=(*INTEGERS, "float32")):
        return None
    return FinishedRtDetr(signature.inputs[0].name, size, sizes_type=sizes.type)


def _recognise_transformers(signature: Signature, size: tuple[int, int]) -> "RawRtDetr | None":
    logits, boxes = signature.outputs
    if not fits(logits, None, None, None) or not fits(boxes, None, None, 4):
        return None
    if logits.shape[2] != CLASSES:
        raise ModelError(
            f"not usable as a person detector: the model gives logits for {logits.shape[2] or 'an unknown number of'} classes; "
            f"with {CLASSES} it is RT-DETR or D-FINE, but other models with logits and pred_boxes (DETR, Deformable DETR, "
            "YOLOS) want their pictures prepared and their logits read differently, and the file does not say which it is"
        )
    return RawRtDetr(signature.inputs[0].name, size)


class FinishedRtDetr:
    """People of a model that gives labels, boxes and scores; person is class 0 of COCO's 80.

    Parameters
    ----------
    input_name : str
    size_px : tuple of int
        Width and height of the input.
    sizes_type : str, optional
        Type of the input `orig_target_sizes`, which is given the input's own size, so that boxes come in its pixels. A model
        without it gives pixels of its input, or shares of it.
    """

    name = "rt-detr"
    preparation = Preparation(order="rgb", deviation=(255.0, 255.0, 255.0), fit="stretch")
    overlap: float | None = None

    def __init__(self, input_name: str, size_px: tuple[int, int], *, sizes_type: str | None = None) -> None:
        self.size_px = size_px
        self._input_name = input_name
        self._sizes_type = sizes_type

    def feeds(self, blob: NDArray[np.float32]) -> Mapping[str, Array]:
        """The model's inputs for a batch (n, 3, rows, columns) of prepared pictures."""
        if self._sizes_type is None:
            return {self._input_name: blob}
        sizes = np.tile(np.array([blob.shape[3], blob.shape[2]], self._sizes_type), (len(blob), 1))
        return {self._input_name: blob, "orig_target_sizes": sizes}

    def decode(self, outputs: Sequence[NDArray[np.float32]], size_px: tuple[int, int]) -> list[tuple[Floats, Floats]]:
        """For each picture of the batch boxes (n, 4), pixels of an input of (width, height), and scores (n,) of people."""
        labels, boxes, scores = outputs
        check_shape(scores, None, None)
        check_shape(labels, *scores.shape)
        check_shape(boxes, *scores.shape, 4)
        # Boxes of whole pictures in pixels reach beyond 2 somewhere; shares of a picture do not.
        as_shares = self._sizes_type is None and np.abs(boxes).max(initial=0.0) <= 2.0
        unit = np.array([*size_px, *size_px], np.float64) if as_shares else np.ones(4)
        likely = (labels == PERSON) & (scores >= MIN_SCORE)
        return [
            (box[some].astype(np.float64) * unit, score[some].astype(np.float64))
            for box, score, some in zip(boxes, scores, likely, strict=True)
        ]


class RawRtDetr:
    """People of a model that gives logits (n, queries, 80) and boxes (n, queries, 4): centre and size, shares of the input.

    Parameters
    ----------
    input_name : str
    size_px : tuple of int
        Width and height of the input.
    """

    name = "rt-detr"
    preparation = FinishedRtDetr.preparation
    overlap: float | None = None

    def __init__(self, input_name: str, size_px: tuple[int, int]) -> None:
        self.size_px = size_px
        self._input_name = input_name

    def feeds(self, blob: NDArray[np.float32]) -> Mapping[str, Array]:
        """The model's inputs for a batch (n, 3, rows, columns) of prepared pictures."""
        return {self._input_name: blob}

    def decode(self, outputs: Sequence[NDArray[np.float32]], size_px: tuple[int, int]) -> list[tuple[Floats, Floats]]:
        """For each picture of the batch boxes (n, 4), pixels of an input of (width, height), and scores (n,) of people."""
        logits, boxes = outputs
        check_shape(logits, None, None, CLASSES)
        check_shape(boxes, *logits.shape[:2], 4)
        return people_of_queries(logits[:, :, PERSON], boxes, size_px)


def people_of_queries(
    logits: NDArray[np.float32], boxes: NDArray[np.float32], size_px: tuple[int, int]
) -> list[tuple[Floats, Floats]]:
    """Boxes and scores of people by picture.

    Parameters
    ----------
    logits : (n, queries) float32
        Of each query's being a person, apart from all other classes.
    boxes : (n, queries, 4) float32
        Centre and size, shares of the input.
    size_px : tuple of int
        Width and height of the input.
    """
    found = []
    for logit, box in zip(logits, boxes, strict=True):
        scores = expit(logit.astype(np.float64))
        likely = np.flatnonzero(scores >= MIN_SCORE)
        shares = box[likely].astype(np.float64)
        centres, halves = shares[:, :2] * size_px, shares[:, 2:] * size_px / 2
        found.append((np.hstack([centres - halves, centres + halves]), scores[likely]))
    return found
