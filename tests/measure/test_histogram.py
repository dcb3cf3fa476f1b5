"""Histograms of directions and speeds: exact counts, and what must hold of every recording."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.measure.walkers import backwards, moved, recordings

from throng.data.errors import TrajectoryError
from throng.data.trajectories import Trajectories
from throng.measure.histogram import Weight, direction_histogram, speed_histogram
from throng.measure.speed import speeds, velocities

PEOPLE = Trajectories(np.array([1, 2, 1, 2, 1, 3]), np.array([0, 0, 1, 1, 2, 2]), np.arange(12.0).reshape(6, 2), 4.0)
VELOCITIES = np.array([[1.0, 0.1], [0.0, 2.0], [1.0, -0.1], [np.nan, np.nan], [-1.5, 0.0], [0.01, 0.0]])


def test_directions_are_counted_in_sectors() -> None:
    np.testing.assert_allclose(direction_histogram(PEOPLE, VELOCITIES, sectors=4), [0.5, 0.25, 0.25, 0.0])
    np.testing.assert_allclose(direction_histogram(PEOPLE, VELOCITIES, sectors=4, weight="passages"), [2 / 3, 1.0, 1 / 3, 0.0])
    first = PEOPLE.frames == 0
    np.testing.assert_allclose(direction_histogram(PEOPLE, VELOCITIES, sectors=4, where=first), [0.25, 0.25, 0.0, 0.0])


def test_speeds_are_counted_in_bins() -> None:
    edges = np.array([0.0, 1.0, 2.0, np.inf])
    np.testing.assert_allclose(speed_histogram(PEOPLE, VELOCITIES, edges_mps=edges), [0.25, 0.75, 0.25])
    np.testing.assert_allclose(speed_histogram(PEOPLE, VELOCITIES, edges_mps=edges, weight="passages"), [1.0, 1.0, 1.0])
    np.testing.assert_allclose(speed_histogram(PEOPLE, speeds(VELOCITIES), edges_mps=edges[1:]), [0.75, 0.25])
    first = PEOPLE.frames == 0
    np.testing.assert_allclose(speed_histogram(PEOPLE, VELOCITIES, edges_mps=edges, where=first), [0.0, 0.25, 0.25])


@given(recordings(), st.sampled_from(["person-seconds", "passages"]), st.integers(1, 16))
def test_the_sum_is_the_time_walked_or_the_people_who_walk(trajectories: Trajectories, weight: Weight, sectors: int) -> None:
    velocity = velocities(trajectories, window_s=0.4)
    walking = speeds(velocity) >= 0.1
    total = walking.sum() / trajectories.rate_hz if weight == "person-seconds" else len(set(trajectories.ids[walking]))
    assert direction_histogram(trajectories, velocity, sectors=sectors, weight=weight).sum() == pytest.approx(total)
    edges = np.array([0.1, 0.5, 1.0, np.inf])
    assert speed_histogram(trajectories, velocity, edges_mps=edges, weight=weight).sum() == pytest.approx(total)


@given(recordings(), st.integers(0, 7))
def test_a_turned_scene_turns_its_directions(trajectories: Trajectories, sectors_turned: int) -> None:
    velocity = velocities(trajectories, window_s=0.4)
    turned = moved(velocity, sectors_turned * np.pi / 4, (0.0, 0.0))
    np.testing.assert_allclose(
        direction_histogram(trajectories, turned), np.roll(direction_histogram(trajectories, velocity), sectors_turned)
    )


@given(recordings())
def test_time_turned_back_turns_directions_round(trajectories: Trajectories) -> None:
    back = backwards(trajectories)
    np.testing.assert_allclose(
        direction_histogram(back, velocities(back, window_s=0.4)),
        np.roll(direction_histogram(trajectories, velocities(trajectories, window_s=0.4)), 4),
        atol=1e-9,
    )


def test_nonsense_is_refused() -> None:
    with pytest.raises(TrajectoryError, match="sector"):
        direction_histogram(PEOPLE, VELOCITIES, sectors=0)
    with pytest.raises(TrajectoryError, match="weight"):
        direction_histogram(PEOPLE, VELOCITIES, weight="steps")  # type: ignore[arg-type]
