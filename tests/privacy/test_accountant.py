"""The accountant: nothing is lost when costs are added up, in whatever order."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throng.data.errors import BudgetError
from throng.privacy import risk
from throng.privacy.accountant import Cost, left, read_ledgers, spent, spent_by
from throng.privacy.budget import Budget
from throng.privacy.ledger import Ledger, LedgerLine

DAY = date(2026, 11, 24)


def line(camera: str, day: int, *, rho: float = 0.0, epsilon: float = 0.0) -> LedgerLine:
    when = f"2026-11-{day:02}"
    cost = epsilon**2 / 2 if epsilon else rho
    return LedgerLine(camera, when, f"{when}/1", cost, 1.7, "some noise", f"{when}T00:00:00+00:00", epsilon)


costs = st.one_of(
    st.builds(lambda rho: {"rho": rho}, st.floats(1e-4, 2)), st.builds(lambda e: {"epsilon": e}, st.floats(0.01, 5))
)
ledgers = st.lists(
    st.builds(lambda camera, day, cost: line(camera, day, **cost), st.sampled_from("abc"), st.integers(1, 9), costs)
)


@given(ledgers)
def test_every_way_of_adding_up_gives_the_same_whole(lines: list[LedgerLine]) -> None:
    whole = spent(lines)
    assert whole.rho == pytest.approx(sum(each.rho for each in lines))
    assert whole.pure == pytest.approx(sum(each.epsilon for each in lines))
    assert whole.rho >= whole.gaussian
    for keys in (("camera",), ("day",), ("camera", "day")):
        parts = sum(spent_by(lines, *keys).values(), Cost())
        assert (parts.gaussian, parts.pure, parts.rho) == pytest.approx((whole.gaussian, whole.pure, whole.rho))


@given(ledgers, costs)
def test_one_epoch_more_never_tells_less(lines: list[LedgerLine], cost: dict[str, float]) -> None:
    before, after = spent(lines), spent([*lines, line("d", 1, **cost)])
    assert after.rho > before.rho
    assert risk.guessing_rate(after.gaussian, 1, epsilon=after.pure) >= risk.guessing_rate(
        before.gaussian, 1, epsilon=before.pure
    )


def test_costs_are_put_into_words_in_their_own_terms() -> None:
    assert spent([line("a", 1, rho=0.1), line("b", 1, rho=0.1)]).epsilon_delta == (risk.epsilon(0.2, 1e-6), 1e-6)
    assert spent([line("a", 1, epsilon=0.5), line("a", 2, epsilon=0.25)]).epsilon_delta == (0.75, 0.0)
    # A year of small epsilons is less as a rho.
    assert spent([line("a", 1, epsilon=0.1)] * 365).epsilon_delta == pytest.approx((risk.epsilon(365 * 0.005, 1e-6), 1e-6))
    # With a single rho among them no delta of zero is left.
    assert spent([line("a", 1, rho=0.1), line("a", 2, epsilon=0.5)]).epsilon_delta == (risk.epsilon(0.225, 1e-6), 1e-6)
    assert spent([line("a", 1, rho=0.2)]).known == risk.known(0.2, 1)
    assert spent([line("a", 1, epsilon=900.0)]).known == "at most 100 % (weak)"


@pytest.mark.parametrize("budget", [Budget(rho_per_day=0.3), Budget(mechanism="pure-tree", epsilon_per_day=0.7)])
def test_what_is_left_is_what_the_next_epoch_takes_half_of(tmp_path: Path, budget: Budget) -> None:
    ledger = Ledger(tmp_path / "a.jsonl")
    pure = budget.epsilon_per_day if budget.pure else None
    for _ in range(7):
        before = left(read_ledgers(tmp_path), "a", DAY.isoformat(), budget)
        epoch = ledger.open_epoch(
            "a", DAY, rho_per_day=budget.rho_per_day, sensitivity=1.0, mechanism="noise", epsilon_per_day=pure
        )
        assert (epoch.epsilon if budget.pure else epoch.rho) == pytest.approx(before / 2)
    assert left(read_ledgers(tmp_path), "b", DAY.isoformat(), budget) == (pure or budget.rho_per_day)
    assert left(read_ledgers(tmp_path), "a", "2026-11-25", budget) == (pure or budget.rho_per_day)


def test_nothing_pure_is_left_where_a_rho_was_spent() -> None:
    assert left([line("a", 1, rho=0.01)], "a", "2026-11-01", Budget(mechanism="pure-tree")) == 0.0
    # The other way round the epsilon counts with its rho.
    assert left([line("a", 1, epsilon=0.4)], "a", "2026-11-01", Budget(rho_per_day=0.2)) == pytest.approx(0.12)


def test_all_ledgers_of_a_folder_are_read_in_the_order_of_days(tmp_path: Path) -> None:
    for camera, day in (("a", 25), ("b", 24), ("c", 26)):
        ledger = Ledger(tmp_path / f"{camera}.jsonl")
        ledger.open_epoch(camera, date(2026, 11, day), rho_per_day=0.2, sensitivity=1.0, mechanism="noise")
    (tmp_path / "c.jsonl.torn").write_text("half a line\n")
    assert [each.camera for each in read_ledgers(tmp_path)] == ["b", "a", "c"]
    assert read_ledgers(tmp_path / "absent") == []
    (tmp_path / "d.jsonl").write_text("damaged\n")
    with pytest.raises(BudgetError, match=r"line 1 of the ledger d\.jsonl is damaged"):
        read_ledgers(tmp_path)
