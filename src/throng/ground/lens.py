"""What a lens bends: one parameter, and closed forms both ways."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lens:
    """Radial distortion about the middle of the picture, by the division model.

    Without distortion a point r half diagonals from the middle would lie at r / (1 + k1 r^2) (Fitzgibbon 2001,
    "Simultaneous linear estimation of multiple view geometry and lens distortion", equation 5). Below zero straight lines bow
    outwards (barrel), as wide lenses make them; zero bends nothing.

    Attributes
    ----------
    width_px, height_px : int
        Size of the picture.
    k1 : float
    """

    width_px: int
    height_px: int
    k1: float = 0.0

    @property
    def middle_px(self) -> Floats:
        """The middle of the picture (2,)."""
        return np.array([self.width_px / 2, self.height_px / 2])

    @property
    def half_diagonal_px(self) -> float:
        """From the middle of the picture to a corner."""
        return float(np.hypot(self.width_px, self.height_px) / 2)

    def undistort(self, xy_px: ArrayLike) -> Floats:
        """Where points (n, 2) of the picture would lie without distortion; NaN where no straight line of sight leads."""
        points = np.asarray(xy_px, dtype=np.float64).reshape(-1, 2)
        if not self.k1:
            return points
        offset = points - self.middle_px
        scale = 1.0 + self.k1 * np.einsum("ij,ij->i", offset, offset) / self.half_diagonal_px**2
        return self.middle_px + offset / np.where(scale > 0, scale, np.nan)[:, None]

    def distort(self, xy_px: ArrayLike) -> Floats:
        """The inverse of `undistort`: r = 2 u / (1 + sqrt(1 - 4 k1 u^2)); NaN where the lens shows nothing."""
        points = np.asarray(xy_px, dtype=np.float64).reshape(-1, 2)
        if not self.k1:
            return points
        offset = points - self.middle_px
        inner = 1.0 - 4.0 * self.k1 * np.einsum("ij,ij->i", offset, offset) / self.half_diagonal_px**2
        root = np.sqrt(np.where(inner >= 0, inner, np.nan))
        return self.middle_px + offset * (2.0 / (1.0 + root))[:, None]
