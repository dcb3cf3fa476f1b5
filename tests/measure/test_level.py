"""Levels of speed: near the truth, seldom told, and not moved by the noise of boxes."""

from collections import defaultdict
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.measure.events import PX_PER_M, events_in, tracks_of
from tests.measure.walkers import walkers
from tests.track.crowds import oblique_camera, people_px, seen

from throng.data.place import Extras, Zone
from throng.ground.apply import on_ground
from throng.measure.level import AGAIN_S, LOOK_EVERY_S, STEP_MPS, WalkingLevels
from throng.measure.measurer import Measurer
from throng.track.tracker import Tracker

Floats = NDArray[np.float64]
Told = list[tuple[float, float]]
"""When a level was told, and which."""
EVERYWHERE = Zone("all", np.array([[0.0, 0.0], [1920.0, 0.0], [1920.0, 1080.0], [0.0, 1080.0]]))
ENTRIES, EXITS, LEVEL = 0, 1, 3
JITTER = 0.04
"""Of the heights of boxes, as `throng.simulate.detections.Faults` has it."""


def _rise(told: Told) -> float:
    """How far a visit's level went up in all, m/s."""
    return float(np.maximum(np.diff([0.0] + [level for _, level in told]), 0.0).sum())


def _mean(told: Told, end_s: float) -> float:
    """The mean level from the start of the film to its end, m/s."""
    times_s, levels = np.array([(0.0, 0.0), *told]).T
    return float(np.diff(times_s, append=end_s) @ levels / end_s)


def _alone(place_m: Callable[[float], tuple[float, float]], *, rate_hz: float, seconds: float, sway_m: float = 0.0) -> Told:
    """The levels of one person who is in the zone all the time."""
    random, levels, told = np.random.default_rng(3), WalkingLevels(1), []
    for frame in range(int(seconds * rate_hz) + 1):
        if levels.due(frame / rate_hz):
            xy_m = np.array([place_m(frame / rate_hz)]) + random.normal(0, sway_m, (1, 2))
            changes = levels.update(np.array([7], np.uint64), xy_m, np.zeros((1, 1)), frame / rate_hz)
            told += [(frame / rate_hz, level) for _, _, level in changes]
    return told


def _followed(places_m: Callable[[float], Floats], *, rate_hz: float, seconds: float, films: int = 3) -> list[Told]:
    """The levels of people who are found by a detector that errs and misses, and followed on the ground."""
    ground, told = oblique_camera(), dict[int, Told]()
    for seed in range(films):
        random = np.random.default_rng(seed)
        tracker, measurer = Tracker(ground=ground), Measurer([], [EVERYWHERE], extras=Extras(speed_now=True))
        for frame in range(int(seconds * rate_hz)):
            corners = _found(people_px(places_m(frame / rate_hz)), random)
            found = measurer.update(on_ground(tracker.update(seen(corners, frame / rate_hz)), ground))
            for time_s, key, counter, amount in events_in(found):
                if counter == ENTRIES:
                    told[key] = []
                if counter == LEVEL:
                    told[key].append((time_s, amount))
    return list(told.values())


def _found(boxes_px: Floats, random: np.random.Generator) -> Floats:
    """Corners of nine in ten boxes, askew."""
    middle = boxes_px[:, :2] + random.normal(0, JITTER, (len(boxes_px), 2)) * boxes_px[:, 3:]
    half = boxes_px[:, 2:] * np.exp(random.normal(0, JITTER, (len(boxes_px), 2))) / 2
    return np.concatenate([middle - half, middle + half], axis=1)[random.random(len(boxes_px)) < 0.9]


@given(st.floats(0.0, 2.5), st.floats(-3.1, 3.1), st.sampled_from([3.0, 5.0, 12.5, 30.0]))
@settings(deadline=None)
def test_steady_walkers_have_the_nearest_level_and_it_is_told_once(speed: float, angle: float, rate_hz: float) -> None:
    told = _alone(lambda t: (speed * t * np.cos(angle), speed * t * np.sin(angle)), rate_hz=rate_hz, seconds=20.0)
    if abs(speed - STEP_MPS) > 1e-6:
        assert len(told) == (speed > STEP_MPS)
    assert all(abs(level - speed) <= STEP_MPS / 2 + 1e-9 for _, level in told)


@pytest.mark.parametrize("rate_hz", [5.0, 10.0, 25.0])
def test_steady_walkers_before_a_camera_tell_about_one_level(rate_hz: float) -> None:
    ways = np.where(np.arange(9) % 2, 1.0, -1.0)
    start_m, walk_mps = np.column_stack([-ways * np.linspace(10.0, 4.0, 9), np.linspace(9.0, 22.0, 9)]), np.zeros((9, 2))
    walk_mps[:, 0] = 1.3 * ways
    visits = _followed(lambda t: start_m + walk_mps * t, rate_hz=rate_hz, seconds=12.0)
    long = [told for told in visits if told]
    assert len(long) >= 25
    assert np.mean([len(told) for told in long]) <= 1.75
    assert np.mean([_rise(told) for told in long]) <= 1.3 + STEP_MPS
    assert abs(np.mean([told[-1][1] for told in long]) - 1.3) < STEP_MPS / 2


@pytest.mark.parametrize("rate_hz", [5.0, 10.0])
def test_those_who_stand_before_a_camera_do_not_walk(rate_hz: float) -> None:
    places_m = np.column_stack([np.linspace(-4.0, 4.0, 9), np.tile([9.0, 14.0, 19.0], 3)])
    visits = _followed(lambda t: places_m, rate_hz=rate_hz, seconds=40.0)
    assert len(visits) >= 27
    assert np.mean([_mean(told, 40.0) for told in visits]) < 0.03
    assert np.mean([_rise(told) for told in visits]) <= 2 * STEP_MPS


@pytest.mark.parametrize("rate_hz", [5.0, 10.0, 25.0])
def test_one_who_stops_falls_to_nothing_and_one_who_starts_rises(rate_hz: float) -> None:
    stops = _alone(lambda t: (1.3 * min(t, 10.0), 0.0), rate_hz=rate_hz, seconds=30.0, sway_m=0.03)
    assert stops[-1][1] == 0.0
    assert 10.0 < stops[-1][0] <= 10.0 + 2 * AGAIN_S + 2 * LOOK_EVERY_S
    assert _rise(stops) <= 1.3 + STEP_MPS
    starts = _alone(lambda t: (1.3 * max(t - 10.0, 0.0), 0.0), rate_hz=rate_hz, seconds=30.0, sway_m=0.03)
    assert starts[0][0] > 10.0
    assert abs(starts[-1][1] - 1.3) < STEP_MPS


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_levels_are_told_seldom_within_a_visit_and_every_visit_begins_anew(seed: int) -> None:
    """Three people who walk wildly in and out of two zones, unseen now and then, look by look."""
    random, levels = np.random.default_rng(seed), WalkingLevels(2)
    ids, xy_m, time_s = random.choice(1000, 3, replace=False).astype(np.uint64), np.zeros((3, 2)), 0.0
    entered_s = np.full((2, 3), np.nan)
    visits: dict[tuple[int, int, float], Told] = defaultdict(list)
    for _ in range(120):
        time_s += random.uniform(0.4, 0.8)
        if not levels.due(time_s):
            continue
        xy_m = xy_m + random.normal(0, 1.5, (3, 2))
        turned = random.random((2, 3)) < 0.1
        entered_s = np.where(turned, np.where(random.random((2, 3)) < 0.7, time_s - 0.2, np.nan), entered_s)
        here = np.flatnonzero(random.random(3) < 0.8)
        for key, zone, level in levels.update(ids[here], xy_m[here], entered_s[:, here], time_s):
            began_s = entered_s[zone, ids.tolist().index(key)]
            assert time_s >= began_s
            visits[key, zone, began_s].append((time_s, level))
    assert visits
    for told in visits.values():
        times_s, speeds = np.array([(-np.inf, 0.0), *told]).T
        assert (np.diff(times_s) >= AGAIN_S).all()
        assert (np.abs(np.diff(speeds)) >= STEP_MPS).all()
        np.testing.assert_array_equal(speeds % STEP_MPS, 0.0)


def test_levels_tell_the_mean_speed_of_those_inside() -> None:
    """Sixty people on bent ways with feet that sway; each speed is that of the person's own way."""
    crowd = walkers(rate_hz=10.0)
    zone = Zone("square", PX_PER_M * np.array([[-3.0, -3.0], [3.0, -3.0], [3.0, 3.0], [-3.0, 3.0]]))
    measurer = Measurer([], [zone], extras=Extras(speed_now=True))
    steps_m = {key: np.hypot(*np.diff(crowd.xy_m[crowd.ids == key][::10], axis=0).T) for key in np.unique(crowd.ids).tolist()}
    levels: dict[int, float] = {}
    since_s: dict[int, float] = {}
    errors: list[float] = []
    for tracks in tracks_of(crowd):
        for time_s, key, counter, amount in events_in(measurer.update(tracks)):
            if counter == ENTRIES:
                levels[key], since_s[key] = 0.0, time_s
            elif counter == EXITS:
                del levels[key]
            elif counter == LEVEL:
                levels[key] = amount
        known = [key for key in levels if tracks.time_s - since_s[key] >= 1.0 + LOOK_EVERY_S]
        if known:
            errors.append(float(np.mean([levels[key] - steps_m[key].mean() for key in known])))
    assert len(errors) > 200
    assert np.abs(errors).max() < STEP_MPS
    assert abs(np.mean(errors)) < STEP_MPS / 5
