"""Distances to lines and polygons, beside shapely's."""

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from throng.measure.geometry import distances_and_shares, signed_distances_to_polygons


@given(st.integers(0, 10_000), st.integers(3, 9), st.booleans())
def test_distance_to_a_polygon_is_shapelys(seed: int, corners: int, turned: bool) -> None:
    generator = np.random.default_rng(seed)
    angles = np.sort(generator.uniform(0, 2 * np.pi, corners))
    star = 100 + np.column_stack([np.cos(angles), np.sin(angles)]) * generator.uniform(10, 90, (corners, 1))
    star = star[::-1] if turned else star
    points = generator.uniform(0, 200, (50, 2))
    area = shapely.Polygon(star)
    if not area.is_valid:
        return
    inside = shapely.contains(area, shapely.points(points))
    expected = np.where(inside, 1, -1) * shapely.distance(area.exterior, shapely.points(points))
    np.testing.assert_allclose(signed_distances_to_polygons(points, star[None])[0], expected, atol=1e-9)


def test_on_the_outline_the_distance_is_zero_and_corners_may_repeat() -> None:
    square = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]])
    on = np.array([[2.0, 0.0], [4.0, 4.0], [0.0, 1.0]])
    assert (signed_distances_to_polygons(on, square[None]) == 0).all()
    assert signed_distances_to_polygons(np.array([[1.0, 2.0], [5.0, 2.0]]), square[None]).tolist() == [[1.0, -1.0]]


def test_distance_to_a_line_and_the_place_along_it() -> None:
    ends = np.array([[[0.0, 0.0], [10.0, 0.0]], [[0.0, 0.0], [0.0, 5.0]]])
    distances, shares = distances_and_shares(np.array([[2.0, 3.0], [10.0, -1.0]]), ends)
    assert distances.tolist() == [[3.0, -1.0], [-2.0, -10.0]]
    assert shares.tolist() == [[0.2, 1.0], [0.6, -0.2]]
