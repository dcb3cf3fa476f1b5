"""How large a person looks at every place of a picture: given by a calibration, or learned from people seen alone."""

import numpy as np
from numpy.typing import NDArray

from throng.data.scale import PersonScale

Floats = NDArray[np.float64]

WIDTH_SHARE = 0.36
"""Width of a person's box, in heights."""
ENOUGH = 12
"""Lone people (one a frame) that must have been seen before the learned line is used."""
MEMORY = 2000.0
"""Sightings after which an old one counts 1/e."""


class CalibratedStature:
    """Boxes from a calibrated camera.

    Parameters
    ----------
    scale : PersonScale
        In image pixels.
    ratio : float
        Mask pixels to one image pixel.
    """

    version = 1

    def __init__(self, scale: PersonScale, *, ratio: float) -> None:
        self._scale = scale
        self._ratio = ratio

    @property
    def known(self) -> bool:
        """Whether boxes can be given yet."""
        return True

    def boxes(self, feet: Floats) -> Floats:
        """Boxes (n, 4) of people with feet at (n, 2), mask pixels; empty where nobody can stand."""
        return self._scale.boxes_px(feet / self._ratio) * self._ratio

    def learn(self, boxes: Floats) -> None:
        """Nothing: the calibration knows."""


class LearnedStature:
    """Height as a straight line in the row of the feet, which flat ground seen by an upright camera gives (Hoiem et al. 2008).

    Least squares with forgetting; the slope is drawn to zero while all have stood in the same rows.
    """

    def __init__(self) -> None:
        self.version = 0
        self._n = 0
        self._moments = np.zeros((2, 2))
        self._products = np.zeros(2)
        self._line = np.zeros(2)

    @property
    def known(self) -> bool:
        """Whether boxes can be given yet."""
        return self.version > 0

    def boxes(self, feet: Floats) -> Floats:
        """Boxes (n, 4) of people with feet at (n, 2), mask pixels; empty where nobody can stand."""
        height = np.maximum(self._line[0] + self._line[1] * feet[:, 1], 0.0)
        height[height < 6.0] = 0.0
        half = WIDTH_SHARE / 2 * height
        return np.column_stack([feet[:, 0] - half, feet[:, 1] - height, feet[:, 0] + half, feet[:, 1]])

    def learn(self, boxes: Floats) -> None:
        """Take up the boxes (n, 4) of people seen alone and whole."""
        for box in boxes:
            row, height = box[3], box[3] - box[1]
            if self.known:
                expected = max(float(self._line @ (1.0, row)), 6.0)
                height = float(np.clip(height, 0.7 * expected, 1.4 * expected))
            kept = np.exp(-1.0 / MEMORY)
            self._moments = kept * self._moments + np.outer((1.0, row), (1.0, row))
            self._products = kept * self._products + height * np.array([1.0, row])
            self._n += 1
        if self._n >= ENOUGH:
            self._draw()

    def _draw(self) -> None:
        weight, mean_row = self._moments[0, 0], self._moments[0, 1] / self._moments[0, 0]
        mean_height = self._products[0] / weight
        spread = self._moments[1, 1] - weight * mean_row**2
        slope = (self._products[1] - weight * mean_row * mean_height) / (spread + weight * 10.0**2)
        line = np.array([mean_height - slope * mean_row, slope])
        drawn = self._line @ (1.0, mean_row)
        if not self.known or abs(mean_height - drawn) > 0.04 * mean_height or abs(slope - self._line[1]) > 0.05:
            self._line = line
            self.version += 1


Stature = CalibratedStature | LearnedStature


def feet_grid(stature: Stature, size: tuple[int, int], *, steps: float) -> Floats:
    """Feet (n, 2) all over a mask of (width, height) and somewhat below it, `steps` to a person's width."""
    width, height = size
    feet: list[Floats] = []
    row = 1.0
    while row < 1.6 * height:
        probe = stature.boxes(np.column_stack([np.linspace(0.0, width, 9), np.full(9, row)]))
        sides = probe[:, 2:] - probe[:, :2]
        seen = (sides > 1.0).all(axis=1) & (probe[:, 1] < 0.8 * height)
        step = max(1.0, float(np.median(sides[seen, 0])) / steps) if seen.any() else 1.0
        if seen.any():
            columns = np.arange(0.0, width, step)
            feet.append(np.column_stack([columns, np.full(len(columns), row)]))
        row += step
    return np.concatenate(feet) if feet else np.empty((0, 2))
