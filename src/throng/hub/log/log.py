"""The hub's audit log: who did what, and who was refused. Append-only, each entry chained to the one before."""

import contextlib
import fcntl
import json
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import KW_ONLY, asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from throng.data.chain import FIELDS, START, entry_hash
from throng.data.errors import LogError

Outcome = Literal["ok", "refused", "failed"]
_LONGEST = 500
_REFUSALS_A_MINUTE = 600
_SYNCED_REFUSALS = 100
_COUNTED_ONLY = "more refusals in that minute were counted only"
_KEPT = 10_000
"""Newest entries in memory, for whoever looks at the log."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry: whoever keeps its hash elsewhere can tell later whether the past was rewritten."""

    seq: int
    hash: str
    time: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What an entry tells.

    Attributes
    ----------
    event : str
        A short dotted name, "sign-in".
    who : str
        A person, token or sensor by name; empty for a stranger.
    outcome : Outcome
        "ok", "refused" or "failed".
    about : str
        What it was done to.
    detail : str
        A sentence; never a secret, never a number about people.
    address : str
        Where the request came from.
    """

    event: str
    _: KW_ONLY
    who: str
    outcome: Outcome = "ok"
    about: str = ""
    detail: str = ""
    address: str = ""


class Log:
    """Writes the log; safe to use from many threads.

    A flood of refusals must not fill the disk: past 600 of one event in a minute they are counted, and told as one entry. Nor
    must it keep the hub waiting for the disk: past 100 they are written, and on the disk a little later.

    Parameters
    ----------
    path : Path
        JSON lines; made, readable by its owner only, when absent.
    clock : callable
        Unix time, UTC.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._file = -1
        self._head = Head(0, START, "")
        self._newest: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._minute = -1
        self._refusals: Counter[str] = Counter()
        self._torn_at: int | None = None

    def open(self) -> Self:
        """Open the log and go on where it ends; a torn last line, of a crash while it was written, is cut off and told.

        Raises
        ------
        LogError
            It cannot be opened, another process holds it, or its last entry does not fit its hash.
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # two writers would make two chains
            os.fchmod(self._file, 0o600)
            torn = self._continue()
        except BlockingIOError:
            self._leave()
            raise LogError(f"the audit log {self.path} is held by another process: stop the hub first") from None
        except LogError:
            self._leave()
            raise
        except OSError as error:
            self._leave()
            raise LogError(f"the audit log {self.path} cannot be opened: {error.strerror or error}") from None
        if torn:
            self.write("log.torn", who="hub", about=self.path.name, detail="an unfinished last line was cut off")
        return self

    def close(self) -> None:
        """Tell of what was only counted, and close the log."""
        with self._lock:
            if self._file >= 0:
                self._tell_counted(self._minute)
            self._leave()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def write(
        self, event: str, *, who: str, outcome: Outcome = "ok", about: str = "", detail: str = "", address: str = ""
    ) -> None:
        """Add an entry, of these parts of an `Entry`; it is on the disk when this returns, but for a flood of refusals.

        Raises
        ------
        LogError
            It cannot be written: whatever it tells of must then not be done.
        """
        self.write_all([Entry(event, who=who, outcome=outcome, about=about, detail=detail, address=address)])

    def write_all(self, entries: Sequence[Entry]) -> None:
        """Add several entries at once, all or none, as `write` does."""
        with self._lock:
            now = self._clock()
            if int(now // 60) != self._minute:
                self._tell_counted(self._minute)
                self._minute = int(now // 60)
            self._append(now, [entry for entry in entries if self._is_told(entry)], is_flood=self._is_flood(entries))

    def head(self) -> Head:
        """The newest entry's number, hash and time."""
        with self._lock:
            return self._head

    def newest(self, *, most: int = 100, before: int | None = None) -> list[dict[str, Any]]:
        """The newest entries, newest first, of the last 10,000; those numbered below `before`."""
        with self._lock:
            entries = [entry for entry in reversed(self._newest) if before is None or entry["seq"] < before]
        return entries[:most]

    def _leave(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = -1

    def _is_told(self, entry: Entry) -> bool:
        if entry.outcome != "refused":
            return True
        self._refusals[entry.event] += 1
        return self._refusals[entry.event] <= _REFUSALS_A_MINUTE

    def _is_flood(self, entries: Sequence[Entry]) -> bool:
        return all(entry.outcome == "refused" and self._refusals[entry.event] > _SYNCED_REFUSALS for entry in entries)

    def _tell_counted(self, minute: int) -> None:
        counts, self._refusals = self._refusals, Counter()
        told = [
            Entry("refusals.counted", who="", outcome="refused", about=event, detail=f"{more} {_COUNTED_ONLY}")
            for event, count in counts.items()
            if (more := count - _REFUSALS_A_MINUTE) > 0
        ]
        self._append(minute * 60.0 + 60, told)

    def _append(self, time_s: float, told: Sequence[Entry], *, is_flood: bool = False) -> None:
        if self._file < 0:
            raise LogError(f"the audit log {self.path} is not open")
        entries = list(self._chained(time_s, told))
        if not entries:
            return
        content = b"".join(_line(entry) for entry in entries)
        try:
            if self._torn_at is not None:
                os.ftruncate(self._file, self._torn_at)
            self._torn_at = os.fstat(self._file).st_size  # until it is known that all is written
            if os.write(self._file, content) != len(content):
                raise OSError(28, os.strerror(28))
            if not is_flood:
                os.fsync(self._file)
            self._torn_at = None
        except OSError as error:
            self._cut()
            raise LogError(f"the audit log cannot be written: {error.strerror or error}; nothing was done") from None
        self._head = Head(entries[-1]["seq"], entries[-1]["hash"], entries[-1]["time"])
        self._newest.extend(entries)

    def _cut(self) -> None:
        """Cut off what was written in part; where that fails, too, it is tried again before the next entry."""
        with contextlib.suppress(OSError):
            if self._torn_at is not None:
                os.ftruncate(self._file, self._torn_at)
                self._torn_at = None

    def _chained(self, time_s: float, told: Sequence[Entry]) -> Iterator[dict[str, Any]]:
        seq, before = self._head.seq, self._head.hash
        time_text = datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        for words in told:
            seq += 1
            texts = {name: _plain(text) for name, text in asdict(words).items()}
            entry = {"seq": seq, "time": time_text, **texts, "before": before}
            entry["hash"] = before = entry_hash(entry)
            yield {name: entry[name] for name in FIELDS}

    def _continue(self) -> bool:
        """Take up the chain at its end; whether a torn last line was cut off."""
        size = os.fstat(self._file).st_size
        tail = os.pread(self._file, min(size, _KEPT * 1024), max(0, size - _KEPT * 1024))
        whole = tail[: tail.rfind(b"\n") + 1]
        torn = len(whole) < len(tail)
        if torn:
            os.ftruncate(self._file, size - (len(tail) - len(whole)))
        lines = whole.splitlines()
        if len(whole) < size - (len(tail) - len(whole)):
            del lines[:1]  # began before what was read
        for line in lines:
            self._newest.append(_parsed(line, self.path))
        if self._newest:
            last = self._newest[-1]
            if entry_hash(last) != last["hash"]:
                raise LogError(
                    f"the last entry of the audit log {self.path} was changed: keep the file as evidence, move it away"
                )
            self._head = Head(last["seq"], last["hash"], last["time"])
        return torn


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _parsed(line: bytes, path: Path) -> dict[str, Any]:
    try:
        entry = json.loads(line)
        entry_hash(entry)
        _ = entry["hash"]
    except (ValueError, KeyError, TypeError):
        raise LogError(
            f"the audit log {path} was changed: run throng audit --log {path}; keep it as evidence, move it away"
        ) from None
    return dict(entry)


def _plain(text: str) -> str:
    """One line of bounded length: a name that a stranger typed must not look like another entry."""
    cleaned = "".join(character if character.isprintable() else "?" for character in text[: _LONGEST + 1])
    return cleaned if len(cleaned) <= _LONGEST else cleaned[: _LONGEST - 3] + "..."
