"""Looking only where something has changed finds what looking everywhere finds, and spares the rest."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.data.frame import Frame
from throng.detect.attention import BUSY, Attention
from throng.detect.gate import LEAST_CHANGE, MOST_EXPOSURE, MotionGate
from throng.detect.pixels import Region

WIDTH, HEIGHT = 320, 200
PERSON = (12, 34)
RATE_HZ = 5.0

Picture = NDArray[np.uint8]


def _scene(seed: int = 0) -> Picture:
    """A textured empty scene."""
    coarse = np.random.default_rng(seed).integers(60, 180, (HEIGHT // 20, WIDTH // 20, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)


def _with_people(scene: Picture, feet: list[tuple[float, float]], contrast: int) -> Picture:
    picture = scene.astype(np.int16)
    for x, y in feet:
        left, top = round(x - PERSON[0] / 2), round(y - PERSON[1])
        picture[max(0, top) : max(0, round(y)), max(0, left) : max(0, left + PERSON[0])] += contrast
    return np.clip(picture, 0, 255).astype(np.uint8)


class Difference:
    """Finds whatever differs from the scene by more than a few grey levels, in the whole or in a region."""

    name = "difference"
    by_regions = True

    def __init__(self, scene: Picture) -> None:
        self.scene = scene
        self.regions = 0

    def detect(self, frame: Frame) -> Detections:
        return self._found(frame, (0, 0, *frame.size_px))

    def shown(self, size_px: tuple[int, int], region: Region) -> Region:
        """Enough more, as if that came for nothing, to show people who are beside the region."""
        left, top, right, bottom = region
        return max(0, left - 40), max(0, top - 40), min(size_px[0], right + 40), min(size_px[1], bottom + 40)

    def detect_region(self, frame: Frame, region: Region) -> Detections:
        self.regions += 1
        return self._found(frame, region)

    def _found(self, frame: Frame, region: Region) -> Detections:
        left, top, right, bottom = region
        difference = cv2.absdiff(frame.image_bgr, self.scene)[top:bottom, left:right].max(axis=2)
        _, _, stats, _ = cv2.connectedComponentsWithStats((difference > 5).astype(np.uint8))
        found = stats[1:][stats[1:, 4] > 40].astype(float)
        boxes = np.column_stack([found[:, :2], found[:, :2] + found[:, 2:4]]) + np.array([left, top, left, top])
        return Detections(boxes, np.full(len(boxes), 0.9), frame.time_s)


def _both(pictures: list[Picture], scene: Picture) -> tuple[list[Detections], list[Detections], Attention, Difference]:
    detector = Difference(scene)
    attention = Attention(detector)
    frames = [Frame(picture, k / RATE_HZ, k, "hall") for k, picture in enumerate(pictures)]
    return (
        [attention.detect(frame) for frame in frames],
        [Difference(scene).detect(frame) for frame in frames],
        attention,
        detector,
    )


def _assert_alike(found: list[Detections], true: list[Detections], *, off_px: float) -> None:
    for k, (one, other) in enumerate(zip(found, true, strict=True)):
        assert len(one) == len(other), f"picture {k}"
        assert one.time_s == other.time_s
        mine, theirs = (boxes.boxes_px[np.lexsort(boxes.boxes_px.T)] for boxes in (one, other))
        np.testing.assert_allclose(mine, theirs, atol=off_px, err_msg=f"picture {k}")


@pytest.mark.parametrize("contrast", [12, 60, -40])
@pytest.mark.parametrize("step_px", [0.25, 1.0, 15.0])
@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_who_comes_in_is_found_at_once_however_slow_and_faint(side: str, step_px: float, contrast: int) -> None:
    scene = _scene()
    ways = np.arange(0.0, 60.0, step_px) - PERSON[0] / 2
    places = {
        "left": [(x, 120.0) for x in ways],
        "right": [(WIDTH - x, 120.0) for x in ways],
        "top": [(160.0, x + PERSON[1] / 2) for x in ways],
        "bottom": [(160.0, HEIGHT + PERSON[1] - x - 10) for x in ways],
    }[side]
    found, true, _, _ = _both([scene, *(_with_people(scene, [place], contrast) for place in places)], scene)
    # A box may lag by what changes no cell's mean: less than a cell.
    _assert_alike(found[-1:], true[-1:], off_px=4.0)
    late = [k for k, (one, other) in enumerate(zip(found, true, strict=True)) if len(one) < len(other)]
    # Not while most of the body is in view: only while a strip of it is.
    assert all(
        true[k].boxes_px[0, 2:].min() < 12 or (true[k].boxes_px[0, 2:] - true[k].boxes_px[0, :2]).min() < 6 for k in late
    )


def test_who_stands_still_stays_and_costs_nothing() -> None:
    scene = _scene()
    walk = [(40.0 + 4 * k, 150.0) for k in range(30)]
    stand = [walk[-1]] * 200
    leave = [(walk[-1][0], 150.0 + 4 * k) for k in range(30)]
    pictures = [_with_people(scene, [place], 50) for place in (*walk, *stand, *leave)]
    found, true, attention, _ = _both(pictures, scene)
    _assert_alike(found, true, off_px=4.0)
    assert attention.looks < 30 + 30 + 5


@given(st.integers(0, 10_000), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_looking_at_regions_finds_what_looking_everywhere_finds(seed: int, people: int) -> None:
    generator = np.random.default_rng(seed)
    scene = _scene(seed)
    places = generator.uniform([20, 60], [WIDTH - 20, HEIGHT - 10], (people, 2))
    pictures = []
    for _ in range(12):
        moving = generator.random(people) < 0.5
        places[moving] += generator.uniform(-12, 12, (int(moving.sum()), 2))
        pictures.append(_with_people(scene, [(x, y) for x, y in places.tolist()], 50))
    found, true, _, detector = _both(pictures, scene)
    _assert_alike(found, true, off_px=4.0)
    assert people > 1 or detector.regions > 0


def test_an_empty_scene_costs_one_look_in_a_minute_noise_or_not() -> None:
    scene = _scene()
    generator = np.random.default_rng(3)
    for noise in (0.0, 4.0):
        pictures = [np.clip(scene + generator.normal(0, noise, scene.shape), 0, 255).astype(np.uint8) for _ in range(300)]
        attention = _both(pictures, scene)[2]
        assert attention.looks <= 2


@pytest.mark.parametrize("levels", [2, 6, -5])
def test_a_camera_that_sets_its_exposure_costs_no_looks_and_hides_nobody(levels: int) -> None:
    scene = _scene()
    brighter = np.clip(scene.astype(np.int16) + levels, 0, 255).astype(np.uint8)
    stand = [(90.0, 120.0)] * 2
    pictures = [_with_people(scene, [stand[0]], 60)] * 5 + [_with_people(brighter, [stand[0]], 60)] * 20
    attention = _both(pictures, scene)[2]
    assert attention.looks < 1.5
    coming = _with_people(brighter, [stand[0], (240.0, 150.0)], 60)
    detector = Difference(scene)
    detector.scene = brighter
    looking = Attention(detector)
    looking.detect(Frame(pictures[0], 0.0, 0, "hall"))
    found = looking.detect(Frame(coming, 0.2, 1, "hall"))
    np.testing.assert_allclose(found.boxes_px.max(axis=0)[2:], [246, 150], atol=4)


def test_slow_dusk_is_looked_at_again_before_it_has_gone_far() -> None:
    scene = _scene()
    gate = MotionGate()
    darker = [np.clip(scene.astype(float) - 0.5 * k, 0, 255).astype(np.uint8) for k in range(80)]
    looked = [k for k, picture in enumerate(darker) if gate.changed(Frame(picture, k / RATE_HZ, k, "hall"), rest_s=1e9)]
    assert max(np.diff(looked)) * 0.5 <= MOST_EXPOSURE + LEAST_CHANGE + 1.0


def test_people_far_apart_are_looked_at_one_by_one() -> None:
    scene = _scene()
    ways = [[(20.0 + 3 * k, 60.0), (300.0 - 3 * k, 190.0)] for k in range(20)]
    found, true, attention, detector = _both([scene, *(_with_people(scene, places, 50) for places in ways)], scene)
    _assert_alike(found, true, off_px=4.0)
    assert detector.regions >= 2 * 15
    assert attention.looks < 1 + 20 * 0.4


def test_where_all_changes_all_is_looked_at_and_compared_seldom_until_it_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    genuine = MotionGate.changed

    def counted(gate: MotionGate, frame: Frame, *, rest_s: float) -> tuple[Region, ...]:
        nonlocal compared
        compared += 1
        return genuine(gate, frame, rest_s=rest_s)

    monkeypatch.setattr(MotionGate, "changed", counted)
    scene = _scene()
    generator = np.random.default_rng(5)
    crowd = [
        _with_people(scene, [(x, y) for x, y in generator.uniform([10, 40], [310, 195], (25, 2)).tolist()], 50)
        for _ in range(80)
    ]
    found, true, attention, _ = _both(crowd, scene)
    _assert_alike(found, true, off_px=0.0)
    assert attention.looks == 80
    assert compared < 40
    looks = attention.looks
    for k in range(80, 140):
        attention.detect(Frame(crowd[-1], k / RATE_HZ, k, "hall"))
    assert attention.looks - looks <= BUSY + 1


def test_who_is_beside_a_region_and_then_seen_to_reach_into_it_is_one_person() -> None:
    class Broader(Difference):
        """Sees people three pixels broader when it looks at a region."""

        def detect_region(self, frame: Frame, region: Region) -> Detections:
            found = super().detect_region(frame, region)
            return Detections(found.boxes_px + np.array([0, 0, 3, 0]), found.scores, frame.time_s)

    scene = _scene()
    one = _with_people(scene, [(100.0, 120.0)], 50)
    two = _with_people(scene, [(100.0, 120.0), (126.0, 120.0)], 50)
    detector = Broader(scene)
    attention = Attention(detector)
    attention.detect(Frame(one, 0.0, 0, "hall"))
    found = attention.detect(Frame(two, 0.2, 1, "hall"))
    assert detector.regions == 1
    np.testing.assert_allclose(found.boxes_px[np.argsort(found.boxes_px[:, 0]), 2], [109, 135], atol=1)


def test_a_picture_that_comes_again_while_none_is_compared_is_not_taken_for_the_last() -> None:
    scene = _scene()
    generator = np.random.default_rng(8)
    few = [
        _with_people(scene, [(x, y) for x, y in generator.uniform([10, 40], [310, 195], (25, 2)).tolist()], 50)
        for _ in range(BUSY - 1)
    ]
    found, true, _, _ = _both(few * 12, scene)
    _assert_alike(found, true, off_px=0.0)


def test_a_detector_that_learns_from_time_is_asked_as_often_as_it_says() -> None:
    class Learner(Difference):
        rest_s = 1.0
        by_regions = False

    scene = _scene()
    attention = Attention(Learner(scene))
    for k in range(100):
        attention.detect(Frame(scene.copy(), k / RATE_HZ, k, "hall"))
    assert 19 <= attention.looks <= 21


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_what_the_gate_passes_over_has_not_changed_since_it_was_looked_at(seed: int) -> None:
    generator = np.random.default_rng(seed)
    gate = MotionGate()
    picture = _scene(seed)
    looked = picture[:, :, 1].astype(float)
    for k in range(30):
        drift = generator.uniform(-3, 3) * (generator.random() < 0.7)
        left, top = int(generator.integers(0, WIDTH - 40)), int(generator.integers(0, HEIGHT - 40))
        part = picture[top : top + 40, left : left + 40]
        part[...] = np.clip(part + drift, 0, 255).astype(np.uint8)
        regions = gate.changed(Frame(picture.copy(), k / RATE_HZ, k, "hall"), rest_s=1e9)
        now = picture[:, :, 1].astype(float)
        for x0, y0, x1, y1 in regions:
            looked[y0:y1, x0:x1] = now[y0:y1, x0:x1]
        # Cells are 4 px wide here.
        means = np.abs((now - looked).reshape(HEIGHT // 4, 4, WIDTH // 4, 4).mean(axis=(1, 3)))
        assert means.max() <= LEAST_CHANGE + 0.5


def test_a_picture_of_another_size_is_looked_at_whole() -> None:
    gate = MotionGate()
    for k, (width, height) in enumerate([(320, 200), (640, 360), (641, 361), (1, 1), (3, 4000)]):
        frame = Frame(np.zeros((height, width, 3), np.uint8), float(k), k, "hall")
        assert gate.changed(frame, rest_s=1e9) == ((0, 0, width, height),)
        assert gate.changed(frame, rest_s=1e9) == ()


def test_a_box_cut_by_its_region_makes_the_whole_picture_be_looked_at() -> None:
    class Late(Difference):
        """Overlooks everybody in the first picture."""

        def detect(self, frame: Frame) -> Detections:
            found = super().detect(frame)
            return found if frame.index else Detections(found.boxes_px[:0], found.scores[:0], frame.time_s)

    scene = _scene()
    long = scene.copy()
    long[80:110, 40:260] += 30
    moved = long.copy()
    moved[80:110, 260:275] += 30
    attention = Attention(Late(scene))
    assert len(attention.detect(Frame(long, 0.0, 0, "hall"))) == 0
    np.testing.assert_allclose(attention.detect(Frame(moved, 0.2, 1, "hall")).boxes_px, [[40, 80, 275, 110]], atol=1)
