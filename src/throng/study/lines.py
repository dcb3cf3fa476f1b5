"""What passes the lines of a study."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from throng.data.ground_place import GroundLine
from throng.data.trajectories import Trajectories
from throng.measure.clogging import interval_tail
from throng.measure.flow import (
    crossings,
    cumulative,
    first_passings,
    flow_between_passings,
    flows,
    length,
    net_flow,
    specific_flow,
)
from throng.study.intervals import Interval, Intervals
from throng.study.table import stacked

Floats = NDArray[np.float64]


def lines_table(trajectories: Trajectories, lines: Sequence[GroundLine], spans: Intervals) -> pa.Table:
    """A row for each line and interval; docs/measure.md describes the columns."""
    return stacked([_of_line(trajectories, line, spans) for line in lines])


def _of_line(trajectories: Trajectories, line: GroundLine, spans: Intervals) -> dict[str, Any]:
    crossed = crossings(trajectories, line)
    per_s = flows(crossed, spans.edges_s)
    people = np.rint(per_s * np.diff(spans.edges_s)[:, None]).astype(np.int64)
    last = np.searchsorted(spans.of_frame, np.arange(len(spans)), side="right") - 1
    once = cumulative(first_passings(crossed, trajectories), trajectories).sum(axis=1)
    both = per_s.sum(axis=1)
    return {
        "line": line.name,
        **spans.columns(),
        "in": people[:, 0],
        "out": people[:, 1],
        "total_in": np.cumsum(people[:, 0]),
        "total_out": np.cumsum(people[:, 1]),
        "people_passed": once[last],
        "flow_per_s": both,
        "net_flow_per_s": net_flow(per_s),
        "specific_flow_per_m_s": specific_flow(both, line),
        "length_m": length(line),
    }


def passings_table(
    trajectories: Trajectories, lines: Sequence[GroundLine], velocities_mps: Floats, *, interval_s: Interval
) -> pa.Table:
    """Flow while people pass, by intervals that end with a passing, as PedPy's ``compute_flow`` has it; none of frames."""
    if interval_s == "frame":
        return stacked([])
    found = []
    for line in lines:
        crossed = crossings(trajectories, line)
        points = flow_between_passings(trajectories, crossed, velocities_mps, interval_s=interval_s)
        found.append({"line": line.name, "flow_per_s": points[:, 0], "speed_mean_mps": points[:, 1]})
    return stacked(found)


def gaps_table(trajectories: Trajectories, lines: Sequence[GroundLine]) -> pa.Table:
    """A row for each line: the times between two passings, both ways together, and the power law of the long ones."""
    found = []
    for line in lines:
        gaps_s = np.diff(crossings(trajectories, line).times_s)
        tail = interval_tail(gaps_s)
        median_s, p90_s = np.quantile(gaps_s, (0.5, 0.9)) if len(gaps_s) else (np.nan, np.nan)
        found.append(
            {
                "line": line.name,
                "gaps": len(gaps_s),
                "mean_s": gaps_s.mean() if len(gaps_s) else np.nan,
                "median_s": median_s,
                "p90_s": p90_s,
                "tail_exponent": tail.exponent,
                "tail_exponent_error": tail.error,
                "tail_from_s": tail.shortest_s,
                "reason": tail.reason or "",
            }
        )
    return stacked(found)
