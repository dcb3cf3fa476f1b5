"""A place over time, as somebody at a desk uses it: found, zoomed by the keyboard, shared by its address, taken along."""

import csv
import re
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from tests.browser import town
from tests.browser.axe import violations
from tests.browser.serving import DESK, PHONE, base_of, launched, served, signed_in

from throng.store.duck import DuckStore

pytestmark = pytest.mark.slow
DAY_S = 86_400
MONTH_S = 2**7 * 6 * 3600
LOOKS = ("curve", "hours", "diagram")


def _asked(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_a_place_is_found_zoomed_shared_and_taken_along(tmp_path: Path) -> None:
    entries = town.town(2, tick_s=600.0)
    now_s = time.time()
    with DuckStore(tmp_path / "throng.duckdb") as store:
        store.add_rows(town.rows(entries, start_s=now_s - 40 * DAY_S, end_s=now_s, dark=[1]))
        with served(tmp_path, store, entries) as hub, sync_playwright() as playwright:
            browser = launched(playwright)
            page, problems = signed_in(browser, hub, size=DESK)
            page.goto(f"{base_of(hub)}/place")
            page.get_by_role("searchbox").fill("HALL c0001")
            page.get_by_role("link", name="hall").click()
            expect(page.get_by_role("heading", name="hall")).to_be_visible()

            # The camera has been dark for four days: that is said, and no number is shown.
            expect(page.get_by_text("Nothing is known now: the camera is too dark")).to_be_visible()
            density = page.get_by_role("button", name="Density", exact=False).first
            expect(density).to_contain_text("Unknown")
            density.click()
            expect(page).to_have_url(re.compile("measure=density"))

            page.get_by_role("button", name="6 h").click()
            curve = page.get_by_role("slider")
            curve.focus()
            for _ in range(7):
                curve.press("-")
            expect(page).to_have_url(re.compile(f"last={MONTH_S}"))
            gaps = page.locator(".gaps")
            expect(gaps).to_contain_text("unknown, the camera is too dark")
            expect(page.locator("#curve-said")).to_contain_text("Of each hour its last known number.")
            curve.press("Home")
            expect(curve).to_have_attribute("aria-valuetext", re.compile(r": [\d.]+ ± [\d.]+ people/m²$"))

            curve.press("PageUp")
            expect(page).to_have_url(re.compile("from=.*to="))
            said = page.locator("#curve-said")
            expect(gaps).not_to_contain_text("too dark")
            shown, asked = said.text_content(), _asked(page)
            page.reload()
            expect(said).to_have_text(shown or "")
            assert (_asked(page), page.locator("details.exact summary").count()) == (asked, 1)

            with page.expect_download() as download:
                page.get_by_role("button", name="CSV").click()
            assert download.value.suggested_filename == "throng-c0001-hall.csv"
            query: dict[str, str | float | bool] = {"camera": "c0001", "place": "hall", "quantity": "density", "step": "hour"}
            told = page.request.get(
                f"{base_of(hub)}/api/v1/series", params=query | {"start": asked["from"], "end": asked["to"]}
            ).json()["rows"]
            with Path(download.value.path()).open(newline="") as file:
                rows = list(csv.DictReader(file))
            assert [row["time"] for row in rows] == [row["time"] for row in told]
            assert len(rows) > 500

            page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
            for look in LOOKS:
                page.goto(f"{base_of(hub)}/place?camera=c0000&place=hall&view={look}&last={30 * DAY_S}")
                expect(page.locator(".place canvas").first).to_be_visible()
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                assert violations(page) == []
            browser.close()
            assert problems == []
