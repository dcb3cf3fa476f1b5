"""What stands in the PostgreSQL database of the numbers: its tables, their versions, and one partition a UTC day."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from throng.data.errors import StoreError
from throng.store.postgres_address import PostgresAddress
from throng.store.postgres_link import Session

SCHEMA = "throng"
DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
MOST_NEW_DAYS = 1_000
_LAST_DAY = 2_932_896  # of the year 9999
_LOCK = 0x7468726F6E67  # "throng": whoever makes or updates the tables holds it
_LOCK_TEXTS = _LOCK + 1
_LOCK_DAY = 0x74687264  # with the day as the second number

TABLES = ("released", "hourly")
"""Of rows, and their sums by hour; both with a partition for each day."""

_KEYS = {"released": "series, tick_us", "hourly": "series, hour_us"}
_TIMES = {"released": "tick_us", "hourly": "hour_us"}

_STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE throng.series (
            id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
            camera text COLLATE "C" NOT NULL, place text COLLATE "C" NOT NULL, quantity text COLLATE "C" NOT NULL,
            UNIQUE (camera, place, quantity))""",
        """CREATE TABLE throng.part (
            id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
            mechanism text COLLATE "C" NOT NULL, epoch text COLLATE "C" NOT NULL, tick_s float8 NOT NULL,
            UNIQUE (mechanism, epoch, tick_s))""",
        """CREATE TABLE throng.reason (
            id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (START 0 MINVALUE 0), text text COLLATE "C" NOT NULL UNIQUE)""",
        "INSERT INTO throng.reason (text) VALUES ('')",
        # In an order that leaves no gaps between the columns.
        """CREATE TABLE throng.released (
            tick_us bigint NOT NULL, value float8, standard_error float8,
            series integer NOT NULL, part integer NOT NULL, reason integer NOT NULL,
            PRIMARY KEY (series, tick_us)) PARTITION BY RANGE (tick_us)""",
        # Kept with every batch: to add up a day of 6.8 million rows for each question takes seconds.
        """CREATE TABLE throng.hourly (
            hour_us bigint NOT NULL, stored_s float8 NOT NULL, known_s float8 NOT NULL,
            total float8 NOT NULL, variance float8 NOT NULL,
            series integer NOT NULL, ticks integer NOT NULL, known integer NOT NULL,
            PRIMARY KEY (series, hour_us)) PARTITION BY RANGE (hour_us)""",
        # Which series were written of late, see postgres_latest. After a crash it is empty, and nobody is connected any more.
        """CREATE UNLOGGED TABLE throng.news (
            xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
            told timestamptz NOT NULL DEFAULT clock_timestamp(), series integer[])""",
        "CREATE INDEX ON throng.news (xid)",
        """CREATE VIEW throng.released_rows AS
            SELECT s.camera, s.place, s.quantity,
                timestamp '1970-01-01' + r.tick_us * interval '1 microsecond' AS tick_start, p.tick_s,
                r.value, r.standard_error, p.mechanism, p.epoch, e.text AS "unknown"
            FROM throng.released r JOIN throng.series s ON s.id = r.series JOIN throng.part p ON p.id = r.part
            JOIN throng.reason e ON e.id = r.reason""",
    ),
)
"""What leads from each version to the next. Only ever added to: what was released is not changed."""

SCHEMA_VERSION = len(_STEPS)


def migrate(
    session: Session, schema: str, steps: Sequence[Sequence[str]], *, address: PostgresAddress, lock: int = _LOCK
) -> None:
    """Bring a schema of the database to this version, a step and a transaction at a time.

    Raises
    ------
    StoreError
        It belongs to a newer Throng, is not Throng's, or the database does not hold text as UTF-8.
    """
    if session.rows("SELECT current_setting('server_encoding')") != [("UTF8",)]:
        raise StoreError(f"{address} does not keep text as UTF-8: make the database with createdb --encoding UTF8")
    while (version := _version(session, schema, address)) < len(steps):
        with session.transaction():
            session.rows("SELECT 1 FROM pg_advisory_xact_lock($1::bigint)", lock)
            if _version(session, schema, address) != version:
                continue  # another hub was first
            if not version:
                session.run(f"CREATE SCHEMA {schema}")
                session.run(f"CREATE TABLE {schema}.schema_version AS SELECT 0 AS version")
            for statement in steps[version]:
                session.run(statement)
            session.run(f"UPDATE {schema}.schema_version SET version = {version + 1}")
    if version > len(steps):
        raise StoreError(
            f"the store {address} was made by a newer Throng (its schema is {version}, this one knows {len(steps)}): "
            "update this one, or name another database"
        )


def prepare_days(session: Session, days: Sequence[int]) -> None:
    """Make the partitions of some days, given as days since 1970, unless they are there.

    Raises
    ------
    StoreError
        A day is before 1970 or after the year 9999, or there are too many.
    """
    for day in missing_days(session, days):
        with session.transaction():
            lock_days(session, [day])
            if missing_days(session, [day]):
                for table in TABLES:
                    make_part(session, table, day)
                    attach_part(session, table, day)


def missing_days(session: Session, days: Sequence[int]) -> list[int]:
    """Those of some days that have no partitions yet.

    Raises
    ------
    StoreError
        A day is before 1970 or after the year 9999, or more are missing than anybody was offline for.
    """
    if days and not 0 <= min(days) <= max(days) <= _LAST_DAY:
        raise StoreError("the store takes ticks of the years 1970 to 9999: correct the sensor's clock")
    names = [part_name("released", day) for day in days]
    there = tables_there(session, SCHEMA, names)
    missing = [day for day, name in zip(days, names, strict=True) if name not in there]
    if len(missing) > MOST_NEW_DAYS:
        raise StoreError(f"one batch may begin {MOST_NEW_DAYS} days at most, not {len(missing)}: send it in parts")
    return missing


def tables_there(session: Session, schema: str, names: Sequence[str]) -> set[str]:
    """Which of some tables there are, as of this statement: to_regclass may remember what was before a lock was waited for."""
    query = "SELECT relname::text FROM pg_class WHERE relnamespace = $1::regnamespace AND relname = ANY ($2::text[]::name[])"
    return {name for (name,) in session.rows(query, schema, pa.array(names, pa.string()))}


def lock_days(session: Session, days: Sequence[int]) -> None:
    """Nobody else makes or drops these days, given sorted, until this transaction ends."""
    for day in days:
        session.rows("SELECT 1 FROM pg_advisory_xact_lock($1::integer, $2::integer)", _LOCK_DAY, day)


def lock_texts(session: Session) -> None:
    """Nobody else adds texts until this transaction ends: two that add the same in another order would wait in a circle."""
    session.rows("SELECT 1 FROM pg_advisory_xact_lock($1::bigint)", _LOCK_TEXTS)


def stored_days(session: Session) -> list[int]:
    """The days that have partitions, since 1970, oldest first."""
    found = session.rows(
        "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        f"WHERE i.inhparent = '{SCHEMA}.released'::regclass ORDER BY c.relname"
    )
    names = [name.removeprefix("released_").replace("_", "-") for (name,) in found]
    return [int(np.datetime64(name, "D").astype(np.int64)) for name in names]


def part_name(table: str, day: int) -> str:
    """What the partition of a day is called: released_2026_11_24."""
    return f"{table}_{str(np.datetime64(day, 'D')).replace('-', '_')}"


def make_part(session: Session, table: str, day: int) -> None:
    """Make the table of a day, not yet a partition: without an index, so that filling it is fast."""
    time, start_us = _TIMES[table], day * DAY_US
    # Knowing this, PostgreSQL attaches it without reading it again. Half of the sums' pages stay free for their changes.
    session.run(
        f"CREATE TABLE {SCHEMA}.{part_name(table, day)} (LIKE {SCHEMA}.{table}, "
        f"CONSTRAINT of_one_day CHECK ({time} >= {start_us} AND {time} < {start_us + DAY_US}))"
        + (" WITH (fillfactor = 50)" if table == "hourly" else "")
    )


def attach_part(session: Session, table: str, day: int) -> None:
    """Index the table of a day and make it a partition; readers and writers of other days go on meanwhile."""
    name, start_us = f"{SCHEMA}.{part_name(table, day)}", day * DAY_US
    session.run(f"ALTER TABLE {name} ADD PRIMARY KEY ({_KEYS[table]})")
    session.run(f"ALTER TABLE {SCHEMA}.{table} ATTACH PARTITION {name} FOR VALUES FROM ({start_us}) TO ({start_us + DAY_US})")
    session.run(f"ALTER TABLE {name} DROP CONSTRAINT of_one_day")


def migrate_numbers(session: Session, address: PostgresAddress) -> None:
    """Make or update the tables of the numbers."""
    migrate(session, SCHEMA, _STEPS, address=address)


def _version(session: Session, schema: str, address: PostgresAddress) -> int:
    """The version of what is there; 0 when nothing is."""
    if not session.rows("SELECT 1 FROM pg_namespace WHERE nspname = $1", schema):
        return 0
    if not tables_there(session, schema, ["schema_version"]):
        raise StoreError(f'{address} has a schema "{schema}" that is not Throng\'s: name another database')
    return int(session.rows(f"SELECT max(version) FROM {schema}.schema_version")[0][0])
