"""Who may come in: one-time codes, and the sessions they open.

Both live in memory only, as digests: neither can be read out of the process's answers, its logs or its files.
"""

import hashlib
import hmac
import math
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable

CODE_S = 30 * 60
SESSION_S = 12 * 60 * 60
_CODE_BYTES = 24  # 192 bits
_TOKEN_BYTES = 32  # 256 bits
_MOST_CODES = 32
_MOST_SESSIONS = 1_000
_WRONG_ATTEMPTS = 10
_WRONG_S = 60.0


class Door:
    """Makes one-time codes, changes each for one session, and knows which sessions are open.

    Parameters
    ----------
    clock : callable
        Seconds that only go forward.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._codes: dict[bytes, float] = {}
        self._sessions: dict[bytes, float] = {}
        self._wrong: deque[float] = deque(maxlen=_WRONG_ATTEMPTS)

    def new_code(self) -> str:
        """A code that opens one session within half an hour; of more than 32 unused ones the oldest dies."""
        code = secrets.token_urlsafe(_CODE_BYTES)
        with self._lock:
            _keep(self._codes, _digest(code), self._clock(), CODE_S, _MOST_CODES)
        return code

    def wait_s(self) -> int:
        """Seconds until a code is looked at again: after ten wrong ones in a minute none is. Otherwise 0."""
        with self._lock:
            return self._wait_s(self._clock())

    def sign_in(self, code: str) -> str | None:
        """The token of a new session, or None for a code that is wrong, used or expired, or comes while none is looked at."""
        now = self._clock()
        with self._lock:
            if self._wait_s(now):
                return None
            _forget_expired(self._codes, now)
            wanted = _digest(code)
            # Every code is compared, each in constant time: how long it takes says nothing about any of them.
            found = [known for known in self._codes if hmac.compare_digest(known, wanted)]
            if not found:
                self._wrong.append(now)
                return None
            del self._codes[found[0]]
            token = secrets.token_urlsafe(_TOKEN_BYTES)
            _keep(self._sessions, _digest(token), now, SESSION_S, _MOST_SESSIONS)
            return token

    def _wait_s(self, now: float) -> int:
        if len(self._wrong) < _WRONG_ATTEMPTS:
            return 0
        return max(0, math.ceil(self._wrong[0] + _WRONG_S - now))

    def session_of(self, token: str) -> bytes | None:
        """The open session that a cookie's token stands for, or None."""
        session = _digest(token)
        return session if self.is_open(session) else None

    def is_open(self, session: bytes) -> bool:
        """Whether a session is neither over nor signed out."""
        with self._lock:
            return self._sessions.get(session, 0.0) > self._clock()

    def sign_out(self, session: bytes) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(session, None)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _keep(known: dict[bytes, float], digest: bytes, now: float, life_s: float, most: int) -> None:
    _forget_expired(known, now)
    while len(known) >= most:
        del known[next(iter(known))]  # dicts remember the order of arrival
    known[digest] = now + life_s


def _forget_expired(known: dict[bytes, float], now: float) -> None:
    for digest in [digest for digest, end in known.items() if end <= now]:
        del known[digest]
