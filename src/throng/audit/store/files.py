"""The file itself: who can read it, what lies beside it, and what its free pages still hold."""

import stat
from contextlib import suppress

import duckdb
import numpy as np
from numpy.typing import NDArray

from throng.audit.attacks.two_copies import HEADERS, PAGE
from throng.audit.finding import Finding, judged
from throng.audit.store.copied import Copied, opened
from throng.data.errors import StoreError
from throng.store.duck_schema import TABLES

_HEADER = 4096


def access(store: Copied) -> list[Finding]:
    """Only the owner can read the file, its log and its folder."""
    wrong = []
    for path in (store.path, store.path.with_name(store.path.name + ".wal")):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            wrong.append(f"others than the owner can read {path.name}: chmod 600 it")
    return judged("access", wrong, "only its owner can read it")


def neighbours(store: Copied) -> list[Finding]:
    """Beside the file there is nothing of it but its write-ahead log."""
    left = sorted(p.name for p in store.path.parent.glob(store.path.name + ".*") if p.name != store.path.name + ".wal")
    wrong = [f"{name} lies beside it and is not part of it: look into it, and delete it" for name in left]
    found = judged("beside it", wrong, "nothing but what belongs to it")
    if store.path.with_name(store.path.name + ".wal").exists():
        found.append(Finding("beside it", "note", "a write-ahead log holds the newest rows; it was read too"))
    return found


def pages(store: Copied) -> list[Finding]:
    """No row that was deleted can be read out of the file: not by row numbers, not from the state before the last one."""
    wrong = []
    counted = (f"SELECT count(*), coalesce(max(rowid), -1) FROM {table}" for table in TABLES)
    if any(last + 1 > rows for query in counted for rows, last in store.connection.execute(query).fetchall()):
        wrong.append("rows were deleted: some row numbers are gone, and what stood there may still be in the file")
    lost = _only_before(store)
    if lost:
        wrong.append(f"{lost} rows that are not in the table can still be read from the file's state before its last change")
    stray = (store.path.stat().st_size - HEADERS) % PAGE
    if stray:
        wrong.append(f"{stray} bytes follow its last page")
    found = judged("free pages", wrong, "no row was deleted, and its state before the last change holds nothing else")
    used = _free_and_used(store)
    if used:
        sentence = f"{used} free pages still hold bytes of earlier states, which the next changes write over"
        found.append(Finding("free pages", "note", sentence))
    return found


def size(store: Copied) -> list[Finding]:
    """How large the file is for its rows."""
    (rows,) = store.connection.execute("SELECT count(*) FROM released").fetchall()[0]
    size_bytes = store.path.stat().st_size
    sentence = f"{size_bytes} bytes for {rows} rows; noise does not compress, so that the size follows the number of rows"
    return [Finding("size", "note", sentence)]


def _only_before(store: Copied) -> int:
    """How many rows the state before the last one holds that are not in the table now.

    DuckDB keeps two headers and writes the older one anew at each checkpoint; a copy in which the older one stands twice opens
    as it was before.
    """
    content = bytearray(store.copy.read_bytes())
    first, second = content[_HEADER : 2 * _HEADER], content[2 * _HEADER : HEADERS]
    older = first if _iteration(first) < _iteration(second) else second
    if _iteration(older) == 0:
        return 0
    content[_HEADER:HEADERS] = older + older
    before = store.copy.with_name("before.duckdb")
    before.write_bytes(content)
    try:
        # Pages that were written over since do not fit their checksums: then that state is gone.
        with suppress(StoreError, duckdb.Error), opened(before, store.path) as connection:
            columns = sorted(_columns(connection) & _columns(store.connection))
            return len(np.setdiff1d(_hashes(connection, columns), _hashes(store.connection, columns)))
        return 0
    finally:
        before.unlink()


def _iteration(header: bytearray) -> int:
    return int.from_bytes(header[8:16], "little")


def _columns(connection: duckdb.DuckDBPyConnection) -> set[str]:
    described = "SELECT column_name FROM duckdb_columns() WHERE table_name = 'released'"
    return {name for (name,) in connection.execute(described).fetchall()}


def _hashes(connection: duckdb.DuckDBPyConnection, columns: list[str]) -> NDArray[np.uint64]:
    quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in columns)
    return connection.execute(f"SELECT hash({quoted}) AS row FROM released").fetchnumpy()["row"]


def _free_and_used(store: Copied) -> int:
    """How many pages belong to nothing and are not blank."""
    live = {page for (page,) in store.connection.execute("SELECT block_id FROM pragma_metadata_info()").fetchall()}
    tables = store.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    for (table,) in tables:
        segments = "SELECT block_id, additional_block_ids FROM pragma_storage_info($table) WHERE persistent"
        for page, more in store.connection.execute(segments, {"table": table}).fetchall():
            live |= {page, *more}
    used = 0
    with store.path.open("rb") as file:
        for page in range((store.path.stat().st_size - HEADERS) // PAGE):
            if page not in live:
                file.seek(HEADERS + page * PAGE)
                used += any(file.read(PAGE))
    return used
