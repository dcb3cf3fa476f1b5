"""Whether the tracker's memory stays as it is over a day of traffic."""

import gc
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from bench.film import INDEPENDENT
from bench.report import paragraph

from throng.data.detections import Detections
from throng.measure.measurer import Measurer
from throng.simulate.detections import TrueBoxes, degraded, true_boxes
from throng.simulate.scenario import load
from throng.track.tracker import Tracker

SCENARIO = "concourse-5"
RATE_HZ = 5.0
HOURS = 24
GOAL = 0.02
"""Growth from the second hour to the last that still counts as flat."""


@dataclass(frozen=True, slots=True)
class Hour:
    """The end of one hour.

    Attributes
    ----------
    resident_mb : float
        Memory of the process that lies in RAM.
    objects : int
        Python objects that the garbage collector follows.
    most_held : int
        Most tracks that the tracker held at a time, seen or not, confirmed or not.
    passages : int
        Tracks that ended in this hour.
    """

    resident_mb: float
    objects: int
    most_held: int
    passages: int


def table() -> list[str]:
    """The table of the hours, as Markdown."""
    hours = list(day())
    shown = [0, 1, *range(3, HOURS, 4)]
    growth = hours[-1].resident_mb / hours[1].resident_mb - 1
    return [
        paragraph(
            f"{HOURS} hours of {SCENARIO} at {RATE_HZ:g} frames a second, run as fast as it goes through the tracker and the "
            "measures of one camera; the crowd repeats every ten minutes, the detector's faults never do."
        ),
        "",
        f"| after hours | {' | '.join(str(k + 1) for k in shown)} |",
        f"| --- |{' --- |' * len(shown)}",
        f"| resident memory, MB | {' | '.join(f'{hours[k].resident_mb:.1f}' for k in shown)} |",
        f"| Python objects | {' | '.join(f'{hours[k].objects:,}' for k in shown)} |",
        f"| most tracks held at a time | {' | '.join(str(hours[k].most_held) for k in shown)} |",
        f"| tracks ended in the hour | {' | '.join(f'{hours[k].passages:,}' for k in shown)} |",
        "",
        f"Growth from the second hour to the last: {growth:+.1%} (flat: within {GOAL:.0%}, "
        f"{'met' if abs(growth) <= GOAL else 'missed'}).",
    ]


def day() -> Iterator[Hour]:
    """Run the day; the state at the end of each hour."""
    scenario = load(SCENARIO)
    camera = scenario.cameras[0]
    seen = list(true_boxes(scenario, camera, np.arange(0.0, scenario.duration_s, 1 / RATE_HZ).tolist()))
    tracker, measurer = Tracker(), Measurer(camera.lines_px, camera.zones_px)
    frames = _endless(seen)
    for hour in range(HOURS):
        print(f"bench: hour {hour + 1} of {HOURS}", file=sys.stderr, flush=True)
        most_held = passages = 0
        for _ in range(round(3600 * RATE_HZ)):
            tracks = tracker.update(next(frames))
            measurer.update(tracks)
            most_held, passages = max(most_held, len(tracker._ids)), passages + len(tracks.ended_ids)
        gc.collect()
        yield Hour(_resident_mb(), len(gc.get_objects()), most_held, passages)


def _endless(seen: list[TrueBoxes]) -> Iterator[Detections]:
    """The scenario over and over, degraded anew each time."""
    rng = np.random.default_rng(11)
    frame = 0
    while True:
        for each in seen:
            yield degraded(replace(each, time_s=frame / RATE_HZ), INDEPENDENT, rng)
            frame += 1


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
