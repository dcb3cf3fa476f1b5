"""The empty concourse as one camera sees it: ray-cast once, then kept."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from throng.simulate.camera import SimulatedCamera
from throng.simulate.layout import LINTEL_M, PASSAGE_DEPTH_M, WALL_M, Layout, Wall

Floats = NDArray[np.float64]

HALL, WALL, PASSAGE, PILLAR = 0, 1, 2, 32
"""What a pixel shows: the hall's floor, a wall, the passage of door k (PASSAGE + k), pillar k (PILLAR + k)."""
_OVERSAMPLING = 2
_TILE_M = 0.6
_BAND_PX = 36
"""Rows cast at a time: keeps the memory of a start small."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """The empty picture and what each of its pixels shows.

    Attributes
    ----------
    image : (height, width, 3) uint8
    surface : (height, width) uint8
        HALL, WALL, PASSAGE + door or PILLAR + pillar.
    """

    image: NDArray[np.uint8]
    surface: NDArray[np.uint8]


def empty_scene(layout: Layout, camera: SimulatedCamera, *, seed: int = 0) -> Scene:
    """The concourse without people."""
    width, height = camera.size_px
    image, surface = np.empty((height, width, 3), np.uint8), np.empty((height, width), np.uint8)
    for top in range(0, height, _BAND_PX):
        rows = slice(top, min(top + _BAND_PX, height))
        canvas = _Canvas(camera, rows)
        _hit_floor(canvas, layout, seed)
        _hit_walls(canvas, layout)
        _hit_pillars(canvas, layout)
        shape = ((rows.stop - rows.start) * _OVERSAMPLING, width * _OVERSAMPLING)
        colour = np.clip(canvas.colour, 0, 255).astype(np.uint8).reshape(*shape, 3)
        image[rows] = cv2.resize(colour, (width, rows.stop - rows.start), interpolation=cv2.INTER_AREA)
        surface[rows] = canvas.surface.reshape(shape)[::_OVERSAMPLING, ::_OVERSAMPLING]
    return Scene(image, surface)


class _Canvas:
    """Rays through every pixel of some rows, several a pixel, and what they have hit so far."""

    def __init__(self, camera: SimulatedCamera, rows: slice) -> None:
        width, _ = camera.size_px
        u = (np.arange(width * _OVERSAMPLING) + 0.5) / _OVERSAMPLING
        v = (np.arange(rows.start * _OVERSAMPLING, rows.stop * _OVERSAMPLING) + 0.5) / _OVERSAMPLING
        rays = camera.rays(np.stack(np.meshgrid(u, v), axis=-1)).reshape(-1, 3)
        self.origin = camera.centre_m
        self.rays = np.ascontiguousarray(rays.T, dtype=np.float32)
        n = self.rays.shape[1]
        self.nearest = np.full(n, np.inf, dtype=np.float32)
        self.colour = np.zeros((n, 3), dtype=np.float32)
        self.surface = np.full(n, WALL, dtype=np.uint8)

    def plane(self, axis: int, place_m: float) -> tuple[NDArray[np.intp], Floats]:
        """The rays that meet a plane before anything else, and where: (k,), (k, 3) metres."""
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.float32(place_m - self.origin[axis]) / self.rays[axis]
        hit = np.flatnonzero((reach > 1e-6) & (reach < self.nearest))
        return hit, self.origin + (reach[hit] * self.rays[:, hit]).T

    def paint(self, hit: NDArray[np.intp], points: Floats, colour: Floats, surface: int) -> None:
        """Note that these rays end at these points."""
        self.nearest[hit] = np.linalg.norm(points - self.origin, axis=1) / np.linalg.norm(self.rays[:, hit], axis=0)
        self.colour[hit] = colour
        self.surface[hit] = surface


def _hit_floor(canvas: _Canvas, layout: Layout, seed: int) -> None:
    hit, points = canvas.plane(2, 0.0)
    keep = layout.inside(points)
    hit, points = hit[keep], points[keep]
    canvas.paint(hit, points, _floor_colour(layout, points[:, :2], seed), HALL)


def _floor_colour(layout: Layout, xy: Floats, seed: int) -> Floats:
    """Stone tiles of slightly different shades with dark grout, worn unevenly, under rows of lamps."""
    x, y = xy[:, 0], xy[:, 1]
    shades = np.random.default_rng((seed, 7)).normal(0.0, 5.0, (128, 128))
    column, row = np.floor(x / _TILE_M).astype(int), np.floor(y / _TILE_M).astype(int)
    grey = 148.0 + shades[row % 128, column % 128]
    grey += 12.0 * (((column // 8) + (row // 8)) % 2)
    grout = (np.minimum(x % _TILE_M, _TILE_M - x % _TILE_M) < 0.02) | (np.minimum(y % _TILE_M, _TILE_M - y % _TILE_M) < 0.02)
    grey = np.where(grout, grey - 34.0, grey)
    grey += 4.0 * np.sin(0.9 * x + 1.7 * np.sin(0.6 * y)) + 3.0 * np.sin(2.3 * y + np.sin(1.1 * x))
    grey += np.random.default_rng((seed, 8)).normal(0.0, 2.0, (256, 256))[
        (y * 11).astype(int) % 256, (x * 11).astype(int) % 256
    ]
    lamps = 0.5 + 0.5 * np.cos(2 * np.pi * (x - 4.0) / 8.0) * np.cos(2 * np.pi * (y - 4.0) / 8.0)
    grey *= 0.86 + 0.16 * lamps + 0.10 * y / layout.depth_m
    result: Floats = grey[:, None] * np.array([0.93, 0.98, 1.0])
    guide = (np.abs(y - 14.7) < 0.15) | ((np.abs(x - (layout.width_m - 1.6)) < 0.2) & (y > 1))
    result[guide] = grey[guide, None] * np.array([0.35, 0.85, 1.0])
    return result


def _hit_walls(canvas: _Canvas, layout: Layout) -> None:
    walls: tuple[tuple[Wall, int, float, float], ...] = (
        ("west", 0, 0.0, layout.depth_m),
        ("east", 0, layout.width_m, layout.depth_m),
        ("south", 1, 0.0, layout.width_m),
        ("north", 1, layout.depth_m, layout.width_m),
    )
    for wall, axis, place, extent in walls:
        hit, points = canvas.plane(axis, place)
        along = points[:, 1 - axis]
        keep = (along >= 0) & (along <= extent) & (points[:, 2] >= 0)
        hit, points, along = hit[keep], points[keep], along[keep]
        canvas.paint(hit, points, _wall_colour(along, points[:, 2]), WALL)
        for k, door in enumerate(layout.doors):
            if door.wall == wall:
                _hit_door(canvas, layout, k, hit=hit, along=along - door.middle_m, up=points[:, 2])
    _hit_board(canvas, layout)


def _hit_door(canvas: _Canvas, layout: Layout, k: int, *, hit: NDArray[np.intp], along: Floats, up: Floats) -> None:
    half = layout.doors[k].width_m / 2
    canvas.colour[hit[(np.abs(along) < half + 0.15) & (up < LINTEL_M + 0.15)]] = (92, 96, 98)
    opening = hit[(np.abs(along) < half) & (up < LINTEL_M)]
    canvas.surface[opening] = PASSAGE + k
    canvas.colour[opening] = _passage_colour(layout, canvas.origin, canvas.rays[:, opening].T.astype(np.float64))


def _hit_board(canvas: _Canvas, layout: Layout) -> None:
    west, east, lower, upper = layout.board_m
    hit, points = canvas.plane(1, layout.depth_m - 0.01)
    board = (points[:, 0] > west) & (points[:, 0] < east) & (points[:, 2] > lower) & (points[:, 2] < upper)
    canvas.colour[hit[board]] = (26, 22, 20)


def _wall_colour(along: Floats, up: Floats) -> Floats:
    grey = (
        170.0 - 10.0 * (up > 1.1) + 3.0 * np.sin(3.1 * along) - 22.0 * ((along % 2.4) < 0.05) - 30.0 * (np.abs(up - 1.1) < 0.05)
    )
    grey = np.where(up < 0.15, 70.0, grey) - 8.0 * np.clip(up - 3.0, 0.0, None)
    grey = np.where(up > WALL_M, 60.0, grey)
    colour: Floats = grey[:, None] * np.array([0.92, 0.96, 1.0])
    return colour


def _passage_colour(layout: Layout, origin: Floats, rays: Floats) -> Floats:
    """The floor of a passage, darker the deeper it lies; black where the ray meets its sides or end."""
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(rays[:, 2] < 0, -origin[2] / rays[:, 2], 1e6)
    behind = layout.outside_m(origin[:2] + reach[:, None] * rays[:, :2])
    colour: Floats = (18.0 + 100.0 * passage_light(behind))[:, None] * np.array([0.93, 0.98, 1.0])
    return colour


def passage_light(behind_m: Floats) -> Floats:
    """How much of the hall's light is left so far behind a door's wall: 1 at the wall, 0 where people come and go."""
    light: Floats = np.clip(1.0 - behind_m / (PASSAGE_DEPTH_M - 1.6), 0.0, 1.0)
    return light


def _hit_pillars(canvas: _Canvas, layout: Layout) -> None:
    for k, (west, south, east, north) in enumerate(layout.pillars_m):
        sides = ((0, west, south, north), (0, east, south, north), (1, south, west, east), (1, north, west, east))
        for axis, place, low, high in sides:
            hit, points = canvas.plane(axis, place)
            along = points[:, 1 - axis]
            keep = (along >= low) & (along <= high) & (points[:, 2] >= 0)
            hit, points, along = hit[keep], points[keep], along[keep]
            roundness = np.cos(2 * np.pi * (along - low) / (high - low))
            grey = 128.0 + 16.0 * axis + 12.0 * roundness - 40.0 * (points[:, 2] < 0.2)
            canvas.paint(hit, points, grey[:, None] * np.array([0.9, 0.95, 1.0]), PILLAR + k)
