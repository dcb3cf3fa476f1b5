"""Which way people walk and how fast, as histograms."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import TrajectoryError
from throng.data.trajectories import Trajectories
from throng.measure.speed import speeds

Floats = NDArray[np.float64]
Weight = Literal["person-seconds", "passages"]
STANDING_MPS = 0.1
"""Who is slower than this stands and has no direction."""


def direction_histogram(
    trajectories: Trajectories,
    velocities_mps: Floats,
    *,
    sectors: int = 8,
    weight: Weight = "person-seconds",
    where: NDArray[np.bool_] | None = None,
    standing_mps: float = STANDING_MPS,
) -> Floats:
    """How much walking goes which way.

    Parameters
    ----------
    trajectories : Trajectories
        The recording.
    velocities_mps : (n, 2) float64
        Velocities of its rows; rows whose velocity is unknown are left out.
    sectors : int
        Equal sectors of the full circle. The first is centred on the x axis, the others follow anticlockwise.
    weight : {"person-seconds", "passages"}
        What a row weighs: the time of one frame, so that the sum is person-seconds; or an equal part of the person it belongs
        to, so that everybody who walks weighs one and the sum is people.
    where : (n,) bool, optional
        Which rows count, for instance `inside.inside` of an area; all by default.
    standing_mps : float
        Rows slower than this are left out.

    Returns
    -------
    (sectors,) float64
        Person-seconds or people.
    """
    if sectors < 1:
        raise TrajectoryError(f"a histogram of directions needs at least one sector, not {sectors}")
    counted = speeds(velocities_mps) >= standing_mps
    if where is not None:
        counted &= where
    vx, vy = velocities_mps[counted].T
    turn = np.arctan2(vy, vx) / (2 * np.pi) * sectors
    sector = np.floor(turn + 0.5).astype(np.int64) % sectors
    return np.bincount(sector, _weights(trajectories, counted, weight), minlength=sectors).astype(np.float64)


def speed_histogram(
    trajectories: Trajectories,
    velocities_mps: Floats,
    *,
    edges_mps: Floats,
    weight: Weight = "person-seconds",
    where: NDArray[np.bool_] | None = None,
) -> Floats:
    """How much walking is how fast.

    Parameters
    ----------
    trajectories : Trajectories
        The recording.
    velocities_mps : (n, 2) or (n,) float64
        Velocities or speeds of its rows; rows whose speed is unknown are left out.
    edges_mps : (k + 1,) float64
        Edges of the bins, ascending, m/s. A bin holds its lower edge and not its upper. Speeds outside are left out; a last
        edge of infinity keeps all.
    weight, where
        As in `direction_histogram`.

    Returns
    -------
    (k,) float64
        Person-seconds or people.
    """
    speed = speeds(velocities_mps)
    counted = (speed >= edges_mps[0]) & (speed < edges_mps[-1])
    if where is not None:
        counted &= where
    which = np.searchsorted(edges_mps, speed[counted], side="right") - 1
    return np.bincount(which, _weights(trajectories, counted, weight), minlength=len(edges_mps) - 1).astype(np.float64)


def _weights(trajectories: Trajectories, counted: NDArray[np.bool_], weight: Weight) -> Floats:
    """Weight (m,) of each of the m counted rows."""
    if weight == "person-seconds":
        return np.full(int(counted.sum()), 1 / trajectories.rate_hz)
    if weight != "passages":
        raise TrajectoryError(f'the weight of a histogram must be "person-seconds" or "passages", not "{weight}"')
    _, person, rows = np.unique(trajectories.ids[counted], return_inverse=True, return_counts=True)
    result: Floats = 1 / rows[person]
    return result
