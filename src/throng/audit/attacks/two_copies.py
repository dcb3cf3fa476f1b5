"""Two copies of a store, stolen one after the other: what the later one adds, in rows and in bytes."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb

from throng.store.duck_schema import TABLES

PAGE, HEADERS = 262_144, 3 * 4096
"""DuckDB's file: three headers of 4,096 bytes, then pages of 256 kB, each behind a checksum of eight bytes."""
_CHECKSUM = 8
_BEHIND_THE_VIEW = TABLES.keys() - {"schema_version"}
"""What they hold stands in the view `released`, wherever it lies."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows of all tables and views that only one of two copies holds; a row that was changed is in both."""

    gone: tuple[tuple[object, ...], ...]
    new: tuple[tuple[object, ...], ...]


def difference(older: str | os.PathLike[str], newer: str | os.PathLike[str]) -> Difference:
    """What two copies of a store differ in, row by row, the table's name first.

    Raises
    ------
    duckdb.Error
        One cannot be read.
    """
    before, after = _rows(older), _rows(newer)
    return Difference(tuple((before - after).elements()), tuple((after - before).elements()))


def _rows(path: str | os.PathLike[str]) -> "Counter[tuple[object, ...]]":
    rows: Counter[tuple[object, ...]] = Counter()
    with duckdb.connect(os.fspath(path), read_only=True) as connection:
        listed = (
            "SELECT table_name FROM duckdb_tables() UNION SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1"
        )
        for (table,) in connection.execute(listed).fetchall():
            if table in _BEHIND_THE_VIEW:
                continue
            quoted = table.replace('"', '""')
            rows.update((table, *row) for row in connection.execute(f'SELECT * FROM "{quoted}"').fetchall())
    return rows


def differing_bytes(one: Path, other: Path) -> int:
    """How many bytes of two files differ; checksums and the headers, which hold a random name of the file, not counted.

    One of the files that is longer differs in all that the other lacks.
    """
    first, second = one.read_bytes(), other.read_bytes()
    common = min(len(first), len(second))
    different = 0
    for begin in range(HEADERS, common, PAGE):
        span = slice(begin + _CHECKSUM, min(begin + PAGE, common))
        if first[span] != second[span]:
            different += sum(a != b for a, b in zip(first[span], second[span], strict=True))
    return different + abs(len(first) - len(second))
