"""What every mechanism keeps, whatever its noise: run over each of them."""

import json
import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.privacy.response import ALL, GAUSSIAN, Make, less_noise, name, pure_tree, response

from throng.data.errors import SecrecyError
from throng.privacy.buffered import Buffered, course
from throng.privacy.mechanism import GRID_BITS, Mechanism, most_per_tick, window_standard_error
from throng.privacy.square_root import SquareRoot
from throng.privacy.tree import Tree

COUNTERS = 20_000
"""So many that 5.5 standard errors of a sum of squares of Laplace noise are 9 per cent."""
TICKS = 30


@pytest.fixture(params=ALL, ids=name)
def make(request: pytest.FixtureRequest) -> Make:
    made: Make = request.param
    return made


def streamed(mechanism: Mechanism, counts: NDArray[np.int64]) -> tuple[NDArray[np.float64], ...]:
    """All tick values, totals and their standard errors of one stream."""
    steps = [mechanism.step(row) for row in counts]
    return (
        np.array([s.tick_values for s in steps]),
        np.array([s.totals for s in steps]),
        np.array([s.tick_standard_error for s in steps]),
        np.array([s.total_standard_error for s in steps]),
    )


def fits(errors: NDArray[np.float64], standard_error: float) -> bool:
    """Whether independent errors have mean zero and the variance claimed; wrongly no less than once in ten million.

    5.5 standard errors of their mean, and of the mean of their squares, whose variance is at most five (Laplace; Gauss: two).
    """
    scaled = errors / standard_error
    return bool(
        abs(scaled.mean()) < 5.5 / scaled.size**0.5 and abs(np.square(scaled).mean() - 1) < 5.5 * (5 / scaled.size) ** 0.5
    )


def errors_fit(make: Make) -> bool:
    counts = np.random.default_rng(3).integers(0, 50, size=(12, COUNTERS))
    values, totals, tick_se, total_se = streamed(make(counters=COUNTERS, ticks=TICKS, rho=0.3, sensitivity=1.7), counts)
    ticks = all(fits(values[t] - counts[t], tick_se[t]) for t in (0, 5, 11))
    return ticks and all(fits(totals[t] - counts[: t + 1].sum(axis=0), total_se[t]) for t in (0, 5, 11))


def test_errors_have_mean_zero_and_the_variance_claimed(make: Make) -> None:
    assert errors_fit(make)


@pytest.mark.parametrize("factor", [0.0, 0.5, 0.9])
def test_the_same_check_fails_when_there_is_less_noise(make: Make, factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    less_noise(monkeypatch, factor)
    assert not errors_fit(make)


@pytest.mark.usefixtures("_noise_off")
@pytest.mark.parametrize("unit", [1, 256])
def test_without_noise_it_counts(make: Make, unit: int) -> None:
    counts = np.random.default_rng(4).integers(-50 * unit, 1_000 * unit, size=(300, 3))
    values, totals, _, _ = streamed(make(counters=3, ticks=300, rho=0.3, sensitivity=1.0, unit=unit), counts)
    np.testing.assert_allclose(values, counts / unit, atol=1e-4)
    np.testing.assert_allclose(totals, counts.cumsum(axis=0) / unit, rtol=1e-7, atol=1e-4)


@pytest.mark.usefixtures("_noise_off")
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_count_beyond_reason_is_cut_and_overflows_nothing(make: Make, sign: int) -> None:
    values, _, _, _ = streamed(make(counters=1, ticks=3, rho=0.3, sensitivity=1.0), sign * np.array([[2**62], [0], [0]]))
    np.testing.assert_allclose(values[:, 0], [sign * most_per_tick(3, 1), 0, 0], rtol=1e-6, atol=0.5)


def test_the_unit_changes_neither_values_nor_errors(make: Make) -> None:
    counts = np.random.default_rng(3).integers(0, 50, size=(12, COUNTERS))
    coarse = make(counters=COUNTERS, ticks=TICKS, rho=0.25, sensitivity=1.5)
    fine = make(counters=COUNTERS, ticks=TICKS, rho=0.25, sensitivity=1.5, unit=256)
    for row in counts:
        one, other = coarse.step(row), fine.step(256 * row)
        assert other.tick_standard_error == pytest.approx(one.tick_standard_error, rel=2e-3)
        assert other.total_standard_error == pytest.approx(one.total_standard_error, rel=2e-3)
    assert fits(other.totals - counts.sum(axis=0), other.total_standard_error)


@pytest.mark.parametrize("unit", [1, 256])
@pytest.mark.parametrize(("ticks", "taken"), [(1, 1), (2, 2), (3, 3), (7, 7), (24, 24), (100, 100), (100, 37)])
def test_variances_and_covariances_are_those_of_its_response_to_noise(make: Make, ticks: int, taken: int, unit: int) -> None:
    of = response(make, ticks=ticks, taken=taken, rho=0.3, sensitivity=1.7, unit=unit)
    ago = sorted({min(taken, each) for each in (ticks, 60, 20, 5, 2, 1, 0)}, reverse=True)
    expected = of.covariance([taken - each for each in ago])
    scale = float(expected.max())
    np.testing.assert_allclose(of.mechanism.covariance(ago), expected, rtol=1e-6, atol=1e-9 * scale)
    totals = of.totals
    for column, rows in ((0, np.diff(totals, axis=0, prepend=0.0)), (1, totals)):
        np.testing.assert_allclose(of.errors[:, column] ** 2, of.variance * np.square(rows).sum(axis=1), rtol=1e-6)
    for window in ago:
        both = of.covariance([taken - window, taken])
        claimed = window_standard_error(of.mechanism, window) ** 2
        assert claimed == pytest.approx(both[0, 0] + both[1, 1] - 2 * both[0, 1], rel=1e-6, abs=1e-9 * scale)


@pytest.mark.parametrize("make", GAUSSIAN, ids=name)
@pytest.mark.parametrize(("ticks", "unit"), [(1, 1), (2, 256), (7, 256), (24, 1), (60, 256)])
def test_a_count_moves_no_release_further_than_its_noise_covers(make: Make, ticks: int, unit: int) -> None:
    """mu = |shift| / scale of the best test between neighbours is at most root(2 rho), and for one tick that.

    Single counts of a whole sensitivity, in every tick; and what is spread over ticks and cut into pieces, which is shorter.
    """
    rho, sensitivity = 0.3, 1.7
    of = response(make, ticks=ticks, rho=rho, sensitivity=sensitivity, unit=unit)
    spread = np.random.default_rng(6).dirichlet(np.full(ticks, 0.3), size=50).T
    lengths = np.linalg.norm(of.shift(sensitivity * np.hstack([np.eye(ticks), spread, -spread])), axis=0)
    mu = lengths / of.variance**0.5
    assert mu.max() <= (2 * rho) ** 0.5 * (1 + 1e-9)
    if make is not Tree:
        assert mu[:ticks].min() >= (2 * rho) ** 0.5 * (1 - 1e-5)


@pytest.mark.parametrize("ticks", [1, 24, 1_440])
def test_the_scale_covers_the_rounding_too(ticks: int) -> None:
    """docs/privacy/0004-buffered.md, 2, and 0005: each of n k numbers is off by less than sum a / (1 - l) + 5, or 1, steps."""
    about = course(ticks, 256)
    decays = [1 - Fraction(int(decay), 2**31) for decay in about.decays]
    buffered = sum(
        (Fraction(int(weight), 2**31) / lost for weight, lost in zip(about.weights, decays, strict=True)), Fraction(5)
    )
    for kind, steps in ((Buffered, buffered), (SquareRoot, Fraction(1))):
        scale = kind(counters=7, ticks=ticks, rho=0.3, sensitivity=1.7, unit=256)._noise._scale
        reach = Fraction(1.7) * 2**GRID_BITS + steps * Fraction(math.sqrt(7 * ticks))
        assert reach**2 <= 2 * Fraction(0.3) * scale**2 <= (reach + 2 * steps + 3) ** 2


def test_totals_are_the_sum_of_ticks(make: Make) -> None:
    values, totals, _, _ = streamed(make(counters=2, ticks=50, rho=0.3, sensitivity=1.0), np.ones((50, 2), dtype=np.int64))
    np.testing.assert_allclose(totals, values.cumsum(axis=0), atol=1e-9)


def test_standard_errors_do_not_depend_on_counts(make: Make) -> None:
    quiet = streamed(make(counters=1, ticks=40, rho=0.3, sensitivity=1.0), np.zeros((40, 1), dtype=np.int64))
    busy = streamed(make(counters=1, ticks=40, rho=0.3, sensitivity=1.0), np.full((40, 1), 900))
    for a, b in zip(quiet[2:], busy[2:], strict=True):
        np.testing.assert_array_equal(a, b)


def test_four_times_the_budget_halves_the_error(make: Make) -> None:
    few, many = (make(counters=1, ticks=9, rho=rho, sensitivity=1.0, unit=256).step(np.array([0])) for rho in (0.1, 0.4))
    times = 4 if make is pure_tree else 2
    assert few.tick_standard_error == pytest.approx(times * many.tick_standard_error, rel=1e-4)


def test_it_takes_no_more_ticks_than_it_was_made_for(make: Make) -> None:
    mechanism = make(counters=1, ticks=2, rho=0.3, sensitivity=1.0)
    streamed(mechanism, np.zeros((2, 1), dtype=np.int64))
    with pytest.raises(ValueError, match="2 ticks"):
        mechanism.step(np.array([0]))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [({"ticks": 0}, "86400, not 0"), ({"ticks": 86_401}, "not 86401"), ({"unit": 0}, "256, not 0"), ({"unit": 257}, "not 257")],
)
def test_ticks_and_units_are_bounded(make: Make, wrong: dict[str, int], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make(**({"counters": 1, "ticks": 2, "rho": 0.5, "sensitivity": 1.0} | wrong))


def test_what_it_gave_stays_as_it_was(make: Make) -> None:
    mechanism = make(counters=2, ticks=2, rho=0.3, sensitivity=1.0)
    first = mechanism.step(np.array([1, 2]))
    before = first.tick_values.copy(), first.totals.copy()
    mechanism.step(np.array([5, 6]))
    np.testing.assert_array_equal((first.tick_values, first.totals), before)


def test_its_state_leaves_memory_by_no_door(make: Make) -> None:
    mechanism = make(counters=1, ticks=2, rho=0.3, sensitivity=1.0)
    mechanism.step(np.array([123_457]))
    assert "12345" not in f"{mechanism!r}{mechanism}{mechanism.description}"
    assert f"{'epsilon' if make is pure_tree else 'rho'}=0.3" in mechanism.description
    with pytest.raises(SecrecyError):
        pickle.dumps(mechanism)
    with pytest.raises(TypeError):
        json.dumps(mechanism)
