"""The empty concourse as one camera sees it: ray-cast once, then kept."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from throng.simulate.camera import SimulatedCamera
from throng.simulate.layout import LINTEL_M, PASSAGE_DEPTH_M, WALL_M, Layout

Floats = NDArray[np.float64]

HALL, WALL, PASSAGE, PILLAR = 0, 1, 2, 32
"""What a pixel shows: the hall's floor, a wall, the passage of door k (PASSAGE + k), pillar k (PILLAR + k)."""
_OVERSAMPLING = 2
_TILE_M = 0.6


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
    colour, _ = _cast(layout, camera, _OVERSAMPLING, seed)
    image = cv2.resize(np.clip(colour, 0, 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_AREA)
    _, surface = _cast(layout, camera, 1, seed)
    return Scene(np.asarray(image, dtype=np.uint8), surface)


def _cast(
    layout: Layout, camera: SimulatedCamera, oversampling: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    width, height = camera.size_px
    u = (np.arange(width * oversampling) + 0.5) / oversampling
    v = (np.arange(height * oversampling) + 0.5) / oversampling
    rays = camera.rays(np.stack(np.meshgrid(u, v), axis=-1)).reshape(-1, 3)
    colour = np.zeros((len(rays), 3), dtype=np.float32)
    surface = np.full(len(rays), WALL, dtype=np.uint8)
    nearest = np.full(len(rays), np.inf)
    origin = camera.centre_m
    _hit_floor(layout, origin, rays, nearest, colour, surface, seed)
    _hit_walls(layout, origin, rays, nearest, colour, surface)
    _hit_pillars(layout, origin, rays, nearest, colour, surface)
    shape = (height * oversampling, width * oversampling)
    return colour.reshape(*shape, 3), surface.reshape(shape)


def _hit_floor(
    layout: Layout,
    origin: Floats,
    rays: Floats,
    nearest: Floats,
    colour: NDArray[np.float32],
    surface: NDArray[np.uint8],
    seed: int,
) -> None:
    down = rays[:, 2] < -1e-6
    reach = np.where(down, -origin[2] / np.where(down, rays[:, 2], -1.0), np.inf)
    hit = np.flatnonzero(down & (reach < 200))
    xy = origin[:2] + reach[hit, None] * rays[hit, :2]
    keep = layout.inside(xy)
    hit, xy = hit[keep], xy[keep]
    nearest[hit] = reach[hit]
    surface[hit] = HALL
    colour[hit] = _floor_colour(layout, xy, seed)


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
    result = grey[:, None] * np.array([0.93, 0.98, 1.0])
    guide = (np.abs(y - 14.7) < 0.15) | ((np.abs(x - (layout.width_m - 1.6)) < 0.2) & (y > 1))
    result[guide] = grey[guide, None] * np.array([0.35, 0.85, 1.0])
    return result


def _hit_walls(
    layout: Layout, origin: Floats, rays: Floats, nearest: Floats, colour: NDArray[np.float32], surface: NDArray[np.uint8]
) -> None:
    walls = (("west", 0, 0.0, 1), ("east", 0, layout.width_m, 1), ("south", 1, 0.0, 0), ("north", 1, layout.depth_m, 0))
    for wall, axis, place, along in walls:
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = (place - origin[axis]) / rays[:, axis]
        hit = np.flatnonzero((reach > 1e-6) & (reach < nearest))
        point = origin + reach[hit, None] * rays[hit]
        extent = layout.depth_m if axis == 0 else layout.width_m
        keep = (point[:, along] >= 0) & (point[:, along] <= extent) & (point[:, 2] >= 0)
        hit, point = hit[keep], point[keep]
        nearest[hit] = reach[hit]
        surface[hit] = WALL
        colour[hit] = _wall_colour(point[:, along], point[:, 2])
        if wall == "north":
            west, east, lower, upper = layout.board_m[0], layout.board_m[1], layout.board_m[2], layout.board_m[3]
            board = (point[:, 0] > west) & (point[:, 0] < east) & (point[:, 2] > lower) & (point[:, 2] < upper)
            colour[hit[board]] = (26, 22, 20)
        for k, door in enumerate(layout.doors):
            if door.wall != wall:
                continue
            aside = np.abs(point[:, along] - door.middle_m)
            frame = (aside < door.width_m / 2 + 0.15) & (point[:, 2] < LINTEL_M + 0.15)
            colour[hit[frame]] = (92, 96, 98)
            opening = (aside < door.width_m / 2) & (point[:, 2] < LINTEL_M)
            surface[hit[opening]] = PASSAGE + k
            colour[hit[opening]] = _passage_colour(layout, origin, rays[hit[opening]])


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


def _hit_pillars(
    layout: Layout, origin: Floats, rays: Floats, nearest: Floats, colour: NDArray[np.float32], surface: NDArray[np.uint8]
) -> None:
    for k, (west, south, east, north) in enumerate(layout.pillars_m):
        for axis, place, low, high in (
            (0, west, south, north),
            (0, east, south, north),
            (1, south, west, east),
            (1, north, west, east),
        ):
            with np.errstate(divide="ignore", invalid="ignore"):
                reach = (place - origin[axis]) / rays[:, axis]
            hit = np.flatnonzero((reach > 1e-6) & (reach < nearest))
            point = origin + reach[hit, None] * rays[hit]
            along = point[:, 1 - axis]
            keep = (along >= low) & (along <= high) & (point[:, 2] >= 0)
            hit, along, up = hit[keep], along[keep], point[keep, 2]
            nearest[hit] = reach[hit]
            surface[hit] = PILLAR + k
            grey = 128.0 + 16.0 * axis + 12.0 * np.cos(2 * np.pi * (along - low) / (high - low)) - 40.0 * (up < 0.2)
            colour[hit] = grey[:, None] * np.array([0.9, 0.95, 1.0])
