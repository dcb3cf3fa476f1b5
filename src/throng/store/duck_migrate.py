"""Brings the file of an older Throng to this one's schema, one numbered step after the other.

A step writes a new file beside the old one, which takes its place in the end: whenever the process dies, one whole file stands
there, old or new, and opening it takes up the work again.
"""

from collections.abc import Callable
from pathlib import Path

import duckdb

from throng.data.errors import StoreError
from throng.store import duck_schema
from throng.store.known import QUANTITY_IDS

_MOST_ROWS = 491_520
"""So many are sorted at a time."""


def migrate(path: Path) -> None:
    """Bring a store to this Throng's schema.

    Raises
    ------
    StoreError
        The file changes under our hands: another process has it.
    """
    while True:
        with duckdb.connect(str(path), config=duck_schema.SETTINGS) as connection:
            version = duck_schema.version_of(connection, path)
        if version == duck_schema.SCHEMA_VERSION:
            return
        if duck_schema.beside(path, ".wal").exists():
            raise StoreError(f"{path} is of an older Throng and cannot be brought up to date: free some space on its disk")
        new = duck_schema.discard_new(path)
        with duckdb.connect(str(new), config=duck_schema.SETTINGS) as connection:
            duck_schema.hide(new)
            connection.execute(f"ATTACH '{_quoted(path)}' AS old").fetchall()  # held, so that no other process opens it
            STEPS[version](connection)
            connection.execute("DETACH old").fetchall()
        duck_schema.put_in_place(new, path)


def _from_1_to_2(connection: duckdb.DuckDBPyConnection) -> None:
    """One table with every text in every row becomes rows that point to texts, sorted in runs."""
    duck_schema.create(connection, version=2)
    connection.execute(
        f"INSERT INTO series SELECT (dense_rank() OVER (ORDER BY quantity) - 1) * {QUANTITY_IDS} "
        "+ row_number() OVER (PARTITION BY quantity ORDER BY first) - 1, camera, place, quantity FROM "
        "(SELECT camera, place, quantity, min(rowid) AS first FROM old.released GROUP BY ALL) ORDER BY first"
    ).fetchall()
    connection.execute(
        "INSERT INTO part SELECT row_number() OVER (ORDER BY epoch, mechanism, tick_s) - 1, mechanism, epoch, tick_s FROM "
        "(SELECT DISTINCT mechanism, epoch, tick_s FROM old.released)"
    ).fetchall()
    connection.execute(
        "INSERT INTO reason SELECT row_number() OVER (ORDER BY unknown), unknown FROM "
        "(SELECT DISTINCT unknown FROM old.released WHERE unknown <> '')"
    ).fetchall()
    (last,) = connection.execute("SELECT coalesce(max(rowid), -1) FROM old.released").fetchall()[0]
    for first in range(0, last + 1, _MOST_ROWS):
        connection.execute(
            "INSERT INTO settled SELECT series.id, tick_start, part.id, reason.id, value, standard_error "
            "FROM (SELECT * FROM old.released WHERE rowid BETWEEN $first AND $last) "
            "JOIN series USING (camera, place, quantity) JOIN part USING (mechanism, epoch, tick_s) "
            "JOIN reason USING (unknown) ORDER BY 1, 2",
            {"first": first, "last": first + _MOST_ROWS - 1},
        ).fetchall()


STEPS: dict[int, Callable[[duckdb.DuckDBPyConnection], None]] = {1: _from_1_to_2}
"""By the version they begin with."""


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
