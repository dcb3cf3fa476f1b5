"""What the cameras look at: a textured place that never changes, and a figure that walks to and fro in it."""

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH_PX, HEIGHT_PX = 320, 240
OTHER_SIZE_PX = (400, 304)
SHIFT_PX = WIDTH_PX * 15 // 100
_NOISE_LEVELS = 2.5
_STEP_PX = 4

Luma = NDArray[np.uint8]


class Scene:
    """Pictures of a place, (240, 320) uint8; each with noise of its own, as a sensor has it."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        size = (HEIGHT_PX, WIDTH_PX + SHIFT_PX)
        coarse, middle, fine = (rng.normal(0.0, 1.0, (size[0] // cell, size[1] // cell)) for cell in (40, 12, 4))
        layers = [cv2.resize(layer, size[::-1], interpolation=cv2.INTER_NEAREST) for layer in (coarse, middle, fine)]
        place = 120 + 25 * layers[0] + 15 * layers[1] + 10 * layers[2]
        self._place = np.clip(place, 30, 220).astype(np.float32)
        self._noise = rng.normal(0.0, _NOISE_LEVELS, (9, 2 * HEIGHT_PX, 2 * WIDTH_PX)).astype(np.float32)
        self._rng = rng
        self._number = 0
        self._last = self._picture("")

    def picture(self, fault: str) -> Luma:
        """The next picture, as a camera with this fault shows it."""
        self._number += 1
        if fault != "frozen":
            self._last = self._picture(fault)
        return self._last

    def _picture(self, fault: str) -> Luma:
        left = SHIFT_PX if fault == "moved" else 0
        picture = self._place[:, left : left + WIDTH_PX].copy()
        _walk(picture, _STEP_PX * self._number)
        if fault == "black":
            picture[:] = 18.0
        sheet = self._noise[self._rng.integers(len(self._noise))]
        top, start = self._rng.integers(HEIGHT_PX), self._rng.integers(WIDTH_PX)
        picture += sheet[top : top + HEIGHT_PX, start : start + WIDTH_PX]
        shown: Luma = np.clip(picture, 16, 235).astype(np.uint8)
        return cv2.resize(shown, OTHER_SIZE_PX).astype(np.uint8) if fault == "size" else shown


def _walk(picture: NDArray[np.float32], way_px: int) -> None:
    """Draw the figure after so many pixels of its way, which leads from left to right and back."""
    there = way_px % (2 * WIDTH_PX)
    foot = (there if there < WIDTH_PX else 2 * WIDTH_PX - there, 190)
    cv2.ellipse(picture, (foot[0], foot[1] - 35), (12, 36), 0, 0, 360, 20.0, -1)
    cv2.circle(picture, (foot[0], foot[1] - 80), 9, 230.0, -1)
