"""How much of polygons lies in each square of a grid, exactly and without intersecting them."""

import numpy as np
from numpy.typing import NDArray

from throng.measure.rings import spread

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def coverage(sides: Floats, weights: Floats, planes: Ints, *, shape: tuple[int, int, int]) -> Floats:
    """Weighted area of polygons in each square of grids of unit squares, from their sides alone.

    By Green's theorem the area of a polygon in a square is the sum over its sides, anticlockwise, of the area in that square to
    the right of the side, positive where the side goes down. So each side is cut at the grid's lines. Each part gives the
    square that it lies in what is right of it there, and all squares further right in the row its height. As differences
    along the row these are two numbers, and a sum along the row makes areas of them. (So rasterisers of fonts find how much
    of a pixel is covered.)

    Parameters
    ----------
    sides : (4, m) float64
        ax, ay, bx, by of the polygons' sides from a to b; grids reach from 0 to their columns and rows.
    weights : (m,) float64
        Of the polygon of each side.
    planes : (m,) int64
        Grid of each side.
    shape : (number, rows, columns)
        Of the grids.

    Returns
    -------
    (number, rows, columns) float64
    """
    number, rows, columns = shape
    side, row, left, right, height = _by_row(sides, rows)
    height *= weights[side]
    # What is left of the grid is in column -1, what is right of it in the one after the last.
    first = np.maximum(np.floor(left), -1.0).astype(np.int64)
    last = np.minimum(np.maximum(np.ceil(right) - 1, first), columns).astype(np.int64)
    counts = np.maximum(last - first + 1, 0)
    column, _ = spread(first, counts)
    part = np.repeat(np.arange(len(counts)), counts)
    width = (right - left)[part]
    begin = np.where(column == first[part], left[part], column)
    end = np.where(column == last[part], right[part], column + 1)
    share = np.ones(len(part))
    np.divide(end - begin, width, out=share, where=width > 0)
    here = height[part] * share
    beyond = here * np.where(column < 0, 1.0, 0.5 * (begin + end) - column)
    padded = columns + 3
    at = ((planes[side] * rows + row) * padded + 1)[part] + column
    size = number * rows * padded
    steps = np.bincount(at, here - beyond, minlength=size) + np.bincount(at + 1, beyond, minlength=size)
    return steps.reshape(number, rows, padded)[..., 1:-2].cumsum(axis=-1)


def _by_row(sides: Floats, rows: int) -> tuple[Ints, Ints, Floats, Floats, Floats]:
    """Sides cut at the lines between rows: the side and the row of each part, its left and right end, how far it goes down."""
    ax, ay, bx, by = sides
    low, high = np.minimum(ay, by), np.maximum(ay, by)
    first = np.maximum(np.floor(low), 0.0).astype(np.int64)
    last = np.minimum(np.ceil(high), rows).astype(np.int64)
    counts = np.where(low < high, np.maximum(last - first, 0), 0)
    side, row = np.repeat(np.arange(len(counts)), counts), spread(first, counts)[0]
    from_y, to_y = np.clip(ay[side], row, row + 1), np.clip(by[side], row, row + 1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        slope = (bx - ax) / (by - ay)
    slope, start_x, start_y = slope[side], ax[side], ay[side]
    from_x, to_x = start_x + (from_y - start_y) * slope, start_x + (to_y - start_y) * slope
    return side, row, np.minimum(from_x, to_x), np.maximum(from_x, to_x), from_y - to_y
