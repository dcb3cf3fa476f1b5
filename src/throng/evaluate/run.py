"""Throng's tracker over detections that somebody else made."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.evaluate.mot_text import MotTable
from throng.track.tracker import Tracker

Floats = NDArray[np.float64]


def track(
    detections: MotTable, *, rate_hz: float, tracker: Tracker, progress: Callable[[int, int], None] | None = None
) -> MotTable:
    """Follow people through detections, frame by frame as they would come from a camera.

    Parameters
    ----------
    detections : MotTable
        Their scores are taken through `probability`.
    rate_hz : float
        Frames per second: frame f is at f / rate_hz seconds.
    tracker : Tracker
        A fresh one.
    progress : callable, optional
        Told how many frames of how many are done.

    Returns
    -------
    MotTable
        What the tracker said in each frame, ids from 1 in order of appearance, scores 1, no classes.
    """
    rows, likely = detections.rows_of_frames(), probability(detections.scores)
    nothing = np.empty(0, dtype=np.intp)
    numbers: dict[int, int] = {}
    frames: list[int] = []
    ids: list[int] = []
    boxes: list[Floats] = []
    # A frame without detections is a frame too: time passes in it.
    every = range(min(rows), max(rows) + 1) if rows else range(0)
    for done, frame in enumerate(every, start=1):
        here = rows.get(frame, nothing)
        seen = tracker.update(Detections(detections.boxes_px[here], likely[here], frame / rate_hz))
        ids += [numbers.setdefault(key, len(numbers) + 1) for key in seen.ids.tolist()]
        frames += [frame] * len(seen)
        boxes.append(seen.boxes_px)
        if progress is not None:
            progress(done, len(every))
    boxes_px = np.concatenate(boxes) if boxes else np.empty((0, 4))
    return MotTable(np.array(frames, dtype=np.int64), np.array(ids, dtype=np.int64), boxes_px, np.ones(len(ids)))


def from_score(detections: MotTable, least: float) -> MotTable:
    """The detections whose score, in its own scale, is `least` or more, with their scores taken through `probability`."""
    kept, likely = detections.scores >= least, probability(detections.scores)
    return MotTable(detections.frames[kept], detections.ids[kept], detections.boxes_px[kept], likely[kept])


def probability(scores: Floats) -> Floats:
    """Scores (n,) as probabilities: as they are where all lie in 0 to 1, otherwise every one by 1 / (1 + exp(-score)).

    Detectors such as DPM give the distance from a decision boundary, about -0.5 to 3 in the files of MOT17. The logistic
    function keeps their order and puts the boundary at 0.5 (Platt 1999, with slope 1 and no offset, since there is nothing
    here to fit them to).
    """
    if are_probabilities(scores):
        return scores
    # The half-angle form does not overflow: 1 / (1 + exp(-s)) = (1 + tanh(s / 2)) / 2.
    likely: Floats = 0.5 + 0.5 * np.tanh(0.5 * scores)
    return likely


def are_probabilities(scores: Floats) -> bool:
    """Whether all scores (n,) lie in 0 to 1."""
    return bool(((scores >= 0.0) & (scores <= 1.0)).all())
