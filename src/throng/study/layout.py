"""What the columns of a recording are, and in which units."""

import re
from dataclasses import dataclass

from throng.data.errors import TrajectoryError
from throng.study.text import BLANKS, Head, Table, is_number, split

METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001}
"""Units of length and how many metres they are."""
SECONDS = {"s": 1.0, "ms": 0.001}
"""Units of time and how many seconds they are."""

_UNITS = {
    "m": "m", "metre": "m", "metres": "m", "meter": "m", "meters": "m",
    "cm": "cm", "centimetre": "cm", "centimetres": "cm", "centimeter": "cm", "centimeters": "cm",
    "mm": "mm", "px": "px", "pixel": "px", "pixels": "px",
    "s": "s", "sec": "s", "seconds": "s", "ms": "ms", "msec": "ms", "milliseconds": "ms",
}  # fmt: skip
_NAMES = {
    "id": "id agent agentid ped pedid pedestrian pedestrianid person personid persid track trackid object objectid number",
    "frame": "frame frames fr frameid frameno framenr framenumber",
    "time": "t time timestamp",
    "x": "x posx xpos positionx xposition xcoord xground",
    "y": "y posy ypos positiony yposition ycoord yground",
}
_MEANINGS = {name: meaning for meaning, names in _NAMES.items() for name in names.split()}
_FORM = "an id, a frame or time, an x and a y"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the rows of a recording become trajectories.

    Attributes
    ----------
    table : Table
        Its columns: `id` (among the numbers or the words), `frame` or `time`, and either `x` and `y` or the box `left`, `top`,
        `width`, `height` with `score` and perhaps `class`.
    unit : str or None
        Of x and y: a key of `METRES`, or px; None where the file does not say.
    assumed_unit : str or None
        Where neither file nor user says; None where it must be said.
    rate_hz : float or None
        Frames a second, by which frames are numbered; None where the file does not say.
    step_s : float or None
        Time between two frames that hold rows, where the format fixes it whatever the numbers of the frames.
    time_unit : str
        A key of `SECONDS`.
    """

    table: Table
    unit: str | None = None
    assumed_unit: str | None = None
    rate_hz: float | None = None
    step_s: float | None = None
    time_unit: str = "s"


def separator_of(row: str) -> str:
    """What parts the columns of a row; runs of spaces and tabs unless something else does."""
    cells = row.split()
    if len(cells) > 3 and all(is_number(cell, ",") or is_number(cell) for cell in cells):
        return BLANKS
    for separator in (";", "\t", ","):
        if separator in row:
            return separator
    return BLANKS


def decimal_of(rows: tuple[str, ...], separator: str) -> str:
    """What parts whole from broken numbers in these rows."""
    cells = [cell for row in rows for cell in split(row, separator)]
    commas = separator != "," and any("," in cell and is_number(cell, ",") for cell in cells)
    return "," if commas else "."


def named(names: list[str]) -> tuple[dict[str, int], dict[str, str]]:
    """Which columns the names of a header mean, and their units; the first of several that mean the same counts."""
    columns: dict[str, int] = {}
    units: dict[str, str] = {}
    for number, name in enumerate(names):
        tokens = re.findall(r"[a-z]+|\d+", name.lower())
        unit = _UNITS.get(tokens[-1]) if len(tokens) > 1 else None
        meaning = _MEANINGS.get("".join(tokens[:-1] if unit else tokens))
        if meaning and meaning not in columns:
            columns[meaning] = number
            if unit:
                units[meaning] = unit
    return columns, units


def is_whole(columns: dict[str, int]) -> bool:
    """Whether the columns are enough to make trajectories of."""
    return {"id", "x", "y"} <= columns.keys() and bool({"frame", "time"} & columns.keys())


def layout_of_names(
    names: list[str], head: Head, *, separator: str, header_rows: int, where: str, assumed_unit: str | None = None
) -> Layout:
    """The layout of a table whose columns have names.

    Raises
    ------
    TrajectoryError
        A column is missing, or x and y have different units.
    """
    columns, units = named(names)
    if not is_whole(columns):
        listed = ", ".join(name.strip() for name in names)
        raise TrajectoryError(f'{where} names no {_missing(columns)}: it needs {_FORM}, and has "{listed[:200]}"')
    if "frame" in columns:
        columns.pop("time", None)
    if units.get("x") != units.get("y"):
        raise TrajectoryError(f"{where} gives x and y different units: they need the same")
    rows = head.rows[header_rows:]
    width = len(split(rows[0], separator)) if rows else len(names)
    if max(columns.values()) >= width:
        raise TrajectoryError(f"{where} names {len(names)} columns where the rows have {width}: give every column a name")
    words = {"id": columns.pop("id")}
    table = Table(
        separator=separator,
        width=width,
        columns=columns,
        words=words,
        header_rows=header_rows,
        decimal=decimal_of(rows, separator),
    )
    unit, rate_hz = facts_of(head.comments)
    return Layout(
        table=table, unit=units.get("x", unit), assumed_unit=assumed_unit, rate_hz=rate_hz, time_unit=units.get("time", "s")
    )


def facts_of(comments: tuple[str, ...]) -> tuple[str | None, float | None]:
    """The unit of x and y and the frame rate that comments tell, as the headers of the Juelich archive do."""
    unit = rate_hz = None
    for comment in comments:
        text = comment.lower()
        unit = next((_UNITS[found] for found in re.findall(r"\bx\s*[/\[(]\s*([a-z]+)", text) if found in _UNITS), unit)
        unit = next(
            (
                _UNITS[found]
                for found in re.findall(r"\b(?:in|units?:?)\s+([a-z]+)", text)
                if _UNITS.get(found) in (*METRES, "px")
            ),
            unit,
        )
        rate = re.search(r"frame\s?rate\D*?(\d+(?:\.\d+)?)", text)
        if rate and rate_hz is None and float(rate[1]) > 0:
            rate_hz = float(rate[1])
    return unit, rate_hz


def numbers_of(row: str, separator: str) -> list[float] | None:
    """The cells of a row as numbers; None where one is none."""
    decimal = decimal_of((row,), separator)
    cells = split(row, separator)
    if not cells or not all(is_number(cell, decimal) for cell in cells):
        return None
    return [float(cell.strip().replace(decimal, ".")) for cell in cells]


def _missing(columns: dict[str, int]) -> str:
    lacking = [name for name in ("id", "x", "y") if name not in columns]
    if not {"frame", "time"} & columns.keys():
        lacking.insert(min(1, len(lacking)), "frame or time")
    return " and no ".join(lacking)
