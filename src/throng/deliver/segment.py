"""One file of a spool: records that are appended, read back while they wait, and deleted all together.

A file is a magic word and then records: length, checksum, rows and arrival time, then the payload. What a crash
left torn at its end has no valid checksum and is cut off when the file is read again.
"""

import contextlib
import os
import struct
import zlib
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

MAGIC = b"throngs1"
MOST_BYTES = 8 * 2**20
"""Of one payload."""
_HEAD = struct.Struct("<IIId")
_TAIL = struct.Struct("<Id")


class Segment:
    """A file of records, with what is known of each of them in memory.

    Parameters
    ----------
    path : Path
    number : int
        Segments with smaller numbers are older.
    """

    def __init__(self, path: Path, number: int) -> None:
        self.path = path
        self.number = number
        self.size = 0
        self.left = 0
        self.rows = array("I")
        self.times_s = array("d")
        self._offsets = array("Q")
        self._lengths = array("I")
        self._done = bytearray()
        self._first = 0
        self._file = -1

    def __len__(self) -> int:
        return len(self._offsets)

    @property
    def newest_s(self) -> float:
        """When its last record arrived, Unix time."""
        return self.times_s[-1] if self.times_s else float("-inf")

    @classmethod
    def create(cls, path: Path, number: int) -> Self:
        """A new, empty file that will still be there after a crash.

        Raises
        ------
        OSError
            It cannot be made.
        """
        made = cls(path, number)
        made._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            _write(made._file, MAGIC)
            sync_folder(path.parent)
        except OSError:
            made.remove()
            raise
        made.size = len(MAGIC)
        return made

    @classmethod
    def recover(cls, path: Path, number: int) -> Self:
        """A file that was left behind: its whole records are taken, what is torn behind them is cut off.

        Raises
        ------
        OSError
            It cannot be read.
        """
        found = cls(path, number)
        content = path.read_bytes()
        found.size = len(MAGIC) if content.startswith(MAGIC) else 0
        while found.size and (record := _record(content, found.size)):
            rows, time_s, length = record
            found._remember(found.size, length, rows, time_s)
            found.size += _HEAD.size + length
        if len(content) > found.size:
            os.truncate(path, found.size)
        return found

    def append(self, payloads: Sequence[bytes], rows: Sequence[int], times_s: Sequence[float]) -> None:
        """Add records; they are on the disk when this returns, or none of them counts.

        Raises
        ------
        OSError
            The disk is full or broken: the file is as it was, and takes no more.
        """
        records = [_packed(*each) for each in zip(payloads, rows, times_s, strict=True)]
        try:
            _write(self._file, b"".join(records))
            os.fsync(self._file)
        except OSError:
            # What a failed fsync left on the disk is unknown: nothing is put behind it, and a start finds what is whole.
            self._give_up()
            raise
        for record, payload, count, time_s in zip(records, payloads, rows, times_s, strict=True):
            self._remember(self.size, len(payload), count, time_s)
            self.size += len(record)

    def payloads(self, places: Sequence[int]) -> list[bytes | None]:
        """The payloads at some places; None for what can no longer be read."""
        try:
            with self.path.open("rb") as file:
                return [self._payload(file.fileno(), place) for place in places]
        except OSError:
            return [None] * len(places)

    def waiting(self) -> Iterator[int]:
        """Places of the records that are not done, oldest first."""
        return (place for place in range(self._first, len(self)) if not self._done[place])

    def waiting_back(self) -> Iterator[int]:
        """Places of the records that are not done, newest first."""
        return (place for place in range(len(self) - 1, self._first - 1, -1) if not self._done[place])

    def mark(self, place: int) -> None:
        """Count a record as done."""
        if not self._done[place]:
            self._done[place] = 1
            self.left -= 1
            while self._first < len(self) and self._done[self._first]:
                self._first += 1

    @property
    def writable(self) -> bool:
        """Whether records can be appended."""
        return self._file >= 0

    def close(self) -> None:
        """Take no more records."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def remove(self) -> None:
        """Delete the file."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _payload(self, file: int, place: int) -> bytes | None:
        content = os.pread(file, _HEAD.size + self._lengths[place], self._offsets[place])
        return content[_HEAD.size :] if _record(content, 0) else None

    def _remember(self, offset: int, length: int, rows: int, time_s: float) -> None:
        self._offsets.append(offset)
        self._lengths.append(length)
        self.rows.append(rows)
        self.times_s.append(time_s)
        self._done.append(0)
        self.left += 1

    def _give_up(self) -> None:
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, self.size)
        self.close()


def sync_folder(folder: Path) -> None:
    """Make a folder's new and renamed files last through a crash.

    Raises
    ------
    OSError
        It cannot.
    """
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _packed(payload: bytes, rows: int, time_s: float) -> bytes:
    tail = _TAIL.pack(rows, time_s)
    return _HEAD.pack(len(payload), zlib.crc32(payload, zlib.crc32(tail)), rows, time_s) + payload


def _record(content: bytes, offset: int) -> tuple[int, float, int] | None:
    """Rows, arrival time and length of the record at an offset; None where no whole one stands."""
    if len(content) - offset < _HEAD.size:
        return None
    length, checksum, rows, time_s = _HEAD.unpack_from(content, offset)
    end = offset + _HEAD.size + length
    if length > MOST_BYTES or end > len(content):
        return None
    payload = memoryview(content)[offset + _HEAD.size : end]
    return (rows, time_s, length) if zlib.crc32(payload, zlib.crc32(_TAIL.pack(rows, time_s))) == checksum else None


def _write(file: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(file, left) :]
