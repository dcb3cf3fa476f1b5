"""A crossing is going through the segment and staying there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.data.place import Line
from throng.measure.crossing import LineCrossings
from throng.measure.slots import FIRST_CAPACITY

LINE = Line("door", np.array([[100.0, 200.0], [500.0, 200.0]]))
Floats = NDArray[np.float64]


def _crossings(
    paths: list[Floats], line: Line = LINE, rate_hz: float = 10.0, height_px: float = 100.0
) -> list[tuple[int, int]]:
    counter = LineCrossings([line])
    found = []
    steps = max(len(path) for path in paths)
    for step in range(steps):
        alive = [key for key, path in enumerate(paths) if step < len(path)]
        ended = [key for key, path in enumerate(paths) if step == len(path)]
        points = np.array([paths[key][step] for key in alive])
        ids, heights = np.array(alive, np.uint64), np.full(len(alive), height_px)
        found += counter.update(ids, points, heights, points, step / rate_hz)
        found += counter.end(np.array(ended, np.uint64))
    return found + counter.end(np.arange(len(paths), dtype=np.uint64))


def _walk(x: float, y_from: float, y_to: float, steps: int = 30) -> Floats:
    return np.column_stack([np.full(steps, x), np.linspace(y_from, y_to, steps)])


def test_left_to_right_is_in() -> None:
    # Looking from (100, 200) to (500, 200), the right-hand side lies below: y grows downwards.
    assert _crossings([_walk(300, 100, 300)]) == [(0, 0)]
    assert _crossings([_walk(300, 300, 100)]) == [(0, 1)]


def test_turning_the_line_around_swaps_in_and_out() -> None:
    turned = Line("door", LINE.ends_px[::-1].copy())
    assert _crossings([_walk(300, 100, 300)], turned) == [(0, 1)]


def test_passing_beside_the_segment_is_no_crossing() -> None:
    assert _crossings([_walk(90, 100, 300), _walk(510, 300, 100)]) == []


def test_turning_around_on_the_line_is_no_crossing() -> None:
    path = np.concatenate([_walk(300, 100, 205), _walk(300, 205, 100)])
    assert _crossings([path]) == []


@given(st.integers(0, 10_000), st.floats(0.5, 6.0))
@settings(max_examples=60, deadline=None)
def test_swaying_on_the_line_counts_once_or_not_at_all(seed: int, sway_px: float) -> None:
    generator = np.random.default_rng(seed)
    path = np.column_stack([np.full(300, 300.0), 200 + np.clip(generator.normal(0, sway_px, 300), -7.9, 7.9)])
    assert len(_crossings([path])) <= 1


@given(st.integers(0, 10_000), st.sampled_from([5.0, 12.5, 30.0]))
@settings(max_examples=60, deadline=None)
def test_a_walk_across_with_swaying_feet_counts_once(seed: int, rate_hz: float) -> None:
    generator = np.random.default_rng(seed)
    steps = int(6 * rate_hz)
    path = _walk(300, 60, 340, steps) + generator.normal(0, 3.0, (steps, 2))
    assert _crossings([path], rate_hz=rate_hz) == [(0, 0)]


def test_there_and_back_counts_both_ways() -> None:
    path = np.concatenate([_walk(300, 100, 300), _walk(300, 300, 100)])
    assert _crossings([path]) == [(0, 0), (0, 1)]


def test_a_track_that_ends_just_beyond_the_line_has_crossed_and_one_born_on_it_has_not() -> None:
    assert _crossings([_walk(300, 100, 202)]) == [(0, 0)]
    assert _crossings([_walk(300, 199, 202, steps=3)]) == []


def test_many_at_once_are_each_counted() -> None:
    paths = [_walk(x, 100, 300) for x in range(110, 500, 10)] + [_walk(x, 300, 100) for x in range(115, 500, 10)]
    found = _crossings(paths)
    assert sum(kind == 0 for _, kind in found) == 39
    assert sum(kind == 1 for _, kind in found) == 39


@pytest.mark.parametrize("angle", np.linspace(0, 2 * np.pi, 7)[:-1])
def test_turning_the_whole_scene_changes_nothing(angle: float) -> None:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    line = Line("door", LINE.ends_px @ turn.T)
    assert _crossings([_walk(300, 100, 300) @ turn.T], line) == [(0, 0)]


def test_nothing_is_kept_of_tracks_that_ended() -> None:
    counter = LineCrossings([LINE])
    for key in range(1000):
        ids = np.array([key], np.uint64)
        point = np.array([[300.0, 100.0]])
        counter.update(ids, point, np.array([100.0]), point, float(key))
        counter.end(ids)
    assert counter._side.shape == (1, FIRST_CAPACITY)
