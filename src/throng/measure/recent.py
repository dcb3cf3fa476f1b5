"""Sums over the last while, in slots of time: what a measure may remember, whatever the frame rate."""

import math

import numpy as np
from numpy.typing import NDArray


class RecentSums:
    """Sums of what is added during each of the last slots of time; memory is fixed when it is made.

    Parameters
    ----------
    shape : tuple of int
        Of one frame's values.
    slot_s : float
        Length of a slot.
    slots : int
        How many whole slots are remembered.
    """

    def __init__(self, shape: tuple[int, ...], *, slot_s: float, slots: int) -> None:
        self.slot_s = slot_s
        self._sums = np.zeros((slots + 1, *shape))
        self._frames = np.zeros(slots + 1, dtype=np.int64)
        self._newest: int | None = None

    def add(self, time_s: float, values: NDArray[np.float64] | list[float]) -> None:
        """Add one frame's values to the slot of its time; a frame that comes late counts in the newest slot."""
        slot, size = math.floor(time_s / self.slot_s), len(self._sums)
        if self._newest is None:
            self._newest = slot
        for skipped in range(max(self._newest, slot - size) + 1, slot + 1):
            self._sums[skipped % size], self._frames[skipped % size] = 0.0, 0
        self._newest = max(self._newest, slot)
        self._sums[self._newest % size] += values
        self._frames[self._newest % size] += 1

    def whole(self) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
        """Middle times (slots,), number of frames (slots,) and sums (slots, *shape) of all slots but the newest, oldest first.

        A slot of which nothing was seen has no frames; so has every slot from before the first frame.
        """
        size = len(self._sums)
        newest = 0 if self._newest is None else self._newest
        slots = np.arange(newest - size + 1, newest)
        middles_s = np.asarray((slots + 0.5) * self.slot_s, dtype=np.float64)
        return middles_s, self._frames[slots % size], self._sums[slots % size]
