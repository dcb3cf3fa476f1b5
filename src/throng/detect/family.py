"""What differs from one family of detectors to the next: how a picture goes in and how boxes come out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import ModelError
from throng.detect.engine import Array, Signature, Tensor

Floats = NDArray[np.float64]

IMAGENET_MEAN_RGB = (123.675, 116.28, 103.53)
IMAGENET_DEVIATION_RGB = (58.395, 57.12, 57.375)
"""Of the colours of ImageNet's pictures, which many models expect to be taken out."""


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


def picture_size(signature: Signature, *, usual_px: tuple[int, int] | None = None) -> tuple[int, int] | None:
    """Width and height of the one picture (n, 3, rows, columns) that a model takes first; None where it takes none such.

    Parameters
    ----------
    signature : Signature
        Of the model.
    usual_px : tuple of int, optional
        Width and height at which the family runs where the file leaves them free; without it, only fixed ones will do.
    """
    if (
        not signature.inputs
        or not fits(signature.inputs[0], None, 3, None, None)
        or signature.inputs[0].shape[0] not in (1, None)
    ):
        return None
    height, width = signature.inputs[0].shape[2:]
    if width is None and height is None:
        return usual_px
    if width is None or height is None:
        return None
    return width, height


def fits(tensor: Tensor, *shape: int | None, of: Collection[str] = ("float32",)) -> bool:
    """Whether a tensor may have this shape (None: any length) and has one of these types."""
    return (
        tensor.type in of
        and len(tensor.shape) == len(shape)
        and all(None in (wanted, declared) or wanted == declared for wanted, declared in zip(shape, tensor.shape, strict=True))
    )


def columns_of_people(family: str, classes: int) -> ModelError | None:
    """Why people cannot be told from a model's classes; None where they come first: of one class, person, or COCO's 80."""
    if classes in (1, 80):
        return None
    return ModelError(
        f"not usable as a person detector: the model looks like {family} with {classes} classes, and which of them is a person "
        "the file does not say; known are models of one class, person, and of the 80 classes of COCO"
    )


def check_shape(output: Array, *shape: int | None) -> None:
    """Make sure that an output has the shape (None: any length) that its family gives.

    Raises
    ------
    ValueError
        It has another.
    """
    if output.ndim != len(shape) or any(want not in (None, got) for want, got in zip(shape, output.shape, strict=True)):
        # Not the shapes themselves: some outputs have a row for each person.
        raise ValueError("an output has not the shape that its family gives")
