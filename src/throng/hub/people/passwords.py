"""Passwords: how good one must be, and in what form it is kept."""

import threading
import unicodedata
from collections.abc import Iterable
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 200
_SCORE = 3  # of 0 to 4: "safely unguessable", more than 10^8 guesses
# What zxcvbn looks at costs more than the square of its length: 0.5 s for 40 letters at worst, 1.9 s for 72.
_JUDGED = 40
_SHORTEST_NAME = 3

HASHER = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
"""Argon2id, 32 MiB and three passes: above the 19 MiB and two passes that OWASP's cheat sheet on storing passwords asks for."""


class Passwords:
    """Judges, hashes and compares passwords; slow on purpose, so that it is called in `Turns` only.

    Parameters
    ----------
    hasher : PasswordHasher
        Argon2id with its parameters.
    """

    _judging = threading.Lock()  # zxcvbn keeps the words of the person in a table that all callers share

    def __init__(self, *, hasher: PasswordHasher = HASHER) -> None:
        self._hasher = hasher

    @cached_property
    def _dummy(self) -> str:
        """What a password is compared with where there is nobody of that name; made the first time, as hashing is slow."""
        return self._hasher.hash("nobody's password")

    def hash(self, password: str) -> str:
        """The form in which a password is kept."""
        return self._hasher.hash(_normal(password))

    def fits(self, hashed: str | None, password: str) -> bool:
        """Whether a password is the right one; takes as long where there is none to compare with."""
        try:
            self._hasher.verify(hashed or self._dummy, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return hashed is not None

    def is_outdated(self, hashed: str) -> bool:
        """Whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(hashed)

    def why_refused(self, password: str, *, names: Iterable[str]) -> str:
        """Why a password is not good enough, one sentence; empty when it is.

        Parameters
        ----------
        password : str
            The wish.
        names : iterable of str
            What it must not contain: the person's and the site's name.
        """
        normal = _normal(password)
        if not SHORTEST <= len(normal) <= LONGEST:
            return f"a password has {SHORTEST} to {LONGEST} characters, of any kind: four words that do not belong together do"
        words = _words(names)
        if any(word in normal.casefold() for word in words):
            return "a password must not contain your name or the site's: choose another"
        with self._judging:
            from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # noqa: PLC0415

            score: int = zxcvbn(normal[:_JUDGED], user_inputs=[*words, "throng"])["score"]
        if score < _SCORE:
            return "that password is among those that are guessed first: take four words that do not belong together"
        return ""


def _normal(password: str) -> str:
    # Half a character, which JSON can carry, is no text: it is taken as a question mark.
    return unicodedata.normalize("NFC", password.encode("utf-8", "replace").decode())


def _words(names: Iterable[str]) -> list[str]:
    """Whole names and the longer words in them, as they would stand in a password."""
    whole = [_normal(name).casefold().strip() for name in names]
    parts = [part for name in whole for part in name.split() if len(part) > _SHORTEST_NAME]
    return [word for word in dict.fromkeys([*whole, *parts]) if len(word) >= _SHORTEST_NAME]
