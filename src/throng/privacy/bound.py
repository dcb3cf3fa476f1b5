"""What one passage may change, bounded before any noise.

Statement. Within one epoch a track adds at most one to a counter and changes at most m counters, in whichever ticks. As the
admitted counts of two streams that differ in one track differ by at most m unit vectors in different columns, each column of
C times the difference is one column of C or zero, and the whole has length at most root(m) |c|. A passage of f tracks adds f
such differences; by the triangle inequality its length is at most f root(m) |c|. With k counters, m need never exceed k.

A visit to a calibrated zone has one speed beside its two counts, of an amount from 0 to the weight w < 1, in a column of its
own. A track has at most v = m // 2 visits, in different zones; so the sum over its columns of the squared amount is at most
m + v w^2 where v zones have speeds, and root(m) becomes root(m + v w^2).

Why it holds: `_admit` spends one of m for each counter that it lets through, and never lets a counter through twice; an
exit's cost is reserved when its entry is admitted, so closing a zone visit needs no further allowance; a visit's speed is let
through only after its exit was, once, cut to between 0 and w. What a track may do depends on that track's own events alone, so
that leaving out one track changes no other's. `new_epoch` starts every account at nothing.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from throng.data.place import Counter
from throng.data.secrecy import MemoryOnly

UNIT = 256
"""What is admitted is counted in units of 1/256 person."""
FASTEST_MPS = 3.0
"""A visit's mean speed is cut to this; few people run through a crowd, and nobody for long."""
SPEED_UNITS = 128
"""What a visit at that speed adds to its zone's speeds: w = 1/2 person. It costs the counts 4 per cent more noise at m = 3, and
the speeds twice the noise of a count."""


def sensitivity(*, counters: int, passage_counters: int, pieces: int, speeds: int = 0) -> float:
    """The length of what one passage of `pieces` tracks contributes, in columns of C: f root(m + v w^2), rounded up.

    Parameters
    ----------
    counters : int
        Those that count people, without the speeds.
    passage_counters, pieces : int
        m and f.
    speeds : int
        Zones that have speeds.
    """
    visits = min(passage_counters // 2, speeds)
    squared = min(passage_counters, counters) + visits * (SPEED_UNITS / UNIT) ** 2
    return math.nextafter(pieces * math.nextafter(math.sqrt(squared), math.inf), math.inf)


class _Account:
    """One live track: what it has used of its allowance, and the zones it stands in."""

    __slots__ = ("inside", "left", "owed", "spent", "used")

    def __init__(self) -> None:
        self.spent = 0
        self.used: set[int] = set()
        self.owed: set[int] = set()
        self.left: set[int] = set()
        """Exits that were admitted and have had no speed yet."""
        self.inside: dict[int, None] = {}


class ContributionBound(MemoryOnly):
    """Lets through at most `passage_counters` counts of each track in an epoch, first come; zone visits whole or not at all.

    A zone's entry is admitted only if its exit can be too, and an exit only if its entry was; so admitted entries minus
    admitted exits is the number of admitted people who stand in the zone. What goes beyond the bound is dropped, and the
    numbers are too low by that. Memory grows with the tracks that are alive, not with those that have been.

    Parameters
    ----------
    counters : sequence of Counter
        As `throng.data.place.counters_of` gives them: a zone's exits stand right after its entries, the speeds come last.
    passage_counters : int
        m.
    """

    __slots__ = ("_accounts", "_counters", "_entries", "_exit_of", "_exits", "_most")

    def __init__(self, counters: Sequence[Counter], *, passage_counters: int) -> None:
        self._counters = len(counters)
        self._entries = {number for number, counter in enumerate(counters) if counter.quantity == "entries"}
        self._exits = {number for number, counter in enumerate(counters) if counter.quantity == "exits"}
        exits = {counters[number].place: number for number in self._exits}
        self._exit_of = {number: exits[each.place] for number, each in enumerate(counters) if each.quantity == "speed"}
        self._most = passage_counters
        self._accounts: dict[int, _Account] = {}

    def __len__(self) -> int:
        return len(self._accounts)

    def admit(
        self, passage_ids: NDArray[np.uint64], counters: NDArray[np.intp], amounts: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """What is let through (k,) of these events, in their order, in units of 1/`UNIT`: see `Measurement`.

        Raises
        ------
        ValueError
            A counter is not one of the k.
        """
        if len(counters) and not 0 <= counters.min() <= counters.max() < self._counters:
            raise ValueError(
                f"counters must be numbers from 0 to {self._counters - 1}: measuring and the wall differ in their places"
            )
        admitted = np.zeros(self._counters, dtype=np.int64)
        for passage_id, counter, amount in zip(passage_ids.tolist(), counters.tolist(), amounts.tolist(), strict=True):
            account = self._accounts.setdefault(passage_id, _Account())
            if counter in self._exit_of:
                admitted[counter] += self._speed(account, self._exit_of[counter], amount)
            else:
                admitted[counter] += UNIT * self._event(account, counter)
        return admitted

    def forget(self, ended_ids: Iterable[int]) -> NDArray[np.int64]:
        """Close the accounts of tracks that are over; the exits (k,) still owed, so that nobody stays in a zone forever."""
        admitted = np.zeros(self._counters, dtype=np.int64)
        for passage_id in ended_ids:
            account = self._accounts.pop(int(passage_id), None)
            for entry in account.owed if account else ():
                admitted[entry + 1] += UNIT
        return admitted

    def new_epoch(self) -> NDArray[np.int64]:
        """Start every account anew; the entries (k,) of those who stand in a zone at this moment."""
        admitted = np.zeros(self._counters, dtype=np.int64)
        for passage_id, old in list(self._accounts.items()):
            if not old.inside:
                del self._accounts[passage_id]
                continue
            account = self._accounts[passage_id] = _Account()
            for entry in old.inside:
                admitted[entry] += UNIT * self._event(account, entry)
        return admitted

    def _event(self, account: _Account, counter: int) -> bool:
        if counter in self._exits:
            account.inside.pop(counter - 1, None)
            owed = counter - 1 in account.owed
            account.owed.discard(counter - 1)
            if owed:
                account.left.add(counter)
            return owed
        if counter not in self._entries:
            return self._admit(account, counter, cost=1)
        account.inside[counter] = None
        admitted = self._admit(account, counter, cost=2)
        if admitted:
            account.owed.add(counter)
        return admitted

    @staticmethod
    def _speed(account: _Account, exit_counter: int, speed_mps: float) -> int:
        if exit_counter not in account.left:
            return 0
        account.left.discard(exit_counter)
        return round(SPEED_UNITS * min(max(speed_mps / FASTEST_MPS, 0.0), 1.0))

    def _admit(self, account: _Account, counter: int, *, cost: int) -> bool:
        if counter in account.used or account.spent + cost > self._most:
            return False
        account.used.add(counter)
        account.spent += cost
        return True
