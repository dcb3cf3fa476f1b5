"""The built-in detector for fixed cameras: people as what differs from the empty scene. It needs no weights."""

import cv2
import numpy as np
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.data.frame import Frame
from throng.data.scale import PersonScale
from throng.detect.background import SURE, Background
from throng.detect.boxes import clip
from throng.detect.extent import fitted_extents
from throng.detect.people_fit import STEPS, Candidates, body_mask, candidates, fit_people, middles
from throng.detect.pixels import scaled_bgr
from throng.detect.stature import CalibratedStature, LearnedStature, Stature, feet_grid

Floats = NDArray[np.float64]
Mask = NDArray[np.uint8]

LEAST_SIDE = 16
"""Pictures with a side of fewer pixels, once shrunk, show nobody."""
LEAST_SHARE = 0.003
"""Smallest blob taken for a person while sizes are unknown, as a share of the picture."""
ONE_BODY = 1.1
"""Foreground, in areas of the expected box, from which a blob holds more than one person (an ellipse fills 0.79 of its box)."""
STEADY = 0.2
"""Box widths within which a person stays from one picture to the next."""
ALONE_ERROR, FITTED_ERROR = 0.08, 0.10
"""Standard errors of the centre of a box, heights: of somebody who is a blob alone, and of one fitted to a blob of several."""
YOUNG = 0.35
"""What scores are multiplied by while the scene is uncertain there: too weak to begin a track."""


class Foreground:
    """Background subtraction, and boxes the size of people fitted to the foreground.

    Parameters
    ----------
    scale : PersonScale, optional
        How large people look; without it their height is learned from people seen alone.
    width_px : int
        Wider pictures are shrunk to this width.
    """

    name = "foreground"
    rest_s = 1.0
    """The scene is learned from what does not change, too."""

    def __init__(self, *, scale: PersonScale | None = None, width_px: int = 384) -> None:
        self._scale = scale
        self._width_px = width_px
        self._size_px = (0, 0)
        self._before: Floats = np.empty((0, 4))

    def detect(self, frame: Frame) -> Detections:
        """The people in a frame; frames must come in order of time."""
        if frame.size_px != self._size_px:
            self._begin(frame.size_px)
        if min(self._size) < LEAST_SIDE:
            return Detections(np.empty((0, 4)), np.empty(0), frame.time_s)
        picture = scaled_bgr(frame, self._size, smooth=True)
        mask = self._background.foreground(picture, frame.time_s)
        boxes, scores, errors = self._people(mask)
        self._before = boxes
        self._background.learn(picture, mask, body_mask(boxes, self._size), boxes)
        if not self._background.settled:
            scores = scores * YOUNG
        else:
            scores = np.where(self._background.doubtful(boxes), scores * YOUNG, scores)
        boxes, both = clip(boxes / self._ratio, np.column_stack([scores, errors]), frame.size_px)
        return Detections(boxes, both[:, 0], frame.time_s, both[:, 1])

    def _begin(self, size_px: tuple[int, int]) -> None:
        self._size_px = size_px
        self._ratio = min(1.0, self._width_px / size_px[0])
        self._size = (max(1, round(size_px[0] * self._ratio)), max(1, round(size_px[1] * self._ratio)))
        self._background = Background()
        self._stature: Stature = LearnedStature() if self._scale is None else CalibratedStature(self._scale, ratio=self._ratio)
        self._candidates: Candidates | None = None
        self._version = 0
        self._before = np.empty((0, 4))

    def _people(self, mask: Mask) -> tuple[Floats, Floats, Floats]:
        """Boxes (n, 4) in mask pixels, scores (n,), and standard errors of the boxes' centres (n,), heights."""
        sure = cv2.compare(mask, SURE, cv2.CMP_EQ)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(sure, connectivity=8)
        if count < 2:
            return np.empty((0, 4)), np.empty(0), np.empty(0)
        boxes = np.column_stack([stats[1:, :2], stats[1:, :2] + stats[1:, 2:4]]).astype(np.float64)
        filled = stats[1:, cv2.CC_STAT_AREA].astype(np.float64)
        if not self._stature.known:
            boxes, scores = self._first_people(boxes, filled)
            return boxes, scores, np.full(len(boxes), FITTED_ERROR)
        alone = self._alone(boxes, filled)
        self._stature.learn(boxes[alone & self._whole(boxes)])
        keep = np.concatenate([[True], ~alone])
        rest = mask * keep[labels].astype(np.uint8)
        fitted, gains = self._fit(rest)
        scores = np.concatenate([0.5 + 0.5 * filled[alone] / _areas(boxes[alone]), _scores(gains)])
        errors = np.repeat([ALONE_ERROR, FITTED_ERROR], [int(alone.sum()), len(fitted)])
        return np.concatenate([boxes[alone], fitted]), scores, errors

    def _alone(self, boxes: Floats, filled: Floats) -> NDArray[np.bool_]:
        """Which blobs are one person: as large as one, and filled like one."""
        expected = self._stature.boxes(np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]]))
        size, sides = expected[:, 2:] - expected[:, :2], boxes[:, 2:] - boxes[:, :2]
        share = np.divide(sides, size, out=np.full_like(sides, np.inf), where=size > 0)
        cut = ~self._whole(boxes)
        tall = (share[:, 1] > np.where(cut, 0.25, 0.65)) & (share[:, 1] < 1.35)
        slim = (share[:, 0] > 0.4) & (share[:, 0] < 1.6)
        single = (filled > 0.35 * _areas(boxes)) & (filled < ONE_BODY * _areas(expected))
        return np.asarray(tall & slim & single)

    def _whole(self, boxes: Floats) -> NDArray[np.bool_]:
        return np.asarray((boxes[:, :2] > 1).all(axis=1) & (boxes[:, 2:] < np.array(self._size) - 1).all(axis=1))

    def _fit(self, mask: Mask) -> tuple[Floats, Floats]:
        if self._candidates is None or self._version != self._stature.version:
            grid = feet_grid(self._stature, self._size, steps=STEPS)
            boxes = self._stature.boxes(grid)
            real = (boxes[:, 2:] - boxes[:, :2] > 1.0).all(axis=1)
            self._candidates, self._version = candidates(grid[real], boxes[real], self._size), self._stature.version
        prior = middles(self._before, self._size, radius=STEADY)
        chosen, gains = fit_people(mask, self._candidates, prior)
        boxes, feet = self._candidates.boxes[chosen], self._candidates.feet[chosen]
        return fitted_extents(mask, boxes, feet[:, 0]), gains

    def _first_people(self, boxes: Floats, filled: Floats) -> tuple[Floats, Floats]:
        """While sizes are unknown: a large blob is one person, or as many side by side as it is too wide for one."""
        sides = boxes[:, 2:] - boxes[:, :2]
        least = np.maximum(LEAST_SHARE * self._size[0] * self._size[1], 0.3 * _areas(boxes))
        large = (filled > least) & (sides[:, 1] > 0.12 * self._size[1])
        whole = self._whole(boxes)
        upright = sides[:, 1] > 1.5 * sides[:, 0]
        self._stature.learn(boxes[large & whole & upright & (sides[:, 1] < 5.0 * sides[:, 0])])
        parts = np.where(whole, np.maximum(1, np.rint(sides[:, 0] / (0.45 * sides[:, 1]))), 1).astype(int)
        split = [_side_by_side(boxes[k], parts[k]) for k in np.flatnonzero(large)]
        scores = np.repeat(np.where(upright | ~whole, 0.7, 0.5)[large], parts[large])
        return (np.concatenate(split) if split else np.empty((0, 4))), scores


def _scores(gains: Floats) -> Floats:
    scores: Floats = np.clip(0.25 + 0.8 * gains, 0.0, 1.0)
    return scores


def _areas(boxes: Floats) -> Floats:
    areas: Floats = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return areas


def _side_by_side(box: Floats, n: int) -> Floats:
    edges = np.linspace(box[0], box[2], n + 1)
    return np.column_stack([edges[:-1], np.full(n, box[1]), edges[1:], np.full(n, box[3])])
