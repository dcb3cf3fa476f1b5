"""Sessions: who is signed in where. In memory only, so that a restart signs everybody out; tokens as digests only."""

import hashlib
import math
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from throng.hub.access import Grant, Principal

How = Literal["password", "passkey", "code"]
COOKIE = "__Host-throng"
COOKIE_ON_LOOPBACK = "throng_session"
"""Over plain http, which loopback alone may speak, browsers refuse the other name."""
PROOF_S = 600.0
_TOKEN_BYTES = 32  # 256 bits
_ID_BYTES = 16
_MOST_OF_ONE = 20
_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Life:
    """How long a session lasts: without a request, and at most; seconds."""

    idle_s: float
    most_s: float


POWERFUL = Life(_HOUR_S / 2, 12 * _HOUR_S)
WATCHING = Life(12 * _HOUR_S, 7 * 24 * _HOUR_S)
"""The screen of a control room stays open for a shift."""
THIS_MACHINE = Life(12 * _HOUR_S, 12 * _HOUR_S)


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """An open session, as its owner and an administrator see it."""

    id: bytes
    how: How
    address: str
    since: datetime
    seen: datetime


@dataclass(slots=True)
class _Session:
    """What is known of an open session; the token and the moments change while it is open."""

    principal: Principal
    life: Life
    how: How
    address: str
    since: datetime
    token: bytes
    end_s: float
    seen_s: float
    proved_s: float


class Sessions:
    """Opens sessions, knows which are open, and ends them.

    Parameters
    ----------
    clock : callable
        Seconds that only go forward.
    wall : callable
        Unix time, for people to read.
    """

    def __init__(self, *, clock: Callable[[], float], wall: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._wall = wall
        self._lock = threading.Lock()
        self._sessions: dict[bytes, _Session] = {}
        self._ids: dict[bytes, bytes] = {}
        self._callbacks: list[Callable[[bytes], None]] = []

    def on_end(self, callback: Callable[[bytes], None]) -> None:
        """Have a session's id told when it is ended; one that runs out is noticed by whoever asks `is_open`."""
        self._callbacks.append(callback)

    def open(
        self,
        name: str,
        *,
        grants: tuple[Grant, ...],
        how: How,
        address: str = "",
        life: Life | None = None,
        end_s: float = math.inf,
        proved: bool = True,
    ) -> str:
        """The token of a new session; of more than twenty of one person the one unused for longest ends.

        Parameters
        ----------
        name : str
            Whose.
        grants : tuple of Grant
            What it may do; decides how long it lasts, too.
        how : How
            How the person showed who it is.
        address : str
            Where from.
        life : Life, optional
            In place of the one that the grants give.
        end_s : float
            By the clock; it ends then at the latest.
        proved : bool
            Whether the person has just shown who it is.
        """
        now, token, session = self._clock(), secrets.token_urlsafe(_TOKEN_BYTES), secrets.token_bytes(_ID_BYTES)
        life = life or life_of(grants)
        opened = _Session(
            principal=Principal("person", name, grants, session),
            life=life,
            how=how,
            address=address,
            since=self._wall_now(),
            token=_digest(token),
            end_s=min(end_s, now + life.most_s),
            seen_s=now,
            proved_s=now if proved else -math.inf,
        )
        with self._lock:
            self._remove([known for known, other in self._sessions.items() if not _is_open(other, now)])
            same = sorted((other.seen_s, known) for known, other in self._sessions.items() if other.principal.name == name)
            oldest = [known for _, known in same[: max(0, len(same) + 1 - _MOST_OF_ONE)]]
            self._remove(oldest)
            self._sessions[session] = opened
            self._ids[opened.token] = session
        self._tell(oldest)
        return token

    def principal_of(self, token: str) -> Principal | None:
        """Whose token it is, or None; counts as use of the session."""
        digest = _digest(token)
        with self._lock:
            session = self._sessions.get(self._ids.get(digest, b""))
            now = self._clock()
            if session is None or not _is_open(session, now):
                return None
            session.seen_s = now
            return session.principal

    def is_open(self, session: bytes) -> bool:
        """Whether a session is neither ended nor run out; does not count as use."""
        with self._lock:
            known = self._sessions.get(session)
            return known is not None and _is_open(known, self._clock())

    def is_proved(self, session: bytes) -> bool:
        """Whether the person showed who it is within the last ten minutes."""
        with self._lock:
            known = self._sessions.get(session)
            return known is not None and self._clock() - known.proved_s <= PROOF_S

    def prove(self, session: bytes, *, how: How) -> str | None:
        """Note that the person has shown again who it is; the session's new token, the old one being worthless from now."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        with self._lock:
            known = self._sessions.get(session)
            if known is None:
                return None
            del self._ids[known.token]
            known.token, known.proved_s, known.how = _digest(token), self._clock(), how
            self._ids[known.token] = session
        return token

    def left_s(self, session: bytes) -> float:
        """Seconds until a session ends even if it is used."""
        with self._lock:
            known = self._sessions.get(session)
            return 0.0 if known is None else max(0.0, known.end_s - self._clock())

    def of(self, name: str) -> list[SessionFacts]:
        """The open sessions of one person, newest first."""
        with self._lock:
            now, wall = self._clock(), self._wall()
            return [
                SessionFacts(known, session.how, session.address, session.since, _moment(wall - (now - session.seen_s)))
                for known, session in reversed(self._sessions.items())
                if session.principal.name == name and _is_open(session, now)
            ]

    def end(self, session: bytes) -> None:
        """End one session."""
        with self._lock:
            self._remove([session])
        self._tell([session])

    def end_all(self, name: str, *, but: bytes = b"") -> int:
        """End all sessions of one person, but perhaps one; how many there were."""
        with self._lock:
            ended = [known for known, other in self._sessions.items() if other.principal.name == name and known != but]
            self._remove(ended)
        self._tell(ended)
        return len(ended)

    def _remove(self, sessions: Iterable[bytes]) -> None:
        for session in sessions:
            known = self._sessions.pop(session, None)
            if known is not None:
                del self._ids[known.token]

    def _tell(self, sessions: Iterable[bytes]) -> None:
        for session in sessions:
            for callback in self._callbacks:
                callback(session)

    def _wall_now(self) -> datetime:
        return _moment(self._wall())


def cookie_name(scheme: str) -> str:
    """The name of the session's cookie, by the scheme of the request."""
    return COOKIE if scheme == "https" else COOKIE_ON_LOOPBACK


def life_of(grants: Iterable[Grant]) -> Life:
    """How long the session of somebody with these grants lasts."""
    return POWERFUL if any(grant.role in {"administrator", "auditor"} for grant in grants) else WATCHING


def _is_open(session: _Session, now: float) -> bool:
    return now < session.end_s and now - session.seen_s < session.life.idle_s


def _moment(unix_s: float) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC).replace(microsecond=0)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
