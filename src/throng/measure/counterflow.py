"""Counter-flow: how many move against the others, and whether the two ways run in lanes or into each other."""

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import MemoryOnly

Floats = NDArray[np.float64]

MOVING_MPS = 0.2
FEWEST_MOVING = 3
LANE_M = 0.6
"""Width of a lane, about that of shoulders and their sway: two people are in one if they are within half of it sideways."""
LEAST_RESULTANT = 2.995
"""Of n R^2, with R the length of the mean of unit vectors at doubled angles: chance exceeds it once in 20 (Rayleigh's test)."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CounterFlow(MemoryOnly):
    """How the directions of people divide at one moment.

    Attributes
    ----------
    axis : (2,) float64 or None
        Unit vector along which most people move, pointing their way.
    people_share : float
        Share of those moving who move against it, 0 to 0.5.
    flow_share : float
        The same weighted with speed along the axis: share of the two-way flow that the smaller flow has, 0 to 0.5.
    lanes : float
        Lane order: 0 where anybody in one's lane is as likely to come towards one as anybody anywhere, 1 where nobody is,
        below 0 where it is likelier; NaN where all move one way or no two people share a lane.
    moving : int
        How many people these numbers rest on.
    reason : str or None
        Why axis and shares are unknown.
    """

    axis: Floats | None = None
    people_share: float = nan
    flow_share: float = nan
    lanes: float = nan
    moving: int = 0
    reason: str | None = None


def counter_flow(xy_m: Floats, velocities_mps: Floats, *, axis: Floats | None = None) -> CounterFlow:
    """Shares of counter-flow among the people of one moment.

    Parameters
    ----------
    xy_m, velocities_mps : (n, 2) float64
        Places and velocities, metres and m/s. Who moves slower than `MOVING_MPS` along the axis, or at NaN, does not count.
    axis : (2,) float64, optional
        The way of the place, either way round. Without it the axis is the mean of the doubled directions (Mardia and Jupp,
        Directional Statistics, 2000, section 9.4), and unknown where directions have no common axis.
    """
    moves = np.hypot(velocities_mps[:, 0], velocities_mps[:, 1]) >= MOVING_MPS
    too_few = f"fewer than {FEWEST_MOVING} people move"
    if np.count_nonzero(moves) < FEWEST_MOVING:
        return CounterFlow(reason=too_few)
    way = _common_axis(velocities_mps[moves]) if axis is None else np.asarray(axis) / np.hypot(*axis)
    if way is None:
        return CounterFlow(reason="people move in all directions: there is no common axis")
    along = velocities_mps @ way
    counts = np.abs(along) >= MOVING_MPS
    along, moving = along[counts], int(np.count_nonzero(counts))
    if moving < FEWEST_MOVING:
        return CounterFlow(reason=too_few + " along the way")
    if (np.count_nonzero(along > 0) - moving / 2 or along.sum()) < 0:
        way, along = -way, -along
    forth, flow = along > 0, np.abs(along)
    share = float(flow[forth].sum() / flow.sum())
    lanes = _lanes(xy_m[counts] @ [-way[1], way[0]], forth)
    return CounterFlow(way, float(1 - forth.mean()), min(share, 1 - share), lanes, moving)


def _common_axis(velocities_mps: Floats) -> Floats | None:
    doubled = np.exp(2j * np.arctan2(velocities_mps[:, 1], velocities_mps[:, 0]))
    mean = doubled.mean()
    if len(doubled) * abs(mean) ** 2 < LEAST_RESULTANT:
        return None
    half = np.sqrt(mean / abs(mean))
    return np.array([half.real, half.imag])


def _lanes(across_m: Floats, forth: NDArray[np.bool_]) -> float:
    r"""Lane order of people at given places across the axis.

    .. math:: 1 - \frac{P(\text{opposite} | \text{same lane})}{P(\text{opposite})}

    over all pairs of people, free of bias for few people. In the spirit of the order parameters of Yamori (Psychological Review
    105, 530, 1998) and Rex and Loewen (Phys. Rev. E 75, 051402, 2007), which depend on where the bands are drawn and grow as
    people become fewer.
    """
    n, back = len(forth), int(np.count_nonzero(~forth))
    beside = np.abs(across_m[:, None] - across_m) < LANE_M / 2
    pairs = np.count_nonzero(beside) - n
    if not back or not pairs:
        return nan
    opposite = np.count_nonzero(beside & (forth[:, None] != forth)) / pairs
    return 1 - opposite * n * (n - 1) / (2 * back * (n - back))
