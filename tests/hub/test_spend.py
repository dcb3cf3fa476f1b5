"""What was spent of budgets, and how far off what was released is, as the privacy page tells it."""

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import httpx
import numpy as np
import pytest

from throng.data.place import Extras, Line, Zone, counters_of
from throng.data.rows import Rows
from throng.hub.app import Hub
from throng.hub.spending import KEPT_DAYS, Cost, Day, Spending, cost_of
from throng.privacy.budget import MECHANISMS, Budget, Shares
from throng.privacy.choose import make_mechanism
from throng.privacy.ledger import Epoch
from throng.privacy.streams import streams_of
from throng.store.sqlite_records import SqliteRecords

Client = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
DAY = date(2026, 11, 24)
NOON_S = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
BUFFERED = "buffered(ticks=1440, rho=0.1, sensitivity=1, sigma=2.236)"


@pytest.mark.parametrize("name", MECHANISMS)
def test_what_a_description_costs_is_what_its_epoch_spent(name: str) -> None:
    """Whatever the mechanism, and however many streams share the budget: as the wall describes them."""
    budget = Budget(mechanism=name, shares=Shares(dwell=0.2, heat=0.1))
    places = (
        (Line("door", np.array([(0.0, 0.0), (9.0, 9.0)])),),
        (Zone("hall", np.array([(0.0, 0.0), (9.0, 0.0), (9.0, 9.0)])),),
    )
    extras = Extras(dwell=True, heat=True)
    epoch = Epoch("2026-11-24/1", 0.125, 0.5) if budget.pure else Epoch("2026-11-24/1", 0.125)
    streams = streams_of(counters_of(*places, in_metres=False, extras=extras), budget)
    assert sum((stream.share for stream in streams), Fraction(0)) == 1
    told = "; ".join(f"{stream.name} {make_mechanism(name, stream, 24, epoch).description}" for stream in streams)
    cost = cost_of(told)
    assert cost.total_rho == pytest.approx(0.125, rel=1e-5)
    assert cost.epsilon == pytest.approx(0.5 if budget.pure else 0.0)


def test_a_text_without_a_cost_costs_nothing() -> None:
    for text in ("none", "noise()", "", "rho=", "rho=x", "sigma=3", "rho=1e999"):
        assert cost_of(text) == Cost()
    assert cost_of("a(rho=1e-05); b(rho=0.25)") == Cost(rho=0.25001)


def test_it_is_remembered_once_over_restarts_and_forgotten_after_some_weeks(tmp_path: Path) -> None:
    now_s = [NOON_S]

    def opened(records: SqliteRecords) -> Spending:
        return Spending(records, clock=lambda: now_s[0])

    with SqliteRecords(tmp_path / "hub.sqlite") as records:
        spending = opened(records)
        spending.add([("north", f"{DAY}/{n}", f"tree(rho={0.1 / n})") for n in (2, 1, 10)] + [("south", f"{DAY}/1", BUFFERED)])
        spending.add_check("north", "door/1", Cost(epsilon=0.5))
        for again in (spending, opened(records)):
            again.add([("north", f"{DAY}/1", "tree(rho=9)"), ("south", f"{DAY}/1", BUFFERED)])
            assert again.of("north", DAY) == Day((Cost(0.1), Cost(0.05), Cost(0.01)), (Cost(epsilon=0.5),))
            assert again.of("south", DAY).epochs == (Cost(0.1),)
            assert again.of("south", DAY - timedelta(days=1)) == again.of("west", DAY) == Day()
        now_s[0] += 86_400 * KEPT_DAYS
        spending.add([("south", f"{DAY + timedelta(days=KEPT_DAYS)}/1", BUFFERED)])
        assert spending.of("north", DAY) != Day()
        now_s[0] += 86_400
        spending.add([("south", f"{DAY + timedelta(days=KEPT_DAYS + 1)}/1", BUFFERED)])
        for again in (spending, opened(records)):
            assert again.of("north", DAY) == Day()
            assert again.of("south", DAY + timedelta(days=KEPT_DAYS)).epochs == (Cost(0.1),)


def _rows(errors: list[float | None], *, quantity: str, place: str, end_s: float) -> Rows:
    """The last ticks of one series, with these errors; None is unknown."""
    n = len(errors)
    known = np.array([error is not None for error in errors])
    return Rows(
        (("north", place, quantity),),
        ((BUFFERED, f"{datetime.fromtimestamp(end_s, UTC):%Y-%m-%d}/1", 60.0),),
        ("", "the camera is too dark"),
        series_of=np.zeros(n, np.int32),
        part_of=np.zeros(n, np.int32),
        reason_of=(~known).astype(np.int32),
        tick_start_us=((end_s // 60 - n + np.arange(n)) * 60e6).astype(np.int64),
        values=np.where(known, 5.0, np.nan),
        standard_errors=np.array([np.nan if error is None else error for error in errors]),
    )


@pytest.mark.anyio
async def test_errors_are_the_newest_and_the_worst_of_what_was_released(hub: Hub, client: Client) -> None:
    now_s = time.time()
    store = hub.kept.store
    store.add_rows(_rows([9.0, 7.0, 3.0], quantity="in", place="door", end_s=now_s))
    store.add_rows(_rows([4.0, 6.0, None], quantity="occupancy", place="hall", end_s=now_s))
    store.add_rows(_rows([99.0], quantity="in", place="door", end_s=now_s - 90_000))
    async with client(signed_in=True) as http:
        told = {(one["place"], one["quantity"]): one for one in (await http.get("/api/v1/privacy/errors?camera=north")).json()}
        assert (await http.get("/api/v1/privacy/errors?camera=nobody")).status_code == 404
    assert (told["door", "in"]["now"], told["door", "in"]["worst"], told["door", "in"]["unknown"]) == (3.0, 9.0, "")
    dark = told["hall", "occupancy"]
    assert (dark["now"], dark["worst"], dark["unknown"]) == (None, 6.0, "the camera is too dark")
    never = told["door", "out"]
    assert (never["now"], never["worst"]) == (None, None)
    assert never["unknown"]
    assert not any(key.startswith("value") for one in told.values() for key in one)  # errors, and no number of people


@pytest.mark.anyio
async def test_spending_adds_up_by_camera_and_day(hub: Hub, client: Client) -> None:
    today = hub.spending.today()
    yesterday = today - timedelta(days=1)
    hub.spending.add(
        [("north", f"{yesterday}/1", BUFFERED), ("north", f"{today}/1", BUFFERED), ("north", f"{today}/2", "tree(rho=0.05)")]
    )
    hub.spending.add_check("south", "gate/1", Cost(epsilon=0.5))
    hub.spending.add_check("south", "gate/2", Cost(epsilon=1.0))
    async with client(signed_in=True) as http:
        told = (await http.get("/api/v1/privacy/spend?days=3")).json()
        assert [(await http.get(f"/api/v1/privacy/spend?days={days}")).status_code for days in (0, KEPT_DAYS + 1)] == [422, 422]
    assert told["days"] == [str(today - timedelta(days=ago)) for ago in (2, 1, 0)]
    assert told["public"] is False
    north, south = told["cameras"]
    assert (north["epochs"], north["rho"]) == ([0, 1, 2], pytest.approx([0, 0.1, 0.15]))
    assert (south["checks"], south["checks_rho"]) == ([0, 0, 2], pytest.approx([0, 0, 0.625]))
