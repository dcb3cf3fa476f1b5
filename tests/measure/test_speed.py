"""Speeds: against PedPy, and what must hold of every recording."""

from pathlib import Path

import numpy as np
import pedpy
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from tests.measure.walkers import JUELICH, as_frame, backwards, juelich, moved, recordings, walkers, with_places

from throng.data.errors import TrajectoryError
from throng.data.ground_place import Area
from throng.data.trajectories import Trajectories
from throng.measure.intervals import interval_edges
from throng.measure.speed import Border, mean_speed, speed_quantiles, speeds, velocities, voronoi_speed

AREA = Area("hall", np.array([[-2.0, -2.0], [2.0, -2.0], [2.0, 2.0], [-2.0, 2.0]]))
PEDPY_BORDERS = {
    "one-sided": pedpy.SpeedCalculation.BORDER_SINGLE_SIDED,
    "shorten": pedpy.SpeedCalculation.BORDER_ADAPTIVE,
    "exclude": pedpy.SpeedCalculation.BORDER_EXCLUDE,
}


def of_pedpy(trajectories: Trajectories, frame_step: int, border: str) -> object:
    return pedpy.compute_individual_speed(
        traj_data=pedpy.TrajectoryData(as_frame(trajectories), trajectories.rate_hz),
        frame_step=frame_step,
        compute_velocity=True,
        speed_calculation=PEDPY_BORDERS[border],
    )


def check_against_pedpy(trajectories: Trajectories, frame_step: int, border: Border) -> None:
    ours = velocities(trajectories, window_s=2 * frame_step / trajectories.rate_hz, border=border)
    table = as_frame(trajectories).merge(of_pedpy(trajectories, frame_step, border), on=["id", "frame"], how="left")
    np.testing.assert_allclose(ours, table[["v_x", "v_y"]].to_numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(speeds(ours), table["speed"].to_numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("border", PEDPY_BORDERS)
@pytest.mark.parametrize("frame_step", [1, 5, 40])
def test_individual_speeds_are_pedpys(border: Border, frame_step: int) -> None:
    check_against_pedpy(walkers(people=20), frame_step, border)


@pytest.mark.realdata
@pytest.mark.parametrize("border", PEDPY_BORDERS)
@pytest.mark.parametrize("name", JUELICH)
def test_individual_speeds_are_pedpys_on_real_walkers(shared_data: Path, name: str, border: Border) -> None:
    check_against_pedpy(juelich(shared_data, name), 10, border)


@pytest.fixture(scope="module")
def crowd() -> Trajectories:
    return walkers(people=40, rate_hz=10.0, duration_s=30.0)


def test_mean_speed_is_pedpys_and_unknown_where_nobody_is(crowd: Trajectories) -> None:
    data = pedpy.TrajectoryData(as_frame(crowd), crowd.rate_hz)
    area = pedpy.MeasurementArea(shapely.Polygon(AREA.corners_m))
    theirs = pedpy.compute_mean_speed_per_frame(
        traj_data=data, individual_speed=of_pedpy(crowd, 3, "one-sided"), measurement_area=area
    )
    ours = mean_speed(crowd, velocities(crowd, window_s=0.6), AREA)
    assert np.isnan(ours).any()
    np.testing.assert_allclose(np.nan_to_num(ours), theirs["speed"], rtol=1e-9)


def test_voronoi_speed_is_pedpys(crowd: Trajectories) -> None:
    data = pedpy.TrajectoryData(as_frame(crowd), crowd.rate_hz)
    area = pedpy.MeasurementArea(shapely.Polygon(AREA.corners_m))
    cells = pedpy.compute_individual_voronoi_polygons(
        traj_data=data,
        walkable_area=pedpy.WalkableArea(shapely.box(-40, -40, 40, 40)),
        cut_off=pedpy.Cutoff(radius=1.0, quad_segments=3),
    )
    _, cut = pedpy.compute_voronoi_density(individual_voronoi_data=cells, measurement_area=area)
    individual = of_pedpy(crowd, 3, "one-sided")
    theirs = pedpy.compute_voronoi_speed(
        traj_data=data, individual_speed=individual, individual_voronoi_intersection=cut, measurement_area=area
    )["speed"].to_numpy()
    table = as_frame(crowd).merge(cut, on=["id", "frame"], how="left")
    overlaps_m2 = np.nan_to_num(shapely.area(table["intersection"].to_numpy()))
    velocity = velocities(crowd, window_s=0.6)
    ours = voronoi_speed(crowd, velocity, overlaps_m2, area_m2=16.0)
    np.testing.assert_allclose(np.nan_to_num(ours), theirs, rtol=1e-9, atol=1e-12)
    covered = np.bincount(crowd.frames - crowd.first_frame, overlaps_m2)
    relative = voronoi_speed(crowd, speeds(velocity), overlaps_m2)
    np.testing.assert_allclose(relative * covered / 16, ours, rtol=1e-9)
    unknown = velocity.copy()
    unknown[np.flatnonzero(overlaps_m2 > 0)[0]] = np.nan
    assert np.isnan(voronoi_speed(crowd, unknown, overlaps_m2)).sum() == np.isnan(relative).sum() + 1


def test_quantiles_are_those_of_the_rows_inside() -> None:
    xy = np.array([[0.0, -1.0 - 0.1 * k] for k in range(10)] + [[9.0, 9.0]])
    trajectories = Trajectories(np.arange(11), np.array([0, 0, 0, 1, 1, 1, 4, 4, 4, 4, 2]), xy, 1.0)
    speed = np.array([1.0, 2.0, np.nan, 4.0, 0.5, 3.0, 7.0, 8.0, 9.0, 1.0, 50.0])
    order = np.lexsort((np.arange(11), np.array([0, 0, 0, 1, 1, 1, 4, 4, 4, 4, 2])))
    found = speed_quantiles(trajectories, speed[order], AREA, edges_s=interval_edges(trajectories, 2.0))
    np.testing.assert_allclose(found[0], np.quantile([1.0, 2.0, 4.0, 0.5, 3.0], [0.15, 0.5, 0.85]))
    assert np.isnan(found[1]).all()
    np.testing.assert_allclose(found[2], np.quantile([7.0, 8.0, 9.0, 1.0], [0.15, 0.5, 0.85]))


def test_a_gap_longer_than_the_window_ends_the_path() -> None:
    frames = np.array([0, 1, 2, 4, 5, 12, 13])
    trajectories = Trajectories(np.zeros(7, int), frames, np.stack([frames * 0.1, frames * 0.0], axis=1), 10.0)
    excluded = velocities(trajectories, window_s=0.4, border="exclude")
    np.testing.assert_allclose(excluded[2], [1.0, 0.0])
    assert np.isnan(excluded[[0, 1, 3, 4, 5, 6]]).all()
    np.testing.assert_allclose(velocities(trajectories, window_s=0.4)[:5, 0], 1.0)
    assert np.isnan(velocities(trajectories, window_s=0.4)[5:]).all()
    np.testing.assert_allclose(velocities(trajectories, window_s=0.4, border="shorten")[[1, 2, 3], 0], 1.0)


def test_a_window_between_frames_is_straight_between_them() -> None:
    xy = np.array([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0], [6.0, 0.0]])
    trajectories = Trajectories(np.zeros(4, int), np.arange(4), xy, 1.0)
    found = velocities(trajectories, window_s=1.0, border="exclude")
    np.testing.assert_allclose(found[1:3, 0], [1.5, 2.5])
    np.testing.assert_allclose(velocities(trajectories, window_s=3.0, border="one-sided")[1, 0], (4.5 - 1.0) / 1.5)


@given(recordings(), st.floats(-3, 3), st.sampled_from(["one-sided", "shorten", "exclude"]), st.floats(0.05, 1.5))
def test_speeds_turn_with_the_scene_scale_with_units_and_turn_back_with_time(
    trajectories: Trajectories, angle: float, border: Border, window_s: float
) -> None:
    velocity = velocities(trajectories, window_s=window_s, border=border)
    turned = with_places(trajectories, moved(trajectories.xy_m, angle, (30.0, -4.0)))
    np.testing.assert_allclose(
        velocities(turned, window_s=window_s, border=border), moved(velocity, angle, (0.0, 0.0)), atol=1e-9
    )
    doubled = with_places(trajectories, 2 * trajectories.xy_m)
    np.testing.assert_allclose(velocities(doubled, window_s=window_s, border=border), 2 * velocity, atol=1e-9)
    back = backwards(trajectories)
    order = np.lexsort((trajectories.ids, -trajectories.frames))
    np.testing.assert_allclose(velocities(back, window_s=window_s, border=border), -velocity[order], atol=1e-9)


@given(recordings(), st.floats(-5, 5), st.floats(-5, 5), st.floats(0.05, 2.0))
def test_who_walks_evenly_has_that_velocity_whatever_the_gaps(
    trajectories: Trajectories, vx: float, vy: float, window_s: float
) -> None:
    times = trajectories.frames / trajectories.rate_hz
    even = with_places(trajectories, np.stack([vx * times, vy * times], axis=1))
    for border in PEDPY_BORDERS:
        velocity = velocities(even, window_s=window_s, border=border)  # type: ignore[arg-type]
        known = np.isfinite(velocity[:, 0])
        np.testing.assert_allclose(velocity[known], np.tile([vx, vy], (known.sum(), 1)), atol=1e-9)


def test_nonsense_is_refused() -> None:
    trajectories = walkers(people=2)
    with pytest.raises(TrajectoryError, match="window of a speed"):
        velocities(trajectories, window_s=0.0)
    with pytest.raises(TrajectoryError, match="border of a speed"):
        velocities(trajectories, window_s=1.0, border="mirror")  # type: ignore[arg-type]
    with pytest.raises(TrajectoryError, match="interval"):
        interval_edges(trajectories, 0.0)
