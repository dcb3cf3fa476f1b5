"""Looking only where something has changed: elsewhere the detector's last answer still holds."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.data.frame import Frame
from throng.detect.detector import Detector
from throng.detect.gate import MotionGate
from throng.detect.pixels import Region

Floats = NDArray[np.float64]

MARGIN = 0.08
"""What is shown around a change, in shares of the picture's longer side: a detector judges people by their surroundings."""
EDGE = 0.004
"""A box that comes so near to the border of a region may be cut by it; in the same shares."""
LARGEST = 0.6
"""Regions larger than this share of the picture are not worth the risk: the whole is looked at."""
REST_S = 60.0
"""The longest time without looking at the whole picture."""


@runtime_checkable
class RegionDetector(Protocol):
    """A detector that can look at a part of a picture in less time."""

    by_regions: bool

    def detect_region(self, frame: Frame, region: Region) -> Detections:
        """The people in a region, seen as large as in the whole picture, boxes in pixels of the whole frame."""
        ...


class Attention:
    """A detector that answers for a picture that has not changed what it answered before, and looks where it has.

    Exact as far as a detector gives the same answer for the same pixels: the picture is compared with the one that was looked
    at, place by place, not with the one before, so that slow changes add up.

    Parameters
    ----------
    detector : Detector
        Its `rest_s`, where it has one, bounds the time between two looks: a detector that learns from time needs them.
    turns : context manager, optional
        Held during each look: `throng.detect.turns.Turns`, where cameras share a processor.

    Attributes
    ----------
    looks : float
        How much was looked at so far, in whole pictures.
    """

    def __init__(self, detector: Detector, *, turns: AbstractContextManager[None] | None = None) -> None:
        self.name = detector.name
        self._turns = turns or nullcontext()
        self.looks = 0.0
        self.detector = detector
        self._rest_s = float(getattr(detector, "rest_s", REST_S))
        self._gate = MotionGate()
        self._last: Detections | None = None

    def detect(self, frame: Frame) -> Detections:
        """The people in a frame; frames must come in order of time."""
        changed = self._gate.changed(frame, rest_s=self._rest_s)
        if changed is None and self._last is not None:
            self._last = Detections(self._last.boxes_px, self._last.scores, frame.time_s)
        else:
            with self._turns:
                self._last = self._look(frame, changed)
        return self._last

    def _look(self, frame: Frame, changed: Region | None) -> Detections:
        region = self._region(frame, changed)
        if region is not None:
            assert isinstance(self.detector, RegionDetector)
            found = self.detector.detect_region(frame, region)
            self.looks += _area(region) / _area((0, 0, *frame.size_px))
            if not _cut(found.boxes_px, region, frame.size_px):
                return self._joined(found, region)
        self.looks += 1.0
        return self.detector.detect(frame)

    def _region(self, frame: Frame, changed: Region | None) -> Region | None:
        """What to look at around a change; None where that is the whole picture."""
        if changed is None or self._last is None or not isinstance(self.detector, RegionDetector):
            return None
        if not self.detector.by_regions:
            return None
        region = _around(changed, self._last.boxes_px, frame.size_px)
        return region if _area(region) < LARGEST * _area((0, 0, *frame.size_px)) else None

    def _joined(self, found: Detections, region: Region) -> Detections:
        """What was found in a region, and what was known of the rest: no known box reaches into the region and out of it."""
        assert self._last is not None
        elsewhere = ~_touching(self._last.boxes_px, region)
        boxes = np.concatenate([self._last.boxes_px[elsewhere], found.boxes_px])
        scores = np.concatenate([self._last.scores[elsewhere], found.scores])
        return Detections(boxes, scores, found.time_s)


def _around(changed: Region, boxes: Floats, size_px: tuple[int, int]) -> Region:
    """The smallest region with a margin around a change that cuts no known box."""
    margin = MARGIN * max(size_px)
    limits = np.array([0.0, 0.0, *size_px])
    region = np.array(changed, dtype=np.float64) + margin * np.array([-1, -1, 1, 1])
    edge = 2 * EDGE * max(size_px)
    while True:
        touching = boxes[_touching(boxes, tuple(region))]
        corners = np.vstack([region, touching + edge * np.array([-1, -1, 1, 1])])
        wider = np.concatenate([corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)])
        if (wider == region).all():
            break
        region = wider
    left, top = np.floor(np.maximum(region[:2], limits[:2])).astype(int).tolist()
    right, bottom = np.ceil(np.minimum(region[2:], limits[2:])).astype(int).tolist()
    return left, top, right, bottom


def _touching(boxes: Floats, region: Region) -> NDArray[np.bool_]:
    left, top, right, bottom = region
    overlap: NDArray[np.bool_] = (boxes[:, 0] < right) & (boxes[:, 2] > left) & (boxes[:, 1] < bottom) & (boxes[:, 3] > top)
    return overlap


def _cut(boxes: Floats, region: Region, size_px: tuple[int, int]) -> bool:
    """Whether a box ends at a border of the region that is not the picture's."""
    edge = EDGE * max(size_px)
    inner = np.array([region[0] > 0, region[1] > 0, region[2] < size_px[0], region[3] < size_px[1]])
    near = np.abs(boxes - np.array(region, dtype=np.float64)) < edge
    return bool((near & inner).any())


def _area(region: Region) -> int:
    return (region[2] - region[0]) * (region[3] - region[1])
