"""Files that were sent and looked at, and are kept until whoever sent them says yes: in memory only, they hold passwords."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

LIFE_S = 600.0
_MOST = 8


@dataclass(frozen=True, slots=True)
class _Upload:
    session: bytes
    content: bytes = field(repr=False)
    end_s: float


class Uploads:
    """Keeps at most eight files, each for ten minutes and for the session that sent it.

    Parameters
    ----------
    clock : callable
        Seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._uploads: dict[str, _Upload] = {}

    def put(self, content: bytes, *, session: bytes) -> str:
        """Keep a file, in place of an earlier one of that session; the word by which it is asked for."""
        word, now = secrets.token_urlsafe(16), self._clock()
        with self._lock:
            kept = {known: one for known, one in self._uploads.items() if one.end_s > now and one.session != session}
            self._uploads = dict(list(kept.items())[-(_MOST - 1) :]) | {word: _Upload(session, content, now + LIFE_S)}
        return word

    def get(self, word: str, *, session: bytes) -> bytes | None:
        """A file of that session; None where there is none any more."""
        self.drop_old()
        with self._lock:
            found = self._uploads.get(word)
        return found.content if found is not None and found.session == session else None

    def drop(self, word: str) -> None:
        """Forget a file."""
        with self._lock:
            self._uploads.pop(word, None)

    def drop_old(self) -> None:
        """Forget what is older than ten minutes."""
        now = self._clock()
        with self._lock:
            self._uploads = {known: one for known, one in self._uploads.items() if one.end_s > now}
