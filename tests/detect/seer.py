"""A tiny model that sees what is bright, and the processor taken for a card."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from shutil import copyfile

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from throng.detect import providers
from throng.detect.any_batch import open_for_any_batch
from throng.detect.engine import Array, Engine
from throng.detect.onnx_runtime import OnnxRuntime
from throng.detect.providers import Provider

SIDE = 192
BODY_PX = (24, 40)


def seer(path: Path, *, mixes: bool = False) -> Path:
    """A model with YOLOX's signature that sees a body of `BODY_PX` around whatever is bright, at any size of input.

    As in YOLOX's own export one picture is written into its shapes. With `mixes` each answer depends on all pictures of a call.
    """
    weights = np.zeros((6, 3, 1, 1), np.float32)
    weights[4] = 1 / 3 / 255
    bias = np.array([0.5, 0.5, np.log(BODY_PX[0] / 8), np.log(BODY_PX[1] / 8), 0.0, 1.0], np.float32)
    constants = {"weights": weights, "nothing": np.zeros_like(weights), "bias": bias, "flat": np.array([1, 6, -1])}
    nodes = [helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0)]
    for stride in (8, 16, 32):
        sides = {"kernel_shape": [stride, stride], "strides": [stride, stride]}
        nodes += [
            helper.make_node("AveragePool", ["images"], [f"pool{stride}"], **sides),
            helper.make_node("Conv", [f"pool{stride}", "weights" if stride == 8 else "nothing", "bias"], [f"map{stride}"]),
            helper.make_node("Reshape", [f"map{stride}", "flat"], [f"flat{stride}"]),
        ]
    nodes += [
        helper.make_node("Concat", ["flat8", "flat16", "flat32"], ["all"], axis=2),
        helper.make_node("Add", ["all", "mean"], ["mixed"]),
        helper.make_node("Transpose", ["mixed" if mixes else "all"], ["output"], perm=[0, 2, 1]),
    ]
    cells = sum((SIDE // stride) ** 2 for stride in (8, 16, 32))
    graph = helper.make_graph(
        nodes,
        "seer",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, cells, 6])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def on_card(path: Path, threads: int, any_size: bool, *, calls: list[int] | None = None) -> Engine:
    """The processor, taken for a card; `calls` takes the number of pictures in each."""

    class Card(OnnxRuntime):
        def run(self, inputs: Mapping[str, Array]) -> Sequence[NDArray[np.float32]]:
            if calls is not None:
                calls.append(len(next(iter(inputs.values()))))
                time.sleep(0.001)  # so that others come meanwhile
            return super().run(inputs)

    def open_engine(any_batch: bool) -> OnnxRuntime:
        return Card(path, threads=threads, any_size=any_size, gains_by_batches=True, any_batch=any_batch)

    return open_for_any_batch(open_engine)


def put_on_card(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, list[int]]:
    """The same model, and the calls of it from here on, when all models run `on_card`.

    A file of its own, since models that are open are shared.
    """
    calls: list[int] = []
    monkeypatch.setattr(providers, "providers", lambda precision: [Provider("CUDA", "a stub", partial(on_card, calls=calls))])
    return Path(copyfile(path, path.with_name(f"card_{path.name}"))), calls
