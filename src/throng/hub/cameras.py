"""What the hub knows of each camera: its places, and whether it sees."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from throng.data.place import NO_EXTRAS, Extras
from throng.store.store import HOUR_S

State = Literal["starting", "live", "unknown"]
PlaceKind = Literal["line", "zone"]
"""The cells of a heat map are never listed as places."""


@dataclass(frozen=True, slots=True)
class PlaceEntry:
    """A line or zone by name, and whether its camera is calibrated."""

    name: str
    kind: PlaceKind
    in_metres: bool = False


@dataclass(frozen=True, slots=True)
class CameraEntry:
    """A camera by name, with its places, what it measures beside its counts, and its tick; never with its address."""

    name: str
    places: tuple[PlaceEntry, ...]
    extras: Extras = NO_EXTRAS
    tick_s: float = 60.0

    @property
    def has_hours(self) -> bool:
        """Whether hours have rows of their own: where shorter ticks make them up."""
        return self.tick_s < HOUR_S and HOUR_S % self.tick_s == 0


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """Whether a camera sees, why not, and since when (Unix time, UTC)."""

    camera: CameraEntry
    state: State
    reason: str
    since_s: float


class Cameras:
    """The state of every camera, kept up to date by one thread and read by others.

    Parameters
    ----------
    entries : sequence of CameraEntry
    clock : callable
        Unix time, UTC.
    """

    def __init__(self, entries: Sequence[CameraEntry], *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known = {entry.name: CameraStatus(entry, "starting", "", clock()) for entry in entries}
        self._problem = ""
        self._problem_since_s = 0.0

    @property
    def entries(self) -> list[CameraEntry]:
        """The cameras, in the order of the site."""
        return [status.camera for status in self._known.values()]

    def all(self) -> list[CameraStatus]:
        """The state of every camera, in the order of the site."""
        with self._lock:
            return [self._seen(status) for status in self._known.values()]

    def change(self, name: str, state: State, reason: str) -> CameraStatus | None:
        """Set a camera's state; returns it as people see it if that changed.

        Raises
        ------
        KeyError
            The site has no such camera.
        """
        with self._lock:
            before = self._known[name]
            if (before.state, before.reason) == (state, reason):
                return None
            since_s = before.since_s if before.state == state else self._clock()
            after = self._known[name] = replace(before, state=state, reason=reason, since_s=since_s)
            return None if self._problem else after

    def set_problem(self, problem: str) -> list[CameraStatus]:
        """Set what keeps every camera's numbers from being known (nothing: empty); returns the states that changed by it."""
        with self._lock:
            if problem == self._problem:
                return []
            if not self._problem:
                self._problem_since_s = self._clock()
            self._problem = problem
            return [self._seen(status) for status in self._known.values()]

    def _seen(self, status: CameraStatus) -> CameraStatus:
        if not self._problem:
            return status
        return replace(status, state="unknown", reason=self._problem, since_s=self._problem_since_s)
