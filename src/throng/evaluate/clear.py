"""CLEAR MOT: how many boxes are missed, invented or handed from one track to another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from throng.evaluate.overlap import LEAST_IOU, ROUNDING, PairedFrame, PairedFrames
from throng.evaluate.pieces import Pieces, pieces

Numbers = NDArray[np.intp]

_NONE = -1
_FAITHFUL = 1000.0


@dataclass(frozen=True, slots=True)
class Clear:
    """Counts over all frames.

    Attributes
    ----------
    matches : int
        True boxes that a track's box overlaps by at least half.
    false_negatives, false_positives : int
        The other boxes of the truth and of the tracks.
    switches : int
        Matches of a true person with another track than at that person's match before.
    fragmentations : int
        How often a true person is matched again after not having been.
    overlap : float
        Sum of the matches' overlap.
    pieces : Pieces
        In how many tracks one true person is found.
    """

    matches: int
    false_negatives: int
    false_positives: int
    switches: int
    fragmentations: int
    overlap: float
    pieces: Pieces

    @property
    def mota(self) -> float:
        """Tracking accuracy, 1 at best and without lower bound: 1 - (FN + FP + switches) / truth; 0 where truth is empty."""
        truth = self.matches + self.false_negatives
        return (self.matches - self.false_positives - self.switches) / truth if truth else 0.0

    @property
    def motp(self) -> float:
        """Tracking precision, 0 to 1: the mean overlap of matches; 0 where there are none."""
        return self.overlap / self.matches if self.matches else 0.0


def clear(paired: PairedFrames) -> Clear:
    """Score tracks by Bernardin and Stiefelhagen 2008, "Evaluating Multiple Object Tracking Performance: The CLEAR MOT Metrics"
    (doi.org/10.1155/2008/246309).

    In each frame true people keep the track they had in the frame before while the two overlap by at least half; the others
    are matched so that the total overlap is greatest. With m misses, fp false positives, mme switches and g true boxes, all
    summed over the frames t:

        MOTA = 1 - sum(m_t + fp_t + mme_t) / sum(g_t)
        MOTP = sum of the matches' overlap / number of matches     with the overlap in place of the paper's distance

    The figures are those of TrackEval, where "the frame before" is the last one in which both truth and tracks have a box.
    py-motmetrics keeps a track that a person had in any earlier frame, and matches as many boxes as it can in place of the
    greatest overlap. The two agree wherever every true box overlaps at most one tracked box by half, and the other way round;
    elsewhere their switches and matches may differ.
    """
    tally = _Tally(len(paired.truth_lengths), len(paired.track_lengths))
    for frame in paired.frames:
        tally.take(frame)
    matches = tally.matches
    return Clear(
        matches=matches,
        false_negatives=paired.truth_boxes - matches,
        false_positives=paired.track_boxes - matches,
        switches=tally.switches,
        fragmentations=int(np.maximum(tally.starts - 1, 0).sum()),
        overlap=tally.overlap,
        pieces=pieces(tally.together),
    )


class _Tally:
    """What is known of each true person from the frames so far.

    Parameters
    ----------
    people, tracks : int
        How many true people and tracks there are.
    """

    def __init__(self, people: int, tracks: int) -> None:
        self.matches = 0
        self.switches = 0
        self.overlap = 0.0
        self.starts = np.zeros(people, dtype=np.int64)
        self.together = np.zeros((people, tracks), dtype=bool)
        self._before: Numbers = np.full(people, _NONE, dtype=np.intp)
        self._ever: Numbers = np.full(people, _NONE, dtype=np.intp)

    def take(self, frame: PairedFrame) -> None:
        """Match one frame and count."""
        rows, columns = self._match(frame)
        people, tracks = frame.truth[rows], frame.tracks[columns]
        had = self._ever[people]
        self.matches += len(rows)
        self.switches += int(((had != _NONE) & (had != tracks)).sum())
        self.starts[people] += self._before[people] == _NONE
        self.overlap += float(frame.iou[rows, columns].sum())
        self.together[people, tracks] = True
        self._ever[people] = tracks
        self._before[:] = _NONE
        self._before[people] = tracks

    def _match(self, frame: PairedFrame) -> tuple[Numbers, Numbers]:
        iou = frame.iou
        # A track that stays with its person outweighs any number of better overlaps.
        worth = iou + _FAITHFUL * (self._before[frame.truth][:, None] == frame.tracks)
        worth[iou < LEAST_IOU - ROUNDING] = 0.0
        rows, columns = linear_sum_assignment(worth, maximize=True)
        real = worth[rows, columns] > 0.0
        return rows[real], columns[real]
