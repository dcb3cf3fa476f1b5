"""Moved: the still parts of the picture are no longer where they were."""

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from throng.capture.health.thumbnail import CELL_PX, Floats, Thumbnail, cell_means, likeness

MOVED = "the camera was moved or covered: what it sees is no longer the scene that its lines were drawn on"

_LOOKS_TO_KNOW = 5
_STILL = 0.5
_ALIKE = 0.5
_KNOWN_POWER = 0.03
_PRESENT_POWER = 0.01
_FEWEST_CELLS = 6
_LEAST_STILL_SHARE = 0.12

_GONE_SHARE = 0.25
"""Cells that look alike by chance are up to 22 in 100 at a likeness of 0.4 where a scene repeats itself."""
_BACK_SHARE = 0.6
_ABRUPT_LOOKS = 2
_TURNING_LOOKS = 8
_OTHER_LOOKS = 30


_SUSPECT_SHARE = 0.9
_SLOWER = 24
_FIRST_LOOKS = 30
_REACH_PX = 10
_FOUND = 0.6
_TOLERANCE_PX = 1.3
_SHIFT_PX = 2.0
_SHIFTED_SHARE = 0.12
_AGREEING_SHARE = 0.3


class View:
    """Compares the structure of each cell with the scene's own, learned at the start and kept fresh slowly.

    Only cells count whose scene is known (its structure has not averaged out) and which look the same as a second ago: people
    who walk are neither for nor against. The camera was moved when

    - at least 12 in 100 of them are found elsewhere, within 10 pixels of the middle thumbnail (5 per cent of the picture), by
      shifts that agree with one similarity (shift, zoom, rotation; RANSAC), and these are 3 in 10 of all that are found
      elsewhere; or
    - at most a quarter shows the scene, within two looks of one in which 6 in 10 did, or half a minute after it began to show
      something else that has stood still since: a mount is turned, and a lens covered, within seconds; a crowd gathers, and
      sways; a bus leaves half of the picture.

    The scene is known twice, as it was over the last minutes and over the last hours (24 times as slowly), and a cell that is
    like either shows it: a crowd that stands for ten minutes does not displace the floor that it stands on.

    It is back where it was when 6 in 10 show the scene again and few are found elsewhere.
    """

    def __init__(self) -> None:
        self._scene: Floats | None = None
        self._older: Floats | None = None
        self._now: Thumbnail | None = None
        self._looks = 0
        self._good: deque[bool] = deque(maxlen=_ABRUPT_LOOKS)
        self._other: Thumbnail | None = None
        self._other_looks = 0
        self._turning_looks = 0

    def judge(self, thumbnail: Thumbnail, already: bool) -> bool:
        """Whether the camera looks elsewhere; `already` while that is the verdict."""
        before, self._now = self._now, thumbnail
        if self._scene is None or self._older is None or before is None or self._looks < _LOOKS_TO_KNOW:
            return False
        scene_power = cell_means(np.square(self._scene))
        known = scene_power >= _KNOWN_POWER
        still = likeness(thumbnail.structure, before.structure, powers=(thumbnail.power, before.power)) >= _STILL
        judged = known & still & (thumbnail.power >= _PRESENT_POWER)
        if judged.sum() < max(_FEWEST_CELLS, _LEAST_STILL_SHARE * known.sum()):
            self._turning_looks += 1
            if self._turning_looks > _TURNING_LOOKS:
                self._good.append(False)
            return already
        self._turning_looks = 0
        alike = likeness(thumbnail.structure, self._scene, powers=(thumbnail.power, scene_power)) >= _ALIKE
        if alike[judged].mean() < _SUSPECT_SHARE:
            older_power = cell_means(np.square(self._older))
            alike |= likeness(thumbnail.structure, self._older, powers=(thumbnail.power, older_power)) >= _ALIKE
        kept = float(alike[judged].mean())
        if already:
            return kept < _BACK_SHARE or self._shifted(judged & ~alike, int(judged.sum()))
        if kept <= _GONE_SHARE and (any(self._good) or self._stands_still(thumbnail, judged)):
            return True
        self._good.append(kept >= _BACK_SHARE)
        return kept < _SUSPECT_SHARE and self._shifted(judged & ~alike, int(judged.sum()))

    def learn(self, share: float) -> None:
        """The picture last judged is one of the scene as it usually is."""
        if self._now is None:
            return
        self._looks += 1
        if self._scene is None or self._older is None:
            self._scene, self._older = self._now.structure.copy(), self._now.structure.copy()
            return
        first = 1.0 / self._looks
        self._scene += np.float32(max(share, first)) * (self._now.structure - self._scene)
        if self._looks > _FIRST_LOOKS:
            first = 0.0
        self._older += np.float32(max(share / _SLOWER, first)) * (self._now.structure - self._older)

    def _stands_still(self, thumbnail: Thumbnail, judged: NDArray[np.bool_]) -> bool:
        """Whether what is seen in place of the scene has been the same for half a minute."""
        if (other := self._other) is not None:
            alike = likeness(thumbnail.structure, other.structure, powers=(thumbnail.power, other.power))
            other = other if (alike[judged] >= _STILL).mean() >= _BACK_SHARE else None
        if other is None:
            self._other, self._other_looks = thumbnail, 0
        self._other_looks += 1
        return self._other_looks >= _OTHER_LOOKS

    def _shifted(self, differing: NDArray[np.bool_], judged: int) -> bool:
        """Whether enough of the differing cells are found elsewhere, with shifts that one similarity explains."""
        least = max(_FEWEST_CELLS, _SHIFTED_SHARE * judged)
        if self._scene is None or self._now is None or differing.sum() < least:
            return False
        cells = np.argwhere(differing).tolist()
        found = [pair for row, column in cells if (pair := _elsewhere(self._scene, self._now.structure, row, column))]
        if len(found) < least:
            return False
        scene_px, now_px = np.ascontiguousarray(np.array(found, np.float32).transpose(1, 0, 2))
        _, agreeing = cv2.estimateAffinePartial2D(scene_px, now_px, method=cv2.RANSAC, ransacReprojThreshold=_TOLERANCE_PX)
        return agreeing is not None and bool(agreeing.sum() >= max(least, _AGREEING_SHARE * len(found)))


def _elsewhere(scene: Floats, now: Floats, row: int, column: int) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Where a cell of the scene lies now: its old and new corner, or None where it is not found or not elsewhere."""
    rows, columns = scene.shape
    top, left = row * CELL_PX, column * CELL_PX
    if top + CELL_PX > rows or left + CELL_PX > columns:
        return None
    patch = scene[top : top + CELL_PX, left : left + CELL_PX]
    from_top, from_left = max(0, top - _REACH_PX), max(0, left - _REACH_PX)
    around = now[from_top : top + CELL_PX + _REACH_PX, from_left : left + CELL_PX + _REACH_PX]
    _, best, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED))
    shift = (x + from_left - left, y + from_top - top)
    if best < _FOUND or np.hypot(*shift) < _SHIFT_PX:
        return None
    return (left, top), (left + shift[0], top + shift[1])
