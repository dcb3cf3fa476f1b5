"""Stop-and-go waves against waves made up in closed form, and against single-file traffic on a ring."""

import itertools
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.measure.scenes import corridor
from tests.measure.walkers import every

from throng.measure.speed import velocities
from throng.measure.waves import Stretch, Waves, standing_share, stop_and_go

Floats = NDArray[np.float64]


def field(wave_mps: float, period_s: float, *, cell_m: float = 1.0, slot_s: float = 1.0) -> Floats:
    """A minute of 0.6 m/s with a wave of +- 0.4 m/s over 10 m."""
    t = np.arange(0.5 * slot_s, 60.0, slot_s)[:, None]
    x = np.arange(0.5 * cell_m, 10.0, cell_m)
    wave: Floats = 0.6 + 0.4 * np.sin(2 * np.pi * (t - x / wave_mps) / period_s)
    return wave


def found(speeds: Floats, *, cell_m: float = 1.0, slot_s: float = 1.0) -> Waves:
    return stop_and_go(speeds, cell_m=cell_m, slot_s=slot_s)


@pytest.mark.parametrize("wave_mps", [-0.25, -0.35, -0.5, -0.8, -1.2])
@pytest.mark.parametrize("period_s", [10.0, 15.0, 25.0])
@pytest.mark.parametrize(("cell_m", "slot_s"), [(1.0, 1.0), (0.5, 0.5)])
def test_a_wave_is_found_as_it_was_made(wave_mps: float, period_s: float, cell_m: float, slot_s: float) -> None:
    waves = found(field(wave_mps, period_s, cell_m=cell_m, slot_s=slot_s), cell_m=cell_m, slot_s=slot_s)
    assert waves.strength > 0.9
    assert waves.swing_mps == pytest.approx(0.4 / np.sqrt(2), rel=0.06)
    assert waves.wave_speed_mps == pytest.approx(wave_mps, rel=0.06)
    assert waves.period_s == pytest.approx(period_s, rel=0.03)
    assert waves.reason is None


@pytest.mark.parametrize("wave_mps", [-0.35, -0.5, -0.8])
@pytest.mark.parametrize("seed", range(5))
def test_half_the_variance_by_chance_and_a_third_unseen(wave_mps: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    speeds = field(wave_mps, 15.0) + rng.normal(0, 0.4 / np.sqrt(2), (60, 10))
    speeds[rng.random(speeds.shape) < 0.33] = np.nan
    waves = found(speeds)
    assert waves.strength == pytest.approx(0.5, abs=0.12)
    assert waves.wave_speed_mps == pytest.approx(wave_mps, rel=0.15)
    assert waves.period_s == pytest.approx(15.0, rel=0.05)


@pytest.mark.parametrize("wave_mps", [0.6, 1.2, 1e9])
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_what_travels_with_the_people_or_happens_everywhere_at_once_is_no_wave(wave_mps: float, noise: float) -> None:
    for period_s in (8.0, 15.0, 25.0):
        waves = found(field(wave_mps, period_s) + np.random.default_rng(2).normal(0, noise, (60, 10)))
        assert waves.strength == 0.0
        assert np.isnan(waves.wave_speed_mps)
        assert waves.reason is not None
        assert "against the walking direction" in waves.reason


def test_chance_makes_no_waves() -> None:
    rng = np.random.default_rng(3)
    strengths = [found(rng.normal(0.8, 0.3, (60, 10))).strength for _ in range(100)]
    assert strengths == [0.0] * 100


def test_places_that_are_always_slow_make_no_waves() -> None:
    assert found(np.tile(np.linspace(0.2, 1.3, 10), (60, 1))).reason == "all speeds are the same"


def test_one_stop_that_travels_has_no_period() -> None:
    t, x = np.arange(60.0)[:, None], np.arange(10.0)
    waves = found(1.0 - 0.9 * np.exp(-(((t - 45 + x / 0.4) / 3) ** 2)))
    assert waves.wave_speed_mps == pytest.approx(-0.4, rel=0.05)
    assert waves.strength > 0.8
    assert np.isnan(waves.period_s)
    assert waves.reason == "the waves have no one period"


@given(st.floats(0.2, 5.0), st.floats(0.2, 5.0))
def test_units_scale(metre: float, second: float) -> None:
    one = found(field(-0.5, 15.0))
    other = found(field(-0.5, 15.0) * metre / second, cell_m=metre, slot_s=second)
    if 60 * second > 30 and metre / second > 0.4:
        assert other.strength == pytest.approx(one.strength)
        assert other.wave_speed_mps == pytest.approx(one.wave_speed_mps * metre / second)
        assert other.period_s == pytest.approx(one.period_s * second)


@pytest.mark.parametrize(
    ("speeds", "reason"),
    [
        (np.ones((60, 2)), "shorter than three cells"),
        (np.ones((20, 10)), "too seldom"),
        (np.where(np.arange(600).reshape(60, 10) % 5, np.nan, 1.0), "too seldom"),
    ],
)
def test_too_little_is_unknown_with_a_reason(speeds: Floats, reason: str) -> None:
    waves = found(speeds)
    assert np.isnan([waves.strength, waves.swing_mps, waves.wave_speed_mps, waves.period_s]).all()
    assert waves.reason is not None
    assert reason in waves.reason


def test_standing_share() -> None:
    velocities = np.array([[0.0, 0.1], [1.0, 0.0], [0.0, -1.2], [np.nan, 0.0], [0.1, 0.1]])
    assert standing_share(velocities) == 0.5
    assert np.isnan(standing_share(np.empty((0, 2))))
    assert np.isnan(standing_share(np.full((3, 2), np.nan)))


LENGTH_M = 36.0
Moment = tuple[float, Floats, Floats]


@cache
def ring_road(people: int) -> list[Moment]:
    """Time, places and speeds of people in single file on a ring, ten times a second, after a minute.

    Each wants the speed (headway - 0.35 m) / 1 s, at most 1.2 m/s, and takes 0.9 s to reach it: unstable where speed hangs on
    headway (Bando et al., Phys. Rev. E 51, 1035, 1995), so stops arise by themselves.
    """
    rng, step_s = np.random.default_rng(0), 0.02
    x, v = np.arange(people) * LENGTH_M / people, np.full(people, 0.5)
    moments = []
    for step in range(6500):
        headway = (np.roll(x, -1) - x) % LENGTH_M
        wanted = np.clip(headway - 0.35, 0, 1.2)
        v = np.maximum(v + step_s * (wanted - v) / 0.9 + step_s**0.5 * rng.normal(0, 0.02, people), 0)
        v = np.minimum(v, np.maximum(headway - 0.25, 0) / step_s)
        x = (x + v * step_s) % LENGTH_M
        if step >= 3000 and step % 5 == 0:
            moments.append((step * step_s, x, v))
    return moments


def watch(moments: list[Moment], *, angle: float = 0.0) -> Stretch:
    """Watch 12 m of the ring, laid straight at an angle."""
    way = np.array([np.cos(angle), np.sin(angle)])
    stretch = Stretch(3 * way, 15 * way, width_m=1.0)
    for time_s, x, v in moments:
        stretch.add(time_s, x[:, None] * way, v[:, None] * way)
    return stretch


def stops_travel_mps(moments: list[Moment]) -> float:
    """Speed at which the places where people come to a stop move, by trying which aligns them best."""
    before = [v for _, _, v in moments[:-1]]
    stops = [
        (time_s, place)
        for (time_s, x, v), was in zip(moments[1:], before, strict=True)
        for place in x[(v < 0.2) & (was >= 0.2) & (x > 3) & (x < 15)]
    ]
    when, where = np.array(stops).T
    speeds = -np.linspace(0.1, 0.6, 101)
    aligned = [(np.histogram(when - where / c, np.arange(0, 400, 1.5))[0] ** 2.0).sum() for c in speeds]
    return float(speeds[np.argmax(aligned)])


@pytest.mark.parametrize("people", [32, 40, 48])
def test_a_crowded_ring_stops_and_goes(people: int) -> None:
    moments = ring_road(people)
    stretch = watch(moments)
    waves, (standing, swing) = stretch.waves(), stretch.standing()
    assert waves.strength > 0.7
    assert waves.swing_mps > 0.2
    assert waves.wave_speed_mps == pytest.approx(stops_travel_mps(moments), rel=0.15)
    slow = np.mean([v < 0.2 for _, _, v in moments])
    assert standing == pytest.approx(slow, abs=0.1)
    assert swing > 0.02


def test_a_free_ring_does_not() -> None:
    stretch = watch(ring_road(18))
    assert stretch.waves().strength == 0.0
    assert stretch.standing() == (0.0, 0.0)


def test_five_frames_a_second_tell_the_same() -> None:
    moments = ring_road(40)
    fast, slow = watch(moments).waves(), watch(moments[::2]).waves()
    assert slow.strength == pytest.approx(fast.strength, abs=0.05)
    assert slow.wave_speed_mps == pytest.approx(fast.wave_speed_mps, rel=0.03)


def test_it_does_not_matter_how_the_way_lies() -> None:
    straight, turned = watch(ring_road(40)), watch(ring_road(40), angle=2.0)
    assert turned.waves().wave_speed_mps == pytest.approx(straight.waves().wave_speed_mps, rel=1e-3)
    assert turned.standing() == pytest.approx(straight.standing(), abs=1e-3)


def test_an_empty_stretch_is_unknown() -> None:
    stretch = Stretch(np.zeros(2), np.array([10.0, 0.0]), width_m=2.0)
    assert stretch.waves().reason is not None
    for second in range(100):
        stretch.add(second, np.array([[5.0, 1.5]]), np.array([[1.0, 0.0]]))
    assert np.isnan(stretch.waves().strength)
    assert np.isnan(stretch.standing()).all()


@pytest.mark.parametrize("step", [1, 2])
def test_a_simulated_corridor_with_room_has_no_waves(step: int) -> None:
    crowd = every(corridor(forth_per_s=1.5, back_per_s=0.0, seconds=90.0), step)
    stretch = Stretch(np.array([4.0, 2.5]), np.array([16.0, 2.5]), width_m=5.0)
    v = velocities(crowd, window_s=0.8)
    for frame, (a, b) in enumerate(itertools.pairwise(crowd.starts)):
        stretch.add(frame / crowd.rate_hz, crowd.xy_m[a:b], v[a:b])
    assert stretch.waves().strength == 0.0
    assert stretch.standing()[0] == 0.0
