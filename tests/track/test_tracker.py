"""What the tracker promises of single people: who counts, for how long, and that nobody is kept."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.track.crowds import boxes, nothing, oblique_camera, people_px, seen, shown

from throng.data.place import Anchor
from throng.track.tracker import Tracker, TrackerSettings

BOX = boxes([100.0, 100.0])
FRAMES = np.arange(10) / 10
WARY = TrackerSettings(confirm_evidence=5.0, confirm_hits=3)


@pytest.mark.parametrize("rate_hz", [5.0, 12.0, 30.0])
def test_two_people_who_pass_each_other_keep_their_ids(rate_hz: float) -> None:
    tracker, paths = Tracker(), dict[int, list[float]]()
    for frame in range(int(6 * rate_hz)):
        time_s = frame / rate_hz
        tracks = tracker.update(seen(boxes([[100 + 60 * time_s, 200.0], [460 - 60 * time_s, 205.0]]), time_s))
        for key, x in zip(tracks.ids.tolist(), tracks.xy_image_px[:, 0], strict=True):
            paths.setdefault(key, []).append(float(x))
    assert len(paths) == 2
    for path in paths.values():
        assert len(path) >= 5 * rate_hz
        assert (np.diff(path) > 0).all() or (np.diff(path) < 0).all()


@pytest.mark.parametrize("later", [[0.0] * 40, [0.2, 0.0] * 20, [0.4] + [0.0] * 39])
def test_a_false_detection_is_nobody_and_ends_as_nobody(later: list[float]) -> None:
    tracker = Tracker()
    tracker.update(seen(BOX, 0.0, 0.95))
    for frame, score in enumerate(later, start=1):
        corners = BOX if score else BOX[:0]
        tracks = tracker.update(seen(corners, frame / 10, score))
        assert len(tracks) == len(tracks.ended_ids) == 0
    assert len(tracker.finish()) == 0


@pytest.mark.parametrize("score", [0.11, 0.3, 0.49])
def test_weak_detections_continue_a_track_and_never_begin_one(score: float) -> None:
    tracker = Tracker()
    assert not any(len(tracks) for tracks in shown(tracker, BOX, FRAMES, score))
    ids = shown(tracker, BOX, 1 + FRAMES)[-1].ids.tolist()
    assert len(ids) == 1
    assert all(
        tracks.ids.tolist() == ids and tracks.seen.all() for tracks in shown(tracker, BOX, 2 + np.arange(30) / 10, score)
    )


def test_detections_that_are_too_weak_are_not_looked_at() -> None:
    tracker = Tracker()
    shown(tracker, BOX, FRAMES)
    assert not tracker.update(seen(BOX, 1.0, 0.09)).seen.any()


def test_a_track_counts_once_there_is_enough_evidence() -> None:
    assert [len(tracks) for tracks in shown(Tracker(WARY), BOX, FRAMES[:4])] == [0, 0, 1, 1]
    # The less sure the detector, the longer.
    doubtful = [len(tracks) for tracks in shown(Tracker(WARY), BOX, FRAMES, 0.7)]
    assert doubtful == [0] * 5 + [1] * 5
    eager = Tracker(TrackerSettings(confirm_evidence=0.0, confirm_hits=2))
    assert [len(tracks) for tracks in shown(eager, BOX, FRAMES[:3])] == [0, 1, 1]


def test_pictures_that_are_alike_are_less_evidence() -> None:
    def first_s(rate_hz: float) -> float:
        tracks = shown(Tracker(WARY), BOX, np.arange(rate_hz) / rate_hz)
        return [len(one) for one in tracks].index(1) / rate_hz

    assert first_s(200.0) == pytest.approx(first_s(100.0), abs=0.02)
    assert first_s(200.0) > 0.05


@pytest.mark.parametrize("rate_hz", [5.0, 25.0])
def test_a_gap_is_a_gap_in_time_not_in_frames(rate_hz: float) -> None:
    tracker = Tracker()
    ended = Counter[int]()

    def step(frame: int, *, visible: bool) -> list[int]:
        time_s = frame / rate_hz
        corners = boxes([100 + 50 * time_s, 100.0])
        tracks = tracker.update(seen(corners if visible else corners[:0], time_s))
        ended.update(tracks.ended_ids.tolist())
        return [int(key) for key in tracks.ids]

    for frame in range(int(2 * rate_hz)):
        known = step(frame, visible=True)
    assert len(known) == 1
    # A second behind a lamp post.
    for frame in range(int(2 * rate_hz), int(3 * rate_hz)):
        hidden = step(frame, visible=False)
    assert hidden == []
    for frame in range(int(3 * rate_hz), int(4 * rate_hz)):
        assert step(frame, visible=True) == known
    last = int(4 * rate_hz) - 1
    for frame in range(last + 1, last + int(2 * rate_hz) + 1):
        step(frame, visible=False)
        assert not ended
    for frame in range(last + int(2 * rate_hz) + 1, last + int(9 * rate_hz)):
        step(frame, visible=False)
        assert dict(ended) == {known[0]: 1}
    assert len(tracker.finish()) == 0


def test_whoever_is_hidden_for_a_moment_is_where_they_were_going() -> None:
    tracker = Tracker()
    for frame in range(20):
        tracker.update(seen(boxes([100 + 6.0 * frame, 100.0]), frame / 10))
    for unseen_s in (0.03, 0.2, 0.29):
        tracks = tracker.update(nothing(1.9 + unseen_s))
        assert tracks.seen.tolist() == [False]
        np.testing.assert_allclose(tracks.xy_image_px, [[100 + 60 * (1.9 + unseen_s), 150.0]], atol=1.5)
    absent = tracker.update(nothing(1.9 + 0.31))
    assert len(absent) == len(absent.ended_ids) == 0
    found = tracker.update(seen(boxes([100 + 60 * 2.4, 100.0]), 2.4))
    assert found.seen.tolist() == [True]


def test_nobody_is_hidden_for_longer_than_they_were_seen() -> None:
    tracker = Tracker()
    assert len(shown(tracker, BOX, [0.0, 0.05, 0.1])[-1]) == 1
    assert len(tracker.update(nothing(0.19))) == 1
    assert len(tracker.update(nothing(0.22))) == 0


@pytest.mark.parametrize("anchor", ["foot", "centre"])
def test_the_point_that_counts_and_where_it_began(anchor: Anchor) -> None:
    tracker = Tracker(anchor=anchor)
    for frame in range(12):
        tracks = tracker.update(seen(boxes([100 + 6.0 * frame, 100.0]), frame / 10))
    left, top, right, bottom = tracks.boxes_px[0]
    assert tracks.xy_image_px[0].tolist() == [(left + right) / 2, bottom if anchor == "foot" else (top + bottom) / 2]
    assert tracks.begin_image_px.tolist() == [[100.0, 150.0 if anchor == "foot" else 100.0]]


def test_time_that_stands_still_or_goes_back_moves_nobody() -> None:
    tracker = Tracker()
    for frame in range(6):
        before = tracker.update(seen(boxes([[100.0 + frame, 100.0], [300.0, 100.0]])[: 2 if frame < 5 else 1], frame / 10))
    assert before.seen.tolist() == [True, False]
    for time_s in (0.5, 0.3, -1e9):
        again = tracker.update(seen(boxes([500.0, 300.0]), time_s))
        for name in ("ids", "boxes_px", "xy_image_px", "seen", "begin_image_px"):
            np.testing.assert_array_equal(getattr(again, name), getattr(before, name))
        assert again.time_s == before.time_s
        assert len(again.ended_ids) == 0


@pytest.mark.parametrize("scores", [[0.9, 0.9], [0.9, 0.9, 0.9], [0.9, 0.6], [0.6, 0.9, 0.3]])
def test_the_same_box_twice_is_one_person(scores: list[float]) -> None:
    everyone = {
        key for tracks in shown(Tracker(), BOX.repeat(len(scores), axis=0), FRAMES, scores) for key in tracks.ids.tolist()
    }
    assert len(everyone) == 1


@given(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0), st.floats(0.4, 2.5), st.floats(0.4, 2.5), st.booleans())
@example(right=0.55, down=0.0, wide=2.0, tall=1.0, first=False)
@settings(max_examples=150, deadline=None)
def test_boxes_are_one_person_while_they_overlap_enough(
    right: float, down: float, wide: float, tall: float, first: bool
) -> None:
    corners = np.concatenate([BOX, boxes([100 + 40 * right, 100 + 100 * down], (40 * wide, 100 * tall))])
    common = np.minimum(corners[0, 2:], corners[1, 2:]) - np.maximum(corners[0, :2], corners[1, :2])
    shared = np.maximum(common, 0).prod()
    overlap = shared / ((corners[:, 2:] - corners[:, :2]).prod(axis=1).sum() - shared)
    least, scores = TrackerSettings().duplicate_iou, [0.9, 0.8] if first else [0.8, 0.9]
    one_person = len(shown(Tracker(), corners, FRAMES[:6], scores)[-1]) == 1
    assert one_person == (overlap >= least) or abs(overlap - least) < 1e-9


def test_finishing_ends_confirmed_tracks_once_and_leaves_nothing() -> None:
    tracker = Tracker()
    ids = shown(tracker, boxes([[100.0, 100.0], [300.0, 100.0]]), FRAMES)[-1].ids.tolist()
    tracker.update(seen(boxes([[100.0, 100.0], [900.0, 100.0]]), 1.0))
    assert sorted(tracker.finish().tolist()) == sorted(ids)
    assert len(tracker.finish()) == 0
    later = tracker.update(seen(BOX, 1.1))
    assert len(later) == len(later.ended_ids) == 0
    assert not set(ids) & set(shown(tracker, BOX, 1.2 + FRAMES)[-1].ids.tolist())


def test_nobody_stands_above_the_horizon() -> None:
    tracker = Tracker(ground=oblique_camera())
    person = people_px(np.array([[0.0, 9.0]]))
    walls = np.concatenate([person, person - [300.0, 700.0, 0, 0]])
    corners = boxes(walls[:, :2], (float(person[0, 2]), float(person[0, 3])))
    everyone = {key for tracks in shown(tracker, corners, FRAMES) for key in tracks.ids.tolist()}
    assert len(everyone) == 1


@pytest.mark.parametrize("rate_hz", [5.0, 30.0])
def test_two_people_who_pass_each_other_on_the_ground_keep_their_ids(rate_hz: float) -> None:
    tracker, paths = Tracker(ground=oblique_camera()), dict[int, list[float]]()
    for frame in range(int(6 * rate_hz)):
        time_s = frame / rate_hz
        people = people_px(np.array([[-0.1, 16 - 1.4 * time_s], [0.1, 8 + 1.2 * time_s]]))
        corners = np.concatenate([people[:, :2] - people[:, 2:] / 2, people[:, :2] + people[:, 2:] / 2], axis=1)
        tracks = tracker.update(seen(corners, time_s))
        for key, y in zip(tracks.ids.tolist(), tracks.xy_image_px[:, 1], strict=True):
            paths.setdefault(key, []).append(float(y))
    assert len(paths) == 2
    for path in paths.values():
        assert len(path) >= 5 * rate_hz
        assert (np.diff(path) > 0).all() or (np.diff(path) < 0).all()
