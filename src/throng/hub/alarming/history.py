"""What happened to alarms: they rang and cleared, and people acknowledged them and handed them over."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from throng.data.errors import HubError
from throng.store.records import Change, Record, Records

What = Literal["rang", "cleared", "acknowledged", "handed over"]
MOST_EVENTS = 10_000


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes
    ----------
    number : int
        1 for the first; 0 before it is kept.
    name, severity, site, camera, place : str
        Of the alarm, as it was then.
    what : str
    at_us : int
        Unix time, UTC, microseconds.
    by, note : str
        Who did it and what he wrote, or to whom he handed it; empty where nobody did.
    sentence : str
        What the alarm said then: a protected number with its margin.
    owed : tuple of str
        The outlets that have yet to be told.
    """

    name: str
    severity: str
    site: str
    camera: str
    place: str
    what: What
    at_us: int
    by: str = ""
    note: str = ""
    sentence: str = ""
    owed: tuple[str, ...] = ()
    number: int = 0

    def body(self) -> dict[str, Any]:
        """As its record holds it."""
        keys = ("name", "severity", "site", "camera", "place", "what", "at_us", "by", "note", "sentence")
        return {key: getattr(self, key) for key in keys} | {"owed": list(self.owed)}


class History:
    """The newest events, oldest first; not safe to use from many threads: `Rings` guards it.

    Parameters
    ----------
    records : Records
        Open.
    most : int
        So many are kept; the oldest go.

    Raises
    ------
    HubError
        A record makes no sense.
    StoreError
        The records cannot be read.
    """

    def __init__(self, records: Records, *, most: int = MOST_EVENTS) -> None:
        self._most = most
        self._events = {event.number: event for event in map(_event, records.all("alarm-event"))}
        self._next = max(self._events, default=0) + 1

    def all(self) -> list[Event]:
        """Every event, oldest first."""
        return list(self._events.values())

    def get(self, number: int) -> Event | None:
        """One event, or None where it is too old."""
        return self._events.get(number)

    def numbered(self, events: Sequence[Event]) -> list[Event]:
        """New events with the numbers that they will have."""
        return [replace(event, number=self._next + place) for place, event in enumerate(events)]

    def changes(self, events: Sequence[Event]) -> list[Change]:
        """What keeps events that were numbered, and removes as many of the oldest as there are then too many."""
        too_many = max(0, len(self._events) + len(events) - self._most)
        old = list(self._events)[:too_many]
        return [*map(_kept, events), *self.removing(old)]

    def take(self, events: Sequence[Event]) -> None:
        """Note what was kept: new events, or known ones that changed."""
        for event in events:
            self._events[event.number] = event
            self._next = max(self._next, event.number + 1)
        while len(self._events) > self._most:
            del self._events[next(iter(self._events))]

    def removing(self, numbers: Iterable[int]) -> list[Change]:
        """What removes events."""
        return [Change("alarm-event", _key(number), None) for number in numbers]

    def forget(self, numbers: Iterable[int]) -> None:
        """Note what was removed."""
        for number in numbers:
            del self._events[number]

    def paid(self, event: Event, outlet: str) -> tuple[Event, Change]:
        """An event of which an outlet was told, and what keeps it."""
        told = replace(event, owed=tuple(name for name in event.owed if name != outlet))
        return told, _kept(told)


def _key(number: int) -> str:
    return f"{number:016d}"  # so that keys sort as the numbers do


def _kept(event: Event) -> Change:
    return Change("alarm-event", _key(event.number), event.body())


def _event(record: Record) -> Event:
    try:
        body = {**record.body, "owed": tuple(record.body["owed"])}
        event = Event(number=int(record.key), **body)
        if event.what not in get_args(What) or not isinstance(event.at_us, int):
            raise ValueError
    except (KeyError, TypeError, ValueError):
        raise HubError(f"the record {record.key} of the alarms' history is damaged: restore a backup") from None
    return event
