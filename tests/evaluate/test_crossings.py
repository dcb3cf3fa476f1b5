"""Crossing errors are counted as the product counts crossings."""

import numpy as np
import pytest
from tests.evaluate.films import Rows, table

from throng.data.place import Anchor, Line
from throng.data.tracks import Tracks
from throng.evaluate.crossings import CountError, crossing_errors
from throng.measure.measurer import Measurer

RATE_HZ = 10.0
# From the top down: to its left-hand side as it lies in the picture is the east.
DOOR = Line("door", np.array([[300.0, 0.0], [300.0, 480.0]]))
WALK_S = 6


def _walk(key: int, start_px: float, end_px: float, *, top_px: float = 100.0, first_frame: int = 1) -> Rows:
    """Somebody who walks straight; the box is 40 wide and 90 high."""
    n = int(WALK_S * RATE_HZ)
    lefts = np.linspace(start_px, end_px, n) - 20
    return np.array([[first_frame + k, key, lefts[k], top_px, 40, 90, 1, -1, -1] for k in range(n)])


def _errors(truth: Rows, tracks: Rows, line: Line = DOOR, anchor: Anchor = "foot") -> tuple[CountError, CountError]:
    (error,) = crossing_errors(table(truth), table(tracks), [line], rate_hz=RATE_HZ, anchor=anchor)
    assert error.name == line.name
    return error.went_in, error.went_out


def test_over_and_under_are_apart() -> None:
    west, east = _walk(1, 500, 100), _walk(2, 100, 500, first_frame=4)
    assert _errors(np.concatenate([west, east]), np.concatenate([west, east])) == (CountError(1, 1), CountError(1, 1))
    # The one who goes west is not followed, and somebody goes east who is not there.
    ghost = _walk(3, 120, 480, top_px=200)
    went_in, went_out = _errors(np.concatenate([west, east]), np.concatenate([east, ghost]))
    assert (went_in.over, went_in.under) == (0, 1)
    assert (went_out.over, went_out.under) == (1, 0)


def test_a_track_torn_at_the_line_misses_the_crossing() -> None:
    walk = _walk(1, 500, 100)
    torn = walk.copy()
    torn[torn[:, 2] + 20 < 300, 1] = 2
    assert _errors(walk, torn)[0] == CountError(1, 0)


@pytest.mark.parametrize(("anchor", "crossed"), [("foot", 1), ("centre", 0)])
def test_the_anchor_says_which_point_crosses(anchor: Anchor, crossed: int) -> None:
    # The box sinks by 60 pixels: its foot from 190 to 250, its centre from 145 to 205.
    walk = _walk(1, 100, 100)
    walk[:, 3] += np.linspace(0, 60, len(walk))
    wire = Line("wire", np.array([[0.0, 220.0], [600.0, 220.0]]))
    assert sum(error.truth for error in _errors(walk, walk, wire, anchor)) == crossed


def test_boxes_that_do_not_count_do_not_cross() -> None:
    west = _walk(1, 500, 100)
    unflagged = west.copy()
    unflagged[:, 6] = 0
    assert _errors(unflagged, west)[0] == CountError(0, 1)


def test_the_time_between_frames_is_that_of_the_rate() -> None:
    # Three tenths of a second beyond the line are too short to count; the same frames at a lower rate are 1.2 s.
    beyond = np.concatenate([_walk(1, 500, 350), _walk(1, 250, 250, first_frame=61)[:4], _walk(1, 350, 500, first_frame=65)])
    assert _errors(beyond, beyond) == (CountError(0, 0), CountError(0, 0))
    (slow,) = crossing_errors(table(beyond), table(beyond), [DOOR], rate_hz=2.5)
    assert (slow.went_in, slow.went_out) == (CountError(1, 1), CountError(1, 1))


@pytest.mark.parametrize("seed", range(5))
def test_the_product_counts_the_same(seed: int) -> None:
    random = np.random.default_rng(seed)
    walks = [
        _walk(key, *random.uniform(0, 600, 2), top_px=random.uniform(-60, 400), first_frame=int(random.integers(1, 60)))
        for key in range(1, 30)
    ]
    rows = np.concatenate(walks)
    counted = np.zeros(2, dtype=int)
    measurer, seen = Measurer([DOOR], []), np.empty(0, dtype=np.uint64)
    for frame in range(1, int(rows[:, 0].max()) + 1):
        here = rows[rows[:, 0] == frame]
        ids, boxes = here[:, 1].astype(np.uint64), np.column_stack([here[:, 2:4], here[:, 2:4] + here[:, 4:6]])
        feet = np.column_stack([boxes[:, [0, 2]].mean(axis=1), boxes[:, 3]])
        tracks = Tracks(ids, boxes, feet, None, np.setdiff1d(seen, ids), frame / RATE_HZ, np.ones(len(ids), dtype=bool), feet)
        np.add.at(counted, measurer.update(tracks).counters, 1)
        seen = ids
    np.add.at(counted, measurer.end(seen, frame / RATE_HZ).counters, 1)
    assert counted.sum() > 3
    went_in, went_out = _errors(rows, rows)
    assert (went_in.truth, went_out.truth) == tuple(counted)
