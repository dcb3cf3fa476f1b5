"""What the tracker promises of crowds: symmetries, equal numbers at any frame rate, and memory that is bounded."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.track.crowds import Floats, boxes, nothing, oblique_camera, pillar_walk, seen, shown, walk

from throng.data.detections import Detections
from throng.data.ground_map import GroundMap
from throng.data.tracks import Tracks
from throng.track.tracker import Tracker, TrackerSettings

seeds = st.integers(0, 100_000)


class SameTracks:
    """Refuses tracks of two trackers that are not the same boxes with the same ids but for renaming."""

    def __init__(self) -> None:
        self._names: dict[int, int] = {}

    def check(self, one: Tracks, other: Tracks, other_boxes_px: Floats) -> None:
        assert len(one) == len(other)
        assert len(one.ended_ids) == len(other.ended_ids)
        assert {self._names[key] for key in one.ended_ids.tolist()} == set(other.ended_ids.tolist())
        if len(one):
            apart = np.abs(one.boxes_px[:, None] - other_boxes_px[None]).max(axis=2)
            twin = apart.argmin(axis=1)
            assert apart.min(axis=1).max() < 1e-6
            assert len(set(twin.tolist())) == len(twin)
            assert (one.seen == other.seen[twin]).all()
            for key, name in zip(one.ids.tolist(), other.ids[twin].tolist(), strict=True):
                assert self._names.setdefault(key, name) == name


@given(seeds, st.integers(1, 30), st.sampled_from([5.0, 12.0, 30.0]))
@settings(max_examples=40, deadline=None)
def test_the_order_of_detections_changes_nothing(seed: int, people: int, rate_hz: float) -> None:
    generator = np.random.default_rng(seed)
    plain, shuffled, same = Tracker(), Tracker(), SameTracks()
    for frame in walk(seed, people, rate_hz, seconds=15 / rate_hz):
        order = generator.permutation(len(frame))
        other = shuffled.update(seen(frame.boxes_px[order], frame.time_s, frame.scores[order]))
        same.check(plain.update(frame), other, other.boxes_px)


@given(seeds, st.integers(1, 30))
@settings(max_examples=25, deadline=None)
def test_mirroring_the_picture_mirrors_the_tracks(seed: int, people: int) -> None:
    plain, mirrored, same = Tracker(), Tracker(), SameTracks()
    for frame in walk(seed, people, 10.0, seconds=1.5):
        flipped = frame.boxes_px[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [800, 0, 800, 0]
        other = mirrored.update(seen(flipped, frame.time_s, frame.scores))
        same.check(plain.update(frame), other, other.boxes_px[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [800, 0, 800, 0])


@given(seeds, st.integers(1, 30), st.sampled_from([0.125, 0.7, 3.0, 16.0]), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
@settings(max_examples=25, deadline=None)
def test_a_shifted_and_scaled_picture_shifts_and_scales_the_tracks(
    seed: int, people: int, scale: float, right: float, down: float
) -> None:
    plain, moved, same = Tracker(), Tracker(), SameTracks()
    offset = np.array([right, down, right, down])
    for frame in walk(seed, people, 10.0, seconds=1.5):
        other = moved.update(seen(frame.boxes_px * scale + offset, frame.time_s, frame.scores))
        same.check(plain.update(frame), other, (other.boxes_px - offset) / scale)


@pytest.mark.parametrize("seed", range(4))
def test_any_frame_rate_gives_as_many_tracks(seed: int) -> None:
    people = 10
    for rate_hz in (5.0, 12.0, 30.0):
        tracker = Tracker()
        everyone = {key for frame in pillar_walk(seed, people, rate_hz) for key in tracker.update(frame).ids.tolist()}
        assert len(everyone) == people


def test_two_thousand_people_at_once_keep_their_ids() -> None:
    generator = np.random.default_rng(1)
    start = np.array([(60.0 * column, 110.0 * row) for row in range(40) for column in range(50)])
    velocity = generator.uniform(-30, 30, start.shape)
    tracker, owners = Tracker(), dict[int, int]()
    for frame in range(6):
        true = start + velocity * frame / 10
        tracks = tracker.update(seen(boxes(true + generator.normal(0, 1, true.shape)), frame / 10))
        if frame >= 2:
            assert len(tracks) == 2000
            feet = tracks.xy_image_px - [0, 50]
            nearest = [int(np.abs(true - foot).sum(axis=1).argmin()) for foot in feet]
            for key, person in zip(tracks.ids.tolist(), nearest, strict=True):
                assert owners.setdefault(key, person) == person
    assert len(owners) == 2000


def test_a_weak_frame_after_a_crowd_was_lost_costs_no_memory() -> None:
    # Weak detections are candidates for nobody who is long unseen, and most people's reach is then nothing.
    generator = np.random.default_rng(0)
    tracker = Tracker()
    lost, here, weak = (boxes(generator.uniform(0, 40_000, (n, 2))) for n in (200, 60, 60))
    shown(tracker, lost, np.arange(3) / 10)
    known = set(shown(tracker, here, 0.3 + np.arange(19) / 10)[-1].ids.tolist())
    tracks = tracker.update(seen(np.concatenate([here, weak]), 2.2, 0.2))
    assert len(known) == 60
    assert set(tracks.ids.tolist()) == known
    assert tracks.seen.all()


def test_ids_never_repeat() -> None:
    trackers, everyone = [Tracker(), Tracker()], list[int]()
    corners = boxes([(60.0 * column, 110.0 * row) for row in range(20) for column in range(50)])
    for batch in range(8):
        for tracker in trackers:
            ids = shown(tracker, corners, 100 * batch + np.arange(4) / 10)[-1].ids.tolist()
            assert len(ids) == 1000
            everyone += ids
    assert len(set(everyone)) == 16_000
    # Nor do they count anything: an id says nothing of when its track began.
    assert abs(float(np.mean(np.diff(np.argsort(everyone)) > 0)) - 0.5) < 0.05


def _held(tracker: Tracker) -> int:
    """How many tracks the longest attribute of the tracker, or of what it consists of, has room for."""
    constants = {name for name, length in _lengths(Tracker()) if length}
    return max(length for name, length in _lengths(tracker) if name not in constants)


def _lengths(thing: object) -> Iterator[tuple[str, int]]:
    for name, value in vars(thing).items():
        if hasattr(value, "__len__"):
            yield name, len(value)
        if type(value).__module__.startswith("throng.track") and hasattr(value, "__dict__"):
            yield from _lengths(value)


@pytest.mark.parametrize("ground", [None, oblique_camera()])
def test_nothing_is_held_but_the_tracks_alive(ground: GroundMap | None) -> None:
    tracker = Tracker(ground=ground)
    corners = boxes([(200.0 + 150 * n, 700.0) for n in range(8)])
    alive = set(shown(tracker, corners, np.arange(5) / 10)[-1].ids.tolist())
    assert len(alive) == _held(tracker) == 8
    for frame in range(5, 80):
        tracks = tracker.update(seen(corners[: 8 - frame // 10], frame / 10))
        alive -= set(tracks.ended_ids.tolist())
        assert _held(tracker) == len(alive)
    assert len(alive) < 5
    tracker.finish()
    assert _held(tracker) == 0


def test_an_hour_of_empty_frames_ends_everyone_and_holds_nobody() -> None:
    tracker = Tracker()
    ids = shown(tracker, boxes([[100.0, 100.0], [300.0, 100.0]]), np.arange(10) / 10)[-1].ids.tolist()
    ended: list[int] = []
    for frame in range(18_000):
        tracks = tracker.update(nothing(1.0 + frame / 5))
        ended += tracks.ended_ids.tolist()
    assert sorted(ended) == sorted(ids)
    assert _held(tracker) == 0


def test_an_hour_of_false_detections_holds_only_the_last_seconds() -> None:
    generator = np.random.default_rng(7)
    tracker, rate_hz, each = Tracker(TrackerSettings(max_gap_s=2.0, young_gap_s=0.5)), 1.0, 60
    most = 0
    for frame in range(3600):
        tracker.update(seen(boxes(generator.uniform(0, 1000, (each, 2))), frame / rate_hz))
        most = max(most, _held(tracker))
    # At one frame a second whoever is confirmed by chance lives for three frames, and all others for two.
    assert each < most <= 3 * each
    most, start_s = 0, 3600.0
    for frame in range(600):
        tracker.update(seen(boxes(generator.uniform(0, 4000, (each, 2))), start_s + frame / 5))
        most = max(most, _held(tracker))
    assert each < most <= each * (5 * 0.5 + 1)


@given(seeds, st.booleans())
@settings(max_examples=60, deadline=None)
def test_nothing_that_a_detector_may_say_upsets_the_tracker(seed: int, calibrated: bool) -> None:
    # Tracks refuse what is not finite, and warnings are errors.
    generator = np.random.default_rng(seed)
    tracker = Tracker(ground=oblique_camera() if calibrated else None)
    time_s = 0.0
    for _ in range(25):
        time_s += float(10 ** generator.uniform(-6, 3 if generator.random() < 0.1 else 0))
        n = int(generator.integers(0, 30))
        corner = generator.uniform(-500, 2500, (n, 2)) if generator.random() < 0.9 else np.full((n, 2), 960.0)
        size = 10 ** generator.uniform(-3 if generator.random() < 0.1 else 1, 3, (n, 2))
        scores = generator.choice([0.0, 0.1, 0.5, 0.9, 1.0], n)
        tracks = tracker.update(Detections(np.concatenate([corner, corner + size], axis=1), scores, time_s))
        assert (tracks.boxes_px[:, 2:] > tracks.boxes_px[:, :2]).all()
        assert len(set(tracks.ids.tolist())) == len(tracks)
