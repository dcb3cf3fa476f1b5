"""The wall: exact measurements in, protected releases out. Nothing else makes a `Release`."""

from collections.abc import Sequence

import numpy as np

from throng.data.errors import BudgetError, SiteError
from throng.data.measurement import Measurement
from throng.data.place import Line, Zone, counters_of
from throng.data.place_size import PlaceSize
from throng.data.release import Release, quantities_of
from throng.data.secrecy import MemoryOnly
from throng.privacy.bound import UNIT, ContributionBound, sensitivity
from throng.privacy.budget import Budget
from throng.privacy.derived import History, Row, density, mean_speed, specific_flow, stay
from throng.privacy.independent import Independent
from throng.privacy.ledger import Ledger
from throng.privacy.mechanism import Mechanism, Noised
from throng.privacy.square_root import SquareRoot
from throng.privacy.ticks import Sight, Ticks

MOST_UNKNOWN_TICKS = 60
"""After a pause (a suspended machine, a clock set forward) at most so many ticks are reported unknown: the last ones. Those
before them have no release."""

_CLOCK_SET_BACK_S = 10.0
_NOT_SIZED = "the size of its pictures is not known yet"
_MECHANISMS: dict[str, type[SquareRoot] | type[Independent]] = {"square-root": SquareRoot, "independent": Independent}


class Wall(MemoryOnly):
    """One camera's counts, made private tick by tick.

    All counters of the camera are one stream of vectors under one budget. An epoch opens with the first known tick of a UTC
    day, and after every start. A tick that was not seen whole is unknown: its release says why, its admitted counts stay in
    memory and go into the next known tick of the day, so totals miss nothing but what nobody saw. When a day begins, counts
    that are still waiting are dropped, and people who stand in a zone enter it anew.

    While the clock runs behind a tick already begun, nothing is released: no tick is noised twice.

    Parameters
    ----------
    camera : str
    lines, zones : sequences of Line, Zone
        At least one line or zone.
    in_metres : bool
        Whether the camera is calibrated; `set_sizes` then tells how large the places are before the first frame is observed.
    tick_s : float
        Length of a tick, seconds; divides a day.
    budget : Budget
    ledger : Ledger
    mechanism : str
        "square-root", or "independent" where only single ticks matter.

    Raises
    ------
    SiteError
        Nothing is counted, a zone visit does not fit the budget, the tick does not divide a day, or the mechanism has another
        name.
    """

    __slots__ = (
        "_bound", "_budget", "_camera", "_counters", "_epoch", "_history", "_ledger", "_lines", "_mechanism", "_name", "_open",
        "_pending", "_places", "_quantities", "_ready", "_sensitivity", "_sight", "_sizes", "_ticks", "_zones",
    )  # fmt: skip

    def __init__(
        self,
        *,
        camera: str,
        lines: Sequence[Line],
        zones: Sequence[Zone],
        in_metres: bool = False,
        tick_s: float,
        budget: Budget,
        ledger: Ledger,
        mechanism: str = "square-root",
    ) -> None:
        counters = counters_of(tuple(lines), tuple(zones), in_metres=in_metres)
        _check(camera, len(counters), len(zones), budget, mechanism)
        self._camera, self._budget, self._ledger, self._name = camera, budget, ledger, mechanism
        self._lines, self._zones = len(lines), len(zones)
        self._sizes = (PlaceSize(np.nan, unknown=_NOT_SIZED),) * (len(lines) + len(zones)) if in_metres else ()
        of_line, of_zone = (quantities_of(kind, in_metres=in_metres) for kind in ("line", "zone"))
        self._places = tuple(line.name for line in lines for _ in of_line) + tuple(zone.name for zone in zones for _ in of_zone)
        self._quantities = of_line * len(lines) + of_zone * len(zones)
        self._counters = len(counters)
        self._sensitivity = sensitivity(
            counters=2 * (len(lines) + len(zones)),
            passage_counters=budget.passage_counters,
            pieces=budget.pieces,
            speeds=len(zones) if in_metres else 0,
        )
        self._bound = ContributionBound(counters, passage_counters=budget.passage_counters)
        self._pending = np.zeros(len(counters), dtype=np.int64)
        self._ticks, self._sight = Ticks(tick_s), Sight(tick_s)
        self._open: int | None = None
        self._epoch: str | None = None
        self._mechanism: Mechanism | None = None
        self._history = History(tick_s)
        self._ready: list[Release] = []

    def set_sizes(self, sizes: Sequence[PlaceSize]) -> None:
        """How large the lines and then the zones are on the ground, of a calibrated camera."""
        self._sizes = tuple(sizes)

    def advance(self, now_s: float) -> list[Release]:
        """Close every tick that has ended by this Unix time; the releases made since the last call, oldest first."""
        self._close_until(now_s)
        ready, self._ready = self._ready, []
        return ready

    def observe(self, measurement: Measurement) -> None:
        """Take in the events of one frame. A frame older than the open tick counts in the open tick."""
        self._close_until(measurement.time_s)
        self._sight.saw(measurement.time_s)
        self._pending += self._bound.admit(measurement.passage_ids, measurement.counters, measurement.amounts)
        self._pending += self._bound.forget(measurement.ended_ids.tolist())

    def outage(self, reason: str) -> None:
        """The camera cannot be seen through since its last frame: ticks are unknown, with this reason, until `recovered`."""
        self._sight.lost(reason)

    def recovered(self) -> None:
        """The camera is back: it counts as seen from its next frame on."""
        self._sight.recovered()

    def _close_until(self, now_s: float) -> None:
        now = self._ticks.at(now_s)
        if self._open is None:
            self._enter(now)
        elif self._ticks.start_s(self._open) - now_s > max(_CLOCK_SET_BACK_S, self._ticks.tick_s):
            self._sight.clock_set_back()
        elif now > self._open:
            self._ready.append(self._close(self._open))
            for tick in range(max(self._open + 1, now - MOST_UNKNOWN_TICKS), now):
                self._enter(tick)
                self._ready.append(self._close(tick))
            self._enter(now)

    def _enter(self, tick: int) -> None:
        if self._open is not None and self._ticks.day(tick) != self._ticks.day(self._open):
            self._epoch = self._mechanism = None
            # What waits was admitted under yesterday's bound; added to today's it would break today's.
            self._pending = self._bound.new_epoch()
        self._open = tick
        self._sight.enter(self._ticks.start_s(tick))

    def _close(self, tick: int) -> Release:
        unknown = self._sight.close(self._ticks.start_s(tick))
        rows = [Row(np.nan, np.nan, unknown)] * len(self._places)
        if not unknown:
            try:
                mechanism = self._opened(tick)
            except BudgetError as error:
                unknown = str(error)
                rows = [Row(np.nan, np.nan, unknown)] * len(self._places)
            else:
                noised = mechanism.step(self._pending)
                self._pending = np.zeros_like(self._pending)
                self._history.add(tick, noised)
                rows = self._rows(noised, mechanism)
        return Release(
            camera=self._camera,
            tick_start_s=self._ticks.start_s(tick),
            tick_s=self._ticks.tick_s,
            epoch=self._epoch or f"{self._ticks.day(tick)}/0",
            mechanism=self._mechanism.description if self._mechanism else "none",
            places=self._places,
            quantities=self._quantities,
            values=np.array([row.value for row in rows]),
            standard_errors=np.array([row.standard_error for row in rows]),
            unknown=unknown,
            reasons=tuple(row.reason for row in rows),
        )

    def _opened(self, tick: int) -> Mechanism:
        """The mechanism of the day, its epoch opened and on disk."""
        if self._mechanism is None:
            ticks, budget = self._ticks.left_in_day(tick), self._budget
            epoch = self._ledger.open_epoch(
                self._camera,
                self._ticks.day(tick),
                rho_per_day=budget.rho_per_day,
                sensitivity=self._sensitivity,
                mechanism=f"{self._name}, {ticks} ticks, {budget.passage_counters} counters x {budget.pieces} pieces a passage",
            )
            make = _MECHANISMS[self._name]
            self._epoch = epoch.name
            self._mechanism = make(
                counters=self._counters, ticks=ticks, rho=epoch.rho, sensitivity=self._sensitivity, unit=UNIT
            )
            self._history = History(self._ticks.tick_s)
        return self._mechanism

    def _rows(self, noised: Noised, mechanism: Mechanism) -> list[Row]:
        """One tick's numbers, in the order of `places` and `quantities`."""
        rows: list[Row] = []
        for line in range(self._lines):
            rows += self._line_rows(noised, line)
        for zone in range(self._zones):
            rows += self._zone_rows(noised, mechanism, zone)
        return rows

    def _line_rows(self, noised: Noised, line: int) -> list[Row]:
        both = slice(2 * line, 2 * line + 2)
        rows = [Row(value, noised.tick_standard_error) for value in noised.tick_values[both]]
        rows += [Row(total, noised.total_standard_error) for total in noised.totals[both]]
        if self._sizes:
            # The two directions carry independent noise.
            passed = Row(float(noised.tick_values[both].sum()), 2**0.5 * noised.tick_standard_error)
            rows.append(specific_flow(passed, self._sizes[line], self._ticks.tick_s))
        return rows

    def _zone_rows(self, noised: Noised, mechanism: Mechanism, zone: int) -> list[Row]:
        entries = 2 * (self._lines + zone)
        rows = [Row(value, noised.tick_standard_error) for value in noised.tick_values[entries : entries + 2]]
        # So do entries and exits.
        error = 2**0.5 * noised.total_standard_error
        occupancy = Row(float(noised.totals[entries] - noised.totals[entries + 1]), error)
        window = self._history.window(mechanism, entries=entries)
        mean = Row(window.occupancy if window else np.nan, error)
        rows += [occupancy, stay(mean, window), stay(occupancy, window)]
        if self._sizes:
            size, speeds = self._sizes[self._lines + zone], 2 * (self._lines + self._zones) + zone
            longer = self._history.window(mechanism, entries=entries, speeds=speeds)
            rows += [density(occupancy, size), mean_speed(longer, size)]
        return rows


def _check(camera: str, counters: int, zones: int, budget: Budget, mechanism: str) -> None:
    if not counters:
        raise SiteError(f'camera "{camera}" counts nothing: give it at least one line or zone')
    if zones and budget.passage_counters < 2:
        raise SiteError(
            f'budget.passage_counters of camera "{camera}" must be at least 2, not {budget.passage_counters}: a zone counts a '
            "passage's entry and its exit"
        )
    if mechanism not in _MECHANISMS:
        raise SiteError(f'the mechanism of camera "{camera}" must be one of {", ".join(_MECHANISMS)}, not "{mechanism}"')
