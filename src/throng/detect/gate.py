"""The motion gate: what has changed in a picture since it was last looked at."""

import cv2
import numpy as np
from numpy.typing import NDArray

from throng.data.frame import Frame
from throng.detect.pixels import Region

Mask = NDArray[np.bool_]

CELLS = 128
"""A picture is halved until its longer side has no more cells than this."""
LEAST_CHANGE = 4.0
"""Grey levels by which the mean of a cell must change; what is fainter no detector finds."""
NOISE_FACTOR = 8.0
"""The same in standard deviations of the picture's noise, as far as..."""
NOISE_EVERY = 8
"""Pictures from one estimate of the noise to the next."""
MOST_NOISE = 10.0
"""...this many grey levels: a noisier picture is rather looked at each time than that somebody is missed."""
MOST_EXPOSURE = 8.0
"""Grey levels by which the whole picture may become brighter or darker before all of it is looked at again."""
MOST_BESIDE = 0.25
"""A change of the whole picture leaves no more than this share of the cells changed in another way."""
NEAR = 8
"""Changed cells no farther apart than twice this belong to one rectangle."""
MOST_REGIONS = 8


class MotionGate:
    """Compares each picture with the one that was looked at last, so that somebody who comes in slowly adds up.

    The gate does not judge what has changed: trees, light and people open it alike. It only spares looking where the answer
    would be the same. A camera that sets its exposure makes the whole picture a little brighter or darker: that alone is no
    change, as it makes nobody appear.
    """

    def __init__(self) -> None:
        self._seen: NDArray[np.float32] | None = None
        self._before: NDArray[np.float32] | None = None
        self._noise: float | None = None
        self._age = 0
        self._size_px = (0, 0)
        self._looked_s = 0.0
        self._exposure = 0.0

    def forget(self) -> None:
        """The whole of a picture was looked at that was not compared: the next one is new."""
        self._seen = None

    def changed(self, frame: Frame, *, rest_s: float) -> tuple[Region, ...]:
        """Rectangles around all that has changed since it was last returned; none where nothing has.

        Parameters
        ----------
        frame : Frame
            The newest picture; pictures must come in order of time.
        rest_s : float
            After so long without a change the whole picture is returned all the same, seconds.
        """
        cells, side = _cells(frame.luma)
        if frame.size_px != self._size_px:
            self._size_px, self._seen, self._noise = frame.size_px, None, None
        if self._seen is None or not 0 <= frame.time_s - self._looked_s < rest_s:
            return self._all(frame, cells)
        threshold = max(LEAST_CHANGE, min(NOISE_FACTOR * self._learned_noise(cells), MOST_NOISE))
        different = cv2.absdiff(cells, self._seen) > threshold
        if not different.any():
            return ()
        different = self._beside_exposure(cells, different, threshold)
        if abs(self._exposure) > MOST_EXPOSURE:
            return self._all(frame, cells)
        found = _clusters(different)
        for left, top, right, bottom in found:
            self._seen[top:bottom, left:right] = cells[top:bottom, left:right]
        if found == [(0, 0, cells.shape[1], cells.shape[0])]:
            return self._all(frame, cells)
        return tuple(_to_pixels(part, cells.shape, side, frame.size_px) for part in found)

    def _all(self, frame: Frame, cells: NDArray[np.float32]) -> tuple[Region, ...]:
        self._seen, self._before, self._looked_s, self._exposure = cells.copy(), cells, frame.time_s, 0.0
        return ((0, 0, *frame.size_px),)

    def _beside_exposure(self, cells: NDArray[np.float32], different: Mask, threshold: float) -> Mask:
        """What has changed in another way than most of the picture; what was seen is taken as brighter or darker by that."""
        assert self._seen is not None
        # A quarter of the cells tells as much of the whole picture.
        shift = float(np.median(cells[::2, ::2] - self._seen[::2, ::2]))
        beside = np.asarray(cv2.absdiff(cells, self._seen + np.float32(shift)) > threshold)
        left = np.count_nonzero(beside)
        if shift == 0.0 or left > MOST_BESIDE * beside.size or left > np.count_nonzero(different):
            return different
        self._seen += np.float32(shift)
        self._exposure += shift
        return beside

    def _learned_noise(self, cells: NDArray[np.float32]) -> float:
        """The standard deviation of a cell, from the median change between pictures, which moving people leave alone."""
        assert self._before is not None
        if self._noise is None or self._age % NOISE_EVERY == 0:
            deviation = float(np.median(cv2.absdiff(cells, self._before))) / (0.6745 * 2.0**0.5)
            self._noise = deviation if self._noise is None else self._noise + 0.2 * (deviation - self._noise)
        self._age += 1
        self._before = cells
        return self._noise


def _clusters(different: Mask) -> list[Region]:
    """Rectangles (left, top, right, bottom), in cells, around those that have changed: one for each group of near ones."""
    rows, columns = np.nonzero(different)
    if not len(rows):
        return []
    wide = cv2.dilate(different.astype(np.uint8), np.ones((2 * NEAR + 1, 2 * NEAR + 1), np.uint8))
    groups, labels = cv2.connectedComponents(wide)
    label = labels[rows, columns] if groups - 1 <= MOST_REGIONS else np.ones_like(rows)
    members = [label == group for group in range(1, int(label.max()) + 1)]
    return [
        (int(columns[of].min()), int(rows[of].min()), int(columns[of].max()) + 1, int(rows[of].max()) + 1) for of in members
    ]


def _to_pixels(cells: Region, shape: tuple[int, ...], side: int, size_px: tuple[int, int]) -> Region:
    """Whole image pixels; what is left over beside the last cells of a picture belongs to them."""
    left, top, right, bottom = cells
    return (
        left * side,
        top * side,
        size_px[0] if right == shape[1] else right * side,
        size_px[1] if bottom == shape[0] else bottom * side,
    )


def _cells(luma: NDArray[np.uint8]) -> tuple[NDArray[np.float32], int]:
    """Mean brightness (rows, columns) over square cells, and their side in pixels.

    Halving again and again is several times faster than one step; the last is in floating point, so that noise below one grey
    level is seen.
    """
    side = 1
    part: NDArray[np.generic] = luma
    while max(part.shape) > 2 * CELLS and min(part.shape) > 1:
        part, side = _halved(part), 2 * side
    fine = part.astype(np.float32)
    while max(fine.shape) > CELLS and min(fine.shape) > 1:
        fine, side = _halved(fine), 2 * side
    return fine, side


def _halved(plane: NDArray[np.generic]) -> NDArray[np.float32]:
    rows, columns = plane.shape[0] // 2, plane.shape[1] // 2
    halved: NDArray[np.float32] = cv2.resize(plane[: 2 * rows, : 2 * columns], (columns, rows), interpolation=cv2.INTER_AREA)
    return halved
