"""Counting along: what a count made by hand, with noise, says of what was released in the same time."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from tests.security.deployment import ALPHA, BETA, ZONE, Deployment, deployed

from throng.data.errors import ConflictError, HubError
from throng.data.rows import Rows
from throng.hub.app import Hub
from throng.hub.checks import COUNTS_S, MOST_A_DAY, Check, Checks, EarlyError, Hand, days_of, pooled
from throng.hub.estimates import Estimate, Total, grown, ratio_of, total_at
from throng.hub.registry.draft import Draft
from throng.hub.registry.registry import By

Client = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
DAY_S = int(datetime(2026, 11, 24, tzinfo=UTC).timestamp())
NOON_S = DAY_S + 43_200
TICK_S = 60
BY = By("ada", "10.0.0.1")
PLACES = {"door": ("in_total", "out_total"), "hall": ("entries_total", "exits_total")}


def totals(camera: str, place: str, *, first_s: int, values: Sequence[float | None], epoch: int = 1) -> Rows:
    """The running totals at the ends of ticks, the first of which begins at `first_s`; out is half of in."""
    n = len(values)
    inward = np.array([np.nan if value is None else value for value in values])
    known = ~np.isnan(inward)
    day = datetime.fromtimestamp(first_s, UTC).date()
    return Rows(
        tuple((camera, place, quantity) for quantity in PLACES[place]),
        (("buffered(rho=0.1)", f"{day}/{epoch}", float(TICK_S)),),
        ("", "the camera is too dark"),
        series_of=np.repeat(np.arange(2, dtype=np.int32), n),
        part_of=np.zeros(2 * n, np.int32),
        reason_of=np.tile((~known).astype(np.int32), 2),
        tick_start_us=np.tile((first_s + TICK_S * np.arange(n)).astype(np.int64) * 1_000_000, 2),
        values=np.concatenate([inward, inward / 2]),
        standard_errors=np.where(np.tile(known, 2), 6.0, np.nan),
    )


@pytest.fixture
def now_s() -> list[float]:
    return [NOON_S + 3600.0]


@pytest.fixture
def checks(hub: Hub, now_s: list[float]) -> Checks:
    """North's door let 10 people in in every minute from noon on."""
    hub.kept.store.add_rows(totals("north", "door", first_s=NOON_S - TICK_S, values=[10.0 * n for n in range(61)]))
    return made(hub, now_s)


def made(hub: Hub, now_s: list[float]) -> Checks:
    kept = hub.kept
    return Checks(
        kept.records,
        log=kept.log,
        store=kept.store,
        cameras=hub.cameras,
        registry=hub.registry,
        spending=hub.spending,
        clock=lambda: now_s[0],
    )


def hand(start_s: int, minutes: float = 10, *, ways: tuple[int, int] = (100, 50), place: str = "door") -> Hand:
    return Hand(place, start_s, start_s + round(60 * minutes), ways, 0.5)


def test_it_is_compared_with_what_the_running_total_grew_by(checks: Checks) -> None:
    check = checks.put("north", hand(NOON_S + 600), by=BY)
    assert [each.value for each in check.released] == [100.0, 50.0]
    assert [each.error for each in check.released] == [pytest.approx(6 * math.sqrt(2))] * 2
    assert [each.value for each in check.hand.counted()] == [100, 50]


def test_a_time_between_ticks_takes_its_part_of_them_and_is_surer_of_less(checks: Checks) -> None:
    whole = checks.put("north", hand(NOON_S + 600), by=BY).released[0]
    part = checks.put("north", hand(NOON_S + 1230), by=BY).released[0]
    assert part.value == pytest.approx(100.0)
    assert part.error > whole.error


@given(
    st.floats(0, 1),
    st.floats(-50, 500),
    st.floats(-50, 500),
    st.floats(0.1, 50),
    st.floats(0.1, 50),
)
def test_a_total_between_two_ticks_lies_between_them(
    share: float, old: float, new: float, old_error: float, new_error: float
) -> None:
    before, after = Total("d/1", Estimate(old, old_error)), Total("d/1", Estimate(new, new_error))
    at = total_at(before, after, share)
    assert at is not None
    assert min(old, new) - 1e-9 <= at.people.value <= max(old, new) + 1e-9
    # Never surer than if both numbers had the same noise.
    assert at.people.error >= (1 - share) * old_error + share * new_error - 1e-9
    assert total_at(before, after, 0.0) == before
    assert total_at(before, replace(after, epoch="d/2"), share) is None
    assert grown(before, replace(after, epoch="d/2")) is None
    assert grown(before, after) == Estimate(new - old, math.hypot(old_error, new_error))


@pytest.mark.parametrize("released_error", [0.5, 6.0, 20.0])
@pytest.mark.parametrize("ratio", [0.5, 0.95, 1.3])
def test_the_true_ratio_lies_within_the_interval_95_times_in_100(released_error: float, ratio: float) -> None:
    """Of Gaussian noise on what was released, and of the noise that the page draws on what was counted."""
    rng = np.random.default_rng(round(1000 * released_error + 100 * ratio))
    people, draws = 100, 6_000
    step = math.exp(-0.25)
    noise = rng.geometric(1 - step, draws) - rng.geometric(1 - step, draws)
    within = 0
    for counted, error in zip((people + noise).tolist(), rng.normal(0, released_error, draws).tolist(), strict=True):
        (by_hand, _) = Hand("door", 0, 600, (counted, 0), 0.5).counted()
        found = ratio_of(Estimate(ratio * people + error, released_error), by_hand)
        within += found is None or found.lowest <= ratio <= found.highest
    assert within / draws >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / draws)


def test_the_noise_of_a_count_has_the_error_that_is_told() -> None:
    for epsilon in (0.1, 0.5, 1.0):
        step = math.exp(-epsilon / 2)
        sizes = np.arange(-2000, 2001)
        chances = (1 - step) / (1 + step) * step ** np.abs(sizes)
        (inward, _) = Hand("door", 0, 600, (7, 0), epsilon).counted()
        assert inward.value == 7
        assert inward.error == pytest.approx(math.sqrt((chances * sizes**2).sum()))


def test_too_few_people_say_nothing_and_more_checks_say_more() -> None:
    assert ratio_of(Estimate(5, 6), Estimate(3, 5.6)) is None
    assert ratio_of(Estimate(5, 6), Estimate(-300, 5.6)) is None
    released = (Estimate(90.0, 8.5), Estimate(45.0, 8.5))
    one = Check("north", hand(NOON_S), released, NOON_S, "")
    many = [replace(one, hand=hand(NOON_S + 86_400 * day)) for day in range(9)]
    alone, together = pooled([one]), pooled(many)
    assert alone is not None
    assert together is not None
    assert together.value == pytest.approx(alone.value) == pytest.approx(0.9)
    # Nine times as much counted, with three times the error.
    assert (together.highest - together.lowest) * 2.5 < alone.highest - alone.lowest
    assert (days_of(many), pooled([])) == (9, None)


def test_the_same_count_again_costs_nothing_and_another_of_that_time_is_refused(hub: Hub, checks: Checks) -> None:
    first = checks.put("north", hand(NOON_S + 600), by=BY)
    assert checks.put("north", hand(NOON_S + 600), by=BY) is first
    for other in (hand(NOON_S + 600, ways=(101, 50)), hand(NOON_S + 1140), hand(NOON_S + 60), hand(NOON_S + 660, 2)):
        with pytest.raises(ConflictError, match="counted already"):
            checks.put("north", other, by=BY)
    hub.kept.store.add_rows(totals("north", "hall", first_s=NOON_S - TICK_S, values=[1.0] * 61))
    checks.put("north", hand(NOON_S + 600, place="hall"), by=BY)  # at another place, at the same time
    spent = [entry for entry in hub.kept.log.newest() if entry["event"] == "privacy.spend"]
    assert [(entry["who"], entry["about"], entry["address"]) for entry in spent] == [("ada", "north", "10.0.0.1")] * 2
    assert not any("100" in entry["detail"] or "50" in entry["detail"] for entry in spent)
    assert [cost.total_rho for cost in hub.spending.of("north", hub.spending.today()).checks] == [0.125, 0.125]


def test_a_camera_takes_twelve_a_day(checks: Checks, now_s: list[float]) -> None:
    for n in range(MOST_A_DAY):
        checks.put("north", hand(NOON_S + 120 * n, 2), by=BY)
    last = hand(NOON_S + 120 * MOST_A_DAY, 2)
    with pytest.raises(ConflictError, match="after midnight"):
        checks.put("north", last, by=BY)
    now_s[0] = DAY_S + 86_400.0
    checks.put("north", last, by=BY)


def test_a_time_or_place_that_makes_no_sense_is_refused(hub: Hub, checks: Checks) -> None:
    for count, rule in (
        (hand(NOON_S, 1.5), "from 2 to 60 minutes, not 90 seconds"),
        (hand(NOON_S, 61), "from 2 to 60 minutes"),
        (hand(NOON_S, -10), "from 2 to 60 minutes"),
        (hand(NOON_S - 86_400), "within the last day"),
        (hand(NOON_S + 3600), "within the last day"),
        (hand(NOON_S - 3600), "no running total"),
        (hand(NOON_S, place="gate"), "no such place"),
    ):
        with pytest.raises(HubError, match=rule):
            checks.put("north", count, by=BY)
    assert checks.all() == []
    assert [entry for entry in hub.kept.log.newest() if entry["event"] == "privacy.spend"] == []


def test_an_unknown_number_or_another_epoch_is_not_compared(hub: Hub, now_s: list[float]) -> None:
    store = hub.kept.store
    store.add_rows(totals("north", "door", first_s=NOON_S, values=[1.0] * 10 + [None] * 5))
    store.add_rows(totals("north", "door", first_s=NOON_S + 900, values=[1.0] * 10, epoch=2))
    for start_s in (NOON_S + 120, NOON_S + 420):
        with pytest.raises(HubError, match="no running total"):
            made(hub, now_s).put("north", hand(start_s), by=BY)


def test_numbers_that_are_still_on_their_way_are_waited_for(hub: Hub, checks: Checks, now_s: list[float]) -> None:
    now_s[0] = NOON_S + 3640.0
    early = hand(NOON_S + 3000, 10.5)
    with pytest.raises(EarlyError, match="send the same again in 25 seconds"):
        checks.put("north", early, by=BY)
    hub.kept.store.add_rows(totals("north", "door", first_s=NOON_S + 3600, values=[610.0]))
    assert checks.put("north", early, by=BY).released[0].value == pytest.approx(105.0)


def test_it_counts_for_90_days_unless_the_camera_is_set_differently(hub: Hub, checks: Checks, now_s: list[float]) -> None:
    check = checks.put("north", hand(NOON_S + 600), by=BY)
    (again,) = made(hub, now_s).all()  # it is kept over a restart
    assert again == check
    assert checks.counts(check)
    entries = hub.cameras.entries
    north = next(entry for entry in entries if entry.name == "north")
    hub.cameras.replace_entries([replace(north, places=north.places[:1])])
    assert not checks.counts(check)
    hub.cameras.replace_entries(entries)
    now_s[0] += COUNTS_S - 1
    assert checks.counts(check)
    now_s[0] += 1
    assert not checks.counts(check)
    assert checks.all() == []


def test_a_check_goes_with_the_numbers_of_its_age(hub: Hub, checks: Checks, now_s: list[float]) -> None:
    checks.put("north", hand(NOON_S + 600), by=BY)
    now_s[0] += 60.0
    newer = checks.put("north", hand(NOON_S + 1200), by=BY)
    checks.forget(now_s[0] - 30.0)
    assert checks.all() == [newer]
    assert [record.key for record in hub.kept.records.all("check")] == [newer.key]
    hub.checks = checks
    hub.forget_older_than(-1e9)
    assert hub.kept.records.all("check") == []


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    with deployed(tmp_path) as made_hub:
        yield made_hub


def _body(start_s: float, minutes: int, **changed: Any) -> dict[str, Any]:
    times = {
        name: datetime.fromtimestamp(at_s, UTC).isoformat()
        for name, at_s in (("start", start_s), ("end", start_s + 60 * minutes))
    }
    return {"place": "hall", "in": 100, "out": 50, "epsilon": 0.5} | times | changed


@pytest.mark.anyio
async def test_operators_count_along_at_their_own_site_and_all_who_see_numbers_read_it(deployment: Deployment) -> None:
    now_s = datetime.now(UTC).timestamp()
    start_s = int(now_s // TICK_S) * TICK_S - 1800
    if start_s // 86_400 < now_s // 86_400 or start_s % 86_400 < TICK_S:
        start_s = int(now_s // 86_400) * 86_400 - 3600  # never across midnight
    for site in (ALPHA, BETA):
        rows = totals(f"{site}-camera", "hall", first_s=start_s - TICK_S, values=[10.0 * n for n in range(20)])
        deployment.hub.kept.store.add_rows(rows)
    mine, theirs = f"/api/v1/checks/{ALPHA}-camera", f"/api/v1/checks/{BETA}-camera"
    operator, everywhere = deployment.headers(("operator", "site")), deployment.headers(("operator", "hub"))
    viewer = deployment.headers(("viewer", "site"))
    with deployment.client(("operator", "site")) as http:
        made_one = await http.put(mine, json=_body(start_s, 10), headers=operator)
        assert made_one.status_code == 200, made_one.text
        statuses = {
            (await http.put(path, json=body, headers=headers)).status_code: why
            for why, path, body, headers in [
                ("another site's", theirs, _body(start_s, 10), operator),
                ("overlaps", mine, _body(start_s, 5), operator),
                ("out of bounds", mine, _body(start_s + 600, 5, epsilon=1.5), operator),
                ("no such time", mine, _body(start_s, 100), operator),
                ("not there yet", mine, _body(int(now_s) - 181, 3), operator),
                ("a viewer", mine, _body(start_s + 600, 5), viewer),
            ]
        }
        assert sorted(statuses) == [400, 403, 404, 409, 422, 425], statuses
        assert (await http.put(theirs, json=_body(start_s, 10), headers=everywhere)).status_code == 200
        seen = [(await http.get("/api/v1/checks", headers=headers)).json() for headers in (viewer, everywhere)]
        told = (await http.get(f"/api/v1/accuracy?camera={ALPHA}-camera", headers=viewer)).json()
        hidden = (await http.get(f"/api/v1/accuracy?camera={BETA}-camera", headers=viewer)).json()
        _redraw(deployment)
        after = (await http.get("/api/v1/checks", headers=viewer)).json()
        none = (await http.get("/api/v1/accuracy", headers=viewer)).json()
    assert [[one["camera"] for one in each] for each in seen] == [[f"{ALPHA}-camera"], [f"{ALPHA}-camera", f"{BETA}-camera"]]
    assert seen[0] == [made_one.json()]
    both = made_one.json()["ways"][2]
    assert (both["way"], both["counted"], both["released"], both["ratio"]["value"]) == ("both", 150, 150, 1)
    assert [(one["place"], one["checks"], one["days"], one["ratio"]) for one in told] == [("hall", 1, 1, both["ratio"])]
    assert hidden == []
    assert [one["counts"] for one in seen[0] + after] == [True, False]  # the zone was drawn anew
    assert none == []


def _redraw(deployment: Deployment) -> None:
    """Change a corner of alpha's zone."""
    name = f"{ALPHA}-camera"
    zone = {**ZONE, "corners": [[0, 0], [90, 0], [100, 100]]}
    address = SecretStr(f"rtsp://{ALPHA}-secret.example/stream")
    draft = Draft(name, site=ALPHA, sensor=f"{ALPHA}-box", address=address, table={"zone": [zone]})
    deployment.hub.registry.put(draft, version=1, by=By("test"))
