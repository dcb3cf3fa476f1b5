"""The wall: exact measurements in, protected releases out. Nothing else makes a `Release`."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import BudgetError, SiteError
from throng.data.measurement import Measurement
from throng.data.place import Line, Zone, counters_of
from throng.data.release import Release
from throng.data.secrecy import MemoryOnly
from throng.privacy.bound import ContributionBound, sensitivity
from throng.privacy.budget import Budget
from throng.privacy.independent import Independent
from throng.privacy.ledger import Ledger
from throng.privacy.mechanism import Mechanism, Noised
from throng.privacy.square_root import SquareRoot
from throng.privacy.ticks import Sight, Ticks

MOST_UNKNOWN_TICKS = 60
"""After a pause (a suspended machine, a clock set forward) at most so many ticks are reported unknown: the last ones. Those
before them have no release."""

_CLOCK_SET_BACK_S = 10.0
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
        "_bound", "_budget", "_camera", "_counters", "_epoch", "_ledger", "_mechanism", "_name", "_open", "_pending", "_places",
        "_quantities", "_ready", "_sensitivity", "_sight", "_ticks", "_zones",
    )  # fmt: skip

    def __init__(
        self,
        *,
        camera: str,
        lines: Sequence[Line],
        zones: Sequence[Zone],
        tick_s: float,
        budget: Budget,
        ledger: Ledger,
        mechanism: str = "square-root",
    ) -> None:
        counters = counters_of(tuple(lines), tuple(zones))
        _check(camera, len(counters), len(zones), budget, mechanism)
        self._camera, self._budget, self._ledger, self._name = camera, budget, ledger, mechanism
        self._places = tuple(line.name for line in lines for _ in range(4)) + tuple(
            zone.name for zone in zones for _ in range(3)
        )
        self._quantities = ("in", "out", "in_total", "out_total") * len(lines) + ("entries", "exits", "occupancy") * len(zones)
        self._counters, self._zones = len(counters), len(zones)
        self._sensitivity = sensitivity(counters=len(counters), passage_counters=budget.passage_counters, pieces=budget.pieces)
        self._bound = ContributionBound(counters, passage_counters=budget.passage_counters)
        self._pending = np.zeros(len(counters), dtype=np.int64)
        self._ticks, self._sight = Ticks(tick_s), Sight(tick_s)
        self._open: int | None = None
        self._epoch: str | None = None
        self._mechanism: Mechanism | None = None
        self._ready: list[Release] = []

    def advance(self, now_s: float) -> list[Release]:
        """Close every tick that has ended by this Unix time; the releases made since the last call, oldest first."""
        self._close_until(now_s)
        ready, self._ready = self._ready, []
        return ready

    def observe(self, measurement: Measurement) -> None:
        """Take in the events of one frame. A frame older than the open tick counts in the open tick."""
        self._close_until(measurement.time_s)
        self._sight.saw(measurement.time_s)
        self._pending += self._bound.admit(measurement.passage_ids, measurement.counters)
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
        noised = None
        if not unknown:
            try:
                noised = self._opened(tick).step(self._pending)
            except BudgetError as error:
                unknown = str(error)
            else:
                self._pending = np.zeros_like(self._pending)
        values, errors = self._rows(noised)
        return Release(
            camera=self._camera,
            tick_start_s=self._ticks.start_s(tick),
            tick_s=self._ticks.tick_s,
            epoch=self._epoch or f"{self._ticks.day(tick)}/0",
            mechanism=self._mechanism.description if self._mechanism else "none",
            places=self._places,
            quantities=self._quantities,
            values=values,
            standard_errors=errors,
            unknown=unknown,
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
            self._mechanism = make(counters=self._counters, ticks=ticks, rho=epoch.rho, sensitivity=self._sensitivity)
        return self._mechanism

    def _rows(self, noised: Noised | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Values and standard errors of one tick, in the order of `places` and `quantities`."""
        if noised is None:
            unknown = np.full(len(self._places), np.nan)
            return unknown, unknown
        values, totals = noised.tick_values.reshape(-1, 2), noised.totals.reshape(-1, 2)
        tick, total = noised.tick_standard_error, noised.total_standard_error
        lines = len(values) - self._zones
        of_lines = np.hstack([values[:lines], totals[:lines]])
        of_zones = np.column_stack([values[lines:], totals[lines:, 0] - totals[lines:, 1]])
        # Entries and exits carry independent noise, so that of their difference is root two larger.
        errors = [tick, tick, total, total] * lines + [tick, tick, 2**0.5 * total] * self._zones
        return np.concatenate([of_lines.ravel(), of_zones.ravel()]), np.array(errors)


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
