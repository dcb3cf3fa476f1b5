"""The made-up hall from above."""

import cv2
import numpy as np
from numpy.typing import NDArray

from throng.simulate.layout import PASSAGE_DEPTH_M, PLAN_MARGIN_M, Layout

PX_A_METRE = 20
_WALL_PX = 5
_GROUND, _PASSAGE, _FLOOR, _WALL, _WAITING, _BOARD = 246, 228, 255, 70, 244, 120
"""Greys."""


def plan_of(layout: Layout) -> tuple[bytes, float]:
    """A hall's plan as PNG, and how many metres wide it is: walls, doors, pillars, the board and where people wait."""
    size_m = layout.width_m + 2 * PLAN_MARGIN_M, layout.depth_m + 2 * PLAN_MARGIN_M
    picture = np.full([round(side * PX_A_METRE) for side in reversed(size_m)], _GROUND, np.uint8)
    hall = (0.0, 0.0, layout.width_m, layout.depth_m)
    west, east, *_ = layout.board_m
    _box(picture, layout, hall, _FLOOR)
    _box(picture, layout, layout.waiting_m, _WAITING)
    _box(picture, layout, hall, _WALL, _WALL_PX)
    for door in layout.doors:
        _box(picture, layout, layout.passage_m(door), _PASSAGE)
        for side in (-door.width_m / 2, door.width_m / 2):
            begin, end = (layout.at_door(door, along_m=side, behind_m=behind_m) for behind_m in (0.0, PASSAGE_DEPTH_M))
            cv2.line(picture, _px(layout, *begin), _px(layout, *end), _WALL, _WALL_PX)
    for pillar in layout.pillars_m:
        _box(picture, layout, pillar, _WALL)
    _box(picture, layout, (west, layout.depth_m - 0.8, east, layout.depth_m - 0.3), _BOARD)
    _, encoded = cv2.imencode(".png", picture)
    return encoded.tobytes(), size_m[0]


def _box(
    picture: NDArray[np.uint8],
    layout: Layout,
    box_m: tuple[float, float, float, float],
    grey: int,
    width_px: int = cv2.FILLED,
) -> None:
    west, south, east, north = box_m
    cv2.rectangle(picture, _px(layout, west, north), _px(layout, east, south), grey, width_px)


def _px(layout: Layout, x_m: float, y_m: float) -> tuple[int, int]:
    x, y = layout.on_plan(np.array([(x_m, y_m)]))[0] * PX_A_METRE
    return round(x), round(y)
