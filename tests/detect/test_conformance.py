"""What every detector keeps to, whatever it is and whatever it is shown.

Families of models take part as tiny graphs (see `tiny`) whose outputs depend on the picture's brightness a little; the models
at hand take part as they are.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.detect.pictures import as_planes
from tests.detect.tiny import CASES

from throng.data.detections import Detections
from throng.data.frame import Frame
from throng.data.planes import Planes
from throng.data.scale import PersonScale
from throng.detect.attention import Attention
from throng.detect.detector import Detector
from throng.detect.foreground import Foreground
from throng.detect.onnx import OnnxDetector, open_detector
from throng.detect.tiles import Grid, Tiles

Make = Callable[[], Detector]

PEOPLE = [
    (10.0, 6.0, 22.0, 40.0, 0.9),
    (40.5, 20.0, 51.0, 44.0, 0.7),
    (60.0, 60.0, 80.0, 95.0, 0.8),
    (-9.0, 70.0, 9.0, 99.0, 0.75),
]
GAIN = 0.002
REAL = ("yolox_nano", "nanodet_m_320", "FastestDet", "person_192")
MODELS = [*CASES, *(pytest.param(name, marks=pytest.mark.realdata) for name in REAL)]
OTHERS = ("foreground", "foreground of known scale", "attention", "tiles")
"""Learn from frame to frame, or look more than once."""


def _model(name: str, request: pytest.FixtureRequest) -> Path:
    if name in REAL:
        return Path(request.getfixturevalue("shared_models")) / f"{name}.onnx"
    folder: Path = request.getfixturevalue("tmp_path")
    return CASES[name].save(folder / "tiny.onnx", PEOPLE, gain=GAIN)


@pytest.fixture(params=[*MODELS, *OTHERS])
def make(request: pytest.FixtureRequest) -> Make:
    """Makes a detector, a new one each time."""
    name = request.param
    if name == "foreground":
        return Foreground
    if name == "foreground of known scale":
        offsets = np.tile([-8.0, -40.0, 8.0, 0.0], (200, 200, 1))
        return lambda: Foreground(scale=PersonScale(16.0, offsets))
    path = _model("yolox" if name in OTHERS else name, request)
    if name == "attention":
        return lambda: Attention(open_detector(path))
    if name == "tiles":
        return lambda: Tiles(open_detector(path), Grid(2, 2))
    return lambda: open_detector(path)


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> OnnxDetector:
    return open_detector(_model(request.param, request))


def scene(width: int, height: int, seed: int) -> NDArray[np.uint8]:
    """A picture (height, width, 3) of coarse noise with a bright upright block in it."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 200, (5, 7, 3), np.uint8)
    picture = np.array(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR))
    left, top = int(generator.integers(0, width)), int(generator.integers(0, height))
    picture[top : top + max(1, height // 3), left : left + max(1, width // 12)] = 240
    return picture


def frames(pictures: Sequence[NDArray[np.uint8]], *, planes: bool = False) -> list[Frame]:
    """Frames of these pictures, a fifth of a second apart."""
    return [Frame(as_planes(one) if planes else one, index / 5, index, "north") for index, one in enumerate(pictures)]


def assert_sound(found: Detections, frame: Frame) -> None:
    width, height = frame.size_px
    boxes = found.boxes_px
    assert boxes.shape == (len(found), 4)
    assert np.isfinite(boxes).all()
    assert np.isfinite(found.scores).all()
    assert boxes.min(initial=0.0) >= 0.0
    assert boxes[:, 2].max(initial=0.0) <= width
    assert boxes[:, 3].max(initial=0.0) <= height
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    assert found.scores.min(initial=0.0) >= 0.0
    assert found.scores.max(initial=0.0) <= 1.0
    assert found.time_s == frame.time_s


def same(one: Detections, other: Detections, *, within_px: float = 0.0) -> None:
    assert len(one) == len(other)
    np.testing.assert_allclose(one.boxes_px, other.boxes_px, rtol=0, atol=within_px)
    np.testing.assert_allclose(one.scores, other.scores, rtol=0, atol=within_px / 10)


@pytest.mark.parametrize("grey", [0, 128, 255], ids=["black", "grey", "white"])
@pytest.mark.parametrize("size", [(160, 120), (1, 1), (1, 90), (301, 2), (33, 65), (97, 61)])
def test_pictures_without_anything_are_borne(make: Make, grey: int, size: tuple[int, int]) -> None:
    detector = make()
    for frame in frames([np.full((size[1], size[0], 3), grey, np.uint8)] * 3):
        assert_sound(detector.detect(frame), frame)


def test_a_huge_picture_is_borne(make: Make) -> None:
    frame = Frame(np.zeros((4000, 6000, 3), np.uint8), 0.0, 0, "north")
    assert_sound(make().detect(frame), frame)


@pytest.mark.parametrize("planes", [False, True], ids=["bgr", "planes"])
def test_boxes_lie_in_the_picture_and_come_again(make: Make, planes: bool) -> None:
    pictures = [scene(121, 90, seed) for seed in range(6)]
    first, second = make(), make()
    for frame, again in zip(frames(pictures, planes=planes), frames(pictures, planes=planes), strict=True):
        found = first.detect(frame)
        assert_sound(found, frame)
        same(found, second.detect(again))


def test_the_size_of_pictures_may_change_at_any_time(make: Make) -> None:
    detector = make()
    sizes = [(120, 90), (64, 48), (120, 90), (1, 1), (90, 120), (333, 50), (90, 120)]
    for frame in frames([scene(*size, seed=4) for size in sizes]):
        assert_sound(detector.detect(frame), frame)


def test_a_picture_in_planes_is_seen_like_one_in_colours(model: OnnxDetector) -> None:
    """The picture varies slowly, so that planes scaled one by one differ by a grey level or two at most."""
    coarse = np.random.default_rng(1).integers(60, 200, (3, 4, 3), np.uint8)
    picture = np.array(cv2.resize(coarse, (160, 96), interpolation=cv2.INTER_LINEAR))
    (apart,) = frames([picture], planes=True)
    converted = Frame(apart.image_bgr, 0.0, 0, "north")
    one, other = model.detect(apart), model.detect(converted)
    strong = [found.boxes_px[found.scores >= 0.3] for found in (one, other)]
    if len(strong[0]) == len(strong[1]):
        np.testing.assert_allclose(strong[0], strong[1], atol=3.0)
    assert abs(len(strong[0]) - len(strong[1])) <= 1


def test_models_do_not_remember(model: OnnxDetector) -> None:
    pictures = frames([scene(width, height, 7) for width, height in ((120, 90), (300, 200), (64, 64))])
    before = [model.detect(frame) for frame in pictures]
    for frame, found in reversed(list(zip(pictures, before, strict=True))):
        same(model.detect(frame), found)


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_a_batch_gives_what_single_pictures_give(model: OnnxDetector, n: int) -> None:
    pictures = frames([scene(130, 97, seed) for seed in range(n)])
    found = model.detect_batch(pictures)
    assert len(found) == n
    for frame, one in zip(pictures, found, strict=True):
        assert_sound(one, frame)
        same(one, model.detect(frame), within_px=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_the_tiny_models_see_one_picture_unlike_another(name: str, tmp_path: Path) -> None:
    """Without this the tests above would show nothing about batches."""
    detector = open_detector(CASES[name].save(tmp_path / "tiny.onnx", PEOPLE, gain=GAIN))
    dark, bright = (detector.detect(frame) for frame in frames([np.full((90, 90, 3), grey, np.uint8) for grey in (0, 255)]))
    assert len(dark) != len(bright) or not np.allclose(dark.boxes_px, bright.boxes_px, atol=1e-6)


def test_a_region_is_seen_inside_itself(model: OnnxDetector) -> None:
    frame = frames([scene(200, 150, 3)])[0]
    for region in ((0, 0, 200, 150), (30, 40, 130, 141), (199, 149, 200, 150), (0, 149, 200, 150)):
        for enlarged in (False, True):
            found = model.detect_region(frame, region, enlarged=enlarged)
            assert_sound(found, frame)
            assert (found.boxes_px[:, :2] >= region[:2]).all()
            assert (found.boxes_px[:, 2:] <= region[2:]).all()


@given(width=st.integers(1, 400), height=st.integers(1, 400), seed=st.integers(0, 1000), name=st.sampled_from(sorted(CASES)))
@settings(max_examples=40, deadline=None)
def test_any_picture_is_borne_by_any_family(
    width: int, height: int, seed: int, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    detector = open_detector(CASES[name].save(tmp_path_factory.mktemp("tiny") / "tiny.onnx", PEOPLE, gain=GAIN))
    for planes in (False, True):
        (frame,) = frames([scene(width, height, seed)], planes=planes)
        assert_sound(detector.detect(frame), frame)


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 1), (4, 6, 4), (2, 4, 6, 3)])
def test_what_is_no_colour_picture_is_no_frame(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="pixels must have shape"):
        Frame(np.zeros(shape, np.uint8), 0.0, 0, "north")


@pytest.mark.parametrize("shape", [(0, 0), (0, 6), (4, 0)])
def test_a_picture_without_pixels_is_no_frame(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="a picture must have pixels, not a width of"):
        Frame(np.zeros((*shape, 3), np.uint8), 0.0, 0, "north")
    nothing = np.zeros(shape, np.uint8)
    planes = Planes(luma=nothing, cb=nothing, cr=nothing, to_bgr=np.zeros((3, 4)), convert=lambda: nothing)
    with pytest.raises(ValueError, match="a picture must have pixels"):
        Frame(planes, 0.0, 0, "north")


@pytest.mark.parametrize("kind", [np.float32, np.uint16, np.int64, bool])
def test_numbers_of_other_types_are_no_frame(kind: type) -> None:
    with pytest.raises((ValueError, TypeError)):
        Frame(np.ones((4, 6, 3), kind), 0.0, 0, "north")
