"""CLEAR and identity scores are those of py-motmetrics wherever the two mean the same."""

import math

import motmetrics
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluate.films import Rows, crowd, table

from throng.evaluate.scores import score

NAMES = {
    "mota": "mota",
    "motp": "motp",
    "idf1": "idf1",
    "idp": "idp",
    "idr": "idr",
    "num_switches": "switches",
    "num_false_positives": "false_positives",
    "num_misses": "false_negatives",
}
SEEDS = st.integers(0, 2**32 - 1)


def _motmetrics(truth: Rows, tracks: Rows) -> dict[str, float]:
    """Figures of py-motmetrics under our names; what it leaves undefined is 0, as with us."""
    truth = truth[truth[:, 6] != 0]
    accumulator = motmetrics.MOTAccumulator()
    for frame in np.unique(np.concatenate([truth[:, 0], tracks[:, 0]])):
        those, these = truth[truth[:, 0] == frame], tracks[tracks[:, 0] == frame]
        distance = 1 - motmetrics.distances.boxiou(those[:, None, 2:6], these[None, :, 2:6])
        accumulator.update(those[:, 1], these[:, 1], np.where(distance > 0.5, np.nan, distance), frameid=int(frame))
    figures = motmetrics.metrics.create().compute(accumulator, metrics=list(NAMES), return_dataframe=False)
    ours = {ours: 0.0 if math.isnan(figures[theirs]) else float(figures[theirs]) for theirs, ours in NAMES.items()}
    # Its precision is a mean distance.
    return ours | {"motp": 1 - ours["motp"]}


def _ours(truth: Rows, tracks: Rows) -> dict[str, float]:
    scores = score(table(truth), table(tracks))
    return {name: getattr(scores, name) for name in NAMES.values()}


def _row(frame: int, key: int, left: float) -> list[float]:
    return [frame, key, left, 0, 40, 90, 1, -1, -1, -1]


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_identity_scores_of_a_crowd_agree(seed: int) -> None:
    films = crowd(seed)
    ours, theirs = _ours(*films), _motmetrics(*films)
    for name in ("idf1", "idp", "idr"):
        assert ours[name] == pytest.approx(theirs[name], abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_all_scores_agree_where_nobody_is_close_to_another(seed: int) -> None:
    films = crowd(seed, apart_px=1000.0)
    assert _ours(*films) == pytest.approx(_motmetrics(*films), abs=1e-6)


def test_without_tracks_everything_is_missed() -> None:
    truth, tracks = crowd(0)
    assert _ours(truth, tracks[:0]) == pytest.approx(_motmetrics(truth, tracks[:0]) | {"motp": 0.0})


def test_without_truth_every_box_is_false() -> None:
    truth, tracks = crowd(0)
    ours = _ours(truth[:0], tracks)
    assert ours["false_positives"] == _motmetrics(truth[:0], tracks)["false_positives"] == len(tracks)
    assert ours["mota"] == ours["idf1"] == 0.0


def test_a_track_found_again_after_a_gap_is_where_the_two_part() -> None:
    """TrackEval, and so Throng, keeps a track from the frame before; py-motmetrics from whenever it was the person's last."""
    truth = np.array([_row(frame, 1, 100) for frame in (1, 2, 3)])
    # Track 1 is the person's; in the second frame only somebody else is seen; then track 2 is a little nearer than track 1.
    tracks = np.array([_row(1, 1, 100), _row(2, 3, 900), _row(3, 1, 104), _row(3, 2, 101)])
    assert _ours(truth, tracks)["switches"] == 1
    assert _motmetrics(truth, tracks)["switches"] == 0
    # Without the gap they agree.
    tracks[1] = _row(2, 1, 100)
    assert _ours(truth, tracks)["switches"] == _motmetrics(truth, tracks)["switches"] == 0
