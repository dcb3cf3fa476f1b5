"""Lines and zones as they are written on the command line."""

from throng.data.errors import GeometryError
from throng.data.place import Line, Zone


def parse_line(text: str) -> Line:
    """A line from "name: x1,y1 x2,y2".

    Raises
    ------
    GeometryError
        The text has another form, or the line makes no sense.
    """
    name, points = _parse(text, "--line", "door: 661,166 1859,520")
    return Line(name, points)  # type: ignore[arg-type]


def parse_zone(text: str) -> Zone:
    """A zone from "name: x1,y1 x2,y2 x3,y3 ...".

    Raises
    ------
    GeometryError
        The text has another form, or the zone makes no sense.
    """
    name, points = _parse(text, "--zone", "square: 100,100 900,100 900,700 100,700")
    return Zone(name, points)  # type: ignore[arg-type]


def check_names(lines: tuple[Line, ...], zones: tuple[Zone, ...]) -> None:
    """Refuse two places of one name."""
    names = [line.name for line in lines] + [zone.name for zone in zones]
    for name in names:
        if names.count(name) > 1:
            raise GeometryError(f'there are two places called "{name}": give each line and zone a name of its own')


def _parse(text: str, option: str, example: str) -> tuple[str, list[list[float]]]:
    name, colon, rest = text.rpartition(":")
    if not colon or not name.strip():
        raise GeometryError(f'{option} "{text}" has no name: write it as "{example}"')
    points = []
    for pair in rest.split():
        numbers = pair.split(",")
        try:
            x, y = (float(number) for number in numbers)
        except ValueError:
            raise GeometryError(
                f'{option} "{name.strip()}": "{pair}" is no point x,y in pixels; write it as "{example}"'
            ) from None
        points.append([x, y])
    return name.strip(), points
