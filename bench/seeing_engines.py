"""What runs a model, how fast, and what half precision changes in what is found: ONNX Runtime and OpenVINO side by side.

OpenVINO is no part of the project's own environment: `table` has this file run in one that has it, on the project's sources.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from bench.peers.environment import python_of, version_of
from bench.report import ROOT, paragraph
from bench.seeing_accuracy import FROM_SCORE, Seen, lag_of_towncentre
from bench.seeing_footage import Truth, towncentre
from bench.seeing_rounds import Run, Watch, in_turn, pinned, seconds, waited
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from throng.data.frame import Frame
from throng.detect.engine import Engine
from throng.detect.letterbox import input_size
from throng.detect.onnx import OnnxDetector
from throng.detect.onnx_runtime import OnnxRuntime
from throng.detect.openvino import OpenVino
from throng.evaluate.overlap import LEAST_IOU, iou_of

Floats = NDArray[np.float64]

MODELS = ("yolox_nano", "person_192", "nanodet_m_320", "FastestDet")
FOOTAGE = Path("video") / "towncentre"
WIDE_PX = (1920, 1080)
"""A picture of this shape does not fill a square input; a model that may be given others is also timed at the part it fills."""
WARM_UP = 25
"""Calls before any are timed: OpenVINO gets a model for one size of input once that has come often."""
CALLS, ROUNDS = 5, 15
EVERY = 4
"""So many pictures apart are those on which the engines are compared with each other."""
LEAST_IOUS = (0.5, 0.9)

OPENERS: Mapping[str, Callable[[Path, bool], Engine]] = {
    "ONNX Runtime": lambda path, any_size: OnnxRuntime(path, any_size=any_size),
    "OpenVINO, full": lambda path, any_size: OpenVino(path, any_size=any_size),
    "OpenVINO, fast": lambda path, any_size: OpenVino(path, any_size=any_size, precision="fast"),
}
"""The first is what the others are compared with."""
FIRST = next(iter(OPENERS))


@dataclass(slots=True)
class Agreement:
    """Boxes of two engines on the same pictures.

    Attributes
    ----------
    boxes, wanted : int
        How many the one found, and the one that it is compared with.
    pairs : dict of float to int
        How many lie on each other, by the least IoU.
    """

    boxes: int = 0
    wanted: int = 0
    pairs: dict[float, int] = field(default_factory=lambda: dict.fromkeys(LEAST_IOUS, 0))

    def add(self, boxes_px: Floats, wanted_px: Floats) -> None:
        """Take in the boxes (n, 4) and (m, 4) of one picture."""
        self.boxes += len(boxes_px)
        self.wanted += len(wanted_px)
        iou = iou_of(boxes_px, wanted_px)
        for least in self.pairs:
            rows, columns = linear_sum_assignment(iou >= least, maximize=True)
            self.pairs[least] += int((iou[rows, columns] >= least).sum())

    def shares(self, least: float) -> tuple[float, float]:
        """Of its own boxes, and of those wanted, the shares that lie on each other; NaN where there are none."""
        pairs = self.pairs[least]
        return pairs / self.boxes if self.boxes else np.nan, pairs / self.wanted if self.wanted else np.nan


@dataclass(slots=True)
class Found:
    """What a model finds on one engine: beside what it finds on the first, and beside the truth."""

    agreement: Agreement = field(default_factory=Agreement)
    seen: Seen = field(default_factory=Seen)


def table(data: Path, models: Path) -> list[str]:
    """Times, agreement and accuracy on each engine, as Markdown."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    command = [str(python_of("openvino")), "-m", "bench.seeing_engines", str(data.resolve()), str(models.resolve())]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, env=os.environ | {"PYTHONPATH": paths})
    if done.returncode:
        sys.exit("bench: the comparison of what runs a model ended early; what it said is above")
    return done.stdout.splitlines()


def measured(data: Path, models: Path) -> list[str]:
    """The same, where OpenVINO is installed."""
    pinned()
    files = [models / f"{name}.onnx" for name in MODELS]
    runs, columns = _timed(files)
    return [*_times(runs, columns), "", *_findings(data / FOOTAGE, files)]


def call(engine: Engine, feeds: Mapping[str, NDArray[np.float32]]) -> Run:
    """A model called on the same input again and again; the first call is left out."""
    watch = Watch()
    for _ in range(CALLS + 1):
        engine.run(feeds)
        watch.start()
    return watch.run()


def _timed(files: list[Path]) -> tuple[dict[str, list[Run]], list[str]]:
    """Runs by "model, input | engine", engines of an input one after the other; and what each says of itself."""
    contenders, columns = {}, list(OPENERS)
    for path in files:
        detector = OnnxDetector(partial(OPENERS[FIRST], path), name=path.stem)
        declared = detector.family.size_px
        filled = input_size(WIDE_PX, declared, stride=detector.family.preparation.stride)
        for size in [declared, filled] if detector.by_regions else [declared]:
            blob = np.random.default_rng(1).uniform(0, 255, (1, 3, size[1], size[0])).astype(np.float32)
            engines = [open_it(path, size != declared) for open_it in OPENERS.values()]
            columns = [engine.described.replace(", CPU,", ",") for engine in engines]
            for name, engine in zip(OPENERS, engines, strict=True):
                feeds = {engine.signature.inputs[0].name: blob}
                for _ in range(WARM_UP):
                    engine.run(feeds)
                contenders[f"{path.stem}, {size[0]} x {size[1]} | {name}"] = partial(call, engine, feeds)
    return in_turn(contenders, ROUNDS), columns


def _times(runs: dict[str, list[Run]], columns: list[str]) -> list[str]:
    head = [*columns, f"{columns[-1]}: times as fast as {FIRST}"]
    lines = [
        paragraph(
            f"""
            OpenVINO {version_of("openvino")} beside ONNX Runtime, asked for full and for fast precision; the columns say what
            each computes in then. One thread, processor time of a call in milliseconds, the median of {ROUNDS} rounds of
            {CALLS} calls in turn; time by the clock was {waited(runs):.2f} times that. Times as fast: the median of the rounds'
            ratios, least to most.
            """
        ),
        "",
        f"| model, input | {' | '.join(head)} |",
        "| --- |" + " --- |" * len(head),
    ]
    for row in dict.fromkeys(name.split(" | ")[0] for name in runs):
        each_s = [seconds(runs[f"{row} | {name}"]) / CALLS for name in OPENERS]
        ratios = each_s[0] / each_s[-1]
        cells = [f"{1000 * np.median(some):.1f}" for some in each_s]
        lines.append(f"| {row} | {' | '.join(cells)} | {np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f}) |")
    return lines


def _findings(folder: Path, files: list[Path]) -> list[str]:
    """What each model finds on each engine, on ten seconds of a street."""
    detectors = {
        (path.stem, name): OnnxDetector(partial(open_it, path), name=path.stem)
        for path in files
        for name, open_it in OPENERS.items()
    }
    lag = lag_of_towncentre(folder, detectors["yolox_nano", FIRST])
    found = {key: Found() for key in detectors}
    for frame, truth in towncentre(folder, lag=lag).frames():
        if frame.index % EVERY == 0 or truth is not None:
            look(frame, truth, detectors, found)
    agree = [f"as {FIRST}, IoU {least:g}" for least in LEAST_IOUS]
    lines = [
        paragraph(
            f"""
            What that changes: precision / recall, per cent, of boxes of score {FROM_SCORE:g} and more. On every {EVERY}th
            picture of towncentre and on the annotated ones they are compared with what the same model finds in {FIRST}; on the
            annotated ones also with the truth, at an IoU of {LEAST_IOU:g}.
            """
        ),
        "",
        f"| model | runs in | {' | '.join(agree)} | truth |",
        "| --- | --- | --- | --- | --- |",
    ]
    for (model, name), each in found.items():
        cells = ["" if name == FIRST else _shown(each.agreement.shares(least)) for least in LEAST_IOUS]
        engine = detectors[model, name].described.replace(", CPU,", ",")
        lines.append(f"| {model} | {engine} | {' | '.join(cells)} | {_shown(each.seen.scores())} |")
    return lines


def look(
    frame: Frame,
    truth: Truth | None,
    detectors: Mapping[tuple[str, str], OnnxDetector],
    found: Mapping[tuple[str, str], Found],
) -> None:
    """Show a picture to all detectors, which are named by model and engine, the first engine of a model before its others."""
    wanted: dict[str, Floats] = {}
    for (model, engine), detector in detectors.items():
        said = detector.detect(frame)
        boxes = said.boxes_px[said.scores >= FROM_SCORE]
        found[model, engine].agreement.add(boxes, wanted.setdefault(model, boxes))
        if truth is not None:
            found[model, engine].seen.add(boxes, truth)


def _shown(shares: tuple[float, float]) -> str:
    return " / ".join(f"{100 * share:.1f}" for share in shares)


if __name__ == "__main__":
    print("\n".join(measured(*map(Path, sys.argv[1:]))))
