"""What could not be delivered yet, kept on disk until it was: only numbers that have passed the wall."""

import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from types import TracebackType
from typing import Self

from throng.data.errors import DeliveryError
from throng.deliver.segment import Segment

DAY_S = 86_400.0
AHEAD_S = 60.0
SEGMENT_BYTES = 4 * 2**20
_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a spool holds at most; the oldest goes when it holds more.

    Attributes
    ----------
    disk_bytes : int
    age_s : float
        Since it arrived.
    memory_bytes : int
        While the disk takes nothing.
    """

    disk_bytes: int = 2 * 10**9
    age_s: float = 14 * DAY_S
    memory_bytes: int = 64 * 2**20


@dataclass(slots=True, eq=False)
class Kept:
    """A payload that waits: in a file, or in memory while the disk takes nothing."""

    rows: int
    time_s: float
    payload: bytes = b""
    segment: Segment | None = None
    place: int = 0


class Spool:
    """Keeps payloads in files of its own folder until they are done; safe to share between threads.

    What is done is deleted file by file, so that a crash repeats some of it and loses nothing.

    Parameters
    ----------
    folder : Path
        Made when absent, for its owner only.
    bounds : Bounds
    segment_bytes : int
        A file that has grown so large takes no more.
    clock : callable
        Unix time, UTC.

    Raises
    ------
    DeliveryError
        The folder cannot be used, or another process uses it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        bounds: Bounds | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._bounds = bounds or Bounds()
        self._segment_bytes = segment_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._memory: deque[Kept] = deque()
        self._memory_bytes = 0
        self._next = 1
        self.lost = 0
        self.problem = ""
        self._only_user = _locked(folder)
        self._segments: list[Segment] = []
        try:
            self._recover()
        except OSError as error:
            os.close(self._only_user)
            raise DeliveryError(f"the spool in {folder} cannot be read: {_reason(error)}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __len__(self) -> int:
        """How many payloads wait."""
        with self._lock:
            return sum(segment.left for segment in self._segments) + len(self._memory)

    def keep(self, payloads: Sequence[bytes], *, rows: Sequence[int]) -> None:
        """Take payloads, with how many rows each has; on disk when this returns, or in memory while `problem` says why."""
        now_s = self._clock()
        with self._lock:
            for payload, count in zip(payloads, rows, strict=True):
                self._memory.append(Kept(count, now_s, payload))
                self._memory_bytes += len(payload)
            self._settle()
            self._bound(now_s)

    def newest(self, *, since_s: float, most_rows: int) -> list[Kept]:
        """What arrived since a time, the newest where it is more than so many rows; oldest first."""
        with self._lock:
            found = _within(self._waiting_back(), most_rows, since_s=since_s, until_s=self._clock() + AHEAD_S)
        found.reverse()
        return found

    def oldest(self, *, most_rows: int) -> list[Kept]:
        """What has waited longest, oldest first: at least one, and no more rows than so many.

        What came while the clock was wrong, and seems to be of the future since, waits until its time has come.
        """
        with self._lock:
            return _within(self._waiting(), most_rows, since_s=float("-inf"), until_s=self._clock() + AHEAD_S)

    def payloads(self, kept: Sequence[Kept]) -> list[tuple[Kept, bytes]]:
        """Payloads with what they belong to; those that can no longer be read are given up and counted as lost."""
        found: list[tuple[Kept, bytes]] = []
        with self._lock:
            for segment, group in groupby(kept, lambda each: each.segment):
                some = list(group)
                read = segment.payloads([each.place for each in some]) if segment else [each.payload for each in some]
                for each, payload in zip(some, read, strict=True):
                    if payload is None and segment is not None:
                        self.lost += 1
                        self._mark(segment, each.place)
                    elif payload is not None:
                        found.append((each, payload))
        return found

    def done(self, kept: Sequence[Kept]) -> None:
        """Delete what was delivered."""
        with self._lock:
            for each in kept:
                if each.segment is not None:
                    self._mark(each.segment, each.place)
            in_memory = {id(each) for each in kept if each.segment is None}
            if in_memory:
                # One that memory had no room for is no longer there.
                self._memory = deque(each for each in self._memory if id(each) not in in_memory)
                self._memory_bytes = sum(len(each.payload) for each in self._memory)

    def close(self) -> None:
        """Close the files; what waits on disk stays, what is in memory alone is lost."""
        with self._lock:
            self._settle()
            for segment in self._segments:
                segment.close()
            self.lost += len(self._memory)
            self._memory.clear()
            if self._only_user >= 0:
                os.close(self._only_user)
                self._only_user = -1

    def _recover(self) -> None:
        for path in sorted(self._folder.glob("*.spool")):
            if not path.stem.isdecimal():
                continue
            segment = Segment.recover(path, int(path.stem))
            self._next = segment.number + 1
            if segment.left:
                self._segments.append(segment)
            else:
                segment.remove()

    def _settle(self) -> None:
        try:
            while self._memory:
                some = [self._memory[place] for place in range(min(_CHUNK, len(self._memory)))]
                segment = self._writable()
                first = len(segment)
                segment.append([each.payload for each in some], [each.rows for each in some], [each.time_s for each in some])
                for place, each in enumerate(some, first):
                    self._memory_bytes -= len(each.payload)
                    each.segment, each.place, each.payload = segment, place, b""
                    self._memory.popleft()
        except OSError as error:
            self.problem = f"the spool in {self._folder} cannot be written, so numbers wait in memory: {_reason(error)}"
            if self._segments and not self._segments[-1].left:
                self._segments.pop().remove()
        else:
            self.problem = ""

    def _writable(self) -> Segment:
        last = self._segments[-1] if self._segments else None
        if last and last.writable and last.size < self._segment_bytes:
            return last
        if last:
            last.close()
        made = Segment.create(self._folder / f"{self._next:010}.spool", self._next)
        self._next += 1
        self._segments.append(made)
        return made

    def _bound(self, now_s: float) -> None:
        size = sum(segment.size for segment in self._segments)
        while self._segments and (size > self._bounds.disk_bytes or self._segments[0].newest_s < now_s - self._bounds.age_s):
            oldest = self._segments.pop(0)
            size -= oldest.size
            self.lost += oldest.left
            oldest.remove()
        while self._memory and self._memory_bytes > self._bounds.memory_bytes:
            self._memory_bytes -= len(self._memory.popleft().payload)
            self.lost += 1

    def _mark(self, segment: Segment, place: int) -> None:
        segment.mark(place)
        if not segment.left and segment in self._segments:
            self._segments.remove(segment)
            segment.remove()

    def _waiting(self) -> Iterator[Kept]:
        stored = (_at(segment, place) for segment in self._segments for place in segment.waiting())
        return chain(stored, self._memory)

    def _waiting_back(self) -> Iterator[Kept]:
        stored = (_at(segment, place) for segment in reversed(self._segments) for place in segment.waiting_back())
        return chain(reversed(self._memory), stored)


def _at(segment: Segment, place: int) -> Kept:
    return Kept(segment.rows[place], segment.times_s[place], segment=segment, place=place)


def _within(waiting: Iterator[Kept], most_rows: int, *, since_s: float, until_s: float) -> list[Kept]:
    found: list[Kept] = []
    rows = 0
    for each in waiting:
        if each.time_s > until_s:
            continue
        rows += each.rows
        if each.time_s < since_s or (found and rows > most_rows):
            break
        found.append(each)
    return found


def _locked(folder: Path) -> int:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise DeliveryError(f"the spool's folder {folder} cannot be used: {_reason(error)}") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise DeliveryError(f"another sensor uses the spool in {folder}: stop it, or give this one another folder") from None
    return file


def _reason(error: OSError) -> str:
    return (error.strerror or "unknown error").lower()
