"""The one place between a reader thread and its consumer: the newest frame, and what went wrong."""

import threading
import time
from dataclasses import dataclass

import av

from throng.data.outage import Outage

REPEAT_S = 1.0
"""How often an outage is told again while it lasts."""

SILENT = "the camera sends no pictures"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Arrival:
    """A decoded picture, not yet converted: one that is dropped costs no conversion."""

    picture: av.VideoFrame
    time_s: float
    index: int


class Mailbox:
    """Holds at most the newest arrival and the newest untold outage, in the order in which they happened.

    Parameters
    ----------
    silence_s : float
        Without a frame for so long the camera is out, whatever the reader thread is waiting for.
    """

    def __init__(self, *, silence_s: float) -> None:
        self.dropped = 0
        self._changed = threading.Condition()
        self._items: list[Arrival | Outage] = []
        self._silence_s = silence_s
        self._reason = ""
        self._ended = False
        self._heard_s = time.monotonic()
        self._told_s = -float("inf")

    def put(self, arrival: Arrival) -> None:
        """Leave a frame; one that nobody has taken yet is dropped and counted."""
        with self._changed:
            others: list[Arrival | Outage] = [item for item in self._items if isinstance(item, Outage)]
            self.dropped += len(self._items) - len(others)
            self._items = [*others, arrival]
            self._changed.notify_all()

    def heard(self) -> None:
        """The camera sent a frame, wanted or not: the outage, if there was one, is over."""
        with self._changed:
            self._reason = ""
            self._heard_s = time.monotonic()

    def fail(self, reason: str) -> None:
        """The stream failed: told at once, and again about every second until the next frame."""
        with self._changed:
            self._items = [item for item in self._items if isinstance(item, Arrival)]
            self._items.append(Outage(reason, time.time()))
            self._reason = reason
            self._changed.notify_all()

    def end(self) -> None:
        """Nothing more will come."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def take(self) -> Arrival | Outage | None:
        """Wait for the next frame or outage; None when there will be no more."""
        with self._changed:
            while not self._items:
                if self._ended:
                    return None
                wait_s = self._until_due_s()
                if wait_s <= 0:
                    self._items.append(Outage(self._reason or SILENT, time.time()))
                else:
                    self._changed.wait(wait_s)
            item = self._items.pop(0)
            if isinstance(item, Outage):
                self._told_s = time.monotonic()
            return item

    def _until_due_s(self) -> float:
        """Seconds until an outage has to be told."""
        silent_at_s = self._heard_s if self._reason else self._heard_s + self._silence_s
        return max(silent_at_s, self._told_s + REPEAT_S) - time.monotonic()
