"""What one passage may change, bounded before any noise.

Statement. Within one epoch a track adds at most one to a counter and changes at most m counters, in whichever ticks. As the
admitted counts of two streams that differ in one track differ by at most m unit vectors in different columns, each column of
C times the difference is one column of C or zero, and the whole has length at most root(m) |c|. A passage of f tracks adds f
such differences; by the triangle inequality its length is at most f root(m) |c|. With k counters, m need never exceed k.

Why it holds: `_admit` spends one of m for each counter that it lets through, and never lets a counter through twice; an
exit's cost is reserved when its entry is admitted, so closing a zone visit needs no further allowance. What a track may do
depends on that track's own events alone, so that leaving out one track changes no other's. `new_epoch` starts every account
at nothing.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from throng.data.place import Counter
from throng.data.secrecy import MemoryOnly


def sensitivity(*, counters: int, passage_counters: int, pieces: int) -> float:
    """The length of what one passage of `pieces` tracks contributes, in columns of C: f root(m), rounded up."""
    return math.nextafter(pieces * math.nextafter(math.sqrt(min(passage_counters, counters)), math.inf), math.inf)


class _Account:
    """One live track: what it has used of its allowance, and the zones it stands in."""

    __slots__ = ("inside", "owed", "spent", "used")

    def __init__(self) -> None:
        self.spent = 0
        self.used: set[int] = set()
        self.owed: set[int] = set()
        self.inside: dict[int, None] = {}


class ContributionBound(MemoryOnly):
    """Lets through at most `passage_counters` counts of each track in an epoch, first come; zone visits whole or not at all.

    A zone's entry is admitted only if its exit can be too, and an exit only if its entry was; so admitted entries minus
    admitted exits is the number of admitted people who stand in the zone. What goes beyond the bound is dropped, and the
    numbers are too low by that. Memory grows with the tracks that are alive, not with those that have been.

    Parameters
    ----------
    counters : sequence of Counter
        As `throng.data.place.counters_of` gives them: a zone's exits stand right after its entries.
    passage_counters : int
        m.
    """

    __slots__ = ("_accounts", "_counters", "_entries", "_exits", "_most")

    def __init__(self, counters: Sequence[Counter], *, passage_counters: int) -> None:
        self._counters = len(counters)
        self._entries = {number for number, counter in enumerate(counters) if counter.quantity == "entries"}
        self._exits = {number for number, counter in enumerate(counters) if counter.quantity == "exits"}
        self._most = passage_counters
        self._accounts: dict[int, _Account] = {}

    def __len__(self) -> int:
        return len(self._accounts)

    def admit(self, passage_ids: NDArray[np.uint64], counters: NDArray[np.intp]) -> NDArray[np.int64]:
        """The counts (k,) that are let through of these events, in their order.

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
        for passage_id, counter in zip(passage_ids.tolist(), counters.tolist(), strict=True):
            account = self._accounts.setdefault(passage_id, _Account())
            admitted[counter] += self._event(account, counter)
        return admitted

    def forget(self, ended_ids: Iterable[int]) -> NDArray[np.int64]:
        """Close the accounts of tracks that are over; the exits (k,) still owed, so that nobody stays in a zone forever."""
        admitted = np.zeros(self._counters, dtype=np.int64)
        for passage_id in ended_ids:
            account = self._accounts.pop(int(passage_id), None)
            for entry in account.owed if account else ():
                admitted[entry + 1] += 1
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
                admitted[entry] += self._event(account, entry)
        return admitted

    def _event(self, account: _Account, counter: int) -> bool:
        if counter in self._exits:
            account.inside.pop(counter - 1, None)
            owed = counter - 1 in account.owed
            account.owed.discard(counter - 1)
            return owed
        if counter not in self._entries:
            return self._admit(account, counter, cost=1)
        account.inside[counter] = None
        admitted = self._admit(account, counter, cost=2)
        if admitted:
            account.owed.add(counter)
        return admitted

    def _admit(self, account: _Account, counter: int, *, cost: int) -> bool:
        if counter in account.used or account.spent + cost > self._most:
            return False
        account.used.add(counter)
        account.spent += cost
        return True
