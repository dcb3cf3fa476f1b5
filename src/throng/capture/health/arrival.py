"""Dropped frames: far fewer arrive than the stream's own rate."""

from collections import deque

import numpy as np

LOSSY = "the camera loses most of its frames"

_WINDOW_S = 6.0
_LOST_SHARE = 1 / 3
_FOUND_SHARE = 1 / 2
_SILENCE_S = 5.0
"""A longer pause is an outage, which the source tells itself."""
_RATES_KEPT = 600
_RATES_TO_KNOW = 5
_BELIEVED_AFTER = 300
"""Looks, about one a second."""
_LEAST_RATE_HZ = 0.8


class Arrival:
    """Counts the frames that the source had, whether taken or not, against their usual rate.

    `Frame.index` counts every frame that came, so a slow consumer or a wanted rate loses nothing here. The usual rate is the
    median of the last ten minutes' rates by the second, loss left out; a rate that stays low for five minutes is believed to
    be the one that the camera was set to.
    """

    def __init__(self) -> None:
        self._recent: deque[tuple[float, int]] = deque()
        self._rates_hz: deque[float] = deque(maxlen=_RATES_KEPT)
        self._low_looks = 0

    def heard(self, time_s: float, index: int) -> None:
        """A frame with this time and number came."""
        if self._recent:
            last_s, last_index = self._recent[-1]
            if not (0 <= time_s - last_s <= _SILENCE_S and index > last_index):
                self._recent.clear()
        self._recent.append((time_s, index))
        while time_s - self._recent[0][0] > _WINDOW_S:
            self._recent.popleft()

    def judge(self, already: bool) -> bool:
        """Whether most frames of the last seconds are missing; `already` while that is the verdict."""
        (first_s, first), (last_s, last) = self._recent[0], self._recent[-1]
        if last_s - first_s < _WINDOW_S / 2:
            return already
        rate_hz = (last - first) / (last_s - first_s)
        self._low_looks = self._low_looks + 1 if already else 0
        if self._low_looks > _BELIEVED_AFTER:
            self._rates_hz.clear()
        if not already or self._low_looks > _BELIEVED_AFTER:
            self._rates_hz.append(self._newest_hz())
        if len(self._rates_hz) < _RATES_TO_KNOW:
            return False
        usual_hz = float(np.median(self._rates_hz))
        return usual_hz >= _LEAST_RATE_HZ and rate_hz < usual_hz * (_FOUND_SHARE if already else _LOST_SHARE)

    def _newest_hz(self) -> float:
        """The rate over the last second or so."""
        last_s, last = self._recent[-1]
        then_s, then = next((item for item in reversed(self._recent) if last_s - item[0] >= 1.0), self._recent[0])
        return (last - then) / (last_s - then_s)
