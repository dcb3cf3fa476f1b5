"""How a DuckDB store is: whole or not, how large, of when, who can read it."""

import stat
from dataclasses import dataclass
from pathlib import Path

import duckdb

from throng.data.errors import StoreError
from throng.store import duck_schema


@dataclass(frozen=True, slots=True)
class Condition:
    """A store's file.

    Attributes
    ----------
    version : int
        Of its schema.
    size_bytes, free_bytes : int
        Of the file, and of those its free pages.
    rows, series : int
    oldest_us, newest_us : int or None
        Tick starts, Unix time, UTC, microseconds.
    mode : int
        Permission bits of the file.
    problems : tuple of str
        What is wrong, each with its remedy.
    """

    version: int
    size_bytes: int
    free_bytes: int
    rows: int
    series: int
    oldest_us: int | None
    newest_us: int | None
    mode: int
    problems: tuple[str, ...]


def condition(path: Path) -> Condition:
    """Read a whole store and check it against its checksums; nothing is changed.

    Raises
    ------
    StoreError
        It is absent, no store, or held by another process.
    """
    if not path.is_file():
        raise StoreError(f"there is no store {path}: name the .duckdb file in the site's data folder")
    mode = stat.S_IMODE(path.stat().st_mode)
    problems = [f"others than its owner can read it: chmod 600 {path}"] if mode & 0o077 else []
    left_over = sorted(each.name for each in path.parent.glob(f"{path.name}.*") if not each.name.endswith(".wal"))
    problems += [
        f"{name} lies beside it, perhaps left by a process that died: start the site, then delete it" for name in left_over
    ]
    try:
        with duckdb.connect(str(path), read_only=True, config=duck_schema.SETTINGS) as connection:
            version = duck_schema.version_of(connection, path)
            if version < duck_schema.SCHEMA_VERSION:
                problems.append(f"its schema is {version} and this Throng's {duck_schema.SCHEMA_VERSION}: start the site once")
            return _read(connection, path, version, mode, problems)
    except duckdb.Error as error:
        raise StoreError(f"the store cannot be read: {duck_schema.cause(error, path)}") from None


def _read(connection: duckdb.DuckDBPyConnection, path: Path, version: int, mode: int, problems: list[str]) -> Condition:
    connection.execute(duck_schema.LOCK_DOWN).fetchall()
    ((free, page),) = connection.execute("SELECT free_blocks, block_size FROM pragma_database_size()").fetchall()
    rows, series, oldest, newest = 0, 0, None, None
    try:
        if version == duck_schema.SCHEMA_VERSION:
            # Every column of every row is read, and with them every page's checksum.
            rows, oldest, newest, _ = connection.execute(
                "SELECT count(*), epoch_us(min(tick_start)), epoch_us(max(tick_start)), "
                f"bit_xor(hash(series, part, reason, value, standard_error)) FROM {duck_schema.ROWS}"
            ).fetchall()[0]
            ((series,),) = connection.execute("SELECT count(*) FROM series").fetchall()
            ((shown,),) = connection.execute(f"SELECT count(*) FROM {duck_schema.VIEW}").fetchall()
            if shown != rows:
                problems.append("some rows point to texts that are gone: restore a backup")
    except duckdb.Error as error:
        problems.append(f"it is damaged ({duck_schema.cause(error, path)}): restore a backup")
    return Condition(version, path.stat().st_size, free * page, rows, series, oldest, newest, mode, tuple(problems))
