"""Tables, columns and texts: nothing but what a store has, and no text that could hold a number of people."""

from throng.audit.finding import Finding, judged, listed
from throng.audit.store.copied import Copied
from throng.data.release import QUANTITIES
from throng.data.texts import CELL, EPOCH, LONGEST_TEXT, MECHANISM, is_reason
from throng.store.duck_schema import TABLES, VIEW, view_text
from throng.store.store import COLUMNS

Places = dict[str, set[str]]
"""The places of each camera, as a site file names them."""


def tables(store: Copied) -> list[Finding]:
    """Only the tables of a store, with their columns, the view that shows all their rows, and no remarks."""
    known = TABLES | {VIEW: COLUMNS}
    allowed = {(table, name, kind.split()[0]) for table, columns in known.items() for name, kind in columns.items()}
    there = set(
        store.connection.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal"
        ).fetchall()
    )
    wrong = [f"{table}.{column} ({kind}) is no column of a store" for table, column, kind in sorted(there - allowed)]
    wrong += [f"{table}.{column} ({kind}) is missing" for table, column, kind in sorted(allowed - there)]
    if view_text(store.connection) != view_text():
        wrong.append(f"the view {VIEW} does not show the rows as they are")
    others = store.connection.execute(
        "SELECT 'an index, ' || index_name FROM duckdb_indexes() UNION ALL SELECT 'a sequence, ' || sequence_name "
        "FROM duckdb_sequences() UNION ALL SELECT 'a macro, ' || function_name FROM duckdb_functions() WHERE NOT internal "
        "UNION ALL SELECT 'a remark on the table ' || table_name FROM duckdb_tables() WHERE comment IS NOT NULL "
        "UNION ALL SELECT 'a remark on the column ' || column_name FROM duckdb_columns() WHERE comment IS NOT NULL ORDER BY 1"
    ).fetchall()
    wrong += [f"the file holds {what}, which no store has" for (what,) in others]
    return judged("tables", wrong, "only the known table and columns, no binary data, no remarks")


def texts(store: Copied, places: Places | None) -> list[Finding]:
    """Text columns hold names, quantities, mechanisms and reasons, and no numbers that could be of people."""
    wrong = []
    cameras = _distinct(store, "camera")
    for column, rule, what in (
        ("quantity", lambda text: text in QUANTITIES, "is no quantity that is released"),
        ("epoch", EPOCH.fullmatch, "is no epoch"),
        ("mechanism", MECHANISM.fullmatch, "does not describe a mechanism"),
        ("unknown", lambda text: is_reason(text, cameras), "is a reason with a number that could be of people"),
    ):
        strange = [text for text in _distinct(store, column) if not rule(text) or len(text) > LONGEST_TEXT]
        # Not the text itself: it may hold what nobody should read.
        wrong += [f"a text of the column {column} {what}; {len(strange)} such"] if strange else []
    wrong += _changing(store)
    wrong += _unlisted(store, places) if places is not None else []
    return judged("texts", wrong, "names, quantities, mechanisms and reasons only, none with a number of people")


def names(store: Copied, places: Places | None) -> list[Finding]:
    """The names that stand in the file; for people to read, unless a site file says which are right."""
    if places is not None:
        return []
    found = [f"{camera}/{place}" for camera, place in _pairs(store) if not place.startswith("@")]
    return [Finding("names", "note", f"cameras and places: {listed(found, 8)}; give --site to compare them with the site file")]


def _changing(store: Copied) -> list[str]:
    """A mechanism is described once an epoch; a description that changes with the ticks could tell something of them."""
    changing = store.connection.execute(
        "SELECT DISTINCT camera FROM (SELECT camera FROM released WHERE mechanism != 'none' GROUP BY camera, epoch "
        "HAVING count(DISTINCT mechanism) > 1) ORDER BY ALL"
    ).fetchall()
    return [f'the mechanism of camera "{camera}" is described in more than one way in an epoch' for (camera,) in changing]


def _unlisted(store: Copied, places: Places) -> list[str]:
    strange = [f"{camera}/{place}" for camera, place in _pairs(store) if not _is_listed(camera, place, places)]
    return [f"the site file has no {listed(strange)}: renamed since, or something else"] if strange else []


def _is_listed(camera: str, place: str, places: Places) -> bool:
    return camera in places and (place in places[camera] or CELL.fullmatch(place) is not None)


def _distinct(store: Copied, column: str) -> list[str]:
    """Also those that no row points to."""
    table = next(table for table, columns in TABLES.items() if column in columns)
    return [text for (text,) in store.connection.execute(f"SELECT DISTINCT {column} FROM {table} ORDER BY 1").fetchall()]


def _pairs(store: Copied) -> list[tuple[str, str]]:
    return store.connection.execute("SELECT DISTINCT camera, place FROM released ORDER BY ALL").fetchall()
