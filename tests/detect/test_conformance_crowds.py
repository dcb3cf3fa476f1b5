"""What every crowd counter keeps to, whatever it is and whatever it is shown.

No weights of such models are at hand: tiny graphs have their inputs and outputs. What no picture may be (empty, of another
type, of other than three channels) is no frame, see `test_conformance`.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.detect import tiny
from tests.detect.test_conformance import GAIN, frames, scene

from throng.data.crowd_map import CrowdMap
from throng.data.frame import Frame
from throng.detect.density import OnnxCounter, open_counter

CELLS = tiny.SIDE // 8
MOST = float(np.finfo(np.float32).max)


def _density(path: Path) -> Path:
    people = np.random.default_rng(1).uniform(0.0, 0.5, (1, 1, CELLS, CELLS)).astype(np.float32)
    return tiny.save(path, {"density": people}, gain=GAIN)


def _points(path: Path) -> Path:
    """Some lie outside the input, or in what is beside the picture, and half are more likely nobody."""
    generator = np.random.default_rng(2)
    points = generator.uniform(-9.0, tiny.SIDE + 9.0, (1, 60, 2)).astype(np.float32)
    return tiny.save(
        path, {"pred_points": points, "pred_logits": generator.normal(0, 1, (1, 60, 2)).astype(np.float32)}, gain=GAIN
    )


def _wild_density(path: Path) -> Path:
    people = np.zeros((1, 1, CELLS, CELLS), np.float32)
    people[0, 0, :, :5] = [np.nan, np.inf, -np.inf, -MOST, MOST]
    return tiny.save(path, {"density": people})


def _wild_points(path: Path) -> Path:
    wild = np.array([np.nan, np.inf, -np.inf, -MOST, MOST, 3.0], np.float32)
    points, logits = (np.array(np.meshgrid(one, other)).reshape(1, 2, -1) for one, other in ((wild, wild), (wild, wild[::-1])))
    outputs = {"points": points.transpose(0, 2, 1).copy(), "logits": logits.transpose(0, 2, 1).copy()}
    return tiny.save(path, {name: output.astype(np.float32) for name, output in outputs.items()})


SENSIBLE: dict[str, Callable[[Path], Path]] = {"density": _density, "density of any size": tiny.mean_pool, "points": _points}
CASES = {**SENSIBLE, "density gone wild": _wild_density, "points gone wild": _wild_points}


@pytest.fixture(params=CASES)
def counter(request: pytest.FixtureRequest, tmp_path: Path) -> OnnxCounter:
    return open_counter(CASES[request.param](tmp_path / "crowd.onnx"))


def assert_sound(found: CrowdMap, frame: Frame) -> None:
    assert np.isfinite(found.people).all()
    assert found.people.min() >= 0.0
    assert np.isfinite(found.count)
    assert found.count >= 0.0
    # The cells cover the picture, and none lies beside it, but for the whole pixels that a scaled picture has.
    for side, cells, cell in zip(frame.size_px, found.people.shape[::-1], found.cell_px, strict=True):
        assert (cells - 1.5) * cell < side < (cells + 0.5) * cell
    assert found.time_s == frame.time_s


def same(one: CrowdMap, other: CrowdMap) -> None:
    np.testing.assert_array_equal(one.people, other.people)
    assert one.cell_px == other.cell_px


@pytest.mark.parametrize("grey", [0, 128, 255], ids=["black", "grey", "white"])
@pytest.mark.parametrize("size", [(160, 120), (1, 1), (1, 90), (301, 2), (33, 65), (97, 61)])
def test_pictures_without_anything_are_borne(counter: OnnxCounter, grey: int, size: tuple[int, int]) -> None:
    (frame,) = frames([np.full((size[1], size[0], 3), grey, np.uint8)])
    assert_sound(counter.count(frame), frame)


def test_a_huge_picture_is_borne(counter: OnnxCounter) -> None:
    (frame,) = frames([np.zeros((4000, 6000, 3), np.uint8)])
    assert_sound(counter.count(frame), frame)


@pytest.mark.parametrize("planes", [False, True], ids=["bgr", "planes"])
def test_a_picture_is_counted_alike_whatever_was_counted_before(counter: OnnxCounter, planes: bool) -> None:
    pictures = frames([scene(*size, seed=4) for size in ((120, 90), (64, 48), (1, 1), (90, 120), (333, 50))], planes=planes)
    before = [counter.count(frame) for frame in pictures]
    for frame, found in reversed(list(zip(pictures, before, strict=True))):
        assert_sound(found, frame)
        same(counter.count(frame), found)


def test_cameras_that_count_at_the_same_time_get_what_each_gets_alone(counter: OnnxCounter) -> None:
    pictures = frames([scene(130, 97, seed) for seed in range(12)])
    alone = [counter.count(frame) for frame in pictures]
    with ThreadPoolExecutor(4) as threads:
        for one, other in zip(threads.map(counter.count, pictures), alone, strict=True):
            same(one, other)


@pytest.mark.parametrize("name", SENSIBLE)
def test_the_sensible_ones_see_one_picture_unlike_another(name: str, tmp_path: Path) -> None:
    """Without this the tests above would show little."""
    counter = open_counter(SENSIBLE[name](tmp_path / "crowd.onnx"))
    dark, bright = (counter.count(frame) for frame in frames([np.full((90, 90, 3), grey, np.uint8) for grey in (0, 255)]))
    assert bright.count > 0
    assert not np.array_equal(dark.people, bright.people)


@given(width=st.integers(1, 400), height=st.integers(1, 400), seed=st.integers(0, 1000), name=st.sampled_from(sorted(CASES)))
@settings(max_examples=40, deadline=None)
def test_any_picture_is_counted_by_any_family(
    width: int, height: int, seed: int, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    counter = open_counter(CASES[name](tmp_path_factory.mktemp("tiny") / "crowd.onnx"))
    for planes in (False, True):
        (frame,) = frames([scene(width, height, seed)], planes=planes)
        assert_sound(counter.count(frame), frame)
