"""Limits on guessing: after some wrong attempts each further one costs a wait that doubles."""

import ipaddress
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Key = tuple[Literal["here", "account", "address", "code"], str]
FREE = {"here": 5, "account": 50, "address": 20, "code": 20}
"""Attempts before the first wait: on one account from one address, on it from anywhere, and from one address, behind which a
whole control room may sit. Guessing from one address keeps an account's owner out at another only after fifty attempts."""
_STARTS_AFRESH = frozenset({"here", "account"})
LONGEST_WAIT_S = 900.0
_FORGOTTEN_S = 3600.0
_MOST_KEYS = 10_000


@dataclass(slots=True)
class _Count:
    wrong: int
    last_s: float


class Limits:
    """Counts attempts by name and by address, whether or not there is such an account.

    Each attempt is counted before it is judged, so that many at once are no way around; the right one is taken back.

    Parameters
    ----------
    clock : callable
        Seconds that only go forward.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[Key, _Count] = {}

    def take(self, keys: Sequence[Key]) -> int:
        """Count an attempt; 0 when it may be made, else the whole seconds to wait, and it is not counted."""
        with self._lock:
            now = self._clock()
            wait_s = max(_wait_s(key, self._counts.get(key), now) for key in keys)
            if wait_s > 0:
                return math.ceil(wait_s)
            for key in keys:
                count = self._counts.get(key)
                if count is None or now - count.last_s > _FORGOTTEN_S:
                    self._make_room(now)
                    count = self._counts[key] = _Count(0, now)
                count.wrong += 1
                count.last_s = now
            return 0

    def give_back(self, keys: Sequence[Key]) -> None:
        """The attempt was right: the account starts afresh, and its address is as it was before the attempt."""
        with self._lock:
            for key in keys:
                count = self._counts.get(key)
                if count is None:
                    continue
                count.wrong -= 1
                if key[0] in _STARTS_AFRESH or count.wrong <= 0:
                    del self._counts[key]

    def _make_room(self, now: float) -> None:
        if len(self._counts) < _MOST_KEYS:
            return
        for key in [key for key, count in self._counts.items() if now - count.last_s > _FORGOTTEN_S]:
            del self._counts[key]
        while len(self._counts) >= _MOST_KEYS:
            # The least tried goes, so that a flood of names and addresses frees nobody who waits.
            del self._counts[min(self._counts, key=lambda key: (self._counts[key].wrong, self._counts[key].last_s))]


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or an IPv6 network of 64 bits, which one household has to itself."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    mapped = parsed.ipv4_mapped
    return str(mapped or ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))


def _wait_s(key: Key, count: _Count | None, now: float) -> float:
    over = 0 if count is None else count.wrong - FREE[key[0]]
    if count is None or over < 0:
        return 0.0
    return max(0.0, count.last_s + min(LONGEST_WAIT_S, 2.0 ** min(over, 20)) - now)
