"""A drawing of a calibration: the expected error, the horizon, a grid on the ground, the points and the places.

No picture of the camera goes into it, only geometry.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from throng.cli.calibrate.drawing import Colour, Label, Shape, Stroke, save
from throng.data.place import Line, Zone
from throng.ground.calibration import Calibration

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

CLASSES: tuple[tuple[float, Colour], ...] = (
    (0.02, (26, 152, 80)),
    (0.05, (102, 189, 99)),
    (0.10, (166, 217, 106)),
    (0.20, (217, 239, 139)),
    (0.50, (254, 224, 139)),
    (1.00, (253, 174, 97)),
    (2.00, (244, 109, 67)),
    (np.inf, (215, 48, 39)),
)
"""Standard error of a place up to which, in metres, a colour stands."""
SKY: Colour = (225, 230, 238)
INK: Colour = (20, 24, 32)
GRID = PAPER = (255, 255, 255)
HORIZON: Colour = (30, 80, 200)
PLACE: Colour = (70, 30, 130)
LEFT_OUT: Colour = (200, 0, 0)

COLUMNS = 64
FINEST_PX = 7.0
"""Grid lines that would come closer together than this are not drawn."""
MOST_LINES = 400
STEPS_PER_M = 4
BEYOND = 0.1
"""Grid lines go on beyond the picture by this share of it, so that they end at its edges only."""
LONGEST_ARROW = 0.06
"""Of the picture's width."""


def save_picture(
    path: Path,
    calibration: Calibration,
    *,
    points_px: Floats,
    lines: Sequence[Line] = (),
    zones: Sequence[Zone] = (),
) -> None:
    """Write the drawing.

    Raises
    ------
    GeometryError
        The file cannot be written.
    """
    width, height = calibration.width_px, calibration.height_px
    unit = max(width, height) / 100
    shapes = [
        *_error_cells(calibration),
        *_ground_grid(calibration, unit),
        *_horizon(calibration, unit),
        *_places(lines, zones, unit),
    ]
    arrows, times = _points(calibration, points_px, unit)
    strip = round(9 * unit)
    save(path, [*shapes, *arrows, *_legend(width, height, unit, strip, times)], width, height + strip)


def _error_cells(calibration: Calibration) -> Iterator[Shape]:
    """Runs of cells of one colour in a row become one rectangle."""
    width, height = calibration.width_px, calibration.height_px
    side = width / COLUMNS
    rows = int(np.ceil(height / side))
    x, y = np.meshgrid((np.arange(COLUMNS) + 0.5) * side, np.minimum((np.arange(rows) + 0.5) * side, height))
    error_m = calibration.error_m(np.column_stack([x.ravel(), y.ravel()])).reshape(rows, COLUMNS)
    kinds = np.where(np.isfinite(error_m), np.searchsorted([limit for limit, _ in CLASSES], error_m), -1)
    for row in range(rows):
        ends = np.flatnonzero(np.diff(kinds[row], prepend=-2, append=-2))
        top, bottom = row * side, min((row + 1) * side, height)
        for first, last in pairwise(ends.tolist()):
            colour = SKY if kinds[row, first] < 0 else CLASSES[kinds[row, first]][1]
            yield Stroke(_rectangle(first * side, top, last * side, bottom), colour, filled=True)


def _ground_grid(calibration: Calibration, unit: float) -> Iterator[Shape]:
    """Lines on whole metres, where they lie far enough apart to be told apart."""
    bounds = _grid_bounds(calibration)
    if bounds is None:
        return
    low, high = bounds
    for axis in (0, 1):
        along = np.arange(low[1 - axis], high[1 - axis] + 1e-9, 1 / STEPS_PER_M)
        for at in np.arange(low[axis], high[axis] + 1):
            xy_m = np.empty((len(along), 2))
            xy_m[:, axis], xy_m[:, 1 - axis] = at, along
            xy_px, drawn = _in_view(calibration, xy_m)
            beside_px, _ = calibration.to_image(xy_m + np.eye(2)[axis])
            drawn &= np.hypot(*(beside_px - xy_px).T) > FINEST_PX
            yield from (Stroke(piece, GRID, unit / 12) for piece in _pieces(xy_px, drawn))


def _grid_bounds(calibration: Calibration) -> tuple[Floats, Floats] | None:
    """Whole metres around the ground that is seen finely enough, at most `MOST_LINES` across."""
    width, height = calibration.width_px, calibration.height_px
    x, y = np.meshgrid(np.linspace(0, width, 40), np.linspace(0, height, 40))
    xy_px = np.column_stack([x.ravel(), y.ravel()])
    (here, standing), (right, _) = calibration.to_ground(xy_px), calibration.to_ground(xy_px + np.array([1.0, 0.0]))
    fine = standing & (np.hypot(*(right - here).T) * FINEST_PX < 1)
    if not fine.any():
        return None
    seen = here[fine]
    middle = np.median(seen, axis=0)
    reach = MOST_LINES / 2
    return np.floor(np.maximum(seen.min(axis=0), middle - reach)), np.ceil(np.minimum(seen.max(axis=0), middle + reach))


def _in_view(calibration: Calibration, xy_m: Floats) -> tuple[Floats, Mask]:
    xy_px, in_front = calibration.to_image(xy_m)
    size_px = np.array([calibration.width_px, calibration.height_px])
    with np.errstate(invalid="ignore"):
        inside = ((xy_px >= -BEYOND * size_px) & (xy_px <= (1 + BEYOND) * size_px)).all(axis=1)
    return xy_px, in_front & inside


def _pieces(xy_px: Floats, drawn: Mask) -> Iterator[Floats]:
    """The runs of a polyline that are to be drawn."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], drawn, [False]])))
    yield from (xy_px[first:last] for first, last in edges.reshape(-1, 2) if last - first > 1)


def _horizon(calibration: Calibration, unit: float) -> Iterator[Shape]:
    """Where ground begins, looked for down every column of pixels of a few."""
    width, height = calibration.width_px, calibration.height_px
    x, y = np.meshgrid(np.linspace(0, width, COLUMNS + 1), np.arange(0, height + 1))
    _, standing = calibration.to_ground(np.column_stack([x.ravel(), y.ravel()]))
    ground = standing.reshape(x.shape)
    first = ground.argmax(axis=0)
    line = np.column_stack([x[0], first])
    for piece in _pieces(line, ground.any(axis=0) & (first > 0)):
        yield Stroke(piece, HORIZON, unit / 4)
        yield Label("horizon", np.add(piece[0], (unit, -unit / 2)), HORIZON, 1.6 * unit)


def _places(lines: Sequence[Line], zones: Sequence[Zone], unit: float) -> Iterator[Shape]:
    for zone in zones:
        yield Stroke(zone.corners_px, PLACE, unit / 4, closed=True)
        yield Label(zone.name, zone.corners_px.mean(axis=0), PLACE, 1.8 * unit, centred=True)
    for line in lines:
        yield Stroke(line.ends_px, PLACE, unit / 3)
        yield Label(line.name, np.add(line.ends_px.mean(axis=0), (unit / 2, -unit / 2)), PLACE, 1.8 * unit)


def _points(calibration: Calibration, points_px: Floats, unit: float) -> tuple[list[Shape], int]:
    """Numbered points with arrows to where they should lie in the picture, so many times as long as they are."""
    if not len(points_px):
        return [], 0
    wanted_px, in_front = calibration.to_image(calibration.points_m)
    moves = wanted_px - points_px
    longest = np.hypot(*moves[in_front & calibration.used].T).max(initial=0.0)
    times = next((n for n in (100, 50, 20, 10, 5, 2) if n * longest <= LONGEST_ARROW * calibration.width_px), 1)
    shapes: list[Shape] = []
    for number, (at, move, shown, used) in enumerate(zip(points_px, moves, in_front, calibration.used, strict=True), start=1):
        colour = INK if used else LEFT_OUT
        turn = np.linspace(0, 2 * np.pi, 13)
        shapes.append(Stroke(at + 0.5 * unit * np.column_stack([np.cos(turn), np.sin(turn)]), colour, unit / 5, closed=True))
        shapes.append(
            Label(f"{number}" if used else f"{number} left out", np.add(at, (0.8 * unit, -0.6 * unit)), colour, 1.8 * unit)
        )
        if shown:
            shapes += _arrow(at, at + (times if used else 1) * move, colour, unit)
    return shapes, times


def _arrow(tail: Floats, head: Floats, colour: Colour, unit: float) -> list[Shape]:
    along = head - tail
    length = np.hypot(*along)
    if length < 0.1 * unit:
        return []
    along = along / length * min(unit, length)
    across = np.array([-along[1], along[0]]) / 2
    return [
        Stroke(np.array([tail, head]), colour, unit / 6),
        Stroke(np.array([head - along + across, head, head - along - across]), colour, unit / 6),
    ]


def _legend(width: int, height: int, unit: float, strip: int, times: int) -> Iterator[Shape]:
    yield Stroke(_rectangle(0, height, width, height + strip), PAPER, filled=True)
    about = "expected error of a place on the ground (standard error, m); white lines: a metre apart"
    yield Label(about, np.array([unit, height + 2.5 * unit]), INK, 1.8 * unit)
    step = (width - 2 * unit) / len(CLASSES)
    top, bottom = height + 3.2 * unit, height + 4.6 * unit
    for number, (_, colour) in enumerate(CLASSES):
        left, right = unit + number * step, unit + (number + 1) * step
        above = CLASSES[number - 1][0] if number else 0
        yield Stroke(_rectangle(left, top, right, bottom), colour, filled=True)
        yield Label(f"{above:g}", np.array([left, bottom + 1.7 * unit]), INK, 1.6 * unit)
    if times:
        about = f"circles: the points; arrows: to where the calibration sees them, {times} times as long"
        yield Label(about, np.array([unit, height + strip - 0.6 * unit]), INK, 1.8 * unit)


def _rectangle(left: float, top: float, right: float, bottom: float) -> Floats:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
