"""Models that were exported for one picture a call, opened for several."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from throng.data.errors import ModelError
from throng.detect.engine import Engine, Signature

TRIED_ON_PX = (128, 192)
"""Rows and columns of a picture to try a model on where it leaves them free: multiples of every family's strides."""
ALIKE = 0.05
"""How far an answer in a batch may be from the one alone, in shares of how far two pictures' answers are apart."""


def for_any_batch(model: bytes) -> bytes:
    """An ONNX model whose input is one picture, with any number of them in its place.

    Many exports also write that number into the shapes to which they bring their outputs.

    Raises
    ------
    ModelError
        It cannot be read.
    """
    import onnx  # noqa: PLC0415  (loaded only where a model is changed)
    from google.protobuf.message import DecodeError  # noqa: PLC0415

    try:
        changed = onnx.load_model_from_string(model)
    except DecodeError:
        raise ModelError("the model's input cannot be changed") from None
    graph = changed.graph
    constants = _constants(graph)
    dimensions = [value.type.tensor_type.shape.dim for value in (*graph.input, *graph.output) if value.name not in constants]
    for some in dimensions:
        if some:
            some[0].dim_param = "pictures"
    del graph.value_info[:]
    for number, node in enumerate(graph.node):
        if node.op_type == "Reshape" and node.input[1] in constants:
            shape = onnx.numpy_helper.to_array(constants[node.input[1]])
            if shape.size and shape[0] == 1:
                # Nought stands for the length that the array has there already.
                free = np.concatenate([[0], shape[1:]]).astype(np.int64)
                node.input[1] = f"shape_for_any_batch_{number}"
                graph.initializer.append(onnx.numpy_helper.from_array(free, node.input[1]))
    content: bytes = changed.SerializeToString()
    return content


def _constants(graph: Any) -> dict[str, Any]:
    """What a graph's arrays hold that are written in it, by name."""
    constants = {value.name: value for value in graph.initializer}
    for node in graph.node:
        for given in node.attribute if node.op_type == "Constant" else ():
            if given.name == "value":
                constants[node.output[0]] = given.t
    return constants


def open_for_any_batch(open_engine: Callable[[bool], Engine]) -> Engine:
    """A model for batches where it gains by them and answers as for each picture alone, else as its file declares it.

    Parameters
    ----------
    open_engine : callable
        Opens the model as its file declares it (False), or for any number of pictures (True).

    Raises
    ------
    ModelError
        The model does not run at all.
    """
    engine = open_engine(False)
    if engine.gains_by_batches and _takes_one(engine.signature):
        with suppress(ModelError):
            free = open_engine(True)
            if _alike(engine, free):
                return free
    return engine


def _takes_one(signature: Signature) -> bool:
    return len(signature.inputs) == 1 and len(signature.inputs[0].shape) == 4 and signature.inputs[0].shape[0] == 1


def _alike(engine: Engine, free: Engine) -> bool:
    """Whether two pictures of noise get the same answers together as alone."""
    tensor = engine.signature.inputs[0]
    channels, rows, columns = (declared or length for declared, length in zip(tensor.shape[1:], (3, *TRIED_ON_PX), strict=True))
    noise = np.random.default_rng(0).uniform(0, 255, (2, channels, rows, columns)).astype(np.float32)
    noise[1] /= 4
    alone = [engine.run({tensor.name: picture[None]}) for picture in noise]
    together = free.run({tensor.name: noise})
    for first, second, both in zip(*alone, together, strict=True):
        expected = np.concatenate([first, second])
        if both.shape != expected.shape or first.shape != second.shape:
            return False
        # What is not finite is like nothing.
        with np.errstate(invalid="ignore"):
            off, apart = np.abs(both - expected).max(initial=0.0), np.abs(first - second).max(initial=0.0)
        if not off <= ALIKE * apart:
            return False
    return True
