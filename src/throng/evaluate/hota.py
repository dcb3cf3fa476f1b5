"""HOTA: detection and association in one score."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from throng.evaluate.overlap import ROUNDING, PairedFrames

Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]

ALPHAS: Floats = 0.05 + 0.05 * np.arange(19, dtype=np.float64)
"""Overlaps from which on a box counts as found: 0.05, 0.10, ... 0.95."""


@dataclass(frozen=True, slots=True)
class Hota:
    """Means over all alpha, 0 to 1, more is better.

    Attributes
    ----------
    hota : float
        Higher order tracking accuracy: the geometric mean of detection and association, alpha by alpha.
    deta : float
        Detection accuracy.
    assa : float
        Association accuracy.
    loca : float
        Localisation accuracy: mean overlap of matched boxes; 1 where nothing matches.
    """

    hota: float
    deta: float
    assa: float
    loca: float


def hota(paired: PairedFrames) -> Hota:
    """Score tracks by Luiten et al. 2021, "HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking".

    For each alpha, with TP the matches whose overlap is at least alpha, |FN| and |FP| the other boxes of truth and tracks:

        DetA = |TP| / (|TP| + |FN| + |FP|)
        A(c) = |TPA(c)| / (|TPA(c)| + |FNA(c)| + |FPA(c)|)      for a match c of person i and track j: TPA are the matches
                                                                of i and j, FNA and FPA the other boxes of i and of j
        AssA = sum of A(c) over TP / |TP|
        HOTA = sqrt(DetA * AssA)
        LocA = sum of overlap over TP / |TP|

    Each is then the mean over all alpha.

    Matches maximise, in each frame, the overlap weighted by how well person and track agree over the whole film, as
    TrackEval implements it: the weight is the Jaccard index of their boxes, each frame counted by its overlap's share of
    all overlaps of the two boxes there. One matching serves all alpha.

    Where truth and tracks have no frame in common, HOTA, DetA and AssA are 0 and LocA is 1.

    Source: doi.org/10.1007/s11263-020-01375-2.
    """
    if not paired.frames:
        return Hota(0.0, 0.0, 0.0, 1.0)
    pairs, shares = _matches(paired, _agreement(paired))
    of_alpha = np.array([_at(paired, pairs[kept], shares[kept]) for kept in (shares >= alpha - ROUNDING for alpha in ALPHAS)])
    deta, assa, loca = of_alpha.T
    return Hota(float(np.sqrt(deta * assa).mean()), float(deta.mean()), float(assa.mean()), float(loca.mean()))


def _at(paired: PairedFrames, pairs: Numbers, shares: Floats) -> tuple[float, float, float]:
    """DetA, AssA and LocA for the matches of one alpha."""
    found = len(pairs)
    if not found:
        return 0.0, 0.0, 1.0
    deta = found / (paired.truth_boxes + paired.track_boxes - found)
    both, times = np.unique(pairs, return_counts=True)
    person, track = np.divmod(both, len(paired.track_lengths))
    agreed = times / (paired.truth_lengths[person] + paired.track_lengths[track] - times)
    return deta, float((times * agreed).sum() / found), float(shares.sum() / found)


def _agreement(paired: PairedFrames) -> Floats:
    """How well each true person and each track agree over the whole film (k, l), 0 to 1."""
    together = np.zeros((len(paired.truth_lengths), len(paired.track_lengths)))
    for frame in paired.frames:
        iou = frame.iou
        rivals = iou.sum(axis=0) + iou.sum(axis=1)[:, None] - iou
        together[np.ix_(frame.truth, frame.tracks)] += np.divide(iou, rivals, out=np.zeros_like(iou), where=rivals > ROUNDING)
    agreement: Floats = together / (paired.truth_lengths[:, None] + paired.track_lengths - together)
    return agreement


def _matches(paired: PairedFrames, agreement: Floats) -> tuple[Numbers, Floats]:
    """Every frame's matches: person and track as one number, person * l + track, and their overlap."""
    pairs, shares = [], []
    for frame in paired.frames:
        iou = frame.iou
        rows, columns = linear_sum_assignment(agreement[np.ix_(frame.truth, frame.tracks)] * iou, maximize=True)
        pairs.append(frame.truth[rows] * len(paired.track_lengths) + frame.tracks[columns])
        shares.append(iou[rows, columns])
    return np.concatenate(pairs), np.concatenate(shares)
