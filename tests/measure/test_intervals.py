"""Recordings cut into intervals."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.measure.walkers import recordings

from throng.data.trajectories import Trajectories
from throng.measure.intervals import duration_s, interval_edges, interval_means, interval_of, times_s


def test_frames_on_an_edge_begin_the_next_interval() -> None:
    """Three times 0.2 s is a hair more than 15 frames of 25 a second."""
    run = Trajectories(np.zeros(30, int), np.arange(30) + 7, np.zeros((30, 2)), 25.0)
    edges_s = interval_edges(run, 0.2)
    np.testing.assert_allclose(edges_s, [0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2])
    np.testing.assert_array_equal(interval_of(times_s(run), edges_s), np.arange(30) // 5)


def test_the_last_interval_ends_with_the_recording() -> None:
    run = Trajectories(np.zeros(3, int), np.array([0, 1, 6]), np.zeros((3, 2)), 2.0)
    np.testing.assert_allclose(interval_edges(run, 1.5), [0, 1.5, 3.0, 3.5])
    np.testing.assert_allclose(interval_edges(run, 60.0), [0, 3.5])


def test_means_are_of_what_is_known() -> None:
    run = Trajectories(np.zeros(6, int), np.arange(6), np.zeros((6, 2)), 1.0)
    series = np.array([1.0, 3.0, np.nan, 5.0, np.nan, np.nan])
    np.testing.assert_allclose(interval_means(run, series, np.array([0.0, 2.0, 4.0, 6.0])), [2.0, 5.0, np.nan])


@given(recordings(), st.floats(0.1, 20.0))
def test_intervals_cover_the_recording_once(trajectories: Trajectories, interval_s: float) -> None:
    edges_s = interval_edges(trajectories, interval_s)
    lengths = np.diff(edges_s)
    assert edges_s[0] == 0
    assert edges_s[-1] == duration_s(trajectories)
    np.testing.assert_allclose(lengths[:-1], interval_s)
    assert 0 < lengths[-1] <= interval_s + 1e-9
    assert (interval_of(times_s(trajectories), edges_s) >= 0).all()
    assert (interval_of(np.array([-1.0, edges_s[-1] + 1]), edges_s) == -1).all()
