"""Reads what a DuckDB store knows by heart, when its file is opened."""

import duckdb
import numpy as np
import pyarrow as pa

from throng.store import duck_queries as queries
from throng.store.duck_schema import ROWS
from throng.store.known import Coded, Known
from throng.store.store import HOUR_S

_WIDER = 8


def read_known(connection: duckdb.DuckDBPyConnection) -> tuple[Known, int]:
    """The texts, the newest row of every series, and how many rows are fresh."""
    series = connection.execute("SELECT id, camera, place, quantity FROM series ORDER BY rowid").fetchall()
    parts = connection.execute("SELECT id, mechanism, epoch, tick_s FROM part").fetchall()
    reasons = connection.execute("SELECT id, unknown FROM reason").fetchall()
    known = Known.of(series, [(code, (mechanism, epoch, tick_s)) for code, mechanism, epoch, tick_s in parts], reasons)
    ticks = _newest_ticks(connection, len(series))
    if ticks.num_rows:
        known.found_newest(_newest_rows(connection, known, ticks))
    (fresh,) = connection.execute("SELECT count(*) FROM fresh").fetchall()[0]
    return known, int(fresh)


def _newest_ticks(connection: duckdb.DuckDBPyConnection, most: int) -> pa.Table:
    """Series and newest tick start. Looks back hour by hour, then further, until every series is found."""
    first, last = connection.execute(f"SELECT epoch_us(min(tick_start)), epoch_us(max(tick_start)) FROM {ROWS}").fetchall()[0]
    found = connection.sql(queries.NEWEST_TICKS, params={"start_us": 0, "end_us": 0}).to_arrow_table()
    end_us, width_us = (last or 0) + 1, HOUR_S * 1_000_000
    while first is not None and found.num_rows < most and end_us > first:
        span = {"start_us": max(end_us - width_us, first), "end_us": end_us}
        more = connection.sql(queries.NEWEST_TICKS, params=span).to_arrow_table()
        new = ~np.isin(more["series"].to_numpy(), found["series"].to_numpy())
        found = pa.concat_tables([found, more.filter(pa.array(new))])
        end_us, width_us = end_us - width_us, width_us * _WIDER
    return found


def _newest_rows(connection: duckdb.DuckDBPyConnection, known: Known, ticks: pa.Table) -> Coded:
    first_us = int(ticks["tick_start"].cast(pa.int64()).to_numpy().min())
    connection.register("newest", ticks)
    table = connection.sql(queries.NEWEST_ROWS, params={"start_us": first_us}).to_arrow_table()
    connection.unregister("newest")
    columns = {name: table[name].to_numpy() for name in table.column_names}
    ids, _, places = known.by_id()
    return Coded(
        index=places[np.searchsorted(ids, columns["series"])],
        id=columns["series"],
        part=columns["part"],
        reason=columns["reason"],
        tick_start_us=columns["tick_start_us"],
        values=columns["value"],
        standard_errors=columns["standard_error"],
    )
