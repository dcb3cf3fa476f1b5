"""Which boxes count when tracks are scored."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from throng.data.errors import EvaluationError
from throng.evaluate.mot_text import MotTable
from throng.evaluate.overlap import LEAST_IOU, ROUNDING, frames_of, iou_of

PERSON = 1
DISTRACTORS = (2, 7, 8, 12)
"""On a vehicle, standing still by definition (statues), distractor, reflection: whoever tracks them is not at fault."""


def people_of(truth: MotTable) -> MotTable:
    """The rows of truth that are to be found: those whose flag, the score, is not 0, and of truth with classes, people."""
    flagged = truth.scores != 0
    return truth.only(flagged if truth.classes is None else flagged & (truth.classes == PERSON))


def people_only(truth: MotTable, tracks: MotTable) -> tuple[MotTable, MotTable]:
    """The rows of truth and tracks that are scored, by the rules of the MOT Challenge.

    Of the truth, those of `people_of`. Where it has no classes (MOT15 and older), every track counts. Where it has (MOT16,
    MOT17), in each frame all its boxes are assigned to those of the tracks with the greatest total overlap, pairs below 0.5
    left out; a track's box that is assigned to a distractor counts neither for nor against.

    Raises
    ------
    EvaluationError
        The tracks hold other things than people.

    Notes
    -----
    The rules are those of Milan et al. 2016 (arXiv:1603.00831) as TrackEval applies them to MOT17. For MOT20 it
    takes vehicles without people as distractors too; a file does not tell which benchmark it is of.
    """
    if tracks.classes is not None and (tracks.classes != PERSON).any():
        other = int(tracks.classes[tracks.classes != PERSON][0])
        raise EvaluationError(
            f"the tracks hold boxes of class {other}: only people, class {PERSON}, are scored; leave the others out"
        )
    if truth.classes is None:
        return people_of(truth), tracks
    excused = np.zeros(len(tracks), dtype=bool)
    for those, these in frames_of(truth, tracks):
        rows, columns = _assigned(truth.boxes_px[those], tracks.boxes_px[these])
        excused[these[columns[np.isin(truth.classes[those[rows]], DISTRACTORS)]]] = True
    return people_of(truth), tracks.only(~excused)


def _assigned(true_px: NDArray[np.float64], track_px: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    iou = iou_of(true_px, track_px)
    iou[iou < LEAST_IOU - ROUNDING] = 0.0
    rows, columns = linear_sum_assignment(iou, maximize=True)
    real = iou[rows, columns] > 0.0
    return rows[real], columns[real]
