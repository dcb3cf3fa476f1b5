"""People in an area of the ground: how many, who comes and goes when, and how long they stay."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.ground_place import Area
from throng.data.secrecy import MemoryOnly
from throng.data.trajectories import Trajectories
from throng.measure.inside import inside
from throng.measure.intervals import interval_of
from throng.measure.paths import LONGEST_GAP_S, paths

Floats = NDArray[np.float64]
_END = 1e-12


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Visits(MemoryOnly):
    """Stays in one area, ordered by person and time.

    Attributes
    ----------
    ids : (k,) int64
        Who.
    entered_s, left_s : (k,) float64
        From when to when, seconds since the first frame.
    entry_seen, exit_seen : (k,) bool
        Whether the person was seen to come in and go out. A person first seen inside has been there for an unknown time
        before `entered_s`; one last seen inside stays for an unknown time after `left_s`.
    """

    ids: NDArray[np.int64]
    entered_s: Floats
    left_s: Floats
    entry_seen: NDArray[np.bool_]
    exit_seen: NDArray[np.bool_]


def occupancy(trajectories: Trajectories, area: Area) -> NDArray[np.int64]:
    """How many people are in an area in every frame, (frames,) from the first to the last.

    `intervals.interval_means` makes it the mean over intervals.
    """
    frames = trajectories.frames[inside(trajectories.xy_m, area)] - trajectories.first_frame
    return np.bincount(frames, minlength=len(trajectories.starts) - 1).astype(np.int64)


def visits(trajectories: Trajectories, area: Area, *, longest_gap_s: float = LONGEST_GAP_S) -> Visits:
    """Every stay of everybody in an area.

    A stay is a run of rows inside. It begins and ends where the straight way between the rows inside and outside passes the
    area's outline. Whoever cuts a corner between two rows, both outside, has not been inside. Over a gap of up to
    `longest_gap_s` people walk straight; over a longer one they are lost from sight: a stay on both sides of it is two, the
    first without an exit seen, the second without an entry seen.
    """
    rows, begins = paths(trajectories, longest_gap_s=longest_gap_s)
    xy_m, times_s = trajectories.xy_m[rows], (trajectories.frames[rows] - trajectories.first_frame) / trajectories.rate_hz
    within = inside(xy_m, area)
    ends = np.append(begins[1:], True)
    first = np.flatnonzero(within & (begins | ~np.append(False, within[:-1])))
    last = np.flatnonzero(within & (ends | ~np.append(within[1:], False)))
    entry_seen, exit_seen = ~begins[first], ~ends[last]
    entered_s, left_s = times_s[first], times_s[last]
    come, go = first[entry_seen], last[exit_seen]
    shares = _outline_shares(xy_m[come], xy_m[come - 1], area)
    entered_s[entry_seen] += shares * (times_s[come - 1] - times_s[come])
    shares = _outline_shares(xy_m[go], xy_m[go + 1], area)
    left_s[exit_seen] += shares * (times_s[go + 1] - times_s[go])
    return Visits(trajectories.ids[rows[first]], entered_s, left_s, entry_seen, exit_seen)


def _outline_shares(inner_m: Floats, outer_m: Floats, area: Area) -> Floats:
    """Share (k,) of the way from places inside to places outside, (k, 2) each, at which it first passes the outline.

    Way p + t d and edge a + u e meet at t = ((a - p) x e) / (d x e), u = ((a - p) x d) / (d x e).
    """
    rings = (area.corners_m, *area.holes_m)
    starts = np.concatenate(rings)
    edges = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings]) - starts
    way = (outer_m - inner_m)[:, None]
    offset = starts - inner_m[:, None]
    slope = way[..., 0] * edges[:, 1] - way[..., 1] * edges[:, 0]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = (offset[..., 0] * edges[:, 1] - offset[..., 1] * edges[:, 0]) / slope
        along = (offset[..., 0] * way[..., 1] - offset[..., 1] * way[..., 0]) / slope
    meets = (along >= -_END) & (along <= 1 + _END) & (share >= 0) & (share <= 1)
    result: Floats = np.where(meets, share, 1.0).min(axis=1)
    return result


def entries(stays: Visits, edges_s: Floats) -> NDArray[np.int64]:
    """How many people came in during every interval, (k,); those first seen inside did not."""
    return _counts(stays.entered_s[stays.entry_seen], edges_s)


def exits(stays: Visits, edges_s: Floats) -> NDArray[np.int64]:
    """How many people went out during every interval, (k,); those last seen inside did not."""
    return _counts(stays.left_s[stays.exit_seen], edges_s)


def _counts(times_s: Floats, edges_s: Floats) -> NDArray[np.int64]:
    which = interval_of(times_s, edges_s)
    return np.bincount(which[which >= 0], minlength=len(edges_s) - 1).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Dwell:
    """How long people stay in an area.

    Attributes
    ----------
    durations_s : (m,) float64
        The lengths of stay at which the share of people still there falls, seconds, ascending.
    staying : (m,) float64
        The share of people who stay longer than that.
    mean_s : float
        Mean, seconds; NaN where unknown.
    complete, cut, left_out : int
        Stays seen from beginning to end; seen to begin and not to end; not seen to begin.
    reason : str
        Why the mean is unknown; empty where it is known.
    """

    durations_s: Floats
    staying: Floats
    mean_s: float
    complete: int
    cut: int
    left_out: int
    reason: str

    def quantile(self, share: float) -> float:
        """The length of stay, seconds, that `share` (0 to 1) of people do not exceed; NaN where the recording cannot tell."""
        reached = np.flatnonzero(self.staying <= 1 - share + _END)
        return float(self.durations_s[reached[0]]) if len(reached) else np.nan

    @property
    def p90_s(self) -> float:
        """The 90th percentile, seconds; NaN where the recording cannot tell."""
        return self.quantile(0.9)


def dwell(stays: Visits) -> Dwell:
    r"""Distribution of the length of stay, by Kaplan and Meier.

    .. math:: S(t) = \prod_{t_j \le t} \left(1 - \frac{d_j}{n_j}\right)

    of the :math:`n_j` stays that lasted until :math:`t_j` or longer, :math:`d_j` ended then. A stay without an exit seen counts
    as long as it was seen, which is honest if being lost from sight (the end of the recording, mostly) has nothing to do with
    wanting to leave. A stay without an entry seen is left out and counted: when it began is unknown. Where every stay is seen
    from beginning to end this is the plain distribution. The mean is the area below S; it is unknown while S does not come down
    to zero, for then the longest stays have not been seen to end.

    References
    ----------
    Kaplan, Meier (1958), Nonparametric estimation from incomplete observations, J. Am. Stat. Assoc. 53, 457-481.
    """
    known = stays.entry_seen
    lasted = np.sort((stays.left_s - stays.entered_s)[known])
    durations_s, ended = np.unique((stays.left_s - stays.entered_s)[known & stays.exit_seen], return_counts=True)
    at_risk = len(lasted) - np.searchsorted(lasted, durations_s, side="left")
    staying = np.cumprod(1 - ended / at_risk, dtype=np.float64)
    complete, cut = int(ended.sum()), int((known & ~stays.exit_seen).sum())
    mean_s, reason = np.nan, ""
    if not len(lasted):
        reason = "no stay was seen to begin"
    elif not len(staying) or staying[-1] > _END:
        reason = "the longest stay was not seen to end"
    else:
        mean_s = float(np.diff(durations_s, prepend=0.0) @ np.append(1.0, staying[:-1]))
    return Dwell(durations_s, staying, mean_s, complete, cut, len(known) - complete - cut, reason)
