"""Records in one SQLite file."""

import contextlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from throng.data.errors import ConflictError, StoreError
from throng.store.records import Change, Kind, Record

_APPLICATION_ID = 0x7468726F  # "thro", so that another program's database is never taken for ours
_VERSION = 1
_CREATE = """
CREATE TABLE record (
    kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID
"""


class SqliteRecords:
    """Keeps records in a file that only its owner can read; what is removed is overwritten.

    Parameters
    ----------
    path : path-like
        Made, with its folder, when it is absent.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def open(self) -> Self:
        """Open the file, or make it.

        Raises
        ------
        StoreError
            It is none of ours, of a newer Throng, or cannot be made.
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # SQLite makes its log and journal with the mode of the file, which must be right before there is anything in it.
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
            self.path.chmod(0o600)
            self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10)
            self._prepare(self._connection)
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise StoreError(f"the hub's records {self.path} cannot be opened: {error}") from None
        except StoreError:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def get(self, kind: Kind, key: str) -> Record | None:
        """The record, or None."""
        found = self._read("SELECT body, version FROM record WHERE kind = ? AND key = ?", (kind, key))
        return Record(kind, key, self._body(found[0][0]), found[0][1]) if found else None

    def all(self, kind: Kind) -> list[Record]:
        """All of one kind, sorted by key."""
        found = self._read("SELECT key, body, version FROM record WHERE kind = ? ORDER BY key", (kind,))
        return [Record(kind, key, self._body(body), version) for key, body, version in found]

    def change(self, changes: Sequence[Change]) -> None:
        """Make all changes or none; durable on return. See `Records`."""
        with self._transaction() as connection:
            for change in changes:
                _make(connection, change)

    def _read(self, query: str, values: tuple[str, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._open_connection().execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise StoreError(f"the hub's records cannot be read: {error}") from None

    def _body(self, text: str) -> dict[str, Any]:
        try:
            return dict(json.loads(text))
        except (ValueError, TypeError):
            raise StoreError(f"a record in {self.path} is damaged: restore the hub's records from a backup") from None

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            connection = self._open_connection()
            try:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise StoreError(f"the hub's records cannot be written: {error}; nothing was changed") from None

    def _open_connection(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError(f"the hub's records {self.path} are not open")
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        application, version, tables = (
            connection.execute(query).fetchone()[0]
            for query in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_schema")
        )
        if not tables:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_CREATE)
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {_VERSION}")
            connection.execute("COMMIT")
        elif application != _APPLICATION_ID:
            raise StoreError(f"{self.path} is a database, but not of a hub's records: name another file")
        elif version > _VERSION:
            raise StoreError(f"the hub's records {self.path} were made by a newer Throng: update this one")


def _make(connection: sqlite3.Connection, change: Change) -> None:
    found = connection.execute("SELECT version FROM record WHERE kind = ? AND key = ?", (change.kind, change.key)).fetchone()
    version = found[0] if found else 0
    if change.version is not None and change.version != version:
        raise ConflictError(f'the {change.kind} "{change.key}" was changed by somebody else meanwhile: look at it again')
    if change.body is None:
        connection.execute("DELETE FROM record WHERE kind = ? AND key = ?", (change.kind, change.key))
        return
    body = json.dumps(change.body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    connection.execute("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)", (change.kind, change.key, body, version + 1))
