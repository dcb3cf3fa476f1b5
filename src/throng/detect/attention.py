"""Looking only where something has changed: elsewhere the detector's last answer still holds."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.data.frame import Frame
from throng.detect.boxes import area, common
from throng.detect.detector import Detector
from throng.detect.gate import MotionGate
from throng.detect.pixels import Region

Floats = NDArray[np.float64]
Regions = tuple[Region, ...]

MARGIN = 0.04
"""What is shown around a change, in shares of the picture's longer side: a detector judges people by their surroundings."""
EDGE = 0.004
"""A box that comes so near to the border of a region may be cut by it; in the same shares."""
GROWTH = 0.1
"""Room beside a known box for how it may have changed, in shares of its sides."""
LARGEST = 0.8
"""Regions that cost more than this share of the whole picture are not worth the risk: the whole is looked at."""
EACH = 0.1
"""What a look costs however small the region is, as a share of the whole picture."""
BUSY = 8
"""After so many whole pictures in a row all are looked at for a while, uncompared; so often it is asked anew whether to."""
REST_S = 60.0
"""The longest time without looking at the whole picture."""


@runtime_checkable
class RegionDetector(Protocol):
    """A detector that can look at a part of a picture in less time."""

    by_regions: bool

    def shown(self, size_px: tuple[int, int], region: Region) -> Region:
        """What can be looked at around a region of a picture of (width, height) at no further cost."""
        ...

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
        Held during each look: `throng.detect.turns.Turns`, where cameras share a processor. Not where the detector `gathers`
        those who look at the same moment, which has an order of its own.

    Attributes
    ----------
    looks : float
        How much was looked at so far, in whole pictures.
    """

    def __init__(self, detector: Detector, *, turns: AbstractContextManager[None] | None = None) -> None:
        self.name = detector.name
        self._turns = nullcontext() if turns is None or getattr(detector, "gathers", False) else turns
        self.looks = 0.0
        self.detector = detector
        self._rest_s = float(getattr(detector, "rest_s", REST_S))
        self._regional = detector if isinstance(detector, RegionDetector) and detector.by_regions else None
        self._gate = MotionGate()
        self._last: Detections | None = None
        self._whole_looks = 0

    def detect(self, frame: Frame) -> Detections:
        """The people in a frame; frames must come in order of time."""
        changed: Regions = ()
        if self._compared():
            changed = self._gate.changed(frame, rest_s=self._rest_s)
            if not changed and self._last is not None:
                self._whole_looks = 0
                self._last = replace(self._last, time_s=frame.time_s)
                return self._last
        with self._turns:
            self._last = self._look(frame, changed)
        return self._last

    def _compared(self) -> bool:
        """Whether this picture is compared with the last: where all changes all the time, that would be for nothing."""
        if self._whole_looks < BUSY or self._whole_looks % BUSY >= BUSY - 2:
            return True
        self._gate.forget()
        return False

    def _look(self, frame: Frame, changed: Regions) -> Detections:
        regions = self._regions(frame, changed)
        found = [self._seen_in(frame, region) for region in regions]
        seen = [each for each in found if each is not None]
        if regions and len(seen) == len(found):
            self._whole_looks = 0
            return self._joined(frame, seen, regions)
        self.looks += 1.0
        self._whole_looks += 1
        return self.detector.detect(frame)

    def _regions(self, frame: Frame, changed: Regions) -> Regions:
        """What to look at around the changes; nothing where that is the whole picture."""
        if not changed or self._last is None or self._regional is None:
            return ()
        regions = _apart([_around(each, self._last.boxes_px, frame.size_px) for each in changed], self._last, frame.size_px)
        whole = _area((0, 0, *frame.size_px))
        return regions if sum(_area(each) + EACH * whole for each in regions) < LARGEST * whole else ()

    def _seen_in(self, frame: Frame, region: Region) -> tuple[Floats, Floats] | None:
        """Boxes and scores of the people in a region; None where one of them may be cut by the border of what was shown."""
        assert self._regional is not None
        shown = self._regional.shown(frame.size_px, region)
        self.looks += _area(shown) / _area((0, 0, *frame.size_px))
        found = self._regional.detect_region(frame, shown)
        # Who is beside the region is known already.
        inside = _touching(found.boxes_px, region)
        boxes = found.boxes_px[inside]
        return None if _cut(boxes, shown, frame.size_px) else (boxes, found.scores[inside])

    def _joined(self, frame: Frame, found: list[tuple[Floats, Floats]], regions: Regions) -> Detections:
        """What was found in some regions, and what was known of the rest: no known box reaches into a region and out of it."""
        assert self._last is not None
        known, new = self._last.boxes_px, np.concatenate([boxes for boxes, _ in found])
        elsewhere = ~np.any([_touching(known, region) for region in regions], axis=0)
        # Somebody beside a region may have come to reach into it.
        elsewhere &= ~_same(known, new)
        scores = np.concatenate([self._last.scores[elsewhere], *(scores for _, scores in found)])
        return Detections(np.concatenate([known[elsewhere], new]), scores, frame.time_s)


def _apart(regions: list[Region], last: Detections, size_px: tuple[int, int]) -> Regions:
    """Regions of which those that overlap are one."""
    apart: list[Region] = []
    for region in regions:
        joined = region
        while touched := [other for other in apart if _overlap(joined, other)]:
            apart = [other for other in apart if other not in touched]
            corners = np.array([joined, *touched])
            left, top = corners[:, :2].min(axis=0).tolist()
            right, bottom = corners[:, 2:].max(axis=0).tolist()
            joined = _around((left, top, right, bottom), last.boxes_px, size_px, margin=0.0)
        apart.append(joined)
    return tuple(apart)


def _overlap(one: Region, other: Region) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _around(changed: Region, boxes: Floats, size_px: tuple[int, int], *, margin: float = MARGIN) -> Region:
    """The smallest region with a margin around a change that cuts no known box."""
    limits = np.array([0.0, 0.0, *size_px])
    region = np.array(changed, dtype=np.float64) + margin * max(size_px) * np.array([-1, -1, 1, 1])
    room = 2 * EDGE * max(size_px) + GROWTH * np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    roomy = boxes + room * np.array([-1, -1, 1, 1])
    while True:
        corners = np.vstack([region, roomy[_touching(boxes, tuple(region))]])
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


def _same(boxes: Floats, others: Floats) -> NDArray[np.bool_]:
    """Which boxes (n, 4) overlap one of the others (m, 4) by more than half of what both cover (IoU)."""
    shared = area(common(boxes[:, None], others[None]))
    return np.asarray((3 * shared > area(boxes)[:, None] + area(others)[None]).any(axis=1))


def _cut(boxes: Floats, region: Region, size_px: tuple[int, int]) -> bool:
    """Whether a box ends at a border of the region that is not the picture's."""
    edge = EDGE * max(size_px)
    inner = np.array([region[0] > 0, region[1] > 0, region[2] < size_px[0], region[3] < size_px[1]])
    near = np.abs(boxes - np.array(region, dtype=np.float64)) < edge
    return bool((near & inner).any())


def _area(region: Region) -> int:
    return (region[2] - region[0]) * (region[3] - region[1])
