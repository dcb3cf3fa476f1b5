"""How all rows leave PostgreSQL for a backup, and come back from one."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from throng.data.errors import StoreError
from throng.data.rows import Rows
from throng.store import archive
from throng.store.postgres_insert import insert
from throng.store.postgres_link import Session
from throng.store.store import BackupFacts


def backup(session: Session, file: BinaryIO) -> BackupFacts:
    """Write every row as of now."""
    with session.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"):
        session.run("SET LOCAL statement_timeout = 0")
        return archive.write(file, _all_rows(session))


def restore(session: Session, file: BinaryIO) -> BackupFacts:
    """Read a backup into an empty store; nobody sees any of it before all of it is checked."""
    with session.transaction():
        session.run("SET LOCAL statement_timeout = 0")
        session.run("LOCK TABLE throng.released IN EXCLUSIVE MODE")
        if session.rows("SELECT 1 FROM throng.released LIMIT 1"):
            raise StoreError("a backup is restored into an empty store only, and this one holds rows: name another database")
        return archive.read(file, lambda rows: insert(session, rows))


def _all_rows(session: Session) -> Iterator[Rows]:
    series: dict[int, Any] = {row[0]: row[1:] for row in session.rows("SELECT id, camera, place, quantity FROM throng.series")}
    parts: dict[int, Any] = {row[0]: row[1:] for row in session.rows("SELECT id, mechanism, epoch, tick_s FROM throng.part")}
    reasons: dict[int, Any] = dict(session.rows("SELECT id, text FROM throng.reason"))
    columns = "tick_us, value, standard_error, series, part, reason"
    with session.batches(f"SELECT {columns} FROM throng.released") as batches:
        for batch in batches:
            if batch.num_rows:
                yield _rows(batch, series, parts, reasons)


def _rows(batch: pa.RecordBatch, series: dict[int, Any], parts: dict[int, Any], reasons: dict[int, Any]) -> Rows:
    column = {name: batch[name].to_numpy(zero_copy_only=False) for name in batch.schema.names}
    used_series, series_of = np.unique(column["series"], return_inverse=True)
    used_parts, part_of = np.unique(column["part"], return_inverse=True)
    # The empty reason comes first, though no row may have it; its number is 0 and the others' are more.
    used_reasons: NDArray[np.int32] = np.union1d([0], column["reason"])
    return Rows(
        tuple(series[number] for number in used_series.tolist()),
        tuple(parts[number] for number in used_parts.tolist()),
        tuple(reasons[number] for number in used_reasons.tolist()),
        series_of=series_of.astype(np.int32),
        part_of=part_of.astype(np.int32),
        reason_of=np.searchsorted(used_reasons, column["reason"]).astype(np.int32),
        tick_start_us=column["tick_us"],
        values=column["value"],
        standard_errors=column["standard_error"],
    )
