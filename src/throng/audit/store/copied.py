"""A private copy of a store, which can be opened and damaged without touching the store."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from throng.data.errors import StoreError
from throng.store.duck_schema import SCHEMA_VERSION, TABLES, version_of

_IN_MEMORY = Path("/dev/shm")
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "512MB",
    "threads": 1,
    "temp_directory": "",
    "autoload_known_extensions": False,
    "autoinstall_known_extensions": False,
}
# After the others, as in `throng.store.duck_schema`.
_LOCK_DOWN = "SET enable_external_access = false; SET lock_configuration = true"


@dataclass(frozen=True, slots=True)
class Copied:
    """A store and its copy.

    Attributes
    ----------
    path : Path
        The store.
    copy : Path
        Its copy, in a folder of its own that only this user can read and that is deleted afterwards.
    connection : duckdb.DuckDBPyConnection
        To the copy.
    """

    path: Path
    copy: Path
    connection: duckdb.DuckDBPyConnection


@contextmanager
def copied(path: Path) -> Iterator[Copied]:
    """Copy a store with its write-ahead log, into memory where the system has a folder there, and open the copy for reading.

    Raises
    ------
    StoreError
        There is no such file, it cannot be read, a process has it open for writing, or it is no store of Throng.
    """
    parent = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="throng-audit-", dir=parent) as folder:
        copy = Path(folder) / "copy.duckdb"
        _copy(path, copy)
        with opened(copy, path) as connection:
            if version_of(connection, path) < SCHEMA_VERSION:
                raise StoreError(
                    f"the store {path} was made by an older Throng: bring it up to date with throng doctor --store, or audit a "
                    "copy that was"
                )
            tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
            if not tables >= TABLES.keys():
                raise StoreError(f"{path} is a DuckDB database but no store of Throng: name another file")
            yield Copied(path, copy, connection)


@contextmanager
def opened(copy: Path, path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a copy of the store `path`; it reads only.

    Raises
    ------
    StoreError
        It is no DuckDB file, or a damaged one.
    """
    try:
        connection = duckdb.connect(str(copy), read_only=True, config=_SETTINGS)
    except duckdb.Error:
        raise StoreError(f"{path} is not a store of Throng, or is damaged; name another file") from None
    with connection:
        connection.execute(_LOCK_DOWN).fetchall()
        yield connection


def _copy(path: Path, copy: Path) -> None:
    try:
        with path.open("rb") as file:
            # DuckDB locks the whole file while a process may write to it.
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            shutil.copyfile(path, copy)
            log = path.with_name(path.name + ".wal")
            if log.exists():
                shutil.copyfile(log, copy.with_name(copy.name + ".wal"))
    except BlockingIOError:
        raise StoreError(
            f"a process, perhaps a hub, has {path} open for writing: stop it, or audit a copy of the file and of its .wal"
        ) from None
    except OSError as error:
        raise StoreError(f"the store {path} cannot be read: {(error.strerror or str(error)).lower()}") from None
