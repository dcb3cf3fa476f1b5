"""The intervals of time that a study reports."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from throng.data.trajectories import Trajectories
from throng.measure.intervals import interval_edges, interval_of

Floats = NDArray[np.float64]
Interval = float | Literal["frame"]


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Intervals of a recording.

    Attributes
    ----------
    edges_s : (k + 1,) float64
        Seconds since the first frame.
    of_frame : (frames,) int64
        Which interval each frame from the first to the last is in.
    frames : (k,) int64 or None
        The frame each of them is, where they are single frames.
    """

    edges_s: Floats
    of_frame: NDArray[np.int64]
    frames: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.edges_s) - 1

    def columns(self) -> dict[str, Any]:
        """The columns that say when: `frame` for single frames, `start_s`, `end_s`."""
        when = {"start_s": self.edges_s[:-1], "end_s": self.edges_s[1:]}
        return when if self.frames is None else {"frame": self.frames, **when}

    def greatest(self, series: Floats) -> Floats:
        """The greatest known value (k,) of a series (frames,) in each interval; NaN where nothing is known."""
        result = np.full(len(self), -np.inf)
        known = np.isfinite(series)
        np.maximum.at(result, self.of_frame[known], series[known])
        return np.where(np.isfinite(result), result, np.nan)


def intervals(trajectories: Trajectories, interval_s: Interval) -> Intervals:
    """Cut a recording into intervals of so many seconds, or into single frames.

    Raises
    ------
    TrajectoryError
        The interval is not positive.
    """
    count = len(trajectories.starts) - 1
    if interval_s == "frame":
        frames = np.arange(count)
        return Intervals(np.arange(count + 1) / trajectories.rate_hz, frames, trajectories.first_frame + frames)
    edges_s = interval_edges(trajectories, interval_s)
    return Intervals(edges_s, interval_of(np.arange(count) / trajectories.rate_hz, edges_s))
