"""Counter-flow against exact shares."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.measure.scenes import corridor
from tests.measure.walkers import every, juelich, moved

from throng.data.trajectories import Trajectories
from throng.measure.counterflow import CounterFlow, counter_flow
from throng.measure.speed import velocities

Floats = NDArray[np.float64]


def street(forth: int, back: int, *, seed: int = 0, back_mps: float = -1.0) -> tuple[Floats, Floats]:
    """People who walk along x at 1.2 m/s and the others at another speed, anywhere in 10 m by 4 m."""
    rng = np.random.default_rng(seed)
    speed = np.repeat([1.2, back_mps], [forth, back])
    return rng.uniform(0, 1, (forth + back, 2)) * [10, 4], np.column_stack([speed, 0 * speed])


def test_shares_are_those_of_people_and_of_flow() -> None:
    found = counter_flow(*street(30, 10))
    assert found.axis is not None
    np.testing.assert_allclose(found.axis, [1.0, 0.0], atol=1e-12)
    assert found.people_share == pytest.approx(0.25)
    assert found.flow_share == pytest.approx(10 * 1.0 / (30 * 1.2 + 10 * 1.0))
    assert found.moving == 40


def test_all_one_way_has_no_counter_flow_and_no_lanes() -> None:
    found = counter_flow(*street(20, 0))
    assert (found.people_share, found.flow_share) == (0.0, 0.0)
    assert np.isnan(found.lanes)


def test_a_given_axis_may_lie_either_way_round_and_those_who_cross_it_do_not_count() -> None:
    xy, v = street(10, 5)
    v[:3] = [0.05, 1.5]
    for axis in (np.array([2.0, 0.0]), np.array([-1.0, 0.0])):
        found = counter_flow(xy, v, axis=axis)
        assert found.moving == 12
        assert found.people_share == pytest.approx(5 / 12)
        assert found.axis is not None
        assert found.axis[0] == 1.0


def test_lanes() -> None:
    xy, v = street(100, 100, seed=4)
    xy[:, 1] = np.where(v[:, 0] > 0, 0.5, 2.5)
    assert counter_flow(xy, v).lanes == pytest.approx(1.0)
    file = np.column_stack([np.arange(200.0), np.zeros(200)])
    assert counter_flow(file, v).lanes == pytest.approx(0.0)


def test_one_against_one_in_each_lane_is_worse_than_chance() -> None:
    y = np.repeat(np.arange(10.0), 2)
    v = np.column_stack([np.tile([1.0, -1.0], 10), np.zeros(20)])
    assert counter_flow(np.column_stack([y, y]), v).lanes == pytest.approx(1 - 1 / (10 / 19))


def test_lanes_have_no_bias_for_few_people() -> None:
    found = [counter_flow(*street(6, 4, seed=seed)).lanes for seed in range(400)]
    assert np.nanmean(found) == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize(
    ("speeds", "reason"), [([], "fewer than 3"), ([1.0, -1.0], "fewer than 3"), ([0.1] * 8 + [np.nan] * 3, "fewer than 3")]
)
def test_nobody_moving_is_unknown(speeds: list[float], reason: str) -> None:
    v = np.column_stack([speeds, np.zeros(len(speeds))])
    found = counter_flow(np.zeros_like(v), v)
    assert found.axis is None
    assert np.isnan([found.people_share, found.flow_share, found.lanes]).all()
    assert found.reason is not None
    assert reason in found.reason


def test_no_common_axis_is_unknown_unless_one_is_given() -> None:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    v = np.column_stack([np.cos(angle), np.sin(angle)])
    found = counter_flow(np.zeros_like(v), v)
    assert found.reason is not None
    assert "no common axis" in found.reason
    assert counter_flow(np.zeros_like(v), v, axis=np.array([1.0, 1.0])).people_share == pytest.approx(0.5)
    across = np.full((9, 2), [0.0, 1.0])
    assert counter_flow(across, across, axis=np.array([1.0, 0.0])).reason == "fewer than 3 people move along the way"


def test_directions_of_chance_seldom_have_a_common_axis() -> None:
    angles = np.random.default_rng(8).uniform(0, 2 * np.pi, (500, 30))
    found = [counter_flow(np.zeros((30, 2)), np.column_stack([np.cos(a), np.sin(a)])).axis is not None for a in angles]
    assert np.mean(found) == pytest.approx(0.05, abs=0.03)


@given(st.integers(3, 30), st.integers(0, 30), st.floats(-3, 3), st.integers(0, 100))
def test_rigid_motion_and_units_change_nothing(forth: int, back: int, angle: float, seed: int) -> None:
    xy, v = street(forth, back, seed=seed)
    one = counter_flow(xy, v)
    other = counter_flow(moved(xy, angle, (30.0, -7.0)), moved(v, angle, (0.0, 0.0)))
    assert _numbers(other) == pytest.approx(_numbers(one), abs=1e-9, nan_ok=True)
    assert _numbers(counter_flow(xy, 1.4 * v)) == pytest.approx(_numbers(one), abs=1e-9, nan_ok=True)


def _numbers(found: CounterFlow) -> list[float]:
    return [found.people_share, found.flow_share, found.lanes, found.moving]


def mean_shares(trajectories: Trajectories) -> Floats:
    """People's share, flow's share and lane order, mean over the moments where they are known."""
    v = velocities(trajectories, window_s=0.8)
    step = round(trajectories.rate_hz)
    moments = zip(trajectories.starts[:-1:step], trajectories.starts[1::step], strict=True)
    found = [counter_flow(trajectories.xy_m[a:b], v[a:b]) for a, b in moments]
    shares: Floats = np.nanmean([_numbers(one)[:3] for one in found if one.moving >= 20], axis=0)
    return shares


@pytest.mark.parametrize(("forth_per_s", "back_per_s"), [(1.5, 0.0), (1.0, 0.5), (1.0, 1.0)])
def test_a_simulated_corridor(forth_per_s: float, back_per_s: float) -> None:
    """Against where each of the people goes, whom the measure sees for a moment only."""
    crowd = corridor(forth_per_s=forth_per_s, back_per_s=back_per_s)
    order = np.lexsort((crowd.frames, crowd.ids))
    starts = np.flatnonzero(np.diff(crowd.ids[order], prepend=-1))
    east = crowd.xy_m[order][np.append(starts[1:], len(order)) - 1, 0] > crowd.xy_m[order][starts, 0]
    goes_east = dict(zip(crowd.ids[order][starts].tolist(), east.tolist(), strict=True))
    expected, found = [], []
    v = velocities(crowd, window_s=0.8)
    for frame in range(200, 580, 10):
        here = slice(crowd.starts[frame], crowd.starts[frame + 1])
        share = np.mean([goes_east[key] for key in crowd.ids[here].tolist()])
        expected.append(min(share, 1 - share))
        found.append(counter_flow(crowd.xy_m[here], v[here]))
    shares = [one.people_share for one in found]
    np.testing.assert_allclose(shares, expected, atol=0.06)
    assert np.mean(shares) == pytest.approx(np.mean(expected), abs=0.01)


@pytest.mark.realdata
def test_a_corridor_with_two_streams_of_people_and_one_with_one(shared_data: Path) -> None:
    """In the experiment bi_corr_400_b_03 both streams are about as strong and soon walk in lanes; uo-180-180-120 has one."""
    both = juelich(shared_data, "bi_corr_400_b_03.txt")
    people, flow, lanes = mean_shares(both)
    assert 0.4 < flow < people < 0.5
    assert 0.6 < lanes < 0.8
    np.testing.assert_allclose(mean_shares(every(both, 5)), [people, flow, lanes], atol=0.005)
    assert (mean_shares(juelich(shared_data, "uo-180-180-120.txt"))[:2] < 0.005).all()
