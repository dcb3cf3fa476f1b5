"""People who cross a line on the ground: when, which way, how many a second, and how many a second and metre."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import TrajectoryError
from throng.data.ground_place import SHORTEST_M, GroundLine
from throng.data.secrecy import MemoryOnly
from throng.data.trajectories import Trajectories
from throng.measure.intervals import interval_of
from throng.measure.paths import LONGEST_GAP_S, paths
from throng.measure.speed import speeds

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Crossings(MemoryOnly):
    """Crossings of one line, in the order of time.

    Attributes
    ----------
    rows : (k,) int64
        Rows of the trajectories where the person is first seen on the other side.
    times_s : (k,) float64
        When the straight way to that row passes the line, seconds since the first frame.
    inward : (k,) bool
        Whether the person came from the left-hand side, looking from the line's first end to its second.
    """

    rows: NDArray[np.int64]
    times_s: Floats
    inward: NDArray[np.bool_]


def crossings(trajectories: Trajectories, line: GroundLine, *, longest_gap_s: float = LONGEST_GAP_S) -> Crossings:
    """Every passing of a line segment, both ways, by everybody.

    A crossing is a step from one side to the other that passes between the line's ends, both ends included. A place on the
    line (nearer than a micrometre) is on the side the person came from, so that touching the line and turning back is no
    crossing; somebody whose path begins on the line has come from neither side. A person who goes to and fro crosses each time:
    feet swaying on the line count as they did in the recording. Between rows people walk straight, also over a gap of up to
    `longest_gap_s`.

    Parameters
    ----------
    trajectories : Trajectories
        The recording.
    line : GroundLine
        What is crossed.
    longest_gap_s : float
        A person unseen for longer has not crossed.
    """
    rows, begins = paths(trajectories, longest_gap_s=longest_gap_s)
    distance_m, share = _beside(trajectories.xy_m[rows], line)
    side = np.where(np.abs(distance_m) <= SHORTEST_M, 0, np.sign(distance_m)).astype(np.int64)
    came_from = _carried(side, begins)
    to = np.flatnonzero(~begins[1:] & (side[1:] != 0) & (came_from[:-1] * side[1:] < 0)) + 1
    part = np.clip(distance_m[to - 1] / (distance_m[to - 1] - distance_m[to]), 0.0, 1.0)
    at = share[to - 1] + part * (share[to] - share[to - 1])
    between = (at >= 0) & (at <= 1)
    to, part = to[between], part[between]
    frames = trajectories.frames[rows] - trajectories.first_frame
    times_s = (frames[to - 1] + part * (frames[to] - frames[to - 1])) / trajectories.rate_hz
    order = np.lexsort((trajectories.ids[rows[to]], times_s))
    return Crossings(rows[to][order], times_s[order], side[to][order] < 0)


def _beside(xy_m: Floats, line: GroundLine) -> tuple[Floats, Floats]:
    """Distance (n,) from the straight line, positive on its left, and share (n,) of the way from its first end."""
    along, offset = line.ends_m[1] - line.ends_m[0], xy_m - line.ends_m[0]
    length_m = length(line)
    distance_m = (along[0] * offset[:, 1] - along[1] * offset[:, 0]) / length_m
    return distance_m, offset @ along / length_m**2


def _carried(side: NDArray[np.int64], begins: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The side (n,) each row counts for: its own or, on the line, that of the last row beside it; 0 before the first."""
    index = np.arange(len(side))
    last = np.maximum.accumulate(np.where(side != 0, index, -1))
    first = np.maximum.accumulate(np.where(begins, index, -1))
    return np.where(last >= first, side[last], 0)


def length(line: GroundLine) -> float:
    """Length of a line, metres."""
    return float(np.hypot(*(line.ends_m[1] - line.ends_m[0])))


def first_passings(crossed: Crossings, trajectories: Trajectories) -> Crossings:
    """Only the first crossing of every person, which is what PedPy counts."""
    _, first = np.unique(trajectories.ids[crossed.rows], return_index=True)
    kept = np.sort(first)
    return Crossings(crossed.rows[kept], crossed.times_s[kept], crossed.inward[kept])


def cumulative(crossed: Crossings, trajectories: Trajectories) -> NDArray[np.int64]:
    """N-t: how many crossings there were up to each frame, (frames, 2), inward and outward.

    A crossing counts from the frame where the person is first seen on the other side. Over `first_passings`, the sum of both
    columns is PedPy's ``compute_n_t``, except that PedPy misses a crossing in the last step of a path or over a gap, and counts
    somebody who steps onto the line and back.
    """
    size = len(trajectories.starts) - 1
    frames = trajectories.frames[crossed.rows] - trajectories.first_frame
    ways = [np.bincount(frames[chosen], minlength=size) for chosen in (crossed.inward, ~crossed.inward)]
    return np.cumsum(np.stack(ways, axis=1), axis=0)


def flows(crossed: Crossings, edges_s: Floats) -> Floats:
    r"""Flow through a line in every interval, inward and outward.

    .. math:: J = \frac{N(t_{k + 1}) - N(t_k)}{t_{k + 1} - t_k}

    Parameters
    ----------
    crossed : Crossings
        Of one line, in the order of time.
    edges_s : (k + 1,) float64
        Edges of the intervals, as `intervals.interval_edges` gives them.

    Returns
    -------
    (k, 2) float64
        People a second.
    """
    size = len(edges_s) - 1
    which = interval_of(crossed.times_s, edges_s)
    ways = [np.bincount(which[chosen & (which >= 0)], minlength=size) for chosen in (crossed.inward, ~crossed.inward)]
    result: Floats = np.stack(ways, axis=1) / np.diff(edges_s)[:, None]
    return result


def net_flow(flow_per_s: Floats) -> Floats:
    """Inward less outward, (k,) people/s, of flows (k, 2)."""
    result: Floats = flow_per_s[:, 0] - flow_per_s[:, 1]
    return result


def specific_flow(flow_per_s: Floats, line: GroundLine) -> Floats:
    r"""Flow for each metre of the line's length, people/(m s): J_s = J / b. Shape as given."""
    return flow_per_s / length(line)


def flow_between_passings(
    trajectories: Trajectories, crossed: Crossings, velocities_mps: Floats, *, interval_s: float
) -> Floats:
    r"""Flow while people pass, and their mean speed: intervals end with a passing, so that an empty line adds no zeros.

    .. math:: J = \frac{N}{t_N - t_0}

    N people pass until the last passing before the interval's end, `t_0` is the last passing of the interval before. This is
    PedPy's ``compute_flow``, frame for frame: both ways together, the first passing of everybody, times in whole frames, the
    first interval beginning with the first passing (which it counts), the later ones a frame after the last.

    Parameters
    ----------
    trajectories : Trajectories
        The recording.
    crossed : Crossings
        Of one line of these trajectories, in the order of time.
    velocities_mps : (n, 2) or (n,) float64
        Velocities or speeds of its rows.
    interval_s : float
        Length of the intervals, seconds; rounded to frames.

    Returns
    -------
    (k, 2) float64
        People a second, and the mean speed at the passing, m/s (NaN where unknown). An interval without a passing is left out.

    Raises
    ------
    TrajectoryError
        The interval is shorter than a frame.
    """
    step = round(interval_s * trajectories.rate_hz)
    if step < 1:
        raise TrajectoryError(f"an interval must last a frame or more, {1 / trajectories.rate_hz:g} s, not {interval_s} s")
    passed = first_passings(crossed, trajectories)
    count = cumulative(passed, trajectories).sum(axis=1)
    if not count[-1]:
        return np.empty((0, 2))
    first = int(np.argmax(count > 0))
    until = count[first + step : len(count) - 1 : step]
    until = until[np.diff(until, prepend=0) > 0]
    ends = np.searchsorted(count, until) + 1
    begins = np.append(first, ends)[:-1]
    flow = np.diff(until, prepend=0) / (ends - begins) * trajectories.rate_hz
    frames = trajectories.frames[passed.rows] - trajectories.first_frame
    speed = speeds(velocities_mps)[passed.rows]
    within = (frames >= begins[:, None]) & (frames <= ends[:, None]) & np.isfinite(speed)
    known = within.sum(axis=1)
    mean_mps = np.full(len(flow), np.nan)
    np.divide(np.where(within, speed, 0.0).sum(axis=1), known, out=mean_mps, where=known > 0)
    return np.stack([flow, mean_mps], axis=1)
