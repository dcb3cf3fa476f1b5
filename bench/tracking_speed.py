"""How long one update of the tracker takes, beside the peers, and how that grows with the number of people."""

import statistics
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from bench.crowd import RATE_HZ, dense, sparse
from bench.peers.environment import version_of
from bench.peers.process import Peers
from bench.report import paragraph
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.track.tracker import Tracker

ROUNDS = 7
WARM_UP = 20
"""Frames at the start of each round that are not counted."""
TIMED = {20: 200, 100: 100, 300: 60, 1000: 25}
"""Frames that are counted, by people."""
GOALS = {20: 2.0, 100: 5.0, 300: 10.0, 1000: 20.0}
"""How many times faster than ByteTrack the tracker is to be, by people."""
PEERS = ("ByteTrack", "SORT", "norfair, iou")
TOO_SLOW = {("norfair, iou", 1000)}
"""Left out: two minutes more for this part."""
GROWTH = (20, 50, 100, 200, 500, 1000, 2000)
UPPER = 200
"""From here on what every frame costs, whoever is in it, weighs little."""


def table() -> list[str]:
    """The table of times and ratios, as Markdown."""
    lines = [
        paragraph(
            f"""
            Walking people fill a picture of 1920 x 1080 at {RATE_HZ:g} frames a second. Their boxes overlap as in a crowd seen
            from above (1,000 people are 30 to 60 px high; fewer are larger), jitter, are missed 5 times in 100, and 3 false
            ones come with every 100; scores are random. Everyone gets the same arrays, made into what each takes before its
            time starts. Mean of the frames of a round, median of {ROUNDS} rounds taken in turn, one core; the ratio is taken
            round by round. trackers {version_of("trackers")}, norfair {version_of("norfair")}.
            """
        ),
        "",
        f"| people | Throng, ms a frame | {' | '.join(f'{name}, ms' for name in PEERS)} "
        "| ByteTrack / Throng | least to most | goal | | people followed: Throng, ByteTrack |",
        f"| --- | --- | {' | '.join('---' for _ in PEERS)} | --- | --- | --- | --- | --- |",
    ]
    with Peers() as peers:
        for people in TIMED:
            print(f"bench: timing trackers with {people} people", file=sys.stderr, flush=True)
            lines.append(_row(people, *_rounds(people, peers)))
    return [*lines, "", "### As people grow in number", "", *growth()]


def growth() -> list[str]:
    """The tracker's cost as people grow in number and the picture with them, as Markdown."""
    people = np.array(GROWTH)
    print(f"bench: timing the tracker with {people[0]} to {people[-1]} people", file=sys.stderr, flush=True)
    films = [sparse(int(n), WARM_UP + 40, seed=2) for n in people]
    rounds = [[1000 * statistics.fmean(throng_times(film).seconds[WARM_UP:]) for film in films] for _ in range(ROUNDS)]
    cost_ms = np.median(rounds, axis=0)
    bound_cost = people * np.log(people)
    own, bound = _exponent(people, cost_ms), _exponent(people, bound_cost)
    upper = people >= UPPER
    own_upper, bound_upper = (_exponent(people[upper], cost[upper]) for cost in (cost_ms, bound_cost))
    met = "met" if own <= bound and own_upper <= bound_upper else "missed"
    return [
        "A sparse scene: 200 x 200 px of picture for each person.",
        "",
        f"| people | {' | '.join(f'{n:,}' for n in people)} |",
        f"| --- |{' --- |' * len(people)}",
        f"| Throng, ms a frame | {' | '.join(f'{ms:.2f}' for ms in cost_ms)} |",
        "",
        f"Exponent of a straight line through the logarithms: {own:.2f}, where n log n has {bound:.2f}; from {UPPER} people on "
        f"{own_upper:.2f}, where n log n has {bound_upper:.2f}. Goal, no worse than n log n: {met}.",
    ]


class Timed(NamedTuple):
    """What each update of a fresh tracker takes, seconds, and how many people it says are there afterwards."""

    seconds: list[float]
    people: list[int]


def throng_times(film: Sequence[Detections]) -> Timed:
    """Time Throng's tracker."""
    tracker = Tracker()
    seconds, people = [], []
    for frame in film:
        started = time.perf_counter()
        tracks = tracker.update(frame)
        seconds.append(time.perf_counter() - started)
        people.append(len(tracks))
    return Timed(seconds, people)


def peer_times(peers: Peers, name: str) -> Timed:
    """Time a peer's tracker over the film that it was handed."""
    said = peers.run(name, rate_hz=RATE_HZ)
    return Timed(said.seconds.tolist(), [len(ids) for ids in said.ids])


def _rounds(people: int, peers: Peers) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Milliseconds a frame in every round, by tracker, and people followed in the mean; the first round only warms up."""
    film = dense(people, WARM_UP + TIMED[people], seed=1)
    peers.load([frame.boxes_px for frame in film], [frame.scores for frame in film])
    times: dict[str, list[float]] = {name: [] for name in ("Throng", *PEERS) if (name, people) not in TOO_SLOW}
    followed = {}
    for _ in range(ROUNDS + 1):
        for name, taken in times.items():
            timed = throng_times(film) if name == "Throng" else peer_times(peers, name)
            taken.append(1000 * statistics.fmean(timed.seconds[WARM_UP:]))
            followed[name] = statistics.fmean(timed.people[WARM_UP:])
    return {name: taken[1:] for name, taken in times.items()}, followed


def _row(people: int, times: dict[str, list[float]], followed: dict[str, float]) -> str:
    ratios = sorted(theirs / ours for theirs, ours in zip(times["ByteTrack"], times["Throng"], strict=True))
    ratio = statistics.median(ratios)
    medians = [f"{statistics.median(times[name]):.2f}" if name in times else "-" for name in ("Throng", *PEERS)]
    met = "met" if ratio >= GOALS[people] else "missed"
    spread = f"{ratios[0]:.1f} to {ratios[-1]:.1f}"
    both = f"{followed['Throng']:.0f}, {followed['ByteTrack']:.0f}"
    return f"| {people:,} | {' | '.join(medians)} | {ratio:.1f} | {spread} | {GOALS[people]:g} | {met} | {both} |"


def _exponent(people: NDArray[np.int64], cost: NDArray[np.float64]) -> float:
    return float(np.polyfit(np.log(people), np.log(cost), 1)[0])
