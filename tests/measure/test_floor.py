"""Use of the floor: exact counts, and that it adds up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.measure.walkers import recordings, with_places

from throng.data.errors import GeometryError
from throng.data.trajectories import Trajectories
from throng.measure.floor import floor_use


def test_every_row_is_in_its_cell() -> None:
    xy = np.array([[0.0, 0.0], [0.9, 0.4], [1.0, 0.4], [1.2, 0.6], [2.0, 0.5], [-0.1, 0.2]])
    used = floor_use(Trajectories(np.arange(6), np.zeros(6, int), xy, 4.0), left_m=0, bottom_m=0, cell_m=0.5, columns=4, rows=2)
    expected = np.zeros((2, 4))
    expected[0, 0], expected[0, 1], expected[0, 2], expected[1, 2] = 1, 1, 1, 1
    np.testing.assert_allclose(used, expected / 4 / 0.25)


@given(recordings(), st.floats(0.2, 2.0), st.floats(-3, 0), st.floats(-3, 0))
def test_the_sum_over_the_ground_is_the_time_spent_there(
    trajectories: Trajectories, cell_m: float, left_m: float, bottom_m: float
) -> None:
    used = floor_use(trajectories, left_m=left_m, bottom_m=bottom_m, cell_m=cell_m, columns=5, rows=3)
    shares = (trajectories.xy_m - (left_m, bottom_m)) / cell_m
    on = (shares >= 0).all(axis=1) & (shares < (5, 3)).all(axis=1)
    assert used.sum() * cell_m**2 == pytest.approx(on.sum() / trajectories.rate_hz)
    shifted = with_places(trajectories, trajectories.xy_m + np.array([8.0, -16.0]))
    moved_grid = floor_use(shifted, left_m=left_m + 8, bottom_m=bottom_m - 16, cell_m=cell_m, columns=5, rows=3)
    assert np.abs(moved_grid - used).sum() * cell_m**2 * trajectories.rate_hz <= 2.0  # a place on an edge may change cells


def test_a_grid_without_cells_is_refused() -> None:
    there = Trajectories(np.array([0]), np.array([0]), np.array([[0.0, 0.0]]), 1.0)
    with pytest.raises(GeometryError, match="grid"):
        floor_use(there, left_m=0, bottom_m=0, cell_m=0.0, columns=1, rows=1)
