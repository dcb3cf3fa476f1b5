"""The lines, zones and walkable ground of a study, from a few words or from a TOML file."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from throng.data.errors import GeometryError
from throng.data.ground_place import Area, GroundLine
from throng.data.trajectories import Trajectories

Floats = NDArray[np.float64]

LARGEST_BYTES = 1 << 20
MARGIN_M = 0.5
"""How far the ground that people can walk on is taken to reach beyond where they did, where nobody says."""
_KEYS = {"line": ("name", "from", "to"), "zone": ("name", "corners", "holes"), "walkable": ("corners", "holes")}


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where to measure.

    Attributes
    ----------
    lines : tuple of GroundLine
    zones : tuple of Area
    walkable : Area or None
        The ground that people can walk on; None where it is not known.

    Raises
    ------
    GeometryError
        Two lines or zones have one name, or an area crosses itself.
    """

    lines: tuple[GroundLine, ...] = ()
    zones: tuple[Area, ...] = ()
    walkable: Area | None = None

    def __post_init__(self) -> None:
        names = [line.name for line in self.lines] + [zone.name for zone in self.zones]
        for name in names:
            if names.count(name) > 1:
                raise GeometryError(f'there are two places called "{name}": give each line and zone a name of its own')
        for area in (*self.zones, *([] if self.walkable is None else [self.walkable])):
            checked(area)


def parse_line(text: str) -> GroundLine:
    """A line from "name: x,y x,y", metres.

    Raises
    ------
    GeometryError
        The text has another form, or the line makes no sense.
    """
    return GroundLine(*_parsed(text, "a line", "door: 0,0 2.4,0"))


def parse_zone(text: str) -> Area:
    """A zone from "name: x,y x,y x,y ...", metres.

    Raises
    ------
    GeometryError
        The text has another form, or the zone makes no sense.
    """
    return checked(Area(*_parsed(text, "a zone", "hall: 0,0 4,0 4,3 0,3")))


def read_places(path: Path | str) -> Places:
    """Read a TOML file of [[line]] (name, from, to), [[zone]] (name, corners, holes) and [walkable] (corners, holes), metres.

    Raises
    ------
    GeometryError
        The file cannot be read, has a key it should not, or a place in it makes no sense.
    """
    file = Path(path)
    tree = _tree(file)
    for key in tree.keys() - _KEYS.keys():
        raise GeometryError(f"{file}: there is no table {key}: give [[line]], [[zone]] and [walkable]")
    lines = []
    for name, table in _tables(tree, "line", file):
        with _told(file, "line"):
            lines.append(GroundLine(name, [table.get("from"), table.get("to")]))  # type: ignore[arg-type]
    zones = []
    for name, table in _tables(tree, "zone", file):
        with _told(file, "zone"):
            zones.append(_area(name, table))
    walkable = None
    if "walkable" in tree:
        with _told(file, "walkable"):
            walkable = _area("walkable", _with_keys(tree["walkable"], "walkable", file))
    return Places(tuple(lines), tuple(zones), walkable)


def _area(name: str, table: dict[str, Any]) -> Area:
    return checked(Area(name, table.get("corners"), tuple(table.get("holes", ()))))  # type: ignore[arg-type]


def checked(area: Area) -> Area:
    """The same area.

    Raises
    ------
    GeometryError
        Its outline crosses itself, or a hole is not inside.
    """
    polygon = shapely.Polygon(area.corners_m, area.holes_m)
    if not polygon.is_valid:
        reason = shapely.is_valid_reason(polygon).split("[")[0].lower()
        raise GeometryError(
            f'area "{area.name}" makes no sense ({reason}): list its corners in the order you would walk around it, and keep '
            "holes inside and apart"
        )
    return area


def reached(trajectories: Trajectories) -> Area:
    """The convex hull of all places, grown by `MARGIN_M`: what can be walked on at least, as far as can be seen."""
    # A hull of hundreds of corners would make every Voronoi cell at its edge slow to cut.
    hull = shapely.multipoints(trajectories.xy_m).convex_hull.simplify(MARGIN_M / 10).buffer(MARGIN_M, join_style="mitre")
    return Area("walkable", np.array(hull.exterior.coords))


def _parsed(text: str, what: str, example: str) -> tuple[str, Floats]:
    name, colon, rest = text.rpartition(":")
    if not colon or not name.strip():
        raise GeometryError(f'{what} "{text}" has no name: write it as "{example}"')
    try:
        points = [[float(number) for number in pair.split(",")] for pair in rest.split()]
        return name.strip(), np.array(points, dtype=np.float64).reshape(-1, 2)
    except ValueError:
        raise GeometryError(f'{what} "{name.strip()}" needs points x,y in metres: write it as "{example}"') from None


def _tree(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise GeometryError(f"the places {file} cannot be read: {(error.strerror or 'unknown error').lower()}") from None
    if len(content) > LARGEST_BYTES:
        raise GeometryError(f"{file} is too long for a file of places: is it the right one?")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise GeometryError(f"{file} is no TOML file: {error}") from None


def _tables(tree: dict[str, Any], kind: str, file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    tables = tree.get(kind, [])
    if not isinstance(tables, list):
        raise GeometryError(f"{file}: {kind} must be an array of tables: write [[{kind}]]")
    for number, table in enumerate(tables, start=1):
        name = _with_keys(table, kind, file).get("name")
        if not isinstance(name, str) or not name.strip():
            raise GeometryError(f"{file}: {kind} {number} needs a name in quotes")
        yield name.strip(), table


def _with_keys(table: Any, kind: str, file: Path) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise GeometryError(f"{file}: {kind} must be a table with the keys {', '.join(_KEYS[kind])}")
    for key in table.keys() - set(_KEYS[kind]):
        raise GeometryError(f"{file}: a {kind} has no key {key}: its keys are {', '.join(_KEYS[kind])}")
    if not isinstance(table.get("holes", []), list):
        raise GeometryError(f"{file}: the holes of a {kind} must be a list of lists of points")
    return table


@contextmanager
def _told(file: Path, what: str) -> Iterator[None]:
    """Name the file and the table in what is said of a place."""
    try:
        yield
    except GeometryError as error:
        raise GeometryError(f"{file}: {what}: {error}") from None
