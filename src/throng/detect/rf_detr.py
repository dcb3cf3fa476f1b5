"""RF-DETR (Robinson et al. 2025, arXiv:2511.09554; github.com/roboflow/rf-detr, Apache-2.0)."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import ModelError
from throng.detect.engine import Array, Signature
from throng.detect.family import (
    IMAGENET_DEVIATION_RGB,
    IMAGENET_MEAN_RGB,
    Floats,
    Preparation,
    check_shape,
    fits,
    picture_size,
)
from throng.detect.rt_detr import people_of_queries

PERSON = 1
"""Its columns are the numbers that COCO gives its categories, 1 to 90."""
CLASSES = 91


def recognise(signature: Signature) -> "RfDetr | None":
    """One picture in; `dets` (n, queries, 4) and `labels` (n, queries, 91) out."""
    size = picture_size(signature)
    if size is None or len(signature.inputs) != 1 or [output.name for output in signature.outputs] != ["dets", "labels"]:
        return None
    boxes, logits = signature.outputs
    if not fits(boxes, None, None, 4) or not fits(logits, None, None, None):
        return None
    if logits.shape[2] != CLASSES:
        raise ModelError(
            f"not usable as a person detector: the model looks like RF-DETR with {logits.shape[2] or 'an unknown number of'} "
            f"columns, and which of them is a person the file does not say; known are models with the {CLASSES} columns of COCO"
        )
    return RfDetr(signature.inputs[0].name, size)


class RfDetr:
    """People of a model that gives boxes (centre and size, shares of the input) and logits; each comes once.

    Parameters
    ----------
    input_name : str
    size_px : tuple of int
        Width and height of the input.
    """

    name = "rf-detr"
    preparation = Preparation(order="rgb", mean=IMAGENET_MEAN_RGB, deviation=IMAGENET_DEVIATION_RGB, fit="stretch")
    overlap: float | None = None

    def __init__(self, input_name: str, size_px: tuple[int, int]) -> None:
        self.size_px = size_px
        self._input_name = input_name

    def feeds(self, blob: NDArray[np.float32]) -> Mapping[str, Array]:
        """The model's inputs for a batch (n, 3, rows, columns) of prepared pictures."""
        return {self._input_name: blob}

    def decode(self, outputs: Sequence[NDArray[np.float32]], size_px: tuple[int, int]) -> list[tuple[Floats, Floats]]:
        """For each picture of the batch boxes (n, 4), pixels of an input of (width, height), and scores (n,) of people."""
        boxes, logits = outputs
        check_shape(logits, None, None, CLASSES)
        check_shape(boxes, *logits.shape[:2], 4)
        return people_of_queries(logits[:, :, PERSON], boxes, size_px)
