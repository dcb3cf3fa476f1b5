"""One picture, in memory."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.planes import Planes
from throng.data.secrecy import MemoryOnly, frozen_array


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Frame(MemoryOnly):
    """One picture of one camera.

    Attributes
    ----------
    pixels : (height, width, 3) uint8, or Planes
        Blue, green, red, 0 to 255; or brightness and colour apart, as decoded.
    time_s : float
        For a file read as fast as possible: seconds of the stream since its first frame. For a live source: Unix time, UTC.
    index : int
        Number of the frame in its source, from 0, counting dropped frames.
    camera : str
        The camera's name.
    """

    pixels: NDArray[np.uint8] | Planes
    time_s: float
    index: int
    camera: str

    def __post_init__(self) -> None:
        if not isinstance(self.pixels, Planes):
            if np.asarray(self.pixels).dtype != np.uint8:
                raise ValueError(
                    f"pixels must be of type uint8, 0 to 255, not {np.asarray(self.pixels).dtype}: scale the picture first"
                )
            object.__setattr__(self, "pixels", frozen_array(self.pixels, np.uint8, shape=(None, None, 3), name="pixels"))
        width, height = self.size_px
        if not width or not height:
            raise ValueError(f"a picture must have pixels, not a width of {width} and a height of {height}")

    @property
    def image_bgr(self) -> NDArray[np.uint8]:
        """The picture (height, width, 3): blue, green, red; of planes it is made at the first call."""
        return self.pixels.image_bgr if isinstance(self.pixels, Planes) else self.pixels

    @property
    def luma(self) -> NDArray[np.uint8]:
        """Brightness (height, width): the stream's own, or the green of a picture that has none.

        Green carries most of the brightness and costs nothing to take; where this is used, only changes matter.
        """
        return self.pixels.luma if isinstance(self.pixels, Planes) else self.pixels[:, :, 1]

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.luma.shape
        return width, height
