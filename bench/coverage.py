"""How often the intervals that are shown cover the truth: places alike, each with noise of its own, by the wall's own rows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from throng.data.place import HEAT_COLUMNS, HEAT_ROWS, Line, Zone, counters_of
from throng.data.place_size import PlaceSize
from throng.data.release import QUANTITIES
from throng.privacy.budget import MECHANISMS, Budget, Shares
from throng.privacy.choose import make_mechanism
from throng.privacy.derived import COVERED, SURE, SURE_OF_SPEED, enough_stays
from throng.privacy.history import LONGEST_WINDOW, History
from throng.privacy.ledger import Epoch
from throng.privacy.mechanism import Mechanism, Noised
from throng.privacy.plan import FIRST_EPOCH
from throng.privacy.rows import QUANTILES, Named, Rows
from throng.privacy.streams import (
    COUNTS,
    DWELL,
    FASTEST_MPS,
    HEAT,
    MOST_RISE_MPS,
    SPEED_UNITS,
    STAYS_S,
    UNIT,
    streams_of,
)
from throng.privacy.ticks import DAY_S, HOUR_S

COPIES = 400
HOURS = 3
EVERY = 8
"""After so many ticks the intervals are looked at again."""
ENOUGH = 0.25
"""A scenario counts on its own for a quantity that is told at this share, at least, of all places and moments."""
LENGTH_M, AREA_M2, SCALE_ERROR = 4.0, 50.0, 0.02
"""The size of a line and of a zone, and the standard error of the calibration's scale, as a share."""
SOME = ("in", "in_total", "occupancy", "mean_dwell", "wait", "mean_speed")
SPEEDS_MPS = (0.3, 0.8, 1.4)

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Scenario:
    """A zone with its people, and a line that they cross when they come and when they leave.

    Attributes
    ----------
    per_minute : float
        Who come, at random moments.
    stay_s : float
        How long they stay, on average.
    stays : str
        How that is spread: "exponential", "lognormal" (standard deviation of the logarithm 0.5) or "alike".
    rho : float
        The day's budget. Above the default, speeds now, dwell and heat have a share in it.
    tick_s : int
    waves : bool
        Whether they come in the first minute of every quarter of an hour.
    mechanism : str
        With "pure-tree" the day's budget is an epsilon of the default.
    """

    per_minute: float
    stay_s: float
    stays: str = "exponential"
    rho: float = Budget().rho_per_day
    tick_s: int = 60
    waves: bool = False
    mechanism: str = Budget().mechanism

    @property
    def budget(self) -> Budget:
        """Of the camera."""
        more = self.rho > Budget().rho_per_day
        shares = Shares(speed_now=0.2, dwell=0.2, heat=0.1) if more else Shares()
        return Budget(rho_per_day=self.rho, mechanism=self.mechanism, shares=shares)


SCENARIOS = (
    Scenario(1, 60),
    Scenario(1, 600, rho=0.5),
    Scenario(1.5, 600),
    Scenario(3, 120, "lognormal"),
    Scenario(5, 1800),
    Scenario(10, 60, "lognormal", rho=0.5),
    Scenario(10, 600, rho=8),
    Scenario(20, 300, "lognormal", rho=2),
    Scenario(20, 90, "alike", waves=True),
    Scenario(30, 600, rho=2, waves=True),
    Scenario(40, 600, "lognormal", rho=0.5),
    Scenario(60, 1800, rho=2),
    Scenario(60, 30, "lognormal"),
    Scenario(60, 300, "alike", rho=8),
    Scenario(10, 60, tick_s=10),
    Scenario(30, 10, rho=2, tick_s=10),
    Scenario(60, 120, "lognormal", rho=0.5, tick_s=10),
    Scenario(60, 600, rho=8, tick_s=10),
)


class Seen(NamedTuple):
    """Intervals of one quantity at one moment, one for each place: values, standard errors and truths, NaN where not told."""

    quantity: str
    values: Floats
    errors: Floats
    truths: Floats

    def covered(self) -> NDArray[np.bool_]:
        """Which of those that are told cover the truth."""
        return (np.abs(self.values - self.truths) <= COVERED * self.errors)[~np.isnan(self.values)]


class People:
    """What happens in a scenario, exactly, by tick."""

    def __init__(self, scenario: Scenario, *, ticks: int, generator: np.random.Generator) -> None:
        tick_s, end_s = scenario.tick_s, ticks * scenario.tick_s
        came_s = generator.uniform(0.0, end_s, generator.poisson(scenario.per_minute * end_s / 60))
        if scenario.waves:
            came_s = came_s // 900 * 900 + came_s % 900 / 15
        spread = {"exponential": 0.0, "lognormal": 0.5, "alike": 0.0}[scenario.stays]
        each_s = generator.lognormal(-(spread**2) / 2, spread, len(came_s))
        stays_s = scenario.stay_s * (generator.exponential(size=len(came_s)) if scenario.stays == "exponential" else each_s)
        speeds = generator.choice(SPEEDS_MPS, len(came_s))
        came, left = (came_s // tick_s).astype(np.int64), ((came_s + stays_s) // tick_s).astype(np.int64)
        self.entries = np.bincount(came, minlength=ticks)
        self.exits, self.speeds = np.bincount(left, minlength=ticks)[:ticks], np.bincount(left, speeds, minlength=ticks)[:ticks]
        self.inside = np.cumsum(self.entries - self.exits)
        self.levels = np.bincount(came, speeds, minlength=ticks) - self.speeds
        """By how much the sum of the speeds of those inside changes."""
        self.stays_s = [stays_s[left == tick] for tick in range(ticks)]
        self.cells = generator.integers(0, 20 * UNIT, HEAT_COLUMNS * HEAT_ROWS)

    def classes(self, tick: int) -> Counts:
        """How many of those who left in a tick had a stay of each class."""
        return np.bincount(np.searchsorted(STAYS_S, self.stays_s[tick], side="right"), minlength=len(STAYS_S) + 1)


class Places:
    """Zones and lines alike, which differ in the noise and in the error of the calibration alone.

    Parameters
    ----------
    scenario : Scenario
    copies : int
        How many of each.
    ticks : int
    generator : numpy.random.Generator
        Draws people and calibrations; the noise is the mechanism's own.
    """

    def __init__(self, scenario: Scenario, *, copies: int, ticks: int, generator: np.random.Generator) -> None:
        self._scenario, self._copies, self._ticks = scenario, copies, ticks
        self._people = People(scenario, ticks=ticks, generator=generator)
        corners = np.array([[0.0, 0.0], [9.0, 0.0], [9.0, 9.0]])
        lines = tuple(Line(f"line {number}", corners[:2]) for number in range(copies))
        zones = tuple(Zone(f"zone {number}", corners) for number in range(copies))
        budget = scenario.budget
        counters = counters_of(lines, zones, in_metres=True, extras=budget.shares.extras)
        self._mechanisms: dict[str, Mechanism] = {}
        for stream in streams_of(counters, budget):
            ticks_a_day = DAY_S // (HOUR_S if stream.by_hour else scenario.tick_s)
            epoch = Epoch("2026-11-24/1", budget.rho_per_day * FIRST_EPOCH, budget.epsilon_per_day * FIRST_EPOCH)
            self._mechanisms[stream.name] = make_mechanism(budget.mechanism, stream, ticks_a_day, epoch)
        self._scales = 1 + SCALE_ERROR * generator.standard_normal(copies)
        self._rows = Rows(lines, zones, in_metres=True, extras=budget.shares.extras, tick_s=scenario.tick_s)
        of_lines = [PlaceSize(LENGTH_M * scale, SCALE_ERROR * LENGTH_M * scale, SCALE_ERROR) for scale in self._scales]
        areas = AREA_M2 * self._scales**2
        self._rows.set_sizes([*of_lines, *(PlaceSize(area, 2 * SCALE_ERROR * area, SCALE_ERROR) for area in areas)])
        self._histories = {name: History(scenario.tick_s) for name in (COUNTS, DWELL) if name in self._mechanisms}

    def seen(self) -> Iterator[Seen]:
        """The intervals of some moments, from when the longest window is full."""
        ticks_an_hour = HOUR_S // self._scenario.tick_s
        for tick in range(self._ticks):
            noised = {name: each.step(self._counts(name, tick)) for name, each in self._mechanisms.items() if name != HEAT}
            for name, history in self._histories.items():
                history.add(tick, noised[name])
            rows = self._rows.known(tick, noised, self._mechanisms)
            if (tick + 1) % ticks_an_hour == 0:
                yield from self._hour(tick, noised[COUNTS])
            if tick > LONGEST_WINDOW + EVERY and tick % EVERY == 0:
                yield from _beside(rows, self._truths(tick))

    def _counts(self, name: str, tick: int) -> Counts:
        """What is admitted in a tick, units."""
        people, copies = self._people, self._copies
        if name == COUNTS:
            passed = np.tile([people.entries[tick], people.exits[tick]], 2 * copies) * UNIT
            return np.append(passed, np.rint(people.speeds[tick] * self._scales * (SPEED_UNITS / FASTEST_MPS)).astype(np.int64))
        if name == DWELL:
            return np.tile(people.classes(tick), copies) * UNIT
        so_far = [people.levels[:end].sum() * self._scales for end in (tick, tick + 1)]
        change: Counts = np.diff(np.rint(np.array(so_far) * (UNIT / MOST_RISE_MPS)).astype(np.int64), axis=0)[0]
        return change

    def _hour(self, tick: int, counts: Noised) -> Iterator[Seen]:
        people = self._people
        since = slice(tick + 1 - HOUR_S // self._scenario.tick_s, tick + 1)
        came, left = people.entries[since].sum(), people.exits[since].sum()
        truths = {"in_hour": came, "out_hour": left, "entries_hour": came, "exits_hour": left}
        yield from _beside(self._rows.hour(counts, self._mechanisms[COUNTS]), truths)
        if HEAT in self._mechanisms:
            yield from _beside(self._rows.heat(self._mechanisms[HEAT].step(people.cells)), {"heat": people.cells / UNIT})

    def _truths(self, tick: int) -> dict[str, Floats | float]:
        """What each place's numbers would be without noise and with the true calibration, over the windows that it chose."""
        people, tick_s = self._people, self._scenario.tick_s
        came, left, inside = people.entries[tick], people.exits[tick], people.inside[tick]
        stays, speeds = self._windows(SURE), self._windows(SURE_OF_SPEED)
        exits = {length: people.exits[tick + 1 - length : tick + 1].sum() for length in {*stays, *speeds} - {0}}
        means = {length: np.trapezoid(people.inside[tick - length : tick + 1]) / length for length in exits}
        added = {length: people.speeds[tick + 1 - length : tick + 1].sum() for length in exits}
        truths = {
            "in": came, "out": left, "in_total": people.entries[: tick + 1].sum(), "out_total": people.exits[: tick + 1].sum(),
            "specific_flow": (came + left) / (LENGTH_M * tick_s),
            "entries": came, "exits": left, "occupancy": inside, "density": inside / AREA_M2,
            "mean_dwell": np.array([length and means[length] * length * tick_s / exits[length] for length in stays]),
            "wait": np.array([length and inside * length * tick_s / exits[length] for length in stays]),
            "mean_speed": np.array([length and added[length] / exits[length] for length in speeds]),
            "speed_now": people.levels[: tick + 1].sum() / max(inside, 1),
        }  # fmt: skip
        if DWELL in self._mechanisms:
            for share, name in zip(QUANTILES, ("dwell_median", "dwell_p95"), strict=True):
                truths[name] = self._quantiles(tick, share)
        return truths

    def _windows(self, sure: float) -> list[int]:
        """The length in ticks of the window of each zone, 0 for none."""
        history, mechanism = self._histories[COUNTS], self._mechanisms[COUNTS]
        first = 2 * self._copies
        chosen = [history.window(mechanism, entries=first + 2 * zone, sure=sure) for zone in range(self._copies)]
        return [round(window.seconds / self._scenario.tick_s) if window else 0 for window in chosen]

    def _quantiles(self, tick: int, share: float) -> Floats:
        counts, visits = (self._histories[name].stretches(self._mechanisms[name]) for name in (COUNTS, DWELL))
        first = 2 * self._copies + 1
        chosen = [enough_stays(share, counts, first + 2 * zone, visits) for zone in range(self._copies)]
        truths = {0: np.nan}
        for length in {each.length for each in chosen if each}:
            stays_s = np.concatenate(self._people.stays_s[tick + 1 - length : tick + 1])
            truths[length] = float(np.quantile(stays_s, share, method="inverted_cdf")) if len(stays_s) else np.nan
        return np.array([truths[each.length if each else 0] for each in chosen])


def _beside(rows: Sequence[Named], truths: dict[str, Floats | float]) -> Iterator[Seen]:
    """Intervals beside the truth, quantity by quantity."""
    for quantity, truth in truths.items():
        some = [each.row for each in rows if each.quantity == quantity]
        if some:
            values, errors = np.array([row.value for row in some]), np.array([row.standard_error for row in some])
            yield Seen(quantity, values, errors, np.broadcast_to(np.asarray(truth, dtype=np.float64), values.shape))


class Tally(NamedTuple):
    """Of one quantity: how many intervals there could be, how many were told, and how many of those covered."""

    asked: int
    told: int
    covered: int


def tallies(seen: Iterable[Seen]) -> dict[str, Tally]:
    """By quantity."""
    found: dict[str, Tally] = {}
    for each in seen:
        covered, (asked, told, before) = each.covered(), found.get(each.quantity, (0, 0, 0))
        found[each.quantity] = Tally(asked + len(each.values), told + len(covered), before + int(covered.sum()))
    return found


def run() -> list[str]:
    """The coverage by quantity, and by mechanism, as Markdown."""
    found: dict[str, list[Tally]] = {}
    for number, scenario in enumerate(SCENARIOS):
        for quantity, tally in _tallies(scenario, number).items():
            found.setdefault(quantity, []).append(tally)
    return [
        f"Times in 100, in {len(SCENARIOS)} scenarios of {COPIES} places each. Scenarios in which a number is told less than "
        f"{100 * ENOUGH:.0f} times in 100 are in the last column alone.",
        "",
        "| quantity | told | covered | least and most in a scenario | covered where seldom told |",
        "| --- | --- | --- | --- | --- |",
        *(_row(quantity, found[quantity]) for quantity in QUANTITIES if quantity in found),
        "",
        *_by_mechanism(),
    ]


def _by_mechanism() -> list[str]:
    """The coverage of some quantities, one scenario with each mechanism."""
    busy = Scenario(60, 600)
    told = {name: _tallies(replace(busy, mechanism=name), len(SCENARIOS)) for name in MECHANISMS}
    return [
        f"By mechanism, {busy.per_minute:g} people a minute who stay {busy.stay_s:g} s, the default budget:",
        "",
        f"| mechanism | {' | '.join(f'`{each}`' for each in SOME)} |",
        f"| --- |{' --- |' * len(SOME)}",
        *(
            f"| {name} | {' | '.join(f'{_covered([found[each]]):.1f}' if found[each].told else 'not told' for each in SOME)} |"
            for name, found in told.items()
        ),
    ]


def _tallies(scenario: Scenario, seed: int) -> dict[str, Tally]:
    ticks = (HOURS if scenario.tick_s == 60 else 1) * HOUR_S // scenario.tick_s
    return tallies(Places(scenario, copies=COPIES, ticks=ticks, generator=np.random.default_rng(seed)).seen())


def _row(quantity: str, of_scenarios: Sequence[Tally]) -> str:
    often = [each for each in of_scenarios if each.told >= ENOUGH * each.asked]
    seldom = [each for each in of_scenarios if each.told < ENOUGH * each.asked]
    told = 100 * sum(each.told for each in of_scenarios) / sum(each.asked for each in of_scenarios)
    by_scenario = [_covered([each]) for each in often]
    return (
        f"| `{quantity}` | {told:.0f} | {_covered(often):.1f} | {min(by_scenario):.1f}, {max(by_scenario):.1f} "
        f"| {f'{_covered(seldom):.1f}' if sum(each.told for each in seldom) else '-'} |"
    )


def _covered(some: Sequence[Tally]) -> float:
    return 100 * sum(each.covered for each in some) / sum(each.told for each in some)
