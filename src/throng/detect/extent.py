"""How far each person found in a foreground mask reaches, from the foreground that is nobody else's."""

import numpy as np
from numpy.typing import NDArray

from throng.detect.background import SURE

Mask = NDArray[np.uint8]
Floats = NDArray[np.float64]

REACH = 0.3
"""Shares of a box's width and height by which the person in it may reach beyond it on each side."""
SEEN = 0.5
"""Weight of what is seen of somebody in the box; the rest is what was expected. The first is right about limbs, the second is
steady at the feet, where a jumping box would cross a line again and again."""
LEAST_ROW = 0.08
"""Foreground, in shares of the box's width or height, from which a row or column of pixels belongs to somebody."""


def fitted_extents(mask: Mask, boxes: Floats, feet_x: Floats) -> Floats:
    """Boxes (n, 4) drawn to what each person covers.

    Every pixel of sure foreground belongs to the person whose ellipse it is nearest to, in half axes. Inside the box that was
    expected, foreground of whoever stands nearer counts too, as it hides what is behind it, and so do possible shadows.

    Parameters
    ----------
    mask : (rows, columns) uint8
        `SURE`, `UNSURE` or 0.
    boxes : (n, 4) float64
        Expected boxes in mask pixels.
    feet_x : (n,) float64
        Where the feet are across; a box whose middle lies elsewhere holds somebody who leans.
    """
    nearest = np.full(mask.shape, np.inf, dtype=np.float32)
    owner = np.full(mask.shape, -1, dtype=np.int32)
    windows = _windows(boxes, mask.shape)
    for k, (x0, y0, x1, y1) in enumerate(windows.tolist()):
        part = (slice(y0, y1), slice(x0, x1))
        distance = _distance(boxes[k], feet_x[k], part)
        mine = distance < nearest[part]
        nearest[part][mine] = distance[mine]
        owner[part][mine] = k
    sure = mask == SURE
    drawn = boxes.copy()
    for k, (x0, y0, x1, y1) in enumerate(windows.tolist()):
        part = (slice(y0, y1), slice(x0, x1))
        mine = sure[part] & (owner[part] == k)
        inside = _inside(boxes[k], x0, y0, mine.shape)
        mine[inside] |= (mask[part][inside] > 0) & _hidden_or_mine(owner[part][inside], boxes, k)
        drawn[k] = _extent(mine, boxes[k], x0, y0)
    return SEEN * drawn + (1.0 - SEEN) * boxes


def _windows(boxes: Floats, shape: tuple[int, ...]) -> NDArray[np.intp]:
    margin = REACH * np.tile(boxes[:, 2:] - boxes[:, :2], 2) * np.array([-1.0, -1.0, 1.0, 1.0])
    limits = np.array([shape[1], shape[0], shape[1], shape[0]])
    windows: NDArray[np.intp] = np.clip(np.rint(boxes + margin), 0, limits).astype(np.intp)
    return windows


def _distance(box: Floats, foot_x: float, part: tuple[slice, slice]) -> NDArray[np.float32]:
    x0, y0, x1, y1 = box
    half_x, half_y, middle_x = (x1 - x0) / 2, (y1 - y0) / 2, (x0 + x1) / 2
    across = np.arange(part[1].start, part[1].stop, dtype=np.float32) + np.float32(0.5)
    down = (np.arange(part[0].start, part[0].stop, dtype=np.float32) + np.float32(0.5 - (y0 + y1) / 2)) / np.float32(half_y)
    shift = np.float32(np.clip(foot_x - middle_x, -0.8 * half_x, 0.8 * half_x))
    breadth = np.float32(np.sqrt(half_x**2 - shift**2))
    u = (across[None] - np.float32(middle_x) - shift * down[:, None]) / breadth
    return (u * u + (down * down)[:, None]).astype(np.float32)


def _inside(box: Floats, x0: int, y0: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
    left, top, right, bottom = np.rint(box - np.array([x0, y0, x0, y0])).astype(int)
    return slice(max(0, top), max(0, min(shape[0], bottom))), slice(max(0, left), max(0, min(shape[1], right)))


def _hidden_or_mine(owner: NDArray[np.int32], boxes: Floats, k: int) -> NDArray[np.bool_]:
    """Where nobody stands in front of whom person k would be seen: its own pixels, and those of nearer people."""
    nearer = np.append(boxes[:, 3] >= boxes[k, 3], False)
    result: NDArray[np.bool_] = nearer[owner]
    return result


def _extent(mine: NDArray[np.bool_], box: Floats, x0: int, y0: int) -> Floats:
    width, height = box[2:] - box[:2]
    columns = np.flatnonzero(mine.sum(axis=0) >= LEAST_ROW * height)
    rows = np.flatnonzero(mine.sum(axis=1) >= LEAST_ROW * width)
    if not (len(columns) and len(rows)):
        return box
    return np.array([x0 + columns[0], y0 + rows[0], x0 + columns[-1] + 1.0, y0 + rows[-1] + 1.0])
