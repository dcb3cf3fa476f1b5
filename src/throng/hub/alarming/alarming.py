"""The alarms of a hub with all that people do to them: one place where rules, states, history and outlets meet."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from throng.alarm.rule import Rule
from throng.data.errors import ConflictError, HubError, StoreError
from throng.hub.alarming.book import RuleBook, Written
from throng.hub.alarming.courier import GIVEN_UP_S, Courier, Send
from throng.hub.alarming.history import Event as Happened
from throng.hub.alarming.history import What
from throng.hub.alarming.outlets import Outlets
from throng.hub.alarming.rings import Deed, Rings
from throng.hub.alarming.senders import send
from throng.hub.alarming.trial import MOST_TICKS, Trial, tried
from throng.hub.alarms import Alarms, readings_stored
from throng.hub.live import Event, Feed
from throng.hub.models import AlarmAnswer
from throng.hub.registry.registry import By, Registry
from throng.seal.box import Seal
from throng.store.records import Records
from throng.store.store import Store

_DAY_S = 86_400.0
_logger = logging.getLogger("throng.hub")


class Alarming:
    """The rules, the states, the history and the outlets of a hub's alarms; safe to use from many threads.

    Parameters
    ----------
    store : Store
        Open.
    records : Records
        Open.
    seal : Seal
    registry : Registry
    rules : sequence of Rule
        The site file's.
    feed : Feed
        Told of what people change.
    site_of : callable
        The site of a camera.
    hub : str
        Where the hub is opened.
    send : callable
        How an outlet is told of something.
    clock : callable
        Unix time, UTC.

    Raises
    ------
    AlarmError
        Two rules have one name.
    HubError
        A record makes no sense.
    StoreError
        The records cannot be read.
    """

    def __init__(
        self,
        store: Store,
        records: Records,
        seal: Seal,
        registry: Registry,
        rules: Sequence[Rule],
        *,
        feed: Feed,
        site_of: Callable[[str], str],
        hub: str,
        send: Send = send,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._records, self._registry = store, records, registry
        self._feed, self._site_of, self._clock = feed, site_of, clock
        self.book = RuleBook(records, registry, rules)
        self.outlets = Outlets(records, seal, registry)
        self.courier = Courier(self.outlets, hub=hub, paid=self._paid, send=send)
        self.rings = Rings(records, owed=self._owed, told=self.courier.post)
        self.alarms = Alarms(rules, clock=clock, rings=self.rings, site_of=self.site_of_camera)
        self._problems: dict[str, str] = {}
        self._trying = threading.Lock()

    def begin(self) -> None:
        """Take in the last day, and send what outlets were owed when the hub ended.

        Raises
        ------
        StoreError
            The store or the records cannot be read.
        """
        late_us = round((self._clock() - GIVEN_UP_S) * 1e6)
        owed = [event for event in self.rings.events() if event.owed and event.at_us >= late_us]
        for written in self.book.written():
            self.alarms.add(written.rule)
        self.alarms.replay(self._store)
        self._cameras_changed()
        self._registry.on_change(self._cameras_changed)
        self.courier.post(owed)

    def stop(self) -> None:
        """End what runs beside the requests."""
        self.courier.stop()

    def site_of_camera(self, camera: str) -> str:
        """The site of a camera; of one that was removed, that of the rules that were made on it."""
        site = self._site_of(camera)
        return site or next((one.site for one in self.book.written() if one.table.camera == camera), "")

    def put(self, written: Written, *, by: By) -> Written:
        """Keep a rule and let it watch, beginning with the last day; for what it raises see `RuleBook.put`."""
        with self.book.lock:
            kept = self.book.put(written, by=by)
            self._problems.pop(kept.name, None)
            self._watch(kept)
            self._look_at(kept)
            self._publish([kept.name])
        return kept

    def remove(self, name: str, version: int, *, by: By) -> None:
        """Remove a rule; for what it raises see `RuleBook.put`."""
        with self.book.lock:
            self.book.remove(name, version, by=by)
            self._problems.pop(name, None)
            self.alarms.remove(name)

    def do(self, name: str, what: What, text: str, *, by: By) -> AlarmAnswer:
        """Acknowledge an alarm that rings with a note, or hand it over to somebody; the alarm afterwards.

        Raises
        ------
        ConflictError
            It does not ring, or is no more.
        StoreError, LogError
            It could not be kept.
        """
        event = "alarm.acknowledge" if what == "acknowledged" else "alarm.hand-over"
        deed = Deed(by.name, round(self._clock() * 1e6), text)
        with self.book.lock:  # so that nobody removes it meanwhile
            if self.alarms.one(name) is None:
                raise ConflictError(f'there is no alarm "{name}": it was removed already')
            # The log is not told what was written: it may be a number of people.
            self.alarms.do(name, what, deed, lambda changes: self._registry.make(changes, event, by=by, about=name))
            self._publish([name])
            after = self.alarms.one(name)
        assert after is not None
        return after

    def try_rule(self, written: Written, days: int) -> Trial:
        """When a rule would have rung in the last days.

        Raises
        ------
        AlarmError
            There are too many numbers.
        HubError
            Another is being tried.
        StoreError
            The store cannot be read.
        """
        if not self._trying.acquire(timeout=2.0):
            raise HubError("another rule is being tried: wait a few seconds")
        try:
            rule, end_s, span_s = written.rule, self._clock(), days * _DAY_S
            series = (rule.camera, rule.place, rule.quantity)
            readings = readings_stored(self._store, series, start_s=end_s - span_s, end_s=end_s, most=MOST_TICKS + 1)
            return tried(rule, readings, span_s=span_s)
        finally:
            self._trying.release()

    def _owed(self, event: Happened) -> tuple[str, ...]:
        return self.outlets.wanting(event.severity, event.site)

    def _paid(self, number: int, outlet: str) -> None:
        self.rings.paid(number, outlet)

    def _watch(self, written: Written) -> None:
        try:
            self.alarms.put(written.rule, self._store)
        except StoreError as error:
            _logger.error("an alarm begins without the numbers of the last day: %s", error)
            self.alarms.put(written.rule, None)

    def _look_at(self, written: Written) -> bool:
        """Say of a rule whether it has something to watch; whether that is new."""
        problem, known = self.book.problem(written), self._problems.get(written.name, "")
        if problem == known:
            return False
        if problem:
            self._problems[written.name] = problem
            self.alarms.set_problem(written.name, problem)
        else:
            del self._problems[written.name]
            self._watch(written)
        return True

    def _cameras_changed(self) -> None:
        with self.book.lock:
            changed = [written.name for written in self.book.written() if self._look_at(written)]
            self._publish(changed)

    def _publish(self, names: Sequence[str]) -> None:
        if names:
            alarms = [alarm for alarm in self.alarms.all() if alarm.name in names]
            items = tuple((self.site_of_camera(alarm.camera), alarm.model_dump_json()) for alarm in alarms)
            self._feed.publish(Event("alarms", items))
