"""What a backup holds, beside the numbers: the hub's records and its audit log; and the way back. Sealing it is the caller's.

A backup is a head line, then sections, each a name and its content in pieces; the last section says what the others held.

    throng backup 1\\n
    name length (1 byte), name; piece length (8 bytes, big-endian), piece, again and again; a piece of no length
    sections: records, log, numbers, facts
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from throng.data.errors import StoreError
from throng.store import archive
from throng.store.records import KINDS, Change, Records
from throng.store.store import Store

_HEAD = b"throng backup 1\n"
_PIECE = 1 << 20
_SPOILED = "the backup cannot be read: it is cut short, changed, or of a newer Throng; take another one"


class Writable(Protocol):
    """Takes bytes, one after the other."""

    def write(self, content: bytes, /) -> int: ...


class Readable(Protocol):
    """Gives bytes, one after the other."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Backup:
    """What a whole backup holds.

    Attributes
    ----------
    made : str
        When it was begun, UTC, ISO 8601.
    rows, records, log_bytes : int
    first_us, last_us : int or None
        When the oldest and newest tick began, Unix time, UTC, microseconds.
    sha256 : dict of str to str
        Of each section, in hexadecimal.
    """

    made: str
    rows: int
    records: int
    log_bytes: int
    first_us: int | None
    last_us: int | None
    sha256: Mapping[str, str]


def make_backup(store: Store, records: Records, log_path: Path, file: Writable) -> Backup:
    """Write a backup while the hub goes on.

    Parameters
    ----------
    store : Store
        Open.
    records : Records
        Open.
    log_path : Path
        The audit log; left out where there is none.
    file : writable
        Seals what is written.

    Raises
    ------
    StoreError
        Something cannot be read.
    """
    made = datetime.now(UTC).isoformat(timespec="seconds")
    file.write(_HEAD)
    sums: dict[str, str] = {}
    found = [asdict(record) for kind in KINDS for record in records.all(kind)]
    with _Section(file, "records", sums) as section:
        for record in found:
            section.write(json.dumps(record).encode() + b"\n")
    with _Section(file, "log", sums) as section:
        log_bytes = _copy_log(log_path, section)
    with _Section(file, "numbers", sums) as section:
        numbers = store.backup(cast("BinaryIO", section))
    backup = Backup(made, numbers.rows, len(found), log_bytes, numbers.first_us, numbers.last_us, sums)
    with _Section(file, "facts", {}) as section:
        section.write(json.dumps(asdict(backup)).encode())
    return backup


def check_backup(file: Readable) -> Backup:
    """Read a backup from start to end and believe nothing: what it holds.

    Raises
    ------
    StoreError
        It is cut short or was changed.
    """
    reader = _Reader(file)
    count = sum(1 for _ in _records(reader.section("records")))
    log = reader.section("log")
    log_bytes = sum(len(piece) for piece in iter(lambda: log.read(_PIECE), b""))
    archive.read(cast("BinaryIO", reader.section("numbers")), len)
    return reader.facts(records=count, log_bytes=log_bytes)


def restore_backup(file: Readable, *, store: Store, records: Records, log_path: Path) -> Backup:
    """Read a backup into an empty store, empty records and an absent log. When it raises, throw away what it began.

    Raises
    ------
    StoreError
        The backup is cut short or was changed, or one of the three holds something.
    """
    reader = _Reader(file)
    if log_path.exists() or any(records.all(kind) for kind in KINDS):
        raise StoreError("a backup is restored into an empty place only: name another folder")
    changes = [Change(told["kind"], told["key"], told["body"], 0) for told in _records(reader.section("records"))]
    records.change(changes)
    log = reader.section("log")
    log_bytes = 0
    with log_path.open("xb") as copy:
        log_path.chmod(0o600)
        shutil.copyfileobj(cast("BinaryIO", log), copy, _PIECE)
        log_bytes = copy.tell()
    store.restore(cast("BinaryIO", reader.section("numbers")))
    return reader.facts(records=len(changes), log_bytes=log_bytes)


class _Section:
    """One section that is being written."""

    def __init__(self, file: Writable, name: str, sums: dict[str, str]) -> None:
        self._file, self._name, self._sums = file, name, sums
        self._seen = hashlib.sha256()
        file.write(bytes([len(name)]) + name.encode())

    def write(self, content: bytes) -> int:
        if content:
            self._seen.update(content)
            self._file.write(len(content).to_bytes(8, "big"))
            self._file.write(content)
        return len(content)

    def __enter__(self) -> "_Section":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._file.write(bytes(8))
            self._sums[self._name] = self._seen.hexdigest()


class _Reader:
    """Reads sections, each to its end before the next."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._sums: dict[str, str] = {}
        self._section: _SectionReader | None = None
        if _exactly(file, len(_HEAD)) != _HEAD:
            raise StoreError(_SPOILED)

    def section(self, name: str) -> "_SectionReader":
        self._end()
        length = _exactly(self._file, 1)[0]
        if _exactly(self._file, length) != name.encode():
            raise StoreError(_SPOILED)
        self._section = _SectionReader(self._file, name)
        return self._section

    def facts(self, **counted: int) -> Backup:
        section = self.section("facts")
        try:
            told = json.loads(section.read(-1))
            facts = Backup(**{field.name: told[field.name] for field in fields(Backup)})
        except (ValueError, KeyError, TypeError):
            raise StoreError(_SPOILED) from None
        if facts.sha256 != self._sums or any(getattr(facts, name) != number for name, number in counted.items()):
            raise StoreError(_SPOILED)
        if self._file.read(1):
            raise StoreError(_SPOILED)
        return facts

    def _end(self) -> None:
        if self._section is not None:
            if self._section.read(1):
                raise StoreError(_SPOILED)
            self._sums[self._section.name] = self._section.sha256()


class _SectionReader:
    """One section that is being read; ends with it."""

    def __init__(self, file: Readable, name: str) -> None:
        self.name = name
        self._file = file
        self._left, self._ended = 0, False
        self._seen = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        parts, missing = [], size
        while missing and self._more():
            wanted = min(self._left, _PIECE) if missing < 0 else min(self._left, _PIECE, missing)
            part = _exactly(self._file, wanted)
            self._seen.update(part)
            self._left -= len(part)
            missing -= len(part) if missing > 0 else 0
            parts.append(part)
        return b"".join(parts)

    def sha256(self) -> str:
        return self._seen.hexdigest()

    def _more(self) -> bool:
        if not self._left and not self._ended:
            self._left = int.from_bytes(_exactly(self._file, 8), "big")
            self._ended = not self._left
        return not self._ended


def _records(section: _SectionReader) -> list[dict[str, Any]]:
    try:
        told = [json.loads(line) for line in section.read(-1).splitlines()]
        if all(each.keys() == {"kind", "key", "body", "version"} and each["kind"] in KINDS for each in told):
            return told
    except (ValueError, AttributeError):
        pass
    raise StoreError(_SPOILED)


def _copy_log(path: Path, section: _Section) -> int:
    """Whole lines only: the last one may be half written."""
    try:
        with path.open("rb") as log:
            content = log.read(path.stat().st_size)
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise StoreError(f"the audit log {path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    whole = content[: content.rfind(b"\n") + 1]
    section.write(whole)
    return len(whole)


def _exactly(file: Readable, length: int) -> bytes:
    parts, missing = [], length
    while missing > 0 and (part := file.read(missing)):
        parts.append(part)
        missing -= len(part)
    if missing:
        raise StoreError(_SPOILED)
    return b"".join(parts)
