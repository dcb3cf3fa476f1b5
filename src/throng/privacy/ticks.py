"""Time cut into ticks, and whether the camera was seen through during one."""

import math
from datetime import date, timedelta

from throng.data.errors import SiteError

DAY_S, HOUR_S = 86_400, 3600
_UNIX_DAY_0 = date(1970, 1, 1)
_TOLERATED_SHARE = 0.1
_LONGEST_PAUSE_S = 2.0
_STARTING, _NO_PICTURE, _CLOCK = "starting", "no picture arrived", "the clock was set back"


class Ticks:
    """Ticks of equal length, aligned to midnight UTC and numbered from 1970.

    Parameters
    ----------
    tick_s : float
        At least one second; divides a day.

    Raises
    ------
    SiteError
        It does not.
    """

    def __init__(self, tick_s: float) -> None:
        if not (math.isfinite(tick_s) and 1 <= tick_s <= DAY_S and (DAY_S / tick_s).is_integer()):
            raise SiteError(
                f"a tick must divide a day into equal parts of at least one second, not {tick_s} s: take 2, 10 or 60"
            )
        self.tick_s = tick_s
        self.per_day = int(DAY_S / tick_s)

    def at(self, time_s: float) -> int:
        """Number of the tick that holds this Unix time."""
        day, second = divmod(time_s, DAY_S)
        return int(day) * self.per_day + min(int(second / self.tick_s), self.per_day - 1)

    def start_s(self, tick: int) -> float:
        """Unix time at which a tick begins."""
        day, number = divmod(tick, self.per_day)
        return day * DAY_S + number * self.tick_s

    def day(self, tick: int) -> date:
        """The UTC day that a tick lies in."""
        return _UNIX_DAY_0 + timedelta(days=tick // self.per_day)

    def ends_hour(self, tick: int) -> bool:
        """Whether this tick ends in another hour than it begins in, or at an hour's end."""
        return self.start_s(tick) // HOUR_S != self.start_s(tick + 1) // HOUR_S

    def left(self, tick: int, *, by_hour: bool) -> int:
        """How many releases are left of the day, this one included: ticks, or ticks that end an hour."""
        number = self.left_in_day(tick)
        return sum(self.ends_hour(each) for each in range(tick, tick + number)) if by_hour else number

    def left_in_day(self, tick: int) -> int:
        """How many ticks are left of the day, this one included."""
        return self.per_day - tick % self.per_day


class Sight:
    """Whether the camera was seen through for all of the open tick, give or take a tenth.

    Not seen: from the last picture before an outage to the first after it; a pause between pictures longer than two seconds
    and a tenth of a tick; a tick without any picture. Times are Unix, UTC; none of this looks at what the pictures show.
    """

    def __init__(self, tick_s: float) -> None:
        self._tick_s = tick_s
        self._longest_pause_s = max(_LONGEST_PAUSE_S, _TOLERATED_SHARE * tick_s)
        self._blind, self._outage, self._reason = True, False, _STARTING
        self._last_s = -math.inf
        self._open(-math.inf)

    def saw(self, time_s: float) -> None:
        """A picture of this time was measured."""
        if not self._outage:
            paused = time_s - self._last_s > self._longest_pause_s
            if self._blind or paused:
                self._miss(time_s, self._reason if self._blind else _NO_PICTURE)
            self._blind = False
            self._pictures += 1
            self._last_s = time_s

    def lost(self, reason: str) -> None:
        """The camera cannot be seen through, until `recovered`."""
        self._blind, self._outage, self._reason = True, True, reason

    def recovered(self) -> None:
        """The next picture counts again."""
        self._outage = False

    def clock_set_back(self) -> None:
        """The open tick will last longer than a tick: nothing can be said of it."""
        self._missed_s, self._why = math.inf, _CLOCK

    def close(self, start_s: float) -> str:
        """End the tick that began at `start_s`; why it is unknown, or nothing if it is known."""
        end_s = start_s + self._tick_s
        self._start_s = start_s
        if self._blind or end_s - self._last_s > self._longest_pause_s:
            self._miss(end_s, self._reason if self._blind else _NO_PICTURE)
        why = "" if self._pictures else _NO_PICTURE
        if self._missed_s > _TOLERATED_SHARE * self._tick_s:
            why = self._why
        self._open(end_s)
        return why

    def enter(self, start_s: float) -> None:
        """Begin the tick that begins at `start_s`."""
        self._start_s = start_s

    def _open(self, start_s: float) -> None:
        self._start_s, self._missed_s, self._why, self._pictures = start_s, 0.0, "", 0
        if self._reason == _STARTING and start_s > -math.inf:
            self._reason = _NO_PICTURE

    def _miss(self, until_s: float, reason: str) -> None:
        self._missed_s += max(0.0, until_s - max(self._last_s, self._start_s))
        self._why = reason
