"""The tables of a DuckDB store, and how its file is opened and made."""

import contextlib
import os
import re
from pathlib import Path

import duckdb

from throng.data.errors import StoreError
from throng.store.store import COLUMNS

SCHEMA_VERSION = 2

ROW_COLUMNS = {
    "series": "INTEGER NOT NULL",
    "tick_start": "TIMESTAMP NOT NULL",  # UTC
    "part": "INTEGER NOT NULL",
    "reason": "INTEGER NOT NULL",
    "value": "DOUBLE",
    "standard_error": "DOUBLE",
}

TABLES = {
    "schema_version": {"version": "INTEGER"},
    "series": {"id": "INTEGER NOT NULL"} | {name: COLUMNS[name] for name in ("camera", "place", "quantity")},
    "part": {"id": "INTEGER NOT NULL"} | {name: COLUMNS[name] for name in ("mechanism", "epoch", "tick_s")},
    "reason": {"id": "INTEGER NOT NULL", "unknown": COLUMNS["unknown"]},
    "fresh": ROW_COLUMNS,
    "settled": ROW_COLUMNS,
}
"""Texts stand once, in tables of their own; rows point to them. `fresh` holds the newest rows as they came, `settled` the
others in runs that are each sorted by series and tick: of each row group DuckDB knows the smallest and largest series and tick,
and skips those that cannot hold what is asked for."""

VIEW = "released"
"""Has the columns of `throng.store.store.COLUMNS`: what people and the audit read."""

ROWS = "({})".format(" UNION ALL ".join(f"SELECT {', '.join(ROW_COLUMNS)} FROM {table}" for table in ("settled", "fresh")))

_VIEW = f"""
CREATE VIEW {VIEW} AS SELECT camera, place, quantity, tick_start, tick_s, value, standard_error, mechanism, epoch, unknown
FROM {ROWS} AS row JOIN series ON series.id = row.series JOIN part ON part.id = row.part JOIN reason ON reason.id = row.reason
"""

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "160MB",
    "threads": 1,
    "temp_directory": "",  # nothing spills: what does not fit in memory is refused, not written beside the file
    "autoload_known_extensions": False,
    "autoinstall_known_extensions": False,
}

# After the others: DuckDB takes the settings of a connection in no promised order, and these two forbid some of them.
LOCK_DOWN = "SET enable_external_access = false; SET lock_configuration = true"


def beside(path: Path, suffix: str) -> Path:
    """The file of that name with something at its end."""
    return path.with_name(path.name + suffix)


def hide(path: Path) -> None:
    """Let nobody but its owner read a file, if it is there."""
    with contextlib.suppress(FileNotFoundError):
        path.chmod(0o600)


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a file that reaches no other one."""
    connection = duckdb.connect(str(path), config=SETTINGS)
    connection.execute(LOCK_DOWN).fetchall()
    hide(path)
    return connection


def create(connection: duckdb.DuckDBPyConnection, *, version: int = SCHEMA_VERSION) -> None:
    """Make the tables of an empty store."""
    for name in TABLES:
        connection.execute(_create_table(name)).fetchall()
    connection.execute(_VIEW).fetchall()
    connection.execute("INSERT INTO reason VALUES (0, '')").fetchall()
    connection.execute(f"INSERT INTO schema_version VALUES ({version})").fetchall()


def make(path: Path) -> None:
    """Make the file of an empty store, under another name first: a process that dies meanwhile leaves no half-made store."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = discard_new(path)
    with duckdb.connect(str(new), config=SETTINGS) as connection:
        hide(new)
        create(connection)
    put_in_place(new, path)


def view_text(connection: duckdb.DuckDBPyConnection | None = None) -> str:
    """How the view of a store is made, in DuckDB's own words; without a connection, as it should be."""
    if connection is None:
        with duckdb.connect(":memory:", config=SETTINGS) as blank:
            create(blank)
            return view_text(blank)
    made = connection.execute("SELECT sql FROM duckdb_views() WHERE view_name = $name", {"name": VIEW}).fetchall()
    return str(made[0][0]) if made else ""


def put_in_place(new: Path, path: Path) -> None:
    """Let a finished file take the place of a store's, all at once and for good."""
    hide(new)
    for each, kind in ((new, os.O_RDONLY), (path.parent, os.O_RDONLY | os.O_DIRECTORY)):
        opened = os.open(each, kind)
        try:
            if each == path.parent:
                new.replace(path)
            os.fsync(opened)
        finally:
            os.close(opened)


def empty_fresh(connection: duckdb.DuckDBPyConnection) -> None:
    """Begin the table of the newest rows anew, row numbers too: a gap in them is a sign of deleted rows."""
    connection.execute("DROP TABLE fresh").fetchall()
    connection.execute(_create_table("fresh")).fetchall()


def _create_table(name: str) -> str:
    return f"CREATE TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in TABLES[name].items())})"


def discard_new(path: Path) -> Path:
    """The name under which a new file for a store is made first; what an earlier try left there is deleted."""
    new = beside(path, ".new")
    for each in path.parent.iterdir():
        if each.name.startswith(new.name):  # its log too
            each.unlink()
    return new


def version_of(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """The version of a store's schema.

    Raises
    ------
    StoreError
        It is no store, or of a newer Throng.
    """
    try:
        (version,) = connection.execute("SELECT max(version) FROM schema_version").fetchall()[0]
    except duckdb.CatalogException:
        raise StoreError(f"{path} is a DuckDB database but no store of Throng: name another file") from None
    if version is None or version < 1:
        raise StoreError(f"the store {path} does not say the version of its schema: restore a backup, or name another file")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"the store {path} was made by a newer Throng (its schema is {version}, this one knows {SCHEMA_VERSION}): "
            "update this one, or name another file"
        )
    return int(version)


def cause(error: Exception, path: Path) -> str:
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
