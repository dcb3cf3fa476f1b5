"""Metres from latitudes and longitudes, beside closed forms on the ellipsoid."""

from itertools import pairwise

import numpy as np
import pytest

from throng.ground.geodesy import EQUATOR_M, FLATTENING, to_plan


@pytest.mark.parametrize("latitude", [-60.0, 0.0, 37.0, 52.5])
def test_a_step_north_and_east_is_as_long_as_the_ellipsoids_radii_say(latitude: float) -> None:
    e2 = FLATTENING * (2 - FLATTENING)
    w = 1 - e2 * np.sin(np.radians(latitude)) ** 2
    north_m, east_m = EQUATOR_M * (1 - e2) / w**1.5, EQUATOR_M / w**0.5 * np.cos(np.radians(latitude))
    step = 1e-4
    plan = to_plan([[latitude, 13.0], [latitude + step, 13.0], [latitude, 13.0 + step]])
    np.testing.assert_allclose(plan[1] - plan[0], [0, np.radians(step) * north_m], rtol=1e-6, atol=1e-4)
    np.testing.assert_allclose(plan[2] - plan[0], [np.radians(step) * east_m, 0], rtol=1e-6, atol=1e-4)


def test_the_plan_is_about_the_middle_and_crosses_the_date_line() -> None:
    here = to_plan([[10.0, 179.999], [10.0, -179.999]])
    # A parallel bows away from a plane: by a fifth of a millimetre over these 220 m.
    np.testing.assert_allclose(here.mean(axis=0), 0, atol=2e-4)
    there = to_plan([[10.0, 0.001], [10.0, 0.003]])
    np.testing.assert_allclose(here, there, atol=1e-6)


def test_over_a_kilometre_lengths_hold_to_a_hundredth_of_a_millimetre() -> None:
    # A kilometre of meridian in a hundred steps, each of them on a plan of its own.
    latitudes = np.linspace(48.0, 48.009, 101)
    whole = to_plan(np.column_stack([latitudes, np.full(101, 9.0)]))
    steps = [np.diff(to_plan([[a, 9.0], [b, 9.0]])[:, 1])[0] for a, b in pairwise(latitudes)]
    assert whole[-1, 1] - whole[0, 1] == pytest.approx(sum(steps), abs=1e-5)
