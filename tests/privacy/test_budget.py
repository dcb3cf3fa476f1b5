"""A budget's three numbers and their limits."""

import pytest

from throng.data.errors import SiteError
from throng.privacy.budget import Budget


@pytest.mark.parametrize(
    "wrong",
    [
        {"rho_per_day": 0.0},
        {"rho_per_day": float("nan")},
        {"rho_per_day": float("inf")},
        {"rho_per_day": 11.0},
        {"passage_counters": 0},
        {"passage_counters": 2.5},
        {"passage_counters": True},
        {"pieces": 0},
        {"pieces": 17},
    ],
)
def test_numbers_out_of_range_are_named(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(SiteError, match=f"budget.{name} must"):
        Budget(**wrong)  # type: ignore[arg-type]


def test_a_budget_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Budget().rho_per_day = 3.0  # type: ignore[misc]
