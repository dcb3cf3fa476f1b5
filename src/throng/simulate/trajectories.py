"""Where everybody is at every moment: paths as knots at a fixed rate, straight between knots."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import ArrayLike, NDArray

from throng.data.errors import SourceError
from throng.data.secrecy import frozen_array

KNOT_HZ = 5.0
"""Knots a second."""
_FORMAT = 1
_TURN_KNOTS = 2
_STANDING_MPS = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Trajectories:
    """The paths of a crowd that repeats after `duration_s`.

    Attributes
    ----------
    xy_cm : (k, 2) int32
        Knots of all people, one person after another, centimetres on the ground.
    firsts : (n + 1,) int64
        Person i owns the knots firsts[i] to firsts[i + 1] - 1; at least two.
    start_knots : (n,) int64
        When each person's first knot is, in knots (`KNOT_HZ` a second) since the start of the loop; a path may reach past
        the end of the loop and goes on at its beginning.
    duration_s : float
        Length of the loop.
    """

    xy_cm: NDArray[np.int32]
    firsts: NDArray[np.int64]
    start_knots: NDArray[np.int64]
    duration_s: float
    _heading: NDArray[np.float64] = field(init=False, repr=False)
    _walked_m: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        xy = frozen_array(self.xy_cm, np.int32, shape=(None, 2), name="xy_cm")
        starts = frozen_array(self.start_knots, np.int64, shape=(None,), name="start_knots")
        firsts = frozen_array(self.firsts, np.int64, shape=(len(starts) + 1,), name="firsts")
        if len(starts) and (firsts[0] != 0 or firsts[-1] != len(xy) or np.diff(firsts).min() < 2):
            raise ValueError("firsts must run from 0 to the number of knots and give each person two knots or more")
        if self.duration_s <= 0 or abs(self.duration_s * KNOT_HZ - round(self.duration_s * KNOT_HZ)) > 1e-6:
            raise ValueError(f"duration_s must be a positive multiple of {1 / KNOT_HZ:g} s, not {self.duration_s}")
        for name, value in (("xy_cm", xy), ("firsts", firsts), ("start_knots", starts)):
            object.__setattr__(self, name, value)
        heading, walked = _gait(xy / 100.0, firsts)
        object.__setattr__(self, "_heading", heading)
        object.__setattr__(self, "_walked_m", walked)

    @classmethod
    def of(cls, paths: Sequence[tuple[int, ArrayLike]], *, duration_s: float) -> "Trajectories":
        """From one (start knot, (k, 2) metres) per person; paths of fewer than two knots are left out."""
        arrays = [(start, np.asarray(path, dtype=np.float64).reshape(-1, 2)) for start, path in paths]
        arrays = [(start, path) for start, path in arrays if len(path) >= 2]
        joined = np.concatenate([path for _, path in arrays]) if arrays else np.empty((0, 2))
        firsts = np.concatenate([[0], np.cumsum([len(path) for _, path in arrays])])
        starts = np.array([start for start, _ in arrays], dtype=np.int64)
        return cls(np.rint(joined * 100).astype(np.int32), firsts.astype(np.int64), starts, duration_s)

    def __len__(self) -> int:
        return len(self.start_knots)

    def path(self, person: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """One person's knots: times (k,) seconds, which may pass the loop's end, and places (k, 2) metres."""
        first, last = self.firsts[person], self.firsts[person + 1]
        times = (self.start_knots[person] + np.arange(last - first)) / KNOT_HZ
        return times, self.xy_cm[first:last] / 100.0

    def positions(self, time_s: float) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Who is there: people (n,), places (n, 2) metres, headings (n,) radians from the x axis; straight between knots."""
        people, at, share = self._at(time_s)
        xy = _between(self.xy_cm, at, share[:, None]) / 100.0
        return people, xy, self._heading_at(at, share)

    def gait(self, time_s: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """How far everybody present has walked, (n,) metres, and how fast they walk, (n,) m/s; ordered as `positions`."""
        _, at, share = self._at(time_s)
        walked = _between(self._walked_m, at, share)
        return walked, (self._walked_m[at + 1] - self._walked_m[at]) * KNOT_HZ

    def _at(self, time_s: float) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        loop = round(self.duration_s * KNOT_HZ)
        since = (time_s * KNOT_HZ) % loop - self.start_knots
        since = np.where(since < 0, since + loop, since)
        last = np.diff(self.firsts) - 1
        people = np.flatnonzero(since <= last)
        whole = np.minimum(np.floor(since[people]).astype(np.int64), last[people] - 1)
        return people, self.firsts[people] + whole, since[people] - whole

    def _heading_at(self, at: NDArray[np.int64], share: NDArray[np.float64]) -> NDArray[np.float64]:
        turn = (self._heading[at + 1] - self._heading[at] + np.pi) % (2 * np.pi) - np.pi
        heading: NDArray[np.float64] = self._heading[at] + share * turn
        return heading


def _between(values: NDArray[Any], at: NDArray[np.int64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = values[at] * (1 - share) + values[at + 1] * share
    return result


def _gait(xy_m: NDArray[np.float64], firsts: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Heading (smoothed; kept while standing) and distance walked at every knot."""
    heading, walked = np.zeros(len(xy_m)), np.zeros(len(xy_m))
    for first, last in pairwise(firsts):
        path = xy_m[first:last]
        n = len(path)
        walked[first + 1 : last] = np.cumsum(np.hypot(*np.diff(path, axis=0).T))
        before, after = np.maximum(np.arange(n) - _TURN_KNOTS, 0), np.minimum(np.arange(n) + _TURN_KNOTS, n - 1)
        step = path[after] - path[before]
        moving = np.hypot(*step.T) * KNOT_HZ > _STANDING_MPS * (after - before)
        known = np.maximum.accumulate(np.where(moving, np.arange(n), -1))
        known[known < 0] = np.argmax(moving) if moving.any() else 0
        heading[first:last] = np.arctan2(step[known, 1], step[known, 0])
    return heading, walked


def save(trajectories: Trajectories, path: Path) -> None:
    """Write a crowd as a small compressed file: centimetres as 16-bit second differences along each path."""
    firsts = trajectories.firsts
    steps = _differences(_differences(trajectories.xy_cm, firsts), firsts)
    starts_cm = trajectories.xy_cm[firsts[:-1]]
    keep = np.ones(len(steps), dtype=bool)
    keep[firsts[:-1]] = False
    bends = steps[keep]
    if len(bends) and np.abs(bends).max() > np.iinfo(np.int16).max:
        raise ValueError("a path jumps further than 16 bits of centimetres hold")
    low = (bends.T & 0xFF).astype(np.uint8)
    high = (bends.T >> 8).astype(np.int8)
    np.savez_compressed(
        path,
        format=np.int16(_FORMAT),
        duration_s=np.float64(trajectories.duration_s),
        lengths=np.diff(firsts).astype(np.int32),
        start_knots=trajectories.start_knots.astype(np.int32),
        starts_cm=starts_cm.astype(np.int16),
        bends_low=low,
        bends_high=high,
    )


def load_trajectories(path: Path) -> Trajectories:
    """Read what `save` wrote.

    Raises
    ------
    SourceError
        The file is absent or is no crowd.
    """
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            if int(file["format"]) != _FORMAT:
                raise SourceError(
                    f"{path.name} is a crowd of format {int(file['format'])}; this version reads format {_FORMAT}"
                )
            firsts = np.concatenate([[0], np.cumsum(file["lengths"], dtype=np.int64)])
            bends = (file["bends_high"].astype(np.int32) << 8) | file["bends_low"]
            starts_cm, start_knots, duration_s = file["starts_cm"], file["start_knots"], float(file["duration_s"])
    except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile) as error:
        raise SourceError(f"{path.name} holds no simulated crowd: {error}") from error
    steps = np.zeros((firsts[-1], 2), dtype=np.int32)
    keep = np.ones(len(steps), dtype=bool)
    keep[firsts[:-1]] = False
    steps[keep] = bends.T
    xy = _sums(_sums(steps, firsts), firsts) + np.repeat(starts_cm.astype(np.int32), np.diff(firsts), axis=0)
    return Trajectories(xy.astype(np.int32), firsts, start_knots.astype(np.int64), duration_s)


def _differences(values: NDArray[np.int32], firsts: NDArray[np.int64]) -> NDArray[np.int32]:
    """Differences along each path, its first row zero."""
    result: NDArray[np.int32] = np.diff(values, axis=0, prepend=values[:1])
    result[firsts[:-1]] = 0
    return result


def _sums(values: NDArray[np.int32], firsts: NDArray[np.int64]) -> NDArray[np.int32]:
    """Running sums along each path."""
    total = np.cumsum(values, axis=0, dtype=np.int64)
    offsets = total[firsts[:-1]] - values[firsts[:-1]]
    result: NDArray[np.int32] = (total - np.repeat(offsets, np.diff(firsts), axis=0)).astype(np.int32)
    return result
