"""What an alarm says."""

import math
from dataclasses import replace

import pytest

from throng.alarm.engine import Alarm
from throng.alarm.rule import Rule
from throng.alarm.words import duration, sentence, warning
from throng.data.trend import Trend

RULE = Rule("crowd", "concourse", "Platform A", "density", threshold=4.0, clear=2.0)
RINGING = Alarm(RULE, state="ringing", since_s=3600.0, at_s=3600.0, value=4.3, standard_error=0.1, unseen="")
RISE = Trend(level=4.4, slope_per_s=0.6 / 240, level_error=0.05, slope_error=1e-4, covariance=0.0, freedom=8.0)


def told(next_level: float = math.inf, **changed: object) -> str:
    return sentence(replace(RINGING, **changed), next_level).removeprefix("concourse, Platform A: ")  # type: ignore[arg-type]


def test_a_ringing_alarm() -> None:
    assert sentence(RINGING) == "concourse, Platform A: 4.3 people/m2 (between 4.1 and 4.5), above 4 for 2 minutes"
    assert told(5.0, rate=RISE).endswith("above 4 for 2 minutes; at this rate 5 in 4 minutes")
    assert told(9.0, rate=replace(RISE, slope_per_s=-0.01)).endswith("for 2 minutes")
    assert told(9.0, rate=replace(RISE, slope_per_s=1e-4, slope_error=1e-5)).endswith("for 2 minutes")  # in 13 hours
    assert "4 cannot be ruled out for 2 minutes" in told(value=3.8)
    assert "above 2 for 62 minutes" in told(value=3.0, at_s=7200.0)


def test_an_alarm_that_rings_unseen() -> None:
    assert told(unseen="the camera does not answer") == (
        "last seen at 01:00 UTC with 4.3 people/m2 (between 4.1 and 4.5), above 4 for 2 minutes; the camera does not answer"
    )


def test_the_other_states() -> None:
    assert told(state="quiet", value=1.0) == "1.0 people/m2 (between 0.8 and 1.2)"
    assert told(state="pending") == "4.3 people/m2 (between 4.1 and 4.5), for less than 2 minutes"
    assert told(state="unknown", unseen="dark") == "unknown, dark"
    assert told(state="cannot tell", value=2.5, standard_error=0.5) == (
        "2.5 people/m2 (between 1.5 and 3.5), too noisy to tell 4 from 2: a zone 2.0 times as large or a budget 4.0 times as "
        "large would do"
    )
    waits = replace(RULE, quantity="wait", threshold=600.0, clear=300.0)
    assert told(rule=waits, state="cannot tell", value=400.0, standard_error=75.0) == (
        "400 s (between 250 and 550), too noisy to tell 600 from 300: a budget 4.0 times as large would do"
    )


def test_people_are_never_fewer_than_none() -> None:
    assert told(state="quiet", value=-1.0, standard_error=0.1) == "0.0 people/m2 (between 0.0 and 0.0)"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(20, "less than a minute"), (60, "1 minute"), (150, "2 minutes"), (5400, "90 minutes"), (7200, "2 hours")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_zone_that_is_too_small_is_told_beforehand() -> None:
    assert warning(RULE, 18.5 / 74) == ""
    assert warning(RULE, 18.5 / 37) == (
        'alarm "crowd" will not always be able to tell: at its worst in a day the standard error is 0.5 people/m2, too noisy '
        "to tell 4 from 2: a zone 2.0 times as large or a budget 4.0 times as large would do"
    )
