"""Tiles: whatever the seams, each person once."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.data.errors import ModelError
from throng.data.frame import Frame
from throng.detect.choose import choose_detector
from throng.detect.onnx import OnnxDetector
from throng.detect.pixels import Region
from throng.detect.tiles import LEAST_PX, OVERLAP, Grid, Tiles

Floats = NDArray[np.float64]


class SeesWhatIsThere:
    """Sees exactly the people in a region, cut at its borders; in the whole picture those who are tall enough in it."""

    name = "stub"

    def __init__(self, people: Floats, *, least_px: float = 0.0) -> None:
        self.people = people
        self.least_px = least_px
        self.looks: list[tuple[Region, bool]] = []

    def detect(self, frame: Frame) -> Detections:
        tall = self.people[self.people[:, 3] - self.people[:, 1] >= self.least_px]
        return Detections(tall.copy(), np.full(len(tall), 0.6), frame.time_s)

    def detect_region(self, frame: Frame, region: Region, *, enlarged: bool = False) -> Detections:
        self.looks.append((region, enlarged))
        corners = np.array(region, dtype=np.float64)
        boxes = np.clip(self.people, np.tile(corners[:2], 2), np.tile(corners[2:], 2))
        boxes = boxes[(boxes[:, 2:] - boxes[:, :2] >= 1.0).all(axis=1)]
        return Detections(boxes, np.full(len(boxes), 0.8), frame.time_s)


def _frame(width: int, height: int) -> Frame:
    return Frame(np.zeros((height, width, 3), np.uint8), 2.5, 0, "north")


def _apart(size_px: tuple[int, int], seed: int, n: int, largest: float) -> Floats:
    """People at whole pixels who do not overlap, of any size up to a share of the picture's sides."""
    generator = np.random.default_rng(seed)
    people: list[Floats] = []
    for _ in range(n):
        sides = np.array([int(generator.integers(2, max(3, int(largest * side)))) for side in size_px])
        corner = np.array([int(generator.integers(0, side - length + 1)) for side, length in zip(size_px, sides, strict=True)])
        box = np.concatenate([corner, corner + sides]).astype(np.float64)
        if all(box[0] >= one[2] or box[2] <= one[0] or box[1] >= one[3] or box[3] <= one[1] for one in people):
            people.append(box)
    return np.array(people).reshape(-1, 4)


def _sorted(boxes: Floats) -> Floats:
    return boxes[np.lexsort(boxes.T)]


@given(
    st.integers(40, 900),
    st.integers(40, 700),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 2**32 - 1),
    st.integers(0, 25),
    st.floats(0.02, 1.0),
    st.sampled_from([0.0, 60.0, np.inf]),
)
# One person as large as the picture, seen in pieces only.
@example(400, 300, 4, 3, 3, 1, 1.0, np.inf)
@settings(max_examples=300, deadline=None)
def test_each_person_is_found_once_whatever_the_seams(
    width: int, height: int, columns: int, rows: int, seed: int, n: int, largest: float, least_px: float
) -> None:
    people = _apart((width, height), seed, n, largest)
    found = Tiles(SeesWhatIsThere(people, least_px=least_px), Grid(columns, rows)).detect(_frame(width, height))
    assert found.time_s == 2.5
    np.testing.assert_allclose(_sorted(found.boxes_px), _sorted(people), atol=1e-9)


@given(st.integers(1, 4000), st.integers(1, 3000), st.integers(1, 8), st.integers(1, 8))
@settings(max_examples=200, deadline=None)
def test_tiles_cover_the_picture_and_overlap(width: int, height: int, columns: int, rows: int) -> None:
    regions = np.array(Grid(columns, rows).regions((width, height)))
    assert (regions[:, :2] >= 0).all()
    assert (regions[:, 2:] <= [width, height]).all()
    assert (regions[:, 2:] > regions[:, :2]).all()
    for begin, end, length, count in ((0, 2, width, columns), (1, 3, height, rows)):
        stretches = np.unique(regions[:, [begin, end]], axis=0)
        assert stretches[0, 0] == 0
        assert stretches[-1, 1] == length
        assert len(stretches) == (count if length >= LEAST_PX * count else 1)
        overlaps = stretches[:-1, 1] - stretches[1:, 0]
        assert (overlaps >= OVERLAP * (stretches[:-1, 1] - stretches[:-1, 0]) - 4).all()
        assert (overlaps > 0).all()
        # Even, for colours at half the resolution.
        assert not (stretches[:, 0] % 2).any()


def test_a_cut_person_in_front_of_a_complete_one_stays() -> None:
    """Two people overlap: one is whole in the left tile, the other is cut by it and only seen in pieces."""
    people = np.array([[100.0, 50, 140, 150], [130, 60, 500, 200]])
    stub = SeesWhatIsThere(people, least_px=np.inf)
    found = Tiles(stub, Grid(3, 1)).detect(_frame(600, 300))
    np.testing.assert_allclose(_sorted(found.boxes_px), _sorted(people))


def test_pieces_that_a_detector_judges_roughly_still_make_one_person() -> None:
    class Rough(SeesWhatIsThere):
        def detect_region(self, frame: Frame, region: Region, *, enlarged: bool = False) -> Detections:
            exact = super().detect_region(frame, region)
            # Off by a few pixels, each region its own way; never beyond the region.
            shift = np.array([2.0, -3.0, -2.0, 4.0]) * (1 if region[0] else -1)
            low, high = np.tile(region[:2], 2), np.tile(region[2:], 2)
            return Detections(np.clip(exact.boxes_px + shift, low, high), exact.scores, exact.time_s)

    # Wider than the overlap of 67 px, over the seam of a picture of 600.
    found = Tiles(Rough(np.array([[230.0, 50, 370, 250]]), least_px=np.inf), Grid(2, 1)).detect(_frame(600, 300))
    assert len(found) == 1
    np.testing.assert_allclose(found.boxes_px, [[230, 50, 370, 250]], atol=5)


def test_a_person_at_the_edge_of_the_picture_is_complete_and_seen_best_in_a_tile() -> None:
    class RoughAsAWhole(SeesWhatIsThere):
        def detect(self, frame: Frame) -> Detections:
            return Detections(self.people + np.array([0.0, 6.0, 4.0, 0.0]), np.full(len(self.people), 0.6), frame.time_s)

    people = np.array([[0.0, 40, 40, 300], [560, 0, 600, 100]])
    found = Tiles(RoughAsAWhole(people), Grid(2, 1)).detect(_frame(600, 300))
    np.testing.assert_array_equal(_sorted(found.boxes_px), _sorted(people))


def test_the_whole_and_every_tile_are_looked_at_enlarged() -> None:
    stub = SeesWhatIsThere(np.empty((0, 4)))
    tiles = Tiles(stub, Grid.parse("3x2"))
    assert len(tiles.detect(_frame(1920, 1080))) == 0
    assert tiles.name == "stub in 3x2 tiles"
    assert stub.looks == [(region, True) for region in Grid(3, 2).regions((1920, 1080))]
    assert len(stub.looks) == 6


@pytest.mark.parametrize("text", ["", "2", "2x", "0x2", "1x1", "9x1", "2X1", "2x1x1", " 2x1", "-2x1", "2x1\n"])
def test_what_is_no_grid_is_refused(text: str) -> None:
    with pytest.raises(ModelError, match="tiles must be columns x rows"):
        Grid.parse(text)


def test_a_model_looks_closer_in_tiles(yolox_model) -> None:  # type: ignore[no-untyped-def]
    """The tiny model sees one person in whatever it is shown: in the whole picture and in each of two tiles of it."""
    path = yolox_model([(32, 8, 10, 8, 0.9)])
    plain, tiled = choose_detector(str(path)), choose_detector(str(path), tiles="2x1")
    assert isinstance(plain, OnnxDetector)
    assert tiled.name == f"{plain.name} in 2x1 tiles"
    frame = _frame(256, 64)
    assert len(plain.detect(frame)) == 1
    assert len(tiled.detect(frame)) == 3


def test_the_foreground_detector_takes_no_tiles() -> None:
    with pytest.raises(ModelError, match="foreground detector sees the picture at its own size"):
        choose_detector("foreground", tiles="2x1")
