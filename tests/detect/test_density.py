"""Models that count crowds. None is at hand: tiny graphs have the inputs and outputs of such models, and known people."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto
from tests.detect import tiny

from throng.data.errors import ModelError
from throng.data.frame import Frame
from throng.data.place import Zone
from throng.detect.choose import choose_counter, choose_detector
from throng.detect.density import input_of, open_counter, recognise
from throng.detect.engine import Signature, Tensor
from throng.detect.models import add, installed

SIDE = tiny.SIDE
CELLS = SIDE // 8


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THRONG_MODELS_FOLDER", str(tmp_path / "models"))


def _frame(width: int, height: int, grey: int = 0) -> Frame:
    return Frame(np.full((height, width, 3), grey, np.uint8), 2.5, 0, "north")


def _density(path: Path, people: NDArray[np.float32]) -> Path:
    return tiny.save(path, {"density": people[None, None].astype(np.float32)})


def test_the_sum_of_a_density_map_is_the_count(tmp_path: Path) -> None:
    people = np.zeros((CELLS, CELLS), np.float32)
    people[2, 3], people[5, 9] = 1.5, 0.25
    counter = open_counter(_density(tmp_path / "crowd.onnx", people))
    assert counter.name == "density (crowd)"
    found = counter.count(_frame(192, 192))
    assert (found.count, found.cell_px, found.time_s) == (1.75, (16.0, 16.0), 2.5)
    np.testing.assert_array_equal(found.people, people)
    assert found.inside(Zone("cell", np.array([[48, 32], [64, 32], [64, 48], [48, 48]]))) == pytest.approx(1.5)


def test_nobody_stands_in_the_grey_beside_the_picture(tmp_path: Path) -> None:
    counter = open_counter(_density(tmp_path / "crowd.onnx", np.ones((CELLS, CELLS), np.float32)))
    found = counter.count(_frame(192, 96))
    assert found.people.shape == (6, 12)
    assert found.count == 72.0
    assert counter.count(_frame(1, 1)).people.shape == (12, 12)


def test_less_than_nobody_and_no_number_are_nobody(tmp_path: Path) -> None:
    people = np.zeros((CELLS, CELLS), np.float32)
    people[0, :5] = [-0.5, np.nan, np.inf, -np.inf, 0.5]
    assert open_counter(_density(tmp_path / "crowd.onnx", people)).count(_frame(96, 96)).count == 0.5


@pytest.mark.parametrize("names", [("pred_logits", "pred_points"), ("points", "logits")])
def test_points_are_counted_where_they_lie(tmp_path: Path, names: tuple[str, str]) -> None:
    points = np.array([[[10, 12], [50, 30], [51, 31], [200, 10], [20, 70]]], np.float32)
    logits = np.array([[[-1, 2], [0, 0.1], [0, -0.1], [0, 9], [0, 9]]], np.float32)
    outputs = {name: points if name.endswith("points") else logits for name in names}
    counter = open_counter(tiny.save(tmp_path / "p2p.onnx", outputs))
    assert counter.name == "points (p2p)"
    # The third is more likely nobody; the fourth lies outside the input.
    square = counter.count(_frame(96, 96))
    assert square.count == 3.0
    assert square.inside(Zone("first", np.array([[8, 8], [16, 8], [16, 16], [8, 16]]))) == pytest.approx(1.0)
    # The fifth lies below a picture twice as wide as high.
    assert counter.count(_frame(192, 96)).count == 2.0


def test_a_model_of_free_size_sees_the_picture_as_large_as_it_is(tmp_path: Path) -> None:
    counter = open_counter(tiny.mean_pool(tmp_path / "free.onnx"))
    # White is (255 - mean) / deviation of ImageNet: 2.2489, 2.4286 and 2.6400.
    found = counter.count(_frame(640, 320, 255))
    assert (found.people.shape, found.cell_px) == ((40, 80), (8.0, 8.0))
    np.testing.assert_allclose(found.people, 2.4392, atol=1e-3)
    large = counter.count(_frame(3840, 2160, 255))
    assert large.cell_px == pytest.approx((30.0, 30.0))
    assert large.people.shape == (72, 128)


@pytest.mark.parametrize("size", [(1, 1), (640, 480), (1920, 1080), (1080, 1920), (6000, 10), (33, 65)])
@pytest.mark.parametrize("stride", [32, 128])
def test_inputs_of_free_size_are_multiples_of_the_stride_and_not_too_large(size: tuple[int, int], stride: int) -> None:
    width, height = input_of(size, stride)
    assert width % stride == height % stride == 0
    assert stride <= width <= 1024 + stride
    assert stride <= height <= 768 + stride


def _signature(*outputs: Tensor, size: tuple[int | None, int | None] = (SIDE, SIDE)) -> Signature:
    return Signature((Tensor("images", (1, 3, *size)),), outputs)


def test_what_could_be_something_else_is_refused() -> None:
    with pytest.raises(ModelError, match="a density, a mask or a depth"):
        recognise(_signature(Tensor("out", (1, 1, SIDE, SIDE))))
    for output in ((1, 1, 7, 7), (1, 2, 12, 12), (1, 1, 12, 6), (1, 1, 1, 1), (1, 12, 12)):
        assert recognise(_signature(Tensor("out", output))) is None
    assert recognise(_signature(Tensor("out", (1, 1, 12, 12)), Tensor("more", (1, 1, 12, 12)))) is None
    assert recognise(_signature(Tensor("a", (1, 20, 2)), Tensor("b", (1, 20, 2)))) is None


def test_a_map_that_does_not_fit_its_input_is_refused_when_it_runs(tmp_path: Path) -> None:
    free = (("images", [1, 3, "h", "w"], TensorProto.FLOAT),)
    outputs = {"density": np.zeros((1, 1, 5, 7), np.float32)}
    path = tiny.save(tmp_path / "crowd.onnx", outputs, inputs=free, shapes={"density": [1, 1, "r", "c"]})  # type: ignore[arg-type]
    with pytest.raises(ModelError):
        open_counter(path).count(_frame(96, 96))


def test_counters_and_detectors_are_told_apart(tmp_path: Path) -> None:
    crowd = add(_density(tmp_path / "crowd.onnx", np.ones((CELLS, CELLS), np.float32)))
    assert crowd.family == "density"
    assert choose_detector("auto").name.startswith("foreground")
    person = add(tiny.CASES["yolox"].save(tmp_path / "person.onnx", []))
    assert {model.family for model in installed()} == {"density", "yolox"}
    assert choose_detector("auto").name == f"yolox ({person.name})"
    assert choose_counter("crowd").name == "density (crowd)"
    with pytest.raises(ModelError, match="crowd counts crowds and detects nobody"):
        choose_detector("crowd")
    with pytest.raises(ModelError, match=r'no crowd counter "person".*\(crowd\)'):
        choose_counter("person")
    with pytest.raises(ModelError, match="not recognised as a person detector"):
        choose_detector(str(crowd.path))
    with pytest.raises(ModelError, match="not recognised as a crowd counter"):
        choose_counter(str(person.path))
