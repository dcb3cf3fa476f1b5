"""What a sensor may send: each rule broken by one forged batch."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from throng.data.errors import WireError
from throng.data.place import Extras
from throng.data.rows import Rows
from throng.hub.cameras import CameraEntry, Cameras, PlaceEntry
from throng.hub.own_measures import AHEAD_S, FutureError, OwnMeasures

DAY_S = 1_795_478_400  # 2026-11-24 began
NOW_S = DAY_S + 7_200.0
NOISE = "buffered(ticks=1440, rho=0.1, sensitivity=2, sigma=21.5)"
PART = (NOISE, "2026-11-24/1", 60.0)
SERIES = ("north", "door", "in")
NAN = float("nan")
CAMERAS = (
    CameraEntry("north", (PlaceEntry("door", "line"), PlaceEntry("hall", "zone")), sensor="box"),
    CameraEntry("south", (PlaceEntry("door", "line"),), Extras(heat=True), sensor="box"),
    CameraEntry("theirs", (PlaceEntry("door", "line"),), sensor="other"),
    CameraEntry("ours", (PlaceEntry("door", "line"),)),
)


def batch(
    *,
    series: Sequence[tuple[str, str, str]] = (SERIES,),
    parts: Sequence[tuple[str, str, float]] = (PART,),
    reasons: Sequence[str] = ("",),
    start_s: float = DAY_S + 3600,
    value: float = 1.0,
    error: float = 2.0,
) -> Rows:
    """A row of each series, with parts and reasons in turn."""
    n = max(len(series), len(parts), len(reasons) - 1)
    row = np.arange(n, dtype=np.int32)
    reason_of = row % max(1, len(reasons) - 1) + (len(reasons) > 1)
    unknown = reason_of > 0
    return Rows(
        tuple(series),
        tuple(parts),
        tuple(reasons),
        series_of=row % max(1, len(series)),
        part_of=row % max(1, len(parts)),
        reason_of=reason_of.astype(np.int32),
        tick_start_us=np.full(n, round(start_s * 1e6)),
        values=np.where(unknown, NAN, value),
        standard_errors=np.where(unknown, NAN, error),
    )


@pytest.fixture
def cameras() -> Cameras:
    return Cameras(CAMERAS)


@pytest.fixture
def own(cameras: Cameras) -> OwnMeasures:
    return OwnMeasures(cameras)


RIGHT: dict[str, dict[str, Any]] = {
    "a count": {},
    "every measure of a line": {"series": [("north", "door", name) for name in ("in", "out", "in_total", "in_hour")]},
    "a heat map's cell": {"series": [("south", "@0,11", "heat")]},
    "no cost": {"parts": [("none", "2026-11-24/0", 60.0)]},
    "several streams": {"parts": [(f"{NOISE}; heat independent(ticks=24, rho=0.01)", "2026-11-24/12", 60.0)]},
    "the last tick that ends a minute ahead": {"start_s": NOW_S},
    "a reason": {"reasons": ["", 'the camera "north" gave no picture for 10 s']},
    "the spent budget": {"reasons": ["", 'the budget of camera "north" for 2026-11-24 is spent (0.2 of 0.2 in 7 starts)']},
    "nothing": {"series": [], "parts": []},
    "an hour": {"parts": [(NOISE, "2026-11-24/1", 3600.0)]},
    "an exact number": {"error": 0.0},
    "the largest": {"value": -1e9, "error": 1e9},
}


@pytest.mark.parametrize("right", RIGHT.values(), ids=RIGHT)
def test_what_an_honest_sensor_sends_is_let_in(own: OwnMeasures, right: dict[str, Any]) -> None:
    own.check("box", batch(**right), now_s=NOW_S)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another sensor's camera": ({"series": [SERIES, ("theirs", "door", "in")]}, 'the camera "theirs" is not this sensor'),
    "a camera of the hub's own machine": ({"series": [("ours", "door", "in")]}, 'the camera "ours" is not this sensor'),
    "no camera": ({"series": [("nowhere", "door", "in")]}, 'the camera "nowhere" is not this sensor'),
    "another place": ({"series": [("north", "gate", "in")]}, 'has no measure in of "gate"'),
    "another quantity": ({"series": [("north", "door", "occupancy")]}, 'no measure occupancy of "door"'),
    "a made-up quantity": ({"series": [("north", "door", "faces")]}, 'no measure faces of "door"'),
    "a heat map that is not made": ({"series": [("north", "@0,0", "heat")]}, "no measure heat"),
    "a cell with another quantity": ({"series": [("south", "@0,0", "in")]}, "no measure in"),
    "a cell that is none": ({"series": [("south", "@0,0,0", "heat")]}, "no measure heat"),
    "a cell that hides a number": ({"series": [("south", "@0,017", "heat")]}, "no measure heat"),
    "a cell in other digits": ({"series": [("south", "@٣,٤", "heat")]}, "no measure heat"),
    "no epoch": ({"parts": [(NOISE, "", 60.0)]}, "an epoch must be"),
    "an epoch with a word": ({"parts": [(NOISE, "2026-11-24/1 of 17", 60.0)]}, "an epoch must be"),
    "an epoch in other digits": ({"parts": [(NOISE, "2026-11-24/١", 60.0)]}, "an epoch must be"),
    "a day that is none": ({"parts": [(NOISE, "2026-02-30/1", 60.0)]}, "an epoch must name a day of the calendar"),
    "another day": ({"parts": [(NOISE, "2026-11-23/1", 60.0)]}, "must lie in the day that its epoch names"),
    "a mechanism in words": ({"parts": [("17 people", "2026-11-24/1", 60.0)]}, "a mechanism must be described"),
    "a mechanism without an end": ({"parts": [(f"{NOISE} and", "2026-11-24/1", 60.0)]}, "a mechanism must be described"),
    "a mechanism of lines": ({"parts": [("noise(a\nb)", "2026-11-24/1", 60.0)]}, "a mechanism must be described"),
    "a long mechanism": ({"parts": [(f"noise({'a' * 400})", "2026-11-24/1", 60.0)]}, "a mechanism must be described"),
    "a tick of no time": ({"parts": [(NOISE, "2026-11-24/1", 0.0)]}, "a tick must be 1 to 3,600 whole seconds"),
    "a tick of half a second": ({"parts": [(NOISE, "2026-11-24/1", 0.5)]}, "a tick must be 1 to 3,600 whole seconds"),
    "a broken tick": ({"parts": [(NOISE, "2026-11-24/1", 1.5)]}, "a tick must be 1 to 3,600 whole seconds"),
    "a tick that makes no day": ({"parts": [(NOISE, "2026-11-24/1", 7.0)]}, "a tick must be 1 to 3,600 whole seconds"),
    "a tick of a day": ({"parts": [(NOISE, "2026-11-24/1", 86_400.0)]}, "a tick must be 1 to 3,600 whole seconds"),
    "a tick of not a number": ({"parts": [(NOISE, "2026-11-24/1", NAN)]}, "a tick must be 1 to 3,600 whole seconds"),
    "a number in a reason": ({"reasons": ["", "there were 17 people"]}, "a reason must be a short sentence"),
    "a number in other digits": ({"reasons": ["", "there were ١٧"]}, "a reason must be a short sentence"),
    "a number that is no digit": ({"reasons": ["", "there were Ⅻ and ½"]}, "a reason must be a short sentence"),
    "a camera that it does not speak of": ({"reasons": ["", 'the camera "17" is dark']}, "a reason must be a short sentence"),
    "a long reason": ({"reasons": ["", "a" * 401]}, "a reason must be a short sentence"),
    "a reason of lines": ({"reasons": ["", "dark\nlive"]}, "a reason must be a short sentence"),
    "an escape": ({"reasons": ["", "\x1b[2Jdark"]}, "a reason must be a short sentence"),
    "before 2019": ({"parts": [(NOISE, "2018-12-31/1", 60.0)], "start_s": 1_546_300_740}, "older than 2019"),
    "the least time": ({"start_s": -(2**63) / 1e6}, "older than 2019"),
    "off the grid": ({"start_s": DAY_S + 30}, "a tick must begin at a whole multiple"),
    "a part of a second": ({"start_s": DAY_S + 0.25}, "a tick must begin at a whole multiple"),
    "too large": ({"value": 1.1e9}, "out of all proportion"),
    "too small": ({"value": -1.1e9}, "out of all proportion"),
    "too uncertain": ({"error": 1.1e9}, "out of all proportion"),
    "less than certain": ({"error": -1.0}, "its standard error negative"),
}


@pytest.mark.parametrize(("wrong", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_not_the_sensors_to_say_is_refused(own: OwnMeasures, wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(WireError, match=sentence):
        own.check("box", batch(**wrong), now_s=NOW_S)


@pytest.mark.parametrize("start_s", [NOW_S + AHEAD_S, DAY_S + 5 * 86_400, (2**63 - 1_000_000) / 1e6])
def test_what_has_not_happened_yet_may_come_again_later(own: OwnMeasures, start_s: float) -> None:
    with pytest.raises(FutureError, match="ends in the future"):
        own.check("box", batch(start_s=start_s), now_s=NOW_S)


@pytest.mark.parametrize("sensor", ["", "other", "BOX"])
def test_nobody_else_may_say_it(own: OwnMeasures, sensor: str) -> None:
    with pytest.raises(WireError, match="not this sensor's"):
        own.check(sensor, batch(), now_s=NOW_S)
    with pytest.raises(WireError, match="not this sensor's"):
        own.check(sensor, batch(series=[("ours", "door", "in")]), now_s=NOW_S)


def test_a_camera_that_was_given_to_another_sensor_is_at_once_no_longer_its_own(own: OwnMeasures, cameras: Cameras) -> None:
    own.check("box", batch(), now_s=NOW_S)
    cameras.replace_entries([replace(CAMERAS[0], sensor="other"), *CAMERAS[1:]])
    with pytest.raises(WireError, match="not this sensor's"):
        own.check("box", batch(), now_s=NOW_S)
    own.check("other", batch(), now_s=NOW_S)


def test_a_place_that_was_taken_away_is_at_once_no_longer_measured(own: OwnMeasures, cameras: Cameras) -> None:
    own.check("box", batch(), now_s=NOW_S)
    cameras.replace_entries([replace(CAMERAS[0], places=CAMERAS[0].places[1:]), *CAMERAS[1:]])
    with pytest.raises(WireError, match="no measure in"):
        own.check("box", batch(), now_s=NOW_S)
    cameras.replace_entries(CAMERAS[1:])
    with pytest.raises(WireError, match="not this sensor's"):
        own.check("box", batch(), now_s=NOW_S)


def test_a_camera_has_no_more_epochs_in_a_day_than_its_budget_could_ever_have(own: OwnMeasures) -> None:
    """Each is a text in the store for good, and a line in the audit log."""
    for epoch in range(64):
        own.check("box", batch(parts=[(NOISE, f"2026-11-24/{epoch}", 60.0)]), now_s=NOW_S)
    own.check("box", batch(parts=[(NOISE, "2026-11-24/63", 60.0)]), now_s=NOW_S)  # what is known stays welcome
    own.check("box", batch(series=[("south", "door", "in")]), now_s=NOW_S)  # other cameras have their own
    for part in ((NOISE, "2026-11-24/64", 60.0), ("other(a)", "2026-11-24/1", 60.0), (NOISE, "2026-11-24/1", 1.0)):
        with pytest.raises(WireError, match='a day of the camera "north" has too many epochs'):
            own.check("box", batch(parts=[part]), now_s=NOW_S)
    own.check("box", batch(parts=[(NOISE, "2026-11-23/1", 60.0)], start_s=DAY_S - 60), now_s=NOW_S)  # and other days


def test_a_sensor_has_no_more_reasons_in_a_day_than_it_could_ever_need(own: OwnMeasures) -> None:
    words = [f"dark {'a' * (number % 100)} {'b' * (number // 100)}" for number in range(20_001)]
    own.check("box", batch(reasons=["", *words[:10_000]]), now_s=NOW_S)
    own.check("box", batch(reasons=["", *words[:20_000]]), now_s=NOW_S)
    with pytest.raises(WireError, match="at most 20,000 different reasons a day"):
        own.check("box", batch(reasons=["", words[20_000]]), now_s=NOW_S)
    own.check("box", batch(reasons=["", words[0]]), now_s=NOW_S)
    own.check("box", batch(reasons=["", words[20_000]]), now_s=NOW_S + 86_400)


@pytest.mark.parametrize("text", ["a()" + ";a()" * 90 + "!", "a(" + "(" * 390 + "\n", "a()" * 130 + "\x7f", "a ;" * 130])
def test_no_text_keeps_the_hub_busy(own: OwnMeasures, text: str) -> None:
    """One that can be read in many ways would be looked at for years."""
    with pytest.raises(WireError, match="a mechanism must be described"):
        own.check("box", batch(parts=[(text, "2026-11-24/1", 60.0)]), now_s=NOW_S)
