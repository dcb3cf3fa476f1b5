"""How long a camera's frame takes to measure: lines, zones and all that is measured on the ground."""

import statistics
import time
from collections.abc import Iterator

import numpy as np
from bench.report import paragraph
from numpy.typing import NDArray

from throng.data.ground_place import Area
from throng.data.place import Line, Zone
from throng.data.tracks import Tracks
from throng.measure.live import LOOK_EVERY_S, LiveMeasures
from throng.measure.measurer import Measurer

Floats = NDArray[np.float64]

PEOPLE = (30, 100, 300)
GOAL_MS = 2.0
RATE_HZ = 5.0
FRAMES, WARM_UP = 150, 25
ROUNDS = 5
SIZE_PX = (1920, 1080)
PX_PER_M = 60.0
BODY_PX = np.array([20.0, 80.0])


def table() -> list[str]:
    """The table of times, as Markdown."""
    lines = [
        paragraph(
            f"""
            People walk at random over {SIZE_PX[0] / PX_PER_M:.0f} x {SIZE_PX[1] / PX_PER_M:.0f} m at {RATE_HZ:g} frames a
            second, past four lines and through four zones: crossings, entries, exits, stays' speeds, and in every zone classic
            and Voronoi density with a cut-off, mean and Voronoi-weighted speed, share standing, counter-flow and pressure,
            and over the whole floor a density grid and its use. Zones are looked at every {LOOK_EVERY_S:g} s; events at every
            frame. Processor time of one core, mean of {FRAMES - WARM_UP} frames, median of {ROUNDS} rounds (least to most).
            """
        ),
        "",
        "| people | lines and zones, ms | all, as a camera runs, ms | all at every frame, ms | goal, ms |",
        "| --- | --- | --- | --- | --- |",
    ]
    for people in PEOPLE:
        events, live, every = zip(*(_round(people, seed) for seed in range(ROUNDS)), strict=True)
        goal = f"{GOAL_MS:g}, {'met' if statistics.median(live) <= GOAL_MS else 'missed'} as a camera runs, " + (
            f"{'met' if statistics.median(every) <= GOAL_MS else 'missed'} at every frame"
        )
        lines.append(
            f"| {people} | {_spread(events)} | {_spread(live)} | {_spread(every)} | {goal if people == max(PEOPLE) else ''} |"
        )
    return lines


def _spread(values: tuple[float, ...]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _round(people: int, seed: int) -> tuple[float, float, float]:
    """Milliseconds a frame of lines and zones alone, of all as a camera runs, and of all with zones looked at every time."""
    corners = [np.array([[x, 100.0], [x + 380, 100], [x + 380, 980], [x, 980]]) for x in (60.0, 520.0, 980.0, 1440.0)]
    lines = [
        Line(f"line {number}", np.array([[x, 0.0], [x, 1080.0]])) for number, x in enumerate((400.0, 800.0, 1200.0, 1600.0))
    ]
    measurer = Measurer(lines, [Zone(f"zone {number}", each) for number, each in enumerate(corners)])
    areas = [Area(f"zone {number}", each / PX_PER_M) for number, each in enumerate(corners)]
    running, always = LiveMeasures(areas), LiveMeasures(areas, every_s=0.0)
    spent = np.zeros(3)
    for frame, tracks in enumerate(_walk(people, seed)):
        moments = [time.process_time()]
        for measure in (measurer.update, running.update, always.update):
            measure(tracks)
            moments.append(time.process_time())
        if frame >= WARM_UP:
            spent += np.diff(moments)
    events, live, every = (1000 * spent / (FRAMES - WARM_UP)).tolist()
    return events, events + live, events + every


def _walk(people: int, seed: int) -> Iterator[Tracks]:
    generator = np.random.default_rng(seed)
    size = np.array(SIZE_PX, dtype=np.float64)
    places, steps = generator.uniform(0, size, (people, 2)), generator.normal(0, PX_PER_M * 0.9 / RATE_HZ, (people, 2))
    ids = generator.permutation(people).astype(np.uint64)
    for frame in range(FRAMES):
        places = places + steps
        steps = np.where((places < 0) | (places > size), -steps, steps)
        places = np.clip(places, 1.0, size - 1.0)
        feet = places + generator.normal(0, 1.0, places.shape)
        yield Tracks(
            ids,
            np.hstack([feet - BODY_PX, feet + BODY_PX * [1, 0]]),
            feet,
            feet / PX_PER_M,
            np.empty(0, np.uint64),
            frame / RATE_HZ,
            np.ones(people, dtype=bool),
            feet,
        )
