"""A recording cut into intervals of time, counted in seconds from its first frame."""

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import TrajectoryError
from throng.data.trajectories import Trajectories

Floats = NDArray[np.float64]
CLOSE_S = 1e-9
"""Times nearer than this to an edge lie on it: 15 frames of 25 a second are three intervals of 0.2 s."""


def times_s(trajectories: Trajectories) -> Floats:
    """Seconds since the first frame of every row, (n,)."""
    times: Floats = (trajectories.frames - trajectories.first_frame) / trajectories.rate_hz
    return times


def duration_s(trajectories: Trajectories) -> float:
    """Length of the recording: every frame stands for the time until the next."""
    return (trajectories.last_frame - trajectories.first_frame + 1) / trajectories.rate_hz


def interval_edges(trajectories: Trajectories, interval_s: float) -> Floats:
    """Edges (k + 1,) of the intervals of a recording, seconds since its first frame; the last interval may be shorter.

    Raises
    ------
    TrajectoryError
        The interval is not positive.
    """
    if not (np.isfinite(interval_s) and interval_s > 0):
        raise TrajectoryError(f"an interval must last a positive number of seconds, not {interval_s}")
    end_s = duration_s(trajectories)
    whole = max(int(np.ceil((end_s - CLOSE_S) / interval_s)), 1)
    return np.append(np.arange(whole) * interval_s, end_s)


def interval_of(times: Floats, edges_s: Floats) -> NDArray[np.int64]:
    """Which interval each time (n,) falls into, (n,); -1 for none. An interval holds its first edge and not its last."""
    index = np.searchsorted(edges_s - CLOSE_S, times, side="right") - 1
    return np.where(index < len(edges_s) - 1, index, -1)


def interval_means(trajectories: Trajectories, series: Floats, edges_s: Floats) -> Floats:
    """Mean (k,) in every interval of what is known of a series (frames,) of one value a frame; NaN where nothing is."""
    which = interval_of(np.arange(len(series)) / trajectories.rate_hz, edges_s)
    known = (which >= 0) & np.isfinite(series)
    size = len(edges_s) - 1
    return mean_of(which[known], series[known], size)


def mean_of(groups: NDArray[np.int64], values: Floats, size: int) -> Floats:
    """Mean (size,) of the values of every group 0 ... size - 1; NaN for a group without any."""
    counts = np.bincount(groups, minlength=size)
    means = np.full(size, np.nan)
    np.divide(np.bincount(groups, values, minlength=size), counts, out=means, where=counts > 0)
    return means
