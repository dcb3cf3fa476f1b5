"""Lines and zones against the size of the picture, and zones that cross themselves; Shapely is the oracle."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from shapely import LineString, Polygon, box

from throng.data.errors import GeometryError
from throng.data.place import Line, Zone, check_inside

PICTURE = box(0, 0, 64, 36)
points = st.tuples(st.integers(-30, 100), st.integers(-30, 70))


@given(points, points)
def test_a_line_needs_a_piece_inside(first: tuple[int, int], second: tuple[int, int]) -> None:
    assume(first != second)
    inside = LineString([first, second]).intersection(PICTURE).length > 0
    line = Line("door", np.array([first, second], dtype=np.float64))
    if inside:
        check_inside((line,), (), 64, 36)
    else:
        with pytest.raises(GeometryError, match=r'^line "door" from .* lies outside the picture'):
            check_inside((line,), (), 64, 36)


@given(st.lists(points, min_size=3, max_size=7))
def test_a_zone_is_simple_and_has_area_inside(corners: list[tuple[int, int]]) -> None:
    polygon = Polygon(corners)
    assume(len(set(corners)) == len(corners))
    try:
        zone = Zone("square", np.array(corners, dtype=np.float64))
    except GeometryError:
        assert not polygon.is_valid or polygon.area < 1.0
        return
    assume(polygon.is_valid)  # a spike that runs back along its own side has no area and is let through
    if polygon.intersection(PICTURE).area >= 1.0 + 1e-9:
        check_inside((), (zone,), 64, 36)
    elif polygon.intersection(PICTURE).area < 1.0 - 1e-9:
        with pytest.raises(GeometryError, match=r'^zone "square" with corners .* lies outside the picture'):
            check_inside((), (zone,), 64, 36)


def test_sides_on_one_line_need_not_meet() -> None:
    Zone("u", np.array([(0, 0), (10, 0), (10, 10), (20, 10), (20, 0), (30, 0), (30, 20), (0, 20)], dtype=np.float64))


def test_the_sentences() -> None:
    line = Line("door", np.array([(2000.0, 10.5), (2100.0, 500.0)]))
    with pytest.raises(GeometryError) as caught:
        check_inside((line,), (), 1920, 1080)
    assert str(caught.value) == (
        'line "door" from 2000,10.5 to 2100,500 lies outside the picture, which is 1920 pixels wide and 1080 high: move it '
        "inside"
    )
    zone = Zone("square", np.array([(0.0, 1100.0), (100.0, 1100.0), (100.0, 1200.0)]))
    with pytest.raises(GeometryError) as caught:
        check_inside((), (zone,), 1920, 1080)
    assert str(caught.value) == (
        'zone "square" with corners 0,1100 100,1100 100,1200 lies outside the picture, which is 1920 pixels wide and 1080 '
        "high: move it inside"
    )
