"""The page Now at a real hub: how many there are, what needs attention, and the same by map, table and keyboard."""

import math
import re
import time
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, expect, sync_playwright
from tests.browser.serving import DESK, PHONE, as_role, base_of, launched, served
from tests.browser.town import rows, town

from throng.alarm.rule import Rule
from throng.data.rows import Rows
from throng.store.duck import DuckStore

TICK_S = 600.0
"""So long that nothing grows stale while the test runs, on however slow a machine."""
CAMERAS = town(60, tick_s=TICK_S)
CROWDED = Rule("Hall, crowded", "c0003", "hall", "density", threshold=0.02, clear=-1.0, severity="danger")
ERROR = 6.0


def _total(of: Rows) -> str:
    """What the page shows of all that is known in the newest tick, as people read it."""
    newest = of.tick_start_us == of.tick_start_us.max()
    people = np.array([quantity == "occupancy" for _, _, quantity in of.series])[of.series_of]
    known = of.values[newest & people & ~np.isnan(of.values)]
    return f"{round(known.sum()):,} ± {math.ceil(2 * ERROR * math.sqrt(len(known)) - 1e-9)}"


@pytest.mark.slow
def test_now_says_how_many_there_are_and_what_needs_attention_and_is_gone_through_by_keyboard(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("now")
    end_s = time.time() // TICK_S * TICK_S
    stored = rows(CAMERAS, start_s=end_s - 4 * TICK_S, end_s=end_s, dark=[5])
    with DuckStore(folder / "throng.duckdb") as store, sync_playwright() as playwright:
        store.add_rows(stored)
        with served(folder, store, CAMERAS, alarms=(CROWDED,)) as hub:
            for entry in CAMERAS:
                is_dark = entry.name == "c0005"
                hub.ingest.camera_state(entry.name, "unknown" if is_dark else "live", "the camera is too dark" * is_dark)
            browser = launched(playwright)
            for size in (DESK, PHONE):
                page, problems = as_role(browser, hub, "viewer", viewport={"width": size[0], "height": size[1]})
                page.goto(base_of(hub))
                expect(page.get_by_role("heading", level=1)).to_have_text("People now")
                expect(page.locator(".now-figure")).to_have_text(_total(stored))
                expect(page.locator(".now-total")).to_contain_text("59 of 60 cameras")
                items = page.locator(".now-attention .now-item")
                expect(items).to_have_count(2)
                expect(items.nth(0)).to_have_accessible_name(re.compile("^Danger c0003, hall Hall, crowded"))
                expect(items.nth(1)).to_have_accessible_name(re.compile("^Sees nothing c0005 the camera is too dark, since"))
                _table_says_the_same(page, stored)
                _camera_is_opened_by_keyboard(page, hub_base=base_of(hub))
                end_s += TICK_S
                stored = rows(CAMERAS, start_s=end_s - TICK_S, end_s=end_s, seed=round(end_s), dark=[5])
                hub.ingest.submit(stored).result()
                expect(page.locator(".now-figure")).to_have_text(_total(stored))
                assert problems == []
                page.context.close()
            browser.close()


def _table_says_the_same(page: Page, of: Rows) -> None:
    table = page.get_by_role("table")
    expect(table).to_have_attribute("aria-rowcount", str(1 + 2 * len(CAMERAS)))
    page.get_by_role("searchbox").fill("HALL c0017")
    expect(table).to_have_attribute("aria-rowcount", "2")
    at = of.series.index(("c0017", "hall", "occupancy"))
    value = of.values[(of.series_of == at) & (of.tick_start_us == of.tick_start_us.max())][0]
    expect(page.get_by_role("row").nth(1)).to_contain_text(f"{round(max(0, value))} ± 12")
    page.get_by_role("searchbox").fill("c0005 hall")
    expect(page.get_by_role("row").nth(1)).to_contain_text("Unknown: the camera is too dark")
    page.get_by_role("searchbox").fill("")
    page.get_by_role("button", name="People", exact=True).click()
    expect(page.get_by_role("columnheader", name="People", exact=True)).to_have_attribute("aria-sort", "descending")


def _camera_is_opened_by_keyboard(page: Page, *, hub_base: str) -> None:
    page.get_by_role("application").focus()
    for key in ("0", "+", "+", "+", "+", "+", "+", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    status = page.locator(".now-map [role=status]")
    expect(status).to_contain_text("c00")
    name = status.inner_text().split(":")[0]
    page.wait_for_url("**/?*zoom=*")
    assert "at=" in page.url
    assert "sort=people" in page.url, "the map's address keeps what the table's says"
    page.keyboard.press("Enter")
    page.wait_for_url(f"{hub_base}/place?*")
    assert parse_qs(urlsplit(page.url).query)["camera"] == [name]
    page.go_back()
    expect(page.get_by_role("table")).to_have_attribute("aria-rowcount", str(1 + 2 * len(CAMERAS)))
