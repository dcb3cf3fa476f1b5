"""A city's day in the store: 1,039 cameras, 6.8 million rows, loaded, asked, forgotten and backed up, on one core.

    python bench/store_day.py

The size is that of one day of the system that lay open to the internet in February 2019. The numbers are made up and nobody
stands behind them. Prints a table; times are of the wall clock, queries the 95th percentile of a hundred.
"""

import argparse
import io
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from throng.data.rows import Rows
from throng.store.duck import DuckStore
from throng.store.duck_hours import HourSums

CAMERAS, TICKS, TICK_S = 1039, 545, 150.0
MIDNIGHT_S = 1_549_929_600.0  # 12 February 2019
LINE = ("in", "out", "in_total", "out_total")
ZONE = ("entries", "exits", "entries_total", "exits_total", "occupancy", "mean_dwell", "wait", "density")
SERIES = tuple(
    (f"camera {number:04d}", place, quantity)
    for number in range(CAMERAS)
    for place, quantities in (("door", LINE), ("hall", ZONE))
    for quantity in quantities
)
PART = ("discrete Gaussian, square-root factorisation (rho=0.5, ticks=545); bounded mean (rho=0.1)", "2019-02-12/1", TICK_S)


def rows_of(ticks: range, series: range = range(len(SERIES)), *, seed: int = 0) -> Rows:
    """The rows of some ticks and series, tick by tick; one in a hundred is unknown."""
    rng = np.random.default_rng((seed, ticks.start, series.start))
    n = len(ticks) * len(series)
    unknown = rng.random(n) < 0.01
    return Rows(
        series=tuple(SERIES[index] for index in series),
        parts=(PART,),
        reasons=("", "the camera is dark"),
        series_of=np.tile(np.arange(len(series), dtype=np.int32), len(ticks)),
        part_of=np.zeros(n, np.int32),
        reason_of=unknown.astype(np.int32),
        tick_start_us=np.repeat(((MIDNIGHT_S + TICK_S * np.array(ticks)) * 1e6).astype(np.int64), len(series)),
        values=np.where(unknown, np.nan, rng.normal(10, 5, n)),
        standard_errors=np.where(unknown, np.nan, 3.5),
    )


def day(ticks_a_batch: int) -> Iterator[Rows]:
    """The whole day in order."""
    for first in range(0, TICKS, ticks_a_batch):
        yield rows_of(range(first, min(first + ticks_a_batch, TICKS)))


def loaded(store: DuckStore, batches: Iterator[Rows]) -> tuple[int, float]:
    """Rows stored, and seconds that it took without making them up."""
    count, spent_s = 0, 0.0
    for rows in batches:
        begin = time.perf_counter()
        count += store.add_rows(rows)
        spent_s += time.perf_counter() - begin
    return count, spent_s


def p95_ms(ask: Callable[[], object], times: int = 100) -> float:
    """The 95th percentile."""
    spent = []
    for _ in range(times):
        begin = time.perf_counter()
        ask()
        spent.append(time.perf_counter() - begin)
    return 1e3 * float(np.quantile(spent, 0.95))


def tell(what: str, number: str) -> None:
    """A line of the table."""
    print(f"{what:72s} {number:>16s}", flush=True)


def ingest(folder: Path) -> DuckStore:
    """Load the day in batches of different sizes; the last store stays open."""
    store = None
    for ticks_a_batch, name in ((1, "12,468"), (4, "49,872"), (40, "498,720")):
        if store:
            store.close()
        store = DuckStore(folder / f"{ticks_a_batch}.duckdb").open()
        count, spent_s = loaded(store, day(ticks_a_batch))
        tell(f"load {count:,} rows in batches of {name}", f"{spent_s:.2f} s")
        tell("  rows a second", f"{count / spent_s:,.0f}")
    assert store is not None
    return store


def late(store: DuckStore) -> None:
    """What comes again, and what comes late, into the loaded day."""
    again = rows_of(range(300, 304))
    begin = time.perf_counter()
    assert store.add_rows(again) == 0
    tell("49,872 rows of four ticks that are all stored already", f"{1e3 * (time.perf_counter() - begin):.1f} ms")
    one = range(12 * 77, 12 * 78)
    begin = time.perf_counter()
    assert store.add_rows(rows_of(range(TICKS), one)) == 0
    tell("6,540 rows, a camera's whole day, that are all stored already", f"{1e3 * (time.perf_counter() - begin):.1f} ms")


def live(store: DuckStore) -> None:
    """Small batches at the end of the day, as sensors send them."""
    for cameras, name in ((1, "12 rows"), (40, "480 rows")):
        batches = [
            rows_of(range(TICKS + tick, TICKS + tick + 1), range(first, first + 12 * cameras))
            for tick in range(20 * (cameras > 1), 20 * (cameras > 1) + 20)
            for first in range(0, 12 * 10 * cameras, 12 * cameras)
        ]
        begin, cpu = time.perf_counter(), time.process_time()
        for rows in batches:
            assert store.add_rows(rows) == len(rows)
        wall_ms = 1e3 * (time.perf_counter() - begin) / len(batches)
        tell(f"a batch of {name}, durable", f"{wall_ms:.2f} ms")
        tell("  processor time of it", f"{1e3 * (time.process_time() - cpu) / len(batches):.2f} ms")


def queries(store: DuckStore) -> None:
    """Goal: 10, 25 and 10 milliseconds."""
    ids = np.random.default_rng().integers(len(SERIES), size=10_000).tolist()
    end_s = MIDNIGHT_S + 86_400

    def a_series() -> object:
        return store.series(*SERIES[ids.pop()], start_s=MIDNIGHT_S, end_s=end_s)

    def by_the_hour() -> object:
        return store.steps(*SERIES[ids.pop()], step_s=3600, add_epochs=True, start_s=MIDNIGHT_S, end_s=end_s)

    def city(*names: str, again: bool) -> object:
        if not again:
            store._hours = HourSums()
        return store.hours(start_s=MIDNIGHT_S, end_s=end_s, quantities=names)

    def a_tick() -> object:
        return store.tick(SERIES[ids.pop()][0], MIDNIGHT_S + TICK_S * 300)

    for what, ask in (
        ("a camera's day, one quantity", a_series),
        ("a camera's day by the hour", by_the_hour),
        ("the city hour by hour, one quantity, for the first time", partial(city, "in", again=False)),
        ("the city hour by hour, two quantities, for the first time", partial(city, "in", "out", again=False)),
        ("the city hour by hour, two quantities, again", partial(city, "in", "out", again=True)),
        ("latest of all series", store.latest),
        ("a camera's tick", a_tick),
    ):
        tell(what, f"{p95_ms(ask):.1f} ms")


def upkeep(store: DuckStore) -> None:
    """Closing, opening, backing up, forgetting."""
    store.close()
    tell("the file", f"{store.path.stat().st_size / 1e6:.0f} MB")
    begin = time.perf_counter()
    store.open()
    tell("opening it", f"{time.perf_counter() - begin:.2f} s")
    file = io.BytesIO()
    begin = time.perf_counter()
    facts = store.backup(file)
    tell(f"back up {facts.rows:,} rows", f"{time.perf_counter() - begin:.2f} s")
    tell("  size of it", f"{file.tell() / 1e6:.0f} MB")
    begin = time.perf_counter()
    gone = store.forget(MIDNIGHT_S + 43_200)
    tell(f"forget {gone:,} rows", f"{time.perf_counter() - begin:.2f} s")


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = ingest(Path(folder))
        late(store)
        live(store)
        queries(store)
        tell("memory at its most", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
        upkeep(store)
        store.close()


if __name__ == "__main__":
    main()
