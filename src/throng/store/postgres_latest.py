"""The newest row of every series, kept in mind: only what was written since, by whichever hub, is looked up again.

To look all of them up takes one search of the index each, some 80 ms for the 12,468 series of 1,039 cameras. Therefore every
transaction that writes leaves a note in `throng.news`: its number, and the series it wrote. The newest rows as of a snapshot
can only be changed by transactions whose numbers are at least the snapshot's xmin, the first that was still under way.
"""

import threading
import time
from collections.abc import Iterable

import pyarrow as pa

from throng.store import postgres_queries as queries
from throng.store.postgres_link import Session
from throng.store.postgres_schema import DAY_US, stored_days
from throng.store.store import StoredRow

MOST_NOTED = 2_000
"""Series of one note; a batch of more says that anything may have changed."""

_KEPT_S = 600
_TRUSTED_S = 300.0
_PRUNE_EVERY = 500
_LOCK_PRUNING = 0x6E657773  # "news"

_NEWS = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, n.series IS NULL AND n.xid IS NOT NULL, n.series
FROM (SELECT 1) AS always LEFT JOIN throng.news n ON n.xid >= $1
"""


class Latest:
    """The newest rows of a database as one hub knows them; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[int, StoredRow] = {}
        self._sorted: list[StoredRow] = []
        self._xmin = 0
        self._asked_s: float | None = None

    def rows(self, session: Session) -> list[StoredRow]:
        """The newest row of every camera, place and quantity as of now, sorted by them."""
        with self._lock:
            now_s = time.monotonic()
            # A connection that never asked may lead to another database than was known.
            fresh = self._asked_s is not None and now_s - self._asked_s < _TRUSTED_S and "latest" in session.known
            news = session.rows(_NEWS, self._xmin if fresh else 2**63 - 1)
            changed = {number for _, _, noted in news for number in noted or ()}
            everything = not fresh or any(all_of_them for _, all_of_them, _ in news)
            if everything:
                self._rows = _found(session)
            elif changed:
                self._rows |= _found(session, changed)
            if everything or changed:
                self._sorted = sorted(self._rows.values(), key=lambda row: (row.camera, row.place, row.quantity))
            session.known["latest"] = {}
            self._xmin, self._asked_s = news[0][0], now_s
            return list(self._sorted)


def note_everything(session: Session) -> None:
    """Leave a note that any series may have changed."""
    session.run("INSERT INTO throng.news (series) VALUES (NULL)")


def prune(session: Session, transaction: int) -> None:
    """Delete old notes after some transactions; who asks more seldom than they are kept looks everything up."""
    if transaction % _PRUNE_EVERY:
        return
    with session.transaction():
        if session.rows("SELECT 1 WHERE pg_try_advisory_xact_lock($1::bigint)", _LOCK_PRUNING):
            session.run(f"DELETE FROM throng.news WHERE told < now() - interval '{_KEPT_S} seconds'")


def _found(session: Session, series: set[int] | None = None) -> dict[int, StoredRow]:
    """Of most series the newest row is of the newest days; only for the others must all days be looked through."""
    since_us = DAY_US * min(stored_days(session)[-2:], default=0)
    recent, late = f"tick_us >= {since_us}", f"tick_us < {since_us}"
    if series is None:
        found = session.rows(queries.LATEST.format(when=recent, which="true"))
        missing = "NOT s.id = ANY ($1::integer[])"
        found += session.rows(queries.LATEST.format(when=late, which=missing), _ids(row[0] for row in found))
    else:
        these = "s.id = ANY ($1::integer[])"
        found = session.rows(queries.LATEST.format(when=recent, which=these), _ids(series))
        if len(found) < len(series):
            left = series.difference(row[0] for row in found)
            found += session.rows(queries.LATEST.format(when=late, which=these), _ids(left))
    return {row[0]: StoredRow(*row[1:]) for row in found}


def _ids(numbers: Iterable[int]) -> pa.Array:
    return pa.array(sorted(numbers), pa.int32())
