"""A batch of rows before it goes into a DuckDB store: what of it is new."""

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from throng.store import duck_queries as queries
from throng.store.known import Coded


def once_each(batch: Coded) -> Coded:
    """The first row of each series and tick."""
    tick = batch.tick_start_us - batch.tick_start_us.min()
    span = int(tick.max()) + 1
    if (int(batch.index.max()) + 1) * span >= 2**63:
        tick = np.unique(tick, return_inverse=True)[1]
        span = len(batch)
    keys = batch.index * span + tick
    ordered = np.sort(keys)
    if not (ordered[1:] == ordered[:-1]).any():
        return batch
    _, places = np.unique(keys, return_index=True)
    return batch.taken(np.sort(places))


def unstored(cursor: duckdb.DuckDBPyConnection, batch: Coded, doubtful: NDArray[np.bool_]) -> Coded:
    """The rows that are not stored yet; only the doubtful ones are looked for."""
    places = np.flatnonzero(doubtful)
    if not len(places):
        return batch
    ticks = batch.tick_start_us[places]
    late = {"series": batch.id[places], "tick_start": pa.array(ticks, pa.timestamp("us")), "place": places}
    cursor.register("late", pa.table(late))
    span = {"first_us": int(ticks.min()), "last_us": int(ticks.max())}
    found = cursor.sql(queries.FIND_STORED, params=span).to_arrow_table()["place"].to_numpy()
    cursor.unregister("late")
    keep = np.ones(len(batch), bool)
    keep[found] = False
    return batch if keep.all() else batch.taken(np.flatnonzero(keep))


def as_table(batch: Coded) -> pa.Table:
    """As rows of a DuckDB store."""
    unknown = batch.reason != 0
    return pa.table(
        {
            "series": batch.id,
            "tick_start": pa.array(batch.tick_start_us, pa.timestamp("us")),
            "part": batch.part,
            "reason": batch.reason,
            "value": pa.array(batch.values, mask=unknown),
            "standard_error": pa.array(batch.standard_errors, mask=unknown),
        }
    )
