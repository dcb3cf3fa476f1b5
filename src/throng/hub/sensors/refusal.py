"""Why a sensor, or somebody who says he is one, is sent away."""

import threading
from collections import deque
from collections.abc import Callable

from throng.data.errors import HubError

_WRONG_S = 60.0
_MOST_ADDRESSES = 4096


class Refused(HubError):  # noqa: N818 -- it is an answer, not a fault
    """A request that is not done; nothing was changed.

    Attributes
    ----------
    status : int
        HTTP status of the answer.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Attempts:
    """Counts the wrong attempts from each address, so that what is told of them stays readable.

    There is no bound on all addresses together: secrets of 192 bits are not guessed, and such a bound would let a stranger keep
    everybody out.

    Parameters
    ----------
    clock : callable
        Seconds.
    most : int
        How many in a minute are answered.
    """

    def __init__(self, clock: Callable[[], float], *, most: int = 10) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._times: dict[str, deque[float]] = {}

    def check(self, address: str) -> None:
        """Go on, or raise `Refused` where there were too many."""
        with self._lock:
            times = self._times.get(address, deque())
            if len(times) >= self._most and times[0] > self._clock() - _WRONG_S:
                raise Refused(429, "too many wrong attempts from this address: wait a minute and try again")

    def wrong(self, address: str) -> None:
        """Note a wrong one."""
        with self._lock:
            if address not in self._times and len(self._times) >= _MOST_ADDRESSES:
                del self._times[next(iter(self._times))]
            self._times.setdefault(address, deque(maxlen=self._most)).append(self._clock())
