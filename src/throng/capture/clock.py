"""Frame times: from the stream, never from a frame number over a rate."""

import math

_STEP_S = 0.001
"""How far a frame whose time does not advance is put after the one before it."""

_RESTART_S = 1.0
"""A stream time that goes back by more than this is a clock that began anew."""

_DRIFT_S = 1.0
_LATE_FOR_S = 3.0
_CLOCK_SET_S = 5.0

_SLOTS_KEPT = 32
"""Frames are decoded no more than sixteen places before or after they are shown."""


class StreamClock:
    """Seconds since a stream's first frame, always increasing, from its presentation times.

    A frame without a time is put one nominal interval after the one before. A time that repeats or goes back a little is put
    1 ms after the one before. A time that goes back by more than a second is a clock that began anew: the stream goes on from
    the frame before plus one nominal interval.

    Parameters
    ----------
    nominal_interval_s : float
        The stream's own mean interval, used only where a time is missing.
    """

    def __init__(self, nominal_interval_s: float) -> None:
        self._interval_s = nominal_interval_s
        self._offset_s: float | None = None
        self._last_s: float | None = None

    def time_s(self, presentation_s: float | None) -> float:
        """The time of the next frame, given its presentation time in seconds or None where it has none."""
        following_s = 0.0 if self._last_s is None else self._last_s + self._interval_s
        if presentation_s is None:
            time_s = following_s
        else:
            if self._offset_s is None or self._began_anew(presentation_s + self._offset_s):
                self._offset_s = following_s - presentation_s
            time_s = presentation_s + self._offset_s
        if self._last_s is not None and time_s <= self._last_s:
            time_s = self._last_s + _STEP_S
        self._last_s = time_s
        return time_s

    def ahead_s(self, presentation_s: float) -> float | None:
        """The time that a frame still to be decoded will have, if nothing odd happens to the clock; None before the first."""
        return None if self._offset_s is None else presentation_s + self._offset_s

    def begin_anew(self) -> None:
        """The next frame starts the stream over, as when a file is played in a loop."""
        self._offset_s = None

    def _began_anew(self, time_s: float) -> bool:
        return self._last_s is not None and time_s < self._last_s - _RESTART_S


class LiveClock:
    """Unix time of a live stream's frames: the connection's arrival plus the stream's own time.

    Intervals therefore come from the stream and not from when we got to a frame. The anchor is set anew when a frame would lie
    more than a second in the future, or has for three seconds lain more than a second in the past (a short stall that is
    made good leaves it alone). Time never goes back, except by more than five seconds: then the machine's clock was set.
    """

    def __init__(self) -> None:
        self._anchor_s: float | None = None
        self._late_since_s: float | None = None
        self._last_s = -math.inf

    def connected(self) -> None:
        """A new connection: the next frame sets the anchor."""
        self._anchor_s = None

    def time_s(self, stream_s: float, *, arrival_s: float) -> float:
        """Unix time of a frame with this stream time that arrived at this Unix time."""
        if self._anchor_s is None or self._drifted(arrival_s - stream_s - self._anchor_s, arrival_s):
            self._anchor_s = arrival_s - stream_s
            self._late_since_s = None
        time_s = self._anchor_s + stream_s
        if self._last_s - _CLOCK_SET_S < time_s <= self._last_s:
            time_s = self._last_s + _STEP_S
        self._last_s = time_s
        return time_s

    def _drifted(self, late_s: float, arrival_s: float) -> bool:
        if late_s <= _DRIFT_S:
            self._late_since_s = None
            return late_s < -_DRIFT_S
        if self._late_since_s is None:
            self._late_since_s = arrival_s
        return arrival_s - self._late_since_s >= _LATE_FOR_S


class RateGate:
    """Lets frames through at a mean rate of at most `max_rate_hz`: the first one of each slot of 1 / max_rate_hz seconds."""

    def __init__(self, max_rate_hz: float | None) -> None:
        if max_rate_hz is not None and not max_rate_hz > 0:
            raise ValueError(f"max_rate_hz must be greater than 0, not {max_rate_hz}")
        self._rate_hz = max_rate_hz
        self._slot = -1
        self._announced: dict[int, float] = {}

    def passes(self, stream_s: float) -> bool:
        """Whether the frame at this stream time is wanted."""
        if self._rate_hz is None:
            return True
        slot = self._slot_of(stream_s, self._rate_hz)
        if slot <= self._slot:
            return False
        self._slot = slot
        return True

    def spares(self, stream_s: float | None) -> bool:
        """Whether a frame that is to be decoded can be left out: it is shown after another of its slot.

        Frames are asked about in the order of decoding, and each is compared with those before it; so whatever the order of
        showing, one that is left out would not have passed.
        """
        if self._rate_hz is None or stream_s is None:
            return False
        slot = self._slot_of(stream_s, self._rate_hz)
        first_s = self._announced.get(slot, math.inf)
        if stream_s > first_s:
            return True
        self._announced[slot] = stream_s
        if len(self._announced) > _SLOTS_KEPT:
            del self._announced[next(iter(self._announced))]
        return False

    @staticmethod
    def _slot_of(stream_s: float, rate_hz: float) -> int:
        return math.floor(stream_s * rate_hz + 1e-6)
