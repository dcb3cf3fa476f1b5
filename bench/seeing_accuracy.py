"""How well the detectors see: precision and recall at an IoU of 0.5, apart, by size, on footage whose people are known."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from bench.accuracy import CHOSEN_ON
from bench.seeing_footage import Footage, Truth, one_by_one, scenescape, simulated, towncentre
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from throng.data.detections import Detections
from throng.data.errors import ModelError
from throng.data.scale import PersonScale
from throng.detect.detector import Detector
from throng.detect.foreground import Foreground
from throng.detect.onnx import open_detector
from throng.evaluate.overlap import LEAST_IOU, iou_of

Floats = NDArray[np.float64]

FROM_SCORE = 0.4
"""Weaker boxes are left out, for every detector and on all footage."""
LAGS = range(-8, 9)
BANDS = ("small", "middle", "large")

OpenDetector = Callable[[PersonScale | None], Detector]


@dataclass(slots=True)
class Seen:
    """What was found and what was there, over many frames.

    Attributes
    ----------
    hits_px, misses_px, false_px : lists of float
        Heights of the true boxes that were found and that were not, and of boxes where nobody is.
    overlap : float
        Sum of the hits' intersections over unions.
    """

    hits_px: list[float] = field(default_factory=list)
    misses_px: list[float] = field(default_factory=list)
    false_px: list[float] = field(default_factory=list)
    overlap: float = 0.0

    def add(self, found_px: Floats, truth: Truth) -> None:
        """Take in the boxes (n, 4) found in one frame, matched to the true ones so that most of them are hits."""
        iou = iou_of(truth.boxes_px, found_px)
        worth = np.where(iou >= LEAST_IOU, 1.0 + iou / (1.0 + iou.sum()), 0.0)
        rows, columns = linear_sum_assignment(worth, maximize=True)
        good = iou[rows, columns] >= LEAST_IOU
        hit = np.isin(np.arange(len(truth.boxes_px)), rows[good])
        self.overlap += float(iou[rows[good], columns[good]].sum())
        self.hits_px.extend(truth.heights_px[hit].tolist())
        self.misses_px.extend(truth.heights_px[~hit].tolist())
        rest = found_px[~np.isin(np.arange(len(found_px)), columns[good])]
        self.false_px.extend((rest[:, 3] - rest[:, 1])[~_no_matter(rest, truth)].tolist())

    def scores(self, low_px: float = 0.0, high_px: float = np.inf) -> tuple[float, float]:
        """Precision and recall of people between two heights; NaN where there were none."""
        hits, misses, false = (
            sum(low_px <= height < high_px for height in heights) for heights in (self.hits_px, self.misses_px, self.false_px)
        )
        precision = hits / (hits + false) if hits + false else np.nan
        return precision, hits / (hits + misses) if hits + misses else np.nan

    def terciles_px(self) -> tuple[float, float]:
        """Heights that divide the true people into three groups of one size."""
        low, high = np.quantile(self.hits_px + self.misses_px, [1 / 3, 2 / 3])
        return float(low), float(high)


def look(footage: Footage, detector: Detector, *, from_score: float = FROM_SCORE) -> Seen:
    """What a detector sees of a film. The foreground detector is shown every frame, others those that are scored."""
    seen = Seen()
    for frame, truth in footage.frames():
        if truth is None and not isinstance(detector, Foreground):
            continue
        found = detector.detect(frame)
        if truth is not None:
            seen.add(found.boxes_px[found.scores >= from_score], truth)
    return seen


def lag_of_towncentre(folder: Path, neutral: Detector) -> int:
    """By how many frames the pictures come after their annotation: where a detector that is not ours agrees with them most."""
    shown = {frame.index: _strong(neutral.detect(frame)) for frame, _ in towncentre(folder, lag=0).frames()}
    return max(LAGS, key=lambda lag: _agreement(shown, folder, lag))


def presence(folder: Path, detector: Detector) -> tuple[float, float, float]:
    """Precision and recall of "somebody is in view", and boxes beyond one as a share of all."""
    outcomes, boxes, surplus = np.zeros((2, 2), np.int64), 0, 0
    for frame, present in one_by_one(folder):
        if present is None and not isinstance(detector, Foreground):
            continue
        found = len(_strong(detector.detect(frame)))
        if present is not None:
            outcomes[int(present), int(found > 0)] += 1
            boxes, surplus = boxes + found, surplus + max(0, found - 1)
    hits = outcomes[1, 1]
    return hits / max(1, outcomes[:, 1].sum()), hits / outcomes[1].sum(), surplus / max(1, boxes)


def table(data: Path, models: Path) -> list[str]:
    """Precision and recall of every detector on all footage, as Markdown."""
    video, detectors = data / "video", _detectors(models)
    neutral = open_detector(models / "yolox_nano.onnx")
    lag = lag_of_towncentre(video / "towncentre", neutral)
    films = [
        simulated("concourse-5"),
        simulated("concourse-50"),
        towncentre(video / "towncentre", lag=lag),
        *(scenescape(video / "scenescape", camera, neutral) for camera in ("Cam_x1_0", "Cam_x2_0")),
    ]
    lines = _introduction(lag)
    for film in films:
        lines += _rows(film, detectors)
    return [*lines, *_presence_rows(video / "intel_one_by_one", detectors)]


def _introduction(lag: int) -> list[str]:
    return [
        f"Precision / recall, per cent, of boxes at an IoU of {LEAST_IOU:g}, scores from {FROM_SCORE:g} on for every",
        "detector. Small, middle and large are the terciles of true heights; a false box counts where its own height falls.",
        "Who is hidden by more than 0.7, by nearer people or by the edge of the picture, is neither required nor false.",
        f"Concourses: the last {1 - CHOSEN_ON:.0%}, settings of `foreground` were chosen on the rest; the truth is what the",
        f"drawn figures cover. towncentre: annotations of frame n are of picture n + {lag}, where YOLOX-nano agrees with them",
        "most; 10 s in all, of which the first 3 are not scored; people cut off by the upper edge are not annotated and no",
        "matter. scenescape: boxes as large as the figures (1.25 m, they run bent) at the given places, which are shifted and",
        "stretched along each axis to lie in the median on YOLOX-nano's feet, as the given point pairs are up to 20 px wrong;",
        "boxes on the aeroplane are no matter. `foreground` sees all frames (scenescape at 10 a second) and has each camera's",
        "calibration as it was given; the models see one picture a second.",
        "",
        "| footage | detector | all | small | middle | large | mean IoU |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]


def _rows(film: Footage, detectors: Iterable[tuple[str, OpenDetector]]) -> list[str]:
    rows = []
    for name, open_it in detectors:
        try:
            seen = look(film, open_it(film.scale))
        except ModelError as error:
            rows.append(f"| {film.name} | {name} | {_short(error)} | | | | |")
            continue
        limits = (0.0, *seen.terciles_px(), np.inf)
        parts = [seen.scores(), *(seen.scores(limits[k], limits[k + 1]) for k in range(len(BANDS)))]
        overlap = seen.overlap / max(1, len(seen.hits_px))
        rows.append(f"| {film.name} | {name} | {' | '.join(map(_shown, parts))} | {overlap:.2f} |")
    return rows


def _presence_rows(folder: Path, detectors: Iterable[tuple[str, OpenDetector]]) -> list[str]:
    lines = [
        "",
        "intel_one_by_one has no boxes: precision and recall of frames in which somebody is found. One person is there at a "
        "time, so that a second box is one too many. There is no calibration.",
        "",
        "| detector | precision / recall of frames | boxes too many |",
        "| --- | --- | --- |",
    ]
    for name, open_it in detectors:
        try:
            precision, recall, surplus = presence(folder, open_it(None))
        except ModelError as error:
            lines.append(f"| {name} | {_short(error)} | |")
            continue
        lines.append(f"| {name} | {_shown((precision, recall))} | {surplus:.1%} |")
    return lines


def _detectors(models: Path) -> list[tuple[str, OpenDetector]]:
    """Detectors by name; a model that cannot be opened says so when it is asked to."""

    def opener(path: Path) -> OpenDetector:
        opened = cache(lambda: open_detector(path))
        return lambda scale: opened()

    found: list[tuple[str, OpenDetector]] = [("`foreground`", lambda scale: Foreground(scale=scale))]
    return found + [(path.stem, opener(path)) for path in sorted(models.glob("*.onnx"))]


def _agreement(shown: dict[int, Floats], folder: Path, lag: int) -> float:
    """Hits at this lag, and their overlap where hits are alike, over the frames that exist at every lag."""
    seen = Seen()
    for frame, truth in _truths(folder, lag):
        if frame in shown and LAGS[0] <= frame - lag - LAGS[0] and frame - lag + LAGS[-1] <= max(shown):
            seen.add(shown[frame], truth)
    return seen.overlap


@cache
def _truths_at_zero(folder: Path) -> tuple[tuple[int, Truth], ...]:
    return tuple((frame.index, truth) for frame, truth in towncentre(folder, lag=0).frames() if truth is not None)


def _truths(folder: Path, lag: int) -> list[tuple[int, Truth]]:
    return [(frame + lag, truth) for frame, truth in _truths_at_zero(folder)]


def _no_matter(boxes_px: Floats, truth: Truth) -> NDArray[np.bool_]:
    """Which of the boxes (n, 4) that hit nobody lie on people who need not be found, or on objects and nobody."""
    optional = (iou_of(boxes_px, truth.optional_px) >= LEAST_IOU).any(axis=1)
    people = (iou_of(boxes_px, truth.boxes_px) > 0).any(axis=1)
    low = np.maximum(boxes_px[:, None, :2], truth.objects_px[None, :, :2])
    high = np.minimum(boxes_px[:, None, 2:], truth.objects_px[None, :, 2:])
    area = (boxes_px[:, 2:] - boxes_px[:, :2]).prod(axis=1)
    inside = (np.maximum(high - low, 0.0).prod(axis=2) >= 0.5 * area[:, None]).any(axis=1)
    cut = truth.whole_only & (boxes_px[:, 1] < 1.0)
    no_matter: NDArray[np.bool_] = optional | (inside & ~people) | cut
    return no_matter


def _strong(found: Detections) -> Floats:
    return found.boxes_px[found.scores >= FROM_SCORE]


def _short(error: ModelError) -> str:
    return f"not run: {str(error).split(':')[0]}"


def _shown(scores: tuple[float, float]) -> str:
    return " / ".join("-" if np.isnan(score) else f"{100 * score:.0f}" for score in scores)
