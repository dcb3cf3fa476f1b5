"""Rows out of a DuckDB store in the order in which they lie there: into a new file, or into a backup."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from throng.data.rows import Rows
from throng.store import duck_schema
from throng.store.known import Known

_BATCH = 245_760
_TABLES = ("settled", "fresh")


@dataclass(frozen=True, slots=True)
class Copy:
    """A new file that is being filled.

    Attributes
    ----------
    path : Path
    before_us : int
        Rows of ticks that began before this Unix time, microseconds, are left out.
    next_row : dict
        Of each table the first row number that was not copied yet.
    left_out : int
    """

    path: Path
    before_us: int
    next_row: dict[str, int]
    left_out: int


def begin(cursor: duckdb.DuckDBPyConnection, new: Path, *, before_us: int) -> Copy:
    """Copy what is there now and stays; makes no file where all of it stays."""
    span = {"before_us": before_us}
    (left_out,) = cursor.execute(
        f"SELECT count(*) FROM {duck_schema.ROWS} WHERE tick_start < make_timestamp($before_us)", span
    ).fetchall()[0]
    copy = Copy(new, before_us, dict.fromkeys(_TABLES, 0), int(left_out))
    if left_out:
        with duckdb.connect(str(new), config=duck_schema.SETTINGS) as target:
            duck_schema.hide(new)
            duck_schema.create(target)
            _copy_rows(cursor, target, copy)
    return copy


def finish(cursor: duckdb.DuckDBPyConnection, copy: Copy) -> None:
    """Copy what was added since, and the texts that rows still use; afterwards the new file is whole."""
    with duckdb.connect(str(copy.path), config=duck_schema.SETTINGS) as target:
        _copy_rows(cursor, target, copy)
        for table, column in (("series", "series"), ("part", "part"), ("reason", "reason")):
            used = target.execute(
                f"SELECT DISTINCT {column} FROM {duck_schema.ROWS} WHERE {column} <> 0 OR $all", {"all": table != "reason"}
            )
            codes = [code for (code,) in used.fetchall()]
            texts = cursor.execute(f"SELECT * FROM {table} WHERE list_contains($codes, id) ORDER BY rowid", {"codes": codes})
            insert_texts(target, table, texts.fetchall())


def insert_texts(connection: duckdb.DuckDBPyConnection, table: str, texts: Sequence[tuple[Any, ...]]) -> None:
    """Add rows to one of the tables of texts."""
    if texts:
        columns = zip(*texts, strict=True)
        connection.register("texts", pa.table([list(column) for column in columns], list(duck_schema.TABLES[table])))
        connection.execute(f"INSERT INTO {table} SELECT * FROM texts").fetchall()
        connection.unregister("texts")


def all_rows(cursor: duckdb.DuckDBPyConnection, known: Known) -> Iterator[Rows]:
    """Every row that the cursor's transaction sees, some at a time."""
    for table in _TABLES:
        query = f"SELECT series, epoch_us(tick_start) AS tick_start_us, part, reason, value, standard_error FROM {table}"
        for batch in cursor.sql(query).to_arrow_reader(_BATCH):
            yield _rows(batch, known)


def _copy_rows(cursor: duckdb.DuckDBPyConnection, target: duckdb.DuckDBPyConnection, copy: Copy) -> None:
    for table in _TABLES:
        (end,) = cursor.execute(f"SELECT coalesce(max(rowid) + 1, 0) FROM {table}").fetchall()[0]
        query = f"SELECT * FROM {table} WHERE rowid >= $first AND rowid < $end AND tick_start >= make_timestamp($before_us)"
        span = {"first": copy.next_row[table], "end": end, "before_us": copy.before_us}
        for batch in cursor.sql(query, params=span).to_arrow_reader(_BATCH):
            target.register("batch", pa.table(batch))
            target.execute(f"INSERT INTO {table} SELECT * FROM batch").fetchall()
            target.unregister("batch")
        copy.next_row[table] = int(end)


def _rows(batch: pa.RecordBatch, known: Known) -> Rows:
    columns = {name: batch[name].to_numpy(zero_copy_only=False) for name in batch.schema.names}
    ids, names, _ = known.by_id()
    series, series_of = np.unique(columns["series"], return_inverse=True)
    parts, part_of = np.unique(columns["part"], return_inverse=True)
    reasons, reason_of = np.unique(np.append(columns["reason"], 0), return_inverse=True)  # 0, the empty one, is first
    return Rows(
        series=tuple(names[place] for place in np.searchsorted(ids, series).tolist()),
        parts=tuple(known.parts[code] for code in parts.tolist()),
        reasons=tuple(known.reasons[code] for code in reasons.tolist()),
        series_of=series_of.astype(np.int32),
        part_of=part_of.astype(np.int32),
        reason_of=reason_of[:-1].astype(np.int32),
        tick_start_us=columns["tick_start_us"],
        values=columns["value"],
        standard_errors=columns["standard_error"],
    )
