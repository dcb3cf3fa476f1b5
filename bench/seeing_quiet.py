"""A quiet scene on one core: how much of the cost of decoding alone a camera costs when nobody is there most of the time."""

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from bench.report import paragraph
from bench.seeing_film import FOOTAGE, LINE, VISITS, ZONE, Film, order, splice
from bench.seeing_rounds import Peer, Run, decode, described, in_turn, pinned, seconds, spread, throng, verdict, waited
from numpy.typing import NDArray

from throng.data.place import Line, Zone
from throng.pipeline import Plan

QUIET = 0.9
ROUNDS = 3
DECODE_GOAL = 0.60
PEER_GOAL = 8.0
STRIDE = 2
"""Every how many frames is looked at five times a second."""


def plan(model: Path) -> Plan:
    """What a site would ask of this camera."""
    return Plan(lines=(Line("way out", LINE),), zones=(Zone("table", ZONE),), detector=str(model))


def table(data: Path, model: Path) -> list[str]:
    """The table of times, ratios and counts, as Markdown."""
    pinned()
    asked = plan(model)
    with tempfile.TemporaryDirectory(prefix="throng-bench-") as folder, Peer() as peer:
        path = Path(folder) / "quiet.mp4"
        film = splice(data / FOOTAGE, path, order(VISITS, quiet=QUIET), visits=VISITS)
        runs = in_turn(
            {
                "decode": partial(decode, path),
                "bgr": partial(decode, path, bgr=True),
                "Throng": partial(throng, asked, path, rate_hz=film.rate_hz / STRIDE),
                "every": partial(throng, asked, path),
                "peer": partial(peer.run, asked, path),
                "strided": partial(peer.run, asked, path, stride=STRIDE),
            },
            ROUNDS,
            warm_up=False,
        )
    return [_about(film, runs), "", *_times(film, runs), "", *_ratios(runs)]


def _about(film: Film, runs: dict[str, list[Run]]) -> str:
    return paragraph(
        f"""
        A film of {film.frames / film.rate_hz:.0f} s at {film.rate_hz:g} frames a second, spliced from {FOOTAGE.name} without
        encoding anew: {film.people} people come one at a time, stand at a table and leave; {film.quiet:.0%} of the frames show
        nobody. YOLOX-nano, one line that everyone crosses once, one zone that everyone enters once; {ROUNDS} rounds in turn on
        one core. Times are processor time after the first frame, the median of the rounds; time by the clock was
        {waited(runs):.2f} times that. The peer: {described()}.
        """
    )


def _times(film: Film, runs: dict[str, list[Run]]) -> list[str]:
    named = {
        "decode": "decoding alone (PyAV, one thread, pictures left as they come)",
        "bgr": "decoding and converting to BGR, for comparison",
        "Throng": f"**Throng**, as a site runs it: {film.rate_hz / STRIDE:g} looks a second at most",
        "every": "Throng, looking at every frame, for comparison",
        "peer": "the peer, every frame",
        "strided": f"the peer at {film.rate_hz / STRIDE:g} frames a second, for comparison",
    }
    lines = [
        f"| what | frames of the film a second | crossings, of {film.people} | entries, of {film.people} |",
        "| --- | --- | --- | --- |",
    ]
    for name, text in named.items():
        counts = runs[name][-1].counts
        counted = f"{counts['in'] + counts['out']} | {counts['entries']}" if counts else "|"
        rate_hz = (film.frames - 1) / float(np.median(seconds(runs[name])))
        lines.append(f"| {text} | {rate_hz:,.0f} | {counted} |")
    return lines


def _ratios(runs: dict[str, list[Run]]) -> list[str]:
    ours = seconds(runs["Throng"])
    against: dict[str, tuple[NDArray[np.float64], float | None]] = {
        "decoding alone": (seconds(runs["decode"]), DECODE_GOAL),
        "decoding and converting to BGR": (seconds(runs["bgr"]), None),
        "the peer, every frame": (seconds(runs["peer"]), PEER_GOAL),
        "the peer at 5 frames a second": (seconds(runs["strided"]), None),
        "the peer, every frame, when Throng looks at every frame too": (
            seconds(runs["peer"]) / seconds(runs["every"]) * ours,
            None,
        ),
    }
    lines = ["| Throng's frames/s over those of | median | least to most | goal | |", "| --- | --- | --- | --- | --- |"]
    for name, (theirs, goal) in against.items():
        ratios = theirs / ours
        told = "" if goal is None else f"{goal:g} | {verdict(float(np.median(ratios)), goal)}"
        lines.append(f"| {name} | {spread(ratios)} | {told or '|'} |")
    return lines
