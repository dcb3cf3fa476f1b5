"""Collects, in memory, the boxes of people who are seen whole and alone."""

import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import MemoryOnly
from throng.data.tracks import Tracks
from throng.ground.people import MEAN_HEIGHT_M, Walkers, walkers_of

Floats = NDArray[np.float64]

MOST_BOXES = 200_000
"""Where so many boxes are held, every second one is let go: what is held stays below 10 MB."""


class Watcher(MemoryOnly):
    """What was seen of the people in one camera's view.

    Parameters
    ----------
    width_px, height_px : int
        Size of the picture.
    mean_height_m : float
        Of the people, with shoes.
    """

    __slots__ = ("_boxes_px", "_held", "_ids", "_mean_height_m", "_size_px", "_times_s")

    def __init__(self, width_px: int, height_px: int, *, mean_height_m: float = MEAN_HEIGHT_M) -> None:
        self._size_px = (width_px, height_px)
        self._mean_height_m = mean_height_m
        self._ids: list[NDArray[np.uint64]] = []
        self._times_s: list[Floats] = []
        self._boxes_px: list[Floats] = []
        self._held = 0

    def take(self, tracks: Tracks) -> None:
        """See one moment."""
        alone = tracks.seen & ~_overlapped(tracks.boxes_px)
        if not alone.any():
            return
        self._ids.append(tracks.ids[alone])
        self._times_s.append(np.full(np.count_nonzero(alone), tracks.time_s))
        self._boxes_px.append(tracks.boxes_px[alone])
        self._held += len(self._ids[-1])
        if self._held > MOST_BOXES:
            for held in (self._ids, self._times_s, self._boxes_px):
                del held[::2]
            self._held = sum(map(len, self._ids))

    def walkers(self) -> Walkers:
        """The people so far, as evidence of the camera's view."""
        return walkers_of(
            np.concatenate(self._ids) if self._ids else np.empty(0, np.uint64),
            np.concatenate(self._times_s) if self._times_s else np.empty(0),
            np.concatenate(self._boxes_px) if self._boxes_px else np.empty((0, 4)),
            width_px=self._size_px[0],
            height_px=self._size_px[1],
            mean_height_m=self._mean_height_m,
        )


def _overlapped(boxes_px: Floats) -> NDArray[np.bool_]:
    """Which boxes (n, 4) another one touches."""
    low = np.maximum(boxes_px[:, None, :2], boxes_px[None, :, :2])
    high = np.minimum(boxes_px[:, None, 2:], boxes_px[None, :, 2:])
    touching: NDArray[np.bool_] = (low < high).all(axis=2) & ~np.eye(len(boxes_px), dtype=bool)
    return np.asarray(touching.any(axis=1))
