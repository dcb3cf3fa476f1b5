"""What one passage may change, bounded before any noise.

Statement. Within one epoch a track adds at most one to a counter and changes at most m counters, in whichever ticks. As the
admitted counts of two streams that differ in one track differ by at most m unit vectors in different columns, each column of
C times the difference is one column of C or zero, and the whole has length at most root(m) |c|. A passage of f tracks adds f
such differences; by the triangle inequality its length is at most f root(m) |c|. With k counters, m need never exceed k.

A visit to a calibrated zone has one speed beside its two counts, of an amount from 0 to the weight w < 1, in a column of its
own. A track has at most v = m // 2 visits, in different zones; so the sum over its columns of the squared amount is at most
m + v w^2 where v zones have speeds, and root(m) becomes root(m + v w^2).

Three more streams have mechanisms of their own. Of a visit that has ended, one class of stays gets one: root(v). The level of a
visit, how fast the visitor walks now, begins and ends at nothing and rises by at most one person's weight all in all: it is an
average of steps up and down again, each of length at most root(2), so root(2 v) in all. What a track leaves in the cells of the
heat map when it ends is at least nothing in each, and one in all: 1. (docs/privacy/0007-state-measures.md.)

Why it holds: `_admit` spends one of m for each counter that it lets through, and never lets a counter through twice; an
exit's cost is reserved when its entry is admitted, so closing a zone visit needs no further allowance; a visit's speed and stay
are let through only after its exit was, once. What a track may do depends on that track's own events alone, so
that leaving out one track changes no other's. `new_epoch` starts every account at nothing.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from throng.data.place import Counter
from throng.data.secrecy import MemoryOnly
from throng.privacy.streams import DWELL, FASTEST_MPS, HEAT, MOST_RISE_MPS, SPEED_NOW, SPEED_UNITS, STAYS_S, UNIT, Stream


class _Account:
    """One live track: what it has used of its allowance, and the zones it stands in."""

    __slots__ = ("heat", "inside", "left", "levels", "owed", "risen", "spent", "stayed", "used")

    def __init__(self) -> None:
        self.spent = 0
        self.used: set[int] = set()
        self.owed: set[int] = set()
        """Entries that were admitted, whose exits are still to come."""
        self.left: set[int] = set()
        """Entries whose exits were admitted and have had no speed yet."""
        self.stayed: set[int] = set()
        """Entries whose exits were admitted and have had no stay yet."""
        self.inside: dict[int, None] = {}
        self.levels: dict[int, int] = {}
        """By entry, how fast a visitor walks now, units."""
        self.risen: dict[int, int] = {}
        """By entry, how much that has risen in all, units."""
        self.heat = 0


class ContributionBound(MemoryOnly):
    """Lets through at most `passage_counters` counts of each track in an epoch, first come; zone visits whole or not at all.

    A zone's entry is admitted only if its exit can be too, and an exit only if its entry was; so admitted entries minus
    admitted exits is the number of admitted people who stand in the zone. What goes beyond the bound is dropped, and the
    numbers are too low by that. Memory grows with the tracks that are alive, not with those that have been.

    Parameters
    ----------
    counters : sequence of Counter
        As `throng.data.place.counters_of` gives them: a zone's exits stand right after its entries, the extras come last.
    streams : sequence of Stream
        As `throng.privacy.streams.streams_of` gives them for these counters.
    passage_counters : int
        m.
    """

    __slots__ = ("_accounts", "_columns", "_entry_of", "_first", "_kinds", "_level_of", "_most", "_nth")

    def __init__(self, counters: Sequence[Counter], streams: Sequence[Stream], *, passage_counters: int) -> None:
        self._most = passage_counters
        self._columns = sum(stream.columns for stream in streams)
        self._first = {stream.name: stream.first for stream in streams}
        self._kinds = [counter.quantity for counter in counters]
        # Which of its kind a counter is, and which entries belong to it.
        self._nth = [self._kinds[:number].count(kind) for number, kind in enumerate(self._kinds)]
        entries = {counter.place: number for number, counter in enumerate(counters) if counter.quantity == "entries"}
        self._entry_of = [entries.get(counter.place, -1) for counter in counters]
        levels = [number for number, kind in enumerate(self._kinds) if kind == "level"]
        self._level_of = {self._entry_of[number]: self._first[SPEED_NOW] + self._nth[number] for number in levels}
        self._accounts: dict[int, _Account] = {}

    def __len__(self) -> int:
        return len(self._accounts)

    def admit(
        self, passage_ids: NDArray[np.uint64], counters: NDArray[np.intp], amounts: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """What is let through (columns,) of these events, in their order, in units of 1/`UNIT`: see `Measurement`.

        Raises
        ------
        ValueError
            A counter is not one of those that there are.
        """
        if len(counters) and not 0 <= counters.min() <= counters.max() < len(self._kinds):
            raise ValueError(
                f"counters must be numbers from 0 to {len(self._kinds) - 1}: measuring and the wall differ in their places"
            )
        admitted = np.zeros(self._columns, dtype=np.int64)
        for passage_id, counter, amount in zip(passage_ids.tolist(), counters.tolist(), amounts.tolist(), strict=True):
            account = self._accounts.setdefault(passage_id, _Account())
            kind, entry = self._kinds[counter], self._entry_of[counter]
            if kind == "speed":
                admitted[counter] += _speed(account, entry, amount)
            elif kind == "stay":
                first = self._first[DWELL] + self._nth[counter] * (len(STAYS_S) + 1)
                admitted[first + bisect_right(STAYS_S, amount)] += _stay(account, entry)
            elif kind == "level":
                admitted[self._level_of[entry]] += _level(account, entry, amount)
            elif kind == "cell":
                admitted[self._first[HEAT] + self._nth[counter]] += _heat(account, amount)
            else:
                self._event(account, counter, admitted)
        return admitted

    def forget(self, ended_ids: Iterable[int]) -> NDArray[np.int64]:
        """Close the accounts of tracks that are over; what they still owe (columns,), so that nobody stays forever."""
        admitted = np.zeros(self._columns, dtype=np.int64)
        for passage_id in ended_ids:
            account = self._accounts.pop(int(passage_id), None)
            for entry in account.owed if account else ():
                admitted[entry + 1] += UNIT
            for entry, level in account.levels.items() if account else ():
                admitted[self._level_of[entry]] -= level
        return admitted

    def new_epoch(self) -> NDArray[np.int64]:
        """Start every account anew; the entries and levels (columns,) of those who stand in a zone at this moment."""
        admitted = np.zeros(self._columns, dtype=np.int64)
        for passage_id, old in list(self._accounts.items()):
            if not old.inside:
                del self._accounts[passage_id]
                continue
            account = self._accounts[passage_id] = _Account()
            for entry in old.inside:
                self._event(account, entry, admitted)
                if entry in account.owed and old.levels.get(entry):
                    account.levels[entry] = account.risen[entry] = old.levels[entry]
                    admitted[self._level_of[entry]] += old.levels[entry]
        return admitted

    def _event(self, account: _Account, counter: int, admitted: NDArray[np.int64]) -> None:
        if self._kinds[counter] == "exits":
            entry = self._entry_of[counter]
            account.inside.pop(entry, None)
            if entry in account.owed:
                account.owed.discard(entry)
                account.left.add(entry)
                account.stayed.add(entry)
                admitted[counter] += UNIT
                if entry in account.levels:
                    admitted[self._level_of[entry]] -= account.levels.pop(entry)
        elif self._kinds[counter] == "entries":
            account.inside[counter] = None
            if self._admit(account, counter, cost=2):
                account.owed.add(counter)
                admitted[counter] += UNIT
        elif self._admit(account, counter, cost=1):
            admitted[counter] += UNIT

    def _admit(self, account: _Account, counter: int, *, cost: int) -> bool:
        if counter in account.used or account.spent + cost > self._most:
            return False
        account.used.add(counter)
        account.spent += cost
        return True


def _speed(account: _Account, entry: int, speed_mps: float) -> int:
    if entry not in account.left:
        return 0
    account.left.discard(entry)
    return round(SPEED_UNITS * min(max(speed_mps / FASTEST_MPS, 0.0), 1.0))


def _stay(account: _Account, entry: int) -> int:
    if entry not in account.stayed:
        return 0
    account.stayed.discard(entry)
    return UNIT


def _level(account: _Account, entry: int, speed_mps: float) -> int:
    """By how much a visit's level changes, units; it rises only as far as its allowance lasts."""
    if entry not in account.owed:
        return 0
    level, risen = account.levels.get(entry, 0), account.risen.get(entry, 0)
    change = min(round(UNIT * max(speed_mps, 0.0) / MOST_RISE_MPS) - level, UNIT - risen)
    account.levels[entry], account.risen[entry] = level + change, risen + max(change, 0)
    return change


def _heat(account: _Account, share: float) -> int:
    units = min(round(UNIT * max(share, 0.0)), UNIT - account.heat)
    account.heat += units
    return units
