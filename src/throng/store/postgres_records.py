"""Records in a PostgreSQL database: what several hubs know together."""

import json
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from throng.data.errors import ConflictError
from throng.store.postgres_address import postgres_address
from throng.store.postgres_link import Link, Session
from throng.store.postgres_schema import migrate
from throng.store.records import Change, Kind, Record

_LOCK = 0x687562  # "hub": whoever changes records holds it
_STEPS = (
    (
        """CREATE TABLE hub.record (
            kind text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, body text NOT NULL, version bigint NOT NULL,
            PRIMARY KEY (kind, key))""",
    ),
)


class PostgresRecords:
    """Keeps records in the schema `hub` of a database; safe to use from many threads, and by many hubs at once.

    Parameters
    ----------
    address : str
        Such as postgresql://user@host/database, without a password.

    Raises
    ------
    StoreError
        The address is wrong, or not safe to use.
    """

    def __init__(self, address: str) -> None:
        self.address = postgres_address(address)
        self._link = Link(self.address, name="the hub's records")

    def open(self) -> Self:
        """Connect, and make or update the table.

        Raises
        ------
        StoreError
            The server is away or refuses, or the table belongs to a newer Throng.
        """
        self._link.open(lambda session: migrate(session, "hub", _STEPS, address=self.address))
        return self

    def close(self) -> None:
        """Leave the server."""
        self._link.close()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def get(self, kind: Kind, key: str) -> Record | None:
        """The record, or None."""
        with self._link.session("read") as session:
            found = session.rows("SELECT body, version FROM hub.record WHERE kind = $1 AND key = $2", kind, key)
        return Record(kind, key, json.loads(found[0][0]), found[0][1]) if found else None

    def all(self, kind: Kind) -> list[Record]:
        """All of one kind, sorted by key."""
        with self._link.session("read") as session:
            found = session.rows("SELECT key, body, version FROM hub.record WHERE kind = $1 ORDER BY key", kind)
        return [Record(kind, key, json.loads(body), version) for key, body, version in found]

    def change(self, changes: Sequence[Change]) -> None:
        """Make all changes or none; durable on return. See `Records`."""
        with self._link.session("written") as session, session.transaction():
            # One at a time: changes are few, and what they rest on must not move meanwhile.
            session.rows("SELECT 1 FROM pg_advisory_xact_lock($1::bigint)", _LOCK)
            for change in changes:
                _make(session, change)


def _make(session: Session, change: Change) -> None:
    found = session.rows("SELECT version FROM hub.record WHERE kind = $1 AND key = $2", change.kind, change.key)
    version = found[0][0] if found else 0
    if change.version is not None and change.version != version:
        raise ConflictError(f'the {change.kind} "{change.key}" was changed by somebody else meanwhile: look at it again')
    if change.body is None:
        session.rows("DELETE FROM hub.record WHERE kind = $1 AND key = $2 RETURNING 1", change.kind, change.key)
        return
    body = json.dumps(change.body, allow_nan=False, separators=(",", ":"))
    session.rows(
        "INSERT INTO hub.record (kind, key, body, version) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body, version = excluded.version RETURNING 1",
        *(change.kind, change.key, body, version + 1),
    )
