"""The fundamental diagram: known curves come back, what the data cannot tell is unknown, and PedPy's points."""

from pathlib import Path

import numpy as np
import pedpy
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.measure.walkers import as_frame, every, juelich

from throng.measure.fundamental import Diagram, curve, diagram, fit_weidmann, weidmann_speed
from throng.measure.speed import velocities, voronoi_speed

WEIDMANN = (1.34, 1.913, 5.4)
CAPACITY, CRITICAL = 1.2247, 1.749


def scattered(
    random: np.random.Generator, *, least: float = 0.2, most: float = 4.0, size: int = 200, noise_mps: float = 0.08
) -> Diagram:
    """Points about Weidmann's curve, three in a hundred of them of people who run."""
    density = random.uniform(least, most, size)
    speed = weidmann_speed(density, *WEIDMANN) + random.normal(0, noise_mps, size)
    runs = random.random(size) < 0.03
    return diagram(density, np.where(runs, speed + 0.8, speed))


def test_unknown_points_are_left_out() -> None:
    points = diagram(np.array([1.0, np.nan, 0.0, 2.0, 3.0]), np.array([1.2, 1.0, 1.3, np.nan, 0.5]))
    assert points.index.tolist() == [0, 4]
    np.testing.assert_allclose(points.flow_per_m_s, [1.2, 1.5])


def test_the_curve_of_weidmann_is_as_published() -> None:
    density = np.linspace(0.01, 5.4, 100_000)
    flow = density * weidmann_speed(density, *WEIDMANN)
    assert flow.max() == pytest.approx(CAPACITY, abs=1e-3)
    assert density[flow.argmax()] == pytest.approx(CRITICAL, abs=0.01)
    np.testing.assert_allclose(weidmann_speed(np.array([1e-6, 5.4]), *WEIDMANN), [1.34, 0.0], atol=1e-12)


def test_points_on_a_curve_give_it_back() -> None:
    density = np.linspace(0.2, 5.0, 60)
    fit = fit_weidmann(diagram(density, weidmann_speed(density, *WEIDMANN)))
    np.testing.assert_allclose([fit.free_speed_mps, fit.gamma_per_m2, fit.jam_density_per_m2], WEIDMANN, rtol=1e-6)
    assert fit.capacity_per_m_s == pytest.approx(CAPACITY, abs=1e-3)
    assert fit.critical_density_per_m2 == pytest.approx(CRITICAL, abs=1e-2)
    assert fit.reason == ""


def test_standard_errors_hold_the_truth_as_often_as_they_say() -> None:
    """1.96 standard errors in about 95 of 100 cases: 85 or fewer would come once in 5,000 times."""
    random, held = np.random.default_rng(3), np.zeros(4)
    for _ in range(100):
        fit = fit_weidmann(scattered(random))
        off = np.array([fit.free_speed_mps, fit.gamma_per_m2, fit.jam_density_per_m2, fit.capacity_per_m_s])
        off -= (*WEIDMANN, CAPACITY)
        errors = [fit.free_speed_error_mps, fit.gamma_error_per_m2, fit.jam_density_error_per_m2, fit.capacity_error_per_m_s]
        held += np.abs(off) < 1.96 * np.array(errors)
    assert (held > 85).all()
    assert (held < 100).any()


def test_points_that_hang_together_widen_the_errors() -> None:
    """Every point ten times over is no new knowledge: blocks say so, and without them the errors are a third."""
    random = np.random.default_rng(4)
    once = scattered(random)
    again = diagram(np.repeat(once.density_per_m2, 10), np.repeat(once.speed_mps, 10))
    alone, naive, blocked = fit_weidmann(once), fit_weidmann(again), fit_weidmann(again, blocks=again.index // 10)
    assert blocked.capacity_error_per_m_s == pytest.approx(alone.capacity_error_per_m_s, rel=0.01)
    assert naive.capacity_error_per_m_s == pytest.approx(alone.capacity_error_per_m_s / np.sqrt(10), rel=0.02)


def test_a_place_never_congested_has_no_known_capacity() -> None:
    fit = fit_weidmann(scattered(np.random.default_rng(5), most=1.2))
    assert fit.free_speed_mps == pytest.approx(1.34, abs=0.05)
    assert np.isnan([fit.capacity_per_m_s, fit.capacity_error_per_m_s, fit.critical_density_per_m2]).all()
    assert np.isnan([fit.gamma_per_m2, fit.jam_density_per_m2, fit.gamma_error_per_m2]).all()
    assert fit.reason == "the place was not seen congested"


def test_a_place_never_empty_has_no_known_free_speed() -> None:
    fit = fit_weidmann(scattered(np.random.default_rng(6), least=1.2, most=5.0, noise_mps=0.02))
    assert np.isnan([fit.free_speed_mps, fit.free_speed_error_mps]).all()
    assert fit.capacity_per_m_s == pytest.approx(CAPACITY, abs=4 * fit.capacity_error_per_m_s)
    assert fit.reason == "the place was not seen empty enough for walking freely"


def test_a_curve_at_the_bounds_and_a_loose_one_are_unknown() -> None:
    density = np.linspace(0.1, 1.45, 100)
    random = np.random.default_rng(7)
    jammed_early = diagram(density, weidmann_speed(density, 1.34, 1.913, 1.5) + random.normal(0, 0.01, 100))
    assert fit_weidmann(jammed_early).reason == "the points do not determine the curve"
    wild = fit_weidmann(scattered(random, size=30, noise_mps=2.0, most=0.6))
    assert np.isnan([wild.free_speed_mps, wild.free_speed_error_mps]).all()


@given(st.integers(0, 2**32 - 1), st.floats(0.3, 5.0), st.floats(0.01, 0.5))
@settings(max_examples=30, deadline=None)
def test_what_is_unknown_has_a_reason(seed: int, most: float, noise_mps: float) -> None:
    fit = fit_weidmann(scattered(np.random.default_rng(seed), most=most, noise_mps=noise_mps))
    assert np.isnan([fit.free_speed_mps, fit.capacity_per_m_s]).any() == bool(fit.reason)
    assert np.isnan(fit.capacity_per_m_s) == np.isnan(fit.critical_density_per_m2) == np.isnan(fit.capacity_error_per_m_s)


@given(st.integers(0, 2**32 - 1), st.floats(0.3, 0.8), st.floats(0.01, 0.5))
@settings(max_examples=30, deadline=None)
def test_scatter_in_an_empty_place_is_no_capacity(seed: int, most: float, noise_mps: float) -> None:
    """A handful of slow people among two hundred, where nobody was ever in the way."""
    fit = fit_weidmann(scattered(np.random.default_rng(seed), most=most, noise_mps=noise_mps))
    assert np.isnan(fit.capacity_per_m_s)


def test_one_density_and_few_points_are_refused_with_a_reason() -> None:
    assert "not seen empty" in fit_weidmann(diagram(np.full(50, 2.0), np.linspace(0.5, 0.7, 50))).reason
    assert "too few" in fit_weidmann(diagram(np.ones(19), np.ones(19))).reason


def test_bins_hold_the_quantiles_of_their_points() -> None:
    points = diagram(np.array([0.1, 0.4, 0.5, 0.9, 2.2]), np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    found = curve(points, np.array([0.0, 0.5, 1.0, 1.5]), quantiles=(0.0, 0.5))
    assert found.counts.tolist() == [2, 2, 0]
    np.testing.assert_allclose(found.speed_mps, [[1.0, 1.5], [3.0, 3.5], [np.nan, np.nan]])
    np.testing.assert_allclose(found.flow_per_m_s[0], [0.1, (0.1 + 0.8) / 2])


def test_a_crowd_that_waits_has_no_free_speed() -> None:
    generator = np.random.default_rng(4)
    density = generator.uniform(0.2, 6.0, 400)
    fit = fit_weidmann(diagram(density, weidmann_speed(density, 0.15, 3.0, 8.0) + generator.normal(0, 0.01, 400)))
    assert np.isnan(fit.free_speed_mps)
    assert np.isnan(fit.capacity_per_m_s)
    assert fit.reason == "people were slow even where there was room, so that they waited rather than walked"


@pytest.mark.realdata
def test_a_juelich_corridor_gives_pedpys_points_and_a_capacity(shared_data: Path) -> None:
    """Corridor of 1.8 m: everyone enters through it freely in one run, and a narrower exit jams it in the other."""
    points = [_juelich_points(shared_data, name) for name in ("uo-050-180-180.txt", "uo-180-180-120.txt")]
    free = fit_weidmann(points[0], blocks=points[0].index // 40)
    assert np.isnan(free.capacity_per_m_s)
    assert 1.2 < free.free_speed_mps < 1.8
    runs = np.repeat([0, 1000], [len(run.index) for run in points])
    both = diagram(*(np.concatenate([getattr(run, name) for run in points]) for name in ("density_per_m2", "speed_mps")))
    blocks = np.concatenate([run.index // 40 for run in points]) + runs
    fit = fit_weidmann(both, blocks=blocks)
    assert fit.reason == ""
    assert 1.2 < fit.free_speed_mps < 1.8
    assert 1.2 < fit.capacity_per_m_s < 2.2


def _juelich_points(shared_data: Path, name: str) -> Diagram:
    whole = juelich(shared_data, name)
    kept = (whole.frames - whole.first_frame) % 4 == 0
    run, velocity = every(whole, 4), velocities(whole, window_s=20 / 16)[kept]
    data = pedpy.TrajectoryData(as_frame(run), run.rate_hz)
    least, most = whole.xy_m.min(axis=0) - 0.1, whole.xy_m.max(axis=0) + 0.1
    cells = pedpy.compute_individual_voronoi_polygons(
        traj_data=data,
        walkable_area=pedpy.WalkableArea(shapely.box(*least, *most)),
        cut_off=pedpy.Cutoff(radius=0.8, quad_segments=3),
    )
    area = pedpy.MeasurementArea(shapely.box(0, 1, 1.8, 3))
    density, cut = pedpy.compute_voronoi_density(individual_voronoi_data=cells, measurement_area=area)
    individual = pedpy.compute_individual_speed(
        traj_data=pedpy.TrajectoryData(as_frame(whole), whole.rate_hz),
        frame_step=10,
        speed_calculation=pedpy.SpeedCalculation.BORDER_SINGLE_SIDED,
    )
    individual = individual[(individual.frame - whole.first_frame) % 4 == 0].assign(frame=lambda rows: rows.frame // 4)
    speed = pedpy.compute_voronoi_speed(
        traj_data=data, individual_speed=individual, individual_voronoi_intersection=cut, measurement_area=area
    )["speed"].to_numpy()
    overlaps_m2 = np.nan_to_num(shapely.area(as_frame(run).merge(cut, on=["id", "frame"], how="left")["intersection"]))
    ours = diagram(density["density"].to_numpy(), voronoi_speed(run, velocity, overlaps_m2, area_m2=3.6))
    np.testing.assert_allclose(ours.flow_per_m_s, (density["density"].to_numpy() * speed)[ours.index], rtol=1e-9)
    return diagram(density["density"].to_numpy(), voronoi_speed(run, velocity, overlaps_m2))
