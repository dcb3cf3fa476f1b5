"""Connections to a PostgreSQL server: a few, shared by threads, made anew after the server was away, their errors in words."""

import contextlib
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from throng.data.errors import StoreError, ThrongError
from throng.store.postgres_address import STATEMENT_TIMEOUT_S, PostgresAddress, connection_uri

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection, Cursor

MOST_CONNECTIONS = 8
_WAIT_S = 30.0


class Session:
    """One connection, used by one thread at a time.

    Attributes
    ----------
    known : dict
        What has been learned of the database by table, such as the number of a series. It lives as long as the connection:
        a server that comes back may hold another database.
    """

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self.known: dict[str, dict[Any, int]] = {}
        self._in_transaction = False

    def run(self, statement: str) -> int:
        """Do something; gives the rows that it changed, or -1."""
        with self._cursor() as cursor:
            cursor.execute(statement)
            return cursor.rowcount

    def table(self, query: str, *values: Any) -> pa.Table:
        """An answer as columns; values stand for $1, $2, and so on. An Arrow array is one value: an array."""
        with self._cursor() as cursor:
            cursor.execute(query, _bound(values) if values else None)
            return cursor.fetch_arrow_table()

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """An answer as rows."""
        columns = [column.to_pylist() for column in self.table(query, *values).columns]
        return list(zip(*columns, strict=True))

    def copy(self, table: str, rows: pa.Table, *, schema: str) -> None:
        """Append rows to a table, by COPY."""
        with self._cursor() as cursor:
            cursor.adbc_ingest(table, rows, mode="append", db_schema_name=schema)

    @contextlib.contextmanager
    def batches(self, query: str) -> Iterator[pa.RecordBatchReader]:
        """A long answer, piece by piece."""
        with self._cursor() as cursor:
            cursor.execute(query)
            with cursor.fetch_record_batch() as reader:
                yield reader

    @contextlib.contextmanager
    def transaction(self, begin: str = "BEGIN") -> Iterator[None]:
        """All of what is done within, durable at the end, or nothing. One within another is part of it."""
        if self._in_transaction:
            yield
            return
        self.run(begin)
        self._in_transaction = True
        try:
            yield
        except BaseException:
            self.known.clear()  # what was learned within is no longer so
            with contextlib.suppress(driver_error()):  # the connection is lost, and the transaction with it
                self.run("ROLLBACK")
            raise
        finally:
            self._in_transaction = False
        self.run("COMMIT")

    def close(self) -> None:
        """Leave the server."""
        with contextlib.suppress(driver_error()):
            self._connection.close()

    def alive(self) -> bool:
        """Whether the server still answers."""
        try:
            self.run("SELECT 1")
        except driver_error():
            return False
        return True

    @contextlib.contextmanager
    def _cursor(self) -> Iterator["Cursor"]:
        cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()


class Link:
    """Connections to one database; safe to use from many threads.

    Parameters
    ----------
    address : PostgresAddress
    name : str
        What is kept there, as errors call it.
    """

    def __init__(self, address: PostgresAddress, *, name: str) -> None:
        self.address = address
        self.name = name
        self._lock = threading.Lock()
        self._idle: list[Session] = []
        self._open = False
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)

    def open(self, prepare: Callable[[Session], None]) -> None:
        """Connect for the first time, and make the database ready.

        Raises
        ------
        StoreError
            The server is away, refuses us, or its database cannot be used.
        """
        self._open = True
        try:
            with self.session("opened") as session:
                prepare(session)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Leave the server."""
        with self._lock:
            self._open = False
            idle, self._idle = self._idle, []
        for session in idle:
            session.close()

    @contextlib.contextmanager
    def session(self, done: str) -> Iterator[Session]:
        """A connection that answers, for this thread alone; what fails on it is told as a `StoreError`.

        `done` says what cannot be done to the store then: "read", "written".
        """
        what = f"{self.name} cannot be {done}"
        if not self._open:
            raise StoreError(f"{what}: {self.address} is not open")
        if not self._places.acquire(timeout=_WAIT_S):
            raise StoreError(f"{what}: all {MOST_CONNECTIONS} connections to {self.address} are busy; try again")
        try:
            with self._telling(what):
                session = self._taken()
                try:
                    yield session
                except ThrongError:
                    self._give_back(session)
                    raise
                except BaseException:
                    session.close()
                    raise
                self._give_back(session)
        finally:
            self._places.release()

    def _taken(self) -> Session:
        while True:
            with self._lock:
                session = self._idle.pop() if self._idle else None
            if session is None:
                return Session(_connected(connection_uri(self.address)))
            if session.alive():
                return session
            session.close()

    def _give_back(self, session: Session) -> None:
        with self._lock:
            if self._open:
                self._idle.append(session)
                return
        session.close()

    @contextlib.contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        try:
            yield
        except driver_error() as error:
            # Without the cause: what the server says may repeat the rows it was given.
            raise StoreError(f"{what}: {_cause(error, self.address)}") from None


def _connected(uri: str) -> "Connection":
    from adbc_driver_postgresql import dbapi  # type: ignore[import-untyped]  # noqa: PLC0415, an optional part

    connection: Connection = dbapi.connect(uri, autocommit=True)
    return connection


def driver_error() -> type[Exception]:
    """What the driver raises; asked for where something was raised, so that a missing driver is told too."""
    try:
        from adbc_driver_manager import Error  # noqa: PLC0415, an optional part
    except ImportError:
        raise StoreError('PostgreSQL needs its driver: pip install "throng[postgresql]"') from None
    return Error


def _bound(values: Sequence[Any]) -> pa.RecordBatch:
    arrays = []
    for value in values:
        if isinstance(value, pa.Array):
            arrays.append(pa.ListArray.from_arrays(pa.array([0, len(value)], pa.int32()), value))
        else:
            arrays.append(pa.array([value]) if value is not None else pa.array([None], pa.string()))
    return pa.record_batch(arrays, names=[str(place) for place in range(len(arrays))])


_CAUSES = {
    "53100": "the disk of {at} is full; free some space, nothing that was stored is lost",
    "53300": "{at} takes no more connections; close some, or raise its max_connections",
    "57014": f"{{at}} took longer than {STATEMENT_TIMEOUT_S} s; try again, or ask for less",
    "55P03": "another program holds the table in {at}; try again when it is done",
    "25006": "{at} only lets read, as a standby does; name the server that takes writes",
    "42501": '"{user}" may not do this in {at}; make "{user}" the owner of the database',
    "57P01": "{at} is shutting down; it is tried again with the next request",
    "57P03": "{at} is starting; try again in a moment",
    "28P01": 'the password of "{user}" is wrong; look at the file that PGPASSFILE names',
}
"""By SQLSTATE."""

_SAID = (
    ("password authentication failed", "28P01"),
    ("too many clients", "53300"),
    ("remaining connection slots", "53300"),
    ("starting up", "57P03"),
    ("shutting down", "57P01"),
    ("no password supplied", '{at} asks for the password of "{user}"; put it into a file of mode 0600 that PGPASSFILE names'),
    ("certificate verify failed", "the certificate of {at} is not one to trust; name its authority's file as sslrootcert"),
    ("root certificate file", "the authority that {at} is to be known by is missing; name its file as sslrootcert"),
    ("does not match host name", "the certificate of {at} is of another machine; use the name that stands in it"),
    ("does not support SSL", "{at} does not encrypt; set ssl = on there"),
    ("authentication method requirement", "{at} asks for the password unprotected; set scram-sha-256 in its pg_hba.conf"),
    ("no pg_hba.conf entry", '{at} lets "{user}" in from nowhere near here; add a hostssl line to its pg_hba.conf'),
    ("does not exist", 'there is no database or user of this name in {at}; make them: createdb --owner "{user}"'),
    ("Connection refused", "no server answers at {at}; start it, or correct the address"),
    ("No such file", "no server answers at {at}; start it, or correct the address"),
    ("could not translate host name", "the host of {at} is not known; correct the address"),
    ("timeout expired", "{at} does not answer; it is tried again with the next request"),
)
"""By what libpq says when there is no SQLSTATE: it had no session yet, or lost it."""


def _cause(error: Exception, address: PostgresAddress) -> str:
    """Why the server did not do it and what to do, in one sentence, with nothing in it of what it was given."""
    code = str(getattr(error, "sqlstate", None) or "")
    message = str(error)
    cause = _CAUSES.get(code)
    if cause is None and not code:
        said = next((cause for words, cause in _SAID if words in message), "the connection to {at} broke off; try again")
        cause = _CAUSES.get(said, said)
    if cause is None:
        found = re.search(r"(?:ERROR|FATAL):\s*([^\n]*)", message)
        said = re.sub(r'"[^"]*"', '"..."', found[1]) if found else "it gave no reason"
        cause = f"{{at}} refused (SQLSTATE {code}): {said.replace('{', '(').replace('}', ')')}"
    return cause.format(at=address, user=address.user)
