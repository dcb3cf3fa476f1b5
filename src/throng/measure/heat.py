"""Where in the picture each track was: its time, shared out over the cells of the heat map."""

import numpy as np
from numpy.typing import NDArray

from throng.data.place import HEAT_COLUMNS, HEAT_ROWS
from throng.measure.slots import Slots, widened

Floats = NDArray[np.float64]

SHORTEST_S = 1.0
"""A track that was seen for less has no part in the heat map: it may be nobody."""
LONGEST_STEP_S = 0.5
"""A look at somebody stands for the time since the one before, but after a pause for no more than this."""

_LAST = np.array([HEAT_COLUMNS - 1, HEAT_ROWS - 1])


class CellShares:
    """Each track's share of its seen time in each of `HEAT_COLUMNS` x `HEAT_ROWS` cells, told when it ends.

    Memory follows the tracks that are alive: one number a cell for each of them.

    Parameters
    ----------
    size_px : tuple of int
        Width and height of the picture.
    """

    def __init__(self, size_px: tuple[int, int]) -> None:
        self._cells_per_px = np.array([HEAT_COLUMNS / size_px[0], HEAT_ROWS / size_px[1]])
        self._slots = Slots(self._grow)
        self._seconds = np.zeros((HEAT_COLUMNS * HEAT_ROWS, 0))
        self._first_s, self._last_s = np.zeros((2, 0))

    def update(self, ids: NDArray[np.uint64], points_px: Floats, time_s: float) -> None:
        """Take in who (n,) is seen where (n, 2), image pixels; a point outside the picture belongs to the nearest cell."""
        if not len(ids):
            return
        slots, new = self._slots.take(ids)
        self._first_s[slots[new]] = self._last_s[slots[new]] = time_s
        column, row = np.clip(points_px * self._cells_per_px, 0, _LAST).astype(np.intp).T
        self._seconds[row * HEAT_COLUMNS + column, slots] += np.minimum(time_s - self._last_s[slots], LONGEST_STEP_S)
        self._last_s[slots] = time_s

    def end(self, ids: NDArray[np.uint64]) -> list[tuple[int, int, float]]:
        """Forget tracks that have ended; (track id, cell, share) of those seen for long enough, whose shares add up to one."""
        keys, slots = self._slots.release(ids)
        if not keys:
            return []
        seconds = self._seconds[:, slots]
        self._seconds[:, slots] = 0.0
        long_enough = self._last_s[slots] - self._first_s[slots] >= SHORTEST_S
        rows, cells = np.nonzero((long_enough & (seconds > 0)).T)
        shares = seconds[cells, rows] / seconds.sum(axis=0)[rows]
        return [
            (keys[row], cell, share) for row, cell, share in zip(rows.tolist(), cells.tolist(), shares.tolist(), strict=True)
        ]

    def _grow(self, capacity: int) -> None:
        for name in ("_seconds", "_first_s", "_last_s"):
            setattr(self, name, widened(getattr(self, name), capacity))
