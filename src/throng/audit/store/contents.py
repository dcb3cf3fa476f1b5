"""Tables, columns and texts: nothing but what a store has, and no text that could hold a number of people."""

import re
from collections.abc import Iterable

from throng.audit.store.copied import Copied
from throng.audit.store.finding import Finding, judged, listed
from throng.data.release import QUANTITIES
from throng.store.store import COLUMNS

_EPOCH = re.compile(r"\d{4}-\d\d-\d\d/\d{1,3}")
_MECHANISM = re.compile(r"none|[a-z][a-z -]*\([ -~]*\)(?:[;,+ ]+[a-z][a-z -]*\([ -~]*\))*")
_HARMLESS_NUMBERS = re.compile(
    r"\d+x\d+"  # the size of a picture
    r"|\d{4}-\d\d-\d\d"
    r"|\([\d.e-]+ of [\d.e-]+ in \d+ starts?\)"  # what was spent of a budget
    r"|\b\d+(?:\.\d+)? (?:s|seconds|ticks|minutes|hours?)\b"
    r"|the ledger \S+|ffmpeg [\w .-]+"
)
_LONGEST_TEXT = 400
Places = dict[str, set[str]]
"""The places of each camera, as a site file names them."""


def tables(store: Copied) -> list[Finding]:
    """Only the table of releases and that of the schema's version, with their columns, and no remarks."""
    allowed = {("released", name, kind.split()[0]) for name, kind in COLUMNS.items()} | {
        ("schema_version", "version", "INTEGER")
    }
    there = set(
        store.connection.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal"
        ).fetchall()
    )
    wrong = [f"{table}.{column} ({kind}) is no column of a store" for table, column, kind in sorted(there - allowed)]
    wrong += [f"{table}.{column} ({kind}) is missing" for table, column, kind in sorted(allowed - there)]
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
        ("epoch", _EPOCH.fullmatch, "is no epoch"),
        ("mechanism", _MECHANISM.fullmatch, "does not describe a mechanism"),
        ("unknown", lambda text: is_reason(text, cameras), "is a reason with a number that could be of people"),
    ):
        strange = [text for text in _distinct(store, column) if not rule(text) or len(text) > _LONGEST_TEXT]
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


def is_reason(text: str, cameras: Iterable[str]) -> bool:
    """Whether a text has no number but of ticks, seconds, pictures, dates, budgets, and in the names of cameras."""
    for camera in cameras:
        text = text.replace(f'"{camera}"', "")
    return not any(letter.isdigit() for letter in _HARMLESS_NUMBERS.sub("", text))


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
    return camera in places and (place in places[camera] or re.fullmatch(r"@\d{1,2},\d{1,2}", place) is not None)


def _distinct(store: Copied, column: str) -> list[str]:
    return [text for (text,) in store.connection.execute(f"SELECT DISTINCT {column} FROM released ORDER BY 1").fetchall()]


def _pairs(store: Copied) -> list[tuple[str, str]]:
    return store.connection.execute("SELECT DISTINCT camera, place FROM released ORDER BY ALL").fetchall()
