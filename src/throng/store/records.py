"""What the hub knows beside the numbers: accounts, sensors, cameras, settings; small, and changed by many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

Kind = Literal[
    "account",
    "token",
    "sensor",
    "enrolment",
    "camera",
    "site",
    "authority",
    "setting",
    "spend",
    "check",
    "alarm-rule",
    "alarm-ring",
    "alarm-event",
    "alarm-outlet",
    "plan",
    "plan-picture",
    "plate",
    "plate-picture",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
ANY_VERSION = None


@dataclass(frozen=True, slots=True)
class Record:
    """One thing by kind and key.

    Attributes
    ----------
    body : dict
        As JSON; secrets in it are sealed or hashed before they come here. Never shown in a repr.
    version : int
        1 when it was made, one more with every change.
    """

    kind: Kind
    key: str
    body: dict[str, Any]
    version: int

    def __repr__(self) -> str:
        return f"Record({self.kind} {self.key!r}, version {self.version})"


@dataclass(frozen=True, slots=True)
class Change:
    """A record to be made, changed or removed.

    Attributes
    ----------
    body : dict or None
        As JSON; None removes the record.
    version : int or None
        The version that was read; 0 where there must be none yet; None where it does not matter.
    """

    kind: Kind
    key: str
    body: dict[str, Any] | None
    version: int | None = None

    def __repr__(self) -> str:
        return f"Change({self.kind} {self.key!r}, version {self.version})"


class Records(Protocol):
    """Keeps records; safe to use from many threads."""

    def get(self, kind: Kind, key: str) -> Record | None:
        """The record, or None."""

    def all(self, kind: Kind) -> list[Record]:
        """All of one kind, sorted by key."""

    def change(self, changes: Sequence[Change]) -> None:
        """Make all changes or none; durable on return.

        Raises
        ------
        ConflictError
            A version does not fit: somebody else was first. Nothing is changed.
        StoreError
            The records cannot be written. Nothing is changed.
        """
