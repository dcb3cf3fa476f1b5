"""Following people for a moment, by where they are and how they move; nothing else about them is known."""

import os
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.data.place import Anchor
from throng.data.tracks import Tracks
from throng.track.assignment import assign, buffered_iou
from throng.track.kalman import KalmanBoxes, Noise

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerSettings:
    """What the tracker goes by; times in seconds, so that cameras of any frame rate behave alike.

    Attributes
    ----------
    strong_score : float
        Detections from here on continue tracks first and may begin one.
    weak_score : float
        Detections from here on may continue a track that no strong one did (Zhang et al. 2022, ByteTrack).
    buffer : float
        Share of its size by which a box grows on every side before overlaps are measured.
    least_iou : float
        Overlap of the grown boxes below which a detection is no candidate for a track.
    confirm_s, confirm_hits : float, int
        A track counts once it has been seen so often over so long; before, it is nobody.
    max_gap_s : float
        A track unseen for longer has ended.
    """

    strong_score: float = 0.45
    weak_score: float = 0.12
    buffer: float = 0.1
    least_iou: float = 0.25
    confirm_s: float = 0.2
    confirm_hits: int = 3
    max_gap_s: float = 1.5
    noise: Noise = field(default_factory=Noise)


class Tracker:
    """Detections in, short tracks out: Kalman filter and assignment over arrays, no object per person.

    Parameters
    ----------
    settings : TrackerSettings
    anchor : {"foot", "centre"}
        Which point of a box counts.
    """

    name = "kalman-iou"

    def __init__(self, settings: TrackerSettings | None = None, *, anchor: Anchor = "foot") -> None:
        self.settings = settings or TrackerSettings()
        self.anchor = anchor
        self._boxes = KalmanBoxes(self.settings.noise)
        self._ids: NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
        self._born_s: Floats = np.empty(0)
        self._seen_s: Floats = np.empty(0)
        self._hits: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._confirmed: NDArray[np.bool_] = np.empty(0, dtype=bool)
        self._time_s = -np.inf

    def update(self, detections: Detections) -> Tracks:
        """Move on to the time of these detections.

        Returns
        -------
        Tracks
            The confirmed tracks that were seen in this frame, and the ids of confirmed tracks that have ended. A track
            unseen for a moment is in neither. A frame whose time stands still or goes back moves nobody.
        """
        now_s = detections.time_s
        if now_s <= self._time_s:
            return self._tracks(self._confirmed & (self._seen_s == self._time_s), np.empty(0, dtype=np.uint64))
        if len(self._boxes):
            self._boxes.predict(now_s - self._time_s)
        self._time_s = now_s
        used = self._associate(detections)
        self._begin(detections, used)
        self._confirmed |= (self._hits >= self.settings.confirm_hits) & (self._seen_s - self._born_s >= self.settings.confirm_s)
        ended = self._forget()
        seen = self._confirmed & (self._seen_s == self._time_s)
        return self._tracks(seen, ended)

    def finish(self) -> NDArray[np.uint64]:
        """End every track, as at the end of a file or when the picture is lost; the ids of the confirmed ones."""
        ended = self._ids[self._confirmed]
        self._keep(np.zeros(len(self._ids), dtype=bool))
        return ended

    def _associate(self, detections: Detections) -> NDArray[np.bool_]:
        """Continue tracks by strong detections, then by weak ones; which detections were used (n,)."""
        used = np.zeros(len(detections), dtype=bool)
        strong = np.flatnonzero(detections.scores >= self.settings.strong_score)
        weak = np.flatnonzero(
            (detections.scores >= self.settings.weak_score) & (detections.scores < self.settings.strong_score)
        )
        tracks = np.arange(len(self._ids))
        # Confirmed tracks choose first: a newborn one must not take a detection from a person already followed.
        for own, those in ((self._confirmed, strong), (self._confirmed, weak), (~self._confirmed, strong)):
            free = tracks[own & (self._seen_s < self._time_s)]
            candidates = those[~used[those]]
            used[self._continue(detections, free, candidates)] = True
        return used

    def _continue(self, detections: Detections, tracks: NDArray[np.intp], candidates: NDArray[np.intp]) -> NDArray[np.intp]:
        boxes_px = detections.boxes_px[candidates]
        overlap = buffered_iou(_corners(self._boxes.position[tracks]), boxes_px, buffer=self.settings.buffer)
        rows, columns = assign(overlap, least=self.settings.least_iou)
        self._boxes.update(tracks[rows], _centred(boxes_px[columns]))
        self._seen_s[tracks[rows]] = self._time_s
        self._hits[tracks[rows]] += 1
        matched: NDArray[np.intp] = candidates[columns]
        return matched

    def _begin(self, detections: Detections, used: NDArray[np.bool_]) -> None:
        new = ~used & (detections.scores >= self.settings.strong_score)
        n = int(new.sum())
        self._boxes.add(_centred(detections.boxes_px[new]))
        self._ids = np.concatenate([self._ids, _random_ids(n)])
        self._born_s = np.concatenate([self._born_s, np.full(n, self._time_s)])
        self._seen_s = np.concatenate([self._seen_s, np.full(n, self._time_s)])
        self._hits = np.concatenate([self._hits, np.ones(n, dtype=np.int64)])
        self._confirmed = np.concatenate([self._confirmed, np.zeros(n, dtype=bool)])

    def _forget(self) -> NDArray[np.uint64]:
        unseen_s = self._time_s - self._seen_s
        allowed_s = np.where(self._confirmed, self.settings.max_gap_s, self.settings.confirm_s)
        over = unseen_s > allowed_s
        ended = self._ids[over & self._confirmed]
        if over.any():
            self._keep(~over)
        return ended

    def _keep(self, rows: NDArray[np.bool_]) -> None:
        self._boxes.keep(rows)
        for name in ("_ids", "_born_s", "_seen_s", "_hits", "_confirmed"):
            setattr(self, name, getattr(self, name)[rows])

    def _tracks(self, seen: NDArray[np.bool_], ended: NDArray[np.uint64]) -> Tracks:
        centred = self._boxes.position[seen]
        points = centred[:, :2] + centred[:, 2:] * (np.array([0.0, 0.5]) if self.anchor == "foot" else 0.0)
        return Tracks(self._ids[seen], _corners(centred), points, None, ended, self._time_s)


def _random_ids(n: int) -> NDArray[np.uint64]:
    # 64 random bits: two tracks of a process share an id with a probability of 1e-8 after half a million tracks.
    return np.frombuffer(os.urandom(8 * n), dtype=np.uint64)


def _centred(corners: Floats) -> Floats:
    return np.column_stack([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]])


def _corners(centred: Floats) -> Floats:
    return np.column_stack([centred[:, :2] - centred[:, 2:] / 2, centred[:, :2] + centred[:, 2:] / 2])
