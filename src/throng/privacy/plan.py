"""What a camera will release, and at what error, before it goes live."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from throng.data.place import Line, Zone, counters_of
from throng.privacy.budget import Budget
from throng.privacy.buffered import course
from throng.privacy.derived import SURE
from throng.privacy.mechanism import GRID_BITS
from throng.privacy.normalised import gains
from throng.privacy.square_root import square_root_coefficients
from throng.privacy.streams import COUNTS, MOST_RISE_MPS, SPEED_NOW, UNIT, Stream, streams_of
from throng.privacy.ticks import DAY_S, HOUR_S
from throng.privacy.tree import balanced_nodes, best_shape, binary_nodes, shared_nodes

FIRST_EPOCH = 0.5
"""A day without a restart spends half its budget."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A stream with the errors of each of its numbers on a day without a restart, people.

    Attributes
    ----------
    stream : Stream
    ticks : int
        How many releases a day has.
    tick : float
        Standard error of a count in one release, at worst.
    hour : float
        Of a count in an hour, in the middle of the day.
    day : float
        Of the day's total at its end.
    worst : float
        Of a running total, at its worst in the day.
    """

    stream: Stream
    ticks: int
    tick: float
    hour: float
    day: float
    worst: float


def plan_of(
    lines: Sequence[Line], zones: Sequence[Zone], *, in_metres: bool, tick_s: float, budget: Budget
) -> tuple[Planned, ...]:
    """The streams of a camera, the counts first, with their errors."""
    counters = counters_of(tuple(lines), tuple(zones), in_metres=in_metres, extras=budget.shares.extras)
    return tuple(_planned(stream, tick_s, budget) for stream in streams_of(counters, budget))


def speed_now_error(plan: Sequence[Planned], people: float, speed_mps: float) -> float:
    """Standard error of the speed now of so many people who walk so fast on average, m/s; NaN where it is not told.

    That of a sum of levels over a number of people, both noised: see `throng.privacy.derived.speed_now`.
    """
    errors = {planned.stream.name: planned.worst for planned in plan}
    of_people = math.sqrt(2) * errors[COUNTS]
    if SPEED_NOW not in errors or people < SURE * of_people:
        return math.nan
    return math.hypot(MOST_RISE_MPS * errors[SPEED_NOW], speed_mps * of_people) / people


def _planned(stream: Stream, tick_s: float, budget: Budget) -> Planned:
    ticks = round(DAY_S / HOUR_S) if stream.by_hour and tick_s < HOUR_S else round(DAY_S / tick_s)
    sigma = _sigma(stream, ticks, budget)
    errors = errors_of(budget.mechanism, ticks)
    an_hour = 1 if stream.by_hour else max(1, round(HOUR_S / tick_s))
    middle = ticks // 2
    return Planned(
        stream,
        ticks,
        tick=sigma * errors.worst_tick,
        hour=sigma * errors.window(middle, min(middle + an_hour, ticks)),
        day=sigma * errors.window(0, ticks),
        worst=sigma * errors.worst_total,
    )


def _sigma(stream: Stream, ticks: int, budget: Budget) -> float:
    """Standard deviation of the noise that a mechanism draws, people."""
    share = float(stream.share) * FIRST_EPOCH
    if budget.pure:
        return math.sqrt(2) * best_shape(ticks)[1] * stream.size / (budget.epsilon_per_day * share)
    levels = ticks.bit_length() if budget.mechanism == "tree" else 1
    return math.sqrt(levels) * stream.length / math.sqrt(2 * budget.rho_per_day * share)


@dataclass(frozen=True, slots=True)
class Errors:
    """Of a mechanism, where each number of its noise has a variance of one.

    Attributes
    ----------
    window : callable
        Standard error of what is counted from one tick to before another.
    worst_tick, worst_total : float
    """

    window: Callable[[int, int], float]
    worst_tick: float
    worst_total: float


@lru_cache(maxsize=64)
def errors_of(mechanism: str, ticks: int) -> Errors:
    """The errors of a mechanism by its name."""
    if mechanism == "independent":
        return Errors(lambda begin, end: math.sqrt(end - begin), 1.0, math.sqrt(ticks))
    if mechanism in ("tree", "pure-tree"):
        return _tree_errors(mechanism, ticks)
    if mechanism == "square-root":
        return _toeplitz_errors(*_square_root(ticks))
    about = course(ticks, UNIT)

    def window(begin: int, end: int) -> float:
        whole = about.covariance(end - 1, (end - begin, 0))
        return float(np.sqrt(whole[0, 0] + whole[1, 1] - 2 * whole[0, 1]))

    return Errors(window, float(about.tick_variances.max() ** 0.5), float(about.total_variances.max() ** 0.5))


def _tree_errors(mechanism: str, ticks: int) -> Errors:
    arity = best_shape(ticks)[0]
    made = [binary_nodes(t) if mechanism == "tree" else balanced_nodes(t, arity) for t in range(ticks + 1)]

    def window(begin: int, end: int) -> float:
        return math.sqrt(len(made[begin]) + len(made[end]) - 2 * shared_nodes(made[begin], made[end]))

    return Errors(window, max(window(t, t + 1) for t in range(ticks)), math.sqrt(max(map(len, made))))


def _square_root(ticks: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The first column of C^-1, that of the root of differences, and what each tick is multiplied with."""
    k = np.arange(1, ticks)
    inverse = np.concatenate(([1.0], np.cumprod((2 * k - 3) / (2 * k))))
    column = square_root_coefficients(ticks)
    return inverse, 2.0**GRID_BITS / (UNIT * gains(column / column[0], unit=UNIT))


def _toeplitz_errors(inverse: NDArray[np.float64], lengths: NDArray[np.float64]) -> Errors:
    def window(begin: int, end: int) -> float:
        # What each of the first `end` noises adds to the ticks of the window.
        told = np.where(np.arange(end) >= begin, lengths[:end], 0.0)
        return float(np.linalg.norm(fftconvolve(told, inverse[:end][::-1])[end - 1 :]))

    ticks = len(lengths)
    worst_tick = float((lengths * np.sqrt(np.cumsum(inverse**2))).max())
    totals = {window(0, end) for end in np.unique(np.linspace(1, ticks, 100).astype(int)).tolist()}
    return Errors(window, worst_tick, max(totals))
