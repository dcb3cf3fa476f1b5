"""Detectors from ONNX files: decoding against known outputs, refusals, and letterbox geometry."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.data.errors import ModelError
from throng.data.frame import Frame
from throng.detect.boxes import clip, suppress
from throng.detect.family import Preparation
from throng.detect.letterbox import Letterbox, input_size
from throng.detect.onnx import open_detector
from throng.track.expected import grown_iou


def _frame(width: int, height: int) -> Frame:
    return Frame(np.zeros((height, width, 3), np.uint8), 1.5, 0, "north")


def test_known_outputs_become_boxes_in_the_picture(yolox_model) -> None:  # type: ignore[no-untyped-def]
    detector = open_detector(yolox_model([(20, 12, 8, 20, 0.9), (52, 12, 10, 20, 0.6)]))
    # A picture of 128 x 64 fits the 64 px input at half size.
    found = detector.detect(_frame(128, 64))
    assert found.time_s == 1.5
    np.testing.assert_allclose(found.boxes_px, [[32, 4, 48, 44], [94, 4, 114, 44]], atol=1e-4)
    np.testing.assert_allclose(found.scores, [0.9, 0.6], atol=1e-6)


def test_weak_doubled_and_outside_boxes_are_left_out(yolox_model) -> None:  # type: ignore[no-untyped-def]
    people = [(20, 20, 16, 24, 0.9), (27, 20, 16, 24, 0.05), (22, 28, 16, 24, 0.5), (4, 60, 6, 30, 0.7)]
    found = open_detector(yolox_model(people)).detect(_frame(64, 64))
    assert sorted(found.scores.round(2).tolist()) == [0.5, 0.7, 0.9]
    assert found.boxes_px.min() >= 0
    assert found.boxes_px.max() <= 64
    closer = open_detector(yolox_model([(20, 20, 16, 24, 0.9), (22, 25, 16, 24, 0.5)])).detect(_frame(64, 64))
    assert closer.scores.round(2).tolist() == [0.9]


def test_an_empty_scene_gives_no_boxes(yolox_model) -> None:  # type: ignore[no-untyped-def]
    detector = open_detector(yolox_model([]))
    for size in ((64, 64), (1, 1), (3000, 20)):
        assert len(detector.detect(_frame(*size))) == 0


def test_files_that_are_no_detectors_are_refused_with_a_sentence(tmp_path: Path, save_model) -> None:  # type: ignore[no-untyped-def]
    text = tmp_path / "text.onnx"
    text.write_text("not a model")
    with pytest.raises(ModelError, match=r"text\.onnx is not an ONNX model"):
        open_detector(text)
    with pytest.raises(ModelError, match="there is no model file"):
        open_detector(tmp_path / "missing.onnx")
    other = save_model(tmp_path / "classes.onnx", np.zeros((1, 1000), np.float32))
    with pytest.raises(ModelError, match="not recognised as a person detector: the model takes images 1x3x64x64"):
        open_detector(other)


@given(
    st.integers(1, 4000),
    st.integers(1, 3000),
    st.sampled_from([(416, 416), (640, 384)]),
    st.sampled_from(["corner", "centre", "stretch"]),
)
@settings(max_examples=100, deadline=None)
def test_the_letterbox_goes_there_and_back(width: int, height: int, model: tuple[int, int], fit: str) -> None:
    box = Letterbox.fitting((width, height), model, fit=fit)
    assert 1 <= box.width_px <= model[0] - box.left_px
    assert 1 <= box.height_px <= model[1] - box.top_px
    assert box.width_px == model[0] or box.height_px == model[1]
    corners = np.array([[0.0, 0.0, width, height]])
    inside = corners * ([box.scale_x, box.scale_y] * 2) + ([box.left_px, box.top_px] * 2)
    np.testing.assert_allclose(box.to_image(inside), corners, atol=1e-6)
    np.testing.assert_allclose(inside[0, 2:], [box.left_px + box.width_px, box.top_px + box.height_px], atol=1.0)


@given(
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    model=st.sampled_from([(64, 64), (96, 32)]),
    fit=st.sampled_from(["corner", "centre", "stretch"]),
    order=st.sampled_from(["bgr", "rgb"]),
    mean=st.tuples(*[st.sampled_from([0.0, 103.53, 123.675])] * 3),
    deviation=st.tuples(*[st.sampled_from([1.0, 57.375, 255.0])] * 3),
    padding=st.sampled_from([0.0, 114.0]),
    bgr=st.tuples(*[st.integers(0, 255)] * 3),
)
@settings(max_examples=150, deadline=None)
def test_the_picture_lies_in_its_place_and_grey_around_it(  # type: ignore[no-untyped-def]
    size: tuple[int, int], model: tuple[int, int], fit, order, mean, deviation, padding: float, bgr: tuple[int, int, int]
) -> None:
    preparation = Preparation(order=order, mean=mean, deviation=deviation, fit=fit, padding=padding)
    box = Letterbox.fitting(size, model, fit=fit)
    # The blob is a window of a larger memory, so that what is written beside it is seen.
    memory = np.full((5, model[1] + 2, model[0] + 2), 777.0, np.float32)
    blob = memory[1:4, 1:-1, 1:-1]
    box.fill(blob, Frame(np.full((size[1], size[0], 3), bgr, np.uint8), 0.0, 0, "north"), preparation)
    colour = np.array(bgr if order == "bgr" else bgr[::-1], float)
    expected = np.empty((3, model[1], model[0]))
    expected[...] = ((padding - np.array(mean)) / deviation)[:, None, None]
    rows, columns = slice(box.top_px, box.top_px + box.height_px), slice(box.left_px, box.left_px + box.width_px)
    expected[:, rows, columns] = ((colour - np.array(mean)) / deviation)[:, None, None]
    np.testing.assert_allclose(blob, expected, rtol=1e-5, atol=1e-4)
    memory[1:4, 1:-1, 1:-1] = 777.0
    assert (memory == 777.0).all()


@given(
    size=st.tuples(st.integers(20, 300), st.integers(20, 300)),
    fit=st.sampled_from(["corner", "centre", "stretch"]),
    data=st.data(),
)
@settings(max_examples=100, deadline=None)
def test_a_region_fills_the_place_of_a_picture(size: tuple[int, int], fit: str, data: st.DataObject) -> None:
    picture = np.random.default_rng(size[0]).integers(0, 256, (size[1], size[0], 3), np.uint8)
    left, top = data.draw(st.integers(0, size[0] - 5)), data.draw(st.integers(0, size[1] - 5))
    right, bottom = data.draw(st.integers(left + 5, size[0])), data.draw(st.integers(top + 5, size[1]))
    box = Letterbox.fitting((right - left, bottom - top), (64, 48), fit=fit)
    of_region, of_cut = np.empty((2, 3, 48, 64), np.float32)
    box.fill(of_region, Frame(picture, 0.0, 0, "north"), Preparation(), region=(left, top, right, bottom))
    box.fill(of_cut, Frame(picture[top:bottom, left:right].copy(), 0.0, 0, "north"), Preparation())
    np.testing.assert_array_equal(of_region, of_cut)


@given(st.integers(1, 4000), st.integers(1, 3000))
@example(36, 461)
@settings(max_examples=100, deadline=None)
def test_an_input_of_the_pictures_own_shape_shows_it_as_large(width: int, height: int) -> None:
    declared = (416, 416)
    size = input_size((width, height), declared, stride=32)
    assert all(side % 32 == 0 and 32 <= side <= 416 for side in size)
    whole, fitted = Letterbox.fitting((width, height), declared), Letterbox.fitting((width, height), size)
    # The shorter side is rounded to whole pixels of the input, which makes a narrow picture a little smaller.
    assert fitted.scale_x == pytest.approx(whole.scale_x, abs=0.5 / min(width, height) + 1e-9)
    # Not a row or column of cells more than needed.
    assert size[0] - whole.width_px < 32
    assert size[1] - whole.height_px < 32
    assert input_size((width, height), declared, stride=0) == declared


def _overlaps(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union (n, m) of boxes (n, 4) and (m, 4), corners."""
    centred = [np.hstack([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]]) for corners in (one, other)]
    rows, columns = np.indices((len(one), len(other))).reshape(2, -1)
    return grown_iou(centred[0][rows], centred[1][columns], 0.0).reshape(len(one), len(other))


@given(st.integers(0, 10_000), st.integers(0, 40))
@settings(max_examples=50, deadline=None)
def test_no_two_kept_boxes_overlap_too_much(seed: int, n: int) -> None:
    generator = np.random.default_rng(seed)
    corners = generator.uniform(0, 90, (n, 2))
    boxes, scores = clip(
        np.column_stack([corners, corners + generator.uniform(5, 40, (n, 2))]), generator.uniform(0, 1, n), (100, 100)
    )
    kept = suppress(boxes, scores, iou=0.5)
    overlaps = _overlaps(boxes[kept], boxes[kept])
    np.fill_diagonal(overlaps, 0.0)
    assert (overlaps <= 0.5 + 1e-6).all()
    # Whatever was dropped overlaps a better box that was kept.
    for dropped in set(range(len(boxes))) - set(kept.tolist()):
        better = kept[scores[kept] >= scores[dropped]]
        assert _overlaps(boxes[[dropped]], boxes[better]).max() > 0.5 - 1e-6


@pytest.mark.realdata
def test_the_person_models_at_hand_are_recognised(shared_models: Path) -> None:
    for name, family, by_regions in (
        ("yolox_nano", "yolox", True),
        ("person_192", "yolox", True),
        ("nanodet_m_320", "nanodet", False),
        ("FastestDet", "fastestdet", False),
    ):
        detector = open_detector(shared_models / f"{name}.onnx")
        assert detector.name == f"{family} ({name})"
        # The other two have their sizes written into their graphs: they run at their own size, without a word.
        assert detector.by_regions == by_regions
