"""A city's day in PostgreSQL: the rows of `bench.store_day`, on a private server beside us.

    python -m bench.store_postgres [--cameras 1039]

Prints a table and the goals. Times are of the wall clock, queries the 95th percentile of a hundred; the server's settings are
Debian's own, but for the memory that it may use, and it waits for the disk at every commit.
"""

import argparse
import os
import resource
import threading
import time
from collections.abc import Callable

import numpy as np
from bench.store_day import CAMERAS, MIDNIGHT_S, SERIES, TICK_S, TICKS, p95_ms, rows_of, tell
from tests.store.cluster import running

from throng.data.rows import Rows
from throng.store.postgres import PostgresStore

DAY_S = 86_400.0
SERVER = ("shared_buffers=1GB", "max_wal_size=4GB", "work_mem=32MB")
OF_A_CAMERA = 12


def main() -> None:
    """Measure, and print as it goes."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--cameras", type=int, default=CAMERAS)
    cameras: int = arguments.parse_args().cameras
    series = range(OF_A_CAMERA * cameras)
    with running(*SERVER) as cluster:
        os.environ["PGPASSWORD"] = cluster.password
        for ticks_a_batch in (1, 4):
            with cluster.database() as name, PostgresStore(cluster.address(name)) as store:
                _load(store, ticks_a_batch, series)
        with cluster.database() as name, PostgresStore(cluster.address(name)) as store:
            rows = rows_of(range(TICKS), series)
            _timed(f"load {len(rows):,} rows at once, into a day that is not there yet", lambda: store.add_rows(rows))
            size = int(cluster.sql(f"SELECT pg_database_size('{name}')"))
            tell("the day on the disk", f"{size / 1e6:,.0f} MB")
            _live(store, cameras)
            _queries(store, series)
            with PostgresStore(cluster.address(name)) as other:
                _hubs(store, other, series)
            _timed("forget a day, whose table is dropped", lambda: store.forget(MIDNIGHT_S + DAY_S))
    tell("our own memory at its highest", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:,.0f} MB")


def _load(store: PostgresStore, ticks_a_batch: int, series: range) -> None:
    count, spent_s = 0, 0.0
    for first in range(0, TICKS, ticks_a_batch):
        rows = rows_of(range(first, min(first + ticks_a_batch, TICKS)), series)
        begin = time.perf_counter()
        count += store.add_rows(rows)
        spent_s += time.perf_counter() - begin
    tell(f"load {count:,} rows in batches of {ticks_a_batch * len(series):,}", f"{spent_s:.2f} s")
    tell("  rows a second (goal: 100,000)", f"{count / spent_s:,.0f}")
    again = rows_of(range(4), series)
    _timed(f"  {len(again):,} rows again", lambda: store.add_rows(again))


def _live(store: PostgresStore, cameras: int) -> None:
    """Small batches, as sensors send them."""
    for of, name in ((1, "12 rows"), (min(40, cameras), "480 rows")):
        ticks = range(TICKS + 20 * (of > 1), TICKS + 20 * (of > 1) + 20)
        parts = [range(first, first + OF_A_CAMERA * of) for first in range(0, OF_A_CAMERA * of * 5, OF_A_CAMERA * of)]
        batches = [rows_of(range(tick, tick + 1), part) for tick in ticks for part in parts if part.stop <= len(SERIES)]
        begin, cpu = time.perf_counter(), time.process_time()
        for rows in batches:
            store.add_rows(rows)
        tell(f"a batch of {name}, durable", f"{1e3 * (time.perf_counter() - begin) / len(batches):.2f} ms")
        tell("  our own processor time of it", f"{1e3 * (time.process_time() - cpu) / len(batches):.2f} ms")


def _queries(store: PostgresStore, series: range) -> None:
    ids = np.random.default_rng().integers(len(series), size=10_000).tolist()
    span = (MIDNIGHT_S, MIDNIGHT_S + DAY_S)
    every = sorted({quantity for _, _, quantity in SERIES})
    one = [f"camera {number:04d}" for number in range(len(series) // OF_A_CAMERA)]

    def a_series() -> object:
        return store.series(*SERIES[ids.pop()], start_s=span[0], end_s=span[1])

    def by_the_hour() -> object:
        return store.steps(*SERIES[ids.pop()], step_s=3600, add_epochs=True, start_s=span[0], end_s=span[1])

    def city(*quantities: str) -> Callable[[], object]:
        return lambda: store.hours(start_s=span[0], end_s=span[1], quantities=quantities)

    def a_camera() -> object:
        return store.hours(start_s=span[0], end_s=span[1], quantities=every, cameras=[one[ids.pop() // OF_A_CAMERA]])

    for what, ask in (
        ("a camera's day, one quantity (goal: 10 ms)", a_series),
        ("a camera's day by the hour (goal: 10 ms)", by_the_hour),
        ("a camera's day by the hour, all quantities (goal: 10 ms)", a_camera),
        ("the city hour by hour, one quantity (goal: 120 ms)", city("in")),
        ("the city hour by hour, two quantities", city("in", "out")),
        ("a camera's tick", lambda: store.tick(SERIES[ids.pop()][0], MIDNIGHT_S + TICK_S * 300)),
    ):
        tell(f"p95: {what}", f"{p95_ms(ask):.1f} ms")
    begin = time.perf_counter()
    store.latest()
    tell(f"latest of all {len(series):,} series, the first time", f"{1e3 * (time.perf_counter() - begin):.1f} ms")
    spent = []
    for tick in range(100):  # a tick of 40 cameras comes between two questions
        store.add_rows(rows_of(range(TICKS + 200 + tick, TICKS + 201 + tick), series[: 40 * OF_A_CAMERA]))
        begin = time.perf_counter()
        store.latest()
        spent.append(time.perf_counter() - begin)
    tell("p95: latest of all, 480 of them new since (goal: 10 ms)", f"{1e3 * float(np.quantile(spent, 0.95)):.1f} ms")


def _hubs(store: PostgresStore, other: PostgresStore, series: range) -> None:
    """Two hubs that write at once, each its half of the cameras."""
    halves = (series[: len(series) // 2], series[len(series) // 2 :])
    batches = [[rows_of(range(TICKS + tick, TICKS + tick + 4), half) for tick in range(100, 160, 4)] for half in halves]

    def write(to: PostgresStore, some: list[Rows]) -> None:
        for rows in some:
            to.add_rows(rows)

    writers = [threading.Thread(target=write, args=pair) for pair in zip((store, other), batches, strict=True)]
    begin = time.perf_counter()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    count = sum(len(rows) for some in batches for rows in some)
    tell("two hubs at once, rows a second", f"{count / (time.perf_counter() - begin):,.0f}")


def _timed(what: str, do: Callable[[], object]) -> None:
    begin = time.perf_counter()
    do()
    tell(what, f"{time.perf_counter() - begin:.2f} s")


if __name__ == "__main__":
    main()
