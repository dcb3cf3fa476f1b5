"""The plate: the empty scene, the only picture that may be shown."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.data.frame import Frame
from throng.data.secrecy import MemoryOnly, frozen_array

FindPeople = Callable[[Frame], Detections]

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, image pixels."""

_MEMORY_BYTES = 200_000_000
_FEWEST_SAMPLES = 9
"""Below this a median says nothing: three people in a row at one place would already be in the plate."""

_FILLED = 0.8
"""Share of the longest time that evenly spread samples take, so that frames which come late do not make them fewer."""

_CHUNK_BYTES = 16_000_000
_NEAR_LEVELS = 24
_STABLE_SHARE = 0.6
_SMALLEST_GHOST = 1e-4
"""Share of the picture; smaller unstable spots are noise, edges and leaves, not people."""

_ROUNDS = 3
_MARGIN = 0.15
_TILE = 0.6
_HATCH_STEP_PX = 12
_HATCH_GREYS = (118, 138)


@dataclass(frozen=True, slots=True, eq=False)
class Plate:
    """A released picture of the empty scene.

    Attributes
    ----------
    image_bgr : (height, width, 3) uint8
        Read-only.
    covered : int
        Regions that are hatched over, because somebody was or may have been left in them.
    """

    image_bgr: NDArray[np.uint8]
    covered: int

    def __post_init__(self) -> None:
        image = frozen_array(self.image_bgr, np.uint8, shape=(None, None, 3), name="image_bgr")
        object.__setattr__(self, "image_bgr", image)


class PlateBuilder(MemoryOnly):
    """Collects samples of a scene, spread evenly over all its time but at most the last half hour, and makes their median.

    A frame is kept when it is at least the current gap after the one kept before. When all places are taken every second sample
    is let go and the gap doubles, until the samples span `longest_s`; from then on the oldest goes for each that comes, so that
    the plate of a camera that runs for months follows its scene. Samples never leave the builder.

    Parameters
    ----------
    samples : int
        How many are kept at most; fewer where the pictures are so large that they would take more than 200 MB (31 of 1080p
        fit), but at least 9.
    min_gap_s : float
        The gap to begin with, seconds.
    longest_s : float
        How far back the oldest sample may lie, seconds: what stood for less than 40 per cent of it leaves no trace, and what
        has changed for good is in the plate after this time.
    """

    __slots__ = ("_camera", "_first_gap_s", "_gap_s", "_images", "_longest_s", "_most", "_samples", "_size_px", "_times_s")

    def __init__(self, *, samples: int = 31, min_gap_s: float = 0.25, longest_s: float = 1800.0) -> None:
        if samples < _FEWEST_SAMPLES:
            raise ValueError(f"samples must be at least {_FEWEST_SAMPLES}, not {samples}")
        if not longest_s >= samples * min_gap_s:
            raise ValueError(
                f"longest_s must be at least samples times min_gap_s, {samples * min_gap_s:g} s, not {longest_s:g}"
            )
        self._samples = samples
        self._first_gap_s = min_gap_s
        self._longest_s = longest_s
        self._most = samples
        self._images: list[NDArray[np.uint8]] = []
        self._times_s: list[float] = []
        self._camera = ""
        self._size_px = (0, 0)
        self._gap_s = min_gap_s

    def __len__(self) -> int:
        """How many samples are held."""
        return len(self._images)

    def offer(self, frame: Frame) -> None:
        """Keep the frame as a sample if it is due; a picture of another size begins a new collection.

        A frame that is not due is not even converted. Where the clock was set back, the samples go back with it.
        """
        if frame.size_px != self._size_px:
            width, height = self._size_px = frame.size_px
            self._camera, self._images, self._times_s, self._gap_s = frame.camera, [], [], self._first_gap_s
            self._most = max(_FEWEST_SAMPLES, min(self._samples, _MEMORY_BYTES // max(1, 3 * width * height)))
        if self._times_s and (back_s := self._times_s[-1] - frame.time_s) > 0:
            self._times_s = [time_s - back_s for time_s in self._times_s]
        if self._due(frame.time_s):
            self._make_room(frame.time_s)
            if self._due(frame.time_s):  # the gap may have grown
                self._images.append(frame.image_bgr)
                self._times_s.append(frame.time_s)

    def _due(self, now_s: float) -> bool:
        return not self._times_s or now_s - self._times_s[-1] >= self._gap_s

    def _make_room(self, now_s: float) -> None:
        """Let go of samples that are too old, and of every second or the oldest where all places are taken."""
        old = sum(now_s - time_s > self._longest_s for time_s in self._times_s)
        del self._images[:old], self._times_s[:old]
        if old and len(self._images) < _FEWEST_SAMPLES:
            self._gap_s = self._first_gap_s  # after a long pause: soon enough for a plate again
        if len(self._images) < self._most:
            return
        widest_s = _FILLED * self._longest_s / self._most
        spacing_s = min(later - earlier for earlier, later in itertools.pairwise(self._times_s))
        if spacing_s < 0.75 * widest_s:
            self._images, self._times_s = self._images[::2], self._times_s[::2]
            self._gap_s = min(max(2 * self._gap_s, 1.98 * spacing_s), widest_s)  # frames may come less often than is asked for
        else:
            self._gap_s = widest_s
            del self._images[0], self._times_s[0]

    def build(self, find_people: FindPeople) -> Plate | None:
        """The plate, or None when there are too few samples or somebody cannot be ruled out.

        The median of the samples is checked before it is released. Where the samples disagree with it (fewer than 60 per cent
        are within 24 grey levels) and where `find_people` finds somebody it is hatched over, and checked again; when somebody
        is still found after three rounds there is no plate. A hatch is a rectangle with a margin, because the outline of a
        ghost would show the person. People are looked for in the whole picture, in its mirror image, and in four overlapping
        quarters, in which small people look larger.

        Parameters
        ----------
        find_people : callable
            Takes a frame, returns the people in it. It must be able to find people in a single still picture: a detector that
            needs motion finds nobody here, and the check would be empty.
        """
        if len(self._images) < _FEWEST_SAMPLES:
            return None
        image, unstable = _median(self._images)
        hidden = np.zeros_like(unstable)
        suspects = _ghosts(unstable) + _look(find_people, image, self._camera)
        for _ in range(_ROUNDS):
            for box in suspects:
                _hide(hidden, box)
            image = _hatched(image, hidden)
            suspects = _look(find_people, image, self._camera)
            if not suspects:
                return Plate(image_bgr=image, covered=cv2.connectedComponents(hidden.astype(np.uint8))[0] - 1)
        return None


def _median(images: list[NDArray[np.uint8]]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The per-pixel median, and where fewer than 60 per cent of the samples are near it; in chunks of rows."""
    median = np.empty_like(images[0])
    unstable = np.empty(median.shape[:2], dtype=np.bool_)
    middle = len(images) // 2
    rows = max(1, _CHUNK_BYTES // (len(images) * median[0].nbytes))
    for top in range(0, len(median), rows):
        chunk = np.stack([image[top : top + rows] for image in images])
        part = np.partition(chunk, middle, axis=0)[middle]
        median[top : top + rows] = part
        near = np.zeros(part.shape[:2], dtype=np.int32)
        for sample in chunk:
            near += (cv2.absdiff(sample, part) <= _NEAR_LEVELS).all(axis=2)
        unstable[top : top + rows] = near < _STABLE_SHARE * len(images)
    return median, unstable


def _ghosts(unstable: NDArray[np.bool_]) -> list[Box]:
    """Boxes around unstable regions that are large enough to be a part of somebody."""
    reach = 2 * (max(unstable.shape) // 200) + 1
    joined = cv2.morphologyEx(unstable.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    joined = cv2.dilate(joined, np.ones((reach, reach), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    smallest = max(2 * reach * reach, _SMALLEST_GHOST * unstable.size)
    return [(x, y, x + width, y + height) for x, y, width, height, area in stats[1:].tolist() if area >= smallest]


def _look(find_people: FindPeople, image: NDArray[np.uint8], camera: str) -> list[Box]:
    """Boxes of everybody found in any view of the picture."""
    width = image.shape[1]
    boxes = []
    for view, x, y, mirrored in _views(image):
        found = find_people(Frame(pixels=view, time_s=0.0, index=0, camera=camera)).boxes_px
        for left, top, right, bottom in found.tolist():
            ends = (width - right, width - left) if mirrored else (left, right)
            boxes.append((ends[0] + x, top + y, ends[1] + x, bottom + y))
    return boxes


def _hide(hidden: NDArray[np.bool_], box: Box) -> None:
    """Mark the box, with a margin, as hidden."""
    left, top, right, bottom = box
    across, down = _MARGIN * (right - left), _MARGIN * (bottom - top)
    rows = slice(max(0, math.floor(top - down)), max(0, math.ceil(bottom + down)))
    columns = slice(max(0, math.floor(left - across)), max(0, math.ceil(right + across)))
    hidden[rows, columns] = True


def _views(image: NDArray[np.uint8]) -> Iterator[tuple[NDArray[np.uint8], int, int, bool]]:
    """Views of the picture, with their place in it and whether they are mirrored."""
    height, width = image.shape[:2]
    yield image.copy(), 0, 0, False
    yield np.ascontiguousarray(image[:, ::-1]), 0, 0, True
    tile_height, tile_width = int(np.ceil(_TILE * height)), int(np.ceil(_TILE * width))
    for y in (0, height - tile_height):
        for x in (0, width - tile_width):
            yield np.ascontiguousarray(image[y : y + tile_height, x : x + tile_width]).copy(), x, y, False


def _hatched(image: NDArray[np.uint8], hidden: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The picture with the hidden part replaced by a flat grey with diagonal lines."""
    diagonal = np.arange(hidden.shape[0])[:, None] + np.arange(hidden.shape[1])
    grey = np.where(diagonal % _HATCH_STEP_PX < 2, _HATCH_GREYS[0], _HATCH_GREYS[1]).astype(np.uint8)
    hatched: NDArray[np.uint8] = np.where(hidden[:, :, None], grey[:, :, None], image)
    return hatched
