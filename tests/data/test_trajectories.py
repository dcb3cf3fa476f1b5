"""Trajectories are ordered, checked once, and stay in memory; areas and lines on the ground make sense."""

import pickle

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from throng.data.errors import GeometryError, SecrecyError, TrajectoryError
from throng.data.ground_place import Area, GroundLine
from throng.data.trajectories import Trajectories


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 4)), min_size=1, max_size=30, unique=True))
def test_rows_are_found_by_frame_in_whatever_order_they_came(rows: list[tuple[int, int]]) -> None:
    frames, ids = np.array(rows).T
    made = Trajectories(ids, frames, np.column_stack([ids, frames]), 25.0)
    for frame in range(made.first_frame, made.last_frame + 1):
        here = slice(made.starts[frame - made.first_frame], made.starts[frame - made.first_frame + 1])
        assert made.ids[here].tolist() == sorted(who for when, who in rows if when == frame)
        assert (made.xy_m[here] == np.column_stack([made.ids[here], made.frames[here]])).all()


@pytest.mark.parametrize(
    ("ids", "frames", "xy", "rate", "why"),
    [
        ([], [], np.empty((0, 2)), 25.0, "no trajectories"),
        ([1, 1], [3, 3], [[0, 0], [1, 1]], 25.0, "person 1 stands at two places in frame 3"),
        ([1], [3], [[0, np.nan]], 25.0, "finite"),
        ([1], [3], [[0, 0]], 0.0, "frame rate"),
    ],
)  # fmt: skip
def test_nonsense_is_refused(ids: list[int], frames: list[int], xy: object, rate: float, why: str) -> None:
    with pytest.raises(TrajectoryError, match=why):
        Trajectories(ids, frames, xy, rate)  # type: ignore[arg-type]


def test_trajectories_stay_in_memory() -> None:
    with pytest.raises(SecrecyError):
        pickle.dumps(Trajectories(np.array([1]), np.array([1]), np.zeros((1, 2)), 1.0))


def test_an_areas_size_is_that_of_its_polygon_without_its_holes() -> None:
    corners, hole = np.array([[0, 0], [9, 1], [8, 7], [1, 5]], float), np.array([[3, 3], [3, 4], [4, 4], [4, 3]], float)
    for offset in (0.0, 1e6):
        area = Area("hall", np.vstack([corners, corners[:1]]) + offset, (hole + offset,))
        assert area.area_m2 == pytest.approx(shapely.Polygon(corners, [hole]).area)


@pytest.mark.parametrize("corners", [[[0, 0], [1, 1]], [[0, 0], [1, 1], [2, 2]], [[0, 0], [0, 0], [0, 0]], [[0, 0, 0]], "no"])
def test_flat_areas_are_refused(corners: object) -> None:
    with pytest.raises(GeometryError, match="hall"):
        Area("hall", corners)  # type: ignore[arg-type]


def test_a_line_without_length_is_refused() -> None:
    with pytest.raises(GeometryError, match="gate"):
        GroundLine("gate", np.ones((2, 2)))
