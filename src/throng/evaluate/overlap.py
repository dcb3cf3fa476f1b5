"""Truth and tracks side by side, frame by frame, with how far their boxes overlap."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import EvaluationError
from throng.data.secrecy import MemoryOnly, frozen_array
from throng.evaluate.mot_text import MotTable

Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]

LEAST_IOU = 0.5
"""Boxes that overlap by so much are of one person."""
ROUNDING = float(np.finfo(float).eps)
"""By so much an overlap may miss a limit that it meets."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PairedFrame(MemoryOnly):
    """Who is where in one frame, in truth and in the tracks.

    Attributes
    ----------
    truth : (n,) intp
        Numbers of the true people, 0 to k - 1.
    tracks : (m,) intp
        Numbers of the tracks, 0 to l - 1.
    at : (p,) intp
        The pairs of boxes that meet, as places in the flattened (n, m).
    shares : (p,) float64
        Their intersection over union. All other pairs have 0: in a crowd most do, and are not kept.
    """

    truth: Numbers
    tracks: Numbers
    at: Numbers
    shares: Floats

    def __post_init__(self) -> None:
        for name in ("truth", "tracks", "at"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.intp, shape=(None,), name=name))
        shares = frozen_array(self.shares, np.float64, shape=self.at.shape, name="shares")
        object.__setattr__(self, "shares", shares)

    @property
    def iou(self) -> Floats:
        """Intersection over union (n, m) of true and tracked boxes."""
        iou = np.zeros(len(self.truth) * len(self.tracks))
        iou[self.at] = self.shares
        return iou.reshape(len(self.truth), len(self.tracks))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PairedFrames(MemoryOnly):
    """All frames in which both truth and tracks have a box, in order; in the others nothing can match.

    Attributes
    ----------
    frames : tuple of PairedFrame
    truth_lengths : (k,) int64
        Boxes of each true person in all frames, at least 1.
    track_lengths : (l,) int64
        Boxes of each track in all frames, at least 1.
    """

    frames: tuple[PairedFrame, ...]
    truth_lengths: NDArray[np.int64]
    track_lengths: NDArray[np.int64]

    def __post_init__(self) -> None:
        for name in ("truth_lengths", "track_lengths"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.int64, shape=(None,), name=name))

    @property
    def truth_boxes(self) -> int:
        """Boxes of all true people."""
        return int(self.truth_lengths.sum())

    @property
    def track_boxes(self) -> int:
        """Boxes of all tracks."""
        return int(self.track_lengths.sum())


def iou_of(first_px: Floats, second_px: Floats) -> Floats:
    """Intersection over union (n, m) of boxes (n, 4) and (m, 4), left, top, right, bottom: |A and B| / |A or B|."""
    a, b = first_px[:, None], second_px[None]
    sides = np.maximum(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0.0)
    shared = sides[..., 0] * sides[..., 1]
    iou: Floats = shared / (_areas(first_px)[:, None] + _areas(second_px)[None] - shared)
    return iou


def frames_of(truth: MotTable, tracks: MotTable) -> Iterator[tuple[Numbers, Numbers]]:
    """Rows of the truth and rows of the tracks for every frame that both have, in order."""
    true_rows, track_rows = truth.rows_of_frames(), tracks.rows_of_frames()
    for frame, rows in true_rows.items():
        if frame in track_rows:
            yield rows, track_rows[frame]


def pair(truth: MotTable, tracks: MotTable) -> PairedFrames:
    """Number people and tracks from 0 and measure the overlap of their boxes once for all scores.

    Raises
    ------
    EvaluationError
        An id occurs twice in a frame.
    """
    for table, what in ((truth, "truth"), (tracks, "tracks")):
        if table.repeated.any():
            row = int(np.argmax(table.repeated))
            raise EvaluationError(
                f"id {table.ids[row]} of the {what} is in frame {table.frames[row]} twice: an id occurs once in a frame"
            )
    true_numbers, true_lengths = np.unique(truth.ids, return_inverse=True, return_counts=True)[1:]
    track_numbers, track_lengths = np.unique(tracks.ids, return_inverse=True, return_counts=True)[1:]
    paired = []
    for those, these in frames_of(truth, tracks):
        iou = iou_of(truth.boxes_px[those], tracks.boxes_px[these]).ravel()
        at = np.flatnonzero(iou)
        paired.append(PairedFrame(true_numbers[those], track_numbers[these], at, iou[at]))
    return PairedFrames(tuple(paired), true_lengths, track_lengths)


def _areas(boxes_px: Floats) -> Floats:
    areas: Floats = (boxes_px[:, 2] - boxes_px[:, 0]) * (boxes_px[:, 3] - boxes_px[:, 1])
    return areas
