"""Density over a grid: against PedPy and shapely, and what must hold of every grid."""

from pathlib import Path

import numpy as np
import pedpy
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.measure.floors import (
    BOTTLENECK,
    FLOORS,
    HALL,
    HEXAGON,
    PILLARS,
    area,
    crowd_on,
    cut_offs,
    of_pedpy,
    people_on,
    polygon,
    recording,
    seeds,
)
from tests.measure.walkers import JUELICH, as_frame, every, juelich

from throng.data.errors import GeometryError
from throng.data.ground_place import Area
from throng.data.trajectories import Trajectories
from throng.measure.density import gaussian_density
from throng.measure.profile import Grid, classic_profile, gaussian_profile, voronoi_profile
from throng.measure.voronoi import CutOff, cells_of_moment, voronoi_cells

Floats = NDArray[np.float64]


def pedpys(trajectories: Trajectories, floor: Area, cell_m: float, *, method: str, cut_off: CutOff | None = None) -> Floats:
    """PedPy's profiles, rows from below; it has none of frames without people."""
    width_m = 0.7
    data = of_pedpy(trajectories, floor, cut_off) if method == "VORONOI" else as_frame(trajectories)
    profiles = pedpy.compute_density_profile(
        data=data,
        walkable_area=pedpy.WalkableArea(polygon(floor)),
        grid_size=cell_m,
        density_method=pedpy.DensityMethod[method],
        # PedPy rounds three constants to six digits, of which this undoes the one in the width.
        gaussian_width=width_m * 2.35482 / np.sqrt(8 * np.log(2)),
    )
    result: Floats = np.array(profiles)[:, ::-1]
    return result * (2.50662**2 / (2 * np.pi)) if method == "GAUSSIAN" else result


@pytest.mark.parametrize("cut_off", [None, CutOff(0.8)], ids=str)
@pytest.mark.parametrize("cell_m", [0.5, 0.7, 3.0])
@pytest.mark.parametrize("name", FLOORS)
def test_voronoi_profiles_are_pedpys(name: str, cell_m: float, cut_off: CutOff | None) -> None:
    trajectories = crowd_on(FLOORS[name], [60, 1, 5, 0, 30])
    cells = voronoi_cells(trajectories, FLOORS[name], cut_off=cut_off)
    ours = voronoi_profile(trajectories, cells, Grid.over(FLOORS[name], cell_m))
    theirs = pedpys(trajectories, FLOORS[name], cell_m, method="VORONOI", cut_off=cut_off)
    assert not ours[3].any()
    np.testing.assert_allclose(ours[[0, 1, 2, 4]], theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["hall", "hexagon"])
def test_classic_and_gaussian_profiles_are_pedpys(name: str) -> None:
    trajectories = crowd_on(FLOORS[name], [60, 1, 30])
    grid = Grid.over(FLOORS[name], 0.5)
    np.testing.assert_allclose(
        classic_profile(trajectories, grid), pedpys(trajectories, FLOORS[name], 0.5, method="CLASSIC"), rtol=1e-12
    )
    np.testing.assert_allclose(
        gaussian_profile(trajectories, grid, width_m=0.7),
        pedpys(trajectories, FLOORS[name], 0.5, method="GAUSSIAN"),
        rtol=1e-9,
        atol=1e-15,
    )


@pytest.mark.realdata
@pytest.mark.parametrize("name", JUELICH)
def test_profiles_of_real_crowds_are_pedpys(shared_data: Path, name: str) -> None:
    trajectories = every(juelich(shared_data, name), 400)
    low, high = trajectories.xy_m.min(axis=0) - 0.3, trajectories.xy_m.max(axis=0) + 0.3
    floor = area([(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])])
    cells = voronoi_cells(trajectories, floor, cut_off=CutOff(1.0))
    ours = voronoi_profile(trajectories, cells, Grid.over(floor, 0.5))
    theirs = pedpys(trajectories, floor, 0.5, method="VORONOI", cut_off=CutOff(1.0))
    np.testing.assert_allclose(ours[np.diff(trajectories.starts) > 0], theirs, rtol=1e-9, atol=1e-12)


@given(seeds, st.sampled_from(list(FLOORS)), cut_offs, st.floats(0.05, 4.0), st.integers(1, 9), st.integers(1, 9))
def test_squares_hold_what_shapely_says(
    seed: int, name: str, cut_off: CutOff | None, cell_m: float, columns: int, rows: int
) -> None:
    random = np.random.default_rng(seed)
    places = people_on(FLOORS[name], int(random.integers(1, 9)), seed=seed)
    cells = cells_of_moment(places, FLOORS[name], cut_off=cut_off)
    # On a lattice of half a square, so that sides of cells lie on lines of the grid now and then.
    left, bottom = np.round(random.uniform(-2, 9, 2) * 2 / cell_m) * cell_m / 2
    profile = voronoi_profile(np.array([0, len(places)]), cells, Grid(left, bottom, cell_m, columns, rows))[0]
    x, y = np.meshgrid(left + cell_m * np.arange(columns), bottom + cell_m * np.arange(rows))
    squares = shapely.box(x, y, x + cell_m, y + cell_m)
    theirs = np.zeros((rows, columns))
    for size, start, stop in zip(cells.areas_m2, cells.starts[:-1], cells.starts[1:], strict=True):
        cell = shapely.make_valid(shapely.Polygon(cells.corners_m[start:stop]))
        # Where a cell's outline touches itself, shapely makes another area of it than the outline has.
        assume(abs(shapely.area(cell) - size) < 1e-9)
        theirs += shapely.area(shapely.intersection(squares, cell)) / size
    np.testing.assert_allclose(profile, theirs / cell_m**2, rtol=1e-9, atol=1e-9 / cell_m**2)


@given(seeds, st.sampled_from(list(FLOORS)), cut_offs, st.floats(0.1, 3.0))
def test_a_profile_over_the_floor_holds_everybody(seed: int, name: str, cut_off: CutOff | None, cell_m: float) -> None:
    trajectories = crowd_on(FLOORS[name], [20, 3], seed=seed)
    cells = voronoi_cells(trajectories, FLOORS[name], cut_off=cut_off)
    grid = Grid.over(FLOORS[name], cell_m)
    profile = voronoi_profile(trajectories, cells, grid)
    np.testing.assert_allclose(profile.sum(axis=(1, 2)) * cell_m**2, [20, 3], rtol=1e-9)
    assert (profile >= 0).all()
    np.testing.assert_array_equal(classic_profile(trajectories, grid).sum(axis=(1, 2)) * cell_m**2 > 19.9, [True, False])


def test_means_are_means_of_frames() -> None:
    trajectories = crowd_on(BOTTLENECK, [20, 3, 0, 7])
    grid, cells = Grid.over(BOTTLENECK, 0.6), voronoi_cells(trajectories, BOTTLENECK)
    for mean, each in (
        (voronoi_profile(trajectories, cells, grid, mean=True), voronoi_profile(trajectories, cells, grid)),
        (classic_profile(trajectories, grid, mean=True), classic_profile(trajectories, grid)),
        (gaussian_profile(trajectories, grid, width_m=1.0, mean=True), gaussian_profile(trajectories, grid, width_m=1.0)),
    ):
        np.testing.assert_allclose(mean, each.mean(axis=0), rtol=1e-9, atol=1e-12)


def test_a_gaussian_profile_is_the_density_in_the_middle_of_squares() -> None:
    trajectories = crowd_on(PILLARS, [20])
    grid = Grid(1.0, -3.0, 0.7, 4, 9)
    x, y = np.meshgrid(*grid.middles_m)
    densities = gaussian_density(trajectories.xy_m, np.stack([x, y], axis=-1).reshape(-1, 2), width_m=0.9)
    np.testing.assert_allclose(gaussian_profile(trajectories, grid, width_m=0.9).ravel(), densities, rtol=1e-9)


def test_frames_in_which_no_cell_is_known_are_unknown() -> None:
    trajectories = recording([0, 0, 0], [0, 1, 3], [(50.0, 1.0), (1.0, 1.0), (2.0, 2.0)])
    grid, cells = Grid.over(HALL, 2.0), voronoi_cells(trajectories, HALL)
    profile = voronoi_profile(trajectories, cells, grid)
    np.testing.assert_allclose(profile.mean(axis=(1, 2)), [np.nan, 1 / 80, 0, 1 / 80])
    np.testing.assert_allclose(voronoi_profile(trajectories, cells, grid, mean=True), 2 / 3 / 80)


def test_grids() -> None:
    grid = Grid.over(HEXAGON, 3.0)
    assert (grid.columns, grid.rows, grid.left_m, grid.bottom_m) == (4, 3, 0.0, -1.0)
    assert Grid.over(area([(0, 0), (0.3, 0), (0.3, 0.7), (0, 0.7)]), 0.1) == Grid(0.0, 0.7 - 7 * 0.1, 0.1, 3, 7)
    corner = recording([0, 1, 2], [0, 0, 0], [(0.0, 0.0), (3.0, 3.0), (6.0, 6.0)])
    np.testing.assert_array_equal(classic_profile(corner, Grid(0.0, 0.0, 3.0, 2, 2))[0] * 9, [[1, 0], [0, 2]])
    for cell_m, columns in ((0.0, 1), (1.0, 0)):
        with pytest.raises(GeometryError, match="grid"):
            Grid(0, 0, cell_m, columns, 1)
    with pytest.raises(GeometryError, match="grid"):
        Grid.over(HALL, -1.0)
