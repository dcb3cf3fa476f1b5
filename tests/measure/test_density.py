"""Classic and Gaussian density: against PedPy and closed forms."""

from pathlib import Path

import numpy as np
import pedpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.measure.floors import HALL, area, crowd_on, people_on, recording, seeds
from tests.measure.walkers import JUELICH, as_frame, juelich, moved, walkers

from throng.data.errors import GeometryError
from throng.data.ground_place import Area
from throng.data.trajectories import Trajectories
from throng.measure.density import classic_density, gaussian_density

ZONE = area([(-2, -2), (2, -2), (3, 1), (-2, 2)])


def of_pedpy(trajectories: Trajectories, zone: Area) -> NDArray[np.float64]:
    table = pedpy.compute_classic_density(
        traj_data=pedpy.TrajectoryData(as_frame(trajectories), trajectories.rate_hz),
        measurement_area=pedpy.MeasurementArea(zone.corners_m),
    )
    return np.asarray(table["density"], dtype=np.float64)


def test_classic_density_is_pedpys() -> None:
    trajectories = walkers()
    np.testing.assert_allclose(classic_density(trajectories, ZONE), of_pedpy(trajectories, ZONE), rtol=1e-12)


@pytest.mark.realdata
@pytest.mark.parametrize("name", JUELICH)
def test_classic_density_is_pedpys_in_real_crowds(shared_data: Path, name: str) -> None:
    trajectories = juelich(shared_data, name)
    zone = Area("zone", np.median(trajectories.xy_m, axis=0) + ZONE.corners_m / 3)
    np.testing.assert_allclose(classic_density(trajectories, zone), of_pedpy(trajectories, zone), rtol=1e-12)


def test_nobody_inside_is_nought_and_people_on_the_outline_are_outside() -> None:
    trajectories = recording([0, 0, 1], [1, 4, 4], [(0.0, 0.0), (5.0, 4.0), (6.0, 4.0)])
    np.testing.assert_allclose(classic_density(trajectories, HALL), [0, 0, 0, 2 / 80])


@given(seeds, st.floats(-3, 3), st.floats(0.1, 10))
def test_a_gaussian_crowd_moved_turned_and_scaled(seed: int, angle: float, scale: float) -> None:
    places, at = people_on(HALL, 20, seed=seed), people_on(HALL, 30, seed=seed + 1)
    before = gaussian_density(places, at, width_m=0.7)
    after = gaussian_density(moved(places * scale, angle, (3, 4)), moved(at * scale, angle, (3, 4)), width_m=0.7 * scale)
    np.testing.assert_allclose(after * scale**2, before, rtol=1e-9, atol=1e-12)


def test_a_gaussian_is_one_person_and_half_as_high_half_a_width_away() -> None:
    step = np.arange(-5, 5, 0.05)
    at = np.stack(np.meshgrid(step, step), axis=-1).reshape(-1, 2)
    assert gaussian_density(np.array([[0.3, 0.1]]), at, width_m=0.8).sum() * 0.05**2 == pytest.approx(1, rel=1e-9)
    high, half = gaussian_density(np.zeros((1, 2)), np.array([[0.0, 0.0], [0.0, 0.4]]), width_m=0.8)
    assert half == pytest.approx(high / 2, rel=1e-12)
    assert not gaussian_density(np.empty((0, 2)), at, width_m=0.8).any()


@pytest.mark.parametrize("width_m", [0.0, -1.0, np.nan])
def test_a_gaussian_needs_a_width(width_m: float) -> None:
    with pytest.raises(GeometryError, match="width"):
        gaussian_density(np.zeros((1, 2)), crowd_on(HALL, [3]).xy_m, width_m=width_m)
