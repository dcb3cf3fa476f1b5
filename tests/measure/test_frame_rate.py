"""Measures at five frames a second are those of the full rate, to a stated tolerance.

Velocities are taken over one second, so that both rates see the same window.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.measure.walkers import JUELICH, every, juelich, walkers

from throng.data.ground_place import Area, GroundLine
from throng.data.trajectories import Trajectories
from throng.measure.floor import floor_use
from throng.measure.flow import crossings, flows
from throng.measure.fundamental import diagram
from throng.measure.histogram import direction_histogram, speed_histogram
from throng.measure.inside import inside
from throng.measure.intervals import interval_edges, interval_means
from throng.measure.presence import dwell, entries, exits, occupancy, visits
from throng.measure.speed import mean_speed, speed_quantiles, speeds, velocities

Floats = NDArray[np.float64]
INTERVAL_S = 10.0
TOLERANCES = {
    "individual speed, m/s": 0.05,
    "mean speed in 10 s, m/s": 0.02,
    "speed quantiles in 10 s, m/s": 0.15,
    "crossings, share": 0.04,
    "crossing in 10 s, people": 1.0,
    "entries and exits, share": 0.05,
    "occupancy in 10 s, people": 0.2,
    "mean dwell, share": 0.05,
    "90th percentile of dwell, share": 0.08,
    "density times speed in 10 s, people/(m s)": 0.04,
    "directions, share of the time": 0.03,
    "speeds in bins of 0.25 m/s, share of the time": 0.03,
    "use of the floor in cells of 1 m, share of the time": 0.05,
}
"""The greatest difference allowed; of individual speeds, what 99 in 100 keep to.

Chosen on the recordings below and 60 simulated ones of other seeds. Of 60 further seeds, used for nothing else, 59 kept to
all of them; in one a quantile of speed was off by 0.16 m/s.
"""


def differences(whole: Trajectories, step: int, line: GroundLine, area: Area) -> dict[str, float]:
    slow, kept = every(whole, step), (whole.frames - whole.first_frame) % step == 0
    edges_s = interval_edges(slow, INTERVAL_S)
    velocity = [velocities(run, window_s=1.0) for run in (whole, slow)]
    gap = np.abs(speeds(velocity[1]) - speeds(velocity[0])[kept])

    def both(measure: Callable[[Trajectories, Floats], Floats]) -> tuple[Floats, Floats]:
        return measure(whole, velocity[0]), measure(slow, velocity[1])

    def most(measure: Callable[[Trajectories, Floats], Floats]) -> float:
        full, few = both(measure)
        return float(np.nanmax(np.abs(few - full)))

    def share(measure: Callable[[Trajectories, Floats], Floats]) -> float:
        full, few = both(measure)
        return float(np.abs(few - full).sum() / full.sum())

    def stays(run: Trajectories, _: Floats) -> Floats:
        found = visits(run, area)
        return np.array([entries(found, edges_s).sum(), exits(found, edges_s).sum()], dtype=float)

    def specific_flow_of(run: Trajectories, v: Floats) -> Floats:
        density = interval_means(run, occupancy(run, area) / area.area_m2, edges_s)
        return diagram(density, interval_means(run, mean_speed(run, v, area), edges_s)).flow_per_m_s

    left_m, bottom_m = whole.xy_m.min(axis=0)
    columns, rows = np.ceil(np.ptp(whole.xy_m, axis=0) + 0.01).astype(int).tolist()
    bins = np.append(np.arange(0, 2.5, 0.25), np.inf)
    return {
        "individual speed, m/s": float(np.nanquantile(gap, 0.99)),
        "mean speed in 10 s, m/s": most(lambda run, v: interval_means(run, mean_speed(run, v, area), edges_s)),
        "speed quantiles in 10 s, m/s": most(lambda run, v: speed_quantiles(run, v, area, edges_s=edges_s)),
        "crossings, share": share(lambda run, _: flows(crossings(run, line), edges_s[[0, -1]])),
        "crossing in 10 s, people": most(lambda run, _: flows(crossings(run, line), edges_s) * np.diff(edges_s)[:, None]),
        "entries and exits, share": share(stays),
        "occupancy in 10 s, people": most(lambda run, _: interval_means(run, occupancy(run, area).astype(float), edges_s)),
        "mean dwell, share": share(lambda run, _: np.array([dwell(visits(run, area)).mean_s])),
        "90th percentile of dwell, share": share(lambda run, _: np.array([dwell(visits(run, area)).p90_s])),
        "density times speed in 10 s, people/(m s)": most(specific_flow_of),
        "directions, share of the time": share(direction_histogram),
        "speeds in bins of 0.25 m/s, share of the time": share(
            lambda run, v: speed_histogram(run, v, edges_mps=bins, where=inside(run.xy_m, area))
        ),
        "use of the floor in cells of 1 m, share of the time": share(
            lambda run, _: floor_use(run, left_m=left_m, bottom_m=bottom_m, cell_m=1.0, columns=columns, rows=rows)
        ),
    }


def check(found: dict[str, float]) -> None:
    assert {name: value for name, value in found.items() if not value <= TOLERANCES[name] + 1e-9} == {}


@pytest.mark.parametrize("step", [3, 6])
def test_simulated_walkers_at_ten_and_five_frames_a_second(step: int) -> None:
    crowd = walkers(people=150, rate_hz=30.0, duration_s=60.0)
    line = GroundLine("line", np.array([[-3.0, 0.4], [3.0, -0.2]]))
    area = Area("area", np.array([[-2.0, -2.0], [2.0, -2.0], [2.0, 2.0], [-2.0, 2.0]]))
    check(differences(crowd, step, line, area))


PLACES = {
    "040_c_56_h-.txt": ([[-0.4, 0.0], [0.4, 0.0]], [[-1, 0.5], [1, 0.5], [1, 2.5], [-1, 2.5]]),
    "bi_corr_400_b_03.txt": ([[0.0, 0.0], [0.0, 4.0]], [[-1, 0], [1, 0], [1, 4], [-1, 4]]),
    "uo-050-180-180.txt": ([[0.0, 2.0], [1.8, 2.0]], [[0, 1], [1.8, 1], [1.8, 3], [0, 3]]),
    "uo-180-180-120.txt": ([[0.0, 2.0], [1.8, 2.0]], [[0, 1], [1.8, 1], [1.8, 3], [0, 3]]),
}


@pytest.mark.realdata
@pytest.mark.parametrize("name", JUELICH)
def test_real_walkers_at_five_frames_a_second(shared_data: Path, name: str) -> None:
    """Every fifth frame of 25 a second, or every third of 16."""
    whole = juelich(shared_data, name)
    ends, corners = PLACES[name]
    step = round(whole.rate_hz / 5)
    check(differences(whole, step, GroundLine("line", np.array(ends)), Area("area", np.array(corners, dtype=float))))
