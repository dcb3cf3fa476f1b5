"""The wall: exact measurements in, protected releases out. Nothing else makes a `Release`."""

from collections.abc import Sequence

import numpy as np

from throng.data.errors import BudgetError, SiteError
from throng.data.measurement import Measurement
from throng.data.place import Line, Zone, counters_of
from throng.data.place_size import PlaceSize
from throng.data.release import Release
from throng.data.secrecy import MemoryOnly
from throng.data.secret_memory import secret_array
from throng.privacy.bound import ContributionBound
from throng.privacy.budget import Budget
from throng.privacy.choose import make_mechanism
from throng.privacy.ledger import Ledger
from throng.privacy.mechanism import Mechanism
from throng.privacy.rows import Named, Rows
from throng.privacy.streams import COUNTS, HEAT, streams_of
from throng.privacy.ticks import Sight, Ticks

MOST_UNKNOWN_TICKS = 60
"""After a pause (a suspended machine, a clock set forward) at most so many ticks are reported unknown: the last ones. Those
before them have no release."""

_CLOCK_SET_BACK_S = 10.0


class Wall(MemoryOnly):
    """One camera's counts, made private tick by tick.

    All numbers of the camera are a few streams of vectors, which share one budget. An epoch opens with the first known tick of
    a UTC day, and after every start. A tick that was not seen whole is unknown: its release says why, its admitted counts stay
    in memory and go into the next known tick of the day, so totals miss nothing but what nobody saw. When a day begins, counts
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

    Raises
    ------
    SiteError
        Nothing is counted, a zone visit does not fit the budget, or the tick does not divide a day.
    """

    __slots__ = (
        "_bound", "_budget", "_camera", "_epoch", "_ledger", "_mechanisms", "_open", "_pending", "_ready", "_rows", "_sight",
        "_streams", "_ticks",
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
    ) -> None:
        extras = budget.shares.extras
        counters = counters_of(tuple(lines), tuple(zones), in_metres=in_metres, extras=extras)
        _check(camera, len(lines) + len(zones), len(zones), budget)
        self._camera, self._budget, self._ledger = camera, budget, ledger
        self._streams = streams_of(counters, budget)
        self._bound = ContributionBound(counters, self._streams, passage_counters=budget.passage_counters)
        self._pending = secret_array(sum(stream.columns for stream in self._streams), np.int64)
        self._ticks, self._sight = Ticks(tick_s), Sight(tick_s)
        self._rows = Rows(lines, zones, in_metres=in_metres, extras=extras, tick_s=tick_s)
        self._open: int | None = None
        self._epoch: str | None = None
        self._mechanisms: dict[str, Mechanism] = {}
        self._ready: list[Release] = []

    def set_sizes(self, sizes: Sequence[PlaceSize]) -> None:
        """How large the lines and then the zones are on the ground, of a calibrated camera."""
        self._rows.set_sizes(sizes)

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
            self._epoch, self._mechanisms = None, {}
            # What waits was admitted under yesterday's bound; added to today's it would break today's.
            self._pending[:] = self._bound.new_epoch()
        self._open = tick
        self._sight.enter(self._ticks.start_s(tick))

    def _close(self, tick: int) -> Release:
        unknown, ends_hour = self._sight.close(self._ticks.start_s(tick)), self._ticks.ends_hour(tick)
        if not unknown:
            try:
                self._open_epoch(tick)
            except BudgetError as error:
                unknown = str(error)
        rows = self._rows.unknown(unknown, ends_hour=ends_hour) if unknown else self._noise(tick, ends_hour=ends_hour)
        return Release(
            camera=self._camera,
            tick_start_s=self._ticks.start_s(tick),
            tick_s=self._ticks.tick_s,
            epoch=self._epoch or f"{self._ticks.day(tick)}/0",
            mechanism=self._described(),
            places=tuple(each.place for each in rows),
            quantities=tuple(each.quantity for each in rows),
            values=np.array([each.row.value for each in rows]),
            standard_errors=np.array([each.row.standard_error for each in rows]),
            unknown=unknown,
            reasons=tuple(each.row.reason for each in rows),
        )

    def _noise(self, tick: int, *, ends_hour: bool) -> list[Named]:
        """Step the streams whose time it is, each once, with what waits for it."""
        noised = {}
        for stream in self._streams:
            if ends_hour or not stream.by_hour:
                noised[stream.name] = self._mechanisms[stream.name].step(self._pending[stream.slice])
                self._pending[stream.slice] = 0
        rows = self._rows.known(tick, noised, self._mechanisms)
        heat = self._rows.heat(noised[HEAT]) if HEAT in noised else []
        if ends_hour:
            rows += self._rows.hour(noised[COUNTS], self._mechanisms[COUNTS])
        return rows + heat

    def _open_epoch(self, tick: int) -> None:
        """Make the mechanisms of the day, their epoch opened and on disk, where that is still to be done."""
        if self._mechanisms:
            return
        budget, counts = self._budget, self._streams[0]
        epoch = self._ledger.open_epoch(
            self._camera,
            self._ticks.day(tick),
            rho_per_day=budget.rho_per_day,
            epsilon_per_day=budget.epsilon_per_day if budget.pure else None,
            sensitivity=counts.size if budget.pure else counts.length,
            mechanism=f"{budget.mechanism}, {self._ticks.left_in_day(tick)} ticks, {self._shares()}, {budget.passage_counters} "
            f"counters x {budget.pieces} pieces a passage ({budget.pieces_from})",
        )
        self._epoch = epoch.name
        self._mechanisms = {
            stream.name: make_mechanism(budget.mechanism, stream, self._ticks.left(tick, by_hour=stream.by_hour), epoch)
            for stream in self._streams
        }
        self._rows.new_epoch(begins_hour=self._ticks.ends_hour(tick - 1))

    def _described(self) -> str:
        """What protects the numbers: a description of each stream's mechanism, whose costs add up; that of the counts first."""
        of_streams = (f"{name} {each.description}" for name, each in self._mechanisms.items())
        return "; ".join(of_streams).removeprefix(f"{COUNTS} ") or "none"

    def _shares(self) -> str:
        return " + ".join(f"{float(stream.share):g} {stream.name}" for stream in self._streams)


def _check(camera: str, places: int, zones: int, budget: Budget) -> None:
    if not places:
        raise SiteError(f'camera "{camera}" counts nothing: give it at least one line or zone')
    if zones and budget.passage_counters < 2:
        raise SiteError(
            f'budget.passage_counters of camera "{camera}" must be at least 2, not {budget.passage_counters}: a zone counts a '
            "passage's entry and its exit"
        )
