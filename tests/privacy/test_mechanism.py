"""What every mechanism keeps, whatever its noise: run over each of them."""

import json
import pickle
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from throng.data.errors import SecrecyError
from throng.privacy.independent import Independent
from throng.privacy.mechanism import Mechanism
from throng.privacy.sampler import DiscreteGaussian
from throng.privacy.square_root import SquareRoot

ERROR_RATE = 1e-6
Make = Callable[..., Mechanism]


@pytest.fixture(params=[SquareRoot, Independent])
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
    """Whether independent errors have mean zero and the variance claimed; wrongly no once in a million."""
    n = errors.size
    low, high = stats.chi2.ppf([ERROR_RATE / 4, 1 - ERROR_RATE / 4], n)
    spread = float(np.square(errors / standard_error).sum())
    middle = abs(float(errors.mean())) / (standard_error / n**0.5)
    return bool(low < spread < high and middle < stats.norm.isf(ERROR_RATE / 4))


def errors_fit(make: Make) -> bool:
    counts = np.random.default_rng(3).integers(0, 50, size=(12, 2_000))
    values, totals, tick_se, total_se = streamed(make(counters=2_000, ticks=30, rho=0.3, sensitivity=1.7), counts)
    ticks = all(fits(values[t] - counts[t], tick_se[t]) for t in (0, 5, 11))
    return ticks and all(fits(totals[t] - counts[: t + 1].sum(axis=0), total_se[t]) for t in (0, 5, 11))


def test_errors_have_mean_zero_and_the_variance_claimed(make: Make) -> None:
    assert errors_fit(make)


@pytest.mark.parametrize("factor", [0.0, 0.5, 0.9])
def test_the_same_check_fails_when_there_is_less_noise(make: Make, factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = DiscreteGaussian.draw
    monkeypatch.setattr(DiscreteGaussian, "draw", lambda self, n: np.rint(factor * draw(self, n)).astype(np.int64))
    assert not errors_fit(make)


@pytest.mark.usefixtures("_noise_off")
def test_without_noise_it_counts(make: Make) -> None:
    counts = np.random.default_rng(4).integers(0, 1_000, size=(300, 3))
    values, totals, _, _ = streamed(make(counters=3, ticks=300, rho=0.3, sensitivity=1.0), counts)
    np.testing.assert_allclose(values, counts, atol=1e-6)
    np.testing.assert_allclose(totals, counts.cumsum(axis=0), atol=1e-5)


def test_the_unit_changes_neither_values_nor_errors(make: Make) -> None:
    counts = np.random.default_rng(3).integers(0, 50, size=(12, 2_000))
    coarse = make(counters=2_000, ticks=30, rho=0.3, sensitivity=1.7)
    fine = make(counters=2_000, ticks=30, rho=0.3, sensitivity=1.7, unit=256)
    for row in counts:
        one, other = coarse.step(row), fine.step(256 * row)
        assert other.tick_standard_error == pytest.approx(one.tick_standard_error, rel=1e-6)
        assert other.total_standard_error == pytest.approx(one.total_standard_error, rel=1e-6)
    assert fits(other.totals - counts.sum(axis=0), other.total_standard_error)


@pytest.mark.parametrize("window", [1, 3, 12])
def test_the_error_of_a_window_is_as_claimed(make: Make, window: int) -> None:
    mechanism = make(counters=2_000, ticks=30, rho=0.3, sensitivity=1.7)
    _, totals, _, total_se = streamed(mechanism, np.zeros((12, 2_000), dtype=np.int64))
    before = totals[11 - window] if window < 12 else 0.0
    claimed = mechanism.window_standard_error(window)
    assert fits(totals[11] - before, claimed)
    assert not fits(totals[11] - before, 0.8 * claimed)
    if window == 12:
        assert claimed == pytest.approx(total_se[11])


def test_totals_are_the_sum_of_ticks(make: Make) -> None:
    values, totals, _, _ = streamed(make(counters=2, ticks=50, rho=0.3, sensitivity=1.0), np.ones((50, 2), dtype=np.int64))
    np.testing.assert_allclose(totals, values.cumsum(axis=0), atol=1e-9)


def test_standard_errors_do_not_depend_on_counts_and_do_not_fall(make: Make) -> None:
    quiet = streamed(make(counters=1, ticks=40, rho=0.3, sensitivity=1.0), np.zeros((40, 1), dtype=np.int64))
    busy = streamed(make(counters=1, ticks=40, rho=0.3, sensitivity=1.0), np.full((40, 1), 900))
    for a, b in zip(quiet[2:], busy[2:], strict=True):
        np.testing.assert_array_equal(a, b)
        assert (np.diff(a) >= 0).all()


def test_four_times_the_budget_halves_the_error(make: Make) -> None:
    few, many = (make(counters=1, ticks=9, rho=rho, sensitivity=1.0).step(np.array([0])) for rho in (0.1, 0.4))
    assert few.tick_standard_error == pytest.approx(2 * many.tick_standard_error, rel=1e-6)


def test_it_takes_no_more_ticks_than_it_was_made_for(make: Make) -> None:
    mechanism = make(counters=1, ticks=2, rho=0.3, sensitivity=1.0)
    streamed(mechanism, np.zeros((2, 1), dtype=np.int64))
    with pytest.raises(ValueError, match="2 ticks"):
        mechanism.step(np.array([0]))


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
    assert "rho=0.3" in mechanism.description
    with pytest.raises(SecrecyError):
        pickle.dumps(mechanism)
    with pytest.raises(TypeError):
        json.dumps(mechanism)
