"""What really happens in front of a simulated camera: the exact answer to compare counts with.

It follows the meaning of the product's own measures. The foot point counts, and only while the camera sees it. Somebody
crosses a line when the foot point goes through the segment and then either gets 0.3 m beyond it or does not come back within
a second; a step over and back is no crossing. The same holds for the border of a zone. Who is first seen inside a zone
enters it, who was last seen inside leaves it; who is still inside at the end stays.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.simulate.camera import SimulatedCamera
from throng.simulate.scenario import Scenario
from throng.simulate.trajectories import KNOT_HZ

Floats = NDArray[np.float64]

SETTLED_M = 0.3
"""Somebody this far beyond a line or border has crossed it."""
SETTLED_S = 1.0
"""Somebody who has not come back for so long has crossed it."""
_STEPS_PER_KNOT = 5


@dataclass(frozen=True, slots=True, eq=False)
class LineTruth:
    """Crossings of one line.

    Attributes
    ----------
    name : str
    in_s, out_s : (n,) float64
        When somebody crossed, seconds, sorted; *in* is from the line's left to its right, as `throng.data.place.Line` says.
    """

    name: str
    in_s: Floats
    out_s: Floats


@dataclass(frozen=True, slots=True, eq=False)
class ZoneTruth:
    """Visits of one zone.

    Attributes
    ----------
    name : str
    entries_s, exits_s : (n,) float64
        When somebody entered and left, seconds, sorted.
    occupancy : (t,) int64
        People inside at each of the truth's sample times.
    """

    name: str
    entries_s: Floats
    exits_s: Floats
    occupancy: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """All that one camera could have counted between 0 and `duration_s`.

    Attributes
    ----------
    duration_s : float
    sample_times_s : (t,) float64
    in_view : (t,) int64
        People whose foot point the camera sees at each sample time.
    lines : tuple of LineTruth
    zones : tuple of ZoneTruth
    """

    duration_s: float
    sample_times_s: Floats
    in_view: NDArray[np.int64]
    lines: tuple[LineTruth, ...]
    zones: tuple[ZoneTruth, ...]


def truth_of(scenario: Scenario, camera: SimulatedCamera, *, duration_s: float | None = None, sample_s: float = 1.0) -> Truth:
    """The truth of one camera, from the start of the scenario.

    Parameters
    ----------
    scenario : Scenario
        The crowd and its place.
    camera : SimulatedCamera
        One of its cameras, or another.
    duration_s : float, optional
        How long it runs; the scenario repeats. Its own duration when left out.
    sample_s : float
        How far apart occupancies are sampled.
    """
    end_s = scenario.duration_s if duration_s is None else duration_s
    passages = list(_passages(scenario, camera, end_s))
    samples = np.arange(0.0, end_s, sample_s)
    in_view = _present(np.array([p.times_s[0] for p in passages]), np.array([p.last_s for p in passages]), samples)
    lines = tuple(_line_truth(name, ends, passages) for name, ends in camera.lines_m)
    zones = tuple(_zone_truth(name, corners, passages, samples) for name, corners in camera.zones_m)
    return Truth(end_s, samples, in_view, lines, zones)


@dataclass(frozen=True, slots=True, eq=False)
class _Passage:
    """One person's way through the view: closely spaced foot points."""

    times_s: Floats
    xy_m: Floats
    goes_on: bool

    @property
    def last_s(self) -> float:
        return np.inf if self.goes_on else float(self.times_s[-1])


def _passages(scenario: Scenario, camera: SimulatedCamera, end_s: float) -> Iterator[_Passage]:
    people, loop_s = scenario.people, scenario.duration_s
    for person in range(len(people)):
        knots_s, knots_m = people.path(person)
        steps = np.arange((len(knots_s) - 1) * _STEPS_PER_KNOT + 1) / _STEPS_PER_KNOT
        times = knots_s[0] + steps / KNOT_HZ
        xy = np.stack([np.interp(steps, np.arange(len(knots_s)), knots_m[:, k]) for k in (0, 1)], axis=1)
        seen = scenario.in_view(camera, xy)
        first_round = -int(np.floor(times[-1] / loop_s))
        for k in range(first_round, int(np.ceil((end_s - times[0]) / loop_s))):
            yield from _runs(times + k * loop_s, xy, seen, end_s)


def _runs(times_s: Floats, xy_m: Floats, seen: NDArray[np.bool_], end_s: float) -> Iterator[_Passage]:
    """The stretches of a path that are seen between 0 and the end."""
    present = seen & (times_s > -1e-9) & (times_s < end_s - 1e-9)
    edges = np.flatnonzero(np.diff(present.astype(np.int8), prepend=0, append=0))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        goes_on = last < len(seen) and bool(seen[last])
        yield _Passage(times_s[first:last], xy_m[first:last], goes_on)


def _line_truth(name: str, ends_m: Floats, passages: list[_Passage]) -> LineTruth:
    direction = (ends_m[1] - ends_m[0]) / np.hypot(*(ends_m[1] - ends_m[0]))
    length = np.hypot(*(ends_m[1] - ends_m[0]))
    found: tuple[list[float], list[float]] = ([], [])
    for passage in passages:
        offset = passage.xy_m - ends_m[0]
        # The ground is seen from above, so the picture's left and right are the ground's: right of the line is negative.
        rightward = direction[1] * offset[:, 0] - direction[0] * offset[:, 1]
        along = offset @ direction
        for at, share in settled_changes(passage.times_s, rightward):
            if 0.0 <= along[at] + share * (along[at + 1] - along[at]) <= length:
                found[0 if rightward[at + 1] >= 0 else 1].append(_moment(passage, at, share))
    return LineTruth(name, np.sort(found[0]), np.sort(found[1]))


def _zone_truth(name: str, corners_m: Floats, passages: list[_Passage], samples_s: Floats) -> ZoneTruth:
    entries: list[float] = []
    exits: list[float] = []
    for passage in passages:
        inward = distance_inside(passage.xy_m, corners_m)
        inside = bool(inward[0] >= 0)
        if inside:
            entries.append(float(passage.times_s[0]))
        for at, share in settled_changes(passage.times_s, inward):
            inside = bool(inward[at + 1] >= 0)
            (entries if inside else exits).append(_moment(passage, at, share))
        if inside and not passage.goes_on:
            exits.append(float(passage.times_s[-1]))
    came, left = np.sort(entries), np.sort(exits)
    occupancy = np.searchsorted(came, samples_s, "right") - np.searchsorted(left, samples_s, "left")
    return ZoneTruth(name, came, left, occupancy.astype(np.int64))


def _moment(passage: _Passage, at: int, share: float) -> float:
    return float(passage.times_s[at] + share * (passage.times_s[at + 1] - passage.times_s[at]))


def settled_changes(times_s: Floats, distance_m: Floats) -> list[tuple[int, float]]:
    """The changes of sign that last: (index before it, share of the step at which it happens).

    A change lasts if, before the next one, the distance reaches 0.3 m or a second passes; otherwise it and the next, which
    undoes it, are both dropped. The last change lasts: nothing undoes it.

    Parameters
    ----------
    times_s : (n,) float64
        Increasing.
    distance_m : (n,) float64
        Signed distance from the line or border at those times.
    """
    right = distance_m >= 0
    changes = np.flatnonzero(right[1:] != right[:-1])
    pending: int | None = None
    lasting: list[int] = []
    for at in changes.tolist():
        if pending is not None and not _settled(times_s, distance_m, pending, at):
            pending = None
            continue
        if pending is not None:
            lasting.append(pending)
        pending = at
    if pending is not None:
        lasting.append(pending)
    return [(at, float(distance_m[at] / (distance_m[at] - distance_m[at + 1]))) for at in lasting]


def _settled(times_s: Floats, distance_m: Floats, at: int, back_at: int) -> bool:
    long = times_s[back_at] - times_s[at] >= SETTLED_S
    return bool(long or np.abs(distance_m[at + 1 : back_at + 1]).max() >= SETTLED_M)


def distance_inside(xy_m: Floats, corners_m: Floats) -> Floats:
    """Distance (n,) of points (n, 2) from a polygon's border, positive inside."""
    a, b = corners_m, np.roll(corners_m, -1, axis=0)
    side = b - a
    offset = xy_m[:, None, :] - a
    share = np.clip((offset * side).sum(axis=2) / (side**2).sum(axis=1), 0.0, 1.0)
    distance = np.hypot(*np.moveaxis(offset - share[..., None] * side, 2, 0)).min(axis=1)
    above = (a[:, 1] > xy_m[:, 1:]) != (b[:, 1] > xy_m[:, 1:])
    with np.errstate(divide="ignore", invalid="ignore"):
        at_x = a[:, 0] + (xy_m[:, 1:] - a[:, 1]) / side[:, 1] * side[:, 0]
    inside = (above & (xy_m[:, :1] < at_x)).sum(axis=1) % 2 == 1
    result: Floats = np.where(inside, distance, -distance)
    return result


def _present(first_s: Floats, last_s: Floats, samples_s: Floats) -> NDArray[np.int64]:
    present = np.searchsorted(np.sort(first_s), samples_s, "right") - np.searchsorted(np.sort(last_s), samples_s, "left")
    return present.astype(np.int64)
