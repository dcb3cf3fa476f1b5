"""How rows get into PostgreSQL: each once, in one transaction, with the sums of their hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from throng.data.rows import Rows
from throng.store.postgres_latest import MOST_NOTED, note_everything, prune
from throng.store.postgres_link import Session, driver_error
from throng.store.postgres_schema import (
    DAY_US,
    HOUR_US,
    SCHEMA,
    TABLES,
    attach_part,
    lock_days,
    lock_texts,
    make_part,
    missing_days,
    part_name,
    prepare_days,
)

LOAD_FROM = 200_000
"""Rows of a batch from which on a new day is filled before it is indexed."""

_NO_PARTITION = "23514"
_TRIES = 5

_COLUMNS = "tick_us, value, standard_error, series, part, reason"

_SUMS = f"""
SELECT r.tick_us / {HOUR_US} * {HOUR_US}, sum(p.tick_s), coalesce(sum(p.tick_s) FILTER (WHERE r.value IS NOT NULL), 0),
    coalesce(sum(r.value), 0), coalesce(sum(r.standard_error ^ 2), 0), r.series, count(*), count(r.value)
FROM {{new}} r JOIN throng.part p ON p.id = r.part GROUP BY r.series, r.tick_us / {HOUR_US}
"""

# Rows come sorted, so that two writers take the same keys in the same order and never wait for each other in a circle. An
# array as a parameter is as fast as COPY into a temporary table for many rows, faster for few, and one statement.
_INSERT = f"""
WITH new AS (
    INSERT INTO throng.released ({_COLUMNS})
    SELECT * FROM unnest($1::bigint[], $2::float8[], $3::float8[], $4::integer[], $5::integer[], $6::integer[])
    ON CONFLICT (series, tick_us) DO NOTHING RETURNING *
), summed AS (
    INSERT INTO throng.hourly AS h (hour_us, stored_s, known_s, total, variance, series, ticks, known)
    {_SUMS.format(new="new")} ORDER BY r.series, r.tick_us / {HOUR_US}
    ON CONFLICT (series, hour_us) DO UPDATE SET
        stored_s = h.stored_s + excluded.stored_s, known_s = h.known_s + excluded.known_s, total = h.total + excluded.total,
        variance = h.variance + excluded.variance, ticks = h.ticks + excluded.ticks, known = h.known + excluded.known
), told AS (
    INSERT INTO throng.news (series) SELECT $7::integer[] WHERE EXISTS (SELECT 1 FROM new)
)
SELECT count(*), pg_current_xact_id()::text::bigint FROM new
"""

_TEXTS: dict[str, tuple[tuple[str, str], ...]] = {
    "series": (("camera", "text"), ("place", "text"), ("quantity", "text")),
    "part": (("mechanism", "text"), ("epoch", "text"), ("tick_s", "float8")),
    "reason": (("text", "text"),),
}


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Rows as the database knows them, each key once, sorted by series and tick.

    Attributes
    ----------
    table : pyarrow.Table of n rows
        The columns of `throng.released`.
    days : (n,) int64
        Since 1970.
    """

    table: pa.Table
    days: NDArray[np.int64]


def insert(session: Session, rows: Rows) -> int:
    """Store rows, those of a key already there left out; gives how many are new."""
    batch = _batch(session, rows)
    days = [int(day) for day in np.unique(batch.days)]
    if len(rows) < LOAD_FROM:
        return _added(session, batch.table, days)
    # In one transaction, though days are filled in two ways: all of the rows or none.
    with session.transaction():
        session.run("SET LOCAL statement_timeout = 0")
        session.run("SET LOCAL maintenance_work_mem = '256MB'")
        lock_days(session, days)
        new = missing_days(session, days)
        count = sum(_load(session, day, batch.table.filter(pa.array(batch.days == day))) for day in new)
        others = ~np.isin(batch.days, new)
        if others.any():
            count += _inserted(session, batch.table.filter(pa.array(others)))
        note_everything(session)
    for day in new:
        session.run(f"ANALYZE {', '.join(f'{SCHEMA}.{part_name(table, day)}' for table in TABLES)}")
    return count


def sums_of(table: str) -> str:
    """A query for the rows of `throng.hourly` that belong to the rows of a table."""
    return _SUMS.format(new=table)


def _added(session: Session, table: pa.Table, days: Sequence[int]) -> int:
    for tries_left in range(_TRIES - 1, -1, -1):
        prepare_days(session, days)
        try:
            return _inserted(session, table)
        except driver_error() as error:
            # Another hub dropped a day in between.
            if getattr(error, "sqlstate", None) != _NO_PARTITION or not tries_left:
                raise
    raise AssertionError("the last try returns or raises")


def _inserted(session: Session, table: pa.Table) -> int:
    columns = [column.combine_chunks() for column in table.columns]
    series = table["series"].unique()
    ((count, transaction),) = session.rows(_INSERT, *columns, series if len(series) <= MOST_NOTED else None)
    prune(session, transaction)
    return int(count)


def _load(session: Session, day: int, rows: pa.Table) -> int:
    for table in TABLES:
        make_part(session, table, day)
    released, hourly = (part_name(table, day) for table in TABLES)
    session.copy(released, rows, schema=SCHEMA)
    session.run(
        f"INSERT INTO {SCHEMA}.{hourly} (hour_us, stored_s, known_s, total, variance, series, ticks, known) "
        + sums_of(f"{SCHEMA}.{released}")
    )
    for table in TABLES:
        attach_part(session, table, day)
    return int(rows.num_rows)


def _batch(session: Session, rows: Rows) -> Batch:
    series = _numbers(session, "series", rows.series)[rows.series_of]
    part = _numbers(session, "part", rows.parts)[rows.part_of]
    reason = _numbers(session, "reason", [(text,) for text in rows.reasons])[rows.reason_of]
    tick_us = rows.tick_start_us
    order = _first_of_each(series, tick_us)
    columns: dict[str, NDArray[Any]] = {
        "tick_us": tick_us,
        "value": rows.values,
        "standard_error": rows.standard_errors,
        "series": series,
        "part": part,
        "reason": reason,
    }
    if order is not None:
        columns = {name: column[order] for name, column in columns.items()}
    table = pa.table({name: pa.array(column, from_pandas=True) for name, column in columns.items()})  # NaN is NULL there
    return Batch(table, columns["tick_us"] // DAY_US)


def _first_of_each(series: NDArray[np.int32], tick_us: NDArray[np.int64]) -> NDArray[np.intp] | None:
    """Where the first row of each series and tick stands, sorted by them; None when all are and sorted they are."""
    if ((series[1:] > series[:-1]) | ((series[1:] == series[:-1]) & (tick_us[1:] > tick_us[:-1]))).all():
        return None
    order = np.lexsort((tick_us, series))  # stable: of equal keys the first comes first
    series, tick_us = series[order], tick_us[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (series[1:] != series[:-1]) | (tick_us[1:] != tick_us[:-1])
    return order[first]


def _numbers(session: Session, table: str, texts: Sequence[tuple[Any, ...]]) -> NDArray[np.int32]:
    """The database's numbers of some texts; new texts get one, in their order."""
    known = session.known.setdefault(table, {})
    missing = [text for text in texts if text not in known]
    if missing:
        _look_up(session, table, missing)
        new = [text for text in missing if text not in known]
        if new:
            names = ", ".join(name for name, _ in _TEXTS[table])
            with session.transaction():
                lock_texts(session)
                session.rows(
                    f"WITH made AS (INSERT INTO throng.{table} ({names}) SELECT {names} FROM {_given(table)} "
                    f"ORDER BY place_given ON CONFLICT DO NOTHING) SELECT 1",
                    *_arrays(table, new),
                )
            _look_up(session, table, new)
    return np.array([known[text] for text in texts], dtype=np.int32)


def _look_up(session: Session, table: str, texts: Sequence[tuple[Any, ...]]) -> None:
    names = ", ".join(name for name, _ in _TEXTS[table])
    found = session.rows(f"SELECT {names}, id FROM throng.{table} JOIN {_given(table)} USING ({names})", *_arrays(table, texts))
    session.known[table].update({row[:-1]: row[-1] for row in found})


def _given(table: str) -> str:
    arrays = ", ".join(f"${place}::{kind}[]" for place, (_, kind) in enumerate(_TEXTS[table], start=1))
    names = ", ".join(name for name, _ in _TEXTS[table])
    return f"unnest({arrays}) WITH ORDINALITY AS given ({names}, place_given)"


def _arrays(table: str, texts: Sequence[tuple[Any, ...]]) -> list[pa.Array]:
    kinds = {"text": pa.string(), "float8": pa.float64()}
    columns = zip(*texts, strict=True)
    return [pa.array(column, kinds[kind]) for column, (_, kind) in zip(columns, _TEXTS[table], strict=True)]
