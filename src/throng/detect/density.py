"""Models that count crowds too dense to box: density maps, whose sum is the count, and points, one a person."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from throng.data.crowd_map import CrowdMap
from throng.data.errors import ModelError
from throng.data.frame import Frame
from throng.detect.engine import Array, Engine, Signature
from throng.detect.family import (
    IMAGENET_DEVIATION_RGB,
    IMAGENET_MEAN_RGB,
    Floats,
    Preparation,
    check_shape,
    fits,
    picture_size,
)
from throng.detect.letterbox import Letterbox
from throng.detect.onnx import check_picture_size, shared_engine
from throng.detect.onnx_file import as_model_errors, one_line

LARGEST_PX = (1024, 768)
"""Width and height of the input that a picture is made no larger than where the file leaves sizes free."""
PREPARATION = Preparation(
    order="rgb", mean=IMAGENET_MEAN_RGB, deviation=IMAGENET_DEVIATION_RGB, fit="corner", padding=IMAGENET_MEAN_RGB[1]
)
COARSEST = 32
POINT_CELL_PX = 8
LIKELY = 0.5


class CrowdFamily(Protocol):
    """A family of models that count, read from a model's signature.

    Attributes
    ----------
    name : str
        "density".
    size_px : (int, int) or None
        Width and height of the input; None where the file leaves them free.
    stride : int
        What each side must be a multiple of where it is free.
    """

    name: str
    size_px: tuple[int, int] | None
    stride: int

    def people(self, outputs: Sequence[NDArray[np.float32]], size_px: tuple[int, int]) -> tuple[Floats, int]:
        """People by cells (rows, columns) of an input of (width, height), and a cell's side in its pixels."""
        ...


def recognise(signature: Signature) -> CrowdFamily | None:
    """The family, where the signature is one of a model that counts.

    Raises
    ------
    ModelError
        The output may be a density map, and may be something else.
    """
    size = picture_size(signature, usual_px=LARGEST_PX)
    if size is None or len(signature.inputs) != 1:
        return None
    free = signature.inputs[0].shape[2] is None
    names = {output.name.removeprefix("pred_") for output in signature.outputs}
    if names == {"logits", "points"} and all(fits(output, None, None, 2) for output in signature.outputs):
        return Points([output.name for output in signature.outputs], None if free else size)
    if len(signature.outputs) != 1 or not fits(signature.outputs[0], None, 1, None, None):
        return None
    rows, columns = signature.outputs[0].shape[2:]
    if free or rows is None or columns is None:
        return DensityMap(None if free else size) if (rows, columns) == (None, None) else None
    if (columns, rows) == size:
        raise ModelError(
            "not usable as a crowd counter: the model gives one number for each pixel, which may be a density, a mask or a "
            "depth; known are maps whose cells are 2 to 32 pixels wide"
        )
    return DensityMap(size) if _cell_px((rows, columns), size) else None


class DensityMap:
    """One map (n, 1, rows, columns) of people per cell (Lempitsky and Zisserman 2010); its cells are 2 to 32 pixels wide.

    Parameters
    ----------
    size_px : tuple of int, optional
        Width and height of the input, where the file fixes them.
    """

    name = "density"
    stride = 32

    def __init__(self, size_px: tuple[int, int] | None) -> None:
        self.size_px = size_px

    def people(self, outputs: Sequence[NDArray[np.float32]], size_px: tuple[int, int]) -> tuple[Floats, int]:
        """People by cells (rows, columns) of an input of (width, height), and a cell's side in its pixels.

        What a model gives below nothing, or as no number at all, is nobody.
        """
        check_shape(outputs[0], 1, 1, None, None)
        people = outputs[0][0, 0].astype(np.float64)
        cell = _cell_px((people.shape[0], people.shape[1]), size_px)
        if cell is None:
            raise ValueError("the map has not the shape of its input")
        return np.where(np.isfinite(people) & (people > 0), people, 0.0), cell


class Points:
    """Points (n, proposals, 2), pixels of the input, and logits (n, proposals, 2) of nobody and of a person.

    The form of P2PNet (Song et al. 2021, arXiv:2107.12746): a proposal counts where the second outweighs the first.

    Parameters
    ----------
    output_names : sequence of str
        In the model's order; they tell points from logits.
    size_px : tuple of int, optional
        Width and height of the input, where the file fixes them.
    """

    name = "points"
    stride = 128

    def __init__(self, output_names: Sequence[str], size_px: tuple[int, int] | None) -> None:
        self.size_px = size_px
        self._points, self._logits = (
            next(index for index, name in enumerate(output_names) if name.endswith(end)) for end in ("points", "logits")
        )

    def people(self, outputs: Sequence[NDArray[np.float32]], size_px: tuple[int, int]) -> tuple[Floats, int]:
        """People by cells (rows, columns) of an input of (width, height), and a cell's side in its pixels."""
        points, logits = outputs[self._points], outputs[self._logits]
        check_shape(points, 1, None, 2)
        check_shape(logits, *points.shape)
        likely = expit(logits[0, :, 1].astype(np.float64) - logits[0, :, 0]) > LIKELY
        xy = points[0, likely].astype(np.float64)
        shape = (-(-size_px[1] // POINT_CELL_PX), -(-size_px[0] // POINT_CELL_PX))
        inside = ((xy >= 0) & (xy < np.array(size_px))).all(axis=1)
        columns, rows = (xy[inside] // POINT_CELL_PX).astype(np.intp).T
        people = np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1]).astype(np.float64)
        return people.reshape(shape), POINT_CELL_PX


FAMILIES = (DensityMap.name, Points.name)


def open_counter(path: Path, *, threads: int = 1, name: str | None = None) -> "OnnxCounter":
    """A crowd counter from an ONNX file; models that are open already are shared.

    Raises
    ------
    ModelError
        The file is missing, no ONNX model, or counts no crowd.
    """
    return OnnxCounter(shared_engine(path, threads=threads), name=name or path.stem)


class OnnxCounter:
    """A crowd counter on a density-map or point model.

    Parameters
    ----------
    engine : Engine
        The model.
    name : str
        The model's name.

    Raises
    ------
    ModelError
        The model counts no crowd.
    """

    def __init__(self, engine: Engine, *, name: str) -> None:
        family = recognise(engine.signature)
        if family is None:
            raise ModelError(
                f"not recognised as a crowd counter: {one_line(f'the model {engine.signature}')}, and neither a density map "
                "(n, 1, rows, columns) nor pred_points with pred_logits (n, proposals, 2) looks like that"
            )
        if family.size_px:
            check_picture_size(family.size_px)
        self._engine = engine
        self.family = family
        self.name = f"{family.name} ({name})"

    @property
    def described(self) -> str:
        """What runs the model, and how precisely."""
        return self._engine.described

    def count(self, frame: Frame) -> CrowdMap:
        """The people in a frame by cells.

        Raises
        ------
        ModelError
            The model fails on this picture.
        """
        size = self.family.size_px or input_of(frame.size_px, self.family.stride)
        box = Letterbox.fitting(frame.size_px, size, fit=PREPARATION.fit)
        blob = np.empty((1, 3, size[1], size[0]), np.float32)
        box.fill(blob[0], frame, PREPARATION)
        with as_model_errors(f"the model {self.name}"):
            outputs = self._engine.run(self._feeds(blob))
        try:
            with np.errstate(all="ignore"):
                people, cell = self.family.people(outputs, size)
        except (ValueError, IndexError):
            raise ModelError(f"the model {self.name} does not give outputs of its family's shape: export it anew") from None
        # What lies in the grey beside the picture is nobody.
        shown = people[: -(-box.height_px // cell), : -(-box.width_px // cell)]
        return CrowdMap(shown.copy(), (cell / box.scale_x, cell / box.scale_y), frame.time_s)

    def _feeds(self, blob: NDArray[np.float32]) -> Mapping[str, Array]:
        return {self._engine.signature.inputs[0].name: blob}


def input_of(image_size_px: tuple[int, int], stride: int) -> tuple[int, int]:
    """Width and height of the input for a picture of (width, height): as large, up to a limit, and multiples of the stride."""
    scale = min(1.0, *(limit / side for limit, side in zip(LARGEST_PX, image_size_px, strict=True)))
    width, height = (stride * max(1, -(-round(side * scale) // stride)) for side in image_size_px)
    return width, height


def _cell_px(shape: tuple[int, int], size_px: tuple[int, int]) -> int | None:
    """Side of a cell of a map of (rows, columns) for an input of (width, height); None where that is not one whole number."""
    cell = size_px[1] // shape[0] if shape[0] else 0
    whole = shape[0] * cell == size_px[1] and shape[1] * cell == size_px[0]
    return cell if whole and 2 <= cell <= COARSEST else None
