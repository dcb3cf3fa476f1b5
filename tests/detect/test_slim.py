"""A slimmed YOLOX answers as before; any other graph is left alone."""

import itertools
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from throng.detect import slim
from throng.detect.onnx import open_detector
from throng.detect.onnx_runtime import OnnxRuntime
from throng.detect.slim import slimmed

CORNERS = ((0, 0), (1, 0), (0, 1), (1, 1))
"""In the order of YOLOX's exporter."""
CHANNELS = 4

Floats = NDArray[np.float32]


def _exported(
    seed: int, *, classes: int = 80, corners: tuple[tuple[int, int], ...] = CORNERS, pads: int = 1
) -> onnx.ModelProto:
    """A graph of YOLOX's shape with random weights: Focus, three strides, decoupled heads, cells joined and turned."""
    generator = np.random.default_rng(seed)
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, NDArray[np.generic]] = {f"at{n}": np.array([n]) for n in range(4)}
    constants |= {"two": np.array([2]), "far": np.array([2**31])}

    def conv(name: str, taken: str, width: tuple[int, int], *, side: int = 1, stride: int = 1, pad: int = 0) -> str:
        constants[f"{name}.w"] = generator.normal(0, 0.3, (*width, side, side)).astype(np.float32)
        constants[f"{name}.b"] = generator.normal(0, 0.3, width[0]).astype(np.float32)
        nodes.append(
            helper.make_node(
                "Conv",
                [taken, f"{name}.w", f"{name}.b"],
                [name],
                kernel_shape=[side] * 2,
                strides=[stride] * 2,
                pads=[pad] * 4,
                dilations=[1, 1],
                group=1,
            )
        )
        return name

    parts = []
    for number, (row, column) in enumerate(corners):
        nodes.append(helper.make_node("Slice", ["images", f"at{row}", "far", "at2", "two"], [f"rows{number}"]))
        nodes.append(helper.make_node("Slice", [f"rows{number}", f"at{column}", "far", "at3", "two"], [f"part{number}"]))
        parts.append(f"part{number}")
    nodes.append(helper.make_node("Concat", parts, ["parts"], axis=1))
    here = conv("stem", "parts", (CHANNELS, 12), side=3, pad=pads)
    here = conv("down4", here, (CHANNELS, CHANNELS), side=2, stride=2)
    levels = []
    for stride in (8, 16, 32):
        here = conv(f"down{stride}", here, (CHANNELS, CHANNELS), side=2, stride=2)
        joined = [conv(f"reg{stride}", here, (4, CHANNELS))]
        for kind, width in (("obj", 1), ("cls", classes)):
            nodes.append(helper.make_node("Sigmoid", [conv(f"{kind}{stride}", here, (width, CHANNELS))], [f"s{kind}{stride}"]))
            joined.append(f"s{kind}{stride}")
        constants[f"shape{stride}"] = np.array([1, 5 + classes, -1])
        nodes.append(helper.make_node("Concat", joined, [f"joined{stride}"], axis=1))
        nodes.append(helper.make_node("Reshape", [f"joined{stride}", f"shape{stride}"], [f"level{stride}"]))
        levels.append(f"level{stride}")
    nodes.append(helper.make_node("Concat", levels, ["cells"], axis=2))
    nodes.append(helper.make_node("Transpose", ["cells"], ["output"], perm=[0, 2, 1]))
    graph = helper.make_graph(
        nodes,
        "yolox",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, "rows", "columns"])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, "cells", "columns_of_output"])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8)


def _answer(model: onnx.ModelProto, picture: Floats) -> Floats:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"images": picture})[0])


def _picture(seed: int, rows: int, columns: int) -> Floats:
    return np.random.default_rng(seed).uniform(0, 255, (1, 3, rows, columns)).astype(np.float32)


@given(seed=st.integers(0, 10_000), rows=st.integers(1, 4), columns=st.integers(1, 4), order=st.permutations(CORNERS))
@settings(max_examples=30, deadline=None)
def test_a_slimmed_model_gives_the_same_columns_of_people(
    seed: int, rows: int, columns: int, order: list[tuple[int, int]]
) -> None:
    model = _exported(seed, corners=tuple(order))
    slim = slimmed(model)
    assert slim is not None
    picture = _picture(seed, 32 * rows, 32 * columns)
    whole, part = _answer(model, picture), _answer(slim, picture)
    assert part.shape == (*whole.shape[:2], 6)
    np.testing.assert_allclose(part, whole[..., :6], rtol=1e-4, atol=1e-3)
    assert [node.op_type for node in slim.graph.node if node.op_type == "Conv" and node.attribute[0].ints == [6, 6]] == ["Conv"]


def test_the_model_itself_is_left_as_it_is() -> None:
    model = _exported(1)
    before = model.SerializeToString()
    slimmed(model)
    assert model.SerializeToString() == before


def test_a_head_for_persons_alone_keeps_its_output_and_a_model_of_another_make_all_of_it() -> None:
    alone = slimmed(_exported(1, classes=1))
    assert alone is not None
    assert _answer(alone, _picture(1, 64, 96)).shape[2] == 6
    unlike = _exported(1, classes=7, corners=((0, 0), (1, 0), (0, 1), (0, 1)))
    assert slimmed(unlike) is None
    assert slimmed(_exported(1, classes=7, pads=0)) is None


@pytest.mark.parametrize("fault", ["answers otherwise", "does not run"])
def test_a_slimmed_model_that_is_not_as_good_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(_exported(3).SerializeToString())
    genuine = slim.slimmed

    def spoilt(model: onnx.ModelProto) -> onnx.ModelProto | None:
        worse = genuine(model)
        assert worse is not None
        weights = next(value for value in worse.graph.initializer if value.name == "reg16.w")
        value = numpy_helper.to_array(weights) * 1.5
        weights.CopyFrom(numpy_helper.from_array(value if fault == "answers otherwise" else value[:, :1], weights.name))
        return worse

    picture = _picture(3, 64, 96)
    assert OnnxRuntime(path, any_size=True).run({"images": picture})[0].shape[2] == 6
    monkeypatch.setattr(slim, "slimmed", spoilt)
    assert OnnxRuntime(path, any_size=True).run({"images": picture})[0].shape[2] == 85


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["yolox_nano", "person_192"])
def test_real_models_are_slimmed_and_answer_as_their_files_do(shared_models: Path, name: str) -> None:
    path = shared_models / f"{name}.onnx"
    declared = OnnxRuntime(path)
    rows, columns = declared.signature.inputs[0].shape[2:]
    assert rows is not None
    assert columns is not None
    picture = _picture(5, rows, columns)
    engine = OnnxRuntime(path, any_size=True)
    whole, part = (each.run({declared.signature.inputs[0].name: picture})[0] for each in (declared, engine))
    assert part.shape[2] == 6
    np.testing.assert_allclose(part, whole[..., :6], rtol=1e-3, atol=1e-3)
    assert open_detector(path).family.name == "yolox"


def test_every_order_of_the_corners_is_read() -> None:
    found = {order for order in itertools.permutations(CORNERS) if slimmed(_exported(2, corners=order)) is not None}
    assert len(found) == 24
