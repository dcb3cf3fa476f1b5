"""Voronoi cells and the densities that stand on them: against PedPy, and what must hold of every crowd."""

import pickle
from pathlib import Path

import numpy as np
import pedpy
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.measure.floors import (
    BOTTLENECK,
    CORNER,
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
from tests.measure.walkers import JUELICH, every, juelich, moved

from throng.data.errors import GeometryError, SecrecyError, TrajectoryError
from throng.data.ground_place import Area
from throng.data.trajectories import Trajectories
from throng.measure import delaunay
from throng.measure.voronoi import (
    Cells,
    CutOff,
    cells_of_moment,
    individual_density,
    overlaps_m2,
    voronoi_cells,
    zone_densities,
    zone_density,
)

Floats = NDArray[np.float64]
CUT_OFFS = [None, CutOff(1.0), CutOff(0.8, 8), CutOff(0.4, 1)]
ZONES = [
    area([(2, 2), (5, 3), (6, 5), (1, 5)]),
    area([(0.5, 1), (3.5, 1), (3.5, 4), (0.5, 4)]),
    area([(4.0, 1.0), (4.1, 1.0), (4.1, 1.1), (4.0, 1.1)]),
]
NOT_CONVEX = area([(1, 1), (9, 1), (9, 7), (6, 7), (6, 3), (1, 3)], [(7, 2), (8, 2), (8, 4), (7, 4)])


def polygons(cells: Cells) -> list[Floats]:
    return [cells.corners_m[start:stop] for start, stop in zip(cells.starts[:-1], cells.starts[1:], strict=True)]


@pytest.mark.parametrize("cut_off", CUT_OFFS, ids=str)
@pytest.mark.parametrize("name", FLOORS)
def test_cells_are_pedpys(name: str, cut_off: CutOff | None) -> None:
    trajectories = crowd_on(FLOORS[name], [100, 1, 2, 3, 0, 60, 5, 4])
    cells = voronoi_cells(trajectories, FLOORS[name], cut_off=cut_off)
    theirs = of_pedpy(trajectories, FLOORS[name], cut_off)
    np.testing.assert_allclose(individual_density(cells), theirs["density"], rtol=1e-9)
    for ours, polygon_of_pedpy in zip(polygons(cells), theirs["polygon"], strict=True):
        apart = shapely.hausdorff_distance(shapely.LinearRing(ours), shapely.Polygon(polygon_of_pedpy).boundary)
        assert apart < 1e-6 or len(polygon_of_pedpy.interiors)


@pytest.mark.parametrize("cut_off", [None, CutOff(0.8)], ids=str)
@pytest.mark.parametrize("name", FLOORS)
def test_zone_densities_are_pedpys(name: str, cut_off: CutOff | None) -> None:
    trajectories = crowd_on(FLOORS[name], [100, 1, 2, 30, 0, 60, 4])
    cells = voronoi_cells(trajectories, FLOORS[name], cut_off=cut_off)
    data = of_pedpy(trajectories, FLOORS[name], cut_off)
    for zone in ZONES:
        theirs, overlap = pedpy.compute_voronoi_density(
            individual_voronoi_data=data, measurement_area=pedpy.MeasurementArea(zone.corners_m)
        )
        np.testing.assert_allclose(zone_density(trajectories, cells, zone), theirs["density"], rtol=1e-9)
        overlap = overlap.sort_values(["frame", "id"])
        np.testing.assert_allclose(overlaps_m2(cells, zone), shapely.area(overlap["intersection"].to_numpy()), atol=1e-12)


@given(seeds, st.sampled_from(list(FLOORS)), cut_offs, st.integers(1, 40))
def test_cells_are_pedpys_whoever_stands_where(seed: int, name: str, cut_off: CutOff | None, people: int) -> None:
    trajectories = crowd_on(FLOORS[name], [people], seed=seed)
    ours = voronoi_cells(trajectories, FLOORS[name], cut_off=cut_off).areas_m2
    np.testing.assert_allclose(ours, 1 / of_pedpy(trajectories, FLOORS[name], cut_off)["density"], rtol=1e-9)


@given(seeds, st.sampled_from(list(FLOORS)), cut_offs, st.integers(1, 40))
def test_overlaps_are_shapelys(seed: int, name: str, cut_off: CutOff | None, people: int) -> None:
    random = np.random.default_rng(seed)
    cells = cells_of_moment(people_on(FLOORS[name], people, seed=seed), FLOORS[name], cut_off=cut_off)
    turn = np.sort(random.uniform(0, 2 * np.pi, 5))
    star = np.stack([np.cos(turn), np.sin(turn)], axis=1) * random.uniform(0.5, 4, (5, 1)) + (4, 4)
    zones = [NOT_CONVEX, *ZONES, *([Area("star", star)] if shapely.Polygon(star).is_valid else [])]
    for zone in zones:
        theirs = [shapely.Polygon(ring).buffer(0).intersection(polygon(zone)).area for ring in polygons(cells)]
        np.testing.assert_allclose(overlaps_m2(cells, zone), theirs, rtol=1e-9, atol=1e-11)


@given(seeds, st.sampled_from(["hall", "hexagon"]), st.integers(1, 80))
def test_cells_share_a_convex_floor(seed: int, name: str, people: int) -> None:
    floor = FLOORS[name]
    cells = cells_of_moment(people_on(floor, people, seed=seed), floor)
    assert cells.areas_m2.sum() == pytest.approx(floor.area_m2, rel=1e-12)
    assert zone_density(np.array([0, people]), cells, floor)[0] * floor.area_m2 == pytest.approx(people, rel=1e-12)


@given(seeds, cut_offs, st.floats(-3, 3), st.sampled_from(list(FLOORS)), st.floats(0.01, 100))
def test_moving_turning_and_scaling_the_scene(seed: int, cut_off: CutOff | None, angle: float, name: str, scale: float) -> None:
    floor, places = FLOORS[name], people_on(FLOORS[name], 30, seed=seed)
    there = Area(
        "there",
        moved(floor.corners_m * scale, angle, (40, -70)),
        tuple(moved(hole * scale, angle, (40, -70)) for hole in floor.holes_m),
    )
    before = cells_of_moment(places, floor).areas_m2
    after = cells_of_moment(moved(places * scale, angle, (40, -70)), there).areas_m2
    np.testing.assert_allclose(individual_density_of(after), individual_density_of(before) / scale**2, rtol=1e-7)
    if cut_off is not None:
        # The polygon of a cut-off does not turn with the scene.
        shifted = Area("there", floor.corners_m * scale + 7, tuple(hole * scale + 7 for hole in floor.holes_m))
        larger = CutOff(cut_off.radius_m * scale, cut_off.quad_segments)
        before = cells_of_moment(places, floor, cut_off=cut_off).areas_m2
        after = cells_of_moment(places * scale + 7, shifted, cut_off=larger).areas_m2
        np.testing.assert_allclose(after, before * scale**2, rtol=1e-7)


def individual_density_of(areas_m2: Floats) -> Floats:
    return 1 / areas_m2


@pytest.mark.parametrize("cut_off", [None, CutOff(0.75)], ids=str)
@pytest.mark.parametrize("name", FLOORS)
def test_coordinates_in_the_millions(name: str, cut_off: CutOff | None) -> None:
    # Multiples of 2^-30 m, so that shifting by whole metres changes none of them.
    floor = FLOORS[name]
    grain = 2.0**-30
    corners, holes = (
        (np.round(floor.corners_m / grain) * grain),
        tuple(np.round(hole / grain) * grain for hole in floor.holes_m),
    )
    places = np.round(people_on(floor, 60) / grain) * grain
    shift = np.array([2.0**19 + 1, 2.0**22 + 5])
    here, there = Area("here", corners, holes), Area("there", corners + shift, tuple(hole + shift for hole in holes))
    zone = ZONES[0]
    zone_there = Area("zone", zone.corners_m + shift)
    cells, cells_there = (
        cells_of_moment(at, floor, cut_off=cut_off) for at, floor in ((places, here), (places + shift, there))
    )
    np.testing.assert_allclose(cells_there.areas_m2, cells.areas_m2, rtol=1e-11)
    densities = (zone_density(np.array([0, 60]), c, z)[0] for c, z in ((cells, zone), (cells_there, zone_there)))
    assert next(densities) == pytest.approx(next(densities), rel=1e-9)


def grid_of_people(spacing_m: float, side: int = 8) -> Floats:
    steps = (np.arange(side) + 0.5) * spacing_m
    places: Floats = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    return places


@pytest.mark.parametrize("spacing_m", [1.0, 0.1, 1 / 3, 7.3])
def test_people_on_a_grid_have_squares(spacing_m: float) -> None:
    side_m = 8 * spacing_m
    floor = area([(0, 0), (side_m, 0), (side_m, side_m), (0, side_m)])
    cells = cells_of_moment(grid_of_people(spacing_m), floor)
    np.testing.assert_allclose(cells.areas_m2, spacing_m**2, rtol=1e-9)
    # A corner of the cut-off on every corner of the cells, and a cut-off that just touches their sides.
    for radius, segments, share in ((np.sqrt(0.5), 2, 1.0), (np.sqrt(0.5), 8, 1.0), (0.5, 1, 0.5), (0.5, 2, np.sqrt(0.5))):
        cut = cells_of_moment(grid_of_people(spacing_m), floor, cut_off=CutOff(radius * spacing_m, segments))
        np.testing.assert_allclose(cut.areas_m2, share * spacing_m**2, rtol=1e-9)


def test_people_on_a_line_have_stripes() -> None:
    cells = cells_of_moment(np.array([[1.0, 4], [3, 4], [5, 4], [8, 4]]), HALL)
    np.testing.assert_allclose(cells.areas_m2, [16, 16, 20, 28])


def test_one_person_has_all_the_floor_and_nobody_has_none() -> None:
    assert cells_of_moment(np.array([[9.0, 1.0]]), PILLARS).areas_m2 == pytest.approx(PILLARS.area_m2)
    nobody = cells_of_moment(np.empty((0, 2)), HALL)
    assert len(nobody) == 0
    assert zone_density(np.array([0, 0]), nobody, HALL) == [0.0]


@pytest.mark.parametrize("number", [2, 3, 7])
def test_people_at_the_same_place_share_its_cell(number: int) -> None:
    places = np.concatenate([[[2.0, 2.0], [8.0, 6.0]], np.tile([5.0, 4.0], (number, 1))])
    cells = cells_of_moment(places, HALL, cut_off=CutOff(1.0))
    np.testing.assert_allclose(cells.areas_m2, [3, 3, *np.full(number, 3 / number)], rtol=0.01)
    whole = cells_of_moment(places, HALL)
    assert whole.areas_m2.sum() == pytest.approx(HALL.area_m2, rel=1e-9)


@pytest.mark.parametrize("floor", [HALL, CORNER])
def test_who_is_not_on_the_floor_has_no_cell(floor: Area) -> None:
    places = np.array([[5.0, -1.0], [1.0, 1.0], [0.0, 3.0], [3.0, 3.0], [1e7, -1e7], [0.0, 0.0]])
    cells = cells_of_moment(places, floor)
    np.testing.assert_array_equal(np.isnan(cells.areas_m2), [True, False, False, False, True, False])
    assert np.isnan(individual_density(cells)[0])
    assert np.isnan(overlaps_m2(cells, ZONES[0])[0])
    near = cells_of_moment(places[[0, 1, 2, 3, 5]], floor)
    np.testing.assert_allclose(cells.areas_m2[[1, 2, 3, 5]], near.areas_m2[1:], rtol=1e-12)


def test_zone_density_is_unknown_where_no_cell_is_and_nought_where_nobody_is() -> None:
    trajectories = recording([0, 0, 0], [2, 3, 5], [(5.0, -1.0), (1.0, 1.0), (3.0, 20.0)])
    cells = voronoi_cells(trajectories, HALL)
    densities = zone_density(trajectories, cells, HALL)
    np.testing.assert_allclose(densities, [np.nan, 1 / HALL.area_m2, 0.0, np.nan])
    np.testing.assert_array_equal(zone_densities(trajectories, cells, [HALL, *ZONES])[0], densities)


def test_walls_keep_out_what_is_behind_them() -> None:
    # Two rooms with a thin wall between them, and a gap far away.
    rooms = area([(0, 0), (10, 0), (10, 4), (0, 4)], [(4.9, 0.1), (5.1, 0.1), (5.1, 3.9), (4.9, 3.9)])
    cells = cells_of_moment(np.array([[4.0, 2.0], [9.0, 2.0]]), rooms)
    theirs = 1 / of_pedpy(recording([0, 1], [0, 0], [(4.0, 2.0), (9.0, 2.0)]), rooms, None)["density"]
    np.testing.assert_allclose(cells.areas_m2, theirs, rtol=1e-9)


@given(
    seeds, st.sampled_from(["line", "grid", "circle", "spots", "heap", "edge", "wide"]), cut_offs, st.sampled_from(list(FLOORS))
)
def test_odd_crowds_are_measured(seed: int, kind: str, cut_off: CutOff | None, name: str) -> None:
    random, floor = np.random.default_rng(seed), FLOORS[name]
    number = int(random.integers(1, 30))
    places = {
        "line": lambda: random.uniform(1, 4, (number, 1)) * [1, 0.5] + [0, 1],
        "grid": lambda: grid_of_people(0.5, 6),
        "circle": lambda: 2.5 + 1.5 * np.stack([np.cos(at := np.arange(number) * 2 * np.pi / number), np.sin(at)], axis=1),
        "spots": lambda: random.integers(1, 4, (number, 2)).astype(np.float64),
        "heap": lambda: 2.0 + random.normal(0, 10.0 ** -random.uniform(1, 12), (number, 2)),
        "edge": lambda: floor.corners_m[random.integers(0, len(floor.corners_m), number)],
        "wide": lambda: random.normal(0, 10.0 ** random.uniform(0, 9), (number, 2)),
    }[kind]()
    cells = cells_of_moment(places, floor, cut_off=cut_off)
    on_floor = shapely.intersects_xy(polygon(floor), places[:, 0], places[:, 1])
    # Of people at the same corner of the floor some get a slice of cake that lies beyond it.
    assert (on_floor | np.isnan(cells.areas_m2)).all()
    assert kind == "edge" or (~on_floor | np.isfinite(cells.areas_m2)).all()
    assert np.nansum(cells.areas_m2) <= floor.area_m2 * (1 + 1e-3)
    if kind != "edge" and on_floor.all() and floor in (HALL, HEXAGON):
        assert zone_density(np.array([0, len(places)]), cells, floor)[0] == pytest.approx(len(places) / floor.area_m2, rel=1e-6)


def test_the_slow_way_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    trajectories = crowd_on(BOTTLENECK, [50, 1, 2, 80])
    fast = voronoi_cells(trajectories, BOTTLENECK)
    good = delaunay._triangles
    for step in (40, 3, 2):
        monkeypatch.setattr(
            delaunay, "_triangles", lambda points, starts, step=step: np.delete(good(points, starts), np.s_[::step], 0)
        )
        slow = voronoi_cells(trajectories, BOTTLENECK)
        np.testing.assert_allclose(slow.areas_m2, fast.areas_m2, rtol=1e-9)
    monkeypatch.setattr(delaunay, "_triangles_slowly", lambda points: np.empty((0, 3), dtype=np.int64))
    assert np.isnan(voronoi_cells(trajectories, BOTTLENECK).areas_m2).all()


@pytest.mark.parametrize("error_m", [1e-6, 1e-3, 0.03, 0.3])
def test_triangles_are_not_trusted(monkeypatch: pytest.MonkeyPatch, error_m: float) -> None:
    good, errors = delaunay._triangles, np.random.default_rng(2).normal(0, error_m, (1400, 2))
    trajectories = crowd_on(HEXAGON, [7] * 200)
    cells = voronoi_cells(trajectories, HEXAGON)
    errors = np.concatenate([errors, np.zeros((4, 2))])
    # Triangles of people who stand a little elsewhere: some are turned over, and some circles hold somebody.
    monkeypatch.setattr(delaunay, "_triangles", lambda points, starts: good(points + errors, starts))
    np.testing.assert_allclose(voronoi_cells(trajectories, HEXAGON).areas_m2, cells.areas_m2, rtol=1e-9)


def test_four_people_a_hair_off_one_circle() -> None:
    angles = np.array([0.3, 1.9, 3.4, 5.0])
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for seed in range(50):
        hair = np.random.default_rng(seed).normal(0, 3e-7, (4, 2))
        trajectories = Trajectories(np.arange(4), np.zeros(4, dtype=np.int64), 4 + 2 * ring + hair, 1.0)
        theirs = 1 / of_pedpy(trajectories, HALL, None)["density"]
        np.testing.assert_allclose(voronoi_cells(trajectories, HALL).areas_m2, theirs, rtol=1e-11)


def test_cells_stay_in_memory_and_settings_make_sense() -> None:
    cells = cells_of_moment(np.array([[1.0, 1.0]]), HALL)
    with pytest.raises(SecrecyError):
        pickle.dumps(cells)
    with pytest.raises(ValueError, match="read-only"):
        cells.areas_m2[0] = 1
    with pytest.raises(TrajectoryError, match="finite"):
        cells_of_moment(np.array([[np.nan, 1.0]]), HALL)
    with pytest.raises(GeometryError, match="cross itself"):
        cells_of_moment(np.array([[1.0, 1.0]]), area([(0, 0), (4, 0), (1, 3), (3, 3)]))
    for radius, segments in ((0.0, 3), (np.inf, 3), (1.0, 0)):
        with pytest.raises(GeometryError, match="cut-off"):
            CutOff(radius, segments)


@pytest.mark.realdata
@pytest.mark.parametrize("cut_off", [None, CutOff(0.8)], ids=str)
@pytest.mark.parametrize("name", JUELICH)
def test_real_crowds_have_pedpys_cells(shared_data: Path, name: str, cut_off: CutOff | None) -> None:
    trajectories = every(juelich(shared_data, name), 100)
    # Nobody measured these floors for us: a box around everybody with a pillar in it where nobody ever is.
    low, high = trajectories.xy_m.min(axis=0) - 0.3, trajectories.xy_m.max(axis=0) + 0.3
    floor = area([(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])])
    theirs = of_pedpy(trajectories, floor, cut_off)
    cells = voronoi_cells(trajectories, floor, cut_off=cut_off)
    np.testing.assert_allclose(individual_density(cells), theirs["density"], rtol=1e-9)
    middle = (low + high) / 2
    zone = Area("zone", middle + np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]))
    density, _ = pedpy.compute_voronoi_density(
        individual_voronoi_data=theirs, measurement_area=pedpy.MeasurementArea(zone.corners_m)
    )
    np.testing.assert_allclose(zone_density(trajectories, cells, zone), density["density"], rtol=1e-9, atol=1e-12)
