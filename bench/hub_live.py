"""A city live: 1,039 sensors that send a tick every ten seconds, and 50 open pages, at a hub on one core.

python -m bench.hub_live [STORE]
"""

import asyncio
import random
import ssl
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from bench.hub_client import Sensor, Served, rows_of, served
from bench.hub_process import CAMERAS, SERIES

TICK_S, PAGES, WARM_S, MEASURED_S = 10, 50, 20.0, 60.0


async def _sensor(hub: Served, number: int, spent_s: list[float], end_s: float, broken: list[int]) -> None:
    """Send each tick as soon as it has ended, at a moment of the sensor's own; again, as sensors do, where it broke."""
    one = Sensor(hub, number)
    late_s = random.random() * TICK_S
    await asyncio.sleep(late_s)  # nor do a thousand machines connect at the same moment
    await one.connect()
    tick = int(time.time() - late_s) // TICK_S
    while time.time() < end_s:
        begin_s = (tick + 1) * TICK_S + late_s
        await asyncio.sleep(max(0.0, begin_s - time.time()))
        request = one.request(rows_of(range(number, number + 1), range(tick, tick + 1), tick_s=TICK_S, start_s=0.0))
        begin = time.perf_counter()
        while True:
            try:
                await one.send(request)
                break
            except (OSError, EOFError):
                broken.append(number)
                await one.connect()
        spent_s.append(time.perf_counter() - begin)
        tick += 1
    one.close()


async def _page(hub: Served, cookie: str, heard: list[int]) -> None:
    """Follow the live feed, and count the ticks."""
    context = ssl.create_default_context(cadata=hub.authority)
    reader, writer = await asyncio.open_connection("127.0.0.1", hub.port, ssl=context, limit=2**24)
    head = f"host: 127.0.0.1:{hub.port}\r\ncookie: __Host-throng={cookie}\r\n"
    writer.write(f"GET /api/v1/live?events=now,cameras,alarms HTTP/1.1\r\n{head}\r\n".encode())
    await writer.drain()
    page = len(heard)
    heard.append(0)
    try:
        while piece := await reader.read(2**20):
            heard[page] += piece.count(b'"time":')
    finally:
        writer.close()


async def _city(hub: Served) -> tuple[np.ndarray, list[int], float, float, int]:
    """Times of the requests, seconds; ticks each page heard; the hub's processor time; the time it took; broken connections."""
    broken: list[int] = []
    spent_s: list[float] = []
    heard: list[int] = []
    end_s = time.time() + WARM_S + MEASURED_S
    pages = [asyncio.create_task(_page(hub, cookie, heard)) for cookie in hub.cookies]
    sensors = [asyncio.create_task(_sensor(hub, number, spent_s, end_s, broken)) for number in range(CAMERAS)]
    await asyncio.sleep(WARM_S)
    first, heard_before, cpu_s, begin = len(spent_s), list(heard), hub.cpu_s(), time.perf_counter()
    await asyncio.sleep(MEASURED_S)
    used_s, lasted_s = hub.cpu_s() - cpu_s, time.perf_counter() - begin
    measured = np.array(spent_s[first:])
    told = [after - before for before, after in zip(heard_before, heard, strict=True)]
    for task in (*sensors, *pages):
        task.cancel()
    done = await asyncio.gather(*sensors, return_exceptions=True)
    failed = [str(one) for one in done if isinstance(one, Exception)]
    if failed:
        raise RuntimeError(f"{len(failed)} sensors failed: {failed[0]}")
    return measured, told, used_s, lasted_s, len(broken)


def table(store: str = "") -> list[str]:
    """The section's lines."""
    with tempfile.TemporaryDirectory() as scratch, served(Path(scratch), tick_s=TICK_S, pages=PAGES, store=store) as hub:
        spent_s, heard, used_s, lasted_s, broken = asyncio.run(_city(hub))
        p50, p99 = 1e3 * np.quantile(spent_s, (0.5, 0.99))
        return [
            "| what | figure | goal |",
            "| --- | --- | --- |",
            f"| {CAMERAS:,} sensors, a tick of {len(SERIES)} numbers every {TICK_S} s; {PAGES} pages: share of one core | "
            f"{100 * used_s / lasted_s:.0f} % | 30 % |",
            f"| a tick sent until it is answered as stored, median | {p50:.1f} ms | |",
            f"| the same, 99th percentile | {p99:.1f} ms | 50 ms |",
            f"| ticks a second taken | {len(spent_s) / lasted_s:.0f} | |",
            f"| ticks a second shown on a page, least and most | {min(heard) / lasted_s:.0f}, {max(heard) / lasted_s:.0f} | |",
            f"| connections that broke | {broken} | |",
            f"| the hub's memory at its most | {hub.memory_mb():.0f} MB | |",
        ]


if __name__ == "__main__":
    print("\n".join(table(*sys.argv[1:])))
