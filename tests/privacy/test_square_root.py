"""The square-root factorisation against closed forms, exact arithmetic, and the attack it must withstand."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from throng.privacy.independent import Independent
from throng.privacy.risk import recognition_rate
from throng.privacy.sampler import DiscreteGaussian
from throng.privacy.square_root import GRID_BITS, MOST_PEOPLE_PER_TICK, SquareRoot, square_root_coefficients

UNIT = 2**GRID_BITS


def last_errors(mechanism: SquareRoot | Independent, ticks: int) -> tuple[float, float]:
    noised = [mechanism.step(np.array([0])) for _ in range(ticks)][-1]
    return noised.tick_standard_error, noised.total_standard_error


def test_coefficients_are_central_binomials_on_the_grid() -> None:
    exact = [Fraction(comb(2 * k, k), 4**k) for k in range(200)]
    for rounded, true in zip(square_root_coefficients(200).tolist(), exact, strict=True):
        assert abs(Fraction(rounded, UNIT) - true) <= Fraction(1, 2 * UNIT)
    assert square_root_coefficients(1).tolist() == [UNIT]


def test_coefficients_are_the_root_of_the_sum() -> None:
    c = square_root_coefficients(500) / UNIT
    np.testing.assert_allclose(np.convolve(c, c)[:500], 1.0, atol=1e-5)


@pytest.mark.parametrize(("ticks", "total"), [(1_440, 3.38), (8_640, 3.95)])
def test_error_of_a_days_total_is_the_published_one(ticks: int, total: float) -> None:
    tick_error, total_error = last_errors(SquareRoot(counters=1, ticks=ticks, rho=0.5, sensitivity=1.0), ticks)
    assert total_error == pytest.approx(total, abs=0.006)
    if ticks == 1_440:
        assert tick_error == pytest.approx(2.07, abs=0.006)


def test_independent_noise_is_far_worse_for_a_days_total() -> None:
    tick_error, total_error = last_errors(Independent(counters=1, ticks=1_440, rho=0.5, sensitivity=1.0), 1_440)
    assert tick_error == pytest.approx(1.0)
    assert total_error == pytest.approx(38, abs=0.06)


def fixed_noise(monkeypatch: pytest.MonkeyPatch, noise: NDArray[np.int64]) -> None:
    rows = iter(noise)
    monkeypatch.setattr(DiscreteGaussian, "draw", lambda _self, _n: next(rows))


def released(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    mechanism = SquareRoot(counters=counts.shape[1], ticks=len(counts) + 5, rho=0.5, sensitivity=1.0)
    steps = [mechanism.step(row) for row in counts]
    return np.array([np.concatenate([s.tick_values, s.totals]) for s in steps])


def in_integers(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """C x, scaled to integers, in Python's unbounded ones."""
    c = square_root_coefficients(len(counts) + 5).tolist()
    rows = [
        [sum(c[t - s] * int(counts[s, j]) for s in range(t + 1)) for j in range(counts.shape[1])] for t in range(len(counts))
    ]
    return np.array(rows, dtype=np.int64)


def test_releases_depend_on_the_noised_integers_alone_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    here, there = rng.integers(0, 1_000, size=(2, 60, 2))
    noise = rng.integers(-(2**28), 2**28, size=(60, 2))
    fixed_noise(monkeypatch, noise)
    first = released(here)
    fixed_noise(monkeypatch, noise + in_integers(here) - in_integers(there))
    second = released(there)
    assert first.tobytes() == second.tobytes()


def test_replay_from_the_noised_integers_gives_the_releases(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    counts, noise = rng.integers(0, 20, size=(40, 1)), rng.integers(-(2**26), 2**26, size=(40, 1))
    fixed_noise(monkeypatch, noise)
    got = released(counts)
    c = [Fraction(k, UNIT) for k in square_root_coefficients(45).tolist()]
    y: list[Fraction] = []
    for t, noised in enumerate((in_integers(counts) + noise).ravel().tolist()):
        y.append(Fraction(noised, UNIT) - sum((c[t - s] * y[s] for s in range(t)), Fraction(0)))
    np.testing.assert_allclose(got[:, 0], [float(value) for value in y], atol=1e-9)
    np.testing.assert_allclose(got[:, 1], np.cumsum([float(value) for value in y]), atol=1e-9)


def test_a_count_beyond_reason_is_cut_and_overflows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    fixed_noise(monkeypatch, np.zeros((3, 1), dtype=np.int64))
    got = released(np.array([[2**62], [0], [0]]))
    np.testing.assert_allclose(got[:, 0], [MOST_PEOPLE_PER_TICK, 0, 0], atol=1e-6)


@pytest.mark.parametrize("ticks", [0, 86_401])
def test_the_number_of_ticks_is_bounded(ticks: int) -> None:
    with pytest.raises(ValueError, match="86400"):
        SquareRoot(counters=1, ticks=ticks, rho=0.5, sensitivity=1.0)


RUNS, TICKS = 20_000, 3


def scores(*, people: int) -> NDArray[np.float64]:
    """The statistic of Neyman and Pearson for one more person in the first tick, in `RUNS` streams that are otherwise empty.

    It is the noised stream, rebuilt from the release, along C's first column.
    """
    mechanism = SquareRoot(counters=RUNS, ticks=TICKS, rho=0.5, sensitivity=1.0)
    counts = np.zeros((TICKS, RUNS), dtype=np.int64)
    counts[0] = people
    y = np.array([mechanism.step(row).tick_values for row in counts])
    c = square_root_coefficients(TICKS) / UNIT
    toeplitz = np.array([[c[t - s] if s <= t else 0.0 for s in range(TICKS)] for t in range(TICKS)])
    return np.asarray(c @ (toeplitz @ y), dtype=np.float64)


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
    draw = DiscreteGaussian.draw
    monkeypatch.setattr(DiscreteGaussian, "draw", lambda self, n: np.rint(factor * draw(self, n)).astype(np.int64))
    power = attack_power()
    assert power > 2 * recognition_rate(0.5, 1)
    assert not claim_holds(power)
