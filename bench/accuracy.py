"""Counting accuracy of the `foreground` detector on simulated concourses, whose truth is exact."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from throng.capture.source import open_source
from throng.data.outage import Outage
from throng.ground.calibration import exact
from throng.ground.homography import fit_homography
from throng.pipeline import Pipeline, Plan
from throng.simulate.scenario import load
from throng.simulate.truth import Truth, truth_of

CHOSEN_ON = 0.4
"""Share of every scenario, from its start, that the detector's settings were chosen on; what is reported comes after it."""
GOALS = {"concourse-5": 0.03, "concourse-50": 0.05, "concourse-150": 0.10}

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class LineCounts:
    """Counted and true crossings, one entry per line and direction, with the mean number of people in view."""

    counted: Counts
    true: Counts
    in_view: float

    @property
    def over(self) -> float:
        """Crossings counted too many, as a share of the true ones."""
        return float(np.maximum(self.counted - self.true, 0).sum() / self.true.sum())

    @property
    def under(self) -> float:
        """Crossings missed, as a share of the true ones."""
        return float(np.maximum(self.true - self.counted, 0).sum() / self.true.sum())


def count_lines(name: str, *, detector: str = "foreground", since: float = CHOSEN_ON, until: float = 1.0) -> LineCounts:
    """Line counts of a scenario's camera between two shares of its length, by the product's own pipeline."""
    scenario = load(name)
    camera = scenario.cameras[0]
    start_s, end_s = since * scenario.duration_s, until * scenario.duration_s
    ground = fit_homography(camera.points_px, camera.points_m)
    plan = Plan(lines=camera.lines_px, zones=(), detector=detector, calibrate=partial(exact, ground))
    counted = np.zeros(2 * len(plan.lines), np.int64)
    with open_source(f"simulate:{name}/{camera.name}", camera=camera.name) as source:
        for item in Pipeline(plan).run(source):
            if isinstance(item, Outage) or item.time_s > end_s:
                break
            if item.time_s >= start_s:
                np.add.at(counted, item.counters, 1)
    truth = truth_of(scenario, camera)
    return LineCounts(counted, true_crossings(truth, start_s, end_s), float(truth.in_view.mean()))


def true_crossings(truth: Truth, start_s: float, end_s: float) -> Counts:
    """How often people crossed between two moments, one entry per line and direction."""
    times = [moments for line in truth.lines for moments in (line.in_s, line.out_s)]
    return np.array([int(((moments >= start_s) & (moments <= end_s)).sum()) for moments in times])


def table() -> list[str]:
    """The accuracy table, as Markdown."""
    rows = [(name, count_lines(name), goal) for name, goal in GOALS.items()]
    return [
        f"The last {1 - CHOSEN_ON:.0%} of each scenario; the detector's settings were chosen on the rest.",
        "",
        "| scenario | people in view, mean | true crossings | counted | over | under | goal |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(
            f"| {name} | {counts.in_view:.0f} | {counts.true.sum()} | {counts.counted.sum()} | {counts.over:.1%} "
            f"| {counts.under:.1%} | {goal:.0%} |"
            for name, counts, goal in rows
        ),
        "",
        "Over and under are added up over lines and directions apart, so that they do not cancel.",
    ]
