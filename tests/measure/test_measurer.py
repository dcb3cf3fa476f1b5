"""Entries, exits and occupancy of zones, and the numbering of counters."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.data.place import Line, Zone
from throng.data.tracks import Tracks
from throng.measure.measurer import Measurer

Floats = NDArray[np.float64]
ZONE = Zone("hall", np.array([[100.0, 100.0], [300.0, 100.0], [300.0, 300.0], [100.0, 300.0]]))
LINE = Line("door", np.array([[0.0, 200.0], [400.0, 200.0]]))


def _tracks(
    ids: list[int], feet: Floats, time_s: float, ended: list[int] | None = None, ground_m: Floats | None = None
) -> Tracks:
    half = np.array([20.0, 0.0])
    boxes = np.column_stack([feet - half - [0, 100], feet + half])
    return Tracks(
        np.array(ids, np.uint64),
        boxes,
        feet,
        ground_m,
        np.array(ended or [], np.uint64),
        time_s,
        np.ones(len(ids), dtype=bool),
        feet,
    )


def test_counters_are_numbered_lines_first() -> None:
    measurer = Measurer([LINE], [ZONE])
    entered = measurer.update(_tracks([7], np.array([[200.0, 150.0]]), 0.0))
    assert entered.counters.tolist() == [2]
    crossed: list[int] = []
    for step in range(1, 20):
        crossed += measurer.update(_tracks([7], np.array([[200.0, 150.0 + 8 * step]]), 0.1 * step)).counters.tolist()
    left = measurer.end(np.array([7], np.uint64), 3.0)
    assert sorted(crossed + left.counters.tolist()) == [0, 3]
    assert left.occupancy.tolist() == [0]


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_entries_minus_exits_is_occupancy_at_every_moment(seed: int) -> None:
    generator = np.random.default_rng(seed)
    measurer = Measurer([], [ZONE])
    feet = generator.uniform(0, 400, (8, 2))
    alive = list(range(8))
    balance = 0
    for step in range(60):
        feet = feet + generator.normal(0, 15, feet.shape)
        ended = [key for key in alive if generator.uniform() < 0.02]
        alive = [key for key in alive if key not in ended]
        seen = [key for key in alive if generator.uniform() < 0.8]
        found = measurer.update(_tracks(seen, feet[seen].reshape(-1, 2), 0.1 * step, ended))
        balance += int((found.counters == 0).sum() - (found.counters == 1).sum())
        assert balance == found.occupancy[0]
        assert 0 <= balance <= len(alive)
    final = measurer.end(np.array(alive, np.uint64), 7.0)
    assert final.occupancy.tolist() == [0]


def test_swaying_on_the_border_of_a_zone_is_one_visit() -> None:
    measurer = Measurer([], [ZONE])
    generator = np.random.default_rng(1)
    entries = exits = 0
    for step in range(300):
        foot = np.array([[200.0, 100.0 + np.clip(generator.normal(0, 1.5), -3.9, 3.9)]])
        found = measurer.update(_tracks([1], foot, 0.1 * step)).counters
        entries, exits = entries + int((found == 0).sum()), exits + int((found == 1).sum())
    assert (entries, exits) in {(0, 0), (1, 0)}


def test_feet_on_the_edge_of_the_picture_are_inside_a_zone_that_covers_it() -> None:
    whole = Zone("all", np.array([[0.0, 0.0], [768.0, 0.0], [768.0, 432.0], [0.0, 432.0]]))
    found = Measurer([], [whole]).update(_tracks([1], np.array([[300.0, 432.0]]), 0.0))
    assert found.counters.tolist() == [0]


def _visit(walk_m: Callable[[float], tuple[float, float]], *, rate_hz: float, seconds: float) -> list[float]:
    """The speeds that are told of one visit; the way is in metres, 50 pixels each, from 20 px left of the zone."""
    measurer = Measurer([LINE], [ZONE])
    told: list[float] = []
    for frame in range(int(seconds * rate_hz) + 1):
        place_m = np.array([walk_m(frame / rate_hz)])
        found = measurer.update(_tracks([7], 80.0 + 50.0 * place_m, frame / rate_hz, ground_m=place_m))
        told += found.amounts[found.counters == 4].tolist()
        assert (found.amounts[found.counters < 4] == 1).all()
    ended = measurer.end(np.array([7], np.uint64), seconds)
    assert ended.counters.tolist() in ([], [3], [3, 4])
    return told + [float(speed) for speed in ended.amounts[ended.counters == 4]]


@pytest.mark.parametrize("rate_hz", [5.0, 10.0, 30.0])
def test_a_visit_has_its_mean_speed_at_any_frame_rate(rate_hz: float) -> None:
    (straight,) = _visit(lambda t: (0.8 * t, 2.0), rate_hz=rate_hz, seconds=8.0)
    assert straight == pytest.approx(0.8, rel=1e-6)
    (stopping,) = _visit(lambda t: (0.8 * min(t, 2.5) + 0.8 * max(t - 5.5, 0.0), 2.0), rate_hz=rate_hz, seconds=12.0)
    assert 0.4 < stopping < 0.65


def test_who_stands_and_sways_does_not_walk() -> None:
    sway = np.random.default_rng(1).normal(0.0, 0.03, 1000)
    (speed,) = _visit(lambda t: (2.0 + float(sway[round(10 * t)]), 2.0), rate_hz=10.0, seconds=60.0)
    assert speed < 0.06


def test_too_short_a_visit_has_no_speed() -> None:
    assert _visit(lambda t: (2.0, 2.0), rate_hz=10.0, seconds=0.9) == []


def test_without_a_calibration_there_are_no_speeds() -> None:
    measurer = Measurer([], [ZONE])
    for frame in range(30):
        measurer.update(_tracks([7], np.array([[200.0, 150.0]]), frame / 10))
    assert measurer.end(np.array([7], np.uint64), 3.0).counters.tolist() == [1]
