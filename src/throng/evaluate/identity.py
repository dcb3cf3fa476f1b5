"""Identity scores: how much of the truth one track each follows."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from throng.evaluate.overlap import LEAST_IOU, PairedFrames


@dataclass(frozen=True, slots=True)
class Identity:
    """How many boxes keep their identity over the whole film.

    Attributes
    ----------
    kept : int
        IDTP: true boxes that the one track assigned to their person overlaps by at least half.
    truth_boxes, track_boxes : int
        All boxes: kept + IDFN, and kept + IDFP.
    """

    kept: int
    truth_boxes: int
    track_boxes: int

    @property
    def idf1(self) -> float:
        """2 IDTP / (2 IDTP + IDFP + IDFN), 0 to 1; 0 where truth and tracks are empty."""
        return 2 * self.kept / max(1, self.truth_boxes + self.track_boxes)

    @property
    def idp(self) -> float:
        """Identity precision, IDTP / (IDTP + IDFP), 0 to 1; 0 without tracks."""
        return self.kept / max(1, self.track_boxes)

    @property
    def idr(self) -> float:
        """Identity recall, IDTP / (IDTP + IDFN), 0 to 1; 0 without truth."""
        return self.kept / max(1, self.truth_boxes)


def identity(paired: PairedFrames) -> Identity:
    """Score tracks by Ristani et al. 2016, "Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking"
    (arXiv:1609.01775).

    Each true person is assigned at most one track, and each track at most one person, for the whole film, so that IDFN + IDFP
    is least. Since IDFN + IDFP = truth + tracks - 2 IDTP, that is the assignment with the most IDTP:

        IDP = IDTP / (IDTP + IDFP),  IDR = IDTP / (IDTP + IDFN),  IDF1 = 2 IDTP / (2 IDTP + IDFP + IDFN)
    """
    together = np.zeros((len(paired.truth_lengths), len(paired.track_lengths)), dtype=np.int64)
    for frame in paired.frames:
        together[np.ix_(frame.truth, frame.tracks)] += frame.iou >= LEAST_IOU
    rows, columns = linear_sum_assignment(together, maximize=True)
    return Identity(int(together[rows, columns].sum()), paired.truth_boxes, paired.track_boxes)
