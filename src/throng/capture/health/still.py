"""Frozen: the stream delivers and the picture never changes."""

import numpy as np
from numpy.typing import NDArray

FROZEN = "the picture is frozen: it has not changed for several seconds"

_STILL_S = 6.0
_EVERY_ROW = 4


class Still:
    """Tells a frozen stream from a quiet scene: every fourth row is exactly the same for six seconds.

    A sensor's noise and a stream's key frames change some pixel within seconds, however quiet the scene and strong the
    compression (longest standstill of an empty room, H.264 at 10 Hz with a key frame a second: 0.2 s). Only a camera that
    removes all noise and sends its key frames more than six seconds apart can look frozen at night.
    """

    def __init__(self) -> None:
        self._rows: NDArray[np.uint8] | None = None
        self._still_s = 0.0

    def judge(self, luma: NDArray[np.uint8], elapsed_s: float) -> bool:
        """Whether the picture has stood still for too long, given the seconds since the look before."""
        before, self._rows = self._rows, luma[::_EVERY_ROW].copy()
        same = before is not None and np.array_equal(before, self._rows)
        self._still_s = self._still_s + elapsed_s if same else 0.0
        return self._still_s >= _STILL_S
