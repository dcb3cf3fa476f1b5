"""What a budget means: published numbers, exact trade-offs, and the documents that show them."""

import re
from itertools import product
from math import exp
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

from throng.privacy.budget import Budget
from throng.privacy.risk import (
    at_most_percent,
    describe,
    epsilon,
    guessing_rate,
    guessing_table,
    is_weak,
    known,
    recognition_rate,
    table,
)

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize(("rho", "passages", "in_100"), [(0.5, 1, 9), (0.5, 5, 46), (0.5, 20, 98), (0.1, 5, 9)])
def test_recognition_is_as_published(rho: float, passages: int, in_100: int) -> None:
    assert round(100 * recognition_rate(rho, passages)) == in_100


def test_without_a_budget_an_attacker_can_only_guess() -> None:
    assert recognition_rate(0.0, 20) == pytest.approx(0.01)
    assert recognition_rate(0.0, 20, false_alarm=0.3) == pytest.approx(0.3)


@given(st.floats(0.001, 10), st.sampled_from([1e-9, 1e-6, 1e-3]))
def test_epsilon_is_valid_and_no_worse_than_the_simple_conversion(rho: float, delta: float) -> None:
    """Above the Gaussian mechanism's own epsilon (Balle and Wang 2018, theorem 8), below rho + 2 root(rho log(1 / delta))."""
    mu = (2 * rho) ** 0.5

    def excess(eps: float) -> float:
        return float(norm.cdf(mu / 2 - eps / mu) - np.exp(eps + norm.logcdf(-mu / 2 - eps / mu)) - delta)

    simple = rho + 2 * (rho * np.log(1 / delta)) ** 0.5
    exact = brentq(excess, 0, simple) if excess(0) > 0 else 0.0
    assert exact - 1e-9 <= epsilon(rho, delta) <= simple


def test_epsilon_is_the_least_over_a_fine_grid() -> None:
    a = 1 + np.geomspace(1e-4, 1e4, 200_000)
    grid = a * 0.5 + np.log(1 / (a * 1e-6)) / (a - 1) + np.log1p(-1 / a)
    assert epsilon(0.5, 1e-6) == pytest.approx(grid.min(), abs=1e-6)


def responses(eps: float, n: int, answer: bool) -> NDArray[np.float64]:
    """Probabilities (2^n,) of all outcomes of n randomised responses, when this is the true answer."""
    true = exp(eps) / (1 + exp(eps))
    return np.array(
        [np.prod([true if each == answer else 1 - true for each in all_]) for all_ in product((True, False), repeat=n)]
    )


def best_test(present: NDArray[np.float64], absent: NDArray[np.float64], false_alarm: float) -> float:
    """The power of the Neyman and Pearson test between two distributions over the same few outcomes."""
    power = 0.0
    for outcome in np.argsort(-present / absent):
        part = min(1.0, false_alarm / absent[outcome])
        power, false_alarm = power + part * present[outcome], false_alarm - part * absent[outcome]
    return power


@given(st.floats(0.01, 4), st.integers(1, 8), st.sampled_from([0.001, 0.01, 0.2]))
def test_pure_noise_is_known_as_well_as_randomised_responses_are(eps: float, n: int, false_alarm: float) -> None:
    present, absent = responses(eps, n, True), responses(eps, n, False)
    wanted = best_test(present, absent, false_alarm)
    assert recognition_rate(0, n, epsilon=eps, false_alarm=false_alarm) == pytest.approx(wanted, abs=1e-9)
    assert guessing_rate(0, n, epsilon=eps) == pytest.approx(np.maximum(present, absent).sum() / 2, abs=1e-9)


@given(st.floats(0.01, 4), st.floats(0.001, 0.999))
def test_one_pure_passage_has_the_closed_form(eps: float, false_alarm: float) -> None:
    wanted = min(exp(eps) * false_alarm, 1 - (1 - false_alarm) * exp(-eps))
    assert recognition_rate(0, 1, epsilon=eps, false_alarm=false_alarm) == pytest.approx(wanted, abs=1e-9)
    assert guessing_rate(0, 1, epsilon=eps) == pytest.approx(exp(eps) / (1 + exp(eps)))


@settings(deadline=None, max_examples=50)
@given(st.floats(0.001, 2), st.just(0.0) | st.floats(0.1, 2), st.integers(1, 3))
def test_gaussian_and_pure_noise_together_are_bounded(rho: float, eps: float, n: int) -> None:
    """Against the best tests on a grid of both; with no epsilon the bound is met."""
    mu = (2 * rho * n) ** 0.5
    edges = np.linspace(-8, 8 + mu, 801)
    shifted, plain = np.diff(norm.cdf(edges - mu)), np.diff(norm.cdf(edges))
    present = np.outer(shifted, responses(eps, n, True)).ravel() + 1e-300
    absent = np.outer(plain, responses(eps, n, False)).ravel() + 1e-300
    recognised, guessed = best_test(present, absent, 0.01), np.maximum(present, absent).sum() / 2
    met = 1e-3 if eps == 0 else 1.0
    assert recognised - 1e-9 <= recognition_rate(rho, n, epsilon=eps) <= recognised + met
    assert guessed - 1e-9 <= guessing_rate(rho, n, epsilon=eps) <= guessed + met


@given(st.floats(0, 1))
def test_at_most_stays_true(rate: float) -> None:
    assert rate <= at_most_percent(rate) / 100 + 1e-9 < rate + 0.01 + 1e-9


def test_weak_is_said_where_it_is_weak() -> None:
    assert not is_weak(0.75, 0.5)
    assert is_weak(0.76, 0.0)
    assert is_weak(0.5, 0.51)
    # Twenty passages at the default are weak, and so are five at an epsilon of 1.
    assert known(0.2, 1) == f"at most {at_most_percent(norm.cdf(0.1**0.5))} %"
    assert known(0.2, 20).endswith("(weak)")
    assert known(0.0, 5, epsilon=1.0).endswith("(weak)")


def test_the_documents_show_the_guesses_that_the_code_prints() -> None:
    assert "\n".join(guessing_table()) in (DOCS / "privacy" / "README.md").read_text()


def test_the_documents_show_the_table_that_the_code_prints() -> None:
    for page in ("privacy/README.md", "decisions/0002-unit-of-privacy.md"):
        assert "\n".join(table()) in (DOCS / page).read_text(), page


def test_a_budget_in_words_has_its_numbers_and_its_weak_sides() -> None:
    text = " ".join(describe(Budget(rho_per_day=0.5, passage_counters=3, pieces=2)))
    for words in (
        "rho = 0.5",
        "most about 9 times in 100",
        "46 times in 100",
        "98 times in 100",
        "3 counters",
        "2 tracks",
        "epsilon = 5.2",
    ):
        assert words in text
    pure = " ".join(describe(Budget(mechanism="pure-tree", epsilon_per_day=1.0)))
    assert "epsilon = 1 with a delta of zero" in pure
    assert f"right at most {at_most_percent(exp(1) / (1 + exp(1)))} % of the time about one passage" in pure
    assert "rho" not in pure
    assert "1 counter " in " ".join(describe(Budget(passage_counters=1)))
    assert not re.search(r"\bnan\b", text)
