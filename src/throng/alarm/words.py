"""An alarm in plain words."""

import math
from datetime import UTC, datetime

from throng.alarm.engine import Alarm
from throng.alarm.rule import Rule

BAND = 2.0
"""Standard errors to either side of what is said; the page's curves have the same band."""
_FARTHEST_S = 3600.0


def sentence(alarm: Alarm, next_level: float = math.inf) -> str:
    """What the alarm says, where, and how surely, in one line.

    Parameters
    ----------
    alarm : Alarm
        What is told.
    next_level : float
        The level of which it is said when it will be reached at the present rate, if that is known.
    """
    return f"{alarm.rule.camera}, {alarm.rule.place}: {_what(alarm, next_level)}"


def _what(alarm: Alarm, next_level: float) -> str:
    rule = alarm.rule
    if alarm.state == "unknown":
        return f"unknown, {alarm.unseen}"
    number = _estimate(alarm)
    if alarm.state == "quiet":
        return number
    if alarm.state == "pending":
        return f"{number}, for less than {duration(rule.for_s)}"
    if alarm.state == "cannot tell":
        return f"{number}, {_shortage(rule, alarm.standard_error)}"
    said = f"{number}, {_beyond(alarm)} for {duration(alarm.at_s - alarm.since_s + rule.for_s)}"
    if alarm.unseen:
        return f"last seen at {datetime.fromtimestamp(alarm.at_s, UTC):%H:%M} UTC with {said}; {alarm.unseen}"
    left_s = alarm.reaches_s(next_level) if math.isfinite(next_level) else math.inf
    return said if left_s > _FARTHEST_S else f"{said}; at this rate {next_level:g} in {duration(left_s)}"


def _estimate(alarm: Alarm) -> str:
    margin = BAND * alarm.standard_error
    around = (alarm.value, alarm.value - margin, alarm.value + margin)
    here, low, high = (_rounded(max(value, 0.0), margin) for value in around)
    return f"{here} {alarm.rule.unit} (between {low} and {high})"


def _beyond(alarm: Alarm) -> str:
    rule = alarm.rule
    if rule.sign * (alarm.value - rule.threshold) >= 0:
        return f"{rule.direction} {rule.threshold:g}"
    if not rule.excluded(alarm.value, alarm.standard_error):
        return f"{rule.threshold:g} cannot be ruled out"
    return f"{rule.direction} {rule.clear:g}"


def _shortage(rule: Rule, standard_error: float) -> str:
    """What would let the rule tell."""
    times = rule.too_noisy(standard_error)
    told = f"too noisy to tell {rule.threshold:g} from {rule.clear:g}"
    if times <= 1:
        return told
    place = f"a zone {times:.1f} times as large or " if rule.quantity == "density" else ""
    return f"{told}: {place}a budget {times**2:.1f} times as large would do"


def warning(rule: Rule, standard_error: float) -> str:
    """Whether a rule will be able to tell with noise like this, in one sentence; empty where it will.

    Parameters
    ----------
    rule : Rule
        What is to be watched.
    standard_error : float
        In the rule's unit, at its worst in a day: for a density that of the occupancy over the zone's area.
    """
    if rule.too_noisy(standard_error) <= 1:
        return ""
    return (
        f'alarm "{rule.name}" will not always be able to tell: at its worst in a day the standard error is '
        f"{standard_error:.2g} {rule.unit}, {_shortage(rule, standard_error)}"
    )


def duration(seconds: float) -> str:
    """A length of time as people say it."""
    if seconds < 60:
        return "less than a minute"
    count, unit = (seconds / 60, "minute") if seconds < 100 * 60 else (seconds / 3600, "hour")
    return f"{count:.0f} {unit}{'' if round(count) == 1 else 's'}"


def _rounded(value: float, margin: float) -> str:
    """With as many digits as the margin leaves a meaning."""
    digits = 0 if margin >= 2 else 1 if margin >= 0.1 else 2
    return f"{value:.{digits}f}"
