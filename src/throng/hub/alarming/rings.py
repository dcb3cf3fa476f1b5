"""Which alarms ring, who has acknowledged them, and what happened to them before: remembered over a restart."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from throng.alarm.rule import Rule
from throng.data.errors import ConflictError, HubError
from throng.hub.alarming.history import MOST_EVENTS, Event, History
from throng.store.records import Change, Record, Records


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did to an alarm that rings: by whom, when (Unix time, UTC, microseconds), and his note or to whom."""

    by: str
    at_us: int
    text: str


@dataclass(frozen=True, slots=True)
class Ring:
    """An alarm that rings.

    Attributes
    ----------
    rang : Event
        How it began.
    acknowledged, handed : Deed or None
        The newest of each.
    """

    rang: Event
    acknowledged: Deed | None = None
    handed: Deed | None = None

    def body(self) -> dict[str, Any]:
        """As its record holds it."""
        deeds = {"acknowledged": self.acknowledged, "handed": self.handed}
        return {"rang": {**self.rang.body(), "owed": []}} | {key: deed and asdict(deed) for key, deed in deeds.items()}


@dataclass(frozen=True, slots=True)
class Seen:
    """An alarm as it is, or was at some moment of a batch.

    Attributes
    ----------
    rule : Rule
    site : str
        Of its camera.
    is_ringing : bool
    at_us : int
        Since when; Unix time, UTC, microseconds.
    sentence : callable
        What it says; asked for only where that is told.
    """

    rule: Rule
    site: str
    is_ringing: bool
    at_us: int
    sentence: Callable[[], str]

    def event(self, what: Any, at_us: int, *, by: str = "", note: str = "") -> Event:
        """Something that happens to it."""
        rule = self.rule
        return Event(rule.name, rule.severity, self.site, rule.camera, rule.place, what, at_us, by, note, self.sentence())


class Rings:
    """Keeps what rings and what happened; safe to use from many threads.

    Parameters
    ----------
    records : Records
        Open.
    owed : callable
        The outlets that want to be told of an event.
    told : callable
        Called with new events that some outlet wants, once they are kept.
    most_events : int
        So many are kept.

    Raises
    ------
    HubError
        A record makes no sense.
    StoreError
        The records cannot be read.
    """

    def __init__(
        self,
        records: Records,
        *,
        owed: Callable[[Event], tuple[str, ...]] = lambda event: (),
        told: Callable[[Sequence[Event]], None] = lambda events: None,
        most_events: int = MOST_EVENTS,
    ) -> None:
        self._records, self._owed, self._told = records, owed, told
        self._lock = threading.RLock()
        self._history = History(records, most=most_events)
        self._rings = {record.key: _ring(record) for record in records.all("alarm-ring")}

    def of(self, name: str) -> Ring | None:
        """An alarm that rings, or None where it does not."""
        return self._rings.get(name)

    def names(self) -> list[str]:
        """The alarms that ring."""
        with self._lock:
            return list(self._rings)

    def events(self) -> list[Event]:
        """What happened, oldest first."""
        with self._lock:
            return self._history.all()

    def settle(self, seen: Iterable[Seen]) -> None:
        """Note which alarms began or ceased to ring, in the order in which they were seen; the others change nothing.

        Raises
        ------
        StoreError
            It could not be kept: the same is noted when the alarms are seen again.
        """
        with self._lock:
            rings, events = dict(self._rings), []
            for one in seen:
                old = rings.get(one.rule.name)
                if one.is_ringing and old is None:
                    events.append(one.event("rang", one.at_us))
                    rings[one.rule.name] = Ring(events[-1])
                elif not one.is_ringing and old is not None:
                    # Its number may be older than the ring, where the rule has changed meanwhile.
                    events.append(one.event("cleared", max(one.at_us, old.rang.at_us)))
                    del rings[one.rule.name]
            if events:
                self._keep(events, rings)

    def end(self, name: str, at_us: int, sentence: str) -> None:
        """Note that an alarm ceased to ring as its rule is no more; see `settle`."""
        with self._lock:
            rings = dict(self._rings)
            ring = rings.pop(name, None)
            if ring is not None:
                self._keep([replace(ring.rang, what="cleared", at_us=max(at_us, ring.rang.at_us), sentence=sentence)], rings)

    def do(self, seen: Seen, what: Any, deed: Deed, commit: Callable[[Sequence[Change]], None]) -> None:
        """Acknowledge an alarm or hand it over; `commit` keeps the changes, and tells the audit log.

        Raises
        ------
        ConflictError
            It does not ring.
        StoreError, LogError
            It could not be kept.
        """
        with self._lock:
            ring = self._rings.get(seen.rule.name)
            if ring is None:
                raise ConflictError(f'the alarm "{seen.rule.name}" does not ring: there is nothing to take on')
            after = replace(ring, acknowledged=deed) if what == "acknowledged" else replace(ring, handed=deed)
            event = seen.event(what, deed.at_us, by=deed.by, note=deed.text)
            self._keep([event], {**self._rings, seen.rule.name: after}, commit)

    def paid(self, number: int, outlet: str) -> None:
        """Note that an outlet was told of an event, or that it was given up.

        Raises
        ------
        StoreError
            It could not be kept.
        """
        with self._lock:
            event = self._history.get(number)
            if event is not None and outlet in event.owed:
                told, change = self._history.paid(event, outlet)
                self._records.change([change])
                self._history.take([told])

    def forget(self, before_us: int) -> None:
        """Remove what happened before a moment, as its sentences hold numbers of then.

        Raises
        ------
        StoreError
            It could not be removed.
        """
        with self._lock:
            old = [event.number for event in self._history.all() if event.at_us < before_us]
            if old:
                self._records.change(self._history.removing(old))
                self._history.forget(old)

    def _keep(
        self, events: Sequence[Event], rings: dict[str, Ring], commit: Callable[[Sequence[Change]], None] | None = None
    ) -> None:
        events = self._history.numbered([replace(event, owed=self._owed(event)) for event in events])
        changes = self._history.changes(events)
        for name in self._rings.keys() | rings.keys():
            if self._rings.get(name) != rings.get(name):
                after = rings.get(name)
                changes.append(Change("alarm-ring", name, None if after is None else after.body()))
        (commit or self._records.change)(changes)
        self._history.take(events)
        self._rings = rings
        self._told([event for event in events if event.owed])


def _ring(record: Record) -> Ring:
    try:
        rang = Event(**{**record.body["rang"], "owed": ()})
        acknowledged, handed = (record.body[key] and Deed(**record.body[key]) for key in ("acknowledged", "handed"))
    except (KeyError, TypeError):
        raise HubError(f'the record of the ringing alarm "{record.key}" is damaged: restore a backup') from None
    return Ring(rang, acknowledged, handed)
