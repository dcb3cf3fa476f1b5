"""One-time codes: each opens one thing, once, for a short time. Kept in memory only, as digests."""

import hashlib
import math
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Purpose = Literal["set-up", "sign-in", "invite", "reset", "factor"]
LINK_S = 30 * 60
DEVICE_S = 5 * 60
FACTOR_S = 10 * 60
_CODE_BYTES = 24  # 192 bits
_MOST_OF_ONE = 8


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a code opens.

    Attributes
    ----------
    purpose : Purpose
    key : str
        Key of the account it is for; empty for the first account, and for this machine.
    end_s : float
        When it ends, by the clock of `Codes`.
    session_end_s : float
        When the session that it opens ends at the latest, by the same clock.
    """

    purpose: Purpose
    key: str
    end_s: float
    session_end_s: float = math.inf


class Codes:
    """Makes codes and changes each for its ticket; of more than eight for one purpose and person the oldest dies.

    Parameters
    ----------
    clock : callable
        Seconds that only go forward.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tickets: dict[bytes, Ticket] = {}

    def make(self, purpose: Purpose, *, key: str = "", life_s: float = LINK_S, session_end_s: float = math.inf) -> str:
        """A new code."""
        code = secrets.token_urlsafe(_CODE_BYTES)
        with self._lock:
            now = self._clock()
            self._tickets = {digest: ticket for digest, ticket in self._tickets.items() if ticket.end_s > now}
            same = [digest for digest, ticket in self._tickets.items() if (ticket.purpose, ticket.key) == (purpose, key)]
            for digest in same[: max(0, len(same) + 1 - _MOST_OF_ONE)]:
                del self._tickets[digest]
            self._tickets[_digest(code)] = Ticket(purpose, key, now + life_s, session_end_s)
        return code

    def look(self, code: str, *purposes: Purpose) -> Ticket | None:
        """What a code opens, without using it up; None for one that is wrong, used, expired or for something else."""
        with self._lock:
            ticket = self._tickets.get(_digest(code))
            fits = ticket is not None and ticket.purpose in purposes and ticket.end_s > self._clock()
            return ticket if fits else None

    def use(self, code: str, *purposes: Purpose) -> Ticket | None:
        """What a code opens, once."""
        ticket = self.look(code, *purposes)
        with self._lock:
            # Of two that use it at once, one finds it gone.
            return ticket if ticket is not None and self._tickets.pop(_digest(code), None) is not None else None

    def forget(self, key: str, *purposes: Purpose) -> None:
        """Make the codes of one account worthless."""
        with self._lock:
            self._tickets = {
                digest: ticket
                for digest, ticket in self._tickets.items()
                if ticket.key != key or (purposes and ticket.purpose not in purposes)
            }


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode("utf-8", "replace")).digest()
