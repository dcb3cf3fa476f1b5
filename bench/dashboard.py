"""The dashboard in a real browser: how soon it is there, what a live tick costs it, and whether it grows.

python -m bench.dashboard
"""

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from tests.browser.serving import as_role, base_of, launched, served
from tests.browser.town import rows, town

from throng.hub.app import Hub
from throng.hub.cameras import CameraEntry
from throng.hub.live import Event
from throng.store.duck import DuckStore

CAMERAS, TICK_S, LOADS, TICKS, EIGHT_HOURS = 1_039, 10, 7, 20, 2_880
IDLE_S, PAUSE_S = 5.0, 1.0
A_SECOND = 15
"""Ticks a second, of those that are to last for eight hours."""
LEARN = 200
"""So many ticks come before the memory is looked at for the first time."""

# Runs before the page's own code: when the whole network's count stands there, with numbers in the map's table below.
_WATCH = """
  const look = () => {
    const total = document.querySelector(".now-figures")?.textContent ?? "";
    if (/\\d/.test(total) && document.querySelectorAll("td").length > 8) {
      requestAnimationFrame(() => { window.usefulMs = performance.now(); });
    } else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
"""


@contextmanager
def city(entries: list[CameraEntry]) -> Iterator[Hub]:
    """A hub of a whole city that released a quarter of an hour."""
    end_s = time.time() // TICK_S * TICK_S
    with tempfile.TemporaryDirectory() as scratch, DuckStore(Path(scratch) / "throng.duckdb") as store:
        store.add_rows(rows(entries, start_s=end_s - 900, end_s=end_s))
        with served(Path(scratch), store, entries) as hub:
            hub.now.fill(store.latest())
            hub.ingest.camera_states([(entry.name, "live", "") for entry in entries])
            yield hub


def _first_paint_ms(browser: Browser, hub: Hub) -> tuple[list[float], float]:
    """From the navigation to the first useful paint, with nothing kept from before; and the kilobytes of JavaScript sent."""
    times, sent = [], {}
    for _ in range(LOADS):
        page, _ = as_role(browser, hub, "operator")
        page.add_init_script(_WATCH)

        def note(response: Any) -> None:
            if "javascript" in response.headers.get("content-type", ""):
                sent[response.url] = int(response.headers["content-length"])

        page.on("response", note)
        page.goto(base_of(hub))
        times.append(float(_when(page, "window.usefulMs")))
        page.context.close()
    return times, sum(sent.values()) / 1000


def _when(page: Page, expression: str) -> Any:
    """The value of something that will be there."""
    for _ in range(400):
        if (value := page.evaluate(expression)) is not None:
            return value
        page.wait_for_timeout(25)
    raise RuntimeError(f"{expression} was never there")


def _tick(hub: Hub, entries: list[CameraEntry], number: int) -> None:
    """Show every open page the next tick of all cameras, as the hub does once it is stored."""
    start_s = time.time() // TICK_S * TICK_S + TICK_S * number
    made = rows(entries, start_s=start_s, end_s=start_s + TICK_S, seed=number)
    names = hub.now.take(made, [(entry.name, int(start_s * 1e6)) for entry in entries])
    told = hub.now.ticks(names)
    hub.feed.publish(Event("now", tuple((site, tick) for _, site, tick in told), tuple(name for name, _, _ in told)))


def _busy_s(cdp: CDPSession) -> float:
    """How long the page's main thread has been busy so far."""
    metrics = {each["name"]: each["value"] for each in cdp.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])


def _tick_ms(page: Page, hub: Hub, entries: list[CameraEntry]) -> tuple[list[float], float]:
    """Main-thread time of each tick above that of as long a rest; and the bytes of a tick."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")
    before = _busy_s(cdp)
    page.wait_for_timeout(1000 * IDLE_S)
    idle = (_busy_s(cdp) - before) / IDLE_S
    spent = []
    for number in range(1, TICKS + 1):
        before, begin = _busy_s(cdp), time.perf_counter()
        _tick(hub, entries, number)
        page.wait_for_timeout(1000 * PAUSE_S)
        spent.append(1e3 * (_busy_s(cdp) - before - idle * (time.perf_counter() - begin)))
    size = len(json.dumps([json.loads(tick) for _, _, tick in hub.now.ticks([entry.name for entry in entries])]))
    return spent, size / 1000


def _held(cdp: CDPSession) -> tuple[float, int]:
    """What the page holds once it has been tidied up: megabytes of its heap, and nodes."""
    cdp.send("HeapProfiler.collectGarbage")
    metrics = {each["name"]: each["value"] for each in cdp.send("Performance.getMetrics")["metrics"]}
    return metrics["JSHeapUsedSize"] / 1e6, int(metrics["Nodes"])


def _growth(page: Page, hub: Hub, entries: list[CameraEntry]) -> tuple[tuple[float, int], tuple[float, int]]:
    """What the page holds after the first ticks, and after those of eight hours."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")
    first = (0.0, 0)
    begin = time.perf_counter()
    for number in range(TICKS + 1, TICKS + 1 + EIGHT_HOURS):
        _tick(hub, entries, number)
        done = number - TICKS
        page.wait_for_timeout(max(1.0, 1000 * (done / A_SECOND - (time.perf_counter() - begin))))
        if done == LEARN:
            first = _held(cdp)
    page.wait_for_timeout(2000)
    return first, _held(cdp)


def table() -> list[str]:
    """The section's lines."""
    os.sched_setaffinity(0, range(os.cpu_count() or 2))  # the browser is a machine of its own, as far as two cores go
    entries = town(CAMERAS, tick_s=TICK_S)
    with city(entries) as hub, sync_playwright() as playwright:
        browser = launched(playwright)
        paints, script_kb = _first_paint_ms(browser, hub)
        page, problems = as_role(browser, hub, "operator")
        page.goto(base_of(hub))
        page.wait_for_timeout(5000)
        spent, tick_kb = _tick_ms(page, hub, entries)
        first, last = _growth(page, hub, entries)
        browser.close()
    if problems:
        raise RuntimeError(problems[0])
    return [
        "| what | figure | goal |",
        "| --- | --- | --- |",
        f"| *Now* with {CAMERAS:,} cameras, nothing kept from before: first useful paint, median and worst of {LOADS} | "
        f"{median(paints):.0f} ms, {max(paints):.0f} ms | 1,000 ms |",
        f"| JavaScript sent for it, compressed, with its map | {script_kb:.0f} kB | 250 kB |",
        f"| a live tick of all cameras ({tick_kb:.0f} kB): main-thread time, median and worst of {TICKS} | "
        f"{median(spent):.1f} ms, {max(spent):.1f} ms | 16 ms |",
        f"| the page's heap after {LEARN} ticks and after {EIGHT_HOURS:,}, those of eight hours | "
        f"{first[0]:.1f} MB, {last[0]:.1f} MB | no growth |",
        f"| its nodes then | {first[1]:,}, {last[1]:,} | no growth |",
    ]


if __name__ == "__main__":
    print("\n".join(table()))
