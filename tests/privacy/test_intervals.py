"""An interval of 1.96 standard errors to both sides covers the truth 94 to 96 times in 100, through the mechanism's own noise.

Every check is of intervals of different places at one moment, whose noise is independent: the number of those that cover is
binomial. Checks fail by chance less than once in 10^6 runs, all of this file together.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from throng.data.place import NO_EXTRAS, Line, Zone
from throng.data.place_size import PlaceSize
from throng.privacy.buffered import Buffered
from throng.privacy.derived import COVERED, SURE, SURE_OF_SPEED, Row, dwell_quantile, enough_stays, mean_speed, speed_now, stays
from throng.privacy.history import History
from throng.privacy.rows import Rows
from throng.privacy.streams import COUNTS, FASTEST_MPS, MOST_RISE_MPS, SPEED_UNITS, STAYS_S, UNIT

RARE = 1e-8
"""How often a number of covering intervals may lie so far out."""
SEED = 6

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Intervals:
    """Values, standard errors and truths, of those that are told."""

    values: Floats
    errors: Floats
    truths: Floats

    @classmethod
    def of(cls, rows: list[tuple[Row, float]]) -> "Intervals":
        """Of rows beside their truths."""
        whole = np.array([[row.value, row.standard_error, truth] for row, truth in rows])
        return cls(*whole[~np.isnan(whole[:, 0])].T)

    def __add__(self, other: "Intervals") -> "Intervals":
        return Intervals(*(np.append(getattr(self, name), getattr(other, name)) for name in ("values", "errors", "truths")))

    def cover(self, least: float, most: float, *, times: float = 1.0) -> bool:
        """Whether they can be of a kind of which a share from `least` to `most` covers, with errors so many times their own."""
        covering = int(np.sum(np.abs(self.values - self.truths) <= COVERED * times * self.errors))
        number = len(self.values)
        return bool(binom.cdf(covering, number, least) > RARE and binom.sf(covering - 1, number, most) > RARE)


@pytest.fixture(scope="module")
def counted() -> dict[str, Intervals]:
    """Of lines and zones alike, through the wall's rows; each place with a calibration of its own."""
    copies, ticks, tick_s = 20_000, 6, 1200
    generator = np.random.default_rng(SEED)
    corners = np.array([[0.0, 0.0], [9.0, 0.0], [9.0, 9.0]])
    lines, zones = [Line("", corners[:2])] * copies, [Zone("", corners)] * copies
    rows = Rows(lines, zones, in_metres=True, extras=NO_EXTRAS, tick_s=tick_s)
    scales = 1 + 0.02 * generator.standard_normal(copies)
    lengths = [PlaceSize(4.0 * scale, 0.08 * scale) for scale in scales]
    rows.set_sizes([*lengths, *(PlaceSize(50.0 * scale**2, 2.0 * scale**2) for scale in scales)])
    mechanism = Buffered(counters=5 * copies, ticks=72, rho=0.1, sensitivity=1.8, unit=UNIT)
    passed = UNIT * np.concatenate([np.tile([30, 20], copies), np.tile([50, 10], copies), np.zeros(copies, np.int64)])
    for tick in range(ticks):
        noised = mechanism.step(passed)
        released = rows.known(tick, {COUNTS: noised}, {COUNTS: mechanism})
        if tick % 3 == 2:
            released += rows.hour(noised, mechanism)
    truths = {"in": 30, "out": 20, "in_total": 180, "out_total": 120, "in_hour": 90, "out_hour": 60, "specific_flow": 50 / 4800}
    truths |= {"entries": 50, "exits": 10, "entries_hour": 150, "exits_hour": 30, "occupancy": 240, "density": 4.8}
    beside: dict[str, list[tuple[Row, float]]] = {quantity: [] for quantity in truths}
    for each in released:
        if each.quantity in truths:
            beside[each.quantity].append((each.row, truths[each.quantity]))
    return {quantity: Intervals.of(rows) for quantity, rows in beside.items()}


@dataclass(frozen=True)
class Crowd:
    """A zone through which so many people pass in every tick, more or less, and in which so many are, with a budget."""

    per_tick: float
    inside: int
    rho: float


CROWDS = (Crowd(5.5, 260, 0.1), Crowd(20, 220, 0.1), Crowd(18, 90, 1.0))
TICK_S, SPEED_MPS = 60, 0.8
DIVIDED = 0.945, 0.96
"""What quotients may cover: less room than is promised, so that errors a tenth too small are found."""


def passing(crowd: Crowd, *, copies: int = 30_000, ticks: int = 74) -> dict[str, Intervals]:
    """Stays, waits and speeds of zones alike at one moment."""
    entries, exits = np.random.default_rng(SEED).poisson(crowd.per_tick, (2, ticks))
    entries[0] += crowd.inside
    inside = np.cumsum(entries - exits)
    speeds = np.rint(exits * SPEED_MPS * SPEED_UNITS / FASTEST_MPS).astype(np.int64)
    levels = np.diff(np.rint(inside * SPEED_MPS * UNIT / MOST_RISE_MPS).astype(np.int64), prepend=0)
    history, ones = History(TICK_S), np.ones(copies, np.int64)
    mechanism = Buffered(counters=3 * copies, ticks=1440, rho=crowd.rho, sensitivity=1.8, unit=UNIT)
    walking = Buffered(counters=copies, ticks=1440, rho=crowd.rho / 4, sensitivity=1.42, unit=UNIT)
    for tick in range(ticks):
        passed = np.append(np.tile([entries[tick], exits[tick]], copies) * UNIT, ones * speeds[tick])
        noised, now = mechanism.step(passed), walking.step(ones * levels[tick])
        history.add(tick, noised)
    people_s = {length: np.trapezoid(inside[-1 - length :]) * TICK_S for length in (1, 2, 4, 8, 16, 32, 64)}
    found: dict[str, list[tuple[Row, float]]] = {name: [] for name in ("mean_dwell", "wait", "mean_speed", "speed_now")}
    for zone in range(copies):
        window = history.window(mechanism, entries=2 * zone, sure=SURE)
        if window is not None:
            length, (dwell, wait) = round(window.seconds / TICK_S), stays(window)
            left = exits[-length:].sum()
            found["mean_dwell"].append((dwell, people_s[length] / left))
            found["wait"].append((wait, inside[-1] * window.seconds / left))
        longer = history.window(mechanism, entries=2 * zone, sure=SURE_OF_SPEED, speeds=2 * copies + zone)
        found["mean_speed"].append((mean_speed(longer, PlaceSize(1.0)), SPEED_MPS))
        occupancy = Row(noised.totals[2 * zone] - noised.totals[2 * zone + 1], 2**0.5 * noised.total_standard_error)
        level = Row(now.totals[zone], now.total_standard_error)
        found["speed_now"].append((speed_now(level, occupancy, PlaceSize(1.0)), SPEED_MPS))
    return {name: Intervals.of(rows) for name, rows in found.items()}


@pytest.fixture(scope="module")
def divided() -> dict[str, Intervals]:
    """Stays, waits and speeds, all crowds together."""
    first, *others = (passing(crowd) for crowd in CROWDS)
    for other in others:
        first = {name: first[name] + other[name] for name in first}
    return first


def test_intervals_of_counts_cover_95_in_100(counted: dict[str, Intervals]) -> None:
    assert [quantity for quantity, intervals in counted.items() if not intervals.cover(0.95, 0.95)] == []


def test_intervals_of_stays_and_speeds_cover_94_to_96_in_100(divided: dict[str, Intervals]) -> None:
    assert all(len(intervals.values) > 60_000 for intervals in divided.values())
    assert [quantity for quantity, intervals in divided.items() if not intervals.cover(*DIVIDED)] == []


@pytest.mark.parametrize("times", [0.9, 1.1])
def test_errors_that_are_a_tenth_off_would_be_found(
    counted: dict[str, Intervals], divided: dict[str, Intervals], times: float
) -> None:
    assert [quantity for quantity, intervals in counted.items() if intervals.cover(0.95, 0.95, times=times)] == []
    assert [quantity for quantity, intervals in divided.items() if intervals.cover(*DIVIDED, times=times)] == []


def test_where_a_stay_is_seldom_told_its_interval_still_covers() -> None:
    found = passing(Crowd(1, 60, 0.1), copies=10_000)
    for name in ("mean_dwell", "wait"):
        assert 500 < len(found[name].values) < 5_000
        assert found[name].cover(0.93, 0.98)


def quantiles(stays_s: Floats, share: float, *, rho: float, copies: int = 8_000) -> Intervals:
    """Of zones alike that all these people leave in one tick."""
    classes = np.bincount(np.searchsorted(STAYS_S, stays_s, side="right"), minlength=len(STAYS_S) + 1)
    counts, visits = History(TICK_S), History(TICK_S)
    of_counts = Buffered(counters=copies, ticks=1440, rho=rho, sensitivity=1.8, unit=UNIT)
    of_visits = Buffered(counters=len(classes) * copies, ticks=1440, rho=rho / 4, sensitivity=1.0, unit=UNIT)
    for tick in range(2):
        counts.add(tick, of_counts.step(np.full(copies, tick * UNIT * len(stays_s))))
        visits.add(tick, of_visits.step(np.tile(classes, copies) * UNIT * tick))
    truth, rows = float(np.quantile(stays_s, share, method="inverted_cdf")), []
    for zone in range(copies):
        stayed = enough_stays(share, counts.stretches(of_counts), zone, visits.stretches(of_visits))
        rows.append((dwell_quantile(share, stayed, slice(zone * len(classes), (zone + 1) * len(classes))), truth))
    return Intervals.of(rows)


def exponential(mean_s: float, number: int) -> Floats:
    return np.random.default_rng(SEED).exponential(mean_s, number)


def lognormal(mean_s: float, number: int) -> Floats:
    return mean_s * np.random.default_rng(SEED).lognormal(-0.125, 0.5, number)


@pytest.mark.parametrize("spread", [exponential, lognormal, np.full])
@pytest.mark.parametrize("mean_s", [61.0, 240.0])
def test_intervals_of_quantiles_cover_at_least_95_in_100(spread: Callable[..., Floats], mean_s: float) -> None:
    stays_s = spread(mean_s, 4000) if spread is not np.full else np.full(4000, mean_s)
    for share in (0.5, 0.95):
        found = quantiles(stays_s, share, rho=0.5)
        assert len(found.values) > 4_000
        assert found.cover(0.95, 1.0)
