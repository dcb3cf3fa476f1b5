"""A city's numbers by the hour, out of a DuckDB store."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from throng.store import duck_queries as queries
from throng.store.known import Known
from throng.store.store import HOUR_S, Hours

Column = NDArray[Any]
_HOUR_US = HOUR_S * 1_000_000
_KEPT = 600
"""Sums of so many quantities' hours are kept in memory: a day of two dozen, about 50 kB each for a thousand cameras."""
_NAMES = ("series", "hour", "part", "value", "variance", "known", "stored")


class HourSums:
    """Answers `throng.store.store.Store.hours`, and keeps the sums of whole hours until a row comes into one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changes: Counter[int] = Counter()
        self._kept: OrderedDict[tuple[str, int], tuple[int, dict[str, Column]]] = OrderedDict()

    def changed(self, tick_start_us: NDArray[np.int64]) -> None:
        """Rows of these ticks were stored; to be told after they were."""
        hours = np.unique(tick_start_us // _HOUR_US).tolist()
        with self._lock:
            self._changes.update(hours)

    def hours(
        self,
        cursor: duckdb.DuckDBPyConnection,
        known: Known,
        *,
        start_us: int,
        end_us: int,
        quantities: Sequence[str],
        cameras: Sequence[str] | None,
    ) -> Hours:
        """The sums of the ticks that began from one time to before another."""
        found = [
            sums
            for quantity in dict.fromkeys(quantities)
            if (ids := known.ids_of_quantity(quantity)) is not None
            for sums in self._sums(cursor, quantity, ids, start_us, end_us)
        ]
        columns = {name: np.concatenate([sums[name] for sums in found] or [np.zeros(0, np.int64)]) for name in _NAMES}
        if cameras is not None:
            ids_of = [number for camera in dict.fromkeys(cameras) for number in known.ids_of_camera(camera)]
            wanted = np.isin(columns["series"], np.array(ids_of, np.int64))
            columns = {name: column[wanted] for name, column in columns.items()}
        return _added(columns, known)

    def _sums(
        self, cursor: duckdb.DuckDBPyConnection, quantity: str, ids: tuple[int, int], start_us: int, end_us: int
    ) -> Iterable[dict[str, Column]]:
        """Of one quantity, by series, hour and part; what is not kept is read, in one stretch."""
        first, last = -(-start_us // _HOUR_US), end_us // _HOUR_US
        if first >= last:
            return [_read(cursor, ids, start_us, end_us)]
        stretches = [(start_us, first * _HOUR_US), (last * _HOUR_US, end_us)]
        with self._lock:
            whole = {hour: self._get((quantity, hour)) for hour in range(first, last)} if last - first <= _KEPT else {}
            before = {hour: self._changes[hour] for hour in whole}
        missing = [hour for hour, sums in whole.items() if sums is None]
        if missing or not whole:
            begin, end = (min(missing), max(missing) + 1) if missing else (first, last)
            read = _read(cursor, ids, begin * _HOUR_US, end * _HOUR_US)
            if not whole:
                return [read, *(_read(cursor, ids, *stretch) for stretch in stretches if stretch[0] < stretch[1])]
            order = np.argsort(read["hour"], kind="stable")
            bounds = np.searchsorted(read["hour"][order], np.arange(begin, end + 1))
            with self._lock:
                for hour in range(begin, end):
                    places = order[bounds[hour - begin] : bounds[hour - begin + 1]]
                    sums = {name: column[places] for name, column in read.items()}
                    self._put((quantity, hour), before[hour], sums)
                    whole[hour] = sums
        partly = [_read(cursor, ids, *stretch) for stretch in stretches if stretch[0] < stretch[1]]
        return [sums for sums in whole.values() if sums is not None] + partly

    def _get(self, key: tuple[str, int]) -> dict[str, Column] | None:
        kept = self._kept.get(key)
        if kept is None or kept[0] != self._changes[key[1]]:
            return None
        self._kept.move_to_end(key)
        return kept[1]

    def _put(self, key: tuple[str, int], change: int, sums: dict[str, Column]) -> None:
        """Kept as of before it was read: rows that came meanwhile may be missing from it."""
        self._kept[key] = change, sums
        self._kept.move_to_end(key)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)


def _read(cursor: duckdb.DuckDBPyConnection, ids: tuple[int, int], start_us: int, end_us: int) -> dict[str, Column]:
    asked = {"lowest": ids[0], "highest": ids[1], "start_us": start_us, "end_us": end_us}
    table = cursor.sql(queries.HOURS, params=asked).to_arrow_table()
    return {name: table[name].to_numpy() for name in _NAMES}


def _added(columns: dict[str, Column], known: Known) -> Hours:
    """By camera, quantity and hour."""
    tick_s = known.tick_s_of(columns["part"])
    pair, cameras, quantities = known.pairs_of(columns["series"])
    order = np.lexsort((columns["hour"], pair))
    pair, hour = pair[order], columns["hour"][order]
    begins = np.flatnonzero((np.diff(pair, prepend=-1) != 0) | (np.diff(hour, prepend=-1) != 0))

    def added(column: Column) -> Column:
        return np.add.reduceat(column[order], begins) if len(begins) else np.zeros(0)

    known_s, stored_s = added(columns["known"] * tick_s), added(columns["stored"] * tick_s)
    return Hours(
        cameras=cameras[pair[begins] // len(quantities)] if len(begins) else np.zeros(0, object),
        quantities=quantities[pair[begins] % len(quantities)] if len(begins) else np.zeros(0, object),
        hour_start_us=hour[begins].astype(np.int64) * _HOUR_US,
        values=np.where(known_s > 0, added(np.nan_to_num(columns["value"])), np.nan),
        standard_errors=np.where(known_s > 0, np.sqrt(added(np.nan_to_num(columns["variance"]))), np.nan),
        known_shares=known_s / np.where(stored_s > 0, stored_s, 1.0),
    )
