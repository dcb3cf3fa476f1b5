"""The tracker follows people by where they are and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.track.assignment import assign, buffered_iou
from throng.track.kalman import KalmanBoxes, Noise
from throng.track.tracker import Tracker, TrackerSettings

Floats = NDArray[np.float64]


def _boxes(centres: Floats, size: tuple[float, float] = (40.0, 100.0)) -> Floats:
    half = np.array(size) / 2
    return np.column_stack([centres - half, centres + half])


def _seen(boxes: Floats, time_s: float, score: float = 0.9) -> Detections:
    return Detections(boxes, np.full(len(boxes), score), time_s)


@pytest.mark.parametrize("rate_hz", [5.0, 12.0, 30.0])
def test_two_people_who_pass_each_other_keep_their_ids(rate_hz: float) -> None:
    tracker = Tracker()
    paths: dict[int, list[float]] = {}
    for frame in range(int(6 * rate_hz)):
        t = frame / rate_hz
        centres = np.array([[100 + 60 * t, 200.0], [460 - 60 * t, 260.0]])
        tracks = tracker.update(_seen(_boxes(centres), t))
        for key, x in zip(tracks.ids.tolist(), tracks.xy_image_px[:, 0], strict=True):
            paths.setdefault(key, []).append(float(x))
    assert len(paths) == 2
    for path in paths.values():
        steps = np.diff(path)
        assert (steps > 0).all() or (steps < 0).all()


def test_a_track_counts_only_after_it_was_confirmed() -> None:
    tracker = Tracker(TrackerSettings(confirm_s=0.2, confirm_hits=3))
    box = _boxes(np.array([[100.0, 100.0]]))
    known = [len(tracker.update(_seen(box, 0.1 * frame))) for frame in range(4)]
    assert known == [0, 0, 1, 1]
    # A single false detection is nobody, and ends as nobody.
    other = Tracker()
    other.update(_seen(box, 0.0))
    empty = np.empty((0, 4))
    for frame in range(1, 40):
        tracks = other.update(_seen(empty, 0.1 * frame))
        assert len(tracks) == 0
        assert len(tracks.ended_ids) == 0


def test_a_gap_is_a_gap_in_time_not_in_frames() -> None:
    for rate_hz in (5.0, 25.0):
        tracker = Tracker(TrackerSettings(max_gap_s=1.0))
        for frame in range(int(2 * rate_hz)):
            centre = np.array([[100 + 50 * frame / rate_hz, 100.0]])
            before = tracker.update(_seen(_boxes(centre), frame / rate_hz)).ids
        gone = tracker.update(_seen(np.empty((0, 4)), 2.5))
        assert len(gone) == 0
        assert len(gone.ended_ids) == 0
        after = tracker.update(_seen(_boxes(np.array([[100 + 50 * 2.8, 100.0]])), 2.8))
        assert after.ids.tolist() == before.tolist()
        assert tracker.update(_seen(np.empty((0, 4)), 4.0)).ended_ids.tolist() == before.tolist()


def test_weak_detections_continue_a_track_and_never_begin_one() -> None:
    tracker = Tracker()
    box = _boxes(np.array([[100.0, 100.0]]))
    for frame in range(10):
        assert len(tracker.update(_seen(box, 0.1 * frame, score=0.2))) == 0
    for frame in range(10, 15):
        strong = tracker.update(_seen(box, 0.1 * frame)).ids
    for frame in range(15, 40):
        assert tracker.update(_seen(box, 0.1 * frame, score=0.2)).ids.tolist() == strong.tolist()


@given(st.integers(0, 1000), st.integers(2, 8))
@settings(max_examples=30, deadline=None)
def test_the_order_of_detections_changes_nothing(seed: int, people: int) -> None:
    generator = np.random.default_rng(seed)
    start, speed = generator.uniform(0, 800, (people, 2)), generator.uniform(-80, 80, (people, 2))
    plain, shuffled = Tracker(), Tracker()
    for frame in range(12):
        boxes = _boxes(start + speed * frame / 10 + generator.normal(0, 1, (people, 2)))
        order = generator.permutation(people)
        one = plain.update(_seen(boxes, frame / 10))
        other = shuffled.update(_seen(boxes[order], frame / 10))
        key = np.lexsort(one.boxes_px.T), np.lexsort(other.boxes_px.T)
        np.testing.assert_allclose(one.boxes_px[key[0]], other.boxes_px[key[1]], atol=1e-9)


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_mirroring_the_picture_mirrors_the_tracks(seed: int) -> None:
    generator = np.random.default_rng(seed)
    start, speed = generator.uniform(100, 700, (4, 2)), generator.uniform(-80, 80, (4, 2))
    plain, mirrored = Tracker(), Tracker()
    for frame in range(12):
        boxes = _boxes(start + speed * frame / 10)
        flipped = np.column_stack([800 - boxes[:, 2], boxes[:, 1], 800 - boxes[:, 0], boxes[:, 3]])
        one, other = plain.update(_seen(boxes, frame / 10)), mirrored.update(_seen(flipped, frame / 10))
        left = np.sort(one.xy_image_px[:, 0])
        right = np.sort(800 - other.xy_image_px[:, 0])
        np.testing.assert_allclose(left, right, atol=1e-6)


def test_time_that_stands_still_or_goes_back_moves_nobody() -> None:
    tracker = Tracker()
    for frame in range(5):
        tracks = tracker.update(_seen(_boxes(np.array([[100.0 + frame, 100.0]])), 0.1 * frame))
    for time_s in (0.4, 0.3, 0.0):
        again = tracker.update(_seen(_boxes(np.array([[300.0, 300.0]])), time_s))
        assert again.ids.tolist() == tracks.ids.tolist()
        np.testing.assert_array_equal(again.boxes_px, tracks.boxes_px)


def test_finishing_ends_confirmed_tracks_once() -> None:
    tracker = Tracker()
    for frame in range(5):
        ids = tracker.update(_seen(_boxes(np.array([[100.0, 100.0], [300.0, 100.0]])), 0.1 * frame)).ids
    assert sorted(tracker.finish().tolist()) == sorted(ids.tolist())
    assert len(tracker.finish()) == 0


def test_the_filter_equals_the_textbook_one() -> None:
    """One coordinate against the matrix form of the Kalman filter."""
    generator = np.random.default_rng(5)
    noise = Noise(acceleration=0.7, position=0.1, start_speed=1.0)
    ours = KalmanBoxes(noise)
    box = np.array([[10.0, 20.0, 30.0, 80.0]])
    ours.add(box)
    r = (noise.position * 80.0) ** 2
    x, p = np.array([10.0, 0.0]), np.diag([r, (noise.start_speed * 80.0) ** 2])
    for dt in generator.uniform(0.02, 0.4, 20):
        q = (noise.acceleration * ours.position[0, 3]) ** 2
        f = np.array([[1, dt], [0, 1]])
        x, p = f @ x, f @ p @ f.T + q * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
        ours.predict(dt)
        z = x[0] + generator.normal(0, 5)
        seen = np.array([[z, 20.0, 30.0, 80.0]])
        gain = p[:, 0] / (p[0, 0] + r)
        x, p = x + gain * (z - x[0]), p - np.outer(gain, p[0])
        ours.update(np.array([0]), seen)
        np.testing.assert_allclose([ours.position[0, 0], ours.velocity[0, 0]], x, rtol=1e-9)


def test_assignment_is_the_best_of_all_pairings() -> None:
    from itertools import permutations

    generator = np.random.default_rng(3)
    for _ in range(20):
        similarity = generator.uniform(0, 1, (4, 5))
        rows, columns = assign(similarity, least=0.0)
        best = max(sum(similarity[i, c] for i, c in enumerate(chosen)) for chosen in permutations(range(5), 4))
        assert similarity[rows, columns].sum() == pytest.approx(best)


def test_overlap_of_grown_boxes_in_closed_form() -> None:
    one, other = np.array([[0.0, 0, 10, 10]]), np.array([[5.0, 0, 15, 10]])
    assert buffered_iou(one, other, buffer=0.0)[0, 0] == pytest.approx(50 / 150)
    assert buffered_iou(one, other, buffer=0.5)[0, 0] == pytest.approx(15 * 20 / (2 * 400 - 300))
