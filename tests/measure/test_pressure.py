"""Crowd pressure against closed forms on made-up fields."""

import itertools
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.measure.walkers import every, juelich

from throng.data.errors import SecrecyError
from throng.data.trajectories import Trajectories
from throng.measure.pressure import PressureField, grid_motion, grid_pressure, local_motion, pressure
from throng.measure.speed import velocities

Floats = NDArray[np.float64]


def lattice(per_m2: float = 4.0, side_m: float = 16.0) -> Floats:
    """People in a square around the origin, evenly."""
    step = per_m2**-0.5
    ticks = np.arange(-side_m / 2 + step / 2, side_m / 2, step)
    return np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)


def crowd(seed: int, people: int = 40) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 5, (people, 2)), rng.normal(0.5, 0.4, (people, 2))


CENTRE = np.array([[0.0, 0.0], [0.31, -0.17]])
AXES = np.linspace(-6, 6, 25)


def test_density_is_that_of_the_lattice_and_integrates_to_the_number_of_people() -> None:
    people = lattice(3.0)
    still = np.zeros_like(people)
    assert local_motion(people, still, CENTRE).density_per_m2 == pytest.approx(3.0, rel=1e-6)
    wide = np.arange(-14, 14, 0.25)
    density = grid_motion(people, still, wide, wide).density_per_m2
    assert density.sum() * 0.25**2 == pytest.approx(len(people), rel=1e-9)


@pytest.mark.parametrize("radius_m", [0.8, 1.0, 1.5])
def test_two_streams_that_pass_through_each_other(radius_m: float) -> None:
    people = lattice()
    way = np.where((np.arange(len(people)) + np.arange(len(people)) // 32) % 2, 0.7, -0.7)
    found = pressure(people, np.column_stack([way, 0 * way]), CENTRE, radius_m=radius_m)
    assert found == pytest.approx(4.0 * 0.7**2, rel=1e-6)


@pytest.mark.parametrize("radius_m", [0.8, 1.0, 1.5])
def test_a_sheared_crowd_has_the_variance_of_the_kernel(radius_m: float) -> None:
    """With v_x = g y the variance is g^2 times the kernel's own variance of y, R^2 / 2."""
    people = lattice()
    found = pressure(people, np.column_stack([0.3 * people[:, 1], 0 * people[:, 1]]), CENTRE, radius_m=radius_m)
    assert found == pytest.approx(4.0 * 0.3**2 * radius_m**2 / 2, rel=1e-4)


@given(st.integers(0, 10_000), st.integers(0, 60))
def test_grid_and_points_and_the_sums_written_out_agree(seed: int, people: int) -> None:
    xy, v = crowd(seed, people)
    v[::7] = np.nan
    x, y = np.linspace(0, 5, 7), np.linspace(1, 4, 5)
    at = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    found = grid_pressure(xy, v, x, y, radius_m=0.9)
    assert found.shape == (5, 7)
    expected = [_written_out(xy, v, place, 0.9) for place in at]
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(pressure(xy, v, at, radius_m=0.9), expected, rtol=1e-9, atol=1e-12)


def _written_out(xy: Floats, v: Floats, place: Floats, radius: float) -> float:
    f = [float(np.exp(-((p - place) @ (p - place)) / radius**2) / (np.pi * radius**2)) for p in xy]
    pairs = [(w, u) for w, u in zip(f, v, strict=True) if np.isfinite(u).all()]
    total = sum(w for w, _ in pairs)
    if not pairs or total < np.exp(-4) / (np.pi * radius**2) or total**2 / sum(w * w for w, _ in pairs) < 3:
        return float("nan")
    mean = sum(w * u for w, u in pairs) / total
    return sum(f) * sum(w * float((u - mean) @ (u - mean)) for w, u in pairs) / total


def _turned(xy: Floats, v: Floats) -> tuple[Floats, Floats, float]:
    cos, sin = np.cos(0.7), np.sin(0.7)
    turn = np.array([[cos, -sin], [sin, cos]])
    return xy @ turn.T + [40.0, -3.0], v @ turn.T, 1.0


MOTIONS: dict[str, Callable[[Floats, Floats], tuple[Floats, Floats, float]]] = {
    "rigid": _turned,
    "galilean": lambda xy, v: (xy, v + np.array([1.5, -0.8]), 1.0),
    "minutes": lambda xy, v: (xy, v * 60, 3600.0),
}


@pytest.mark.parametrize("motion", MOTIONS.values(), ids=MOTIONS.keys())
@given(seed=st.integers(0, 10_000))
def test_what_moves_the_whole_scene_changes_nothing_and_units_scale(
    motion: Callable[[Floats, Floats], tuple[Floats, Floats, float]], seed: int
) -> None:
    xy, v = crowd(seed)
    at = np.array([[2.0, 2.0], [4.0, 1.0], [0.0, 0.0]])
    moved_xy, moved_v, factor = motion(xy, v)
    moved_at, _, _ = motion(at, np.zeros_like(at))
    np.testing.assert_allclose(pressure(moved_xy, moved_v, moved_at), factor * pressure(xy, v, at), rtol=1e-9)


@given(st.integers(0, 10_000))
def test_lengths_scale_out(seed: int) -> None:
    """Density goes with 1 / length^2 and variance with length^2: pressure has no length in it."""
    xy, v = crowd(seed)
    at = np.array([[2.0, 2.0], [4.0, 1.0]])
    np.testing.assert_allclose(pressure(xy * 100, v * 100, at * 100, radius_m=100), pressure(xy, v, at), rtol=1e-9)


def test_the_errors_of_velocities_are_taken_off() -> None:
    people = lattice(5.0)
    noise = np.random.default_rng(5).normal(0, 0.1, people.shape)
    at = lattice(1.0, 10.0)
    assert pressure(people, noise, at).mean() == pytest.approx(2 * 5 * 0.1**2, rel=0.1)
    sway = np.where(np.arange(len(people)) % 2, 0.2, -0.2)
    found = pressure(people, noise + np.column_stack([sway, 0 * sway]), at, noise_mps=0.1).mean()
    assert found == pytest.approx(5 * 0.2**2, rel=0.1)


def test_where_too_few_are_it_is_unknown_and_density_is_still_known() -> None:
    nobody = np.empty((0, 2))
    assert np.isnan(pressure(nobody, nobody, CENTRE)).all()
    assert (local_motion(nobody, nobody, CENTRE).density_per_m2 == 0).all()
    pair = np.array([[0.0, 0.0], [0.2, 0.0]])
    assert np.isnan(pressure(pair, np.ones((2, 2)), CENTRE)).all()
    people = lattice(4.0, 4.0)
    assert np.isnan(pressure(people, np.full_like(people, np.nan), CENTRE)).all()
    assert np.isnan(local_motion(people, np.ones_like(people), np.array([[9.0, 0.0]])).velocity_mps).all()


def _play(velocity: Callable[[float], Floats], *, rate_hz: float, seconds: float = 9.0) -> PressureField:
    field = PressureField(AXES, AXES, window_s=8)
    people = lattice(side_m=12.0)
    for frame in range(round(seconds * rate_hz)):
        field.add(frame / rate_hz, people, velocity(frame / rate_hz) * np.ones_like(people))
    return field


@pytest.mark.parametrize("rate_hz", [5.0, 30.0])
def test_a_crowd_that_sways_as_one_has_pressure_over_time_and_none_at_a_moment(rate_hz: float) -> None:
    """V = A sin(2 pi t / 4 s) has the variance A^2 / 2: the same at 5 frames a second as at 30."""
    field = _play(lambda t: np.array([0.4 * np.sin(np.pi * t / 2) + 1.0, 0.0]), rate_hz=rate_hz)
    places, inside = field.at_places(), np.hypot(*np.meshgrid(AXES, AXES)) < 3
    assert places[inside] == pytest.approx(4.0 * 0.4**2 / 2, rel=1e-6)
    assert field.of_area(inside) == pytest.approx(4.0 * 0.4**2 / 2, rel=1e-6)
    people = lattice()
    assert pressure(people, np.full_like(people, 0.4), CENTRE) == pytest.approx(0.0, abs=1e-12)


def test_a_steady_pattern_has_pressure_over_the_area_and_none_at_a_place() -> None:
    people = lattice(side_m=12.0)
    steady = np.column_stack([0.2 * people[:, 1], 0 * people[:, 1]])
    field = _play(lambda _: steady, rate_hz=5)
    band = (np.abs(AXES) <= 2)[:, None] & (np.abs(AXES) <= 2)
    assert field.at_places()[band] == pytest.approx(0.0, abs=1e-9)
    assert field.of_area(band) == pytest.approx(4.0 * 0.2**2 * AXES[np.abs(AXES) <= 2].var(), rel=1e-3)


def test_what_was_seen_too_briefly_is_unknown() -> None:
    everywhere = np.ones((25, 25), dtype=bool)
    empty = PressureField(AXES, AXES)
    assert np.isnan(empty.at_places()).all()
    assert np.isnan(empty.of_area(everywhere))
    brief = _play(lambda _: np.array([1.0, 0.0]), rate_hz=5, seconds=3.9)
    assert np.isnan(brief.at_places()).all()
    assert np.isfinite(_play(lambda _: np.array([1.0, 0.0]), rate_hz=5, seconds=5.1).at_places()[12, 12])


def test_it_forgets() -> None:
    people, field = lattice(), PressureField(AXES, AXES, window_s=10)
    for second in range(40):
        rough = 1.0 if second < 20 else 0.0
        field.add(second, people, np.full_like(people, rough * (-1) ** second))
    assert field.at_places()[12, 12] == pytest.approx(0.0, abs=1e-12)


def test_memory_does_not_grow_with_time() -> None:
    people, field = lattice(), PressureField(AXES, AXES, window_s=5)
    still = np.zeros_like(people)
    tracemalloc.start()
    try:
        for second in range(20):
            field.add(second, people, still)
        before = tracemalloc.get_traced_memory()[0]
        for second in range(20, 200):
            field.add(second, people, still)
        assert tracemalloc.get_traced_memory()[0] - before < 20_000
    finally:
        tracemalloc.stop()


def test_it_stays_in_memory() -> None:
    with pytest.raises(SecrecyError):
        local_motion(CENTRE, CENTRE, CENTRE).__reduce_ex__(4)


@pytest.mark.realdata
def test_before_a_real_gate(shared_data: Path) -> None:
    """75 people press to a gate half a metre wide in the experiment 040_c_56_h-, and nobody was in danger.

    The pressure of a moment is above 0.02 / s^2 all the time. That of the local velocity reaches it only in the rush of the
    first seconds and is a tenth of it afterwards. Five frames a second tell the same.
    """
    recording = juelich(shared_data, "040_c_56_h-.txt")
    fast, slow = _before_the_gate(recording), _before_the_gate(every(recording, 5))
    assert fast[1:3, 0].min() > 5.5
    assert (fast[:12, 1] > 0.02).all()
    assert (fast[1:3, 2] > 0.018).all()
    assert (fast[3:12, 2] < 0.008).all()
    np.testing.assert_allclose(slow[:12, :2], fast[:12, :2], rtol=0.06)
    np.testing.assert_allclose(slow[1:12, 2], fast[1:12, 2], atol=0.001)


def _before_the_gate(recording: Trajectories) -> Floats:
    """Every five seconds: density, pressure of the moment and of the last ten seconds, in 1.2 m by 1 m before the gate."""
    x, y, rows = np.arange(-0.5, 0.51, 0.25), np.arange(0.6, 1.61, 0.25), []
    field, v = PressureField(x, y, window_s=10), velocities(recording, window_s=1.0)
    for frame, (a, b) in enumerate(itertools.pairwise(recording.starts)):
        motion = field.add(frame / recording.rate_hz, recording.xy_m[a:b], v[a:b])
        if frame % round(5 * recording.rate_hz) == 0:
            now = grid_pressure(recording.xy_m[a:b], v[a:b], x, y)
            rows.append((motion.density_per_m2.mean(), now.mean(), field.at_places().mean()))
    return np.array(rows)
