"""Tiny ONNX models with known outputs, made on the spot."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

YoloxMaker = Callable[..., Path]
SIDE = 64
CELLS = sum((SIDE // stride) ** 2 for stride in (8, 16, 32))


def save_constant_model(path: Path, output: NDArray[np.float32], *, side: int = SIDE, name: str = "images") -> Path:
    """A model that takes a picture and gives this output whatever it shows."""
    picture = helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, side, side])
    result = helper.make_tensor_value_info("output", TensorProto.FLOAT, list(output.shape))
    # The picture's mean times zero keeps the input in the graph.
    nodes = [
        helper.make_node("ReduceMean", [name], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "known"], ["output"]),
    ]
    constants = [
        numpy_helper.from_array(np.zeros((), np.float32), "zero"),
        numpy_helper.from_array(output.astype(np.float32), "known"),
    ]
    graph = helper.make_graph(nodes, "known", [picture], [result], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    return path


@pytest.fixture
def yolox_model(tmp_path: Path) -> YoloxMaker:
    """Makes a model with the signature of YOLOX (64 px, 2 classes) that sees the given people and nothing else."""

    def make(people: list[tuple[float, float, float, float, float]], name: str = "tiny.onnx") -> Path:
        output = np.zeros((1, CELLS, 7), np.float32)
        for x, y, width, height, score in people:
            # The cell of stride 8 that the centre lies in.
            column, row = int(x // 8), int(y // 8)
            cell = row * (SIDE // 8) + column
            output[0, cell, :4] = [x / 8 - column, y / 8 - row, np.log(width / 8), np.log(height / 8)]
            output[0, cell, 4:6] = [score, 1.0]
        return save_constant_model(tmp_path / name, output)

    return make


@pytest.fixture
def save_model() -> Callable[..., Path]:
    """Saves a model of any constant output."""
    return save_constant_model
