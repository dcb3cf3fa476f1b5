"""How large a person looks, place by place in the picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import frozen_array


@dataclass(frozen=True, slots=True, eq=False)
class PersonScale:
    """The box that a standing person of mean height fills, for feet at any place of the picture.

    Attributes
    ----------
    cell_px : float
        Side of one grid cell; row r, column c speaks for feet at x = c * cell_px, y = r * cell_px.
    offsets_px : (rows, columns, 4) float64
        Left, top, right, bottom of the box relative to the feet. All zero where nobody can stand (above the horizon).
    """

    cell_px: float
    offsets_px: NDArray[np.float64]

    def __post_init__(self) -> None:
        grid = frozen_array(self.offsets_px, np.float64, shape=(None, None, 4), name="offsets_px")
        object.__setattr__(self, "offsets_px", grid)

    def boxes_px(self, feet_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """The boxes (n, 4) of people whose feet are at (n, 2), image pixels; empty boxes where nobody can stand."""
        rows, columns = self.offsets_px.shape[:2]
        column = np.clip(np.rint(feet_px[:, 0] / self.cell_px).astype(int), 0, columns - 1)
        row = np.clip(np.rint(feet_px[:, 1] / self.cell_px).astype(int), 0, rows - 1)
        boxes: NDArray[np.float64] = np.tile(feet_px, 2) + self.offsets_px[row, column]
        return boxes
