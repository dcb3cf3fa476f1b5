"""Watching people walk by until they tell how a camera stands, in bounded memory."""

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import CalibrationError
from throng.data.secrecy import MemoryOnly
from throng.data.tracks import Tracks
from throng.ground.people import MEAN_HEIGHT_ERROR_M, MEAN_HEIGHT_M, Walkers, plausible, walkers_of
from throng.ground.self_calibrate import FEWEST, GOOD_ERROR, calibrate_from_people

Floats = NDArray[np.float64]

MOST_PEOPLE = 240
"""Walks that are kept; of more, those go that were seen where most others were."""
MOST_SAMPLES = 48
"""Boxes of one walk that are kept: when there are more, every second goes."""
_CELLS = 4
_FEET_HIDDEN = 0.02


class Watcher(MemoryOnly):
    """Collects the boxes of walkers from the tracks of every frame.

    Parameters
    ----------
    width_px, height_px : int
        Size of the picture.
    mean_height_m, mean_height_error_m : float
        Of the people, with shoes.
    """

    __slots__ = ("_fitted_at", "_mean_height", "_progress", "_size_px", "_walked", "_walking")

    def __init__(
        self,
        width_px: int,
        height_px: int,
        *,
        mean_height_m: float = MEAN_HEIGHT_M,
        mean_height_error_m: float = MEAN_HEIGHT_ERROR_M,
    ) -> None:
        self._size_px = (width_px, height_px)
        self._mean_height = (mean_height_m, mean_height_error_m)
        self._walking: dict[int, _Walk] = {}
        self._walked: list[_Walk] = []
        self._fitted_at = 0
        self._progress = 0.0

    def take(self, tracks: Tracks) -> None:
        """Take in one frame's tracks: boxes seen in this very frame, whole and alone."""
        clear = tracks.seen & plausible(tracks.boxes_px, *self._size_px) & ~_overlapped(tracks.boxes_px)
        for one, box in zip(tracks.ids[clear].tolist(), tracks.boxes_px[clear], strict=True):
            self._walking.setdefault(one, _Walk()).add(tracks.time_s, box)
        for one in tracks.ended_ids.tolist():
            walk = self._walking.pop(one, None)
            if walk is not None and len(self._of([walk])):
                self._walked.append(walk)
        if len(self._walked) > MOST_PEOPLE:
            del self._walked[self._least_missed()]

    def progress(self) -> float:
        """How much of what a good calibration needs is known, from 0 to 1; the fit is repeated as walkers grow by an eighth."""
        people = len(self._walked)
        if people >= FEWEST and people >= 1.125 * self._fitted_at:
            self._fitted_at = people
            try:
                error = calibrate_from_people(self.walkers()).scale_error
                self._progress = min(1.0, (GOOD_ERROR / error) ** 2)
            except CalibrationError:
                self._progress = 0.0
        return max(self._progress, 0.3 * min(1.0, people / (2 * FEWEST)))

    def walkers(self) -> Walkers:
        """The evidence so far, of those who have left and of those in view."""
        return self._of([*self._walked, *self._walking.values()])

    def _of(self, walks: "list[_Walk]") -> Walkers:
        width, height = self._size_px
        mean, error = self._mean_height
        return walkers_of(
            np.repeat(np.arange(len(walks)), [len(walk.times_s) for walk in walks]),
            [time for walk in walks for time in walk.times_s],
            np.reshape([box for walk in walks for box in walk.boxes_px], (-1, 4)),
            width_px=width,
            height_px=height,
            mean_height_m=mean,
            mean_height_error_m=error,
        )

    def _least_missed(self) -> int:
        """The oldest walk about the part of the picture where most were."""
        feet = np.array([np.mean(walk.boxes_px, axis=0)[[0, 3]] / self._size_px for walk in self._walked])
        cells = np.minimum((_CELLS * feet).astype(int), _CELLS - 1) @ [_CELLS, 1]
        return int(np.argmax(cells == np.argmax(np.bincount(cells))))


class _Walk:
    """Boxes of one track, evenly thinned."""

    def __init__(self) -> None:
        self.times_s: list[float] = []
        self.boxes_px: list[Floats] = []
        self._every = 1
        self._skipped = 0

    def add(self, time_s: float, box_px: Floats) -> None:
        """One more box, if it is its turn."""
        self._skipped += 1
        if self._skipped < self._every:
            return
        self._skipped = 0
        self.times_s.append(time_s)
        self.boxes_px.append(box_px.copy())
        if len(self.times_s) > MOST_SAMPLES:
            self.times_s, self.boxes_px, self._every = self.times_s[::2], self.boxes_px[::2], 2 * self._every


def _overlapped(boxes_px: Floats) -> NDArray[np.bool_]:
    """Which boxes (n,) another one covers in part: feet may be hidden, or two people be in one box."""
    low = np.maximum(boxes_px[:, None, :2], boxes_px[None, :, :2])
    high = np.minimum(boxes_px[:, None, 2:], boxes_px[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0.0), axis=-1)
    np.fill_diagonal(shared, 0.0)
    areas = np.prod(boxes_px[:, 2:] - boxes_px[:, :2], axis=1)
    return np.asarray((shared > _FEET_HIDDEN * areas[:, None]).any(axis=1))
