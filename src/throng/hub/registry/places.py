"""Lines and zones in one cell of a table: "door: 661,166 1859,520; exit: 0,0 0,720"."""

from collections.abc import Sequence
from typing import Any

from throng.data.errors import GeometryError
from throng.site.model import LineTable, ZoneTable

EXAMPLE = '"door: 661,166 1859,520; exit: 0,0 0,720"'


def lines_of(text: str) -> list[dict[str, Any]]:
    """The line tables of a cell.

    No error quotes the cell: where columns are confused it may be a password.

    Raises
    ------
    GeometryError
        The text has another form.
    """
    tables = []
    for name, points in _parsed(text):
        if len(points) != 2:
            raise GeometryError(f"a line needs two points, not {len(points)}: write {EXAMPLE}")
        tables.append({"name": name, "from": points[0], "to": points[1]})
    return tables


def zones_of(text: str) -> list[dict[str, Any]]:
    """The zone tables of a cell.

    Raises
    ------
    GeometryError
        The text has another form.
    """
    return [{"name": name, "corners": points} for name, points in _parsed(text)]


def lines_text(lines: Sequence[LineTable]) -> str:
    """Lines as `lines_of` reads them."""
    return "; ".join(f"{line.name}: {_points_text((line.from_px, line.to_px))}" for line in lines)


def zones_text(zones: Sequence[ZoneTable]) -> str:
    """Zones as `zones_of` reads them."""
    return "; ".join(f"{zone.name}: {_points_text(zone.corners)}" for zone in zones)


def _parsed(text: str) -> list[tuple[str, list[list[float]]]]:
    return [_place(part) for part in text.split(";") if part.strip()]


def _place(part: str) -> tuple[str, list[list[float]]]:
    name, colon, rest = part.partition(":")
    if not colon or not name.strip():
        raise GeometryError(f"a place has no name: write {EXAMPLE}")
    return name.strip(), [_point(pair) for pair in rest.split()]


def _point(pair: str) -> list[float]:
    numbers = pair.split(",")
    try:
        # The words that float() takes beside digits, such as "nan" and "1_0", are no coordinates.
        if len(numbers) != 2 or not set(pair) <= set("0123456789.,+-eE"):
            raise ValueError
        return [float(number) for number in numbers]
    except ValueError:
        raise GeometryError(f"a place has a point that is not x,y in pixels: write {EXAMPLE}") from None


def _points_text(points: Sequence[Sequence[float]]) -> str:
    return " ".join(",".join(repr(number).removesuffix(".0") for number in point) for point in points)
