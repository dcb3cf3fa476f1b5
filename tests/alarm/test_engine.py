"""The engine: its states, one by one, and that what comes twice, late or not at all does not confuse it."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from throng.alarm.engine import Alarm, Engine
from throng.alarm.reading import Reading
from throng.alarm.rule import Rule
from throng.data.errors import AlarmError
from throng.data.release import Release

RULE = Rule("crowd", "north", "hall", "density", threshold=4.0, clear=2.0)
ERROR = 0.1
Given = float | str | tuple[float, float]


def reading(minute: int, given: Given, *, tick_s: float = 60.0, quantity: str = "density") -> Reading:
    """A number, a number and its error, or why there is none."""
    if isinstance(given, str):
        return Reading("north", "hall", quantity, tick_s * minute, tick_s, math.nan, math.nan, given)
    value, error = given if isinstance(given, tuple) else (given, ERROR)
    return Reading("north", "hall", quantity, tick_s * minute, tick_s, value, error)


def states(series: Sequence[Given], rule: Rule = RULE, *, tick_s: float = 60.0) -> list[str]:
    engine, found = Engine([rule]), list[str]()
    for minute, given_ in enumerate(series):
        engine.read([reading(minute, given_, tick_s=tick_s)])
        found.append(only(engine, tick_s * (minute + 1)).state)
    return found


def only(engine: Engine, now_s: float) -> Alarm:
    (alarm,) = engine.alarms(now_s)
    return alarm


def test_it_rings_after_its_time_and_clears_after_it() -> None:
    series = [1.0, 4.5, 4.5, 2.5, 1.0, 1.0]
    assert states(series) == ["quiet", "pending", "ringing", "ringing", "quiet", "quiet"]


def test_one_tick_is_not_enough_where_it_alone_is_high() -> None:
    assert states([1.0, 1.0, 4.2, 1.0, 1.0]) == ["quiet", "quiet", "pending", "quiet", "quiet"]


def test_longer_averages_wait_longer() -> None:
    rule = Rule("crowd", "north", "hall", "density", threshold=4.0, clear=2.0, for_s=300)
    assert states([4.5] * 6, rule) == ["pending"] * 4 + ["ringing"] * 2
    assert states([4.5] * 3, rule, tick_s=300.0) == ["ringing"] * 3
    assert states([4.5] * 3, rule, tick_s=600.0) == ["ringing"] * 3


def test_between_the_levels_nothing_changes() -> None:
    assert states([3.0] * 3) == ["quiet"] * 3
    assert states([4.5, 4.5, 3.0, 2.2, 2.2]) == ["pending"] + ["ringing"] * 4


def test_noise_that_is_too_large_cannot_tell_and_never_hides_a_ringing_alarm() -> None:
    assert states([(3.0, 1.0)] * 2) == ["cannot tell"] * 2
    assert states([(0.5, 1.0)] * 2) == ["quiet"] * 2
    assert states([(9.0, 1.0)] * 3) == ["pending", "ringing", "ringing"]
    # Below the clear level, but a crush cannot be ruled out: not ringing any more, and not quiet either.
    assert states([(9.0, 1.0)] * 2 + [(1.5, 1.0)] * 2)[-1] == "cannot tell"


def test_a_camera_that_sees_nothing_is_unknown_and_never_quiet() -> None:
    assert states([1.0, "dark", "dark", 1.0]) == ["quiet", "unknown", "unknown", "quiet"]
    assert states([4.5, "dark", 4.5]) == ["pending", "unknown", "ringing"]


def test_an_alarm_goes_on_ringing_unseen_and_says_why() -> None:
    engine, series = Engine([RULE]), list[Given]([4.5, 4.5, "dark", "dark", "moved"])
    for minute, given_ in enumerate(series):
        engine.read([reading(minute, given_)])
    alarm = only(engine, 300)
    assert (alarm.state, alarm.unseen, alarm.value, alarm.since_s, alarm.at_s) == ("ringing", "moved", 4.5, 120.0, 120.0)
    engine.read([reading(5, 1.0)])  # one known tick: not yet two minutes of them
    assert (only(engine, 360).state, only(engine, 360).unseen) == ("ringing", "")
    engine.read([reading(6, 1.0)])
    assert only(engine, 420).state == "quiet"


def test_every_other_tick_unknown_still_rings() -> None:
    assert states([4.5, "dark", 4.5, "dark", 4.5])[-1] == "ringing"


def test_numbers_from_long_ago_do_not_ring() -> None:
    assert states([4.5, *["dark"] * 4, 4.5])[-1] == "pending"


def test_numbers_that_stop_coming_are_missed() -> None:
    engine = Engine([RULE])
    assert (only(engine, 0).state, only(engine, 0).unseen) == ("unknown", "no numbers have come yet")
    engine.read([reading(0, 1.0)])
    assert only(engine, 60 + 125).state == "quiet"
    late = only(engine, 60 + 126)
    assert (late.state, late.unseen, late.since_s) == ("unknown", "no new numbers have come", 60.0)
    assert only(engine, 60 - 3600).state == "unknown"  # the clock was set back


def test_below() -> None:
    rule = Rule("still", "north", "hall", "density", threshold=1.0, clear=2.0, direction="below")
    assert states([3.0, 2.0, 1.0, 1.0, 1.5, 2.1, 2.1], rule) == [
        "quiet", "quiet", "pending", "ringing", "ringing", "ringing", "quiet",
    ]  # fmt: skip


def test_changes_are_told_once() -> None:
    engine, series = Engine([RULE]), list[Given]([1.0, 1.0, 4.5, 4.5, 4.5, "dark", "dark", 4.5])
    told = [
        [(change.was, change.alarm.state, change.alarm.unseen) for change in engine.read([reading(minute, given_)])]
        for minute, given_ in enumerate(series)
    ]
    assert told == [
        [("unknown", "quiet", "")],
        [],
        [("quiet", "pending", "")],
        [("pending", "ringing", "")],
        [],
        [("ringing", "ringing", "dark")],
        [],
        [("ringing", "ringing", "")],
    ]


def test_a_release_reaches_the_alarms_of_its_camera_place_and_quantity_only() -> None:
    rules = [
        Rule("a", "north", "hall", "density", threshold=4.0, clear=2.0),
        Rule("b", "north", "hall", "occupancy", threshold=4.0, clear=2.0),
        Rule("c", "north", "door", "density", threshold=4.0, clear=2.0),
        Rule("d", "south", "hall", "density", threshold=4.0, clear=2.0),
        Rule("e", "north", "hall", "wait", threshold=600.0, clear=300.0),
    ]
    engine = Engine(rules)
    engine.take(
        Release(
            camera="north",
            tick_start_s=0.0,
            tick_s=120.0,
            epoch="1970-01-01/1",
            mechanism="noise",
            places=("hall", "hall", "door", "hall"),
            quantities=("density", "occupancy", "occupancy", "wait"),
            values=np.array([9.0, 1.0, 9.0, np.nan]),
            standard_errors=np.array([0.1, 0.1, 0.1, np.nan]),
            reasons=("", "", "", "too few people have left"),
        )
    )
    found = [(alarm.rule.name, alarm.state, alarm.unseen) for alarm in engine.alarms(120.0)]
    assert found == [
        ("a", "ringing", ""),
        ("b", "quiet", ""),
        ("c", "unknown", "no numbers have come yet"),
        ("d", "unknown", "no numbers have come yet"),
        ("e", "unknown", "too few people have left"),
    ]


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(AlarmError, match='two alarms have the name "crowd"'):
        Engine([RULE, RULE])


series_given = st.lists(st.one_of(st.just("dark"), st.tuples(st.floats(-1, 8), st.floats(0.01, 2))), min_size=1, max_size=40)


@settings(max_examples=200)
@given(series_given, st.data())
def test_repeats_and_late_comers_change_nothing(series: list[Given], data: st.DataObject) -> None:
    plain, repeated = Engine([RULE]), Engine([RULE])
    for minute, given_ in enumerate(series):
        plain.read([reading(minute, given_)])
        repeated.read([reading(minute, given_)])
        again = data.draw(st.integers(0, minute))
        assert repeated.read([reading(again, (9.0, 0.1))]) == []
        assert repr(plain.alarms(60.0 * minute)) == repr(repeated.alarms(60.0 * minute))


@settings(max_examples=200)
@given(series_given, st.integers(0, 40))
def test_a_replay_gives_the_same_state(series: list[Given], cut: int) -> None:
    live, replayed = Engine([RULE]), Engine([RULE])
    for minute, given_ in enumerate(series):
        live.read([reading(minute, given_)])
    replayed.read([reading(minute, given_) for minute, given_ in enumerate(series[:cut])])
    replayed.read([reading(minute, given_) for minute, given_ in enumerate(series)])
    assert repr(live.alarms(0.0)) == repr(replayed.alarms(0.0))


@settings(max_examples=200)
@given(series_given)
def test_a_crowd_that_cannot_be_ruled_out_is_never_called_quiet(series: list[Given]) -> None:
    for given_, state in zip(series, states(series), strict=True):
        if isinstance(given_, str):
            assert state in ("unknown", "ringing")
        elif isinstance(given_, tuple) and state == "quiet":
            assert RULE.verdict(*given_) != "ring"


def test_memory_stays_bounded() -> None:
    engine = Engine([RULE])
    for tick in range(5_000):
        engine.read([reading(tick, 1.0, tick_s=1.0)])
    ((watch,),) = engine._watches.values()
    assert len(watch._known) <= 601


RISING = [1.0, 1.0, 1.0, 1.0, 1.0, *np.arange(1.0, 5.0, 0.25)]


def test_a_trend_rings_before_the_threshold_is_reached() -> None:
    early = Rule("soon", "north", "hall", "density", threshold=4.0, clear=2.0, within_s=300)
    plain, trend = states(RISING), states(RISING, early)
    assert trend.index("ringing") <= plain.index("ringing") - 2
    assert RISING[trend.index("ringing")] < 3.5
    # No trend rings while the clear level is not ruled out, nor one of a number that stands still.
    steep = [0.4 * minute + 0.02 * (-1) ** minute for minute in range(9)]
    assert states(steep, early)[6:8] == ["quiet", "ringing"]  # averages of 2.2 and 2.6
    assert "ringing" not in states([3.5] * 20, early)


def test_the_time_until_the_next_level() -> None:
    engine = Engine([RULE, Rule("crush", "north", "hall", "density", threshold=7.0, clear=3.0)])
    for minute in range(20):
        engine.read([reading(minute, 0.3 * minute + 0.02 * (-1) ** minute)])
    crowd = engine.alarms(1200.0)[0]
    assert crowd.state == "ringing"
    assert engine.next_level(crowd) == 7.0
    # Now 5.7, rising by 0.3 a minute.
    assert crowd.reaches_s(7.0) == pytest.approx(60 * (7.0 - 5.7) / 0.3, rel=0.05)
    assert crowd.reaches_s(5.0) == 0.0  # the line is past it, whatever the average is
    for minute in range(20, 40):
        engine.read([reading(minute, 5.7)])
    assert engine.alarms(2400.0)[0].reaches_s(7.0) == math.inf
