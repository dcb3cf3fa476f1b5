"""Tokens for scripts: shown once, kept as a digest, scoped, and over on a day that was set when they were made."""

import contextlib
import hashlib
import re
import secrets
import threading
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from throng.data.errors import StoreError
from throng.hub.access import Grant, Principal
from throng.hub.people.accounts import covers, grants_body, grants_of, key_of
from throng.store.records import Change, Record, Records

PREFIX = "throng_"
MOST_DAYS = 365
USUAL_DAYS = 90
MOST_OF_ONE = 50
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_DIGITS = 43  # 62^43 > 2^256
_CHECK_DIGITS = 6  # 62^6 > 2^32
_TOKEN = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{_SECRET_DIGITS}}})([0-9A-Za-z]{{{_CHECK_DIGITS}}})")


@dataclass(frozen=True, slots=True)
class Token:
    """A token, without its secret.

    Attributes
    ----------
    id : str
        Random; no part of the secret.
    name : str
        What it is for.
    owner : str
        The account that made it, and with which it dies.
    grants : tuple of Grant
    digest : str
        SHA-256 of the whole token.
    made, ends : datetime
        UTC.
    used : str
        The day of its last use, ISO 8601; empty before.
    """

    id: str
    name: str
    owner: str
    grants: tuple[Grant, ...]
    digest: str = field(repr=False)
    made: datetime
    ends: datetime
    used: str = ""

    def change(self) -> Change:
        """The change that writes it."""
        body = {
            "name": self.name,
            "owner": self.owner,
            "grants": grants_body(self.grants),
            "digest": self.digest,
            "made": self.made.isoformat(),
            "ends": self.ends.isoformat(),
            "used": self.used,
        }
        return Change("token", self.id, body)


class Tokens:
    """Knows every token by its digest.

    Parameters
    ----------
    records : Records
        Open.
    wall : callable
        Unix time.
    """

    def __init__(self, records: Records, *, wall: Callable[[], float]) -> None:
        self._records = records
        self._wall = wall
        self._lock = threading.Lock()
        self._tokens = {token.digest: token for token in map(_token_of, records.all("token"))}

    def draw(self, name: str, *, owner: str, grants: Sequence[Grant], days: int) -> tuple[str, Token]:
        """A new token's secret, and what is kept of it once `add` has it."""
        now = self.now()
        drawn = "".join(secrets.choice(_DIGITS) for _ in range(_SECRET_DIGITS))
        secret = f"{PREFIX}{drawn}{_check_of(drawn)}"
        token = Token(
            id=secrets.token_hex(8),
            name=name,
            owner=owner,
            grants=tuple(grants),
            digest=_digest(secret),
            made=now,
            ends=now + timedelta(days=days),
        )
        return secret, token

    def add(self, token: Token) -> None:
        """Let a token in whose record is written."""
        with self._lock:
            self._tokens[token.digest] = token

    def discard(self, tokens: Iterable[Token]) -> None:
        """Let tokens in no more."""
        with self._lock:
            for token in tokens:
                self._tokens.pop(token.digest, None)

    def principal_of(self, secret: str) -> Principal | None:
        """Who a token speaks for, or None for one that is wrong, removed or over."""
        written = _TOKEN.fullmatch(secret)
        if written is None or written[2] != _check_of(written[1]):
            return None
        with self._lock:
            token = self._tokens.get(_digest(secret))
        now = self.now()
        if token is None or token.ends <= now:
            return None
        if token.used != now.date().isoformat():
            self._note_use(token, now.date().isoformat())
        return Principal("token", f"{token.owner}/{token.name}", token.grants, session=bytes.fromhex(token.id))

    def is_open(self, session: bytes) -> bool:
        """Whether the token of a principal's session still opens something."""
        token_id, now = session.hex(), self.now()
        with self._lock:
            return any(token.id == token_id and token.ends > now for token in self._tokens.values())

    def all(self) -> list[Token]:
        """Every token, the newest first."""
        with self._lock:
            return sorted(self._tokens.values(), key=lambda token: token.made, reverse=True)

    def of(self, owner: str) -> list[Token]:
        """The tokens of one account, the newest first."""
        return [token for token in self.all() if key_of(token.owner) == key_of(owner)]

    def beyond(self, owner: str, grants: Iterable[Grant]) -> list[Token]:
        """The tokens of an account that may do more than these grants cover."""
        own = tuple(grants)
        return [token for token in self.of(owner) if not all(covers(own, wanted) for wanted in token.grants)]

    def now(self) -> datetime:
        """The present second, UTC."""
        return datetime.fromtimestamp(self._wall(), UTC).replace(microsecond=0)

    def _note_use(self, token: Token, day: str) -> None:
        used = replace(token, used=day)
        with self._lock:
            if token.digest not in self._tokens:
                return
            self._tokens[token.digest] = used
        # Once a day. A store that cannot be written is no reason to turn a script away, and one removed just now stays removed.
        with contextlib.suppress(StoreError):
            record = self._records.get("token", token.id)
            if record is not None:
                change = used.change()
                self._records.change([Change(change.kind, change.key, change.body, record.version)])


def _token_of(record: Record) -> Token:
    body: dict[str, Any] = record.body
    return Token(
        id=record.key,
        name=body["name"],
        owner=body["owner"],
        grants=grants_of(body["grants"]),
        digest=body["digest"],
        made=datetime.fromisoformat(body["made"]),
        ends=datetime.fromisoformat(body["ends"]),
        used=body["used"],
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _check_of(drawn: str) -> str:
    """A checksum in base 62, so that a mistyped token, and one found in a file by a scanner, is told from chance."""
    rest, digits = zlib.crc32(drawn.encode()), ""
    for _ in range(_CHECK_DIGITS):
        rest, digit = divmod(rest, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits
