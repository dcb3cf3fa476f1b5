"""Rows on their way into a backup and back: a stream of frames, and at its end what they hold.

    throng rows 1\\n
    length (8 bytes, big-endian), SHA-256, that many bytes of an Arrow stream    again and again
    the same of no bytes
    the same of JSON: rows, first_us, last_us, and sha256 over all frames

Nothing of it is a page of a database file, so that what was deleted from one does not travel.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any, BinaryIO

import pyarrow as pa

from throng.data.errors import StoreError
from throng.data.rows import Rows
from throng.store.store import BackupFacts

_HEAD = b"throng rows 1\n"
_LONGEST_FRAME = 1 << 28
_SPOILED = "the backup's numbers cannot be read: they are cut short, changed, or of a newer Throng; take another backup"
_TEXTS = ("series", "parts", "reasons")
_COLUMNS = ("series_of", "part_of", "reason_of", "tick_start_us", "values", "standard_errors")


def write(file: BinaryIO, batches: Iterable[Rows]) -> BackupFacts:
    """Write rows and what they are; the file is only written to, from its start to its end."""
    count, ticks_us, seen = 0, [], hashlib.sha256()
    file.write(_HEAD)
    for rows in batches:
        if not len(rows):
            continue
        frame = _packed(rows)
        _write_frame(file, frame)
        seen.update(frame)
        count += len(rows)
        ticks_us += [int(rows.tick_start_us.min()), int(rows.tick_start_us.max())]
    facts = BackupFacts(count, min(ticks_us, default=None), max(ticks_us, default=None), seen.hexdigest())
    _write_frame(file, b"")
    _write_frame(file, json.dumps(asdict(facts)).encode())
    return facts


def read(file: BinaryIO, take: Callable[[Rows], int]) -> BackupFacts:
    """Hand every batch of rows on, and check that they are all there; before this returns none of them is to be shown.

    Raises
    ------
    StoreError
        It is no such stream, cut short, or was changed; or a row stands there twice.
    """
    if _exactly(file, len(_HEAD)) != _HEAD:
        raise StoreError(_SPOILED)
    count, taken, ticks_us, seen = 0, 0, [], hashlib.sha256()
    for frame in _frames(file):
        seen.update(frame)
        rows = _unpacked(frame)
        count += len(rows)
        ticks_us += [int(rows.tick_start_us.min()), int(rows.tick_start_us.max())]
        taken += take(rows)
    found = BackupFacts(count, min(ticks_us, default=None), max(ticks_us, default=None), seen.hexdigest())
    if _frame(file) != json.dumps(asdict(found)).encode() or taken != count:
        raise StoreError(_SPOILED)
    return found


def _write_frame(file: BinaryIO, frame: bytes) -> None:
    file.write(len(frame).to_bytes(8) + hashlib.sha256(frame).digest())
    file.write(frame)


def _frames(file: BinaryIO) -> Iterator[bytes]:
    while frame := _frame(file):
        yield frame


def _frame(file: BinaryIO) -> bytes:
    length = int.from_bytes(_exactly(file, 8))
    if length > _LONGEST_FRAME:
        raise StoreError(_SPOILED)
    # Before it is parsed: the parser takes a changed number for another number, or for another length.
    told, frame = _exactly(file, 32), _exactly(file, length)
    if hashlib.sha256(frame).digest() != told:
        raise StoreError(_SPOILED)
    return frame


def _exactly(file: BinaryIO, length: int) -> bytes:
    parts, missing = [], length
    while missing and (part := file.read(missing)):
        parts.append(part)
        missing -= len(part)
    if missing:
        raise StoreError(_SPOILED)
    return b"".join(parts)


def _packed(rows: Rows) -> bytes:
    """An Arrow stream of the columns; the texts, which are few, stand in its schema."""
    texts = {name: json.dumps(getattr(rows, name)) for name in _TEXTS}
    table = pa.table({name: getattr(rows, name) for name in _COLUMNS}).replace_schema_metadata(texts)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _unpacked(frame: bytes) -> Rows:
    try:
        table = pa.ipc.open_stream(frame).read_all()
        texts: dict[str, Any] = {name: json.loads(table.schema.metadata[name.encode()]) for name in _TEXTS}
        columns = {name: table[name].to_numpy() for name in _COLUMNS}
        if not table.num_rows:
            raise ValueError("an empty frame")
        return Rows(
            series=tuple((camera, place, quantity) for camera, place, quantity in texts["series"]),
            parts=tuple((mechanism, epoch, float(tick_s)) for mechanism, epoch, tick_s in texts["parts"]),
            reasons=tuple(texts["reasons"]),
            **columns,
        )
    except (pa.ArrowException, OSError, KeyError, ValueError, TypeError) as error:
        raise StoreError(_SPOILED) from error
