"""Crossings and flows: against PedPy, and what must hold of every recording."""

from pathlib import Path

import numpy as np
import pedpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.measure.walkers import as_frame, backwards, juelich, moved, recordings, walkers, with_places

from throng.data.errors import TrajectoryError
from throng.data.ground_place import GroundLine
from throng.data.trajectories import Trajectories
from throng.measure.flow import (
    crossings,
    cumulative,
    first_passings,
    flow_between_passings,
    flows,
    net_flow,
    specific_flow,
)
from throng.measure.intervals import interval_edges
from throng.measure.speed import velocities

LINE = GroundLine("gate", np.array([[-1.5, 0.3], [2.5, -0.2]]))
JUELICH_LINES = {
    "040_c_56_h-.txt": [[-0.4, 0.0], [0.4, 0.0]],
    "bi_corr_400_b_03.txt": [[0.0, 0.0], [0.0, 4.0]],
    "uo-050-180-180.txt": [[0.0, 2.0], [1.8, 2.0]],
    "uo-180-180-120.txt": [[0.0, 2.0], [1.8, 2.0]],
}


def walk(*places: tuple[float, float], frames: tuple[int, ...] = ()) -> Trajectories:
    """One person, one place a second."""
    return Trajectories(np.zeros(len(places), int), np.array(frames or range(len(places))), np.array(places, dtype=float), 1.0)


def check_against_pedpy(trajectories: Trajectories, line: GroundLine) -> int:
    data, measured = pedpy.TrajectoryData(as_frame(trajectories), trajectories.rate_hz), pedpy.MeasurementLine(line.ends_m)
    n_t, frames = pedpy.compute_n_t(traj_data=data, measurement_line=measured)
    found = crossings(trajectories, line)
    passed = first_passings(found, trajectories)
    ours = dict(zip(trajectories.ids[passed.rows], trajectories.frames[passed.rows], strict=True))
    assert ours == dict(zip(frames["id"], frames["frame"], strict=True))
    np.testing.assert_array_equal(cumulative(passed, trajectories).sum(axis=1), n_t["cumulative_pedestrians"])
    speed = pedpy.compute_individual_speed(
        traj_data=data, frame_step=5, speed_calculation=pedpy.SpeedCalculation.BORDER_SINGLE_SIDED
    )
    velocity = velocities(trajectories, window_s=10 / trajectories.rate_hz)
    for interval in (20, 100):
        theirs = pedpy.compute_flow(
            nt=n_t, crossing_frames=frames, individual_speed=speed, delta_frame=interval, frame_rate=trajectories.rate_hz
        )
        flow = flow_between_passings(trajectories, found, velocity, interval_s=interval / trajectories.rate_hz)
        np.testing.assert_allclose(flow, theirs[["flow", "mean_speed"]].to_numpy(), rtol=1e-9)
    return len(ours)


def test_n_t_and_flow_are_pedpys() -> None:
    assert check_against_pedpy(walkers(people=120), LINE) > 20


@pytest.mark.realdata
@pytest.mark.parametrize("name", JUELICH_LINES)
def test_n_t_and_flow_are_pedpys_on_real_walkers(shared_data: Path, name: str) -> None:
    assert check_against_pedpy(juelich(shared_data, name), GroundLine("line", np.array(JUELICH_LINES[name]))) > 50


def test_a_crossing_has_its_time_and_way() -> None:
    line = GroundLine("line", np.array([[0.0, 0.0], [0.0, 2.0]]))
    found = crossings(walk((-1, 1), (3, 1), (3, 1.5), (-1, 1.5)), line)
    np.testing.assert_allclose(found.times_s, [0.25, 2.75])
    assert found.inward.tolist() == [True, False]
    assert found.rows.tolist() == [1, 3]


def test_touching_the_line_is_no_crossing_and_resting_on_it_is_one() -> None:
    line = GroundLine("line", np.array([[0.0, 0.0], [0.0, 2.0]]))
    assert not len(crossings(walk((-1, 1), (0, 1), (-1, 1)), line).rows)
    assert not len(crossings(walk((0, 1), (1, 1)), line).rows)
    through = crossings(walk((-1, 1), (0, 1), (0, 1.2), (1, 1.2)), line)
    np.testing.assert_allclose(through.times_s, [2.0])


@pytest.mark.parametrize(
    ("x", "frames", "ours", "pedpys"),
    [
        ((-2, -1, 1, 2), (0, 1, 2, 3), [2], [2]),
        ((-2, -1, 1), (0, 1, 2), [2], []),
        ((-2, -1, 1, 2), (0, 1, 3, 4), [3], []),
        ((-2, -1, 0, -1, -2), (0, 1, 2, 3, 4), [], [3]),
    ],
    ids=["plain", "last step", "gap", "touch"],
)
def test_where_pedpy_counts_otherwise(
    x: tuple[float, ...], frames: tuple[int, ...], ours: list[int], pedpys: list[int]
) -> None:
    line = GroundLine("line", np.array([[0.0, 0.0], [0.0, 2.0]]))
    one = walk(*[(place, 1.0) for place in x], frames=frames)
    found = crossings(one, line, longest_gap_s=2.0)
    _, theirs = pedpy.compute_n_t(
        traj_data=pedpy.TrajectoryData(as_frame(one), one.rate_hz), measurement_line=pedpy.MeasurementLine(line.ends_m)
    )
    assert one.frames[found.rows].tolist() == ours
    assert theirs["frame"].tolist() == pedpys


def test_past_the_ends_is_no_crossing() -> None:
    line = GroundLine("line", np.array([[0.0, 0.0], [0.0, 2.0]]))
    assert not len(crossings(walk((-1, 2.5), (1, 2.5)), line).rows)
    assert not len(crossings(walk((-1, 1.5), (1, 3.0)), line).rows)
    assert len(crossings(walk((-1, 1.5), (1, 2.4)), line).rows) == 1


def test_whoever_is_lost_for_long_has_not_crossed() -> None:
    line = GroundLine("line", np.array([[0.0, 0.0], [0.0, 2.0]]))
    there = walk((-1, 1), (1, 1), frames=(0, 3))
    assert not len(crossings(there, line).rows)
    np.testing.assert_allclose(crossings(there, line, longest_gap_s=3.0).times_s, [1.5])


def test_the_first_passing_is_each_persons_own() -> None:
    line = GroundLine("line", np.array([[0.0, 0.0], [0.0, 2.0]]))
    xy = np.array([[-1, 1], [1, 1], [1, 1], [1, 1], [-1, 1], [-1, 1], [-1, 1], [1, 1]], dtype=float)
    two = Trajectories(np.tile([4, 2], 4), np.repeat(np.arange(4), 2), xy, 1.0)
    found = crossings(two, line)
    assert two.ids[found.rows].tolist() == [4, 2, 4, 2]
    passed = first_passings(found, two)
    assert two.ids[passed.rows].tolist() == [4, 2]
    np.testing.assert_allclose(passed.times_s, [0.5, 1.5])


def test_flows_have_their_units() -> None:
    line = GroundLine("line", np.array([[0.0, 0.0], [0.0, 2.0]]))
    to_and_fro = walk(*[(-1 if k % 4 in (0, 3) else 1, 1) for k in range(20)])
    found = crossings(to_and_fro, line)
    edges_s = interval_edges(to_and_fro, 8.0)
    flow = flows(found, edges_s)
    np.testing.assert_allclose(edges_s, [0, 8, 16, 20])
    np.testing.assert_allclose(flow, [[2 / 8, 2 / 8], [2 / 8, 2 / 8], [1 / 4, 1 / 4]])
    np.testing.assert_allclose(net_flow(flow), 0.0)
    np.testing.assert_allclose(specific_flow(flow, line), flow / 2)


def test_no_crossing_gives_no_flow() -> None:
    trajectories = walkers(people=3)
    far = crossings(trajectories, GroundLine("far", np.array([[50.0, 0.0], [60.0, 0.0]])))
    assert flow_between_passings(trajectories, far, velocities(trajectories, window_s=0.5), interval_s=1.0).shape == (0, 2)
    assert not flows(far, interval_edges(trajectories, 5.0)).any()
    with pytest.raises(TrajectoryError, match="interval"):
        flow_between_passings(trajectories, far, velocities(trajectories, window_s=0.5), interval_s=0.0)


lines = st.tuples(st.floats(-2, 2), st.floats(-2, 2), st.floats(-3.1, 3.1), st.floats(0.5, 6)).map(
    lambda values: GroundLine(
        "line",
        np.array(
            [values[:2], (values[0] + values[3] * np.cos(values[2]), values[1] + values[3] * np.sin(values[2]))], dtype=float
        ),
    )
)


@given(recordings(), lines, st.floats(0.3, 5.0))
def test_flow_is_the_derivative_of_n_t(trajectories: Trajectories, line: GroundLine, interval_s: float) -> None:
    found = crossings(trajectories, line)
    edges_s = interval_edges(trajectories, interval_s)
    summed = np.cumsum(flows(found, edges_s) * np.diff(edges_s)[:, None], axis=0)
    for way, inward in enumerate((True, False)):
        times_s = found.times_s[found.inward == inward]
        np.testing.assert_allclose(summed[:, way], [(times_s < edge).sum() for edge in edges_s[1:]], atol=1e-9)
    np.testing.assert_allclose(summed[-1], cumulative(found, trajectories)[-1], atol=1e-9)


@given(recordings(gaps=False), lines)
def test_on_whole_frames_flow_is_the_difference_of_n_t(trajectories: Trajectories, line: GroundLine) -> None:
    found = crossings(trajectories, line)
    edges_s = interval_edges(trajectories, 3 / trajectories.rate_hz)
    count = np.concatenate([[[0, 0]], cumulative(found, trajectories)])
    gained = np.diff(count[np.minimum(np.arange(len(edges_s)) * 3 + 1, len(count) - 1)], axis=0)
    np.testing.assert_allclose(flows(found, edges_s) * np.diff(edges_s)[:, None], gained, atol=1e-9)


@given(recordings(), lines, st.floats(-3, 3))
def test_turning_the_scene_changes_nothing_and_turning_the_line_swaps_ways(
    trajectories: Trajectories, line: GroundLine, angle: float
) -> None:
    found = crossings(trajectories, line)
    shift = (7.0, -3.0)
    turned = crossings(
        with_places(trajectories, moved(trajectories.xy_m, angle, shift)), GroundLine("line", moved(line.ends_m, angle, shift))
    )
    np.testing.assert_array_equal(turned.rows, found.rows)
    np.testing.assert_array_equal(turned.inward, found.inward)
    np.testing.assert_allclose(turned.times_s, found.times_s, atol=1e-6)
    reversed_line = crossings(trajectories, GroundLine("line", line.ends_m[::-1].copy()))
    np.testing.assert_array_equal(reversed_line.rows, found.rows)
    np.testing.assert_array_equal(reversed_line.inward, ~found.inward)
    in_feet = crossings(with_places(trajectories, trajectories.xy_m * 3.28), GroundLine("line", line.ends_m * 3.28))
    np.testing.assert_allclose(in_feet.times_s, found.times_s, atol=1e-9)


@given(recordings(), lines)
def test_time_turned_back_swaps_ways(trajectories: Trajectories, line: GroundLine) -> None:
    found, back = crossings(trajectories, line), crossings(backwards(trajectories), line)
    last_s = (trajectories.last_frame - trajectories.first_frame) / trajectories.rate_hz
    for inward in (True, False):
        np.testing.assert_allclose(
            np.sort(last_s - back.times_s[back.inward == inward]), found.times_s[found.inward != inward], atol=1e-9
        )


@given(recordings(), lines)
def test_people_leave_one_side_as_often_as_they_are_on_the_other(trajectories: Trajectories, line: GroundLine) -> None:
    """Across a line without ends nobody can go round: in less out is the change of side of everybody."""
    middle, along = line.ends_m.mean(axis=0), line.ends_m[1] - line.ends_m[0]
    endless = GroundLine("line", np.array([middle - 1e4 * along, middle + 1e4 * along]))
    found = crossings(trajectories, endless, longest_gap_s=1e6)
    offset = trajectories.xy_m - middle
    left = along[0] * offset[:, 1] - along[1] * offset[:, 0] > 0
    for person in np.unique(trajectories.ids):
        own = trajectories.ids == person
        inward = found.inward[trajectories.ids[found.rows] == person]
        assert inward.sum() - (~inward).sum() == int(left[own][0]) - int(left[own][-1])
