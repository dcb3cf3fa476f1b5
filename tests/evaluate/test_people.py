"""Which boxes count: the rules of the MOT Challenge."""

import numpy as np
import pytest
from tests.evaluate.films import Rows, table

from throng.data.errors import EvaluationError
from throng.evaluate.people import people_only


def _truth(*kinds: tuple[int, float, int]) -> Rows:
    """A box per (class, left, flag) in frame 1."""
    return np.array([[1, key, left, 0, 40, 90, flag, kind, 1] for key, (kind, left, flag) in enumerate(kinds, start=1)])


def _tracks(*lefts: float) -> Rows:
    return np.array([[1, key, left, 0, 40, 90, 1, -1, -1, -1] for key, left in enumerate(lefts, start=1)])


def _kept(truth: Rows, tracks: Rows) -> tuple[list[int], list[int]]:
    kept = people_only(table(truth), table(tracks))
    return kept[0].ids.tolist(), kept[1].ids.tolist()


def test_with_classes_only_flagged_people_are_to_be_found() -> None:
    truth = _truth((1, 0, 1), (1, 100, 0), (7, 200, 1), (3, 300, 1))
    assert _kept(truth, _tracks(900)) == ([1], [1])


def test_without_classes_every_flagged_box_is_to_be_found() -> None:
    truth = _truth((-1, 0, 1), (-1, 100, 0), (-1, 200, 1))
    assert _kept(truth, _tracks(100, 900)) == ([1, 3], [1, 2])


@pytest.mark.parametrize("kind", range(1, 14))
def test_tracks_of_distractors_are_excused(kind: int) -> None:
    # Person on a vehicle, static person, distractor, reflection; flag or not.
    excused = kind in (2, 7, 8, 12)
    for flag in (0, 1):
        tracks = _kept(_truth((1, 0, 1), (kind, 500, flag)), _tracks(0, 503, 900))[1]
        assert tracks == ([1, 3] if excused else [1, 2, 3])


def test_a_track_is_excused_only_by_half_an_overlap() -> None:
    # Displaced by d of a width of 40, the overlap is (40 - d) / (40 + d): 0.5 at 13.33.
    truth = _truth((1, 0, 1), (8, 500, 0))
    assert _kept(truth, _tracks(513.3))[1] == []
    assert _kept(truth, _tracks(513.4))[1] == [1]


def test_a_track_that_a_person_can_have_is_not_excused() -> None:
    # The track overlaps both; the person beside the distractor is nearer.
    truth = _truth((1, 500, 1), (8, 506, 0))
    assert _kept(truth, _tracks(501))[1] == [1]
    assert _kept(truth, _tracks(505))[1] == []
    # Two tracks: each box is assigned once.
    assert _kept(truth, _tracks(505, 507))[1] == [1]


def test_tracks_of_other_things_are_refused() -> None:
    tracks = _tracks(0, 100)
    tracks[:, 7] = [1, 3]
    with pytest.raises(EvaluationError, match="class 3"):
        people_only(table(_truth((1, 0, 1))), table(tracks))
