"""What any calibration can do: tell where on the ground a point of the picture lies, and back."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class GroundMap(Protocol):
    """A map between the picture and flat ground."""

    def to_ground(self, xy_px: NDArray[np.float64], /) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Where points (n, 2) of the picture, pixels, lie on the ground, (n, 2) metres; and which do lie on it, (n,)."""

    def to_image(self, xy_m: NDArray[np.float64], /) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Where points (n, 2) of the ground, metres, lie in the picture, (n, 2) pixels; and which are before the camera."""
