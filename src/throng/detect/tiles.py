"""Looking at a large picture piece by piece, for people who are too small in it as a whole."""

import re
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.data.errors import ModelError
from throng.data.frame import Frame
from throng.detect.boxes import area, common, suppress
from throng.detect.pixels import Region

Floats = NDArray[np.float64]

MOST = 8
"""Columns and rows."""
LEAST_PX = 16
"""A picture is not divided further."""
OVERLAP = 0.2
"""Of a tile with its neighbour, in shares of its side: a person narrower than this is whole in one of them."""
AT_BORDER = 0.015
"""A box that ends so near to an inner border, in shares of the tile's side, is taken to be cut by it."""
SAME = 0.5
"""Overlap (IoU), within what two tiles both see, above which two boxes are of one person."""
COVERED = 0.7
"""A cut box is dropped if a complete one covers so much of it."""


@runtime_checkable
class SeesRegions(Protocol):
    """A detector that can look at a part of a picture, enlarged to the size at which it sees best."""

    name: str

    def detect(self, frame: Frame) -> Detections:
        """The people in a frame."""
        ...

    def detect_region(self, frame: Frame, region: Region, *, enlarged: bool = False) -> Detections:
        """The people in a region, boxes in pixels of the whole frame."""
        ...


@dataclass(frozen=True, slots=True)
class Grid:
    """How many tiles a picture is divided into.

    Attributes
    ----------
    columns, rows : int
    """

    columns: int
    rows: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From a text such as "2x1": columns, then rows.

        Raises
        ------
        ModelError
            It is none.
        """
        found = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", text)
        columns, rows = (int(number) for number in found.groups()) if found else (0, 0)
        if not (found and max(columns, rows) <= MOST and columns * rows > 1):
            raise ModelError(
                f'tiles must be columns x rows such as "2x1", at most {MOST}x{MOST} and more than one tile, not "{text}"'
            )
        return cls(columns, rows)

    def __str__(self) -> str:
        return f"{self.columns}x{self.rows}"

    def regions(self, size_px: tuple[int, int]) -> list[Region]:
        """The tiles of a picture of (width, height): of one size, overlapping, together all of it."""
        across, down = (_stretches(length, count) for length, count in zip(size_px, (self.columns, self.rows), strict=True))
        return [(left, top, right, bottom) for top, bottom in down for left, right in across]


class Tiles:
    """A detector that looks at a picture as a whole and at overlapping tiles of it, and finds each person once.

    Parameters
    ----------
    detector : SeesRegions
    grid : Grid

    Attributes
    ----------
    by_regions : bool
        False: the tiles are looked at all together.
    gathers : bool
        Whether cameras that look at the same moment are answered together, as the detector has it.
    """

    by_regions = False

    def __init__(self, detector: SeesRegions, grid: Grid) -> None:
        self.name = f"{detector.name} in {grid} tiles"
        self.gathers = bool(getattr(detector, "gathers", False))
        self._detector = detector
        self._grid = grid

    @property
    def described(self) -> str:
        """What runs the model, and how precisely."""
        return str(getattr(self._detector, "described", ""))

    def detect(self, frame: Frame) -> Detections:
        """The people in a frame."""
        regions: list[Region] = [(0, 0, *frame.size_px), *self._grid.regions(frame.size_px)]
        found = [self._detector.detect(frame)]
        found += [self._detector.detect_region(frame, region, enlarged=True) for region in regions[1:]]
        boxes, scores = merged(regions, [(some.boxes_px, some.scores) for some in found], size_px=frame.size_px)
        return Detections(boxes, scores, frame.time_s)


def merged(
    regions: list[Region], found: list[tuple[Floats, Floats]], *, size_px: tuple[int, int], overlap: float = SAME
) -> tuple[Floats, Floats]:
    """Each person once, from what was found in overlapping regions of a picture.

    A box that ends at a region's border inside the picture is cut. Of complete boxes the best remain; a cut one is dropped
    where a complete one covers most of it; cut ones that agree about what both their regions see become one around both.

    Parameters
    ----------
    regions : list of Region
        Parts of the picture, the whole perhaps among them.
    found : list of (boxes (n, 4), scores (n,))
        For each region, in pixels of the picture.
    size_px : tuple of int
        Width and height of the picture.
    overlap : float
        Overlap (IoU) above which of two complete boxes the weaker is dropped.
    """
    boxes = np.concatenate([some for some, _ in found])
    scores = np.concatenate([some for _, some in found])
    areas = np.repeat(np.array(regions, dtype=np.float64), [len(some) for _, some in found], axis=0)
    cut = _are_cut(boxes, areas, size_px)
    best = np.flatnonzero(~cut)
    best = best[suppress(boxes[best], scores[best], iou=overlap)]
    pieces = np.flatnonzero(cut)
    pieces = pieces[~_shown_by(boxes[best], boxes[pieces])]
    joined, strengths = _joined(boxes[pieces], scores[pieces], areas[pieces])
    boxes, scores = np.concatenate([boxes[best], joined]), np.concatenate([scores[best], strengths])
    kept = suppress(boxes, scores, iou=overlap)
    return boxes[kept], scores[kept]


def _are_cut(boxes: Floats, areas: Floats, size_px: tuple[int, int]) -> NDArray[np.bool_]:
    """Which boxes (n, 4) end at a border of their region (n, 4) that is not the picture's."""
    sides = np.tile(areas[:, 2:] - areas[:, :2], 2)
    inner = np.column_stack([areas[:, :2] > 0, areas[:, 2:] < np.array(size_px)])
    return np.asarray((inner & (np.abs(boxes - areas) <= AT_BORDER * sides)).any(axis=1))


def _shown_by(complete: Floats, pieces: Floats) -> NDArray[np.bool_]:
    """Which cut boxes (m, 4) are parts of a complete one."""
    if not len(complete):
        return np.zeros(len(pieces), dtype=bool)
    covered = area(common(complete[:, None], pieces[None])) > COVERED * area(pieces)[None]
    return np.asarray(covered.any(axis=0))


def _joined(pieces: Floats, scores: Floats, areas: Floats) -> tuple[Floats, Floats]:
    """Boxes (k, 4) around cut ones (m, 4) of regions (m, 4) that show the same person, and the best of their scores."""
    both = common(areas[:, None], areas[None])
    first, second = common(pieces[:, None], both), common(pieces[None], both)
    shared = area(common(first, second))
    same = shared > SAME * (area(first) + area(second) - shared)
    groups = _groups(same & (areas[:, None] != areas[None]).any(axis=2))
    boxes = [np.concatenate([pieces[group, :2].min(axis=0), pieces[group, 2:].max(axis=0)]) for group in groups]
    return np.array(boxes).reshape(-1, 4), np.array([scores[group].max() for group in groups])


def _groups(linked: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """The connected components of a symmetric matrix."""
    left, groups = set(range(len(linked))), []
    while left:
        group, border = set(), {left.pop()}
        while border:
            group |= border
            border = {int(other) for one in border for other in np.flatnonzero(linked[one])} - group
        left -= group
        groups.append(np.array(sorted(group), dtype=np.intp))
    return groups


def _stretches(length: int, count: int) -> list[tuple[int, int]]:
    """Begin and end of overlapping stretches of a length, at even pixels so that they fit a stream's coarser colours."""
    if count == 1 or length < LEAST_PX * count:
        return [(0, length)]
    tile = length / (count - (count - 1) * OVERLAP)
    begins = [2 * round(number * (length - tile) / (count - 1) / 2) for number in range(count)]
    ends = [min(length, 2 * -(-round(begin + tile) // 2)) for begin in begins[:-1]]
    return list(zip(begins, [*ends, length], strict=True))
