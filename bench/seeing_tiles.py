"""What tiles find of small people, and what they cost: a street looked at whole and in tiles."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from bench.report import paragraph
from bench.seeing_accuracy import BANDS, FROM_SCORE, Seen, lag_of_towncentre
from bench.seeing_footage import SETTLE_S, Truth, towncentre
from bench.seeing_rounds import pinned
from numpy.typing import NDArray

from throng.data.frame import Frame
from throng.detect.detector import Detector
from throng.detect.onnx import open_detector
from throng.detect.tiles import Grid, Tiles
from throng.evaluate.overlap import LEAST_IOU, iou_of

Floats = NDArray[np.float64]

MODELS = ("yolox_nano", "nanodet_m_320")
GRIDS = ("none", "2x1", "2x2", "3x2")
FOOTAGE = Path("video") / "towncentre"
EVERY = 6
"""So many pictures apart are those that are looked at beside the annotated ones."""
INSIDE = 0.5
"""A box of which more lies in another may be a part of somebody who was found twice."""


@dataclass(slots=True)
class Looks:
    """What one way of looking found, and how long each look took.

    Attributes
    ----------
    seen : Seen
        Beside the truth, in annotated pictures.
    away : Seen
        Of that only the boxes that touch no annotated person.
    boxes, inside : int
        In all pictures: how many, and how many lie mostly in another.
    seconds : list of float
        Processor time of each look.
    """

    seen: Seen = field(default_factory=Seen)
    away: Seen = field(default_factory=Seen)
    boxes: int = 0
    inside: int = 0
    seconds: list[float] = field(default_factory=list)

    def look(self, detector: Detector, frame: Frame, truth: Truth | None) -> None:
        """Look at a picture and take in what was found."""
        started = time.process_time()
        found = detector.detect(frame)
        self.seconds.append(time.process_time() - started)
        self.add(found.boxes_px[found.scores >= FROM_SCORE], truth)

    def add(self, boxes_px: Floats, truth: Truth | None) -> None:
        """Take in the boxes (n, 4) of one picture."""
        self.boxes += len(boxes_px)
        self.inside += inside_another(boxes_px)
        if truth is not None:
            people = np.concatenate([truth.boxes_px, truth.optional_px])
            self.seen.add(boxes_px, truth)
            self.away.add(boxes_px[~(iou_of(boxes_px, people) > 0).any(axis=1)], truth)


def table(data: Path, models: Path) -> list[str]:
    """Precision and recall by the height of people, and the time of a look, as Markdown."""
    pinned()
    folder = data / FOOTAGE
    lag = lag_of_towncentre(folder, open_detector(models / "yolox_nano.onnx"))
    ways = {(name, grid): _detector(models / f"{name}.onnx", grid) for name in MODELS for grid in GRIDS}
    looks = {way: Looks() for way in ways}
    shown = (each for each in towncentre(folder, lag=lag).frames() if each[0].index % EVERY == 0 or each[1] is not None)
    for number, (frame, truth) in enumerate(shown):
        # Whoever looks first at a picture finds it in a colder memory: they take turns.
        for way in list(ways)[number % len(ways) :] + list(ways)[: number % len(ways)]:
            looks[way].look(ways[way], frame, truth)
    return [*_introduction(looks), *(_row(way, looks) for way in ways)]


def inside_another(boxes_px: Floats) -> int:
    """How many of the boxes (n, 4) have more than `INSIDE` of their area in one of the others."""
    corner = np.maximum(boxes_px[:, None, :2], boxes_px[None, :, :2])
    sides = np.maximum(np.minimum(boxes_px[:, None, 2:], boxes_px[None, :, 2:]) - corner, 0.0)
    shared = sides.prod(axis=2)
    areas = shared.diagonal().copy()
    np.fill_diagonal(shared, 0.0)
    return int((shared > INSIDE * areas[:, None]).any(axis=1).sum())


def _detector(path: Path, grid: str) -> Detector:
    whole = open_detector(path)
    return whole if grid == "none" else Tiles(whole, Grid.parse(grid))


def _introduction(looks: Mapping[tuple[str, str], Looks]) -> list[str]:
    first = next(iter(looks.values()))
    low, high = first.seen.terciles_px()
    bands = (f"{BANDS[0]}, up to {low:.0f} px", f"{BANDS[1]}, to {high:.0f} px", f"{BANDS[2]}, above")
    return [
        paragraph(
            f"""
            Precision / recall, per cent, of boxes of score {FROM_SCORE:g} and more at an IoU of {LEAST_IOU:g} in the annotated
            pictures of towncentre, 1920 x 1080, after its first {SETTLE_S:g} seconds; bands of height are the terciles of the
            true people. Away: of the boxes that cost precision, the share that touches no annotated person. On those pictures
            and every {EVERY}th of the ten seconds: boxes as a multiple of those without tiles; the share of boxes with more
            than {INSIDE:.0%} of their area in another; processor time of a look on one thread, the median, all ways of looking
            in turn at every picture. The overlap and the rules for merging were set before any of this was measured.
            """
        ),
        "",
        f"| model | tiles | all | {' | '.join(bands)} | away | boxes | in another | ms a look |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]


def _row(way: tuple[str, str], looks: Mapping[tuple[str, str], Looks]) -> str:
    these, whole = looks[way], looks[way[0], GRIDS[0]]
    limits = (0.0, *these.seen.terciles_px(), np.inf)
    scores = [these.seen.scores(), *(these.seen.scores(*limits[band : band + 2]) for band in range(len(BANDS)))]
    false = len(these.seen.false_px)
    rest = [
        f"{len(these.away.false_px) / false:.0%}" if false else "-",
        f"{these.boxes / max(1, whole.boxes):.2f}",
        f"{these.inside / max(1, these.boxes):.1%}",
        f"{1000 * float(np.median(these.seconds)):.1f}",
    ]
    shown = [f"{100 * precision:.0f} / {100 * recall:.0f}" for precision, recall in scores]
    return f"| {' | '.join([*way, *shown, *rest])} |"
