"""A small picture of a frame, and the structure in it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import MemoryOnly

Floats = NDArray[np.float32]

LONG_SIDE_PX = 512
"""Of the fine thumbnail, at most: about what a small detector looks at, so what is lost here is lost to it."""

CELL_PX = 12
"""Side of a cell of the middle thumbnail: a thirteenth to a twenty-first of its longer side."""

_AROUND_PX = 3.0
_BOUND_LEVELS = 3.0


class Thumbnail(MemoryOnly):
    """A frame's brightness at most 512 pixels long, half of that, and what stands out in it.

    Parameters
    ----------
    luma : (height, width) uint8

    Attributes
    ----------
    fine : (rows, columns) uint8
        Halved until it is at most 512 pixels long: means of 2 x 2 pixels cost a tenth of what other scales do.
    middle : (rows / 2, columns / 2) float32
    relief : the same shape, float32
        `middle` less its surroundings (a Gaussian of 3 pixels): no slow shading, nothing of the light's strength but contrast.
    structure : the same shape, float32
        relief / (|relief| + 3 levels), between -1 and 1, so that no single edge decides.
    power : (rows / 24, columns / 24) float32
        Mean square of `structure` in each cell.
    """

    __slots__ = ("_steps", "fine", "middle", "power", "relief", "structure")

    def __init__(self, luma: NDArray[np.uint8]) -> None:
        self.fine: NDArray[np.uint8] = _shrunk(luma)
        rows, columns = self.fine.shape
        half = (max(1, columns // 2), max(1, rows // 2))
        self.middle: Floats = cv2.resize(self.fine.astype(np.float32), half, interpolation=cv2.INTER_AREA)
        self.relief: Floats = self.middle - cv2.GaussianBlur(self.middle, (0, 0), _AROUND_PX)
        self.structure: Floats = self.relief / (np.abs(self.relief) + _BOUND_LEVELS)
        self.power: Floats = cell_means(np.square(self.structure))
        differences = cv2.absdiff(self.fine, cv2.GaussianBlur(self.fine, (3, 3), 0))
        self._steps: Floats = np.cumsum(cv2.calcHist([differences], [0], None, [256], [0, 256]).ravel())

    def detail(self, share: float) -> float:
        """A quantile, between levels, of how much each fine pixel differs from the Gaussian mean of its 3 x 3."""
        wanted = share * float(self._steps[-1])
        level = int(np.searchsorted(self._steps, wanted))
        below = float(self._steps[level - 1]) if level else 0.0
        return max(0.0, level - 0.5 + (wanted - below) / max(1.0, float(self._steps[level]) - below))


def _shrunk(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    while max(luma.shape) > LONG_SIDE_PX and min(luma.shape) > 1:
        rows, columns = luma.shape[0] // 2, luma.shape[1] // 2
        luma = cv2.resize(luma[: 2 * rows, : 2 * columns], (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(luma, np.uint8)


def cell_means(values: Floats) -> Floats:
    """Means over cells of about 12 x 12 pixels, (rows / 12, columns / 12) float32."""
    rows, columns = values.shape
    cells = (max(1, columns // CELL_PX), max(1, rows // CELL_PX))
    means: Floats = cv2.resize(values, cells, interpolation=cv2.INTER_AREA)
    return means


def likeness(one: Floats, other: Floats, *, powers: tuple[Floats, Floats]) -> Floats:
    """Correlation of two structures in each cell, -1 to 1, given the mean square of each; 0 where either has none."""
    product = cell_means(one * other)
    norm = np.sqrt(powers[0] * powers[1])
    result: Floats = np.divide(product, norm, out=np.zeros_like(product), where=norm > 1e-9)
    return result


def quantile(values: Floats, share: float) -> float:
    """The value below which so large a share lies; of the values there are, without interpolation."""
    at = int(share * (values.size - 1))
    return float(np.partition(values.ravel(), at)[at])
