"""A budget's numbers, their limits, and how it is shared out."""

import pytest

from throng.data.errors import SiteError
from throng.privacy.budget import MECHANISMS, Budget, Shares


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
        {"mechanism": "laplace"},
        {"epsilon_per_day": 0.0},
        {"epsilon_per_day": float("nan")},
        {"epsilon_per_day": 21.0},
    ],
)
def test_numbers_out_of_range_are_named(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(SiteError, match=f"budget.{name} must"):
        Budget(**wrong)  # type: ignore[arg-type]


def test_a_budget_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Budget().rho_per_day = 3.0  # type: ignore[misc]


@pytest.mark.parametrize("wrong", [{"heat": -0.1}, {"dwell": float("nan")}, {"speed_now": 1.1}])
def test_a_share_out_of_range_is_named(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(SiteError, match=rf"budget\.shares\.{name} must"):
        Shares(**wrong)


def test_the_counts_keep_a_tenth() -> None:
    assert Shares(speed_now=0.3, dwell=0.3, heat=0.3).counts == pytest.approx(0.1)
    with pytest.raises(SiteError, match=r"at most 0\.9, not 0\.95: the counts need the rest"):
        Shares(speed_now=0.3, dwell=0.3, heat=0.35)


def test_what_has_a_share_is_measured() -> None:
    extras = Shares(dwell=0.2).extras
    assert (extras.speed_now, extras.dwell, extras.heat) == (False, True, False)
    assert Shares().extras.dwell is False


def test_a_site_files_settings_make_a_budget() -> None:
    made = Budget.of({"rho_per_day": 0.3, "mechanism": "tree", "shares": {"heat": 0.25}})
    assert made == Budget(rho_per_day=0.3, mechanism="tree", shares=Shares(heat=0.25))


def test_only_the_pure_tree_is_pure() -> None:
    assert [name for name in MECHANISMS if Budget(mechanism=name).pure] == ["pure-tree"]
