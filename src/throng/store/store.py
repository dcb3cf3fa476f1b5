"""Releases at rest: one DuckDB file, and all of its SQL."""

import contextlib
import os
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from throng.data.errors import StoreError
from throng.data.release import Release

SCHEMA_VERSION = 1
HOUR_S, DAY_S = 3600, 86_400

COLUMNS = {
    "camera": "VARCHAR NOT NULL",
    "place": "VARCHAR NOT NULL",
    "quantity": "VARCHAR NOT NULL",
    "tick_start": "TIMESTAMP NOT NULL",  # UTC
    "tick_s": "DOUBLE NOT NULL",
    "value": "DOUBLE",
    "standard_error": "DOUBLE",
    "mechanism": "VARCHAR NOT NULL",
    "epoch": "VARCHAR NOT NULL",
    "unknown": "VARCHAR NOT NULL",
}
"""All that is ever stored about people. One column more is a decision about privacy, which a test holds."""

_CREATE = f"CREATE TABLE released ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})"

# Bounded by the batch's own ticks, the anti-join reads the few row groups that hold them and needs no index: with a primary
# key the file of 2 million rows is 211 MB instead of 19, and a commit of 480 rows takes 8.0 ms instead of 5.9.
_INSERT = """
INSERT INTO released SELECT * FROM batch ANTI JOIN (
    SELECT camera, place, quantity, tick_start FROM released
    WHERE tick_start BETWEEN make_timestamp($first_us) AND make_timestamp($last_us)
) USING (camera, place, quantity, tick_start)
"""

_ROW = "camera, place, quantity, epoch_us(tick_start), tick_s, value, standard_error, mechanism, epoch, unknown"

_LATEST = f"""
SELECT {_ROW} FROM released SEMI JOIN (
    SELECT camera, place, quantity, max(tick_start) AS tick_start FROM released WHERE quantity <> 'heat' GROUP BY ALL
) USING (camera, place, quantity, tick_start) ORDER BY camera, place, quantity
"""

_TICK = f"SELECT {_ROW} FROM released WHERE camera = $camera AND tick_start = make_timestamp($start_us) ORDER BY rowid"

_SERIES = """
SELECT epoch_us(tick_start) AS tick_start_us, tick_s, value, standard_error, unknown FROM released
WHERE camera = $camera AND place = $place AND quantity = $quantity
AND tick_start >= make_timestamp($start_us) AND tick_start < make_timestamp($end_us)
ORDER BY tick_start LIMIT $max_rows
"""

# Unix time in whole steps begins with them in UTC, as a day has no leap second there.
_STEPS = """
SELECT start_us AS tick_start_us, $step_us / 1e6 AS tick_s, sum(value) AS value, sqrt(sum(variance)) AS standard_error,
    if(count(value) = 0, max_by(unknown, newest), '') AS unknown
FROM (
    SELECT epoch_us(tick_start) // $step_us * $step_us AS start_us, if($add_epochs, epoch, '') AS part,
        max_by(value, tick_start) AS value, max_by(standard_error ** 2, tick_start) AS variance,
        max_by(unknown, tick_start) AS unknown, max(tick_start) AS newest
    FROM released WHERE camera = $camera AND place = $place AND quantity = $quantity
    AND tick_start >= make_timestamp($start_us) AND tick_start < make_timestamp($end_us) GROUP BY ALL
) GROUP BY start_us ORDER BY start_us LIMIT $max_rows
"""

_HEAT = f"""
SELECT {_ROW} FROM released WHERE camera = $camera AND quantity = 'heat' AND tick_start = (
    SELECT max(tick_start) FROM released WHERE camera = $camera AND quantity = 'heat'
    AND tick_start BETWEEN make_timestamp($start_us) AND make_timestamp($end_us)
    AND epoch_us(tick_start) + 1e6 * tick_s <= $end_us
) ORDER BY rowid
"""

_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "128MB",
    "threads": 1,
    "temp_directory": "",  # nothing spills: what does not fit in memory is refused, not written beside the file
    "autoload_known_extensions": False,
    "autoinstall_known_extensions": False,
}

# After the others: DuckDB takes the settings of a connection in no promised order, and these two forbid some of them.
_LOCK_DOWN = "SET enable_external_access = false; SET lock_configuration = true"


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One protected number as it was stored.

    Attributes
    ----------
    tick_start_us : int
        Unix time, UTC, microseconds.
    tick_s : float
        Length of the tick, seconds.
    value, standard_error : float or None
        In the quantity's unit, see `throng.data.release.UNITS`; None when unknown.
    unknown : str
        Why it is unknown; empty when it is known.
    """

    camera: str
    place: str
    quantity: str
    tick_start_us: int
    tick_s: float
    value: float | None
    standard_error: float | None
    mechanism: str
    epoch: str
    unknown: str


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One quantity of one place over time, oldest first.

    Attributes
    ----------
    tick_start_us : (n,) int64
        Unix time, UTC, microseconds.
    tick_s : (n,) float64
        Seconds.
    values, standard_errors : (n,) float64
        In the quantity's unit; NaN when unknown.
    unknown : (n,) of str
        Why each is unknown; empty when it is known.
    """

    tick_start_us: NDArray[np.int64]
    tick_s: NDArray[np.float64]
    values: NDArray[np.float64]
    standard_errors: NDArray[np.float64]
    unknown: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.values)


class Store:
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
        self._state = threading.Lock()
        self._writing = threading.Lock()

    def open(self) -> Self:
        """Open the file, or make it.

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
        batch = _arrow(releases)
        if not batch.num_rows:
            return 0
        ticks_us = batch["tick_start"].cast(pa.int64()).to_numpy()
        span = {"first_us": int(ticks_us.min()), "last_us": int(ticks_us.max())}
        with self._writing, self._cursor("the store cannot be written") as cursor:
            cursor.register("batch", batch)
            try:
                (count,) = cursor.execute(_INSERT, span).fetchall()[0]
            finally:
                self._hide(self.path.with_name(self.path.name + ".wal"))
        return int(count)

    def latest(self) -> list[StoredRow]:
        """The newest row of every camera, place and quantity, sorted by them; heat maps have a way of their own."""
        with self._cursor("the store cannot be read") as cursor:
            return [StoredRow(*row) for row in cursor.execute(_LATEST).fetchall()]

    def tick(self, camera: str, tick_start_s: float) -> list[StoredRow]:
        """What is stored of one camera's tick that began at the given Unix time."""
        wanted = {"camera": camera, "start_us": _microseconds(tick_start_s)}
        with self._cursor("the store cannot be read") as cursor:
            return [StoredRow(*row) for row in cursor.execute(_TICK, wanted).fetchall()]

    def series(
        self, camera: str, place: str, quantity: str, *, start_s: float, end_s: float, max_rows: int = 100_000
    ) -> Series:
        """The ticks of one quantity that began at or after `start_s` and before `end_s` (Unix time), the first `max_rows`."""
        names = {"camera": camera, "place": place, "quantity": quantity}
        span = {"start_us": _microseconds(start_s), "end_us": _microseconds(end_s), "max_rows": max_rows}
        return self._series(_SERIES, names | span)

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
        names = {"camera": camera, "place": place, "quantity": quantity, "add_epochs": add_epochs}
        span = {"start_us": _microseconds(start_s // step_s * step_s), "end_us": _microseconds(end_s), "max_rows": max_rows}
        return self._series(_STEPS, names | span | {"step_us": step_s * 1_000_000})

    def heat(self, camera: str, *, end_s: float) -> list[StoredRow]:
        """A camera's newest heat map of an hour that had ended by `end_s` (Unix time), or in the day before; or none."""
        span = {"start_us": _microseconds(end_s - DAY_S), "end_us": _microseconds(end_s)}
        with self._cursor("the store cannot be read") as cursor:
            return [StoredRow(*row) for row in cursor.execute(_HEAT, {"camera": camera} | span).fetchall()]

    def _series(self, query: str, wanted: dict[str, Any]) -> Series:
        with self._cursor("the store cannot be read") as cursor:
            table = cursor.sql(query, params=wanted).to_arrow_table()
        columns = {name: table[name].to_numpy() for name in table.column_names}
        return Series(
            tick_start_us=columns["tick_start_us"],
            tick_s=columns["tick_s"],
            values=columns["value"],
            standard_errors=columns["standard_error"],
            unknown=columns["unknown"],
        )

    @contextlib.contextmanager
    def _cursor(self, what: str) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._state:
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
            raise StoreError(f"{what}: {_cause(error, self.path)}") from error
        finally:
            cursor.close()
            with self._state:
                self._users -= 1

    def _connect(self) -> None:
        try:
            if not self.path.exists():
                self._create()
            connection = duckdb.connect(str(self.path), config=_SETTINGS)
            connection.execute(_LOCK_DOWN).fetchall()
            self._hide(self.path)
        except (duckdb.Error, OSError) as error:
            raise StoreError(f"the store cannot be opened: {_cause(error, self.path)}") from error
        try:
            _check_version(connection, self.path)
        except StoreError:
            connection.close()
            raise
        self._connection, self._broken = connection, False

    def _create(self) -> None:
        """Make the file under another name first, so that a process that dies meanwhile leaves no half-made store."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self.path.with_name(self.path.name + ".new")
        for left_over in (new, new.with_name(new.name + ".wal")):
            left_over.unlink(missing_ok=True)
        with duckdb.connect(str(new), config=_SETTINGS) as connection:
            self._hide(new)
            connection.execute(_CREATE).fetchall()
            connection.execute(f"CREATE TABLE schema_version AS SELECT {SCHEMA_VERSION} AS version").fetchall()
        new.rename(self.path)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(duckdb.Error):  # a full disk: the checkpoint waits, the log keeps what was added
                connection.close()

    @staticmethod
    def _hide(path: Path) -> None:
        with contextlib.suppress(FileNotFoundError):
            path.chmod(0o600)


def _microseconds(time_s: float) -> int:
    return round(time_s * 1e6)


def _arrow(releases: Sequence[Release]) -> pa.Table:
    """The rows of the releases as a table, the first of each camera, place, quantity and tick start."""
    rows: dict[tuple[str, str, str, int], tuple[Any, ...]] = {}
    for release in releases:
        if not isinstance(release, Release):
            raise TypeError(f"the store takes releases only, not {type(release).__name__}")
        start_us = _microseconds(release.tick_start_s)
        numbers = zip(release.values.tolist(), release.standard_errors.tolist(), release.reasons, strict=True)
        for place, quantity, (value, error, unknown) in zip(release.places, release.quantities, numbers, strict=True):
            known = (None, None) if unknown else (value, error)
            key = (release.camera, place, quantity, start_us)
            rows.setdefault(key, (*key, release.tick_s, *known, release.mechanism, release.epoch, unknown))
    text, number = pa.string(), pa.float64()
    kinds = (text, text, text, pa.timestamp("us"), number, number, number, text, text, text)
    columns = zip(*rows.values(), strict=True) if rows else [()] * len(kinds)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.table(dict(zip(COLUMNS, arrays, strict=True)))


def _check_version(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        (version,) = connection.execute("SELECT max(version) FROM schema_version").fetchall()[0]
    except duckdb.CatalogException:
        raise StoreError(f"{path} is a DuckDB database but no store of Throng: name another file") from None
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"the store {path} was made by a newer Throng (its schema is {version}, this one knows {SCHEMA_VERSION}): "
            "update this one, or name another file"
        )


def _cause(error: Exception, path: Path) -> str:
    """Why the file cannot be used and what to do, in one sentence."""
    message = str(error)
    if "No space left on device" in message or "Disk quota exceeded" in message:
        return f"the disk that holds {path.name} is full; free some space, nothing that was stored is lost"
    if "Could not set lock" in message:
        holder = re.search(r"PID (\d+)", message)
        who = f"process {holder[1]}" if holder else "another process"
        return f"{who} holds {path}; stop it, or name another file"
    if "not a valid DuckDB" in message:
        return f"{path} is not a store of Throng; name another file"
    return message.splitlines()[0]
