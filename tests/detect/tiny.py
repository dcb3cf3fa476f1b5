"""Tiny ONNX models with the inputs and outputs of each family, and known people in them.

The weights of most families are not at hand: these graphs have the family's signature and give outputs that were worked out
here from the boxes, the other way round than the decoders do. They show that a decoder reads what its family's own code
documents; they do not show that a real export looks like that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Outputs = dict[str, NDArray[np.generic]]
Person = tuple[float, float, float, float, float]
"""Left, top, right, bottom in pixels of the input, and score."""

SIDE = 96
NEVER = -50.0
"""A logit of nearly nothing."""


def save(
    path: Path,
    outputs: Mapping[str, NDArray[np.generic]],
    *,
    inputs: Sequence[tuple[str, list[int | str], int]] = (("images", [1, 3, SIDE, SIDE], TensorProto.FLOAT),),
    shapes: Mapping[str, list[int | str]] | None = None,
    gain: float = 0.0,
) -> Path:
    """A model that gives these outputs (of one picture) for each picture of a batch, whatever they show.

    Parameters
    ----------
    inputs : name, shape, type
        The first is the picture.
    shapes : mapping, optional
        What the file declares of an output where that is not its real shape.
    gain : float
        Every floating-point output is larger by the mean of the picture's input times this, as a share of itself.
    """
    picture = inputs[0][0]
    constants = {
        "zero": np.zeros((), np.float32),
        "gain": np.float32(gain),
        "one": np.ones(1, np.int64),
        "start": np.zeros(1, np.int64),
    }
    nodes = [
        helper.make_node("Shape", [picture], ["sizes"]),
        helper.make_node("Slice", ["sizes", "start", "one"], ["batch"]),
        helper.make_node("ReduceMean", [picture], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "gain"], ["added"]),
    ]
    for name, *_ in inputs[1:]:
        # An input that plays no part is left out of the graph when a session is opened.
        nodes += [
            helper.make_node("Cast", [name], [f"{name}_f"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", [f"{name}_f"], [f"{name}_mean"], keepdims=0),
            helper.make_node("Mul", [f"{name}_mean", "zero"], [f"{name}_nothing"]),
            helper.make_node("Add", ["added", f"{name}_nothing"], [f"added_{name}"]),
        ]
    added = f"added_{inputs[-1][0]}" if len(inputs) > 1 else "added"
    declared = []
    for name, output in outputs.items():
        constants[f"{name}_known"] = output
        constants[f"{name}_rest"] = np.array(output.shape[1:], np.int64)
        constants[f"{name}_thin"] = np.array([-1] + [1] * (output.ndim - 1), np.int64)
        whole = f"{name}_all" if output.dtype.kind == "f" else name
        nodes += [
            helper.make_node("Concat", ["batch", f"{name}_rest"], [f"{name}_shape"], axis=0),
            helper.make_node("Expand", [f"{name}_known", f"{name}_shape"], [whole]),
        ]
        if output.dtype.kind == "f":
            nodes += [
                helper.make_node("Reshape", [added, f"{name}_thin"], [f"{name}_added"]),
                helper.make_node("Mul", [whole, f"{name}_added"], [f"{name}_more"]),
                helper.make_node("Add", [whole, f"{name}_more"], [name]),
            ]
        shape = (shapes or {}).get(name, [inputs[0][1][0], *output.shape[1:]])
        declared.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(output.dtype), shape))
    graph = helper.make_graph(
        nodes,
        "known",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape, kind in inputs],
        declared,
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def mean_pool(path: Path, side: int = 8) -> Path:
    """A graph of free size: as many people in a cell of 8 x 8 pixels as its mean input, if that is above nothing."""
    graph = helper.make_graph(
        [
            helper.make_node("AveragePool", ["images"], ["pooled"], kernel_shape=[side, side], strides=[side, side]),
            helper.make_node("ReduceMean", ["pooled"], ["density"], axes=[1], keepdims=1),
        ],
        "free",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [helper.make_tensor_value_info("density", TensorProto.FLOAT, [1, 1, "rows", "columns"])],
        [numpy_helper.from_array(np.zeros(1, np.float32), "unused")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def save_failing(path: Path) -> Path:
    """A model of YOLOX's signature that fails on every picture: it cannot bring the picture into its output's shape."""
    cells = sum(columns**2 for _, columns in _levels((8, 16, 32)))
    nodes = [
        # The shape is worked out of the picture, so that nobody can tell when the file is opened.
        helper.make_node("Cast", ["images"], ["whole"], to=TensorProto.INT64),
        helper.make_node("ReduceMax", ["whole"], ["most"], keepdims=0),
        helper.make_node("Unsqueeze", ["most", "start"], ["first"]),
        helper.make_node("Concat", ["first", "rest"], ["shape"], axis=0),
        helper.make_node("Reshape", ["images", "shape"], ["output"]),
    ]
    constants = {"start": np.zeros(1, np.int64), "rest": np.array([cells, 85], np.int64)}
    graph = helper.make_graph(
        nodes,
        "failing",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["n", cells, 85])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def _levels(strides: Sequence[int]) -> list[tuple[int, int]]:
    """Stride and number of columns of each map."""
    return [(stride, -(-SIDE // stride)) for stride in strides]


def _distribution(distance: float, steps: int = 8) -> NDArray[np.float32]:
    """Logits of a distribution whose mean is this distance."""
    logits = np.full(steps, NEVER, np.float32)
    low = min(int(distance), steps - 2)
    part = distance - low
    logits[low], logits[low + 1] = np.log(max(1 - part, 1e-20)), np.log(max(part, 1e-20))
    return logits


def _gfl(
    people: Sequence[Person], strides: Sequence[int], offset: float
) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """By stride scores (1, cells, 80) and distances (1, cells, 32); everybody at the first stride."""
    maps = []
    for level, (stride, columns) in enumerate(_levels(strides)):
        scores = np.zeros((1, columns * columns, 80), np.float32)
        sides = np.zeros((1, columns * columns, 32), np.float32)
        scores[0, :, 16] = 0.9  # a dog everywhere
        for left, top, right, bottom, score in people if level == 0 else []:
            column, row = (round(centre / stride - offset) for centre in ((left + right) / 2, (top + bottom) / 2))
            x, y = (column + offset) * stride, (row + offset) * stride
            cell = row * columns + column
            scores[0, cell, 0] = score
            for side, distance in enumerate((x - left, y - top, right - x, bottom - y)):
                sides[0, cell, 8 * side : 8 * side + 8] = _distribution(distance / stride)
        maps.append((scores, sides))
    return maps


def nanodet(people: Sequence[Person]) -> Outputs:
    maps = _gfl(people, (8, 16, 32), 0.5)
    names = [f"{kind}_pred_stride_{stride}" for kind in ("cls", "dis") for stride in (8, 16, 32)]
    return dict(zip(names, [scores for scores, _ in maps] + [sides for _, sides in maps], strict=True))


def nanodet_plus(people: Sequence[Person]) -> Outputs:
    maps = _gfl(people, (8, 16, 32, 64), 0.0)
    return {"output": np.concatenate([np.concatenate(pair, axis=2) for pair in maps], axis=1)}


def raw_picodet(people: Sequence[Person]) -> Outputs:
    maps = _gfl(people, (8, 16, 32, 64), 0.5)
    every = [scores for scores, _ in maps] + [sides for _, sides in maps]
    return {f"tmp_{index}": output for index, output in enumerate(every)}


def finished_picodet(people: Sequence[Person]) -> Outputs:
    rows = [[0.0, score, *box] for *box, score in people] + [[16.0, 0.9, 1, 1, 9, 9], [-1.0, 0.9, 0, 0, 8, 8]]
    return {"rows": np.array(rows, np.float32), "count": np.array([len(rows)], np.int32)}


def fastestdet(people: Sequence[Person]) -> Outputs:
    output = np.zeros((1, 85, SIDE // 16, SIDE // 16), np.float32)
    output[0, 5 + 16] = 1.0
    for left, top, right, bottom, score in people:
        x, y = (left + right) / 2 / 16, (top + bottom) / 2 / 16
        row, column = int(y), int(x)
        width, height = (right - left) / SIDE, (bottom - top) / SIDE
        numbers = [np.arctanh(x - column), np.arctanh(y - row), np.log(width / (1 - width)), np.log(height / (1 - height))]
        output[0, :, row, column] = 0.0
        output[0, :6, row, column] = [score, *numbers, score]
    return {"758": output}


def yolox(people: Sequence[Person]) -> Outputs:
    levels = _levels((8, 16, 32))
    output = np.zeros((1, sum(columns**2 for _, columns in levels), 85), np.float32)
    output[0, :, 5 + 16] = 1.0
    for left, top, right, bottom, score in people:
        x, y = (left + right) / 2 / 8, (top + bottom) / 2 / 8
        cell = int(y) * (SIDE // 8) + int(x)
        output[0, cell, :6] = [x - int(x), y - int(y), np.log((right - left) / 8), np.log((bottom - top) / 8), score, 1.0]
    return {"output": output}


def _queries(people: Sequence[Person], n: int) -> NDArray[np.float32]:
    """Boxes (1, n, 4): left, top, right, bottom; what is nobody covers the whole input."""
    boxes = np.tile(np.array([0, 0, SIDE, SIDE], np.float32), (1, n, 1))
    boxes[0, : len(people)] = [person[:4] for person in people] if people else np.empty((0, 4))
    return boxes


def _centred(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([(boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]], axis=-1)


def _logits(people: Sequence[Person], n: int, classes: int, person: int) -> NDArray[np.float32]:
    logits = np.full((1, n, classes), NEVER, np.float32)
    logits[0, :, 17] = 5.0
    for index, (*_, score) in enumerate(people):
        logits[0, index, person] = np.log(score / (1 - score))
    return logits


def finished_rt_detr(people: Sequence[Person]) -> Outputs:
    labels, scores = np.full((1, 20), 16, np.int64), np.full((1, 20), 0.9, np.float32)
    labels[0, : len(people)] = 0
    scores[0, : len(people)] = [person[4] for person in people]
    return {"labels": labels, "boxes": _queries(people, 20), "scores": scores}


def raw_rt_detr(people: Sequence[Person]) -> Outputs:
    return {"logits": _logits(people, 20, 80, 0), "pred_boxes": _centred(_queries(people, 20)) / SIDE}


def rf_detr(people: Sequence[Person]) -> Outputs:
    return {"dets": _centred(_queries(people, 20)) / SIDE, "labels": _logits(people, 20, 91, 1)}


def yolov8(people: Sequence[Person]) -> Outputs:
    output = np.zeros((1, 84, sum(columns**2 for _, columns in _levels((8, 16, 32)))), np.float32)
    output[0, 4 + 16] = 0.9
    boxes = _centred(_queries(people, len(people)))
    output[0, :4, : len(people)] = boxes[0].T
    output[0, 4, : len(people)] = [person[4] for person in people]
    return {"output0": output}


def yolov10(people: Sequence[Person]) -> Outputs:
    output = np.zeros((1, 300, 6), np.float32)
    output[0, :] = [8, 8, 72, 72, 0.9, 16]
    for index, (*box, score) in enumerate(people):
        output[0, index] = [*box, score, 0]
    return {"output0": output}


@dataclass(frozen=True)
class Case:
    """A family as a tiny model.

    Attributes
    ----------
    family : str
    outputs : callable
        From people to outputs.
    inputs : name, shape, type
    free : bool
        Whether batches of any length are declared.
    """

    family: str
    outputs: Callable[[Sequence[Person]], Outputs]
    inputs: tuple[tuple[str, list[int | str], int], ...] = (("images", ["n", 3, SIDE, SIDE], TensorProto.FLOAT),)
    shapes: Mapping[str, list[int | str]] | None = None

    def save(self, path: Path, people: Sequence[Person], *, gain: float = 0.0) -> Path:
        return save(path, self.outputs(people), inputs=self.inputs, shapes=self.shapes, gain=gain)


def _one(name: str) -> tuple[str, list[int | str], int]:
    return (name, [1, 3, SIDE, SIDE], TensorProto.FLOAT)


CASES = {
    "yolox": Case("yolox", yolox),
    "nanodet": Case("nanodet", nanodet, (_one("input.1"),)),
    "nanodet-plus": Case("nanodet-plus", nanodet_plus),
    "fastestdet": Case("fastestdet", fastestdet),
    "picodet": Case("picodet", raw_picodet, (_one("image"),)),
    "picodet finished": Case(
        "picodet",
        finished_picodet,
        (_one("image"), ("scale_factor", [1, 2], TensorProto.FLOAT)),
        {"rows": ["m", 6], "count": ["n"]},
    ),
    "rt-detr": Case(
        "rt-detr",
        finished_rt_detr,
        (("images", ["n", 3, SIDE, SIDE], TensorProto.FLOAT), ("orig_target_sizes", ["n", 2], TensorProto.INT64)),
    ),
    "rt-detr of transformers": Case("rt-detr", raw_rt_detr),
    "rf-detr": Case("rf-detr", rf_detr),
    "yolov8": Case("yolov8", yolov8),
    "yolov10": Case("yolov10", yolov10),
}
