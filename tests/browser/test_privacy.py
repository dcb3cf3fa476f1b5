"""The privacy page and the page for the public, in a real browser at a real hub."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.axe import violations
from tests.browser.serving import PHONE, as_role, base_of, served, signed_in
from tests.browser.town import rows, town

from throng.hub.app import Hub
from throng.store.duck import DuckStore

pytestmark = pytest.mark.slow
CAMERAS = town(2)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("privacy")
    end_s = time.time() // 60 * 60
    with DuckStore(folder / "throng.duckdb") as store, served(folder, store, CAMERAS, public=True) as made:
        store.add_rows(rows(CAMERAS, start_s=end_s - 3600, end_s=end_s, dark=[1]))
        today = made.spending.today()
        made.spending.add([("c0000", f"{today}/1", "buffered(rho=0.1)"), ("c0000", f"{today}/2", "buffered(rho=0.05)")])
        yield made


def test_what_was_spent_what_is_off_and_what_a_leak_would_tell(hub: Hub, browser: Browser) -> None:
    page, problems = signed_in(browser, hub)
    page.goto(base_of(hub) + "/privacy")
    spent = page.get_by_role("region", name="What was spent")
    expect(spent).to_contain_text("Today 1 of 2 cameras have spent something, at most ρ 0.15; 1 began more than once.")
    spent.get_by_text("As a table").click()
    expect(spent.get_by_role("row").nth(1)).to_contain_text("ρ 0.15")
    expect(spent.get_by_role("row").nth(2)).to_contain_text("nothing known")

    # With the keyboard alone: five times and twenty times by one camera, as the closed form says; the address tells it.
    often = page.get_by_role("slider", name="How often that person passed")
    expect(often).to_have_value("5")
    expect(page.get_by_role("status").filter(has_text="Recognised")).to_contain_text("at most 19 times in 100")
    often.focus()
    for _ in range(15):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("status").filter(has_text="Recognised")).to_contain_text("at most 70 times in 100")
    expect(page.get_by_role("status").filter(has_text="Recognised")).to_contain_text("Weak")
    assert "passages=20" in page.url

    released = page.get_by_role("region", name="What is released, and how exact")
    door = released.get_by_role("table", name="door")
    expect(door.get_by_role("row", name="counted in a tick")).to_contain_text("± 6 people")
    expect(door).to_contain_text("nobody has counted along here")
    page.get_by_label("Camera", exact=True).select_option("c0001")
    expect(door.get_by_role("row", name="counted in a tick")).to_contain_text("the camera is too dark")
    assert "camera=c0001" in page.url
    assert "passages=20" in page.url
    assert violations(page) == []

    page.set_viewport_size({"width": 320, "height": PHONE[1]})
    page.emulate_media(color_scheme="dark")
    page.reload()
    expect(page.get_by_label("Camera", exact=True)).to_have_value("c0001")  # what is shown stands in the address
    expect(door).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert violations(page) == []
    assert problems == []


def test_an_auditor_is_told_what_a_leak_would_tell_and_no_number(hub: Hub, browser: Browser) -> None:
    page, problems = as_role(browser, hub, "auditor")
    page.goto(base_of(hub) + "/privacy")
    expect(page.get_by_text("shown to those who may see numbers")).to_be_visible()
    expect(page.get_by_role("region", name="What a leak would tell")).to_be_visible()
    expect(page.get_by_role("region", name="What was spent")).to_have_count(0)
    assert problems == []


def test_strangers_read_the_public_page_in_their_language_without_script(hub: Hub, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, locale="nl-NL", viewport={"width": 320, "height": PHONE[1]})
    page = context.new_page()
    page.goto(base_of(hub) + "/public")
    expect(page.get_by_role("heading", level=1)).to_have_text("De camera's van Central")
    page.get_by_role("link", name="English").click()
    twenty = page.get_by_role("row", name="20 times")
    expect(twenty).to_contain_text("70 times in 100")
    context.close()

    for scheme in ("light", "dark"):
        page = browser.new_page(viewport={"width": 320, "height": PHONE[1]}, color_scheme=scheme)
        page.goto(base_of(hub) + "/public?lang=de")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert violations(page) == []
        page.close()
