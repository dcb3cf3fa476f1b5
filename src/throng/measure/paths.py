"""The way of each person through a recording: its rows one after another, cut where nobody saw the person for too long."""

import numpy as np
from numpy.typing import NDArray

from throng.data.trajectories import Trajectories

LONGEST_GAP_S = 1.0
"""A person unseen for no longer is taken to have walked straight from the one place to the other."""


def paths(trajectories: Trajectories, *, longest_gap_s: float = LONGEST_GAP_S) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Rows in the order of people's paths.

    Parameters
    ----------
    trajectories : Trajectories
        The recording.
    longest_gap_s : float
        Two rows of one person that are further apart in time, and further than one frame, belong to two paths.

    Returns
    -------
    rows : (n,) int64
        Rows of `trajectories` ordered by person, then by frame.
    begins : (n,) bool
        Which of them begin a path.
    """
    rows = np.lexsort((trajectories.frames, trajectories.ids))
    ids, frames = trajectories.ids[rows], trajectories.frames[rows]
    furthest = max(longest_gap_s * trajectories.rate_hz, 1.0) + 1e-6
    begins = np.ones(len(rows), dtype=np.bool_)
    begins[1:] = (np.diff(ids) != 0) | (np.diff(frames) > furthest)
    return rows, begins
