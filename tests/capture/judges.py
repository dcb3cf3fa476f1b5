"""Who says whether somebody is left in a plate and had no part in making it: other models, and the truth about the footage."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from throng.capture.source import open_source
from throng.data.frame import Frame
from throng.detect.onnx import open_detector
from throng.detect.tiles import Grid, Tiles

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]

OTHERS = ("nanodet_m_320", "FastestDet")
SURE = 0.4
"""The hatching itself scores 0.36 and a post 0.3 where nobody is."""
APART_LEVELS = 24
HATCH_GREYS = (118, 138)

CORRIDOR = "intel_one_by_one/one-by-one-person-detection.mp4"
EMPTY = ((4, 55), (199, 223), (452, 500), (701, 740), (870, 920), (1201, 1230))
"""Frames of the corridor between which nobody is in view, by the data's README."""

STREET = "towncentre/TownCentre_f0-250_1080p30dup.mp4"
LAG_FRAMES = 4
"""The street's boxes lead its pictures by 3 to 6 frames."""


def found_by_others(image: Picture, models: Path) -> list[int]:
    """How many people each of the other models finds in a picture, whole, in tiles, and in its mirror image."""
    views = [Frame(np.ascontiguousarray(view), 0.0, 0, "north") for view in (image, image[:, ::-1])]
    judges = [Tiles(open_detector(models / f"{name}.onnx"), Grid(3, 2)) for name in OTHERS]
    return [int(sum((judge.detect(view).scores >= SURE).sum() for view in views)) for judge in judges]


def film(data: Path, name: str) -> Iterator[Frame]:
    """Every frame of a film."""
    with open_source(str(data / "video" / name), camera="north") as source:
        for item in source:
            assert isinstance(item, Frame)
            yield item


def hatched(plate: Picture) -> Mask:
    """Where (height, width) a plate shows grey in place of the scene."""
    grey = (plate == plate[:, :, :1]).all(axis=2)
    return np.asarray(grey & np.isin(plate[:, :, 0], HATCH_GREYS))


def apart(one: NDArray[np.generic], other: NDArray[np.generic]) -> Mask:
    """Where (height, width) two pictures differ by more than noise and light do."""
    differences = np.abs(one.astype(np.int16) - other.astype(np.int16))
    return np.asarray(differences.max(axis=2) > APART_LEVELS)


def is_empty(frame: Frame) -> bool:
    """Whether nobody is in this frame of the corridor."""
    return any(first <= frame.index <= last for first, last in EMPTY)


class Street:
    """The annotated pictures of the street: where somebody stood, and what that place looks like when nobody is there."""

    def __init__(self, data: Path) -> None:
        folder = (data / "video" / STREET).parent
        rows = np.loadtxt(folder / "gt_boxes_sampled_1080p.txt", delimiter=",")
        self._boxes = {int(number) + LAG_FRAMES: rows[rows[:, 0] == number, 2:6] for number in np.unique(rows[:, 0])}
        self._original: list[int] = json.loads((folder / "frame_map.json").read_text())["original_frame_of_video_frame"]
        self._pictures: dict[int, Picture] = {}

    def see(self, frame: Frame) -> None:
        """Keep the frame where it is annotated."""
        number = self._original[frame.index]
        if number in self._boxes and number not in self._pictures:
            self._pictures[number] = frame.image_bgr

    def left(self, plate: Picture) -> list[float]:
        """For each annotated person the share of the place, as far as it can be judged, that does not look empty in the plate.

        Persons of whose place less than a fifth is known and not hatched are left out. Every other pixel of every other row is
        looked at.
        """
        empty, known = self._empty()
        differs = apart(plate[::2, ::2], empty)
        judged = known & ~hatched(plate)[::2, ::2]
        places = [_place(box / 2) for number in self._pictures for box in self._boxes[number]]
        return [float(differs[place][judged[place]].mean()) for place in places if judged[place].mean() >= 0.2]

    def _empty(self) -> tuple[NDArray[np.int16], Mask]:
        """The median of those pictures in which no annotated person is near, and where there are 3 of them or more."""
        free = np.stack([self._free(number) for number in self._pictures])
        seen = np.stack([picture[::2, ::2] for picture in self._pictures.values()]).astype(np.int16)
        seen[~free] = 999  # come last
        count = free.sum(axis=0)
        middle = np.maximum(count - 1, 0) // 2
        return np.take_along_axis(np.sort(seen, axis=0), middle[None, :, :, None], axis=0)[0], count >= 3

    def a_picture(self) -> Picture:
        """One of the annotated pictures, with people in it."""
        return next(iter(self._pictures.values()))

    def _free(self, number: int) -> Mask:
        """Where nobody is near in an annotated picture."""
        free = np.ones(self._pictures[number][::2, ::2].shape[:2], np.bool_)
        for box in self._boxes[number]:
            free[_place(box / 2, wider=0.3, higher=0.1)] = False
        return free


def _place(box: NDArray[np.float64], *, wider: float = 0.0, higher: float = 0.0) -> tuple[slice, slice]:
    """Rows and columns of a box (left, top, width, height), larger by these shares on either side."""
    left, top, width, height = box
    rows = (top - higher * height, top + height * (1 + higher))
    columns = (left - wider * width, left + width * (1 + wider))
    down, across = (slice(*(max(0, int(end)) for end in ends)) for ends in (rows, columns))
    return down, across
