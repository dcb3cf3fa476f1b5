"""The plate shows the scene and nobody."""

import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.capture.plate import Plate, PlateBuilder
from throng.data.detections import Detections
from throng.data.errors import SecrecyError
from throng.data.frame import Frame
from throng.data.planes import Planes

HEIGHT_PX, WIDTH_PX = 120, 160
RED = np.array([0, 0, 255], np.uint8)


def scene() -> NDArray[np.uint8]:
    """A textured background without any red."""
    texture = np.random.default_rng(4).integers(60, 90, (HEIGHT_PX, WIDTH_PX), dtype=np.uint8)
    return np.dstack([texture, texture, texture])


def with_person(x: int, y: int, image: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    image = scene() if image is None else image
    image[y : y + 30, x : x + 12] = RED
    return image


def find_red(frame: Frame) -> Detections:
    """Finds the box around everything red."""
    rows, columns = np.nonzero((frame.image_bgr == RED).all(axis=2))
    boxes = [] if rows.size == 0 else [[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]]
    return Detections(boxes_px=np.array(boxes, float).reshape(-1, 4), scores=np.ones(len(boxes)), time_s=frame.time_s)


def find_nobody(frame: Frame) -> Detections:
    return Detections(boxes_px=np.zeros((0, 4)), scores=np.zeros(0), time_s=frame.time_s)


def find_always(frame: Frame) -> Detections:
    width, height = frame.size_px
    return Detections(boxes_px=np.array([[0.0, 0.0, width / 4, height / 4]]), scores=np.ones(1), time_s=frame.time_s)


def offer(builder: PlateBuilder, images: list[NDArray[np.uint8]], *, step_s: float = 1.0) -> PlateBuilder:
    for i, image in enumerate(images):
        builder.offer(Frame(pixels=image, time_s=i * step_s, index=i, camera="north"))
    return builder


def test_somebody_who_walks_through_is_not_in_the_plate() -> None:
    plate = offer(PlateBuilder(), [with_person(4 * i, 50) for i in range(31)]).build(find_nobody)
    assert plate is not None
    assert plate.covered == 0
    assert np.array_equal(plate.image_bgr, scene())


def test_somebody_who_never_moves_is_covered_with_a_margin() -> None:
    plate = offer(PlateBuilder(), [with_person(100, 50) for _ in range(31)]).build(find_red)
    assert plate is not None
    assert plate.covered == 1
    changed = (plate.image_bgr != scene()).any(axis=2)
    assert changed[46:84, 99:113].all()
    assert not changed[:, :90].any()
    assert not (plate.image_bgr == RED).all(axis=2).any()


def test_somebody_who_stands_for_half_the_time_is_covered_though_no_detector_finds_the_ghost() -> None:
    images = [with_person(100, 50) if i % 2 else scene() for i in range(31)]
    plate = offer(PlateBuilder(), images).build(find_nobody)
    assert plate is not None
    assert plate.covered == 1
    changed = (plate.image_bgr != scene()).any(axis=2)
    assert changed[50:80, 100:112].all()
    rows, columns = np.nonzero(changed)
    assert changed[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].all()  # a rectangle, not an outline


def test_people_in_every_view_are_put_in_their_true_place() -> None:
    for x, y in ((2, 3), (140, 3), (2, 85), (140, 85), (75, 45)):
        plate = offer(PlateBuilder(), [with_person(x, y)] * 9).build(find_red)
        assert plate is not None
        assert plate.covered == 1
        assert (plate.image_bgr != scene()).any(axis=2).sum() < 3 * 12 * 30


def test_no_plate_while_somebody_is_still_found() -> None:
    assert offer(PlateBuilder(), [scene()] * 31).build(find_always) is None


def test_no_plate_from_too_few_samples() -> None:
    assert offer(PlateBuilder(), [scene()] * 8).build(find_nobody) is None


def test_samples_span_the_whole_time_and_stay_few() -> None:
    builder = PlateBuilder(samples=15, min_gap_s=0.5)
    levels = [np.full((4, 4, 3), i // 10, np.uint8) for i in range(2000)]
    offer(builder, levels, step_s=0.1)
    assert 7 <= len(builder) <= 15
    kept = [int(image[0, 0, 0]) for image in builder._images]
    assert kept[0] == 0
    assert kept[-1] >= 170
    assert np.diff(kept).max() <= 2 * np.diff(kept).min()  # evenly


def kept(builder: PlateBuilder) -> NDArray[np.int64]:
    """The numbers of the frames that are held, of frames whose pixels are their number."""
    return np.array(
        [int(image[0, 0, 0]) * 65536 + int(image[0, 0, 1]) * 256 + int(image[0, 0, 2]) for image in builder._images]
    )


def numbered(number: int) -> NDArray[np.uint8]:
    return np.full((2, 2, 3), (number // 65536, number // 256 % 256, number % 256), np.uint8)


@given(
    samples=st.integers(9, 40),
    longest_s=st.floats(30.0, 3000.0),
    step_s=st.floats(0.05, 1.0),
    count=st.integers(1, 4000),
)
@settings(max_examples=40, deadline=None)
def test_samples_are_spread_evenly_over_at_most_the_last_while(
    samples: int, longest_s: float, step_s: float, count: int
) -> None:
    builder = PlateBuilder(samples=samples, longest_s=longest_s)
    for number in range(count):
        builder.offer(Frame(pixels=numbered(number), time_s=number * step_s, index=number, camera="north"))
        assert len(builder) <= samples
    times_s = kept(builder) * step_s
    now_s = (count - 1) * step_s
    assert now_s - times_s[0] <= longest_s + longest_s / samples + step_s
    if count * step_s > 2.5 * longest_s:
        assert times_s[-1] - times_s[0] >= 0.4 * longest_s - step_s
    if count * step_s > 2.5 * longest_s and longest_s > 100:
        assert len(times_s) >= 9
    if len(times_s) > 2:
        gaps_s = np.diff(times_s)
        assert gaps_s.max() <= 2 * gaps_s.min() + 2 * step_s


def test_the_plate_follows_when_furniture_is_moved_and_nobody_is_left_in_it() -> None:
    """Two hours, in which a wardrobe comes after one; somebody walks by all the time."""
    builder = PlateBuilder()
    changed_s = 3600.0

    def picture(time_s: float) -> NDArray[np.uint8]:
        image = scene()
        if time_s >= changed_s:
            image[20:70, 90:130] = 200
        return with_person(int(time_s * 37) % 140, int(time_s * 11) % 85, image)

    for number in range(3600):
        builder.offer(Frame(pixels=picture(2.0 * number), time_s=2.0 * number, index=number, camera="north"))
        if 2.0 * number in (changed_s - 2.0, changed_s + 1850.0, 7198.0):
            plate = builder.build(find_nobody)
            assert plate is not None
            assert not (plate.image_bgr == RED).all(axis=2).any()
            expected = scene()
            if 2.0 * number >= changed_s:
                expected[20:70, 90:130] = 200
            assert plate.covered == 0
            assert np.array_equal(plate.image_bgr, expected)


def test_after_a_long_pause_there_is_a_plate_of_the_new_day_soon() -> None:
    builder = PlateBuilder()
    for number in range(4000):
        builder.offer(Frame(pixels=scene(), time_s=float(number), index=number, camera="north"))
    day = np.full_like(scene(), 120)
    for number in range(10):
        builder.offer(Frame(pixels=day, time_s=40_000.0 + number, index=number, camera="north"))
    plate = builder.build(find_nobody)
    assert plate is not None
    assert np.array_equal(plate.image_bgr, day)


def test_a_clock_that_is_set_back_stops_nothing() -> None:
    builder = offer(PlateBuilder(samples=9), [scene()] * 100)
    night = np.full_like(scene(), 20)
    for number in range(1000):
        builder.offer(Frame(pixels=night, time_s=-5000.0 + number, index=number, camera="north"))
    plate = builder.build(find_nobody)
    assert plate is not None
    assert np.array_equal(plate.image_bgr, night)


def test_frames_that_are_not_due_are_not_converted() -> None:
    converted = []

    def planes(number: int) -> Planes:
        def convert() -> NDArray[np.uint8]:
            converted.append(number)
            return np.zeros((4, 4, 3), np.uint8)

        plane = np.zeros((4, 4), np.uint8)
        return Planes(luma=plane, cb=plane, cr=plane, to_bgr=np.zeros((3, 4)), convert=convert)

    builder = PlateBuilder(min_gap_s=10.0)
    for number in range(100):
        builder.offer(Frame(pixels=planes(number), time_s=float(number), index=number, camera="north"))
    assert converted == list(range(0, 100, 10))


def test_a_span_shorter_than_its_samples_is_refused() -> None:
    with pytest.raises(ValueError, match="longest_s must be at least samples times min_gap_s"):
        PlateBuilder(longest_s=5.0)


@pytest.mark.parametrize(("shape", "most"), [((1080, 1920, 3), 31), ((2160, 3840, 3), 9)])
def test_large_pictures_are_kept_in_bounded_memory(shape: tuple[int, int, int], most: int) -> None:
    blank = np.broadcast_to(np.zeros((1, 1, 3), np.uint8), shape)
    builder = PlateBuilder()
    longest = 0
    for i in range(200):
        builder.offer(Frame(pixels=blank, time_s=float(i), index=i, camera="north"))
        longest = max(longest, len(builder))
    assert longest == most


def test_a_camera_that_changes_its_size_begins_anew() -> None:
    builder = offer(PlateBuilder(), [scene()] * 20)
    offer(builder, [np.zeros((8, 8, 3), np.uint8)])
    assert len(builder) == 1


def test_samples_never_leave_the_builder_and_the_plate_is_read_only() -> None:
    builder = offer(PlateBuilder(), [scene()] * 9)
    with pytest.raises(SecrecyError):
        pickle.dumps(builder)
    with pytest.raises(TypeError):
        json.dumps(builder)
    assert "[" not in repr(builder)
    plate = builder.build(find_nobody)
    assert isinstance(plate, Plate)
    with pytest.raises(ValueError, match="read-only"):
        plate.image_bgr[0, 0, 0] = 1
