"""Releases at rest in PostgreSQL: for more than one hub, or more than one machine."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
import pyarrow as pa

from throng.data.release import Release
from throng.data.rows import Rows
from throng.store import postgres_queries as queries
from throng.store.postgres_address import postgres_address
from throng.store.postgres_copy import backup, restore
from throng.store.postgres_forget import forget
from throng.store.postgres_insert import insert
from throng.store.postgres_latest import Latest
from throng.store.postgres_link import Link
from throng.store.postgres_schema import HOUR_US, migrate_numbers
from throng.store.store import DAY_S, BackupFacts, Hours, Series, StoredRow


class PostgresStore:
    """Keeps releases in a PostgreSQL database; safe to use from many threads, and by many hubs at once.

    Parameters
    ----------
    address : str
        Such as postgresql://user@host/database, without a password; see `docs/network.md`.

    Raises
    ------
    StoreError
        The address is wrong, or not safe to use.
    """

    def __init__(self, address: str) -> None:
        self.address = postgres_address(address)
        self._link = Link(self.address, name="the store")
        self._latest = Latest()

    def open(self) -> Self:
        """Connect, and make or update the tables.

        Raises
        ------
        StoreError
            The server is away or refuses, or the tables belong to a newer Throng.
        """
        self._link.open(lambda session: migrate_numbers(session, self.address))
        return self

    def close(self) -> None:
        """Leave the server."""
        self._link.close()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def add(self, releases: Sequence[Release]) -> int:
        """Store releases in one transaction, durable on return; see `Store`."""
        return self.add_rows(Rows.of(releases))

    def add_rows(self, rows: Rows) -> int:
        """Store many rows in one transaction, as `add` does."""
        with self._link.session("written") as session:
            return insert(session, rows) if len(rows) else 0

    def latest(self) -> list[StoredRow]:
        """The newest row of every camera, place and quantity, sorted by them; heat maps have a way of their own."""
        with self._link.session("read") as session:
            return self._latest.rows(session)

    def tick(self, camera: str, tick_start_s: float) -> list[StoredRow]:
        """What is stored of one camera's tick that began at the given Unix time."""
        with self._link.session("read") as session:
            return [StoredRow(*row) for row in session.rows(queries.TICK, camera, _microseconds(tick_start_s))]

    def series(
        self, camera: str, place: str, quantity: str, *, start_s: float, end_s: float, max_rows: int = 100_000
    ) -> Series:
        """The ticks of one quantity that began at or after `start_s` and before `end_s` (Unix time), the first `max_rows`."""
        span = (_microseconds(start_s), _microseconds(end_s))
        return self._series(queries.SERIES, camera, place, quantity, *span, max_rows)

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
        """One quantity by the hour or UTC day: of each its last known tick, of every epoch with `add_epochs`; see `Store`."""
        span = (_microseconds(start_s // step_s * step_s), _microseconds(end_s))
        return self._series(queries.STEPS, camera, place, quantity, *span, max_rows, step_s * 1_000_000, add_epochs)

    def heat(self, camera: str, *, end_s: float) -> list[StoredRow]:
        """A camera's newest heat map of an hour that had ended by `end_s` (Unix time), or in the day before; or none."""
        span = (_microseconds(end_s - DAY_S), _microseconds(end_s))
        with self._link.session("read") as session:
            return [StoredRow(*row) for row in session.rows(queries.HEAT, camera, *span)]

    def hours(self, *, start_s: float, end_s: float, quantities: Sequence[str], cameras: Sequence[str] | None = None) -> Hours:
        """Sums by camera, quantity and UTC hour of the ticks from `start_s` to before `end_s`; of all cameras if None."""
        start_us, end_us = _microseconds(start_s), _microseconds(end_s)
        # The whole hours within; where there is none, the end of the first piece is the end of all.
        first_us = min(-(-start_us // HOUR_US) * HOUR_US, end_us)
        last_us = max(end_us // HOUR_US * HOUR_US, first_us)
        with self._link.session("read") as session:
            named = session.rows(
                queries.NAMED, pa.array(quantities, pa.string()), cameras is None, pa.array(cameras or (), pa.string())
            )
            names = sorted({row[1:] for row in named})
            place_of = {name: place for place, name in enumerate(names)}
            ids, places = ([row[0] for row in named], [place_of[row[1:]] for row in named])
            arrays = (pa.array(ids, pa.int32()), pa.array(places, pa.int32()))
            found = _columns(session.table(queries.HOURS, *arrays, start_us, first_us, last_us, end_us))
        texts = np.array([*names, ("", "")], dtype=object)[found["place"]]
        return Hours(
            cameras=texts[:, 0],
            quantities=texts[:, 1],
            hour_start_us=found["hour_start_us"],
            values=found["value"],
            standard_errors=found["standard_error"],
            known_shares=found["known_share"],
        )

    def forget(self, before_s: float) -> int:
        """Delete the rows of ticks that began before a Unix time, for good; gives how many.

        The table of a whole day is dropped; that of the day in which the time lies is written anew without them. The server's
        own log of changes holds them until it is written over, see `docs/network.md`.
        """
        with self._link.session("cleaned") as session:
            return forget(session, _microseconds(before_s))

    def backup(self, file: BinaryIO) -> BackupFacts:
        """Write every row as of now to a file, while others go on reading and writing; see `throng.store.archive`."""
        with self._link.session("read") as session:
            return backup(session, file)

    def restore(self, file: BinaryIO) -> BackupFacts:
        """Read a backup into this store, which must be empty; all of it, checked, or nothing.

        Raises
        ------
        StoreError
            The store holds rows, or the backup is cut short or was changed.
        """
        with self._link.session("written") as session:
            return restore(session, file)

    def _series(self, query: str, *values: Any) -> Series:
        with self._link.session("read") as session:
            found = _columns(session.table(query, *values))
        return Series(
            tick_start_us=found["tick_start_us"],
            tick_s=found["tick_s"],
            values=found["value"],
            standard_errors=found["standard_error"],
            unknown=found["unknown"],
        )


def _columns(table: pa.Table) -> dict[str, Any]:
    """Numbers that are not known become NaN."""
    return {name: table[name].to_numpy() for name in table.column_names}


def _microseconds(time_s: float) -> int:
    return round(time_s * 1e6)
