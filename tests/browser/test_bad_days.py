"""What goes wrong around the dashboard: the hub is gone, a session ends, a clock is wrong, a name is odd."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.relay import relayed
from tests.browser.serving import as_role, base_of, served
from tests.browser.town import rows, town

from throng.hub.app import Hub
from throng.store.duck import DuckStore

ODD = ("🚪 <img src=x onerror=alert(1)>", "Überführung & 北口?#/%", "مدخل")
CAMERAS = [replace(entry, name=name) for entry, name in zip(town(3), ODD, strict=True)]
BACK_MS = 40_000
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("odd")
    end_s = time.time() // 60 * 60
    with DuckStore(folder / "throng.duckdb") as store:
        store.add_rows(rows(CAMERAS, start_s=end_s - 1800, end_s=end_s))
        with served(folder, store, CAMERAS) as made:
            made.now.fill(store.latest())
            made.ingest.camera_states([(name, "live", "") for name in ODD])
            yield made


def test_while_the_hub_is_gone_the_page_says_since_when_and_it_comes_back_by_itself(browser: Browser, hub: Hub) -> None:
    port = int(base_of(hub).rpartition(":")[2])
    with relayed(port) as relay:
        page, _ = as_role(browser, hub, "operator")  # a cookie is for all ports of a host
        page.goto(f"http://127.0.0.1:{relay.port}/")
        expect(page.locator(".connection")).to_have_text("Live")
        expect(page.locator(".now-figures")).to_contain_text(re.compile(r"\d"))
        relay.cut()
        banner = page.locator(".banner")
        expect(banner).to_contain_text(
            re.compile(r"The hub does not answer\. What you see is from .*\d\d:\d\d:\d\d and before")
        )
        expect(page.locator(".connection")).to_have_text("Not connected")
        relay.mend()
        expect(page.locator(".connection")).to_have_text("Live", timeout=BACK_MS)
        expect(banner).to_have_count(0)
        page.context.close()


def test_when_the_session_ends_nothing_typed_is_lost(browser: Browser, hub: Hub) -> None:
    page, _ = as_role(browser, hub, "operator")
    page.goto(f"{base_of(hub)}/alarms?show=rules&new=1")
    name = page.get_by_label("Name", exact=True)
    name.fill("typed before it ended")
    hub.people.sessions.end_all("operator of *")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".banner")).to_contain_text("Your session has ended. What you typed is still here")
    expect(name).to_have_value("typed before it ended")
    other, _ = as_role(browser, hub, "operator")
    page.context.add_cookies(other.context.cookies())  # type: ignore[arg-type]  # as signing in again in another window does
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("link", name="Sign in")).to_have_count(0)
    expect(name).to_have_value("typed before it ended")
    for each in (page, other):
        each.context.close()


@pytest.mark.parametrize("hours", [-30, 5])
def test_a_clock_that_is_wrong_makes_no_number_old_or_new(browser: Browser, hub: Hub, hours: int) -> None:
    page, problems = as_role(browser, hub, "viewer")
    page.clock.set_system_time(datetime.now(UTC) + timedelta(hours=hours))
    page.goto(base_of(hub))
    expect(page.locator(".now-figures")).to_contain_text(re.compile(r"\d"))
    expect(page.locator(".now-total")).to_contain_text("3 of 3 cameras")
    assert problems == []
    page.context.close()


def test_names_of_any_script_are_texts_and_their_addresses_lead_to_them(browser: Browser, hub: Hub) -> None:
    page, problems = as_role(browser, hub, "viewer")
    for name in ODD:
        page.goto(base_of(hub))
        expect(page.get_by_role("table")).to_contain_text(name)
        page.goto(f"{base_of(hub)}/place")
        page.get_by_role("link").filter(has_text=name).first.click()
        expect(page).to_have_url(re.compile(r"/place\?camera="))
        expect(page.get_by_text(name).first).to_be_visible()
        page.reload()
        expect(page.get_by_text(name).first).to_be_visible()
    assert problems == []
    page.context.close()
