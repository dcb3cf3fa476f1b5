"""What holds of every score of tracks."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluate.films import Rows, crowd, table

from throng.data.errors import EvaluationError
from throng.evaluate.scores import Scores, score

SEEDS = st.integers(0, 2**32 - 1)


def _score(truth: Rows, tracks: Rows) -> Scores:
    return score(table(truth), table(tracks))


@settings(max_examples=50, deadline=None)
@given(SEEDS, st.booleans())
def test_shares_lie_between_0_and_1_and_boxes_add_up(seed: int, classes: bool) -> None:
    truth, tracks = crowd(seed, classes=classes)
    scores = _score(truth, tracks)
    for name in ("hota", "deta", "assa", "loca", "motp", "idf1", "idp", "idr"):
        assert 0.0 <= getattr(scores, name) <= 1.0
    assert scores.mota <= 1.0
    assert scores.truth_boxes - scores.false_negatives == scores.track_boxes - scores.false_positives >= scores.switches


@settings(max_examples=50, deadline=None)
@given(SEEDS)
def test_the_truth_itself_is_perfect(seed: int) -> None:
    truth = crowd(seed)[0]
    truth[:, 6] = 1
    if not len(truth):
        return
    scores = _score(truth, truth)
    perfect = dict.fromkeys(("hota", "deta", "assa", "loca", "mota", "motp", "idf1", "idp", "idr"), 1.0)
    assert asdict(scores) == pytest.approx(asdict(scores) | perfect, abs=1e-12)
    assert (scores.switches, scores.false_positives, scores.false_negatives) == (0, 0, 0)


@settings(max_examples=50, deadline=None)
@given(SEEDS)
def test_names_do_not_matter(seed: int) -> None:
    truth, tracks = crowd(seed)
    others = np.random.default_rng(seed).permutation(1000)
    renamed = tracks.copy()
    renamed[:, 1] = others[tracks[:, 1].astype(int)]
    assert asdict(_score(truth, renamed)) == pytest.approx(asdict(_score(truth, tracks)), abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(SEEDS)
def test_a_track_torn_in_two_costs_association_and_not_detection(seed: int) -> None:
    truth = crowd(seed, apart_px=1000.0)[0]
    truth[:, 6] = 1
    torn = truth.copy()
    if not (truth[:, 1] == 1).any():
        return
    first = np.flatnonzero(truth[:, 1] == 1)
    torn[first[len(first) // 2 :], 1] = 99
    whole, parts = _score(truth, truth), _score(truth, torn)
    assert parts.deta == pytest.approx(whole.deta)
    assert parts.false_positives == parts.false_negatives == 0
    if len(first) > 1:
        assert parts.assa < whole.assa
        assert parts.idf1 < whole.idf1
        assert parts.switches == 1
        assert parts.mota < whole.mota


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=40))
def test_people_torn_into_tracks_are_counted_as_such(torn: list[int]) -> None:
    """A film in which each person stands far from the others for 30 frames and has as many tracks as is asked for."""
    frames = np.arange(1, 31)
    truth = np.concatenate(
        [[[frame, person + 1, 1000 * person, 10, 40, 90, 1, -1, -1] for frame in frames] for person in range(len(torn))]
    )
    tracks = truth.copy()
    tracks[:, 1] = 100 * truth[:, 1] + np.concatenate([frames * number // 31 for number in torn])
    # One nobody is found, and a track that is nobody.
    truth = np.concatenate([truth, [[1, 999, -5000, 10, 40, 90, 1, -1, -1]]])
    tracks = np.concatenate([tracks, [[1, 99_999, -9000, 10, 40, 90, 1, -1, -1]]])
    scores = _score(truth, tracks)
    assert (scores.pieces_people, scores.pieces_most) == (len(torn), max(torn))
    assert scores.pieces_mean == pytest.approx(sum(torn) / len(torn))
    for share, least in ((0.95, scores.pieces_p95), (0.99, scores.pieces_p99)):
        inside = [sum(number <= at for number in torn) / len(torn) >= share for at in (least - 1, least)]
        assert inside == [False, True]


def test_where_nobody_is_found_there_are_no_pieces() -> None:
    truth = np.array([[1, 1, 10, 10, 40, 90, 1, -1, -1]])
    tracks = np.array([[1, 1, 500, 10, 40, 90, 1, -1, -1]])
    scores = _score(truth, tracks)
    assert (scores.pieces_people, scores.pieces_mean, scores.pieces_most) == (0, 0.0, 0)


def test_the_order_of_rows_does_not_matter() -> None:
    truth, tracks = crowd(1)
    turned = _score(truth[::-1], tracks[::-1])
    assert asdict(turned) == pytest.approx(asdict(_score(truth, tracks)), abs=1e-9)


def test_a_person_lost_and_found_is_a_fragmentation_and_no_switch() -> None:
    truth = np.array([[frame, 1, 10, 10, 40, 90, 1, -1, -1] for frame in range(1, 8)])
    other = np.array([[frame, 2, 500, 10, 40, 90, 1, -1, -1] for frame in range(1, 8)])
    both = np.concatenate([truth, other])
    tracks = np.concatenate([truth[:2], truth[4:], other])
    scores = _score(both, tracks)
    assert (scores.fragmentations, scores.switches, scores.false_negatives) == (1, 0, 2)
    assert scores.mota == pytest.approx(12 / 14)


def test_two_boxes_of_one_id_in_a_frame_are_refused() -> None:
    truth, tracks = crowd(0)
    doubled = np.concatenate([tracks, tracks[:1]])
    with pytest.raises(EvaluationError, match=f"id {tracks[0, 1]:.0f} of the tracks is in frame {tracks[0, 0]:.0f} twice"):
        _score(truth, doubled)
    with pytest.raises(EvaluationError, match="of the truth"):
        _score(np.concatenate([truth, truth[:1]]), tracks)


def test_scores_are_plain_numbers() -> None:
    assert {type(value) for value in asdict(replace(_score(*crowd(0)))).values()} == {int, float}
