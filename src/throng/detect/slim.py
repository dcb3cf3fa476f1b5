"""Models that compute less and answer the same: what nobody reads is taken out of their graph."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

CLASSES = 80
"""Of COCO, the first of which is person."""
BOX = 5
"""Columns before the classes in YOLOX's output: a box and whether there is anything."""
FOCUS_SIDE = 3


def slimmed(model: "ModelProto") -> "ModelProto | None":
    """A copy of a YOLOX model that scores people and nothing else, and takes its picture in one step; None for any other.

    Two changes, each only where the graph has the shape that YOLOX's own exporter gives:

    - the convolutions that score 80 classes keep the first, person, so that the output has 6 columns in place of 85;
    - its first layer ("Focus": every other pixel of every other row, four times, side by side, then a convolution of 3 x 3) is
      one convolution of 6 x 6 at every other pixel: W'[2 ky + dy, 2 kx + dx] = W of part (dy, dx) at [ky, kx].

    Parameters
    ----------
    model : ModelProto
        It is left as it is.
    """
    slim = type(model)()
    slim.CopyFrom(model)
    graph = _Graph(slim)
    changes = (_people_alone(graph), _focus_in_one(graph))
    return slim if any(changes) else None


@dataclass(slots=True)
class _Graph:
    """A model's nodes, found by what they give, and its constants."""

    model: "ModelProto"

    def maker(self, name: str) -> "NodeProto | None":
        return next((node for node in self.nodes if name in node.output), None)

    @property
    def nodes(self) -> Any:
        return self.model.graph.node

    def constant(self, name: str) -> NDArray[Any] | None:
        tensor = next((value for value in self.model.graph.initializer if value.name == name), None)
        if tensor is None:
            node = self.maker(name)
            if node is None or node.op_type != "Constant" or node.attribute[0].name != "value":
                return None
            tensor = node.attribute[0].t
        return np.asarray(onnx.numpy_helper.to_array(tensor))

    def set_constant(self, name: str, value: NDArray[Any]) -> str:
        """A new constant; the old one may be read by others."""
        tensor = onnx.numpy_helper.from_array(np.ascontiguousarray(value), f"{name}.slim")
        self.model.graph.initializer.append(tensor)
        return str(tensor.name)


def _people_alone(graph: _Graph) -> bool:
    """Cut the class scores to those of people: output <- Transpose <- Concat <- Reshape <- Concat <- Sigmoid <- Conv."""
    outputs = graph.model.graph.output
    levels = [level for output in outputs for level in _levels(graph, output.name)]
    if len(outputs) != 1 or not levels or not all(levels):
        return False
    for level in levels:
        assert level is not None
        scores, reshape, shape = level
        for place in (1, 2):
            kept = graph.constant(scores.input[place])
            assert kept is not None
            scores.input[place] = graph.set_constant(scores.input[place], kept[:1])
        shape = shape.copy()
        shape[1] = BOX + 1
        reshape.input[1] = graph.set_constant(reshape.input[1], shape)
    return True


def _levels(graph: _Graph, output: str) -> "Iterator[tuple[NodeProto, NodeProto, NDArray[Any]] | None]":
    """For each level of the output what scores its classes, what lays out its cells, and how; None for one of another make."""
    transpose = graph.maker(output)
    joined = graph.maker(transpose.input[0]) if transpose is not None and transpose.op_type == "Transpose" else None
    if joined is None or joined.op_type != "Concat":
        return
    for name in joined.input:
        reshape = graph.maker(name)
        shape = graph.constant(reshape.input[1]) if reshape is not None and reshape.op_type == "Reshape" else None
        if reshape is None or shape is None or len(shape) != 3 or shape[1] != BOX + CLASSES:
            yield None
            continue
        scores = _scores(graph, reshape.input[0])
        yield None if scores is None else (scores, reshape, shape)


def _scores(graph: _Graph, name: str) -> "NodeProto | None":
    """The convolution that gives a level's class scores, where they are the last part of what is joined there."""
    parts = graph.maker(name)
    sigmoid = graph.maker(parts.input[-1]) if parts is not None and parts.op_type == "Concat" else None
    conv = graph.maker(sigmoid.input[0]) if sigmoid is not None and sigmoid.op_type == "Sigmoid" else None
    if conv is None or conv.op_type != "Conv" or len(conv.input) != 3:
        return None
    weights, bias = graph.constant(conv.input[1]), graph.constant(conv.input[2])
    return conv if weights is not None and bias is not None and weights.shape[0] == len(bias) == CLASSES else None


def _focus_in_one(graph: _Graph) -> bool:
    conv = next((node for node in graph.nodes if node.op_type == "Conv"), None)
    parts = graph.maker(conv.input[0]) if conv is not None else None
    if conv is None or parts is None or parts.op_type != "Concat":
        return False
    picture = graph.model.graph.input[0].name
    corners = [_corner(graph, name, picture) for name in parts.input]
    weights = graph.constant(conv.input[1])
    if sorted(corner or () for corner in corners) != [(0, 0), (0, 1), (1, 0), (1, 1)] or weights is None:
        return False
    if weights.shape[1:] != (12, FOCUS_SIDE, FOCUS_SIDE) or _setting(conv) != {"pads": [1] * 4, "strides": [1, 1]}:
        return False
    wide = np.zeros((weights.shape[0], 3, 2 * FOCUS_SIDE, 2 * FOCUS_SIDE), weights.dtype)
    for part, corner in enumerate(corners):
        assert corner is not None
        wide[:, :, corner[0] :: 2, corner[1] :: 2] = weights[:, 3 * part : 3 * part + 3]
    name = graph.set_constant(conv.input[1], wide)
    taken, given = [picture, name, *conv.input[2:]], list(conv.output)
    one = onnx.helper.make_node("Conv", taken, given, conv.name, kernel_shape=[6, 6], strides=[2, 2], pads=[2] * 4)
    # What made the four parts is read by nobody any more, and left out when the model is opened.
    conv.CopyFrom(one)
    return True


def _corner(graph: _Graph, name: str, picture: str) -> tuple[int, int] | None:
    """Where a part of the picture begins, (row, column), that takes every other pixel of every other row."""
    begins: dict[int, int] = {}
    while name != picture:
        node = graph.maker(name)
        if node is None or node.op_type != "Slice" or len(node.input) != 5:
            return None
        starts, _, axes, steps = (graph.constant(each) for each in node.input[1:])
        if starts is None or axes is None or steps is None or len(axes) != 1 or steps[0] != 2:
            return None
        begins[int(axes[0])] = int(starts[0])
        name = node.input[0]
    return (begins[2], begins[3]) if set(begins) == {2, 3} else None


def _setting(conv: "NodeProto") -> dict[str, list[int]]:
    """What of a convolution matters beside its weights: those of its settings that are not the usual ones, pads and strides."""
    lists = {each.name: list(each.ints) for each in conv.attribute if each.ints}
    plain = {"dilations": [1, 1], "kernel_shape": [FOCUS_SIDE] * 2}
    return {name: value for name, value in lists.items() if plain.get(name) != value}
