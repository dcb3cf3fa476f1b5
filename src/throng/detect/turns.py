"""Whose turn it is where several cameras share a processor."""

import threading
from collections import deque
from types import TracebackType


class Turns:
    """Lets a few at once do dear work, and the others in the order in which they asked.

    Each camera asks for one picture at a time. So a machine that has too much to do slows all its cameras to the same pace,
    and those that ask for less than that get all they ask for (max-min fairness); a plain lock may starve some.

    Parameters
    ----------
    at_once : int
        How many may work at a time.
    """

    def __init__(self, at_once: int = 1) -> None:
        self._free = at_once
        self._waiting: deque[threading.Lock] = deque()
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            called = threading.Lock()
            called.acquire()
            self._waiting.append(called)
        called.acquire()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._lock:
            if self._waiting:
                # Handed over, not freed: whoever comes now waits behind those who are here.
                self._waiting.popleft().release()
            else:
                self._free += 1
