"""What somebody has begun to set up and not yet confirmed: the secret of a second factor. In memory only."""

import threading
from collections.abc import Callable

from throng.hub.people.totp import new_secret

_LIFE_S = 600.0


class Pending:
    """One secret per account, for ten minutes.

    Parameters
    ----------
    clock : callable
        Seconds that only go forward.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._secrets: dict[str, tuple[str, float]] = {}

    def begin(self, key: str) -> str:
        """A new secret, in place of one that was begun before."""
        secret = new_secret()
        with self._lock:
            now = self._clock()
            self._secrets = {known: (kept, end_s) for known, (kept, end_s) in self._secrets.items() if end_s > now}
            self._secrets[key] = secret, now + _LIFE_S
        return secret

    def get(self, key: str) -> str | None:
        """The secret that was begun, or None."""
        with self._lock:
            secret, end_s = self._secrets.get(key, ("", 0.0))
            return secret if secret and end_s > self._clock() else None

    def drop(self, key: str) -> None:
        """It was confirmed, or is not wanted any more."""
        with self._lock:
            self._secrets.pop(key, None)
