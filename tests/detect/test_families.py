"""Each family's preparation and decoding, on tiny graphs with its signature and known outputs.

The weights of RT-DETR, D-FINE, RF-DETR, YOLOv8, YOLOv10, PicoDet and NanoDet-Plus are not at hand; see `tiny`.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto
from tests.detect import tiny
from tests.detect.tiny import CASES, SIDE

from throng.data.errors import ModelError
from throng.data.frame import Frame
from throng.detect.engine import Array, Signature, Tensor
from throng.detect.onnx import OnnxDetector, family_of, open_detector
from throng.detect.onnx_runtime import OnnxRuntime

PEOPLE = [(10.0, 6.0, 22.0, 40.0, 0.9), (40.5, 20.0, 51.0, 44.0, 0.7)]
"""In an input of 96 x 96 pixels."""

Floats = NDArray[np.float64]

IMAGENET: Floats = np.array([[0.485, 0.229], [0.456, 0.224], [0.406, 0.225]])
ASKED: dict[str, tuple[str, str, Callable[[Floats], Floats]]] = {
    "yolox": ("bgr", "corner", lambda grey: grey),
    "nanodet": ("bgr", "centre", lambda grey: (grey / 255 - IMAGENET[::-1, 0]) / IMAGENET[::-1, 1]),
    "nanodet-plus": ("bgr", "stretch", lambda grey: (grey / 255 - IMAGENET[::-1, 0]) / IMAGENET[::-1, 1]),
    "fastestdet": ("bgr", "stretch", lambda grey: grey / 255),
    "picodet": ("rgb", "stretch", lambda grey: (grey / 255 - IMAGENET[:, 0]) / IMAGENET[:, 1]),
    "rt-detr": ("rgb", "stretch", lambda grey: grey / 255),
    "rf-detr": ("rgb", "stretch", lambda grey: (grey / 255 - IMAGENET[:, 0]) / IMAGENET[:, 1]),
    "yolov8": ("rgb", "centre", lambda grey: grey / 255),
    "yolov10": ("rgb", "centre", lambda grey: grey / 255),
}
"""What each family's own code does to a picture: order of colours, place of a wide picture, what becomes of grey levels."""
AROUND = {"yolox": 114, "nanodet": 0, "yolov8": 114, "yolov10": 114}


def _frame(width: int, height: int, bgr: tuple[int, int, int] = (0, 0, 0)) -> Frame:
    return Frame(np.full((height, width, 3), bgr, np.uint8), 1.5, 0, "north")


def _in_picture(people: Sequence[tuple[float, ...]], width: int, height: int, fit: str) -> NDArray[np.float64]:
    """Boxes of the input in the picture that was fitted into it, worked out apart from `Letterbox`."""
    scale = np.array([SIDE / width, SIDE / height])
    if fit != "stretch":
        scale[:] = scale.min()
    spare = SIDE - np.array([width, height]) * scale
    left, top = spare / 2 if fit == "centre" else (0.0, 0.0)
    boxes = (np.array([person[:4] for person in people]) - [left, top, left, top]) / np.tile(scale, 2)
    inside: Floats = np.clip(boxes, 0, [width, height, width, height])
    return inside


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("size", [(96, 96), (192, 96), (96, 144), (1920, 1080)])
def test_known_people_are_found_where_they_are(case: str, size: tuple[int, int], tmp_path: Path) -> None:
    detector = open_detector(CASES[case].save(tmp_path / "tiny.onnx", PEOPLE))
    assert detector.name == f"{CASES[case].family} (tiny)"
    found = detector.detect(_frame(*size))
    order = np.argsort(-found.scores)
    np.testing.assert_allclose(found.scores[order], [0.9, 0.7], atol=1e-5)
    expected = _in_picture(PEOPLE, *size, fit=ASKED[CASES[case].family][1])
    np.testing.assert_allclose(found.boxes_px[order], expected, atol=1e-3 * max(size) / SIDE)


@pytest.mark.parametrize("case", CASES)
def test_nobody_means_no_boxes(case: str, tmp_path: Path) -> None:
    assert len(open_detector(CASES[case].save(tmp_path / "tiny.onnx", [])).detect(_frame(128, 96))) == 0


@given(
    case=st.sampled_from(sorted(CASES)),
    x=st.floats(12, 52),
    y=st.floats(20, 44),
    width=st.floats(9, 20),
    height=st.floats(9, 36),
    score=st.floats(0.66, 0.99),
)
@settings(max_examples=60, deadline=None)
def test_one_person_anywhere_is_decoded(
    case: str, x: float, y: float, width: float, height: float, score: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    person = (x - width / 2, y - height / 2, x + width / 2, y + height / 2, score)
    path = CASES[case].save(tmp_path_factory.mktemp("tiny") / "tiny.onnx", [person])
    found = open_detector(path).detect(_frame(SIDE, SIDE))
    np.testing.assert_allclose(found.boxes_px, _in_picture([person], SIDE, SIDE, "stretch"), atol=2e-3)
    np.testing.assert_allclose(found.scores, [score], atol=1e-5)


class _Recording:
    """An engine that keeps what it was given."""

    described = "nothing"
    gains_by_batches = False

    def __init__(self, signature: Signature, outputs: Sequence[NDArray[np.float32]]) -> None:
        self.signature = signature
        self.outputs = outputs
        self.given: Mapping[str, Array] = {}

    def run(self, inputs: Mapping[str, Array]) -> Sequence[NDArray[np.float32]]:
        self.given = {name: value.copy() for name, value in inputs.items()}
        return self.outputs


def _given(case: str, frame: Frame, tmp_path: Path) -> Mapping[str, Array]:
    outputs = CASES[case].outputs(PEOPLE)
    engine = _Recording(OnnxRuntime(CASES[case].save(tmp_path / "tiny.onnx", PEOPLE)).signature, list(outputs.values()))  # type: ignore[arg-type]

    def open_engine(any_size: bool) -> _Recording:
        if any_size:
            raise ModelError("runs at its own size only")
        return engine

    OnnxDetector(open_engine, name="tiny").detect(frame)
    return engine.given


@pytest.mark.parametrize("case", CASES)
def test_a_picture_is_prepared_as_the_family_asks(case: str, tmp_path: Path) -> None:
    family = CASES[case].family
    order, fit, becomes = ASKED[family]
    bgr = (40, 90, 200)
    given = _given(case, _frame(192, 96, bgr), tmp_path)
    blob = given[CASES[case].inputs[0][0]]
    assert blob.shape == (1, 3, SIDE, SIDE)
    assert str(blob.dtype) == "float32"
    colour = np.array(bgr if order == "bgr" else bgr[::-1], float)
    rows = {"corner": slice(0, 48), "centre": slice(24, 72), "stretch": slice(0, 96)}[fit]
    expected = np.broadcast_to(becomes(np.full(3, float(AROUND.get(family, 0)))), (SIDE, SIDE, 3)).copy()
    expected[rows] = becomes(colour)
    np.testing.assert_allclose(blob[0].transpose(1, 2, 0), expected, atol=1e-4)


def test_what_is_asked_beside_the_picture_is_given(tmp_path: Path) -> None:
    sizes = _given("rt-detr", _frame(200, 100), tmp_path)["orig_target_sizes"]
    assert sizes.tolist() == [[SIDE, SIDE]]
    assert str(sizes.dtype) == "int64"
    scale = _given("picodet finished", _frame(200, 100), tmp_path)["scale_factor"]
    assert scale.tolist() == [[1.0, 1.0]]
    assert str(scale.dtype) == "float32"


def test_rt_detr_without_the_size_of_pictures_gives_pixels_or_shares(tmp_path: Path) -> None:
    for unit in (1.0, 1.0 / SIDE):
        outputs = tiny.finished_rt_detr(PEOPLE)
        outputs["boxes"] = outputs["boxes"].astype(np.float32) * np.float32(unit)
        found = open_detector(tiny.save(tmp_path / "tiny.onnx", outputs)).detect(_frame(SIDE, SIDE))
        np.testing.assert_allclose(found.boxes_px, [person[:4] for person in PEOPLE], atol=1e-4)


def test_fastestdet_has_a_threshold_of_its_own_and_wants_the_person_likeliest(tmp_path: Path) -> None:
    outputs = tiny.fastestdet([(10, 6, 22, 40, 0.66), (40, 20, 51, 44, 0.64)])
    assert open_detector(tiny.save(tmp_path / "tiny.onnx", outputs)).detect(_frame(SIDE, SIDE)).scores.round(2).tolist() == [
        0.66
    ]
    # o = 0.9, p = 0.5: 0.9^0.6 * 0.5^0.4.
    outputs = tiny.fastestdet([(10, 6, 22, 40, 0.9)])
    outputs["758"][0, 5] = np.where(outputs["758"][0, 5] > 0, 0.5, 0)
    found = open_detector(tiny.save(tmp_path / "tiny2.onnx", outputs)).detect(_frame(SIDE, SIDE))
    np.testing.assert_allclose(found.scores, [0.7114], atol=1e-4)
    outputs["758"][0, 6] = 0.51
    assert len(open_detector(tiny.save(tmp_path / "tiny3.onnx", outputs)).detect(_frame(SIDE, SIDE))) == 0


def test_sizes_left_free_are_the_usual_ones(tmp_path: Path) -> None:
    """A graph whose outputs have the places of a 640 x 640 input, whatever it is given: it runs at that size only."""
    output = np.zeros((1, 84, 8400), np.float32)
    output[0, :5, 7] = [320, 320, 64, 128, 0.8]
    free = [("images", ["n", 3, "h", "w"], TensorProto.FLOAT)]
    detector = open_detector(
        tiny.save(tmp_path / "tiny.onnx", {"output0": output}, inputs=free, shapes={"output0": ["n", 84, "places"]})  # type: ignore[arg-type]
    )
    assert (detector.family.name, detector.family.size_px, detector.by_regions) == ("yolov8", (640, 640), False)
    np.testing.assert_allclose(detector.detect(_frame(1280, 1280)).boxes_px, [[576, 512, 704, 768]], atol=1e-3)


def test_a_model_that_runs_at_any_size_is_given_the_pictures_shape(tmp_path: Path) -> None:
    """A graph that gives as many places as its input has cells, by reading the input's size."""
    path = _yolov8_of_any_size(tmp_path / "tiny.onnx")
    detector = open_detector(path)
    assert detector.by_regions
    # The mean of the input is 0.2 everywhere, so that there is no grey around the picture: 640 x 320 was given.
    found = detector.detect(_frame(1280, 640, (51, 51, 51)))
    np.testing.assert_allclose(found.scores, [0.2], atol=1e-5)


def _yolov8_of_any_size(path: Path) -> Path:
    from onnx import helper, numpy_helper, save

    nodes, parts = [], []
    for stride in (8, 16, 32):
        nodes += [
            helper.make_node("AveragePool", ["images"], [f"p{stride}"], kernel_shape=[stride] * 2, strides=[stride] * 2),
            helper.make_node("ReduceMean", [f"p{stride}"], [f"m{stride}"], axes=[1], keepdims=1),
            helper.make_node("Reshape", [f"m{stride}", "flat"], [f"f{stride}"]),
        ]
        parts.append(f"f{stride}")
    nodes += [
        helper.make_node("Concat", parts, ["score"], axis=2),
        helper.make_node("Mul", ["score", "nothing"], ["zeros"]),
        helper.make_node("Add", ["zeros", "place"], ["boxes"]),
        helper.make_node("Concat", ["boxes", "score"], ["output0"], axis=1),
    ]
    constants = {
        "flat": np.array([0, 1, -1], np.int64),
        "nothing": np.zeros((1, 4, 1), np.float32),
        "place": np.array([100, 100, 40, 80], np.float32).reshape(1, 4, 1),
    }
    graph = helper.make_graph(
        nodes,
        "any size",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, ["n", 5, "places"])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def _signature(outputs: tiny.Outputs, *inputs: Tensor) -> Signature:
    picture = Tensor("images", (1, 3, SIDE, SIDE))
    return Signature(
        inputs or (picture,), tuple(Tensor(name, output.shape, str(output.dtype)) for name, output in outputs.items())
    )


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ({"output0": np.zeros((1, 56, 189), np.float32)}, "looks like YOLOv8 .* with 52 classes"),
        ({"output": np.zeros((1, 193, 20 + 32), np.float32)}, "looks like NanoDet-Plus with 20 classes"),
        ({"758": np.zeros((1, 25, 6, 6), np.float32)}, "looks like FastestDet with 20 classes"),
        (
            {"logits": np.zeros((1, 20, 92), np.float32), "pred_boxes": np.zeros((1, 20, 4), np.float32)},
            "logits for 92 classes",
        ),
        (
            {"dets": np.zeros((1, 20, 4), np.float32), "labels": np.zeros((1, 20, 3), np.float32)},
            "looks like RF-DETR with 3 columns",
        ),
        ({"output": np.zeros((1, 189 * 3, 85), np.float32)}, "none of the known families"),
        ({"output0": np.zeros((1, 84, 190), np.float32)}, "none of the known families"),
        ({"output0": np.zeros((1, 84, 189), np.float64)}, "none of the known families"),
    ],
)
def test_what_could_be_read_wrongly_is_refused_and_said(outputs: tiny.Outputs, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        family_of(_signature(outputs))


def test_pp_yoloe_and_picodet_are_not_told_apart_at_640() -> None:
    inputs = (Tensor("image", (1, 3, 640, 640)), Tensor("scale_factor", (1, 2)))
    with pytest.raises(ModelError, match=r"at 640x640 the model may be PicoDet or PP-YOLOE.*export\.post_process=False"):
        family_of(_signature(tiny.finished_picodet([]), *inputs))


@pytest.mark.parametrize(
    "inputs",
    [
        [("images", [1, 3, SIDE, SIDE], TensorProto.FLOAT16)],
        [("images", [4, 3, SIDE, SIDE], TensorProto.FLOAT)],
        [("images", [1, 4, SIDE, SIDE], TensorProto.FLOAT)],
        [("images", [1, 3, SIDE, "w"], TensorProto.FLOAT)],
    ],
)
@pytest.mark.parametrize("case", CASES)
def test_a_model_that_takes_no_single_colour_picture_is_refused(
    case: str, inputs: list[tuple[str, list[int | str], int]], tmp_path: Path
) -> None:
    signature = OnnxRuntime(CASES[case].save(tmp_path / "tiny.onnx", [])).signature
    first = signature.inputs[0]
    kinds = {TensorProto.FLOAT16: "float16", TensorProto.FLOAT: "float32"}
    shape = tuple(n if isinstance(n, int) else None for n in inputs[0][1])
    changed = type(first)(first.name, shape, kinds[inputs[0][2]])
    with pytest.raises(ModelError, match="none of the known families"):
        family_of(Signature((changed, *signature.inputs[1:]), signature.outputs))


@pytest.mark.parametrize("case", CASES)
def test_outputs_of_another_shape_than_declared_are_refused(case: str, tmp_path: Path) -> None:
    outputs = CASES[case].outputs(PEOPLE)
    engine = _Recording(OnnxRuntime(CASES[case].save(tmp_path / "tiny.onnx", PEOPLE)).signature, [])

    def open_engine(any_size: bool) -> _Recording:
        return engine

    whole = list(outputs.values())
    for wrong in ([output[None] for output in whole], whole[1:], [output[:0] for output in whole]):
        engine.outputs = wrong  # type: ignore[assignment]
        with pytest.raises(ModelError, match="does not give outputs of its family's shape"):
            OnnxDetector(open_engine, name="tiny").detect(_frame(SIDE, SIDE))
    # One class or query less is no harm; what is not noticed must at least not break.
    for wrong in ([output[:, :-1] for output in whole if output.ndim > 1], [output[..., :-1] for output in whole]):
        engine.outputs = wrong  # type: ignore[assignment]
        with contextlib.suppress(ModelError):
            OnnxDetector(open_engine, name="tiny").detect(_frame(SIDE, SIDE))


@pytest.mark.parametrize("case", CASES)
def test_numbers_that_are_none_do_no_harm(case: str, tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    outputs = CASES[case].outputs(PEOPLE)
    for output in outputs.values():
        if output.dtype.kind == "f":
            spoilt = generator.uniform(size=output.shape) < 0.3
            output[spoilt] = generator.choice(np.array([np.nan, np.inf, -np.inf, 3e38, -3e38], np.float32), spoilt.sum())
    path = tiny.save(tmp_path / "tiny.onnx", outputs, inputs=CASES[case].inputs, shapes=CASES[case].shapes)
    found = open_detector(path).detect(_frame(128, 64))
    assert np.isfinite(found.boxes_px).all()
    assert found.boxes_px.min(initial=0) >= 0
    assert found.boxes_px.max(initial=0) <= 128
