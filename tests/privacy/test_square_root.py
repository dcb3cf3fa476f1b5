"""The square-root factorisation against closed forms, exact arithmetic, and the attack it must withstand."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from bench.privacy import limit
from numpy.typing import NDArray
from scipy import stats
from tests.privacy.response import bytes_per_counter, fixed_noise, integers, less_noise, released, worst_errors

from throng.privacy.independent import Independent
from throng.privacy.mechanism import GRID_BITS, most_per_tick
from throng.privacy.normalised import gains, noise_scale
from throng.privacy.risk import recognition_rate
from throng.privacy.square_root import SquareRoot, square_root_coefficients

COEFFICIENT_BITS = 24
ONE = 2**COEFFICIENT_BITS


def gains_of(ticks: int, unit: int) -> list[int]:
    return [int(gain) for gain in gains(square_root_coefficients(ticks) / ONE, unit=unit)]


def test_coefficients_are_central_binomials_on_the_grid() -> None:
    exact = [Fraction(comb(2 * k, k), 4**k) for k in range(200)]
    for rounded, true in zip(square_root_coefficients(200).tolist(), exact, strict=True):
        assert abs(Fraction(rounded, ONE) - true) <= Fraction(1, 2 * ONE)
    assert square_root_coefficients(1).tolist() == [ONE]


def test_coefficients_are_the_root_of_the_sum() -> None:
    c = square_root_coefficients(500) / ONE
    np.testing.assert_allclose(np.convolve(c, c)[:500], 1.0, atol=1e-5)


@pytest.mark.parametrize("unit", [1, 256])
@pytest.mark.parametrize("ticks", [1, 2, 7, 24, 1_440, 86_400])
def test_no_column_is_longer_than_one(ticks: int, unit: int) -> None:
    """In integers; and within the rounding of g and its margin all are as long."""
    squares = [0]
    for c in square_root_coefficients(ticks).tolist():
        squares.append(squares[-1] + c * c)
    whole = 2 ** (2 * (GRID_BITS + COEFFICIENT_BITS))
    for gain, square in zip(gains_of(ticks, unit), reversed(squares[1:]), strict=True):
        assert (gain * unit) ** 2 * square <= whole < ((gain + 3) * unit) ** 2 * square


def test_error_of_a_days_total_is_within_six_per_cent_of_the_limit() -> None:
    tick, total = worst_errors(SquareRoot(counters=1, ticks=1_440, rho=0.5, sensitivity=1.0), 1_440)
    assert total == pytest.approx(3.19, abs=0.006)
    assert limit(1_440) < total <= 1.06 * 3.07
    assert tick <= 2.1


@pytest.mark.parametrize(("ticks", "total"), [(1_440, 38), (8_640, 93)])
def test_independent_noise_is_far_worse_for_a_days_total(ticks: int, total: float) -> None:
    tick, worst = worst_errors(Independent(counters=1, ticks=ticks, rho=0.5, sensitivity=1.0), ticks)
    assert tick == pytest.approx(1.0)
    assert worst == pytest.approx(total, abs=0.06)


def test_a_counter_takes_less_than_16_kilobytes() -> None:
    assert bytes_per_counter(SquareRoot(counters=1_000, ticks=1_440, rho=0.5, sensitivity=1.0), 1_000) < 16_000


def in_integers(counts: NDArray[np.int64], *, ticks: int, unit: int = 1) -> NDArray[np.int64]:
    """w without its noise, in Python's unbounded integers."""
    c, g = square_root_coefficients(ticks).tolist(), gains_of(ticks, unit)
    x = counts.tolist()
    rows = [
        [sum(c[t - s] * g[s] * x[s][j] for s in range(t + 1)) // ONE for j in range(counts.shape[1])]
        for t in range(len(counts))
    ]
    return np.array(rows, dtype=np.int64)


def test_releases_depend_on_the_noised_integers_alone_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    here, there = rng.integers(0, 1_000, size=(2, 60, 2))
    noise = rng.integers(-(2**36), 2**36, size=(60, 2))
    fixed_noise(monkeypatch, noise)
    first = released(SquareRoot, here, ticks=65)
    fixed_noise(monkeypatch, noise + in_integers(here, ticks=65) - in_integers(there, ticks=65))
    second = released(SquareRoot, there, ticks=65)
    assert first.tobytes() == second.tobytes()


def test_replay_from_the_noised_integers_gives_the_releases(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    counts, noise = rng.integers(0, 20, size=(40, 1)), rng.integers(-(2**31), 2**31, size=(40, 1))
    fixed_noise(monkeypatch, noise)
    got = released(SquareRoot, counts, ticks=45)
    c, g = [Fraction(k, ONE) for k in square_root_coefficients(45).tolist()], gains_of(45, 1)
    y: list[Fraction] = []
    for t, noised in enumerate((in_integers(counts, ticks=45) + noise).ravel().tolist()):
        y.append(Fraction(noised, 2**GRID_BITS) - sum((c[t - s] * y[s] for s in range(t)), Fraction(0)))
    values = [float(value * 2**GRID_BITS / gain) for value, gain in zip(y, g, strict=False)]
    np.testing.assert_allclose(got[:, 0], values, atol=1e-5)
    np.testing.assert_allclose(got[:, 1], np.cumsum(values), atol=1e-5)


@pytest.mark.parametrize("ticks", [64, 512])
def test_the_largest_counts_overflow_nothing(ticks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    most = most_per_tick(ticks, 256)
    counts = np.full((ticks, 2), most) * np.array([1, -1])
    expected = in_integers(counts[:64], ticks=ticks, unit=256)
    kept = integers(monkeypatch, SquareRoot, counts, ticks=ticks, unit=256)
    np.testing.assert_array_equal(kept[:64], expected)
    last = [
        sum(c * g for c, g in zip(square_root_coefficients(ticks).tolist()[::-1], gains_of(ticks, 256), strict=True)) * most
    ]
    assert kept[-1].tolist() == [last[0] // ONE, -last[0] // ONE]


@pytest.mark.parametrize("unit", [1, 256])
@pytest.mark.parametrize("ticks", [1, 2, 24, 60])
def test_the_noise_covers_neighbours_with_their_rounding(ticks: int, unit: int) -> None:
    rng, rho = np.random.default_rng(ticks), 0.4
    scale = noise_scale(sensitivity=1.0, rho=rho, slack=1.0, entries=ticks)
    farthest = 0
    for _ in range(40):
        most = most_per_tick(ticks, unit) - unit
        here = rng.integers(-most, most, size=(ticks, 1)) % int(rng.choice([3, most]))
        there = here.copy()
        there[rng.integers(ticks)] += unit
        moved = (in_integers(here, ticks=ticks, unit=unit) - in_integers(there, ticks=ticks, unit=unit)).ravel().tolist()
        farthest = max(farthest, sum(each**2 for each in moved))
    assert 0.99999 * 2 * rho * scale**2 <= farthest <= 2 * Fraction(rho) * scale**2


RUNS, TICKS = 20_000, 3


def scores(*, people: int) -> NDArray[np.float64]:
    """The statistic of Neyman and Pearson for one more person in the first tick, in `RUNS` streams that are otherwise empty.

    It is the noised stream, rebuilt from the release, along C's first column, which is one long.
    """
    mechanism = SquareRoot(counters=RUNS, ticks=TICKS, rho=0.5, sensitivity=1.0)
    counts = np.zeros((TICKS, RUNS), dtype=np.int64)
    counts[0] = people
    y = np.array([mechanism.step(row).tick_values for row in counts])
    c, g = square_root_coefficients(TICKS) / ONE, np.array(gains_of(TICKS, 1)) / 2**GRID_BITS
    root = np.array([[c[t - s] * g[s] if s <= t else 0.0 for s in range(TICKS)] for t in range(TICKS)])
    return np.asarray(root[:, 0] @ (root @ y), dtype=np.float64)


def attack_power() -> float:
    """How often the best test says that someone passed, when one did, at 1 per cent false alarms on its own noise."""
    threshold = np.quantile(scores(people=0), 0.99)
    return float(np.mean(scores(people=1) > threshold + 1e-6))


def claim_holds(power: float) -> bool:
    """Within five standard errors: of a share of `RUNS`, and of the threshold, carried over by the ratio of the densities."""
    claim = recognition_rate(0.5, 1)
    at_threshold, at_power = stats.norm.pdf(stats.norm.isf([0.01, claim]))
    error = np.hypot((claim * (1 - claim) / RUNS) ** 0.5, (0.01 * 0.99 / RUNS) ** 0.5 * at_power / at_threshold)
    return bool(abs(power - claim) < 5 * error)


def test_the_best_attack_is_as_strong_as_claimed_and_no_stronger() -> None:
    assert claim_holds(attack_power())


@pytest.mark.parametrize("factor", [0.0, 0.5])
def test_the_attack_is_seen_to_be_stronger_with_less_noise(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    less_noise(monkeypatch, factor)
    power = attack_power()
    assert power > 2 * recognition_rate(0.5, 1)
    assert not claim_holds(power)
