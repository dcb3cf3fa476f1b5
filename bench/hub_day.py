"""The 2019 day through the live door: 1,039 cameras and 6.8 million rows over mutual TLS, signed, stored before an answer.

    python -m bench.hub_day [postgresql]

A hub on one core, its sensors on the other. Their requests are made and signed beforehand, as 1,039 machines would do it.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.hub_client import OUR_CORE, Sensor, Served, rows_of, served
from bench.hub_process import CAMERAS, SERIES
from bench.store_postgres import SERVER
from tests.store.cluster import running

TICK_S, TICKS = 144, 595
MIDNIGHT_S = 1_549_929_600.0  # 12 February 2019
AT_ONCE = 8


async def _sent(hub: Served, work: Sequence[tuple[int, list[bytes]]]) -> float:
    """Seconds until all is stored: some sensors at once, each with a connection of its own."""
    waiting = list(reversed(work))

    async def worker() -> None:
        while waiting:
            number, requests = waiting.pop()
            one = Sensor(hub, number)
            await one.connect()
            for request in requests:
                await one.send(request)
            one.close()

    begin = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return time.perf_counter() - begin


def day(hub: Served) -> tuple[int, float, float]:
    """Every sensor sends its camera's day: rows, seconds, and the hub's processor time."""
    work = [
        (
            number,
            [Sensor(hub, number).request(rows_of(range(number, number + 1), range(TICKS), tick_s=TICK_S, start_s=MIDNIGHT_S))],
        )
        for number in range(CAMERAS)
    ]
    before_s = hub.cpu_s()
    spent_s = asyncio.run(_sent(hub, work))
    return CAMERAS * TICKS * len(SERIES), spent_s, hub.cpu_s() - before_s


def table(store: str = "") -> list[str]:
    """The section's lines."""
    with tempfile.TemporaryDirectory() as scratch, served(Path(scratch), tick_s=TICK_S, store=store) as hub:
        rows, spent_s, cpu_s = day(hub)
        log = (Path(scratch) / "audit.jsonl").read_text().splitlines()
        spends = sum(json.loads(line)["event"] == "privacy.spend" for line in log)
        return [
            "| what | figure | goal |",
            "| --- | --- | --- |",
            f"| {CAMERAS:,} cameras imported from one CSV | {hub.import_s:.2f} s | seconds |",
            f"| {rows:,} rows through the live door, {CAMERAS:,} sensors, each its camera's day | {spent_s:.1f} s | 30 s |",
            f"| rows a second | {rows / spent_s:,.0f} | {'100,000' if store else '400,000'} |",
            f"| the hub's processor time | {cpu_s:.1f} s | |",
            f"| the hub's memory at its most | {hub.memory_mb():.0f} MB | |",
            f"| privacy spends in the audit log | {spends:,} | {CAMERAS:,} |",
        ]


def postgres_table() -> list[str]:
    """The section's lines, with a private PostgreSQL on the sensors' core."""
    os.sched_setaffinity(0, {OUR_CORE})
    with running(*SERVER) as cluster, cluster.database() as name:
        os.environ["PGPASSWORD"] = cluster.password
        return table(cluster.address(name))


if __name__ == "__main__":
    print("\n".join(postgres_table() if sys.argv[1:] == ["postgresql"] else table()))
