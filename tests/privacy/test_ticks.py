"""Ticks on the day's grid, and when a tick counts as seen."""

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throng.data.errors import SiteError
from throng.privacy.ticks import Sight, Ticks

NOON_S = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
MIDNIGHT_S = datetime(2026, 11, 25, tzinfo=UTC).timestamp()


@given(st.sampled_from([1.0, 1.5, 2.0, 7.5, 60.0, 3_600.0, 86_400.0]), st.floats(0, 4e9))
def test_a_time_lies_in_its_tick(tick_s: float, time_s: float) -> None:
    ticks = Ticks(tick_s)
    tick = ticks.at(time_s)
    assert ticks.start_s(tick) <= time_s
    assert Fraction(time_s) < Fraction(ticks.start_s(tick)) + Fraction(tick_s)
    assert ticks.at(ticks.start_s(tick)) == tick
    assert ticks.day(tick) == datetime.fromtimestamp(int(time_s), UTC).date()


def test_days_begin_at_midnight_utc() -> None:
    ticks = Ticks(60)
    first = ticks.at(datetime(2026, 11, 24, tzinfo=UTC).timestamp())
    assert (ticks.day(first - 1), ticks.day(first)) == (date(2026, 11, 23), date(2026, 11, 24))
    assert (ticks.left_in_day(first), ticks.left_in_day(first - 1)) == (1_440, 1)


@pytest.mark.parametrize("tick_s", [2.0, 7.5, 60.0, 900.0, 3_600.0, 7_200.0])
def test_hours_end_with_the_tick_that_ends_them(tick_s: float) -> None:
    ticks = Ticks(tick_s)
    first = ticks.at(MIDNIGHT_S)
    ends = [tick for tick in range(first, first + ticks.per_day) if ticks.ends_hour(tick)]
    assert [ticks.start_s(tick + 1) for tick in ends] == [
        MIDNIGHT_S + max(3_600.0, tick_s) * n for n in range(1, len(ends) + 1)
    ]
    assert len(ends) == min(24, ticks.per_day)


@given(st.sampled_from([60.0, 900.0, 1_920.0, 2_700.0, 3_600.0, 14_400.0]), st.integers(0, 10**6))
def test_what_is_left_of_a_day_counts_down_to_its_last_tick(tick_s: float, tick: int) -> None:
    """One less for each release that there is, whatever the ticks; the last tick of a day ends an hour of it."""
    ticks = Ticks(tick_s)
    last = ticks.left_in_day(tick) == 1
    for by_hour, released in ((False, True), (True, ticks.ends_hour(tick))):
        left, following = ticks.left(tick, by_hour=by_hour), ticks.left(tick + 1, by_hour=by_hour)
        assert left >= 1
        assert left == (1 if last else following + released)


@pytest.mark.parametrize("tick_s", [0.0, -2.0, 0.5, 7.0, 100_000.0, float("nan")])
def test_a_tick_divides_a_day(tick_s: float) -> None:
    with pytest.raises(SiteError, match="divide a day"):
        Ticks(tick_s)


@pytest.fixture
def sight() -> Sight:
    """Of ticks of a minute, in the middle of a day, the first tick long over."""
    seen = Sight(60)
    seen.enter(NOON_S - 60)
    frames(seen, -60, 0)
    assert seen.close(NOON_S - 60) == ""
    seen.enter(NOON_S)
    return seen


def frames(sight: Sight, begin_s: int, end_s: int) -> None:
    for second in range(begin_s, end_s):
        sight.saw(NOON_S + second)


def test_seen_all_through(sight: Sight) -> None:
    frames(sight, 0, 60)
    assert sight.close(NOON_S) == ""


def test_no_picture_at_all(sight: Sight) -> None:
    assert sight.close(NOON_S) == "no picture arrived"


@pytest.mark.parametrize(("gone_s", "why"), [(5, ""), (8, "no picture arrived")])
def test_a_pause_of_a_tenth_is_forgiven(sight: Sight, gone_s: int, why: str) -> None:
    frames(sight, 0, 30)
    frames(sight, 30 + gone_s, 60)
    assert sight.close(NOON_S) == why


def test_a_pause_at_the_end(sight: Sight) -> None:
    frames(sight, 0, 40)
    assert sight.close(NOON_S) == "no picture arrived"


@pytest.mark.parametrize(("back_s", "why"), [(33, ""), (45, "dark")])
def test_an_outage_lasts_from_the_last_picture_to_the_next_that_counts(sight: Sight, back_s: int, why: str) -> None:
    frames(sight, 0, 30)
    sight.lost("dark")
    frames(sight, 30, back_s)  # pictures of a blinded camera count for nothing
    sight.recovered()
    frames(sight, back_s, 60)
    assert sight.close(NOON_S) == why


def test_an_outage_goes_on_until_it_ends(sight: Sight) -> None:
    frames(sight, 0, 30)
    sight.lost("dark")
    whys = []
    for minute in range(3):
        whys.append(sight.close(NOON_S + 60 * minute))
        sight.enter(NOON_S + 60 * (minute + 1))
    sight.recovered()
    frames(sight, 180, 240)
    assert [*whys, sight.close(NOON_S + 180)] == ["dark", "dark", "dark", ""]


@pytest.mark.parametrize(("begin_s", "why"), [(3, ""), (10, "starting")])
def test_the_first_tick(begin_s: int, why: str) -> None:
    sight = Sight(60)
    sight.enter(NOON_S)
    frames(sight, begin_s, 60)
    assert sight.close(NOON_S) == why


def test_nothing_after_the_start() -> None:
    sight = Sight(60)
    assert [sight.close(NOON_S), sight.close(NOON_S + 60)] == ["starting", "no picture arrived"]


def test_short_ticks_forgive_a_slow_camera() -> None:
    sight = Sight(2)
    sight.enter(NOON_S)
    whys = []
    for tick in range(5):
        sight.saw(NOON_S + 2 * tick + (0.1 if tick % 2 else 0.0))
        whys.append(sight.close(NOON_S + 2 * tick))
    assert whys == [""] * 5


def test_a_clock_set_back(sight: Sight) -> None:
    frames(sight, 0, 60)
    sight.clock_set_back()
    assert sight.close(NOON_S) == "the clock was set back"
