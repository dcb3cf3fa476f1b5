"""The site's alarms: fed with what was stored, started with the last day's numbers, read by the routes."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from throng.alarm.engine import Alarm, Engine
from throng.alarm.reading import Reading
from throng.alarm.rule import Rule
from throng.alarm.words import sentence
from throng.data.rows import Rows
from throng.hub.models import AlarmAnswer, utc
from throng.store.store import Store

REPLAYED_S = 86_400.0
"""So much of the past is replayed at start: whatever still rings after a day was told long ago."""


class Alarms:
    """The state of every alarm, kept up to date by one thread and read by others.

    Parameters
    ----------
    rules : sequence of Rule
    clock : callable
        Unix time, UTC.

    Raises
    ------
    AlarmError
        Two rules have one name.
    """

    def __init__(self, rules: Sequence[Rule], *, clock: Callable[[], float] = time.time) -> None:
        self._rules = tuple(rules)
        self._watched = {(rule.camera, rule.place, rule.quantity) for rule in rules}
        self._engine = Engine(rules)
        self._clock = clock
        self._lock = threading.Lock()

    def replay(self, store: Store) -> None:
        """Take in the last day's numbers as if they came now.

        Raises
        ------
        StoreError
            The store cannot be read.
        """
        with self._lock:
            for camera, place, quantity in dict.fromkeys((rule.camera, rule.place, rule.quantity) for rule in self._rules):
                self._engine.read(_stored(store, camera, place, quantity, end_s=self._clock()))

    def take(self, rows: Rows) -> list[AlarmAnswer]:
        """Take in what was just stored; the alarms of these cameras now, so that whoever hears of none knows that none came."""
        with self._lock:
            self._engine.read(self._readings(rows))
            cameras = {camera for camera, _, _ in rows.series}
            return [self._answer(alarm) for alarm in self._engine.alarms(self._clock()) if alarm.rule.camera in cameras]

    def _readings(self, rows: Rows) -> Iterator[Reading]:
        """The watched numbers, oldest first."""
        watched = np.array([series in self._watched for series in rows.series], dtype=bool)[rows.series_of]
        places = np.flatnonzero(watched)
        for row in places[np.argsort(rows.tick_start_us[places], kind="stable")].tolist():
            start_s, tick_s = rows.tick_start_us[row] / 1e6, rows.parts[rows.part_of[row]][2]
            value, error = float(rows.values[row]), float(rows.standard_errors[row])
            camera, place, quantity = rows.series[rows.series_of[row]]
            yield Reading(camera, place, quantity, start_s, tick_s, value, error, rows.reasons[rows.reason_of[row]])

    def all(self) -> list[AlarmAnswer]:
        """Every alarm now, in the order of the site."""
        with self._lock:
            return [self._answer(alarm) for alarm in self._engine.alarms(self._clock())]

    def _answer(self, alarm: Alarm) -> AlarmAnswer:
        rule = alarm.rule
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
                "sentence": sentence(alarm, self._engine.next_level(alarm)),
            }
        )


def _stored(store: Store, camera: str, place: str, quantity: str, *, end_s: float) -> Iterator[Reading]:
    """The last day's numbers of one quantity, oldest first."""
    series = store.series(camera, place, quantity, start_s=end_s - REPLAYED_S, end_s=end_s)
    columns = (
        (series.tick_start_us / 1e6).tolist(),
        series.tick_s.tolist(),
        series.values.tolist(),
        series.standard_errors.tolist(),
        series.unknown.tolist(),
    )
    for start_s, tick_s, value, error, unknown in zip(*columns, strict=True):
        yield Reading(camera, place, quantity, start_s, tick_s, value, error, unknown)
