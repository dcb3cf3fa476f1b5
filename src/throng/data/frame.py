"""One picture, in memory."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import MemoryOnly, frozen_array


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Frame(MemoryOnly):
    """One picture of one camera.

    Attributes
    ----------
    image_bgr : (height, width, 3) uint8
        Blue, green, red, 0 to 255.
    time_s : float
        For a file read as fast as possible: seconds of the stream since its first frame. For a live source: Unix time, UTC.
    index : int
        Number of the frame in its source, from 0, counting dropped frames.
    camera : str
        The camera's name.
    """

    image_bgr: NDArray[np.uint8]
    time_s: float
    index: int
    camera: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "image_bgr", frozen_array(self.image_bgr, np.uint8, shape=(None, None, 3), name="image_bgr"))

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image_bgr.shape[1], self.image_bgr.shape[0]
