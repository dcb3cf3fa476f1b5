"""Cameras in a table, one a row: the CSV file that people keep in a spreadsheet."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from throng.data.errors import GeometryError, SiteError
from throng.hub.cameras import Where
from throng.hub.registry.camera import Registered
from throng.hub.registry.draft import Draft, Login, Wrong
from throng.hub.registry.places import EXAMPLE, lines_of, lines_text, zones_of, zones_text

COLUMNS = ("name", "site", "address", "user", "password", "lat", "lon", "x", "y", "sensor", "tick_s", "lines", "zones")
NEEDED = ("name", "site")
SECRET = ("address", "user", "password")
LARGEST_BYTES = 16 * 2**20
MOST_ROWS = 20_000
MOST_TOLD = 20

_HINTS = {
    "tick_s": "must be a whole number of seconds from 1 to 3600 that divides a day evenly",
    "lines": f"every line needs a name of its own and two points that differ, as in {EXAMPLE}",
    "zones": "every zone needs a name of its own and at least three corners, and its sides must not cross",
}
_DIGITS = re.compile(r"[+-]?\d{1,17}(\.\d{0,17})?")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: the line of the file where it begins, and the camera that it wants."""

    line: int
    draft: Draft


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """What is wrong at a line of the file."""

    line: int
    sentence: str


def read_table(content: bytes) -> tuple[list[Row], list[Mistake]]:
    """The cameras of a CSV file, and what is wrong with its rows.

    Comma, semicolon or tab between the cells, as the head line has it; UTF-8. An empty cell leaves what the hub knows.

    Raises
    ------
    SiteError
        It is no such file at all: too large, not text, not UTF-8, without the head line, or with too many rows.
    """
    text = _text(content)
    rows: list[Row] = []
    found: list[Mistake] = []
    try:
        reader = _records(text)
        _, head = next(reader, (1, []))
        columns = _columns(head)
        for line, cells in reader:
            if len(rows) + len(found) >= MOST_ROWS:
                raise SiteError(f"the file has more than {MOST_ROWS:,} rows: import it in parts")
            while len(cells) > len(columns) and not cells[-1].strip():
                cells.pop()
            if len(cells) > len(columns):
                found.append(
                    Mistake(line, f"has {len(cells)} cells, but the head line has {len(columns)}: quote cells with commas")
                )
                continue
            draft, sentences = _draft(dict(zip(columns, cells, strict=False)))
            rows.append(Row(line, draft))
            found += [Mistake(line, sentence) for sentence in sentences]
    except csv.Error as error:
        # The module's own sentences name no cell.
        raise SiteError(f"the file is no valid CSV: {error}") from None
    if not rows and not found:
        raise SiteError("the file has no row below its head line: give each camera one")
    return rows, found


def write_table(cameras: Iterable[Registered]) -> str:
    """The registry's own cameras as a CSV file, that imports as no change: never with an address, user or password."""
    file = io.StringIO()
    writer = csv.writer(file)
    columns = [column for column in COLUMNS if column not in SECRET]
    writer.writerow(columns)
    for registered in cameras:
        if registered.of_file:
            continue
        where = registered.where or Where()
        cells: dict[str, Any] = {
            "name": registered.name,
            "site": registered.site,
            "lat": where.lat,
            "lon": where.lon,
            "x": where.x,
            "y": where.y,
            "sensor": registered.sensor,
            "tick_s": registered.camera.tick_s,
            "lines": lines_text(registered.camera.line),
            "zones": zones_text(registered.camera.zone),
        }
        writer.writerow(["" if cells[column] is None else cells[column] for column in columns])
    return file.getvalue()


def _text(content: bytes) -> str:
    if len(content) > LARGEST_BYTES:
        raise SiteError(f"the file is larger than {LARGEST_BYTES // 2**20} MiB: is it the right file?")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content[:4096]:
        raise SiteError("the file is UTF-16 or no text: save it as CSV in UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    else:
        if "\0" in text:
            raise SiteError("the file is no text: save it as CSV in UTF-8")
        return text
    raise SiteError(f"line {line} is not UTF-8: save the file as CSV in UTF-8")


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, each with the line where it begins."""
    head = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield line, cells
        line = reader.line_num + 1


def _columns(head: list[str]) -> list[str]:
    columns = [cell.strip().lower() for cell in head]
    # Spreadsheets leave empty columns behind the last.
    while columns and not columns[-1]:
        columns.pop()
    missing = [name for name in NEEDED if name not in columns]
    # No cell is quoted: a file without a head line begins with a camera and its password.
    unknown = [str(number) for number, name in enumerate(columns, 1) if name not in COLUMNS]
    if missing or unknown:
        what = f"lacks {' and '.join(missing)}" if missing else f"has no known name in column {', '.join(unknown)}"
        raise SiteError(f"the head line {what}: it takes the names {', '.join(COLUMNS)}")
    if len(set(columns)) < len(columns):
        raise SiteError("the head line names a column twice: remove one")
    return columns


def table_mistake(line: int, wrong: Wrong) -> Mistake:
    """A mistake in a row, that quotes nothing: a password with a comma in it moves into the next columns."""
    hint = _HINTS.get(wrong.column, "is not as it must be")
    return Mistake(line, f"{wrong.column}: {hint}" if wrong.quotes else wrong.sentence)


def _draft(written: dict[str, str]) -> tuple[Draft, list[str]]:
    # Spaces around a cell are the spreadsheet's, but those of a password may be its own.
    cells = {column: cell if column == "password" else cell.strip() for column, cell in written.items()}
    found: list[str] = []

    def read(column: str, reading: Callable[[str], Any]) -> Any:
        text = cells.get(column, "")
        if not text:
            return None
        try:
            return reading(text)
        except (ValueError, GeometryError) as error:
            found.append(f"{column}: {error}")
            return None

    place = {name: read(name, _number) for name in ("lat", "lon", "x", "y")}
    # One mistake is told once, not again as the missing half of a pair.
    placed = not found and any(value is not None for value in place.values())
    told = {"tick_s": read("tick_s", _whole), "line": read("lines", lines_of), "zone": read("zones", zones_of)}
    secret = {name: SecretStr(cells[name]) for name in SECRET if cells.get(name)}
    login = Login(secret.get("user"), secret.get("password")) if secret.keys() & {"user", "password"} else None
    draft = Draft(
        name=cells.get("name", ""),
        site=cells.get("site") or None,
        sensor=cells.get("sensor") or None,
        where=Where(**place) if placed else None,
        address=secret.get("address"),
        login=login,
        table={key: value for key, value in told.items() if value is not None},
    )
    return draft, found


def _number(text: str) -> float:
    if not _DIGITS.fullmatch(text):
        raise ValueError("must be a number with a point, such as 52.5")
    return float(text)


def _whole(text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text):
        raise ValueError(_HINTS["tick_s"])
    return int(text)
