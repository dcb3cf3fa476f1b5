"""Releases at rest in one DuckDB file."""

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import duckdb
import numpy as np

from throng.data.errors import StoreError
from throng.data.release import Release
from throng.data.rows import Rows
from throng.store import archive, duck_copy, duck_schema
from throng.store import duck_queries as queries
from throng.store.duck_batch import as_table, once_each, unstored
from throng.store.duck_hours import HourSums
from throng.store.duck_known import read_known
from throng.store.duck_migrate import migrate
from throng.store.known import Coded, Known
from throng.store.store import DAY_S, BackupFacts, Hours, Series, StoredRow

SETTLED_ROWS = 491_520
"""So many fresh rows are sorted into a run of their own: four of DuckDB's row groups."""

_READ, _WRITTEN = "the store cannot be read", "the store cannot be written"


class DuckStore:
    """Keeps releases in one file; safe to use from many threads of one process.

    Parameters
    ----------
    path : path-like
        The file; made, with its folder, when it is absent. Only its owner can read either.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._wanted = False
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._broken = False
        self._users = 0
        self._replacing = False
        self._state = threading.Condition()
        self._writing = threading.Lock()
        self._keeping_house = threading.Lock()  # one backup or clean-up at a time
        self._known = Known()
        self._hours = HourSums()
        self._fresh = 0
        self._settle_at = SETTLED_ROWS

    def open(self) -> Self:
        """Open the file, or make it; one of an older Throng is brought to this one's schema.

        Raises
        ------
        StoreError
            It is no store, belongs to a newer Throng, is held by another process, or cannot be made.
        """
        with self._state:
            if self._connection is None:
                self._connect()
            self._wanted = True
        return self

    def close(self) -> None:
        """Close the file; everything that was added is in it."""
        with self._state:
            self._wanted = False
            self._disconnect()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def add(self, releases: Sequence[Release]) -> int:
        """Store releases in one transaction; they are on the disk when this returns.

        A row is known by camera, place, quantity and tick start. The first one stored stays: a repeat, or another value for the
        same tick, is left out.

        Returns
        -------
        int
            Rows newly stored.

        Raises
        ------
        StoreError
            Nothing of the batch, or all of it, was stored; adding it again is safe.
        """
        for release in releases:
            if not isinstance(release, Release):
                raise TypeError(f"the store takes releases only, not {type(release).__name__}")
        return self.add_rows(Rows.of(releases))

    def add_rows(self, rows: Rows) -> int:
        """Store many rows in one transaction, as `add` does."""
        if not len(rows):
            return 0
        with self._writing, self._cursor(_WRITTEN) as cursor:
            batch = once_each(self._known.coded(rows))
            batch = unstored(cursor, batch, self._known.maybe_stored(batch))
            if not len(batch):
                return 0
            self._known.reserve(batch)
            at_once = len(batch) >= SETTLED_ROWS
            try:
                self._insert(cursor, batch, "settled" if at_once else "fresh")
            except duckdb.Error:
                # Whether it is stored shows when the file is opened anew.
                self._broken = True
                raise
            finally:
                duck_schema.hide(duck_schema.beside(self.path, ".wal"))
            self._known.all_stored()
            self._known.take(batch)
            self._hours.changed(batch.tick_start_us)
            if not at_once:
                self._fresh += len(batch)
                self._settle(cursor)
        return len(batch)

    def latest(self) -> list[StoredRow]:
        """The newest row of every camera, place and quantity, sorted by them; heat maps have a way of their own."""
        with self._cursor(_READ):
            return self._known.latest()

    def tick(self, camera: str, tick_start_s: float) -> list[StoredRow]:
        """What is stored of one camera's tick that began at the given Unix time."""
        names = self._known.ids_of_camera(camera)
        return self._rows(queries.TICK, {"start_us": _microseconds(tick_start_s)}, names)

    def series(
        self, camera: str, place: str, quantity: str, *, start_s: float, end_s: float, max_rows: int = 100_000
    ) -> Series:
        """The ticks of one quantity that began at or after `start_s` and before `end_s` (Unix time), the first `max_rows`."""
        wanted = {"start_us": _microseconds(start_s), "end_us": _microseconds(end_s), "max_rows": max_rows}
        columns = self._columns(queries.SERIES, wanted, self._known.id_of(camera, place, quantity))
        return self._series(columns, self._known.tick_s_of(columns["part"]))

    def steps(
        self,
        camera: str,
        place: str,
        quantity: str,
        *,
        step_s: int,
        add_epochs: bool,
        start_s: float,
        end_s: float,
        max_rows: int = 100_000,
    ) -> Series:
        """One quantity by the hour or UTC day (`step_s`): of each its last known tick, or unknown where none is.

        With `add_epochs` it is the last known tick of each epoch, added up: a total begins anew with an epoch, under noise of
        its own, so that variances add. Takes ticks from the beginning of the step that holds `start_s` to before `end_s`.
        """
        span = {"start_us": _microseconds(start_s // step_s * step_s), "end_us": _microseconds(end_s), "max_rows": max_rows}
        wanted = span | {"step_us": step_s * 1_000_000, "add_epochs": add_epochs}
        columns = self._columns(queries.STEPS, wanted, self._known.id_of(camera, place, quantity))
        return self._series(columns, np.full(len(columns["tick_start_us"]), float(step_s)))

    def heat(self, camera: str, *, end_s: float) -> list[StoredRow]:
        """A camera's newest heat map of an hour that had ended by `end_s` (Unix time), or in the day before; or none."""
        names = self._known.ids_of_camera(camera, quantity="heat")
        wanted = {"start_us": _microseconds(end_s - DAY_S), "end_us": _microseconds(end_s)}
        return self._rows(queries.HEAT, wanted | {"lowest": min(names, default=0), "highest": max(names, default=0)}, names)

    def hours(self, *, start_s: float, end_s: float, quantities: Sequence[str], cameras: Sequence[str] | None = None) -> Hours:
        """Sums by camera, quantity and UTC hour of the ticks that began from `start_s` to before `end_s`; None: all cameras."""
        start_us, end_us = _microseconds(start_s), _microseconds(end_s)
        with self._cursor(_READ) as cursor:
            known, sums = self._known, self._hours
            return sums.hours(cursor, known, start_us=start_us, end_us=end_us, quantities=quantities, cameras=cameras)

    def forget(self, before_s: float) -> int:
        """Delete the rows of ticks that began before a Unix time, for good; gives how many.

        What stays is copied into a new file, which then takes the place of the old one, so that no free page and no log holds
        what was deleted. Most of the copying goes on beside reading and writing.

        Raises
        ------
        StoreError
            Nothing was deleted.
        """
        with self._keeping_house, self._not_settling():
            new = duck_schema.discard_new(self.path)
            try:
                with self._cursor(_WRITTEN) as cursor:
                    copy = duck_copy.begin(cursor, new, before_us=_microseconds(before_s))
                if not copy.left_out:
                    return 0
                with self._writing:
                    with self._cursor(_WRITTEN) as cursor:
                        duck_copy.finish(cursor, copy)
                    self._replace(new)
                return copy.left_out
            except (duckdb.Error, OSError) as error:
                raise StoreError(f"nothing was deleted: {duck_schema.cause(error, self.path)}") from error
            finally:
                duck_schema.discard_new(self.path)

    def backup(self, file: BinaryIO) -> BackupFacts:
        """Write every row as of now to a file, while others go on reading and writing; see `throng.store.archive`."""
        with self._keeping_house, self._not_settling(), self._cursor(_READ) as cursor:
            with self._writing:  # the texts of all rows that the snapshot holds
                cursor.execute("BEGIN").fetchall()
                cursor.execute("SELECT count(*) FROM fresh").fetchall()
                known = self._known
            return archive.write(file, duck_copy.all_rows(cursor, known))

    def restore(self, file: BinaryIO) -> BackupFacts:
        """Read a backup into this store, which must be empty; all of it, checked, or nothing.

        Raises
        ------
        StoreError
            The store holds rows, or the backup is cut short or was changed.
        """
        with self._keeping_house:
            new = duck_schema.discard_new(self.path)
            other = DuckStore(new)
            try:
                with other:
                    facts = archive.read(file, other.add_rows)
                with self._writing:
                    with self._cursor(_READ) as cursor:
                        if cursor.execute(f"SELECT 1 FROM {duck_schema.ROWS} LIMIT 1").fetchall():
                            raise StoreError(f"a backup is restored into an empty store only, and {self.path} holds rows")
                    self._replace(new)
                return facts
            except OSError as error:
                raise StoreError(f"nothing was restored: {duck_schema.cause(error, self.path)}") from error
            finally:
                duck_schema.discard_new(self.path)

    def _insert(self, cursor: duckdb.DuckDBPyConnection, batch: Coded, table: str) -> None:
        cursor.register("batch", as_table(batch))
        cursor.execute("BEGIN").fetchall()
        try:
            for name, texts in self._known.unstored().items():
                duck_copy.insert_texts(cursor, name, texts)
            order = "ORDER BY series, tick_start" if table == "settled" else ""
            cursor.execute(f"INSERT INTO {table} SELECT * FROM batch {order}").fetchall()
            cursor.execute("COMMIT").fetchall()
        except duckdb.Error:
            with contextlib.suppress(duckdb.Error):
                cursor.execute("ROLLBACK").fetchall()
            raise

    def _settle(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Sort the fresh rows into a run of their own, once there are enough of them."""
        if self._fresh < self._settle_at:
            return
        try:
            cursor.execute("BEGIN").fetchall()
            cursor.execute(queries.SETTLE).fetchall()
            duck_schema.empty_fresh(cursor)
            cursor.execute("COMMIT").fetchall()
        except duckdb.Error as error:
            # The rows are stored and stay where they are; the disk is full, perhaps: try again when as many have come again.
            with contextlib.suppress(duckdb.Error):
                cursor.execute("ROLLBACK").fetchall()
            self._broken = self._broken or isinstance(error, duckdb.FatalException)
            self._settle_at = self._fresh + SETTLED_ROWS
        else:
            self._fresh, self._settle_at = 0, SETTLED_ROWS

    @contextlib.contextmanager
    def _not_settling(self) -> Iterator[None]:
        """While the rows are read in their order, none of them moves."""
        with self._writing:
            kept, self._settle_at = self._settle_at, 1 << 62
        try:
            yield
        finally:
            with self._writing:
                self._settle_at = kept

    def _rows(self, query: str, wanted: dict[str, Any], names: dict[int, tuple[str, str, str]]) -> list[StoredRow]:
        """Rows of some series, in the order of their names."""
        with self._cursor(_READ) as cursor:
            found = cursor.execute(query, wanted | {"series": list(names)}).fetchall() if names else []
        order = {number: place for place, number in enumerate(names)}
        rows = []
        for number, tick_start_us, code, reason, value, error in sorted(found, key=lambda row: order[row[0]]):
            part = self._known.parts[code]
            text = self._known.reasons[reason]
            rows.append(StoredRow(*names[number], tick_start_us, part[2], value, error, part[0], part[1], text))
        return rows

    def _columns(self, query: str, wanted: dict[str, Any], series: int | None) -> dict[str, Any]:
        with self._cursor(_READ) as cursor:
            table = cursor.sql(query, params=wanted | {"series": -1 if series is None else series}).to_arrow_table()
        return {name: table[name].to_numpy() for name in table.column_names}

    def _series(self, columns: dict[str, Any], tick_s: Any) -> Series:
        return Series(
            tick_start_us=columns["tick_start_us"],
            tick_s=tick_s,
            values=columns["value"],
            standard_errors=columns["standard_error"],
            unknown=self._known.texts_of_reasons(columns["reason"]),
        )

    @contextlib.contextmanager
    def _cursor(self, what: str) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._state:
            self._state.wait_for(lambda: not self._replacing)
            if not self._wanted:
                raise StoreError(f"{what}: {self.path} is not open")
            if self._connection is None or (self._broken and not self._users):
                self._disconnect()
                self._connect()
            assert self._connection is not None
            cursor = self._connection.cursor()
            self._users += 1
        try:
            yield cursor
        except duckdb.Error as error:
            # DuckDB closes a whole database to everyone after a failed checkpoint; opening it again recovers it.
            self._broken = self._broken or isinstance(error, duckdb.FatalException)
            raise StoreError(f"{what}: {duck_schema.cause(error, self.path)}") from error
        finally:
            cursor.close()
            with self._state:
                self._users -= 1
                self._state.notify_all()

    def _replace(self, new: Path) -> None:
        """Put a new file in the place of the store's, when nobody reads or writes."""
        with self._state:
            self._replacing = True
            try:
                self._state.wait_for(lambda: not self._users)
                self._disconnect()
                if duck_schema.beside(self.path, ".wal").exists():
                    # It would be taken for the new file's.
                    raise OSError("the newest rows could not be folded into the file; free some space on its disk")
                duck_schema.put_in_place(new, self.path)
            finally:
                self._replacing = False
                self._state.notify_all()

    def _connect(self) -> None:
        try:
            if not self.path.exists():
                duck_schema.make(self.path)
            connection = duck_schema.connect(self.path)
        except (duckdb.Error, OSError) as error:
            raise StoreError(f"the store cannot be opened: {duck_schema.cause(error, self.path)}") from error
        try:
            if duck_schema.version_of(connection, self.path) < duck_schema.SCHEMA_VERSION:
                connection.close()
                migrate(self.path)
                connection = duck_schema.connect(self.path)
            if not self._keeping_house.locked():
                duck_schema.discard_new(self.path)
            self._known, self._fresh = read_known(connection)
            self._hours = HourSums()
        except (duckdb.Error, OSError) as error:
            connection.close()
            raise StoreError(f"the store cannot be opened: {duck_schema.cause(error, self.path)}") from error
        except StoreError:
            connection.close()
            raise
        self._connection, self._broken = connection, False

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(duckdb.Error):  # a full disk: the checkpoint waits, the log keeps what was added
                connection.close()


def _microseconds(time_s: float) -> int:
    return round(time_s * 1e6)
