"""From releases to the states of alarms: pure, bounded, and the same again when the same releases are replayed."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from throng.alarm.reading import Reading, mean_of, readings_of
from throng.alarm.rule import Rule
from throng.data.errors import AlarmError
from throng.data.release import Release
from throng.data.trend import Trend, time_to, trend

State = Literal["quiet", "pending", "ringing", "cannot tell", "unknown"]

_NOTHING_YET = "no numbers have come yet"
_NO_MORE = "no new numbers have come"
RATE_S = 600.0
"""The present rate is that of so long, or of six ticks where those are longer."""
SURE = 0.95
"""How sure it must be that the number gets worse before a rate is spoken of."""
_GRACE_S = 5.0
"""How long after a missed tick its numbers count as missing; the page waits as long."""
_NO_RATE = Trend(reason="not asked for")


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a rule says at present.

    Attributes
    ----------
    rule : Rule
    state : str
        "quiet"; "pending": the newest number would ring, the average does not yet; "ringing"; "cannot tell": the noise is too
        large to rule out either level; "unknown": there is no number. An alarm that rings goes on ringing without numbers.
    since_s : float
        When the state began, Unix time, UTC; NaN before the first number.
    at_s : float
        The end of the last known tick; NaN before it.
    value, standard_error : float
        What was judged then: the average over `for_s`, or the newest number while there are too few.
    rate : Trend
        How it changes, where the alarm rings, or would at this rate.
    unseen : str
        Why there is no number now; empty where there is one.
    """

    rule: Rule
    state: State = "unknown"
    since_s: float = math.nan
    at_s: float = math.nan
    value: float = math.nan
    standard_error: float = math.nan
    rate: Trend = _NO_RATE
    unseen: str = _NOTHING_YET

    def reaches_s(self, level: float) -> float:
        """In how many seconds it will be at a worse level at the present rate: infinite where it is not sure to get worse."""
        worsening = self.rate.rising if self.rule.direction == "above" else 1 - self.rate.rising
        if not worsening >= SURE:
            return math.inf
        return 0.0 if self.rule.sign * (self.rate.level - level) >= 0 else time_to(self.rate, level).after_s


@dataclass(frozen=True, slots=True)
class Change:
    """An alarm that is in another state than before, or that is seen or unseen for another reason."""

    was: State
    alarm: Alarm


class Engine:
    """The alarms of a site.

    A tick counts once: a release that is repeated, or older than one already taken, changes nothing. Of each rule it holds the
    last numbers, those of two hours at most.

    Parameters
    ----------
    rules : sequence of Rule
        Of different names.

    Raises
    ------
    AlarmError
        Two rules have one name.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._by_name: dict[str, _Watch] = {}
        self._watches: dict[tuple[str, str, str], list[_Watch]] = {}
        for rule in rules:
            if rule.name in self._by_name:
                raise AlarmError(f'two alarms have the name "{rule.name}": give each its own')
            self.put(rule)

    def put(self, rule: Rule, past: Iterable[Reading] = ()) -> None:
        """Add a rule, or put it in the place of the one of its name; it begins with the numbers of its own past alone."""
        watch = _Watch(rule)
        for reading in past:
            watch.read(reading)
        if (old := self._by_name.get(rule.name)) is not None:
            self._watches[_series(old.rule)].remove(old)
        self._by_name[rule.name] = watch
        self._watches.setdefault(_series(rule), []).append(watch)

    def remove(self, name: str) -> None:
        """Forget a rule."""
        watch = self._by_name.pop(name)
        self._watches[_series(watch.rule)].remove(watch)

    def take(self, release: Release) -> list[Change]:
        """What a release changes."""
        return self.read(readings_of(release))

    def read(self, readings: Iterable[Reading]) -> list[Change]:
        """What numbers change, of each place and quantity in the order of time."""
        changes = []
        for reading in readings:
            for watch in self._watches.get((reading.camera, reading.place, reading.quantity), ()):
                before = watch.alarm
                watch.read(reading)
                if (before.state, before.unseen) != (watch.alarm.state, watch.alarm.unseen):
                    changes.append(Change(before.state, watch.alarm))
        return changes

    def next_level(self, alarm: Alarm) -> float:
        """The nearest threshold that is still ruled out, of all alarms on its number; infinite where none is."""
        rule = alarm.rule
        on_it = self._watches[_series(rule)]
        worse = [
            watch.rule.threshold
            for watch in on_it
            if watch.rule.direction == rule.direction and watch.rule.excluded(alarm.value, alarm.standard_error)
        ]
        return rule.sign * min((rule.sign * level for level in worse), default=math.inf)

    def alarms(self, now_s: float, cameras: Collection[str] | None = None) -> list[Alarm]:
        """Every alarm at this Unix time, or those of some cameras, in the order of the rules.

        One whose numbers stopped coming is unseen.
        """
        watches = self._by_name.values()
        return [watch.seen_at(now_s) for watch in watches if cameras is None or watch.rule.camera in cameras]

    def alarm(self, name: str) -> Alarm:
        """One alarm, as its last number left it."""
        return self._by_name[name].alarm


def _series(rule: Rule) -> tuple[str, str, str]:
    return rule.camera, rule.place, rule.quantity


class _Watch:
    """One rule with its last numbers."""

    __slots__ = ("_known", "_newest", "alarm", "rule")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._known: list[Reading] = []
        self._newest: Reading | None = None
        self.alarm = Alarm(rule)

    def read(self, reading: Reading) -> None:
        if self._newest is not None and reading.start_s <= self._newest.start_s:
            return
        self._newest = reading
        if reading.unknown:
            self._enter(_unseen(self.alarm, reading.unknown), reading.end_s)
            return
        oldest_s = reading.end_s - max(2 * self.rule.for_s, RATE_S, 6 * reading.tick_s)
        first = next((number for number, one in enumerate(self._known) if one.start_s >= oldest_s), len(self._known))
        self._known = [*self._known[first:], reading]
        self._enter(self._judged(reading), reading.end_s)

    def seen_at(self, now_s: float) -> Alarm:
        """The alarm at a moment, unseen where its numbers should have gone on."""
        newest = self._newest
        # A clock that was set back leaves a newest number in the future, after which older ones no longer count.
        if newest is None or newest.unknown or abs(now_s - newest.end_s) <= 2 * newest.tick_s + _GRACE_S:
            return self.alarm
        lost = _unseen(self.alarm, _NO_MORE)
        return lost if lost.state == self.alarm.state else replace(lost, since_s=newest.end_s)

    def _enter(self, alarm: Alarm, now_s: float) -> None:
        since_s = self.alarm.since_s if alarm.state == self.alarm.state and not math.isnan(self.alarm.since_s) else now_s
        self.alarm = replace(alarm, since_s=since_s)

    def _judged(self, reading: Reading) -> Alarm:
        rule = self.rule
        n = math.ceil(rule.for_s / reading.tick_s)
        last = [one for one in self._known[-n:] if one.start_s >= reading.end_s - max(2 * rule.for_s, reading.tick_s)]
        full = len(last) == n
        value, error = mean_of(last) if full else (reading.value, reading.standard_error)
        alarm = replace(self.alarm, at_s=reading.end_s, value=value, standard_error=error, rate=_NO_RATE, unseen="")
        verdict = rule.verdict(value, error)
        rings = alarm.state == "ringing" and not (full and rule.sign * (value - rule.clear) <= 0)
        if rings or verdict == "ring" or (full and rule.within_s and rule.exceeded(value, error)):
            alarm = replace(alarm, rate=self._rate(reading))
        if rings or (full and (verdict == "ring" or alarm.reaches_s(rule.threshold) <= rule.within_s)):
            return replace(alarm, state="ringing")
        if verdict == "ring" or rule.verdict(reading.value, reading.standard_error) == "ring":
            return replace(alarm, state="pending")
        return replace(alarm, state=verdict)

    def _rate(self, reading: Reading) -> Trend:
        oldest_s = reading.end_s - max(RATE_S, 6 * reading.tick_s)
        since = [one for one in self._known if one.start_s >= oldest_s]
        columns = np.array([(one.end_s, one.value, one.standard_error) for one in since]).T
        # An error of zero has no weight, and none is so small.
        return trend(columns[0], columns[1], np.maximum(columns[2], 1e-9))


def _unseen(alarm: Alarm, reason: str) -> Alarm:
    """The alarm without a number: one that rings does not fall silent."""
    return replace(alarm, state="ringing" if alarm.state == "ringing" else "unknown", unseen=reason)
