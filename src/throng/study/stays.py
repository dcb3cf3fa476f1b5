"""How long people stay in the zones of a study, and how they queue there."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from throng.data.ground_place import Area
from throng.data.trajectories import Trajectories
from throng.measure.inside import inside
from throng.measure.intervals import duration_s
from throng.measure.presence import dwell, visits
from throng.measure.queue import Queue, waiting
from throng.study.table import stacked

Floats = NDArray[np.float64]

SLOT_S = 1.0


def dwell_table(trajectories: Trajectories, zones: Sequence[Area]) -> pa.Table:
    """A row for each zone: how long people stay, over the whole recording."""
    found = []
    for zone in zones:
        stays = dwell(visits(trajectories, zone))
        found.append(
            {
                "zone": zone.name,
                "mean_s": stays.mean_s,
                "median_s": stays.quantile(0.5),
                "p90_s": stays.p90_s,
                "complete": stays.complete,
                "cut": stays.cut,
                "left_out": stays.left_out,
                "reason": stays.reason,
            }
        )
    return stacked(found)


def queues_table(trajectories: Trajectories, zones: Sequence[Area], velocities_mps: Floats) -> pa.Table:
    """A row for each zone, taken as the area of a queue whose head is every way out, over the whole recording."""
    return stacked([_queue(trajectories, zone, velocities_mps) for zone in zones])


def _queue(trajectories: Trajectories, zone: Area, velocities_mps: Floats) -> dict[str, Any]:
    frames = len(trajectories.starts) - 1
    within = inside(trajectories.xy_m, zone)
    numbers = trajectories.frames - trajectories.first_frame
    wait = np.bincount(numbers[waiting(velocities_mps, within)], minlength=frames)
    stays = visits(trajectories, zone)
    gone = np.flatnonzero(stays.exit_seen)
    left = np.ceil(stays.left_s[gone] * trajectories.rate_hz - 1e-9).astype(np.int64)
    gone = gone[np.argsort(left, kind="stable")]
    bounds = np.searchsorted(np.sort(left), np.arange(frames + 1))
    lasted_s = np.where(stays.entry_seen, stays.left_s - stays.entered_s, np.nan)[gone]
    queue = Queue(slot_s=SLOT_S, span_s=max(np.ceil(duration_s(trajectories)), SLOT_S))
    for frame in range(frames):
        dwells_s = lasted_s[bounds[frame] : bounds[frame + 1]]
        queue.add(frame / trajectories.rate_hz, int(wait[frame]), len(dwells_s), dwells_s[np.isfinite(dwells_s)])
    # The newest slot does not count while it may still grow: this one is empty and ends the last.
    queue.add(np.ceil(frames / trajectories.rate_hz), int(wait[-1]), 0)
    state = queue.state()
    return {
        "zone": zone.name,
        "waiting_mean": state.mean_waiting,
        "service_rate_per_s": state.service_rate_per_s,
        "service_rate_error_per_s": state.rate_error,
        "wait_s": state.wait.wait_s,
        "wait_shortest_s": state.wait.shortest_s,
        "wait_longest_s": state.wait.longest_s,
        "stay_mean_s": state.measured_s,
        "stay_error_s": state.measured_error,
        "reason": state.wait.reason or "",
    }
