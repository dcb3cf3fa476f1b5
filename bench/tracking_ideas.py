"""What each idea in the tracker is worth: the tracker as it is, and with one of them switched off, on the choosing data."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from bench.accuracy import CHOSEN_ON as SHARE_CHOSEN_ON
from bench.film import HIDING, Film, as_table, film, on_ground, throng_tracks, true_tracks
from bench.report import paragraph
from bench.tracking_accuracy import CHOSEN_ON, load, throng_scores
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.evaluate.scores import Scores, score
from throng.simulate.camera import SimulatedCamera
from throng.simulate.detections import TrueBoxes
from throng.track.expected import Floats, Pairs
from throng.track.tracker import Tracker, TrackerSettings

STILL = (("concourse-50", 5.0), ("concourse-50", 15.0), ("concourse-150", 10.0))
SHAKEN = (("concourse-5", 15.0), ("concourse-50", 15.0))
SHAKE_HEIGHTS, SHAKE_S = 0.1, 0.15
"""Standard deviation of a shaking camera's offset, in median heights of a person, and for how long it stays alike."""
Make = Callable[[SimulatedCamera | None], Tracker]


class _Unsteadied(Tracker):
    """A tracker that takes every surprise for the people's own."""

    def _steadied(self, boxes_px: Floats, log_odds: Floats, step_s: float) -> Pairs:
        return self._associate(boxes_px, log_odds, step_s)


def _without(**settings: float) -> Make:
    return lambda _: Tracker(replace(TrackerSettings(), **settings))  # type: ignore[arg-type]


IDEAS: dict[str, Make] = {
    "as it is": lambda _: Tracker(),
    "weak detections left out": _without(weak_score=TrackerSettings().start_score),
    "boxes not grown": _without(buffer=0.0),
    "confirmed after three detections, whatever their scores": _without(confirm_evidence=-np.inf),
    "a second person where one was just found": _without(duplicate_iou=1.01),
    "hidden people left out": _without(hidden_s=0.0),
    "the camera taken to be still": lambda _: _Unsteadied(),
    "with the calibration, in metres": lambda camera: Tracker() if camera is None else on_ground(camera),
}


def table(data: Path) -> list[str]:
    """The table, as Markdown."""
    still = [film(name, rate_hz=rate, faults=HIDING, since=0.0, until=SHARE_CHOSEN_ON) for name, rate in STILL]
    moved = [film(name, rate_hz=rate, faults=HIDING, since=0.0, until=SHARE_CHOSEN_ON) for name, rate in SHAKEN]
    shaken = [_shaken(each, np.random.default_rng(number)) for number, each in enumerate(moved)]
    lines = []
    for idea, make in IDEAS.items():
        print(f"bench: the tracker, {idea}", file=sys.stderr, flush=True)
        real = [throng_scores(load(data, name), make(None)) for name in CHOSEN_ON]
        cells = [_means(each) for each in (_film_scores(still, make), _film_scores(shaken, make), real)]
        lines.append(f"| {idea} | {' | '.join(cells)} |")
    return [
        paragraph(
            f"""
            HOTA / IDF1, per cent, on the data that settings were chosen on: the first {SHARE_CHOSEN_ON:.0%} of simulated crowds
            with 10 in 100 missed, 5 false for every 100 and nobody found who is mostly hidden; crowds before a camera that
            shakes by {SHAKE_HEIGHTS:g} heights of a person; and the two TUD sequences, which have no calibration.
            """
        ),
        "",
        "| the tracker | crowds | shaking camera | TUD |",
        "| --- | --- | --- | --- |",
        *lines,
    ]


def _film_scores(films: list[Film], make: Make) -> list[Scores]:
    return [score(as_table(each, true_tracks(each)), as_table(each, throng_tracks(each, make(each.camera)))) for each in films]


def _means(scores: list[Scores]) -> str:
    return " / ".join(f"{100 * np.mean([getattr(each, name) for each in scores]):.1f}" for name in ("hota", "idf1"))


def _shaken(still: Film, rng: np.random.Generator) -> Film:
    """The same film before a camera whose offset wanders around nothing."""
    heights = np.concatenate([each.boxes_px[:, 3] - each.boxes_px[:, 1] for each in still.seen])
    keep = np.exp(-1 / (still.rate_hz * SHAKE_S))
    push_px = SHAKE_HEIGHTS * float(np.median(heights)) * np.sqrt(1 - keep**2)
    offset, seen, detections = np.zeros(2), [], []
    for truth, found in zip(still.seen, still.detections, strict=True):
        offset = keep * offset + push_px * rng.normal(size=2)
        seen.append(_moved(truth, np.tile(offset, 2)))
        detections.append(Detections(found.boxes_px + np.tile(offset, 2), found.scores, found.time_s))
    return replace(still, seen=tuple(seen), detections=tuple(detections))


def _moved(truth: TrueBoxes, offset_px: NDArray[np.float64]) -> TrueBoxes:
    return replace(truth, boxes_px=truth.boxes_px + offset_px)
