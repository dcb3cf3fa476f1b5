"""Every page, as everybody: it opens, tells no fault, shuts nobody out, and fits on a phone."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.axe import violations
from tests.browser.serving import PHONE, as_role, base_of, served
from tests.browser.town import rows, town

from throng.alarm.rule import Rule
from throng.hub.access import Role
from throng.hub.app import Hub
from throng.store.duck import DuckStore

CAMERAS = town(12)
RULES = (
    Rule("hall, crowded", "c0003", "hall", "density", threshold=0.2, clear=0.05, severity="danger"),
    Rule("hall, empty", "c0004", "hall", "density", threshold=4.0, clear=2.0),
)
PLACE = "/place?camera=c0003&place=hall&measure=occupancy"
DASHBOARD = ("/", "/place", PLACE, "/alarms", "/alarms?show=rules&new=1", "/alarms?show=history", "/camera", "/privacy")
ADMIN = ("/admin", "/admin/people", "/admin/cameras", "/admin/sensors", "/admin/tokens", "/admin/backup", "/admin/me")
STRANGERS = ("/sign-in",)
SETTLED_MS = 400


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("town")
    end_s = time.time() // 60 * 60
    with DuckStore(folder / "throng.duckdb") as store:
        store.add_rows(rows(CAMERAS, start_s=end_s - 3 * 3600, end_s=end_s, dark=[5]))
        with served(folder, store, CAMERAS, alarms=RULES) as made:
            for entry in CAMERAS:
                made.ingest.camera_state(
                    entry.name,
                    "unknown" if entry.name == "c0005" else "live",
                    "the camera is too dark" * (entry.name == "c0005"),
                )
            yield made


def _open(page: Page, hub: Hub, path: str) -> None:
    page.goto(base_of(hub) + path)
    page.locator("h1").first.wait_for()
    page.wait_for_timeout(SETTLED_MS)


@pytest.mark.slow
def test_no_page_shuts_anybody_out_at_a_desk_by_day(browser: Browser, hub: Hub) -> None:
    page, problems = as_role(browser, hub, "administrator", color_scheme="light")
    found = {}
    for path in (*DASHBOARD, *ADMIN, *STRANGERS):
        _open(page, hub, path)
        found[path] = violations(page)
    page.context.close()
    assert {path: each for path, each in found.items() if each} == {}
    assert problems == []


@pytest.mark.slow
def test_no_page_shuts_anybody_out_on_a_phone_by_night_and_none_is_wider(browser: Browser, hub: Hub) -> None:
    page, problems = as_role(
        browser, hub, "administrator", color_scheme="dark", viewport={"width": PHONE[0], "height": PHONE[1]}
    )
    found, wide = {}, []
    for path in (*DASHBOARD, *ADMIN, *STRANGERS):
        _open(page, hub, path)
        found[path] = violations(page)
        # A page of 320 px is one of 1,280 at 400 per cent.
        for width in (320, PHONE[0]):
            page.set_viewport_size({"width": width, "height": PHONE[1]})
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                wide.append((path, width))
    page.context.close()
    assert {path: each for path, each in found.items() if each} == {}
    assert wide == []
    assert problems == []


@pytest.mark.slow
@pytest.mark.parametrize("role", ["viewer", "operator", "auditor"])
def test_every_page_opens_for_every_role_without_a_fault(browser: Browser, hub: Hub, role: Role) -> None:
    page, problems = as_role(browser, hub, role)
    for path in DASHBOARD:
        _open(page, hub, path)
        assert page.get_by_role("heading", level=1).first.inner_text(), path
        assert page.get_by_role("link", name="Now", exact=True).is_visible(), path
    page.context.close()
    # An auditor may not see numbers: the hub says so, and so does the page.
    assert [told for told in problems if role != "auditor" or "403" not in told] == []
