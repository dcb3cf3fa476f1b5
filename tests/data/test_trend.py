"""Trends against exact lines, scipy's Student distribution, and the share of intervals that hold."""

from collections.abc import Callable
from math import inf, isnan

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.data.trend import Trend, falls_while_rises, time_to, trend

Floats = NDArray[np.float64]

TIMES = np.arange(0.0, 720.0, 60.0)


def test_an_exact_line_is_found_and_sure() -> None:
    line = trend(TIMES, 2.0 + 0.01 * TIMES)
    assert line.slope_per_s == pytest.approx(0.01)
    assert line.level == pytest.approx(2.0 + 0.01 * 660)
    assert line.slope_error == pytest.approx(0.0, abs=1e-12)
    assert line.rising == pytest.approx(1.0)
    assert time_to(line, 11.0).after_s == pytest.approx(240.0)


def test_in_four_minutes_at_this_rate() -> None:
    noise = np.random.default_rng(0).normal(0, 0.03, 12)
    line = trend(TIMES, 2.0 + 0.1 * TIMES / 60 + noise, np.full(12, 0.03))
    when = time_to(line, 3.1 + 0.4)
    assert when.earliest_s < 240 < when.latest_s
    assert when.after_s == pytest.approx(240, rel=0.25)
    assert when.latest_s < 500


def test_weights_and_errors_are_those_of_the_textbook() -> None:
    """Errors of weighted least squares against numpy's own, which scales its covariance only when asked to."""
    rng = np.random.default_rng(3)
    errors = rng.uniform(0.5, 2.0, 40)
    values = 1.0 - 0.02 * np.arange(40) + errors * rng.permutation(np.repeat([-0.5, 0.5], 20))
    line = trend(np.arange(40.0), values, errors)
    fit, covariance = np.polyfit(np.arange(40.0) - 39, values, 1, w=1 / errors, cov="unscaled")
    assert [line.slope_per_s, line.level] == pytest.approx(list(fit))
    worth = (line.freedom + 2) / 40
    assert [line.slope_error**2, line.level_error**2] == pytest.approx(list(np.diag(covariance) / worth))
    assert 0.6 < worth <= 1.0


@given(
    st.floats(-5, 5),
    st.floats(-0.1, 0.1),
    st.floats(0.1, 10),
    st.floats(-1e4, 1e4),
    st.integers(0, 1000),
)
def test_shifts_and_units(level: float, slope: float, unit: float, later_s: float, seed: int) -> None:
    values = level + slope * np.arange(10.0) + np.random.default_rng(seed).normal(0, 0.3, 10)
    errors = np.full(10, 0.3)
    plain = trend(np.arange(10.0), values, errors)
    moved = trend(np.arange(10.0) * unit + later_s, -3 * values + 7, 3 * errors)
    assert moved.slope_per_s * unit == pytest.approx(-3 * plain.slope_per_s, abs=1e-6)
    assert moved.slope_error * unit == pytest.approx(3 * plain.slope_error, rel=1e-5)
    assert moved.rising == pytest.approx(1 - plain.rising, abs=1e-5)
    there, here = time_to(moved, -3 * 4.0 + 7), time_to(plain, 4.0)
    for a, b in ((there.after_s, here.after_s), (there.earliest_s, here.earliest_s)):
        assume(b < 1e4)
        assert a == pytest.approx(unit * b, rel=1e-4, abs=1e-4)


@given(st.floats(-1, 1), st.floats(0.01, 1), st.floats(0.01, 1), st.floats(-0.9, 0.9), st.floats(-3, 3))
def test_the_interval_is_in_order_and_the_ends_lie_on_the_band(
    slope: float, level_error: float, slope_error: float, correlation: float, threshold: float
) -> None:
    line = Trend(0.0, slope, level_error, slope_error, correlation * level_error * slope_error, 20.0)
    when = time_to(line, threshold)
    assert 0 <= when.earliest_s <= when.after_s <= when.latest_s
    quantile = scipy.stats.t.ppf(0.975, line.freedom)
    for end in (when.earliest_s, when.latest_s):
        if 0 < end < 1e6:
            error = np.sqrt(line.level_error**2 + 2 * end * line.covariance + (end * line.slope_error) ** 2)
            assert abs(line.level + end * line.slope_per_s - threshold) == pytest.approx(quantile * error, rel=0.005)


def test_more_scatter_than_the_errors_say_widens_them() -> None:
    values = np.random.default_rng(4).normal(0, 1.0, 20)
    believed, seen = trend(np.arange(20.0), values, np.full(20, 0.1)), trend(np.arange(20.0), values)
    assert believed.slope_error == pytest.approx(seen.slope_error)


def test_a_trend_that_leads_away_never_gets_there() -> None:
    line = trend(TIMES, 5.0 - 0.01 * TIMES, np.full(12, 0.01))
    when = time_to(line, 9.0)
    assert when.after_s == when.earliest_s == when.latest_s == inf
    assert time_to(line, -5.0).after_s == pytest.approx(340)


def test_a_trend_that_may_be_none_has_no_latest_time() -> None:
    values = np.array([1.0, 1.3, 0.8, 1.2, 0.9, 1.1, 1.3, 0.8, 1.0, 1.2, 1.1, 0.95])
    when = time_to(trend(TIMES, values), 2.0)
    assert when.latest_s == inf


def test_what_is_there_already_takes_no_time() -> None:
    line = trend(TIMES, np.tile([1.9, 2.1], 6), np.full(12, 0.1))
    assert time_to(line, 2.0).earliest_s == 0.0


@pytest.mark.parametrize(
    ("times", "values", "reason"),
    [
        ([], [], "fewer than 5"),
        ([0, 1, 2, 3, 4, 5], [1, 2, np.nan, np.nan, 3, 4], "fewer than 5"),
        ([7] * 6, [1, 2, 3, 4, 5, 6], "of one moment"),
    ],
)
def test_too_little_is_unknown_with_a_reason(times: list[float], values: list[float], reason: str) -> None:
    line = trend(np.array(times, dtype=float), np.array(values, dtype=float))
    assert line.reason is not None
    assert reason in line.reason
    assert isnan(line.slope_per_s)
    assert isnan(line.rising)
    assert time_to(line, 1.0).reason == line.reason
    assert isnan(falls_while_rises(line, trend(TIMES, TIMES)))


def test_unknown_values_are_left_out() -> None:
    values = 2.0 + 0.01 * TIMES
    values[[2, 7]] = np.nan
    assert trend(TIMES, values).slope_per_s == pytest.approx(0.01)


def test_errors_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="above zero"):
        trend(TIMES, TIMES, np.zeros(12))


@pytest.mark.parametrize("freedom", [2.0, 4.0, 10.0, 58.0])
@pytest.mark.parametrize("t", [-3.0, -0.7, 0.0, 1.0, 2.5])
def test_confidence_is_students(t: float, freedom: float) -> None:
    line = Trend(0.0, t, 1.0, 1.0, 0.0, freedom)
    assert line.rising == pytest.approx(scipy.stats.t.cdf(t, freedom), abs=0.003)


def test_falls_while_rises_is_the_weaker_of_the_two() -> None:
    up = Trend(0.0, 2.0, 1.0, 1.0, 0.0, 30.0)
    down = Trend(0.0, -1.0, 1.0, 1.0, 0.0, 30.0)
    assert falls_while_rises(down, up) == pytest.approx(1 - down.rising)
    assert falls_while_rises(up, up) == pytest.approx(1 - up.rising)
    assert falls_while_rises(trend(TIMES, -TIMES), trend(TIMES, TIMES)) == pytest.approx(1.0)
    level = trend(TIMES, np.ones(12))
    assert falls_while_rises(level, level) == pytest.approx(0.5)


def _white(rng: np.random.Generator, n: int) -> Floats:
    return rng.normal(0, 1, n)


def _sluggish(rng: np.random.Generator, n: int) -> Floats:
    """Each value half of the one before."""
    noise = rng.normal(0, 1, n)
    for k in range(1, n):
        noise[k] = 0.5 * noise[k - 1] + np.sqrt(0.75) * noise[k]
    return noise


def _running_total(rng: np.random.Generator, n: int) -> Floats:
    """The noise of a running total under square-root factorisation late in a day, in its standard errors."""
    day = 720
    k = np.arange(1, day)
    weights = np.concatenate([[1.0], np.cumprod((2 * k - 1) / (2 * k))])
    noise = np.convolve(rng.normal(0, 1, day + n), weights)[day : day + n]
    scaled: Floats = noise / np.sqrt(weights @ weights)
    return scaled


@pytest.mark.parametrize(
    ("noise", "known_errors", "n", "at_least"),
    [
        (_white, True, 10, 0.95),
        (_white, False, 10, 0.93),
        (_white, False, 30, 0.93),
        (_sluggish, False, 10, 0.87),
        (_sluggish, False, 30, 0.89),
        (_running_total, True, 10, 0.95),
        (_running_total, True, 30, 0.87),
    ],
)
def test_intervals_hold_as_often_as_they_say(
    noise: Callable[[np.random.Generator, int], Floats], known_errors: bool, n: int, at_least: float
) -> None:
    """95 per cent intervals of the time to a threshold that lies 10 s ahead."""
    rng, held = np.random.default_rng(11), 0
    for _ in range(400):
        values = 0.5 * np.arange(n) + noise(rng, n)
        when = time_to(trend(np.arange(float(n)), values, np.ones(n) if known_errors else None), 0.5 * (n - 1) + 5.0)
        held += when.earliest_s <= 10.0 <= when.latest_s
    assert held / 400 >= at_least


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 1.0, -1e9, 1e9, 5e-324]), st.sampled_from([1e-9, 5e-324, 1e-200, 1.0, 1e9])),
        min_size=5,
        max_size=30,
    )
)
def test_errors_that_are_too_unlike_for_a_line_are_said_to_be(numbers: list[tuple[float, float]]) -> None:
    values, errors = np.array(numbers, np.float64).T
    with np.errstate(all="ignore"):
        line = trend(np.arange(0.0, 60.0 * len(numbers), 60.0), values, errors)
    if line.reason is None:
        assert line.level_error >= 0
        assert line.slope_error >= 0
    else:
        assert line.reason == "the standard errors differ too much for a line"
        assert isnan(line.level)
        assert isnan(line.rising)
