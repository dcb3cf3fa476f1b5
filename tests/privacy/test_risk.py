"""What a budget means: published numbers, exact trade-offs, and the documents that show them."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm

from throng.privacy.budget import Budget
from throng.privacy.risk import describe, epsilon, recognition_rate, table

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


def test_the_documents_show_the_table_that_the_code_prints() -> None:
    for page in ("privacy/README.md", "decisions/0002-unit-of-privacy.md"):
        assert "\n".join(table()) in (DOCS / page).read_text(), page


def test_a_budget_in_words_has_its_numbers_and_its_weak_sides() -> None:
    text = " ".join(describe(Budget(rho_per_day=0.5, passage_counters=3, pieces=2)))
    for words in (
        "rho = 0.5",
        "most 9 times in 100",
        "46 times in 100",
        "98 times in 100",
        "3 counters",
        "2 tracks",
        "epsilon = 5.2",
    ):
        assert words in text
    assert "1 counter " in " ".join(describe(Budget(passage_counters=1)))
    assert not re.search(r"\bnan\b", text)
