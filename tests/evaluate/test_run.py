"""Throng's tracker over detections in a table."""

import numpy as np
import pytest
from tests.evaluate.films import Rows, table

from throng.data.detections import Detections
from throng.data.tracks import Tracks
from throng.evaluate.run import are_probabilities, from_score, probability, track
from throng.track.tracker import Tracker


class Recorder(Tracker):
    """A tracker that notes what it is given and calls every box a new person, but the first two the same."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[Detections] = []

    def update(self, detections: Detections) -> Tracks:
        self.given.append(detections)
        n = len(detections)
        ids = np.arange(n, dtype=np.uint64) + np.uint64(2**63 + 10 * max(2, len(self.given)))
        feet = np.zeros((n, 2))
        return Tracks(
            ids,
            detections.boxes_px,
            feet,
            None,
            np.empty(0, dtype=np.uint64),
            detections.time_s,
            np.ones(len(ids), dtype=bool),
            feet,
        )


def _found(*frames: int, score: float = 0.9) -> Rows:
    return np.array([[frame, -1, 100 + frame, 50, 40, 90, score, -1, -1, -1] for frame in frames])


def test_the_tracker_sees_every_frame_at_its_time() -> None:
    recorder = Recorder()
    tracks = track(table(_found(3, 3, 6)), rate_hz=5.0, tracker=recorder)
    assert [given.time_s for given in recorder.given] == pytest.approx([0.6, 0.8, 1.0, 1.2])
    assert [len(given) for given in recorder.given] == [2, 0, 0, 1]
    assert tracks.frames.tolist() == [3, 3, 6]
    assert tracks.boxes_px[:, 0].tolist() == [103, 103, 106]


def test_ids_are_small_and_in_order_of_appearance() -> None:
    tracks = track(table(_found(1, 2, 3, 3)), rate_hz=5.0, tracker=Recorder())
    assert tracks.ids.tolist() == [1, 1, 2, 3]
    assert tracks.is_tracked


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    track(table(_found(3, 5)), rate_hz=5.0, tracker=Recorder(), progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_without_detections_nobody_is_tracked() -> None:
    assert len(track(table(_found(1)).only(np.array([False])), rate_hz=5.0, tracker=Recorder())) == 0


def test_one_person_is_one_track_of_the_real_tracker() -> None:
    tracks = track(table(_found(*range(1, 60))), rate_hz=25.0, tracker=Tracker())
    assert set(tracks.ids.tolist()) == {1}
    assert 45 <= len(tracks) <= 59


def test_scores_that_are_probabilities_stay() -> None:
    scores = np.array([0.0, 0.3, 1.0])
    assert are_probabilities(scores)
    assert probability(scores).tolist() == scores.tolist()
    assert len(probability(np.empty(0))) == 0


def test_other_scores_all_pass_through_the_logistic_function() -> None:
    scores = np.array([-0.5, 0.0, 0.4, 3.0])
    assert not are_probabilities(scores)
    assert probability(scores) == pytest.approx(1 / (1 + np.exp(-scores)))
    # Percentages do not overflow.
    assert probability(np.array([-1e4, 1e4])).tolist() == [0.0, 1.0]


def test_the_tracker_gets_probabilities() -> None:
    recorder = Recorder()
    track(table(np.concatenate([_found(1, score=0.4), _found(2, score=3.0)])), rate_hz=5.0, tracker=recorder)
    assert recorder.given[0].scores == pytest.approx([1 / (1 + np.exp(-0.4))])


def test_the_least_score_is_in_the_files_own_scale() -> None:
    rows = np.concatenate([_found(1, score=-0.4), _found(2, score=0.4), _found(3, score=3.0)])
    kept = from_score(table(rows), 0.4)
    assert kept.frames.tolist() == [2, 3]
    # All scores of the file decide that 0.4 is no probability, also those that are dropped.
    assert kept.scores == pytest.approx(1 / (1 + np.exp(-np.array([0.4, 3.0]))))
    assert len(from_score(table(rows), -np.inf)) == 3
