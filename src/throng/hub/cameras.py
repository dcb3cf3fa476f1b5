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
class Where:
    """Where a camera hangs: on the map, on a plan, or both.

    Attributes
    ----------
    lat, lon : float or None
        Degrees, WGS 84; both or neither.
    x, y : float or None
        Metres on the site's plan, from its upper left corner to the right and down; both or neither.
    """

    lat: float | None = None
    lon: float | None = None
    x: float | None = None
    y: float | None = None


@dataclass(frozen=True, slots=True)
class CameraEntry:
    """A camera by name, with its places, what it measures beside its counts, and its tick; never with its address.

    Attributes
    ----------
    site : str
        The site to which it belongs, and by which people are let at it.
    sensor : str
        The sensor that watches it; empty for the hub's own machine.
    where : Where or None
        Where it hangs, if somebody said so.
    """

    name: str
    places: tuple[PlaceEntry, ...]
    extras: Extras = NO_EXTRAS
    tick_s: float = 60.0
    site: str = ""
    sensor: str = ""
    where: Where | None = None

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
        self._removed: frozenset[str] = frozenset()
        self._problem = ""
        self._problem_since_s = 0.0

    @property
    def entries(self) -> list[CameraEntry]:
        """The cameras, in the order of the site."""
        with self._lock:
            return [status.camera for status in self._known.values()]

    def entry(self, name: str) -> CameraEntry | None:
        """A camera by name; None where there is none."""
        # One look-up in a dictionary needs no lock: ingest asks this for every series of every batch.
        status = self._known.get(name)
        return None if status is None else status.camera

    def site_of(self, name: str) -> str:
        """The site of a camera; empty where there is none of that name, so that only who may see all sites sees its past."""
        entry = self.entry(name)
        return "" if entry is None else entry.site

    def replace_entries(self, entries: Sequence[CameraEntry]) -> list[CameraStatus]:
        """Take other cameras; those that stay keep their state. Returns the ones that came or changed, as people see them."""
        with self._lock:
            before, now_s = self._known, self._clock()
            known: dict[str, CameraStatus] = {}
            for entry in entries:
                old = before.get(entry.name)
                known[entry.name] = CameraStatus(entry, "starting", "", now_s) if old is None else _with(old, entry)
            self._known = known
            self._removed = (self._removed | before.keys()) - known.keys()
            return [self._seen(status) for name, status in known.items() if before.get(name) is not status]

    def all(self) -> list[CameraStatus]:
        """The state of every camera, in the order of the site."""
        with self._lock:
            return [self._seen(status) for status in self._known.values()]

    def change(self, name: str, state: State, reason: str) -> CameraStatus | None:
        """Set a camera's state; returns it as people see it if that changed.

        A camera that was removed may still say something while it is being stopped, which is passed over.

        Raises
        ------
        KeyError
            There has never been such a camera.
        """
        with self._lock:
            if name in self._removed:
                return None
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


def _with(status: CameraStatus, entry: CameraEntry) -> CameraStatus:
    return status if status.camera == entry else replace(status, camera=entry)
