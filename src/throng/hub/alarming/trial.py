"""When a rule would have rung: the engine itself, over what is stored."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from throng.alarm.engine import Alarm, Engine
from throng.alarm.reading import Reading
from throng.alarm.rule import Rule
from throng.data.errors import AlarmError

MOST_TICKS = 300_000
MOST_WORK = 60_000_000
"""Ticks, times those that a rule looks back on: about ten seconds of work."""


@dataclass(frozen=True, slots=True)
class TriedRing:
    """A time that a rule would have rung.

    Attributes
    ----------
    start_s, end_s : float, float or None
        Unix time, UTC; None while it would still ring.
    worst, worst_se : float
        The worst average of that time, in the rule's unit, and its standard error.
    """

    start_s: float
    end_s: float | None
    worst: float
    worst_se: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it.

    Attributes
    ----------
    rings : tuple of TriedRing
        Oldest first.
    known_share, cannot_tell_share : float
        How much of the time there were numbers, and how much the rule could not tell; 0 to 1.
    ticks : int
        How many were looked at.
    """

    rings: tuple[TriedRing, ...]
    known_share: float
    cannot_tell_share: float
    ticks: int


def tried(rule: Rule, readings: Sequence[Reading], *, span_s: float) -> Trial:
    """Run a rule over stored numbers, oldest first, of a time so long.

    Raises
    ------
    AlarmError
        There are too many.
    """
    shortest_s = min((one.tick_s for one in readings), default=60.0)
    looked_back = max(2 * rule.for_s, 600.0) / shortest_s
    if len(readings) > MOST_TICKS or len(readings) * looked_back > MOST_WORK:
        raise AlarmError(f"{len(readings):,} ticks are more than can be tried at once: ask for fewer days")
    engine, rings, known_s, cannot_s = Engine([rule]), list[TriedRing](), 0.0, 0.0
    started_s, worst = math.nan, Alarm(rule)
    for one in readings:
        engine.read([one])
        alarm = engine.alarm(rule.name)
        known_s += 0.0 if one.unknown else one.tick_s
        cannot_s += one.tick_s if alarm.state == "cannot tell" else 0.0
        if alarm.state == "ringing":
            if math.isnan(started_s):
                started_s, worst = alarm.since_s, alarm
            elif rule.sign * (alarm.value - worst.value) > 0:
                worst = alarm
        elif not math.isnan(started_s):
            rings.append(TriedRing(started_s, alarm.since_s, worst.value, worst.standard_error))
            started_s = math.nan
    if not math.isnan(started_s):
        rings.append(TriedRing(started_s, None, worst.value, worst.standard_error))
    return Trial(tuple(rings), min(1.0, known_s / span_s), min(1.0, cannot_s / span_s), len(readings))
