"""Painted scenes in which it is known to the pixel where people are."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.data.frame import Frame
from throng.data.scale import PersonScale
from throng.detect.foreground import Foreground

WIDTH, HEIGHT = 320, 240
PERSON = (30, 84)
RATE_HZ = 10.0

Image = NDArray[np.uint8]


class Stage:
    """A noisy wall and floor on which people are painted as upright ellipses of two colours."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        scene = np.full((HEIGHT, WIDTH, 3), 170.0)
        scene[HEIGHT // 3 :] = (90, 110, 130)
        self._scene = (scene + self._rng.normal(0, 6, scene.shape)).astype(np.float32)
        self._noise = self._rng.normal(0, 3, (2 * HEIGHT, 2 * WIDTH, 3)).astype(np.float32)
        self.light = 1.0

    def image(self, people: Sequence[tuple[float, float]] = ()) -> Image:
        """People by the middle of their feet; nearer ones (lower) are painted last."""
        image = self._scene.copy()
        y, x = np.ogrid[:HEIGHT, :WIDTH]
        for k, (foot_x, foot_y) in enumerate(sorted(people, key=lambda foot: foot[1])):
            u, v = (x - foot_x) / (PERSON[0] / 2), (y - foot_y + PERSON[1] / 2) / (PERSON[1] / 2)
            body = u**2 + v**2 <= 1
            image[body & (v < 0)] = (40 + 30 * k, 40, 150)
            image[body & (v >= 0)] = (60, 30 + 10 * k, 25)
        row, column = self._rng.integers(HEIGHT), self._rng.integers(WIDTH)
        noisy = image * np.float32(self.light) + self._noise[row : row + HEIGHT, column : column + WIDTH]
        clipped: Image = np.clip(noisy, 0, 255).astype(np.uint8)
        return clipped


def box_at(foot: tuple[float, float]) -> NDArray[np.float64]:
    return np.array([foot[0] - PERSON[0] / 2, foot[1] - PERSON[1], foot[0] + PERSON[0] / 2, foot[1]])


def scale() -> PersonScale:
    offsets = np.zeros((HEIGHT // 16 + 2, WIDTH // 16 + 2, 4))
    offsets[:] = (-PERSON[0] / 2, -PERSON[1], PERSON[0] / 2, 0.0)
    return PersonScale(cell_px=16.0, offsets_px=offsets)


def run(detector: Foreground, images: Sequence[Image], *, start_s: float = 0.0, rate_hz: float = RATE_HZ) -> list[Detections]:
    frames = [Frame(pixels=image, time_s=start_s + k / rate_hz, index=k, camera="stage") for k, image in enumerate(images)]
    return [detector.detect(frame) for frame in frames]


def iou(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    common = float(np.clip(high - low, 0, None).prod())
    return common / (float((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod()) - common)


def matched(found: Detections, feet: Sequence[tuple[float, float]], *, least: float) -> bool:
    """Whether there is exactly one box per person, each on its own person."""
    overlaps = np.array([[iou(box, box_at(foot)) for foot in feet] for box in found.boxes_px]).reshape(len(found), len(feet))
    return len(found) == len(feet) and bool((overlaps.max(axis=0) > least).all())
