"""What differs from one family of detectors to the next: how a picture goes in and how boxes come out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from throng.detect.engine import Array, Signature

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Preparation:
    """How a picture becomes a model's input.

    Attributes
    ----------
    order : {"bgr", "rgb"}
        Of the colours.
    mean, deviation : tuples of float
        In that order, grey levels of 0 to 255: the input is (colour - mean) / deviation.
    fit : {"corner", "centre", "stretch"}
        Where a picture of another shape lies in the input: scaled alike in both directions into the top left corner or the
        middle, or stretched to fill it.
    padding : float
        Grey level around the picture.
    stride : int
        0 where a model runs at its own size only; else it is fully convolutional and runs at any multiple of this, so that a
        wide picture need not be padded to a square.
    """

    order: Literal["bgr", "rgb"] = "bgr"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    deviation: tuple[float, float, float] = (1.0, 1.0, 1.0)
    fit: Literal["corner", "centre", "stretch"] = "corner"
    padding: float = 114.0
    stride: int = 0


class Family(Protocol):
    """A family of detectors, read from a model's signature; knows nothing of pictures.

    Attributes
    ----------
    name : str
        "yolox".
    preparation : Preparation
    size_px : (int, int)
        Width and height of the input as the file declares it.
    overlap : float or None
        Overlap (IoU) above which of two boxes the weaker is dropped; None where the model itself gives each person once.
    """

    name: str
    preparation: Preparation
    size_px: tuple[int, int]
    overlap: float | None

    def feeds(self, blob: NDArray[np.float32]) -> Mapping[str, Array]:
        """The model's inputs for a batch (n, 3, rows, columns) of prepared pictures."""
        ...

    def decode(self, outputs: Sequence[NDArray[np.float32]], size_px: tuple[int, int]) -> list[tuple[Floats, Floats]]:
        """For each picture of the batch boxes (n, 4), pixels of an input of (width, height), and scores (n,) of people."""
        ...


class Recognise(Protocol):
    """The one function that a family's file must have."""

    def __call__(self, signature: Signature) -> Family | None:
        """The family, where the signature is one of its own."""
        ...


def picture_size(signature: Signature) -> tuple[int, int] | None:
    """Width and height of the one picture (n, 3, rows, columns) that a model takes first; None where it takes none such."""
    if not signature.inputs:
        return None
    shape: tuple[Any, ...] = signature.inputs[0].shape
    if len(shape) != 4 or shape[1] != 3 or not all(isinstance(side, int) and side > 0 for side in shape[2:]):
        return None
    return shape[3], shape[2]
