"""Pictures of a simulated scene."""

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from throng.simulate.camera import SimulatedCamera
from throng.simulate.figure import Figures, Poses, Wardrobe, draw_figure, figures
from throng.simulate.scenario import Scenario
from throng.simulate.scene import PASSAGE, PILLAR, Scene, empty_scene, passage_light

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]

NOISE_SIGMA = 2.2
"""Standard deviation of the sensor noise, grey levels."""
_NOISE_MARGIN_PX = 64
_SHADOW_M = 0.34
_SHADOW_DEPTH = 0.38
_BOARD_CHANGES_S = 20.0


class Renderer:
    """Pictures of one camera of a scenario, at any moment; the same moment gives the same picture.

    Parameters
    ----------
    scenario : Scenario
    camera : SimulatedCamera
    noise : bool
        Whether to add sensor noise.
    """

    def __init__(self, scenario: Scenario, camera: SimulatedCamera, *, noise: bool = True) -> None:
        self.scenario = scenario
        self.camera = camera
        self._noisy = noise
        self._boards: tuple[int, Image] | None = None

    def image_at(self, time_s: float) -> Image:
        """The picture (height, width, 3) uint8, BGR, at a moment; the scenario repeats after its duration."""
        moment_s = time_s % self.scenario.duration_s
        image = self._background(moment_s).copy()
        self._draw(image, self.figures_at(moment_s))
        if self._noisy:
            self._add_noise(image, round(time_s * 1000))
        return image

    def empty_image_at(self, time_s: float) -> Image:
        """The picture without people and noise."""
        return self._background(time_s % self.scenario.duration_s).copy()

    def figures_at(self, time_s: float) -> Figures:
        """The people who touch the picture, farthest first, with their places, body points and boxes."""
        people, xy, heading = self.scenario.positions(time_s)
        return figures(self.camera, self._wardrobe, Poses(people, xy, heading, *self.scenario.people.gait(time_s)))

    @cached_property
    def _scene(self) -> Scene:
        return empty_scene(self.scenario.layout, self.camera, seed=self.scenario.seed)

    @cached_property
    def _wardrobe(self) -> Wardrobe:
        return Wardrobe.random(len(self.scenario.people), seed=self.scenario.seed)

    @cached_property
    def _not_passage(self) -> NDArray[np.uint8]:
        surface = self._scene.surface
        return np.where((surface >= PASSAGE) & (surface < PILLAR), 0, 255).astype(np.uint8)

    @cached_property
    def _pillars(self) -> list[tuple[float, tuple[slice, slice], NDArray[np.uint8]]]:
        """Distance from the camera, region and mask of each pillar in view, farthest first."""
        found = []
        for k, (west, south, east, north) in enumerate(self.scenario.layout.pillars_m):
            mask = (self._scene.surface == PILLAR + k).astype(np.uint8) * 255
            if mask.any():
                left, top, width, height = cv2.boundingRect(mask)
                region = (slice(top, top + height), slice(left, left + width))
                middle = np.array([(west + east) / 2, (south + north) / 2])
                found.append((float(np.hypot(*(middle - self.camera.centre_m[:2]))), region, mask[region].copy()))
        return sorted(found, key=lambda pillar: -pillar[0])

    @cached_property
    def _noise(self) -> tuple[Image, Image]:
        """Noise above and below zero, somewhat larger than the picture."""
        width, height = self.camera.size_px
        shape = (height + _NOISE_MARGIN_PX, width + _NOISE_MARGIN_PX, 3)
        noise = np.random.default_rng((self.scenario.seed, 13)).normal(0.0, NOISE_SIGMA, shape)
        whole = np.rint(noise)
        return np.clip(whole, 0, 255).astype(np.uint8), np.clip(-whole, 0, 255).astype(np.uint8)

    def _add_noise(self, image: Image, salt: int) -> None:
        rng = np.random.default_rng((self.scenario.seed, 17, salt))
        y, x = rng.integers(0, _NOISE_MARGIN_PX, 2)
        above, below = (tile[y : y + image.shape[0], x : x + image.shape[1]] for tile in self._noise)
        cv2.add(image, above, dst=image)
        cv2.subtract(image, below, dst=image)

    def _draw(self, image: Image, group: Figures) -> None:
        behind = self.scenario.layout.outside_m(group.xy_m)
        away = np.hypot(*(group.xy_m - self.camera.centre_m[:2]).T)
        in_passage, in_hall = np.flatnonzero(behind > 0), np.flatnonzero(behind == 0)
        light = passage_light(behind)
        for k in in_passage:
            if light[k] > 0.02:
                self._draw_in_passage(image, group, int(k), float(light[k]))
        feet = self.camera.project_ground(group.xy_m)
        for k in in_hall:
            _shade(image, feet[k], float(group.scale_px_per_m[k]), self._tilt)
        pillars = list(self._pillars)
        for k in in_hall:
            while pillars and pillars[0][0] > away[k]:
                self._restore_pillar(image, pillars.pop(0))
            draw_figure(image, group, int(k), self._wardrobe, 1.0)
        for pillar in pillars:
            self._restore_pillar(image, pillar)

    def _draw_in_passage(self, image: Image, group: Figures, k: int, light: float) -> None:
        """Somebody behind a door: dimmed, and hidden by the wall around the opening."""
        region = self._region(group.boxes_px[k])
        kept = image[region].copy()
        draw_figure(image, group, k, self._wardrobe, light)
        faded = cv2.addWeighted(image[region], light, kept, 1.0 - light, 0.0)
        image[region] = faded
        cv2.copyTo(kept, self._not_passage[region], image[region])

    def _restore_pillar(self, image: Image, pillar: tuple[float, tuple[slice, slice], NDArray[np.uint8]]) -> None:
        _, region, mask = pillar
        cv2.copyTo(self._scene.image[region], mask, image[region])

    def _region(self, box_px: Floats) -> tuple[slice, slice]:
        width, height = self.camera.size_px
        left, top = max(0, int(box_px[0]) - 2), max(0, int(box_px[1]) - 2)
        right, bottom = min(width, int(box_px[2]) + 3), min(height, int(box_px[3]) + 3)
        return slice(top, bottom), slice(left, right)

    @cached_property
    def _tilt(self) -> float:
        """How much a circle on the ground is flattened in the middle of the picture."""
        return float(abs(self.camera.R[2, 2]))

    def _background(self, time_s: float) -> Image:
        """The empty scene with what the departures board shows just now."""
        state = int(time_s // _BOARD_CHANGES_S)
        if self._boards is None or self._boards[0] != state:
            self._boards = (state, self._with_board(state))
        return self._boards[1]

    def _with_board(self, state: int) -> Image:
        west, east, lower, upper = self.scenario.layout.board_m
        north = self.scenario.layout.depth_m
        corners = np.array([[west, north, upper], [east, north, upper], [east, north, lower], [west, north, lower]])
        image = self._scene.image.copy()
        if self.camera.depth_m(corners).min() < 0.5:
            return image
        corners_px = self.camera.project(corners)
        width, height = self.camera.size_px
        if (corners_px.max(axis=0) < 0).any() or (corners_px.min(axis=0) > (width, height)).any():
            return image
        board = _departures(self.scenario.seed, state)
        source = np.array(
            [[0, 0], [board.shape[1], 0], [board.shape[1], board.shape[0]], [0, board.shape[0]]], dtype=np.float32
        )
        warp = cv2.getPerspectiveTransform(source, corners_px.astype(np.float32))
        shown = cv2.warpPerspective(board, warp, (width, height), flags=cv2.INTER_AREA)
        mask = cv2.warpPerspective(np.full(board.shape[:2], 255, np.uint8), warp, (width, height))
        cv2.copyTo(shown, mask, image)
        return image


def _departures(seed: int, state: int) -> Image:
    """Rows of amber words on black; the rows move up by one when the state changes."""
    board = np.full((96, 400, 3), (26, 22, 20), dtype=np.uint8)
    for row in range(6):
        rng = np.random.default_rng((seed, 19, state + row))
        x = 8
        for _ in range(int(rng.integers(3, 6))):
            length = int(rng.integers(20, 80))
            cv2.rectangle(board, (x, 8 + 15 * row), (min(x + length, 392), 15 + 15 * row), (60, 170, 235), -1)
            x += length + 12
    return board


_SHADOWS: dict[tuple[int, int], Image] = {}


def _shade(image: Image, foot_px: Floats, scale_px_per_m: float, tilt: float) -> None:
    """A soft contact shadow about a foot point."""
    half_width = max(2, round(1.6 * _SHADOW_M * scale_px_per_m))
    half_height = max(2, round(half_width * max(0.35, tilt)))
    x, y = round(float(foot_px[0])), round(float(foot_px[1]))
    left, top = max(0, x - half_width), max(0, y - half_height)
    right, bottom = min(image.shape[1], x + half_width + 1), min(image.shape[0], y + half_height + 1)
    if left >= right or top >= bottom:
        return
    shadow = _shadow(half_width, half_height)
    part = shadow[top - y + half_height : bottom - y + half_height, left - x + half_width : right - x + half_width]
    region = image[top:bottom, left:right]
    cv2.multiply(region, part, dst=region, scale=1.0 / 255.0)


def _shadow(half_width: int, half_height: int) -> Image:
    key = (half_width, half_height)
    if key not in _SHADOWS:
        y, x = np.mgrid[-half_height : half_height + 1, -half_width : half_width + 1]
        fall = np.exp(-3.0 * ((x / half_width) ** 2 + (y / half_height) ** 2))
        edge = np.exp(-3.0)
        shade = 255.0 * (1.0 - _SHADOW_DEPTH * np.clip((fall - edge) / (1 - edge), 0.0, 1.0))
        _SHADOWS[key] = np.repeat(shade[:, :, None], 3, axis=2).astype(np.uint8)
    return _SHADOWS[key]
