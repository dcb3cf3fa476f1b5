"""The site's alarms: fed with what was stored, started with the last day's numbers, read by the routes."""

import logging
import math
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np

from throng.alarm.engine import Alarm, Engine
from throng.alarm.reading import Reading
from throng.alarm.rule import Rule
from throng.alarm.words import sentence
from throng.data.errors import StoreError
from throng.data.rows import Rows
from throng.hub.alarming.rings import Deed, Rings, Seen
from throng.hub.models import Acknowledged, AlarmAnswer, HandedTo, Reaches, utc
from throng.store.store import Store

REPLAYED_S = 86_400.0
"""So much of the past is replayed at start: whatever still rings after a day was told long ago."""
_REMOVED = "its rule was removed"
_logger = logging.getLogger("throng.hub")


class Alarms:
    """The state of every alarm, kept up to date by one thread and read and changed by others.

    Parameters
    ----------
    rules : sequence of Rule
        The site file's, in its order; others are added.
    clock : callable
        Unix time, UTC.
    rings : Rings, optional
        Remembers what rings, and what happened.
    site_of : callable
        The site of a camera.

    Raises
    ------
    AlarmError
        Two rules have one name.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        clock: Callable[[], float] = time.time,
        rings: Rings | None = None,
        site_of: Callable[[str], str] = lambda camera: "",
    ) -> None:
        self._order = {rule.name: number for number, rule in enumerate(rules)}
        self._rules = {rule.name: rule for rule in rules}
        self._engine = Engine(rules)
        self._problems: dict[str, str] = {}
        self._clock, self._rings, self._site_of = clock, rings, site_of
        self._lock = threading.Lock()
        self._watch()

    def replay(self, store: Store) -> None:
        """Take in the last day's numbers as if they came now; of what happened meanwhile only the outcome is told.

        Raises
        ------
        StoreError
            The store cannot be read.
        """
        with self._lock:
            for series in dict.fromkeys(map(_series, self._rules.values())):
                self._engine.read(self._past(store, series))
            self._settle(self._now())
            if self._rings is not None:
                for name in self._rings.names():
                    if name not in self._rules:
                        self._rings.end(name, round(self._clock() * 1e6), _REMOVED)

    def add(self, rule: Rule) -> None:
        """Add a rule that is not there yet, before the first numbers come."""
        with self._lock:
            self._rules[rule.name] = rule
            self._engine.put(rule)
            self._watch()

    def put(self, rule: Rule, store: Store | None) -> None:
        """Add a rule or change it: it begins with its own numbers of the last day, the others go on; None: with none.

        Raises
        ------
        StoreError
            The store cannot be read; nothing is changed.
        """
        past = [] if store is None else self._past(store, _series(rule))
        with self._lock:
            if store is not None:  # what came while the day was read
                past += self._past(store, _series(rule), past[-1].start_s if past else None)
            self._engine.put(rule, past)
            self._rules[rule.name] = rule
            self._problems.pop(rule.name, None)
            self._watch()
            self._settle([self._engine.alarm(rule.name)])

    def remove(self, name: str) -> None:
        """Forget a rule; an alarm that rings has an end with it."""
        with self._lock:
            self._engine.remove(name)
            del self._rules[name]
            self._problems.pop(name, None)
            self._watch()
            if self._rings is not None:
                self._rings.end(name, round(self._clock() * 1e6), _REMOVED)

    def set_problem(self, name: str, problem: str) -> None:
        """Say why a rule has nothing to watch: its alarm is unknown until it is put again."""
        with self._lock:
            self._problems[name] = problem
            self._engine.put(self._rules[name])
            self._settle([self._engine.alarm(name)])

    def take(self, rows: Rows) -> list[AlarmAnswer]:
        """Take in what was just stored; the alarms of these cameras now, so that whoever hears of none knows that none came."""
        with self._lock:
            changes = self._engine.read(self._readings(rows))
            cameras = {camera for camera, _, _ in rows.series}
            now = self._now(cameras)
            self._settle([*(change.alarm for change in changes), *now])
            return [self._answer(alarm) for alarm in now]

    def all(self) -> list[AlarmAnswer]:
        """Every alarm now: the site file's in its order, then the others by name."""
        with self._lock:
            return [self._answer(alarm) for alarm in self._now()]

    def one(self, name: str) -> AlarmAnswer | None:
        """One alarm now, or None."""
        return next((alarm for alarm in self.all() if alarm.name == name), None)

    def do(self, name: str, what: str, deed: Deed, commit: Callable[..., None]) -> None:
        """Acknowledge an alarm that rings, or hand it over.

        Raises
        ------
        ConflictError
            It does not ring.
        KeyError
            There is no such alarm.
        StoreError, LogError
            It could not be kept.
        """
        with self._lock:
            assert self._rings is not None
            self._rings.do(self._seen(self._engine.alarm(name)), what, deed, commit)

    def _past(self, store: Store, series: tuple[str, str, str], start_s: float | None = None) -> list[Reading]:
        now_s = self._clock()
        return readings_stored(store, series, start_s=now_s - REPLAYED_S if start_s is None else start_s, end_s=now_s)

    def _watch(self) -> None:
        self._watched = set(map(_series, self._rules.values()))

    def _now(self, cameras: Collection[str] | None = None) -> list[Alarm]:
        alarms = [self._told(alarm) for alarm in self._engine.alarms(self._clock(), cameras)]
        return sorted(alarms, key=lambda alarm: (self._order.get(alarm.rule.name, len(self._order)), alarm.rule.name))

    def _told(self, alarm: Alarm) -> Alarm:
        problem = self._problems.get(alarm.rule.name)
        return alarm if problem is None else Alarm(alarm.rule, unseen=problem)

    def _settle(self, alarms: Sequence[Alarm]) -> None:
        if self._rings is None:
            return
        try:
            self._rings.settle([self._seen(self._told(alarm)) for alarm in alarms])
        except StoreError as error:
            _logger.error("what happened to the alarms could not be kept, and is tried again at the next tick: %s", error)

    def _seen(self, alarm: Alarm) -> Seen:
        since_s = self._clock() if math.isnan(alarm.since_s) else alarm.since_s
        return Seen(
            alarm.rule,
            self._site_of(alarm.rule.camera),
            alarm.state == "ringing",
            round(since_s * 1e6),
            lambda: sentence(alarm, self._engine.next_level(alarm)),
        )

    def _readings(self, rows: Rows) -> Iterator[Reading]:
        """The watched numbers, oldest first."""
        watched = np.array([series in self._watched for series in rows.series], dtype=bool)[rows.series_of]
        places = np.flatnonzero(watched)
        for row in places[np.argsort(rows.tick_start_us[places], kind="stable")].tolist():
            start_s, tick_s = rows.tick_start_us[row] / 1e6, rows.parts[rows.part_of[row]][2]
            value, error = float(rows.values[row]), float(rows.standard_errors[row])
            camera, place, quantity = rows.series[rows.series_of[row]]
            yield Reading(camera, place, quantity, start_s, tick_s, value, error, rows.reasons[rows.reason_of[row]])

    def _answer(self, alarm: Alarm) -> AlarmAnswer:
        rule, next_level = alarm.rule, self._engine.next_level(alarm)
        ring = self._rings.of(rule.name) if self._rings is not None and alarm.state == "ringing" else None
        acknowledged, handed = (ring.acknowledged, ring.handed) if ring else (None, None)
        return AlarmAnswer.model_validate(
            {name: getattr(rule, name) for name in ("name", "camera", "place", "quantity", "unit")}
            | {name: getattr(rule, name) for name in ("direction", "threshold", "clear", "severity")}
            | {
                "state": alarm.state,
                "since": None if math.isnan(alarm.since_s) else utc(round(alarm.since_s * 1e6)),
                "time": None if math.isnan(alarm.at_s) else utc(round(alarm.at_s * 1e6)),
                "value": None if math.isnan(alarm.value) else alarm.value,
                "standard_error": None if math.isnan(alarm.standard_error) else alarm.standard_error,
                "unseen": alarm.unseen,
                "sentence": sentence(alarm, next_level),
                "reaches": _reaches(alarm, next_level),
                "acknowledged": acknowledged
                and Acknowledged(by=acknowledged.by, at=utc(acknowledged.at_us), note=acknowledged.text),
                "handed_to": handed and HandedTo(name=handed.text, by=handed.by, at=utc(handed.at_us)),
                "of_file": rule.name in self._order,
            }
        )


def readings_stored(
    store: Store, series: tuple[str, str, str], *, start_s: float, end_s: float, most: int = 100_000
) -> list[Reading]:
    """The stored numbers of one camera, place and quantity, oldest first: those of ticks from one Unix time to another."""
    found = store.series(*series, start_s=start_s, end_s=end_s, max_rows=most)
    columns = (
        (found.tick_start_us / 1e6).tolist(),
        found.tick_s.tolist(),
        found.values.tolist(),
        found.standard_errors.tolist(),
        found.unknown.tolist(),
    )
    return [Reading(*series, *numbers) for numbers in zip(*columns, strict=True)]


def _series(rule: Rule) -> tuple[str, str, str]:
    return rule.camera, rule.place, rule.quantity


def _reaches(alarm: Alarm, level: float) -> Reaches | None:
    if alarm.state != "ringing" or alarm.unseen or not math.isfinite(level):
        return None
    in_s = alarm.reaches_s(level)
    return Reaches(level=level, in_s=in_s) if math.isfinite(in_s) else None
