"""Noise of the wall's own mechanism at the default budget neither invents nor hides a crowd; BENCHMARKS.md has the numbers."""

import numpy as np
import pytest
from bench import alarms as bench

from throng.alarm.engine import Engine
from throng.alarm.reading import Reading

pytestmark = pytest.mark.slow
RUNS = 2
Noise = tuple[bench.Floats, bench.Floats]
MOST = 4
"""Of 400 zone-days, where fewer than one in a thousand is expected; more come by chance once in 10,000 runs at most."""


@pytest.fixture(scope="module")
def noise() -> Noise:
    return bench.noise(RUNS)


def test_the_noise_has_the_error_that_is_released_with_it(noise: Noise) -> None:
    people, error = noise
    assert people.shape == (RUNS * bench.ZONES, bench.TICKS)
    assert 9 < error[0] < 10
    assert 18 < error.max() < 19
    assert 15.5 < error[-1] < 16.5
    for tick in (0, 100, int(error.argmax()), -1):
        assert people[:, tick].std() / error[tick] == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("area_m2", bench.AREAS_M2)
def test_noise_invents_no_alarm(noise: Noise, area_m2: float) -> None:
    density, error = (each / area_m2 for each in noise)
    for level in (bench.RULE.clear, bench.QUIET_PER_M2):
        assert bench.judge(density + level, error).rings.any(axis=1).sum() <= MOST
    if area_m2 <= 20:  # the same crowd rings a rule that takes the number as it is
        assert bench.naive(density + bench.RULE.clear).any(axis=1).mean() > 0.3


@pytest.mark.parametrize("area_m2", bench.AREAS_M2)
def test_noise_hides_no_crush(noise: Noise, area_m2: float) -> None:
    density, error = (each / area_m2 for each in noise)
    start = bench.starts(len(density))
    judged = bench.judge(density + bench.crush(start, to_per_m2=bench.RULE.threshold), error)
    spoke = bench.first_rung(judged.rings | ~judged.tells, start)
    assert (spoke > bench.RAMP_TICKS + bench.AVERAGED - 1).sum() <= MOST
    if bench.RULE.too_noisy(error.max()) <= 1:
        assert judged.tells.all()


def test_zones_of_the_size_that_the_documents_name_can_always_tell(noise: Noise) -> None:
    _, error = noise
    assert bench.RULE.too_noisy(error.max() / 73) <= 1 < bench.RULE.too_noisy(error.max() / 72)


def test_what_is_judged_at_once_is_what_the_engine_says(noise: Noise) -> None:
    area_m2 = 40.0
    density, error = (each / area_m2 for each in noise)
    truth = bench.crush(bench.starts(len(density)), to_per_m2=6.5)
    judged = bench.judge(density + truth, error)
    for day in range(20):
        engine = Engine([bench.RULE])
        rang = False
        for tick in range(bench.TICKS):
            value = float(density[day, tick] + truth[day, tick])
            engine.read([Reading("camera", "zone", "density", 60.0 * tick, 60.0, value, float(error[tick]))])
            if tick == 0:
                continue
            (alarm,) = engine.alarms(60.0 * tick)
            rings, tells = judged.rings[day, tick - 1], judged.tells[day, tick - 1]
            if rings:
                assert alarm.state == "ringing"
            elif not tells:
                assert alarm.state in ("cannot tell", "pending", "ringing")
            elif alarm.state == "ringing":
                assert rang
            rang = alarm.state == "ringing"


def test_an_alarm_that_unfolds() -> None:
    """Every person of a day through a wall: the warning comes first, then the danger, both in time, and nothing else."""
    day = bench.unfold()
    crowded, crush = (bench.rung(day.changes, rule.name) for rule in bench.DEMO_RULES)
    assert len(crowded) == len(crush) == 1
    (warned, calm), (rang, cleared) = crowded[0], crush[0]
    at_four, at_five = (day.hours[np.argmax(day.truth >= level)] for level in (4.0, 5.0))
    assert at_four - 0.2 < warned < at_four + 0.06
    assert at_five - 0.2 < rang < at_five + 0.06
    assert warned < rang < cleared < calm < 19.5
