"""How rows leave PostgreSQL for good."""

from throng.store.postgres_insert import sums_of
from throng.store.postgres_latest import note_everything
from throng.store.postgres_link import Session
from throng.store.postgres_schema import DAY_US, HOUR_US, SCHEMA, TABLES, lock_days, missing_days, part_name, stored_days


def forget(session: Session, before_us: int) -> int:
    """Delete the rows of ticks that began before a time in microseconds; gives how many."""
    days = stored_days(session)
    gone = sum(_drop(session, day) for day in days if (day + 1) * DAY_US <= before_us)
    day = before_us // DAY_US
    if day in days and before_us > day * DAY_US:
        gone += _cut(session, day, before_us)
    return gone


def _drop(session: Session, day: int) -> int:
    released, hourly = (f"{SCHEMA}.{part_name(table, day)}" for table in TABLES)
    with session.transaction():
        lock_days(session, [day])
        # Those above before those below, as every reader and writer takes them.
        session.run(f"LOCK TABLE ONLY {SCHEMA}.released, ONLY {SCHEMA}.hourly IN ACCESS EXCLUSIVE MODE")
        if missing_days(session, [day]):
            return 0  # another hub was first
        ((count,),) = session.rows(f"SELECT coalesce(sum(ticks), 0)::bigint FROM {hourly}")
        session.run(f"DROP TABLE {released}, {hourly}")
        note_everything(session)
    return int(count)


def _cut(session: Session, day: int, before_us: int) -> int:
    """Delete the first part of a day, and write the rest of it anew: deleted rows stay in the pages of a table otherwise."""
    released, hourly = (f"{SCHEMA}.{part_name(table, day)}" for table in TABLES)
    hour_us = before_us // HOUR_US * HOUR_US
    with session.transaction():
        lock_days(session, [day])
        session.run("SET LOCAL statement_timeout = 0")
        # Nobody writes to this day meanwhile, or a sum would miss what comes after it was taken. First the one that writers
        # take first, so that none of them waits in a circle.
        for table in (released, hourly):
            session.run(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        count = session.run(f"DELETE FROM {released} WHERE tick_us < {before_us}")
        session.run(f"DELETE FROM {hourly} WHERE hour_us <= {hour_us}")
        session.run(
            f"INSERT INTO {hourly} (hour_us, stored_s, known_s, total, variance, series, ticks, known) "
            + sums_of(f"(SELECT * FROM {released} WHERE tick_us < {hour_us + HOUR_US})")
        )
        note_everything(session)
    if count:
        session.run("SET statement_timeout = 0")
        for table in (released, hourly):
            session.run(f"VACUUM (FULL, ANALYZE) {table}")
        session.run("RESET statement_timeout")
    return count
