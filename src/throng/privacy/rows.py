"""What is released of a tick: the streams' noisy numbers and what follows from them, row by row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from throng.data.place import HEAT_COLUMNS, HEAT_ROWS, Extras, Line, Zone, cell_name
from throng.data.place_size import PlaceSize
from throng.data.release import hourly_quantities_of, quantities_of
from throng.privacy.derived import (
    SURE,
    SURE_OF_SPEED,
    Row,
    density,
    dwell_quantile,
    enough_stays,
    mean_speed,
    specific_flow,
    speed_now,
    stays,
    unknown,
)
from throng.privacy.history import History
from throng.privacy.mechanism import Mechanism, Noised, window_standard_error
from throng.privacy.streams import COUNTS, DWELL, SPEED_NOW, STAYS_S
from throng.privacy.ticks import HOUR_S

_NOT_SIZED = "the size of its pictures is not known yet"
_BEGUN_WITHIN = "the counting began within this hour"
QUANTILES = (0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Named:
    """A row with what it is about."""

    place: str
    quantity: str
    row: Row


class Rows:
    """Makes the rows of one camera's ticks, in one order, from what its streams released.

    Parameters
    ----------
    lines, zones : sequences of Line, Zone
    in_metres : bool
        Whether the camera is calibrated.
    extras : Extras
    tick_s : float
        Seconds.
    """

    def __init__(self, lines: Sequence[Line], zones: Sequence[Zone], *, in_metres: bool, extras: Extras, tick_s: float) -> None:
        self._lines, self._zones = [line.name for line in lines], [zone.name for zone in zones]
        self._of_line = quantities_of("line", in_metres=in_metres, extras=extras)
        self._of_zone = quantities_of("zone", in_metres=in_metres, extras=extras)
        self._heat, self._tick_s, self._hourly = extras.heat, tick_s, tick_s < HOUR_S and HOUR_S % tick_s == 0
        self._sizes = (PlaceSize(np.nan, unknown=_NOT_SIZED),) * (len(lines) + len(zones)) if in_metres else ()
        self.new_epoch(begins_hour=False)

    def new_epoch(self, *, begins_hour: bool) -> None:
        """Forget what was released; whether the first tick to come begins an hour."""
        self._histories: dict[str, History] = {name: History(self._tick_s) for name in (COUNTS, DWELL)}
        self._steps = self._steps_at_hour = 0
        self._people = self._at_hour = np.zeros(2 * (len(self._lines) + len(self._zones)))
        self._whole_hour = begins_hour

    def set_sizes(self, sizes: Sequence[PlaceSize]) -> None:
        """How large the lines and then the zones are on the ground."""
        self._sizes = tuple(sizes)

    def unknown(self, reason: str, *, ends_hour: bool) -> list[Named]:
        """The rows of a tick that is not known."""
        rows = self._named([unknown(reason)] * len(self._quantities()))
        if ends_hour:
            rows += self._named_hour([unknown(reason)] * len(self._at_hour)) if self._hourly else []
            rows += self._named_heat([unknown(reason)] * (HEAT_COLUMNS * HEAT_ROWS)) if self._heat else []
            self._begin_hour()
        return rows

    def known(self, tick: int, noised: Mapping[str, Noised], mechanisms: Mapping[str, Mechanism]) -> list[Named]:
        """The rows of a tick, by number."""
        for name, history in self._histories.items():
            if name in noised:
                history.add(tick, noised[name])
        self._people = noised[COUNTS].totals[: len(self._people)]
        self._steps += 1
        rows: list[Row] = []
        for line in range(len(self._lines)):
            rows += self._line(noised[COUNTS], line)
        for zone in range(len(self._zones)):
            rows += self._zone(noised, mechanisms, zone)
        return self._named(rows)

    def hour(self, counts: Noised, mechanism: Mechanism) -> list[Named]:
        """The rows of the hour that a tick ends, after its own: differences of totals. None where ticks make no hour."""
        if not self._hourly:
            return []
        people = counts.totals[: len(self._at_hour)]
        if self._whole_hour:
            error = window_standard_error(mechanism, self._steps - self._steps_at_hour)
            rows = [Row(float(each), error) for each in people - self._at_hour]
        else:
            rows = [unknown(_BEGUN_WITHIN)] * len(people)
        self._begin_hour()
        return self._named_hour(rows)

    def heat(self, noised: Noised) -> list[Named]:
        """The rows of the cells of the hour that a tick ends; to be asked for before those of `hour`."""
        if self._hourly and not self._whole_hour:
            return self._named_heat([unknown(_BEGUN_WITHIN)] * len(noised.tick_values))
        return self._named_heat([Row(value, noised.tick_standard_error) for value in noised.tick_values.tolist()])

    def _begin_hour(self) -> None:
        """What the hour that ends counted goes into no other; what waits is released in the next."""
        self._at_hour, self._steps_at_hour, self._whole_hour = self._people, self._steps, True

    def _line(self, noised: Noised, line: int) -> list[Row]:
        both = slice(2 * line, 2 * line + 2)
        rows = [Row(value, noised.tick_standard_error) for value in noised.tick_values[both]]
        rows += [Row(total, noised.total_standard_error) for total in noised.totals[both]]
        if self._sizes:
            # The two directions carry independent noise.
            passed = Row(float(noised.tick_values[both].sum()), 2**0.5 * noised.tick_standard_error)
            rows.append(specific_flow(passed, self._sizes[line], self._tick_s))
        return rows

    def _zone(self, streams: Mapping[str, Noised], mechanisms: Mapping[str, Mechanism], zone: int) -> list[Row]:
        noised, mechanism, history = streams[COUNTS], mechanisms[COUNTS], self._histories[COUNTS]
        entries = 2 * (len(self._lines) + zone)
        both = slice(entries, entries + 2)
        rows = [Row(value, noised.tick_standard_error) for value in noised.tick_values[both]]
        rows += [Row(total, noised.total_standard_error) for total in noised.totals[both]]
        # So do entries and exits.
        inside = float(noised.totals[entries] - noised.totals[entries + 1])
        occupancy = Row(inside, 2**0.5 * noised.total_standard_error)
        rows += [occupancy, *stays(history.window(mechanism, entries=entries, sure=SURE))]
        if "dwell_median" in self._of_zone:
            classes = slice(zone * (len(STAYS_S) + 1), (zone + 1) * (len(STAYS_S) + 1))
            counted, visits = history.stretches(mechanism), self._histories[DWELL].stretches(mechanisms[DWELL])
            enough = [enough_stays(share, counted, entries + 1, visits) for share in QUANTILES]
            rows += [dwell_quantile(share, stayed, classes) for share, stayed in zip(QUANTILES, enough, strict=True)]
        if self._sizes:
            size, speeds = self._sizes[len(self._lines) + zone], 2 * (len(self._lines) + len(self._zones)) + zone
            longer = history.window(mechanism, entries=entries, sure=SURE_OF_SPEED, speeds=speeds)
            rows += [density(occupancy, size), mean_speed(longer, size)]
            if "speed_now" in self._of_zone:
                levels = streams[SPEED_NOW]
                rows.append(speed_now(Row(float(levels.totals[zone]), levels.total_standard_error), occupancy, size))
        return rows

    def _quantities(self) -> list[tuple[str, str]]:
        of_lines = [(line, quantity) for line in self._lines for quantity in self._of_line]
        return of_lines + [(zone, quantity) for zone in self._zones for quantity in self._of_zone]

    def _named(self, rows: Sequence[Row]) -> list[Named]:
        return [Named(*about, row) for about, row in zip(self._quantities(), rows, strict=True)]

    def _named_hour(self, rows: Sequence[Row]) -> list[Named]:
        about = [(line, quantity) for line in self._lines for quantity in hourly_quantities_of("line")]
        about += [(zone, quantity) for zone in self._zones for quantity in hourly_quantities_of("zone")]
        return [Named(*each, row) for each, row in zip(about, rows, strict=True)]

    @staticmethod
    def _named_heat(rows: Sequence[Row]) -> list[Named]:
        return [Named(cell_name(number), "heat", row) for number, row in enumerate(rows)]
