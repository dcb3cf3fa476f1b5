"""Turns: what takes much memory or time is done two at a time, away from the event loop, and never by an endless queue."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from throng.data.errors import AccountError

_Result = TypeVar("_Result")
AT_ONCE = 2
_MOST_WAITING = 32
_WAIT_S = 5


class Turns:
    """Runs work in threads of its own, so many at once, and refuses when too much of it waits."""

    def __init__(self, *, at_once: int = AT_ONCE, most_waiting: int = _MOST_WAITING) -> None:
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="people")
        self._most = at_once + most_waiting
        self._lock = threading.Lock()
        self._taken = 0

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """Do the work when its turn comes.

        Raises
        ------
        AccountError
            Too much waits already; nothing was done.
        """
        with self._lock:
            if self._taken >= self._most:
                raise AccountError("too many people sign in at once: try again in a few seconds", status=503, wait_s=_WAIT_S)
            self._taken += 1
        future = self._pool.submit(work)
        future.add_done_callback(self._left)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Take no more work; what waits is dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _left(self, future: "Future[_Result]") -> None:
        with self._lock:
            self._taken -= 1
