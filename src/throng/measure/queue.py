"""Queues: how many wait, how fast they are served, and how long it takes."""

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray

from throng.data.little import Wait, mean_wait, wait_to_come
from throng.data.secrecy import MemoryOnly
from throng.measure.recent import RecentSums

Floats = NDArray[np.float64]

WAITING_MPS = 0.5
"""Who moves slower than this in a queue's area waits; people who move up in a queue do, those who walk past do not."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class QueueState(MemoryOnly):
    """A queue over the last while.

    Attributes
    ----------
    waiting : float
        How many wait now.
    mean_waiting : float
        How many waited on average.
    service_rate_per_s, rate_error : float
        How many left the queue for each second in which somebody waited, and the standard error of that (Poisson); NaN where
        nobody waited. Where services are even it is too high by about half a service for each time the queue begins anew.
    wait : Wait
        How long those who left had waited by Little's law, from numbers alone.
    measured_s, measured_error : float
        How long they had waited by their own dwell, and the standard error of that mean; NaN where it is not known of anybody.
    wait_to_come : Wait
        How long somebody who joins now will wait.
    """

    waiting: float
    mean_waiting: float
    service_rate_per_s: float
    rate_error: float
    wait: Wait
    measured_s: float
    measured_error: float
    wait_to_come: Wait


def waiting(velocities_mps: Floats, inside: NDArray[np.bool_], *, below_mps: float = WAITING_MPS) -> NDArray[np.bool_]:
    """Which people (n,) wait: those `inside` (n,) the queue's area with velocities (n, 2) of less than `below_mps`.

    Who has just appeared, so that the velocity is NaN, waits until it is known.
    """
    speeds = np.hypot(velocities_mps[:, 0], velocities_mps[:, 1])
    return np.asarray(inside & ~(speeds >= below_mps))


class Queue:
    """A queue that is watched; it remembers the last while in slots of time.

    Parameters
    ----------
    slot_s, span_s : float
        Length of a slot, and of the while.
    """

    def __init__(self, *, slot_s: float = 10.0, span_s: float = 600.0) -> None:
        self._recent = RecentSums((7,), slot_s=slot_s, slots=round(span_s / slot_s))
        self._waiting = nan

    def add(self, time_s: float, waiting: int, left: int, dwells_s: Floats | None = None) -> None:
        """Take in one frame.

        Parameters
        ----------
        time_s : float
            When.
        waiting : int
            How many wait now: those whom `waiting` names, or all in the queue's area.
        left : int
            How many have left the queue at its head since the frame before.
        dwells_s : (k,) float64, optional
            How long those of them had been in it of whom that is known, seconds.
        """
        dwells = np.empty(0) if dwells_s is None else dwells_s
        self._waiting = waiting
        length = float(waiting)
        own = (len(dwells), dwells.sum(), (dwells**2).sum())
        self._recent.add(time_s, [length, length**2, length > 0, left, *own])

    def state(self) -> QueueState:
        """What is known of the whole slots of the last while, and of those who wait now."""
        _, frames, sums = self._recent.whole()
        seen = frames > 0
        left, known, dwell, dwell2 = sums[:, 3:].sum(axis=0).tolist()
        span_s = self._recent.slot_s * int(np.count_nonzero(seen))
        # Slots count alike, whatever the number of frames in them.
        means = (sums[seen, :3] / frames[seen, None]).mean(axis=0).tolist() if span_s else [nan] * 3
        length, length2, busy = means
        busy_s = busy * span_s if span_s else 0.0
        measured = dwell / known if known else nan
        return QueueState(
            waiting=self._waiting,
            mean_waiting=length,
            service_rate_per_s=left / busy_s if busy_s else nan,
            rate_error=sqrt(left) / busy_s if busy_s else nan,
            wait=mean_wait(length, left, span_s, people_spread=sqrt(max(length2 - length**2, 0.0))),
            measured_s=measured,
            measured_error=sqrt(max(dwell2 / known - measured**2, 0.0) / (known - 1)) if known > 1 else nan,
            wait_to_come=wait_to_come(self._waiting, left, busy_s),
        )
