"""How fast people walk: one by one, on average in an area, and weighted by the ground each of them has."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import TrajectoryError
from throng.data.ground_place import Area
from throng.data.trajectories import Trajectories
from throng.measure.inside import inside
from throng.measure.intervals import interval_of, mean_of, times_s
from throng.measure.paths import paths

Floats = NDArray[np.float64]
Border = Literal["one-sided", "shorten", "exclude"]
QUANTILES = (0.15, 0.5, 0.85)


def velocities(trajectories: Trajectories, *, window_s: float, border: Border = "one-sided") -> Floats:
    r"""Velocity of every row: displacement over a window of time centred on it.

    .. math:: v_i(t) = \frac{x_i(t + w / 2) - x_i(t - w / 2)}{w}

    Between frames, and over gaps no longer than the window, people walk straight. A longer gap ends one path and begins
    another. Where a path ends inside the window there are three rules:

    - ``"one-sided"``: the place now stands for the missing one, over the half of the window that is there;
    - ``"shorten"``: the window shrinks on both sides alike;
    - ``"exclude"``: unknown.

    With a window of 2 n frames these are PedPy's ``compute_individual_speed`` with ``frame_step=n`` and
    ``BORDER_SINGLE_SIDED``, ``BORDER_ADAPTIVE``, ``BORDER_EXCLUDE``. The window need not be a whole number of frames, so that
    recordings at different rates can be measured alike.

    Parameters
    ----------
    trajectories : Trajectories
        The recording.
    window_s : float
        Length of the window, seconds. Steps sway people by some centimetres to the side: half a second or more evens it out.
    border : {"one-sided", "shorten", "exclude"}
        The rule where a path ends inside the window.

    Returns
    -------
    (n, 2) float64
        Metres a second; NaN where unknown.

    Raises
    ------
    TrajectoryError
        The window is not positive or the rule has another name.

    References
    ----------
    Steffen, Seyfried (2010), Methods for measuring pedestrian density, flow, speed and direction with minimal scatter,
    Physica A 389, 1902-1910.
    """
    if not (np.isfinite(window_s) and window_s > 0):
        raise TrajectoryError(f"the window of a speed must last a positive number of seconds, not {window_s}")
    if border not in ("one-sided", "shorten", "exclude"):
        raise TrajectoryError(f'the border of a speed must be "one-sided", "shorten" or "exclude", not "{border}"')
    half = window_s * trajectories.rate_hz / 2
    half = round(half) if abs(half - round(half)) < 1e-6 else half
    rows, begins = paths(trajectories, longest_gap_s=window_s)
    frames, path = trajectories.frames[rows], np.cumsum(begins) - 1
    firsts = np.flatnonzero(begins)
    since = frames - frames[firsts][path]
    left = frames[np.append(firsts[1:], len(rows)) - 1][path] - frames
    if border == "shorten":
        back = forth = np.minimum(half, np.minimum(since, left)).astype(np.float64)
    else:
        missing = 0.0 if border == "one-sided" else np.nan
        back, forth = np.where(since >= half, half, missing), np.where(left >= half, half, missing)
    keys = path * (int(frames.max() - frames.min()) + 2) + frames - frames.min()
    span = (back + forth) / trajectories.rate_hz
    known = np.flatnonzero(span > 0)
    places = trajectories.xy_m[rows]
    later, earlier = (_places_at(places, frames, keys, known, shift[known]) for shift in (forth, -back))
    result = np.full((len(rows), 2), np.nan)
    result[rows[known]] = (later - earlier) / span[known, None]
    return result


def _places_at(
    xy_m: Floats, frames: NDArray[np.int64], keys: NDArray[np.int64], rows: NDArray[np.int64], shift_frames: Floats
) -> Floats:
    """Places (k, 2) of people some frames after given rows of their paths, straight between rows; the paths reach so far.

    `keys` number the frames of all paths, path after path.
    """
    low = np.searchsorted(keys, keys[rows] + np.floor(shift_frames).astype(np.int64), side="right") - 1
    beyond = frames[rows] - frames[low] + shift_frames
    high = np.where(beyond > 0, np.minimum(low + 1, len(keys) - 1), low)
    share = (beyond / np.maximum(frames[high] - frames[low], 1))[:, None]
    result: Floats = xy_m[low] + share * (xy_m[high] - xy_m[low])
    return result


def speeds(velocities_mps: Floats) -> Floats:
    """Speeds (n,) of velocities (n, 2), m/s; what is a speed (n,) already stays as it is."""
    if velocities_mps.ndim == 1:
        return velocities_mps
    result: Floats = np.hypot(velocities_mps[:, 0], velocities_mps[:, 1])
    return result


def mean_speed(trajectories: Trajectories, velocities_mps: Floats, area: Area) -> Floats:
    r"""Mean speed of the people in an area, frame by frame.

    .. math:: v(t) = \frac{1}{N(t)} \sum_{i \in A} |v_i(t)|

    People whose speed is unknown are left out. PedPy's ``compute_mean_speed_per_frame``, which says 0 where nobody is.

    Parameters
    ----------
    trajectories : Trajectories
        The recording.
    velocities_mps : (n, 2) or (n,) float64
        Velocities or speeds of its rows.
    area : Area
        Where.

    Returns
    -------
    (frames,) float64
        Metres a second, from the first frame to the last; NaN where nobody with a known speed is inside.
    """
    speed = speeds(velocities_mps)
    counted = np.isfinite(speed) & inside(trajectories.xy_m, area)
    frames = trajectories.frames - trajectories.first_frame
    return mean_of(frames[counted], speed[counted], len(trajectories.starts) - 1)


def voronoi_speed(
    trajectories: Trajectories, velocities_mps: Floats, overlaps_m2: Floats, *, area_m2: float | None = None
) -> Floats:
    r"""Mean speed over the ground of an area, every person's speed holding in that person's Voronoi cell.

    .. math:: v(t) = \frac{1}{|A|} \sum_i |v_i(t)| \, |V_i(t) \cap A|

    PedPy's ``compute_voronoi_speed`` where `area_m2` is given. Where cells do not cover the area (a cut-off, a place at the
    edge of what is seen) that takes the rest of it as standing still; without `area_m2` the sum is divided by the ground that
    cells cover.

    Parameters
    ----------
    trajectories : Trajectories
        The recording.
    velocities_mps : (n, 2) or (n,) float64
        Velocities or speeds of its rows.
    overlaps_m2 : (n,) float64
        How much of the area lies in the cell of every row, square metres; NaN where the cell is unknown.
    area_m2 : float, optional
        Size of the area, square metres.

    Returns
    -------
    (frames,) float64
        Metres a second; NaN where no cell touches the area, or the speed of somebody whose cell does is unknown.

    References
    ----------
    Steffen, Seyfried (2010), Physica A 389, 1902-1910.
    """
    size = len(trajectories.starts) - 1
    touching = ~(overlaps_m2 <= 0)
    frames = (trajectories.frames - trajectories.first_frame)[touching]
    overlap = overlaps_m2[touching]
    total = np.bincount(frames, overlap * speeds(velocities_mps)[touching], minlength=size)
    covered = np.bincount(frames, overlap, minlength=size)
    result = np.full(size, np.nan)
    np.divide(total, covered if area_m2 is None else area_m2, out=result, where=covered != 0)
    return result


def speed_quantiles(
    trajectories: Trajectories,
    velocities_mps: Floats,
    area: Area,
    *,
    edges_s: Floats,
    quantiles: tuple[float, ...] = QUANTILES,
) -> Floats:
    """Quantiles of speed in an area, interval by interval; every person counts for each frame inside.

    Parameters
    ----------
    trajectories : Trajectories
        The recording.
    velocities_mps : (n, 2) or (n,) float64
        Velocities or speeds of its rows.
    area : Area
        Where.
    edges_s : (k + 1,) float64
        Edges of the intervals, as `intervals.interval_edges` gives them.
    quantiles : tuple of float
        Between 0 and 1. The 85th percentile is the traffic engineer's usual upper speed.

    Returns
    -------
    (k, len(quantiles)) float64
        Metres a second; NaN where nobody with a known speed was inside.
    """
    speed = speeds(velocities_mps)
    which = interval_of(times_s(trajectories), edges_s)
    counted = np.isfinite(speed) & (which >= 0) & inside(trajectories.xy_m, area)
    speed, which = speed[counted], which[counted]
    order = np.argsort(which, kind="stable")
    bounds = np.searchsorted(which[order], np.arange(len(edges_s)))
    result = np.full((len(edges_s) - 1, len(quantiles)), np.nan)
    for k in np.flatnonzero(np.diff(bounds)):
        result[k] = np.quantile(speed[order[bounds[k] : bounds[k + 1]]], quantiles)
    return result
