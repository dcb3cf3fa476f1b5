"""A busy street on one core: Throng beside the sum of decoding and the bare model call, and beside the peer."""

from functools import partial
from pathlib import Path

import numpy as np
from bench.report import paragraph
from bench.seeing_rounds import (
    BareModel,
    Peer,
    Run,
    decode,
    described,
    in_turn,
    pinned,
    seconds,
    spread,
    throng,
    verdict,
    waited,
)
from numpy.typing import NDArray

from throng.data.place import Line, Zone
from throng.detect.letterbox import input_size
from throng.pipeline import Plan

FOOTAGE = Path("video") / "towncentre" / "TownCentre_f0-125_1080p25.mp4"
FRAMES = 126
SIZE_PX = (1920, 1080)
DECLARED_PX = (416, 416)
ROUNDS = 7
LIMIT_GOAL = 0.92
PEER_GOAL = 1.5
STRIDE = 5
LINE = Line("line", np.array([[661.0, 166.0], [1859.0, 520.0]]))
ZONE = Zone("street", np.array([[0.0, 0.0], [1920.0, 0.0], [1920.0, 1080.0], [0.0, 1080.0]]))
TRUE_CROSSINGS = 4
"""By `line_counts_gt.json`: exits at frames 52, 53 and 115, an entry at 74, of the centres of boxes."""


def table(data: Path, model: Path) -> list[str]:
    """The table of times and ratios, as Markdown."""
    pinned()
    film = data / FOOTAGE
    plan = Plan(lines=(LINE,), zones=(ZONE,), anchor="centre", detector=str(model))
    filled_px = input_size(SIZE_PX, DECLARED_PX, stride=32)
    whole, filled = BareModel(model), BareModel(model, filled_px)
    with Peer() as peer:
        runs = in_turn(
            {
                "decode": partial(decode, film),
                "bgr": partial(decode, film, bgr=True),
                "whole": partial(whole.call, FRAMES),
                "filled": partial(filled.call, FRAMES),
                "Throng": partial(throng, plan, film),
                "peer": partial(peer.run, plan, film),
                "strided": partial(peer.run, plan, film, stride=STRIDE),
            },
            ROUNDS,
        )
    return [*_about(runs), "", *_times(runs, filled_px), "", *_ratios(runs, filled_px)]


def _about(runs: dict[str, list[Run]]) -> list[str]:
    return [
        paragraph(
            f"""
            {FOOTAGE.name}, {SIZE_PX[0]} x {SIZE_PX[1]}, {FRAMES} frames, every one of them looked at, YOLOX-nano, one line, one
            zone; {ROUNDS} rounds in turn on one core. Times are processor time after the first frame, the median of the
            rounds; time by the clock was {waited(runs):.2f} times that. The peer: {described()}.
            """
        )
    ]


def _times(runs: dict[str, list[Run]], filled_px: tuple[int, int]) -> list[str]:
    named = {
        "decode": "decoding alone (PyAV, one thread, pictures left as they come)",
        "bgr": "decoding and converting to BGR, for comparison",
        "whole": f"the bare model call alone, {_shape(DECLARED_PX)} as the file declares it",
        "filled": f"the bare model call alone, {_shape(filled_px)}, the part of that which the picture fills",
        "Throng": "**Throng**: decode, detect, track, one line, one zone",
        "peer": "the peer, every frame",
        "strided": f"the peer, every {STRIDE}th frame, for comparison",
    }
    lines = ["| what | ms a frame of the film | frames/s | crossings counted |", "| --- | --- | --- | --- |"]
    for name, text in named.items():
        each_s = float(np.median(seconds(runs[name]))) / (FRAMES - 1)
        counts = runs[name][-1].counts
        crossings = f"{counts['in'] + counts['out']} of {TRUE_CROSSINGS}" if counts else ""
        lines.append(f"| {text} | {1000 * each_s:.1f} | {1 / each_s:.1f} | {crossings} |")
    return lines


def _ratios(runs: dict[str, list[Run]], filled_px: tuple[int, int]) -> list[str]:
    ours, decoding = seconds(runs["Throng"]), seconds(runs["decode"])
    against: dict[str, tuple[NDArray[np.float64], float]] = {
        f"decoding and the bare model call, {_shape(DECLARED_PX)}": (decoding + seconds(runs["whole"]), LIMIT_GOAL),
        f"decoding and the bare model call, {_shape(filled_px)}": (decoding + seconds(runs["filled"]), LIMIT_GOAL),
        "the peer, every frame": (seconds(runs["peer"]), PEER_GOAL),
    }
    lines = ["| Throng's frames/s over those of | median | least to most | goal | |", "| --- | --- | --- | --- | --- |"]
    for name, (theirs, goal) in against.items():
        ratios = theirs / ours
        lines.append(f"| {name} | {spread(ratios)} | {goal:g} | {verdict(float(np.median(ratios)), goal)} |")
    return lines


def _shape(size_px: tuple[int, int]) -> str:
    return f"{size_px[0]} x {size_px[1]}"
