"""A year of one measure in a real browser: from the click to the painted frame, the hub's answer included.

python -m bench.dashboard_year
"""

import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright
from tests.browser.serving import as_role, base_of, launched, served
from tests.browser.town import rows, town

from throng.store.duck import DuckStore

DAYS, PIECE_DAYS, CLICKS = 366, 28, 8
DAY_S = 86_400
KEPT = {("hall", "occupancy"), ("hall", "mean_speed"), ("door", "in"), ("door", "in_total")}
MEASURES = (("hall", "occupancy"), ("hall", "mean_speed"), ("door", "in"))

# Pressed by the page's own button; over once what is told of the curve has changed and that frame is painted.
_PRESS = """async (name) => {
  performance.clearResourceTimings();
  const button = [...document.querySelectorAll(".span-bar button")].find((one) => one.textContent === name);
  const told = () => document.querySelector("#curve-said").textContent;
  const before = told();
  const begin = performance.now();
  button.click();
  const paintedMs = await new Promise((done) => {
    const look = () => {
      if (told() === before) { requestAnimationFrame(look); return; }
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => done(performance.now() - begin);
        channel.port2.postMessage(0);
      });
    };
    look();
  });
  const asked = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/series"));
  return { paintedMs, hubMs: Math.max(0, ...asked.map(({ requestStart, responseEnd }) => responseEnd - requestStart)) };
}"""


def _fill(store: DuckStore) -> int:
    """Store a year of minutes of one camera; gives the rows."""
    now_s = time.time() // 60 * 60
    entries, stored, at_s = town(1), 0, now_s // DAY_S * DAY_S - DAYS * DAY_S
    while at_s < now_s:
        end_s = min(at_s + PIECE_DAYS * DAY_S, now_s)
        made = rows(entries, start_s=at_s, end_s=end_s, seed=int(at_s // DAY_S))
        kept = np.array([series[1:] in KEPT for series in made.series])[made.series_of]
        stored += store.add_rows(made.taken(np.flatnonzero(kept)).without_unused())
        at_s = end_s
    return stored


def _year(page: Page, address: str) -> list[dict[str, Any]]:
    """Each press of the year's button, from the view of a day."""
    page.goto(address)
    page.wait_for_timeout(2000)
    pressed = []
    for _ in range(CLICKS):
        pressed.append(page.evaluate(_PRESS, "1 y"))
        page.wait_for_timeout(300)
        page.evaluate(_PRESS, "1 d")
        page.wait_for_timeout(300)
    return pressed


def table() -> list[str]:
    """The section's lines."""
    os.sched_setaffinity(0, range(os.cpu_count() or 2))  # the browser is a machine of its own, as far as two cores go
    lines = []
    with tempfile.TemporaryDirectory() as scratch, DuckStore(Path(scratch) / "throng.duckdb") as store:
        stored = _fill(store)
        with served(Path(scratch), store, town(1)) as hub, sync_playwright() as playwright:
            browser = launched(playwright)
            page, _ = as_role(browser, hub, "operator")
            for place, measure in MEASURES:
                pressed = _year(page, f"{base_of(hub)}/place?camera=c0000&place={place}&measure={measure}&last={DAY_S}")
                times, hub_ms = ([each[name] for each in pressed] for name in ("paintedMs", "hubMs"))
                lines.append(
                    f"| {measure}: from the click to the painted frame, median and worst of {CLICKS} | {median(times):.0f} ms, "
                    f"{max(times):.0f} ms | 300 ms |"
                )
                lines.append(f"| of that, until the hub's answer is complete, median | {median(hub_ms):.0f} ms | |")
            browser.close()
    return [
        f"A store of {stored:,} rows: {DAYS} days of minutes of one camera.",
        "",
        "| a year of one measure | figure | goal |",
        "| --- | --- | --- |",
        *lines,
    ]


if __name__ == "__main__":
    print("\n".join(table()))
