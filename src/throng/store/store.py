"""What every store of releases does, and what it answers with."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from throng.data.release import Release
from throng.data.rows import Rows

HOUR_S, DAY_S = 3600, 86_400

COLUMNS = {
    "camera": "VARCHAR NOT NULL",
    "place": "VARCHAR NOT NULL",
    "quantity": "VARCHAR NOT NULL",
    "tick_start": "TIMESTAMP NOT NULL",  # UTC
    "tick_s": "DOUBLE NOT NULL",
    "value": "DOUBLE",
    "standard_error": "DOUBLE",
    "mechanism": "VARCHAR NOT NULL",
    "epoch": "VARCHAR NOT NULL",
    "unknown": "VARCHAR NOT NULL",
}
"""All that is ever stored about people. One column more is a decision about privacy, which a test holds."""


class StoredRow(NamedTuple):
    """One protected number as it was stored; a tuple, since one answer makes twelve thousand of them.

    Attributes
    ----------
    tick_start_us : int
        Unix time, UTC, microseconds.
    tick_s : float
        Length of the tick, seconds.
    value, standard_error : float or None
        In the quantity's unit, see `throng.data.release.UNITS`; None when unknown.
    unknown : str
        Why it is unknown; empty when it is known.
    """

    camera: str
    place: str
    quantity: str
    tick_start_us: int
    tick_s: float
    value: float | None
    standard_error: float | None
    mechanism: str
    epoch: str
    unknown: str


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One quantity of one place over time, oldest first.

    Attributes
    ----------
    tick_start_us : (n,) int64
        Unix time, UTC, microseconds.
    tick_s : (n,) float64
        Seconds.
    values, standard_errors : (n,) float64
        In the quantity's unit; NaN when unknown.
    unknown : (n,) of str
        Why each is unknown; empty when it is known.
    """

    tick_start_us: NDArray[np.int64]
    tick_s: NDArray[np.float64]
    values: NDArray[np.float64]
    standard_errors: NDArray[np.float64]
    unknown: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """Quantities by camera and UTC hour, each the sum of what the camera's places released in its ticks.

    Sorted by camera, then quantity, then hour; an hour in which nothing was released is left out.

    Attributes
    ----------
    cameras, quantities : (n,) of str
    hour_start_us : (n,) int64
        Unix time, UTC, microseconds.
    values, standard_errors : (n,) float64
        The sum of the known ticks, and the root of the sum of their squared standard errors; NaN where none is known.
    known_shares : (n,) float64
        How much of the stored time of the hour is known, 0 to 1.
    """

    cameras: NDArray[np.object_]
    quantities: NDArray[np.object_]
    hour_start_us: NDArray[np.int64]
    values: NDArray[np.float64]
    standard_errors: NDArray[np.float64]
    known_shares: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """What a backup of the numbers holds.

    Attributes
    ----------
    rows : int
    first_us, last_us : int or None
        When its oldest and newest tick began, Unix time, UTC, microseconds; None when it holds no rows.
    sha256 : str
        Over every row that was written, in hexadecimal.
    """

    rows: int
    first_us: int | None
    last_us: int | None
    sha256: str


class Store(Protocol):
    """Keeps releases; safe to use from many threads of one process.

    A row is known by camera, place, quantity and tick start. The first one stored stays: a repeat, or another value for the
    same tick, is left out. Every method but `close` raises `StoreError`, with one sentence, when the store is not open or
    cannot do it.
    """

    def open(self) -> Self:
        """Open the store, or make it."""
        ...

    def close(self) -> None:
        """Close it; everything that was added is in it."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def add(self, releases: Sequence[Release]) -> int:
        """Store releases in one transaction, durable on return; gives the rows newly stored.

        After a `StoreError` nothing of the batch, or all of it, was stored; adding it again is safe.
        """
        ...

    def add_rows(self, rows: Rows) -> int:
        """Store many rows in one transaction, as `add` does."""
        ...

    def latest(self) -> list[StoredRow]:
        """The newest row of every camera, place and quantity, sorted by them; heat maps have a way of their own."""
        ...

    def tick(self, camera: str, tick_start_s: float) -> list[StoredRow]:
        """What is stored of one camera's tick that began at the given Unix time."""
        ...

    def series(
        self, camera: str, place: str, quantity: str, *, start_s: float, end_s: float, max_rows: int = 100_000
    ) -> Series:
        """The ticks of one quantity that began at or after `start_s` and before `end_s` (Unix time), the first `max_rows`."""
        ...

    def steps(
        self,
        camera: str,
        place: str,
        quantity: str,
        *,
        step_s: int,
        add_epochs: bool,
        start_s: float,
        end_s: float,
        max_rows: int = 100_000,
    ) -> Series:
        """One quantity by the hour or UTC day (`step_s`): of each its last known tick, or unknown where none is.

        With `add_epochs` it is the last known tick of each epoch, added up: a total begins anew with an epoch, under noise of
        its own, so that variances add. Takes ticks from the beginning of the step that holds `start_s` to before `end_s`.
        """
        ...

    def heat(self, camera: str, *, end_s: float) -> list[StoredRow]:
        """A camera's newest heat map of an hour that had ended by `end_s` (Unix time), or in the day before; or none."""
        ...

    def hours(self, *, start_s: float, end_s: float, quantities: Sequence[str], cameras: Sequence[str] | None = None) -> Hours:
        """Sums by camera, quantity and UTC hour of the ticks that began from `start_s` to before `end_s`; None: all cameras."""
        ...

    def forget(self, before_s: float) -> int:
        """Delete the rows of ticks that began before a Unix time, for good; gives how many.

        Afterwards their numbers stand in no free page and no log either.
        """
        ...

    def backup(self, file: BinaryIO) -> BackupFacts:
        """Write every row as of now to a file, while others go on reading and writing."""
        ...

    def restore(self, file: BinaryIO) -> BackupFacts:
        """Read a backup into this store, which must be empty; all of it, checked, or nothing."""
        ...
