"""Following people for a moment, by where they are and how they move; nothing else about them is known."""

import os
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.data.ground_map import GroundMap
from throng.data.place import Anchor
from throng.data.tracks import Tracks
from throng.track.assignment import assign
from throng.track.camera_shift import common_surprise, jolt
from throng.track.expected import Expected, Floats, Pairs, grown_iou
from throng.track.ground_motion import GroundMotion, GroundNoise
from throng.track.image_motion import ImageMotion, ImageNoise
from throng.track.nearby import nearby

Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]
MOST_LOG_ODDS = 6.0
"""No detector is surer than this, whatever it says."""
FOUND_AGAIN = 0.7
"""Where a smaller share of those just seen is found again, the camera may have been pushed."""
FRAME_S = 0.05
"""Frames closer together say less, in proportion: detectors err alike in pictures that are alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerSettings:
    """What the tracker goes by; times in seconds, so that cameras of any frame rate behave alike.

    Attributes
    ----------
    weak_score : float
        Detections below are not looked at.
    start_score : float
        Detections from here on may begin a track; weaker ones only continue one (Zhang et al. 2022, ByteTrack).
    clutter : float
        Detections that have nothing to do with a track, expected per square of its box's height: what a match must be
        more likely than.
    leave_rate : float
        Rate at which people who are out of sight have left, 1 / s.
    buffer : float
        Share of its size by which a box grows on every side before overlaps are measured (Yang et al. 2023, C-BIoU).
    least_iou : float
        Overlap of the grown boxes from which a detection is a candidate for a track.
    duplicate_iou : float
        A detection that overlaps somebody already found in the same frame by so much is the same person.
    confirm_evidence, confirm_hits : float, int
        A track counts once the log-odds of its detections have added up to so much and it was seen so often; before, it is
        nobody.
    hidden_s : float
        A confirmed track that is unseen for no longer, and was seen for longer than that, is taken to be where it was going.
    max_gap_s, young_gap_s : float
        A track unseen for longer has ended, if it was confirmed, or if it was not.
    noise : ImageNoise
        Without a calibration.
    ground_noise : GroundNoise
        With one.
    """

    weak_score: float = 0.1
    start_score: float = 0.5
    clutter: float = 0.2
    leave_rate: float = 0.2
    buffer: float = 0.3
    least_iou: float = 0.15
    duplicate_iou: float = 0.45
    confirm_evidence: float = 4.0
    confirm_hits: int = 3
    hidden_s: float = 0.3
    max_gap_s: float = 2.0
    young_gap_s: float = 0.4
    noise: ImageNoise = field(default_factory=ImageNoise)
    ground_noise: GroundNoise = field(default_factory=GroundNoise)


class Tracker:
    """Detections in, short tracks out: Kalman filter and assignment over arrays, no object per person.

    Parameters
    ----------
    settings : TrackerSettings
    anchor : {"foot", "centre"}
        Which point of a box counts.
    ground : GroundMap, optional
        The camera's calibration: people are then followed in metres on the ground, not in the picture.
    """

    name = "likelihood"

    def __init__(
        self, settings: TrackerSettings | None = None, *, anchor: Anchor = "foot", ground: GroundMap | None = None
    ) -> None:
        self.settings = settings or TrackerSettings()
        self.anchor = anchor
        self._motion: ImageMotion | GroundMotion = (
            ImageMotion(self.settings.noise) if ground is None else GroundMotion(self.settings.ground_noise, ground)
        )
        self._ids: NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
        self._begin_px: Floats = np.empty((0, 2))
        self._born_s: Floats = np.empty(0)
        self._seen_s: Floats = np.empty(0)
        self._hits: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._evidence: Floats = np.empty(0)
        self._confirmed: Mask = np.empty(0, dtype=bool)
        self._time_s = -np.inf

    def update(self, detections: Detections) -> Tracks:
        """Move on to the time of these detections.

        Returns
        -------
        Tracks
            The confirmed tracks that are in this frame, and the ids of confirmed tracks that have ended. One that is unseen
            for a moment is where it was going; unseen for longer it is in neither. A frame whose time stands still or goes
            back moves nobody.
        """
        step_s = detections.time_s - self._time_s
        if not step_s > 0:
            return self._tracks(np.empty(0, dtype=np.uint64))
        self._time_s = detections.time_s
        if not len(self._ids) and not (detections.scores >= self.settings.start_score).any():
            # Nobody is followed and nobody begins, as at most times before most cameras.
            return Tracks.nobody(self._time_s)
        ended = self._forget(self._time_s - self._seen_s > self.settings.max_gap_s)
        if len(self._ids):
            self._motion.predict(step_s)
        boxes_px, scores, errors = self._usable(detections)
        log_odds = _log_odds(scores)
        rows, columns = self._steadied(boxes_px, log_odds, step_s)
        self._weigh(rows, log_odds[columns], min(step_s / FRAME_S, 1.0))
        self._motion.update(rows, boxes_px[columns], errors[columns])
        free = scores >= self.settings.start_score
        free[columns] = False
        self._begin(boxes_px[free], log_odds[free], errors[free])
        self._forget((self._time_s - self._seen_s > self.settings.young_gap_s) & ~self._confirmed)
        return self._tracks(ended)

    def finish(self) -> NDArray[np.uint64]:
        """End every track, as at the end of a file or when the picture is lost; the ids of the confirmed ones."""
        return self._forget(np.ones(len(self._ids), dtype=bool))

    def _usable(self, detections: Detections) -> tuple[Floats, Floats, Floats]:
        """Boxes as centre and size, scores and errors of detections that are strong enough and stand where somebody can."""
        corners, scores = detections.boxes_px, detections.scores
        strong = scores >= self.settings.weak_score
        boxes = _centred(corners[strong])
        held = self._motion.holds(boxes)
        boxes, scores = boxes[held], scores[strong][held]
        if detections.errors is None:
            return boxes, scores, np.full(len(boxes), self._motion.usual_error)
        return boxes, scores, detections.errors[strong][held]

    def _steadied(self, boxes_px: Floats, log_odds: Floats, step_s: float) -> Pairs:
        """Rows of tracks and of detections that belong together, also after a push at the camera."""
        pairs = self._associate(boxes_px, log_odds, step_s)
        found = np.zeros(len(self._ids), dtype=bool)
        found[pairs[0]] = True
        recent = self._confirmed & (self._time_s - self._seen_s <= 1.5 * step_s)
        if found[recent].sum() < FOUND_AGAIN * recent.sum():
            shift = jolt(self._motion.boxes_px[recent], boxes_px)
            if shift is not None:
                self._motion.shift(shift)
                pairs = self._associate(boxes_px, log_odds, step_s)
        sure = self._confirmed[pairs[0]]
        shift = common_surprise(boxes_px[pairs[1][sure], :2] - self._motion.boxes_px[pairs[0][sure], :2])
        if shift is not None:
            self._motion.shift(shift)
            pairs = self._associate(boxes_px, log_odds, step_s)
        return pairs

    def _associate(self, boxes_px: Floats, log_odds: Floats, step_s: float) -> Pairs:
        """Rows of tracks and of detections that belong together."""
        if not len(self._ids) or not len(boxes_px):
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
        unseen_s = self._time_s - step_s - self._seen_s
        pairs, gains = self._candidates(self._motion.expected(), boxes_px, log_odds, unseen_s)
        return assign(pairs, gains, (len(self._ids), len(boxes_px)))

    def _candidates(self, expected: Expected, boxes_px: Floats, log_odds: Floats, unseen_s: Floats) -> tuple[Pairs, Floats]:
        """Which detections may continue which tracks, and the log-likelihood ratio of each.

        A detection z at a track that expects it at x with covariance S is N(z; x, S) likely, and any other detection there as
        likely as clutter is dense. With sqrt|S| in squares of the box's height, d the Mahalanobis distance of centre and size
        and s the score, a pair gains

            -log(2 pi clutter sqrt|S|) - d^2 / 2 + log(s / (1 - s)) - leave_rate unseen_s

        and is a candidate while that is more than nothing (the score of a track, Blackman and Popoli 1999, section 6.2).
        """
        settings = self.settings
        alone = -np.log(2 * np.pi * settings.clutter) - expected.log_spread() - settings.leave_rate * unseen_s
        sigmas = np.sqrt(np.maximum(2 * (alone + log_odds.max()), 0.0))
        rows, columns = nearby(expected.boxes_px[:, :2], expected.reach_px(sigmas), boxes_px[:, :2])
        before, after = expected.boxes_px[rows], boxes_px[columns]
        differences = after - before
        gains = alone[rows] + log_odds[columns] - expected.misfit(rows, differences) / 2
        possible = (gains > 0) & (grown_iou(before, after, settings.buffer) > settings.least_iou)
        return (rows[possible], columns[possible]), gains[possible]

    def _weigh(self, rows: Rows, log_odds: Floats, share: float) -> None:
        """Note who was seen, and confirm those for whom there is enough evidence."""
        settings = self.settings
        self._evidence[rows] += share * log_odds
        self._seen_s[rows] = self._time_s
        self._hits[rows] += 1
        self._confirmed |= (self._hits >= settings.confirm_hits) & (self._evidence >= settings.confirm_evidence)

    def _begin(self, boxes_px: Floats, log_odds: Floats, errors: Floats) -> None:
        new = self._distinct(boxes_px, log_odds)
        n = len(new)
        if not n:
            return
        self._motion.add(boxes_px[new], errors[new])
        self._ids = np.concatenate([self._ids, _random_ids(n)])
        self._begin_px = np.concatenate([self._begin_px, self._points(boxes_px[new])])
        self._born_s = np.concatenate([self._born_s, np.full(n, self._time_s)])
        self._seen_s = np.concatenate([self._seen_s, np.full(n, self._time_s)])
        self._hits = np.concatenate([self._hits, np.ones(n, dtype=np.int64)])
        self._evidence = np.concatenate([self._evidence, log_odds[new]])
        self._confirmed = np.concatenate([self._confirmed, np.zeros(n, dtype=bool)])

    def _distinct(self, boxes_px: Floats, log_odds: Floats) -> Rows:
        """Rows of new boxes that are nobody else's: neither of somebody found in this frame nor of a surer new box."""
        order = np.argsort(-log_odds, kind="stable")
        if not len(order):
            return order
        new = boxes_px[order]
        known = self._motion.boxes_px[self._seen_s == self._time_s]
        everyone = np.concatenate([known, new])
        # Along each side an overlap of t leaves no more than (1 / t - 1) / 2 of the new box between the two centres.
        reach_px = new[:, 2:] * (1 / self.settings.duplicate_iou - 1) / 2
        rows, columns = nearby(new[:, :2], reach_px, everyone[:, :2])
        earlier = columns < len(known) + rows
        rows, columns = rows[earlier], columns[earlier]
        same = grown_iou(new[rows], everyone[columns], 0.0) >= self.settings.duplicate_iou
        kept = np.ones(len(order), dtype=bool)
        kept[rows[same]] = False
        return order[kept]

    def _forget(self, over: Mask) -> NDArray[np.uint64]:
        """Drop tracks; the ids of those that were confirmed."""
        if not over.any():
            return self._ids[:0]
        ended, kept = self._ids[over & self._confirmed], ~over
        self._motion.keep(kept)
        self._ids, self._confirmed, self._hits = self._ids[kept], self._confirmed[kept], self._hits[kept]
        self._begin_px, self._evidence = self._begin_px[kept], self._evidence[kept]
        self._born_s, self._seen_s = self._born_s[kept], self._seen_s[kept]
        return ended

    def _tracks(self, ended: NDArray[np.uint64]) -> Tracks:
        unseen_s = self._time_s - self._seen_s
        here = self._confirmed & (unseen_s <= np.minimum(self._seen_s - self._born_s, self.settings.hidden_s))
        boxes = self._motion.boxes_px[here]
        half = boxes[:, 2:] / 2
        corners = np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)
        points, seen = self._points(boxes), unseen_s[here] == 0
        return Tracks(self._ids[here], corners, points, None, ended, self._time_s, seen, self._begin_px[here])

    def _points(self, boxes_px: Floats) -> Floats:
        """The point of each box that counts."""
        points = boxes_px[:, :2].copy()
        if self.anchor == "foot":
            points[:, 1] += boxes_px[:, 3] / 2
        return points


def _random_ids(n: int) -> NDArray[np.uint64]:
    # 64 random bits: two tracks of a process share an id with a probability of 1e-8 after half a million tracks.
    return np.frombuffer(os.urandom(8 * n), dtype=np.uint64)


def _centred(corners: Floats) -> Floats:
    first, last = corners[:, :2], corners[:, 2:]
    return np.concatenate([(first + last) / 2, last - first], axis=1)


def _log_odds(scores: Floats) -> Floats:
    certain = 1 / (1 + np.exp(-MOST_LOG_ODDS))
    inside = np.minimum(np.maximum(scores, 1 - certain), certain)
    odds: Floats = np.log(inside / (1 - inside))
    return odds
