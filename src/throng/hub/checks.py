"""Counts that people made by hand, made private in their page, and what they say of a place's released numbers."""

import hashlib
import json
import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from throng.data.errors import ConflictError, HubError
from throng.hub.cameras import CameraEntry, Cameras, PlaceEntry
from throng.hub.estimates import Estimate, Ratio, Total, grown, ratio_of, total_at, total_of
from throng.hub.log.log import Entry, Log
from throng.hub.registry.registry import By, Registry
from throng.hub.spending import Cost, Spending
from throng.store.records import Change, Record, Records
from throng.store.store import DAY_S, Store

SHORTEST_S, LONGEST_S = 120, 3600
MOST_A_DAY = 12
COUNTS_S = 90 * DAY_S
LEAST_EPSILON, MOST_EPSILON = 0.1, 1.0
_LATE_S, _AGAIN_S = 30.0, 5
"""So long after a tick its numbers may still be on their way, and are looked for again."""
_AHEAD_S = 5.0
"""A page's clock may be ahead of the hub's by so much."""
_TOTALS = {"line": ("in_total", "out_total"), "zone": ("entries_total", "exits_total")}
_WATCHED = ("line", "zone", "calibration", "detector", "tiles", "anchor", "rate_hz")
"""Of a camera's table, what decides what it counts: with a change of it earlier checks say nothing any more."""


class EarlyError(HubError):
    """The numbers of a check's time are not there yet.

    Attributes
    ----------
    wait_s : int
        Seconds until the same may be sent again.
    """

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"the numbers of that time are not there yet: send the same again in {wait_s} seconds")
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Hand:
    """A count as it was sent.

    Attributes
    ----------
    place : str
    start_s, end_s : int
        Unix time, UTC.
    ways : (int, int)
        In and out, each with noise.
    epsilon : float
        What both numbers cost together.
    """

    place: str
    start_s: int
    end_s: int
    ways: tuple[int, int]
    epsilon: float

    def counted(self) -> tuple[Estimate, Estimate]:
        """In and out, with the error of their noise, each for half of epsilon: root(2 a) / (1 - a), a = e^(-epsilon / 2)."""
        step = math.exp(-self.epsilon / 2)
        error = math.sqrt(2 * step) / (1 - step)
        inward, outward = self.ways
        return Estimate(inward, error), Estimate(outward, error)


@dataclass(frozen=True, slots=True)
class Check:
    """A count that was made by hand, beside what was released of the same time.

    Attributes
    ----------
    camera : str
    hand : Hand
    released : (Estimate, Estimate)
        In and out.
    made_s : float
        When it came, Unix time.
    setting : str
        A digest of what the camera was set to.
    """

    camera: str
    hand: Hand
    released: tuple[Estimate, Estimate]
    made_s: float
    setting: str

    @property
    def key(self) -> str:
        """Of its record."""
        return f"{self.camera}/{self.hand.place}/{self.hand.start_s}"

    def body(self) -> dict[str, Any]:
        """As its record holds it."""
        return {"camera": self.camera, "hand": asdict(self.hand), "made_s": self.made_s, "setting": self.setting} | {
            "released": [[each.value, each.error] for each in self.released]
        }


class Checks:
    """Keeps checks, and tells which still count; safe to use from many threads.

    Parameters
    ----------
    records : Records
        Open.
    log : Log
        Open.
    store : Store
        Open.
    cameras, registry, spending
        The hub's.
    clock : callable
        Unix time, UTC.

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
        log: Log,
        store: Store,
        cameras: Cameras,
        registry: Registry,
        spending: Spending,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._records, self._log, self._store = records, log, store
        self._cameras, self._registry, self._spending, self._clock = cameras, registry, spending, clock
        self._lock = threading.Lock()
        self._kept = {record.key: _read(record) for record in records.all("check")}

    def all(self) -> list[Check]:
        """Every check of the last 90 days, newest first."""
        oldest_s = self._clock() - COUNTS_S
        return sorted((one for one in self._kept.values() if one.made_s > oldest_s), key=lambda one: -one.hand.start_s)

    def counts(self, check: Check) -> bool:
        """Whether a check still says something: it is not too old, and the camera is set as it was."""
        return self._clock() < check.made_s + COUNTS_S and check.setting == self.setting_of(check.camera)

    def setting_of(self, camera: str) -> str:
        """A digest of what decides what a camera counts."""
        known = self._registry.state.cameras.get(camera)
        entry = self._cameras.entry(camera)
        table: Any = known.table() if known else {"places": [asdict(place) for place in entry.places] if entry else []}
        told = {key: value for key, value in table.items() if key in _WATCHED or key == "places"}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def put(self, camera: str, hand: Hand, *, by: By) -> Check:
        """Keep a count; the same once more gives what was kept.

        Raises
        ------
        ConflictError
            The time overlaps with another check of the place, or the camera's day has had too many.
        EarlyError
            The numbers of its end are not there yet.
        HubError
            The time makes no sense, there is no such place, or nothing was released for all of that time.
        StoreError, LogError
            It cannot be kept.
        """
        with self._lock:
            now_s = self._clock()
            self._check_time(camera, hand, now_s)
            if (same := self._kept.get(f"{camera}/{hand.place}/{hand.start_s}")) is not None and same.hand == hand:
                return same
            self._check_room(camera, hand, now_s)
            released = self._released(camera, hand)
            check = Check(camera, hand, released, now_s, self.setting_of(camera))
            self._spend(check, by)
            self._records.change([Change("check", check.key, check.body())])
            self._kept = {**self._kept, check.key: check}
            self._forget(now_s - COUNTS_S)
            return check

    def forget(self, before_s: float) -> None:
        """Remove the checks that came before a moment, Unix time.

        Raises
        ------
        StoreError
            They could not be removed.
        """
        with self._lock:
            self._forget(before_s)

    def _forget(self, before_s: float) -> None:
        gone = [key for key, one in self._kept.items() if one.made_s <= before_s]
        if gone:
            self._records.change([Change("check", key, None) for key in gone])
            self._kept = {key: one for key, one in self._kept.items() if key not in gone}

    def _check_time(self, camera: str, hand: Hand, now_s: float) -> None:
        entry = self._cameras.entry(camera)
        tick_s = round(entry.tick_s) if entry else 60
        length_s = hand.end_s - hand.start_s
        if not SHORTEST_S <= length_s <= LONGEST_S:
            raise HubError(f"a check must last from 2 to 60 minutes, not {length_s} seconds: count again")
        if (hand.start_s % tick_s or hand.end_s % tick_s) and length_s < 2 * tick_s:
            raise HubError(
                f"a check of this camera must last two of its ticks of {tick_s} seconds, or begin and end with one: count on"
            )
        if not now_s - DAY_S <= hand.end_s <= now_s + _AHEAD_S:
            raise HubError("a check must have ended within the last day: set the clock, or count again")

    def _check_room(self, camera: str, hand: Hand, now_s: float) -> None:
        today = int(now_s // DAY_S)
        mine = [one for one in self._kept.values() if one.camera == camera]
        if sum(one.made_s // DAY_S == today for one in mine) >= MOST_A_DAY:
            raise ConflictError(
                f"this camera has had {MOST_A_DAY} checks today, the most that it takes, as each costs privacy: go on after "
                "midnight UTC"
            )
        for one in mine:
            if one.hand.place == hand.place and one.hand.start_s < hand.end_s and hand.start_s < one.hand.end_s:
                raise ConflictError("a part of that time has been counted already: check another time")

    def _released(self, camera: str, hand: Hand) -> tuple[Estimate, Estimate]:
        entry = self._cameras.entry(camera)
        place = next((place for place in entry.places if place.name == hand.place), None) if entry else None
        if entry is None or place is None:
            raise HubError("there is no such place: /api/v1/cameras lists them")
        starts, ends = (self._totals(entry, place, at_s) for at_s in (hand.start_s, hand.end_s))
        inward, outward = (grown(start, end) for start, end in zip(starts, ends, strict=True))
        if inward is None or outward is None:
            ends_in_s = math.ceil(hand.end_s / entry.tick_s) * entry.tick_s - self._clock()
            if ends_in_s > -_LATE_S:
                raise EarlyError(max(_AGAIN_S, math.ceil(ends_in_s) + _AGAIN_S))
            raise HubError(
                "the hub has no running total of this place for all of that time: count again while the camera is live, and "
                "not across midnight UTC"
            )
        return inward, outward

    def _totals(self, entry: CameraEntry, place: PlaceEntry, at_s: int) -> list[Total | None]:
        """The running totals of a place at a moment, in and out; None where one is unknown."""
        begin_s = at_s // entry.tick_s * entry.tick_s
        ticks_s = [begin_s - entry.tick_s, begin_s] if at_s > begin_s else [begin_s - entry.tick_s]
        rows = [
            {row.quantity: row for row in self._store.tick(entry.name, tick_s) if row.place == place.name} for tick_s in ticks_s
        ]
        totals = ([total_of(each.get(name)) for each in rows] for name in _TOTALS[place.kind])
        return [total_at(each[0], each[-1], (at_s - begin_s) / entry.tick_s) for each in totals]

    def _spend(self, check: Check, by: By) -> None:
        # A leak of what is kept tells as much of these people as the numbers do, and is accounted for before it is kept.
        detail = f"a check of {check.hand.place}, made private in its page: two-sided geometric(epsilon={check.hand.epsilon:g})"
        self._log.write_all([Entry("privacy.spend", who=by.name, about=check.camera, detail=detail, address=by.address)])
        self._spending.add_check(check.camera, f"{check.hand.place}/{check.hand.start_s}", Cost(epsilon=check.hand.epsilon))


def pooled(checks: Iterable[Check]) -> Ratio | None:
    """What several checks say together: all that was released over all that was counted, in both directions."""
    released = counted = Estimate(0.0, 0.0)
    for check in checks:
        for estimate in check.released:
            released += estimate
        for estimate in check.hand.counted():
            counted += estimate
    return ratio_of(released, counted)


def days_of(checks: Iterable[Check]) -> int:
    """On how many UTC days they were made."""
    return len({datetime.fromtimestamp(check.hand.start_s, UTC).date() for check in checks})


def _read(record: Record) -> Check:
    body = record.body
    try:
        hand = Hand(**{**body["hand"], "ways": tuple(body["hand"]["ways"])})
        inward, outward = (Estimate(*each) for each in body["released"])
        return Check(body["camera"], hand, (inward, outward), body["made_s"], body["setting"])
    except (KeyError, TypeError, ValueError):
        raise HubError(f'the record of the check "{record.key}" is damaged: restore a backup, or remove it') from None
