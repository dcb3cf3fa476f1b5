"""A place in arrays for each track that is alive."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

FIRST_CAPACITY = 32


class Slots:
    """Gives every track a column of its own for as long as it lives; columns are used again, so memory follows those in view.

    Parameters
    ----------
    grow : callable
        Called with the new number of columns before a column beyond the old ones is given.
    """

    def __init__(self, grow: Callable[[int], None]) -> None:
        self._grow = grow
        self._slot_of: dict[int, int] = {}
        self._free: list[int] = []
        self._capacity = 0

    def take(self, ids: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """The columns (n,) of tracks (n,), and which of them are new here."""
        found = [self._slot_of.get(key, -1) for key in ids.tolist()]
        slots = np.array(found, dtype=np.intp)
        new = slots < 0
        for row in np.flatnonzero(new).tolist():
            slots[row] = self._slot_of[int(ids[row])] = self._next()
        return slots, new

    def release(self, ids: NDArray[np.uint64]) -> tuple[list[int], NDArray[np.intp]]:
        """Forget tracks that have ended: those that were known, and the columns they had."""
        known = [(key, slot) for key in ids.tolist() if (slot := self._slot_of.pop(key, -1)) >= 0]
        self._free += [slot for _, slot in known]
        return [key for key, _ in known], np.array([slot for _, slot in known], dtype=np.intp)

    def _next(self) -> int:
        if not self._free:
            capacity = max(FIRST_CAPACITY, 2 * self._capacity)
            self._grow(capacity)
            self._free = list(range(capacity - 1, self._capacity - 1, -1))
            self._capacity = capacity
        return self._free.pop()


def widened(array: NDArray[Any], capacity: int) -> NDArray[Any]:
    """The array with more columns, the new ones zero."""
    wider = np.zeros((*array.shape[:-1], capacity), dtype=array.dtype)
    wider[..., : array.shape[-1]] = array
    return wider
