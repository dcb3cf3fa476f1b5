"""From the columns of a recording to trajectories in metres, refusing what cannot be."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import TrajectoryError
from throng.data.secrecy import MemoryOnly
from throng.data.trajectories import Trajectories
from throng.ground.homography import Homography
from throng.study.layout import METRES
from throng.study.mot import feet_px

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FASTEST_MPS = 10.0
"""Where half of all steps are faster, these are not people in metres: sprinters run 10 m/s."""
WIDEST_M = 10_000.0
LONGEST_FRAMES = 50_000_000
"""Eleven days at 50 frames a second."""
LARGEST = 1e15
"""Up to it, floating-point numbers hold every whole number."""
RATES_HZ = (1e-3, 1e6)
LARGEST_MISS = 0.2
"""How far, in frames, a time may lie from a frame."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Columns(MemoryOnly):
    """What a file holds.

    Attributes
    ----------
    numbers : dict of (n,) float64
        `id`; `frame` or `time`, seconds; `x` and `y`, or `left`, `top`, `width`, `height` in pixels.
    name : str
        The file, for messages.
    where : callable
        Names the place of a row in the file.
    """

    numbers: dict[str, Floats]
    name: str
    where: Callable[[int], str]

    def refuse(self, wrong: Mask, values: NDArray[Any], rule: str) -> None:
        """Name the first row that is wrong (n,), with its value in the rule."""
        if wrong.any():
            row = int(np.argmax(wrong))
            raise TrajectoryError(f"{self.where(row)}: {rule.format(values[row])}")


def assemble(
    columns: Columns,
    *,
    unit: str,
    rate_hz: float | None = None,
    step_s: float | None = None,
    homography: Homography | None = None,
) -> Trajectories:
    """Make trajectories of columns.

    Parameters
    ----------
    columns : Columns
        What the file holds.
    unit : str
        A key of `METRES`, or px.
    rate_hz : float, optional
        Frames a second by which frames are numbered.
    step_s : float, optional
        Time between two frames that hold rows; with it `rate_hz` is not needed.
    homography : Homography, optional
        Puts pixels on the ground.

    Raises
    ------
    TrajectoryError
        A number is not finite or not whole where it must be, a person stands twice in a frame, the rate is not known, or the
        places cannot be those of people in metres.
    """
    numbers = columns.numbers
    for name, values in numbers.items():
        columns.refuse(~np.isfinite(values), values, f"the {name} must be a finite number, not {{:g}}")
        columns.refuse(np.abs(values) > LARGEST, values, f"the {name} must lie within {LARGEST:g} of 0, not be {{:g}}")
    for name in {"id", "frame"} & numbers.keys():
        columns.refuse(numbers[name] % 1 != 0, numbers[name], f"the {name} must be a whole number, not {{:.12g}}")
    frames, rate_hz = _frames(columns, rate_hz, step_s)
    xy_m, counts = _places(columns, unit, homography)
    ids, frames, xy_m = numbers["id"][counts].astype(np.int64), frames[counts], xy_m[counts]
    if not len(ids):
        raise TrajectoryError(f"{columns.name} has no row that counts as a person: scores and classes leave none")
    _check_once(columns, ids, frames, np.flatnonzero(counts))
    _check_plausible(columns.name, ids, frames, xy_m, rate_hz=rate_hz, unit=unit)
    return Trajectories(ids, frames, xy_m, rate_hz)


def _frames(columns: Columns, rate_hz: float | None, step_s: float | None) -> tuple[NDArray[np.int64], float]:
    """Frame numbers without steps, and frames a second."""
    if "time" in columns.numbers:
        frames, rate_hz = _frames_of_times(columns, rate_hz)
    else:
        frames = columns.numbers["frame"].astype(np.int64)
    present = np.unique(frames)
    step = int(np.gcd.reduce(np.diff(present))) if len(present) > 1 else 1
    if step_s is not None and rate_hz is None:
        rate_hz = step / step_s
    if rate_hz is None:
        raise TrajectoryError(f"{columns.name} does not tell its frame rate: give it (--rate, frames a second)")
    if not RATES_HZ[0] <= rate_hz / step <= RATES_HZ[1]:
        raise TrajectoryError(
            f"{columns.name}: {rate_hz / step:g} frames a second is no rate at which people are recorded: is --rate right?"
        )
    if (present[-1] - present[0]) // step > LONGEST_FRAMES:
        raise TrajectoryError(
            f"{columns.name} spans frames {present[0]} to {present[-1]}, more than {LONGEST_FRAMES:,}: "
            "is the frame column the right one, and does a stray row stand far from the others?"
        )
    return frames // step, rate_hz / step


def _frames_of_times(columns: Columns, rate_hz: float | None) -> tuple[NDArray[np.int64], float]:
    times = columns.numbers["time"]
    gaps = np.diff(np.unique(times))
    if rate_hz is None:
        if not len(gaps):
            raise TrajectoryError(f"{columns.name} has a single moment, from which no frame rate follows: give it (--rate)")
        steps = np.maximum(np.round(gaps / np.median(gaps)), 1)
        rate_hz = float(steps.sum() / gaps.sum())
    first = times.min()
    with np.errstate(over="ignore"):
        at, first_frame = (times - first) * rate_hz, np.round(first * rate_hz)
    far = ~(at + abs(first_frame) <= LARGEST)
    columns.refuse(far, times, f"the time {{:g}} s is too far off for {rate_hz:g} frames a second")
    columns.refuse(
        np.abs(at - np.round(at)) > LARGEST_MISS,
        times,
        f"the time {{:.6f}} s lies between two frames at {rate_hz:g} frames a second from {first:.6f} s on: times must be "
        "evenly spaced, and --rate right",
    )
    return (np.round(at) + first_frame).astype(np.int64), rate_hz


def _places(columns: Columns, unit: str, homography: Homography | None) -> tuple[Floats, Mask]:
    """Where people stand, metres, and which rows are people."""
    numbers = columns.numbers
    if "left" in numbers:
        points, counts = feet_px(numbers)
    else:
        points = np.column_stack([numbers["x"], numbers["y"]])
        counts = np.ones(len(points), dtype=bool)
    if unit != "px":
        return points * METRES[unit], counts
    if homography is None:
        raise TrajectoryError(
            f"{columns.name} holds pixels: give the homography of the camera (--homography), which puts them on the ground"
        )
    xy_m, on_ground = homography.to_ground(points)
    columns.refuse(counts & ~on_ground, points[:, 1], "the foot point at y = {:g} px lies above the horizon of the homography")
    return xy_m, counts


def _check_once(columns: Columns, ids: NDArray[np.int64], frames: NDArray[np.int64], rows: NDArray[np.intp]) -> None:
    order = np.lexsort((ids, frames))
    twice = np.zeros(len(ids), dtype=bool)
    twice[order[1:]] = (np.diff(frames[order]) == 0) & (np.diff(ids[order]) == 0)
    if twice.any():
        raise TrajectoryError(
            f"{columns.where(int(rows[np.argmax(twice)]))}: this person already has a place in this frame: "
            "one row for each person and frame"
        )


def _check_plausible(
    name: str, ids: NDArray[np.int64], frames: NDArray[np.int64], xy_m: Floats, *, rate_hz: float, unit: str
) -> None:
    remedy = "are they pixels (--unit px --homography FILE) or centimetres (--unit cm), are id and frame exchanged (--columns)?"
    extent_m = np.ptp(xy_m, axis=0).max()
    if not extent_m <= WIDEST_M:
        raise TrajectoryError(f"{name}: read in {unit}, its places spread over {extent_m / 1000:.3g} km: {remedy}")
    order = np.lexsort((frames, ids))
    same = np.diff(ids[order]) == 0
    lasted_s = np.diff(frames[order])[same] / rate_hz
    speeds_mps = np.hypot(*np.diff(xy_m[order], axis=0)[same].T) / lasted_s
    if len(speeds_mps) and np.median(speeds_mps) > FASTEST_MPS:
        raise TrajectoryError(
            f"{name}: read in {unit} at {rate_hz:g} frames a second, half of all steps are faster than {FASTEST_MPS:g} m/s "
            f"(median {np.median(speeds_mps):.3g} m/s): {remedy} Or is the rate wrong (--rate)?"
        )
