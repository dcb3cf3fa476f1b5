"""People by cells, and how many of them are inside a zone."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from throng.data.crowd_map import CrowdMap, shares_inside
from throng.data.errors import GeometryError
from throng.data.place import Zone


def test_the_count_is_the_sum() -> None:
    assert CrowdMap(np.array([[0.25, 1.5], [0.0, 2.0]]), (8.0, 8.0), 0.0).count == 3.75
    assert CrowdMap(np.empty((0, 3)), (8.0, 8.0), 0.0).count == 0.0


def test_a_zone_has_whole_cells_and_parts_of_others() -> None:
    people = CrowdMap(np.array([[4.0, 2.0, 0.0], [1.0, 8.0, 0.0]]), (10.0, 20.0), 0.0)
    assert people.inside(Zone("all", np.array([[-5, -5], [99, -5], [99, 99], [-5, 99]]))) == pytest.approx(15.0)
    assert people.inside(Zone("left", np.array([[0, 0], [10, 0], [10, 40], [0, 40]]))) == pytest.approx(5.0)
    assert people.inside(Zone("half", np.array([[15, 0], [15, 40], [30, 40], [30, 0]]))) == pytest.approx(5.0)
    assert people.inside(Zone("corner", np.array([[0, 0], [10, 0], [0, 20]]))) == pytest.approx(2.0)
    assert people.inside(Zone("elsewhere", np.array([[50, 50], [60, 50], [60, 60]]))) == 0.0


@given(
    st.integers(0, 2**32 - 1), st.integers(3, 7), st.integers(1, 9), st.integers(1, 9), st.floats(0.5, 40), st.floats(0.5, 40)
)
@settings(max_examples=150, deadline=None)
def test_shares_are_those_that_shapely_cuts_out(
    seed: int, corners: int, columns: int, rows: int, width: float, height: float
) -> None:
    generator = np.random.default_rng(seed)
    points = generator.uniform(-0.3, 1.3, (corners, 2)) * [columns * width, rows * height]
    if generator.integers(2):
        points = np.rint(points / [width, height]) * [width, height]  # sides along those of cells
    try:
        zone = Zone("zone", points)
    except GeometryError:
        return
    shares = shares_inside(zone, (columns, rows), (width, height))
    polygon = shapely.Polygon(zone.corners_px)
    for row, column in np.ndindex(rows, columns):
        cell = shapely.box(column * width, row * height, (column + 1) * width, (row + 1) * height)
        assert shares[row, column] == pytest.approx(cell.intersection(polygon).area / cell.area, abs=1e-7)


def test_what_makes_no_sense_is_refused() -> None:
    for people, cell, words in (
        (np.array([[-0.1]]), (8.0, 8.0), "must not be negative"),
        (np.array([[np.nan]]), (8.0, 8.0), "finite"),
        (np.array([0.1]), (8.0, 8.0), "shape"),
        (np.array([[0.1]]), (0.0, 8.0), "above 0"),
        (np.array([[0.1]]), (8.0, np.inf), "above 0"),
    ):
        with pytest.raises(ValueError, match=words):
            CrowdMap(people, cell, 0.0)
