"""One picture as the decoder gave it: brightness and colour apart."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import MemoryOnly, frozen_array

Plane = NDArray[np.uint8]


class Planes(MemoryOnly):
    """A YCbCr picture whose conversion to full-size colour has not been paid for yet.

    Most of what looks at a picture needs it small or needs its brightness only; converting all of it to BGR first would be for
    nothing.

    Parameters
    ----------
    luma : (height, width) uint8
        Y.
    cb, cr : (rows, columns) uint8
        Colour differences, as coarse as the stream has them.
    to_bgr : (3, 4) float64
        Blue, green, red, 0 to 255, as a linear function of Y, Cb, Cr, 1 (ITU-R BT.601 or BT.709, full or limited range).
    convert : callable
        Makes the full-size picture, (height, width, 3) uint8; called at most once.
    """

    __slots__ = ("_convert", "_image_bgr", "cb", "cr", "luma", "to_bgr")

    def __init__(self, *, luma: Plane, cb: Plane, cr: Plane, to_bgr: NDArray[np.float64], convert: Callable[[], Plane]) -> None:
        self.luma: Plane = frozen_array(luma, np.uint8, shape=(None, None), name="luma")
        self.cb: Plane = frozen_array(cb, np.uint8, shape=(None, None), name="cb")
        self.cr: Plane = frozen_array(cr, np.uint8, shape=self.cb.shape, name="cr")
        self.to_bgr: NDArray[np.float64] = frozen_array(to_bgr, np.float64, shape=(3, 4), name="to_bgr")
        self._convert = convert
        self._image_bgr: Plane | None = None

    @property
    def image_bgr(self) -> Plane:
        """The full-size picture (height, width, 3) uint8."""
        if self._image_bgr is None:
            shape = (*self.luma.shape, 3)
            self._image_bgr = frozen_array(self._convert(), np.uint8, shape=shape, name="image_bgr")
        return self._image_bgr
