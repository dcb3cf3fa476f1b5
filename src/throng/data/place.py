"""Lines and zones: where a camera counts."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from throng.data.errors import GeometryError
from throng.data.secrecy import frozen_array

Anchor = Literal["foot", "centre"]
"""Which point of a person's box counts: the middle of its lower edge, or its centre."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A line segment in the picture that people cross.

    Looking from the first point to the second, a crossing from the left-hand side to the right-hand side, as they lie in the
    picture, is *in*; the other way is *out*.

    Attributes
    ----------
    name : str
    ends_px : (2, 2) float64
        First and second point, image pixels.
    """

    name: str
    ends_px: NDArray[np.float64]

    def __post_init__(self) -> None:
        ends = _points(self.ends_px, f'line "{self.name}"')
        if len(ends) != 2:
            raise GeometryError(f'line "{self.name}" needs exactly two points, not {len(ends)}')
        if np.hypot(*(ends[1] - ends[0])) < 1.0:
            raise GeometryError(f'line "{self.name}" is shorter than one pixel: give two points that differ')
        object.__setattr__(self, "ends_px", ends)


@dataclass(frozen=True, slots=True, eq=False)
class Zone:
    """A polygon in the picture that people enter, stay in and leave.

    Attributes
    ----------
    name : str
    corners_px : (n, 2) float64, n >= 3
        Corners in order, image pixels; the polygon must not cross itself.
    """

    name: str
    corners_px: NDArray[np.float64]

    def __post_init__(self) -> None:
        corners = _points(self.corners_px, f'zone "{self.name}"')
        if len(corners) < 3:
            raise GeometryError(f'zone "{self.name}" needs at least three corners, not {len(corners)}')
        crossing = _first_self_crossing(corners)
        if crossing is not None:
            first, second = crossing
            raise GeometryError(
                f'zone "{self.name}" crosses itself: the side after corner {first + 1} meets the side after corner '
                f"{second + 1}; list the corners in the order you would walk around it"
            )
        object.__setattr__(self, "corners_px", corners)


@dataclass(frozen=True, slots=True)
class Counter:
    """One thing that is counted at one place of a camera.

    A line has the quantities `in` and `out`; a zone has `entries` and `exits`, and `speed` where the camera is calibrated: the
    sum of the mean speeds of those who left. With `Extras` a zone has `stay`, how long those who left had stayed, and `level`,
    how fast those inside walk now; and the view has a `cell` for each part of the picture.
    """

    place: str
    quantity: Literal["in", "out", "entries", "exits", "speed", "stay", "level", "cell"]


@dataclass(frozen=True, slots=True)
class Extras:
    """What a camera measures beside its counts; each takes a share of the privacy budget.

    Attributes
    ----------
    speed_now : bool
        How fast the people in a zone walk now; only where the camera is calibrated.
    dwell : bool
        How long visits to a zone last: their median and 95th percentile.
    heat : bool
        Where in the picture people are, by the hour.
    """

    speed_now: bool = False
    dwell: bool = False
    heat: bool = False


NO_EXTRAS = Extras()

HEAT_COLUMNS, HEAT_ROWS = 16, 9
"""The heat map's cells: the picture cut into so many columns and rows."""


def counters_of(
    lines: tuple[Line, ...], zones: tuple[Zone, ...], *, in_metres: bool = False, extras: Extras = NO_EXTRAS
) -> tuple[Counter, ...]:
    """The counters of a camera, in the one order that measuring and the wall share: lines, zones, the zones' speeds, stays and
    levels, the cells row by row from the upper left.
    """
    of_lines = [Counter(line.name, quantity) for line in lines for quantity in ("in", "out")]
    of_zones = [Counter(zone.name, quantity) for zone in zones for quantity in ("entries", "exits")]
    speeds = [Counter(zone.name, "speed") for zone in zones if in_metres]
    stays = [Counter(zone.name, "stay") for zone in zones if extras.dwell]
    levels = [Counter(zone.name, "level") for zone in zones if extras.speed_now and in_metres]
    cells = [Counter(cell_name(number), "cell") for number in range(HEAT_COLUMNS * HEAT_ROWS) if extras.heat]
    return (*of_lines, *of_zones, *speeds, *stays, *levels, *cells)


def cell_name(number: int) -> str:
    """What a cell of the heat map is called, "@3,0" for the fourth of the uppermost row; no line or zone may be called so."""
    row, column = divmod(number, HEAT_COLUMNS)
    return f"@{column},{row}"


def check_inside(lines: tuple[Line, ...], zones: tuple[Zone, ...], width_px: int, height_px: int) -> None:
    """Make sure that people in the picture can reach every line and zone; a place may reach beyond the picture in part.

    Raises
    ------
    GeometryError
        A line has no part, or a zone no area, inside the picture.
    """
    size = np.array([width_px, height_px], dtype=np.float64)
    picture = f"outside the picture, which is {width_px} pixels wide and {height_px} high"
    for line in lines:
        if not _passes_through(line.ends_px, size):
            raise GeometryError(f'line "{line.name}" from {_listed(line.ends_px, " to ")} lies {picture}: move it inside')
    for zone in zones:
        if _area_inside(zone.corners_px, size) < 1.0:
            raise GeometryError(
                f'zone "{zone.name}" with corners {_listed(zone.corners_px, " ")} lies {picture}: move it inside'
            )


def _listed(points: NDArray[np.float64], between: str) -> str:
    return between.join(f"{x:g},{y:g}" for x, y in points)


def _passes_through(ends: NDArray[np.float64], size: NDArray[np.float64]) -> bool:
    """Whether a piece of the segment lies inside: the parameters at which it enters and leaves (Liang and Barsky 1984)."""
    start, step = ends[0], ends[1] - ends[0]
    enter, leave = 0.0, 1.0
    for axis in (0, 1):
        if step[axis] == 0.0:
            if not 0.0 <= start[axis] <= size[axis]:
                return False
            continue
        first, last = sorted((-start[axis] / step[axis], (size[axis] - start[axis]) / step[axis]))
        enter, leave = max(enter, first), min(leave, last)
    return bool(enter < leave)


def _area_inside(corners: NDArray[np.float64], size: NDArray[np.float64]) -> float:
    """Area of the polygon's part inside the picture, cut side by side (Sutherland and Hodgman 1974)."""
    polygon = corners
    for axis, limit, sign in ((0, 0.0, 1.0), (0, size[0], -1.0), (1, 0.0, 1.0), (1, size[1], -1.0)):
        kept = []
        # Where a hollow is cut, its pieces stay joined along the border, which adds no area.
        for here, following in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
            inside, next_inside = sign * (here[axis] - limit), sign * (following[axis] - limit)
            if inside >= 0:
                kept.append(here)
            if inside * next_inside < 0:
                kept.append(here + (following - here) * inside / (inside - next_inside))
        polygon = np.array(kept).reshape(-1, 2)
    return abs(_signed_area(polygon))


def _signed_area(corners: NDArray[np.float64]) -> float:
    following = np.roll(corners, -1, axis=0)
    return float(0.5 * np.sum(corners[:, 0] * following[:, 1] - corners[:, 1] * following[:, 0]))


def _points(value: ArrayLike, what: str) -> NDArray[np.float64]:
    try:
        return frozen_array(np.array(value, dtype=np.float64), np.float64, shape=(None, 2), name=what)
    except (ValueError, TypeError) as error:
        raise GeometryError(f"{what} needs points x,y in pixels: {error}") from None


def _first_self_crossing(corners: NDArray[np.float64]) -> tuple[int, int] | None:
    n = len(corners)
    for i in range(n):
        for j in range(i + 1, n):
            adjacent = j == i + 1 or (i == 0 and j == n - 1)
            if not adjacent and _sides_meet(corners[i], corners[(i + 1) % n], corners[j], corners[(j + 1) % n]):
                return i, j
    return (0, n - 1) if abs(_signed_area(corners)) < 1.0 else None


def _sides_meet(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64], d: NDArray[np.float64]) -> bool:
    def side(p: NDArray[np.float64], q: NDArray[np.float64], r: NDArray[np.float64]) -> float:
        return float(np.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])))

    across = side(a, b, c) * side(a, b, d) <= 0 and side(c, d, a) * side(c, d, b) <= 0
    overlap = np.maximum(np.minimum(a, b), np.minimum(c, d)) <= np.minimum(np.maximum(a, b), np.maximum(c, d))
    return across and bool(overlap.all())  # two sides on one line need not meet
