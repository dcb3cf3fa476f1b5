"""The alarms' page shows what rings, in words, and reads it out once; people answer, make rules, and see what happened."""

import time
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright
from pydantic import SecretStr
from tests.browser.axe import violations
from tests.browser.serving import PHONE, base_of, launched, served, signed_in

from throng.alarm.rule import Rule
from throng.data.release import Release
from throng.hub.app import Hub
from throng.hub.registry.draft import Draft
from throng.hub.registry.registry import By
from throng.store.duck import DuckStore

RULES = (
    Rule("crush", "north", "hall", "density", threshold=5.0, clear=3.0, severity="danger"),
    Rule("crowded", "north", "hall", "density", threshold=4.0, clear=2.0),
    Rule("stairs", "南 ستاد", "hall", "density", threshold=4.0, clear=2.0, severity="danger"),
)
SOUTH = RULES[2].camera
ZONE = {"name": "hall", "corners": [[0, 0], [100, 0], [100, 100]]}
OWN = "北 full"


def _release(camera: str, start_s: float, density: float, error: float) -> Release:
    return Release(
        camera=camera,
        tick_start_s=start_s,
        tick_s=60.0,
        epoch="2026-11-24/1",
        mechanism="noise",
        places=("hall", "hall"),
        quantities=("occupancy", "density"),
        values=np.array([100 * density, density]),
        standard_errors=np.array([100 * error, error]),
    )


@pytest.mark.slow
def test_what_rings_is_told_answered_and_remembered_and_rules_are_made(tmp_path: Path) -> None:
    start_s = time.time() - 60 * 5.5  # what is stored ended a minute and a half ago
    with DuckStore(tmp_path / "throng.duckdb") as store, sync_playwright() as playwright:
        store.add([_release("north", start_s + 60 * minute, 4.3, 0.1) for minute in range(4)])
        with served(tmp_path, store, [], alarms=RULES) as hub:
            _register(hub)
            browser = launched(playwright)
            page, problems = signed_in(browser, hub)
            _tells(page, hub, start_s)
            _is_answered(page, hub)
            _makes_a_rule(page, hub)
            _remembers(page, hub)
            _tells_others(page, hub)
            assert [problem for problem in problems if "409" not in problem] == []  # somebody else's change is one
            browser.close()


def _register(hub: Hub) -> None:
    for name in ("north", SOUTH):
        draft = Draft(name, site="Central", address=SecretStr("rtsp://camera.example/1"), table={"zone": [ZONE]})
        hub.registry.put(draft, version=0, by=By("test"))
        hub.ingest.camera_state(name, "live")


def _tells(page: Page, hub: Hub, start_s: float) -> None:
    page.goto(base_of(hub) + "/alarms")
    spoken = page.locator(".alarms > p[role=alert]")
    # Replayed from the store; the camera that never sent a number is not watched.
    expect(page.locator(".ring-severity")).to_have_text(["Warning"])
    expect(spoken).to_contain_text("crowded")
    expect(_group(page, "Not watched")).to_contain_text("no numbers have come yet")
    hub.ingest.put(_release(SOUTH, start_s + 60 * 4, 3.0, 0.6))
    hub.ingest.put(_release("north", start_s + 60 * 4, 6.5, 0.1))  # the average of both minutes is 5.4
    expect(page.locator(".ring-severity")).to_have_text(["Danger", "Warning"])
    ring = page.locator(".ring").first
    expect(ring.locator(".ring-number")).to_contain_text("5.4 ± 0.2 people/m²")
    expect(ring).to_contain_text("Above 5 people/m² since")
    expect(_group(page, "Cannot tell")).to_contain_text("too large to tell 4 from 2 people/m²")
    expect(spoken).to_contain_text("Danger: ")
    assert "crowded" not in spoken.inner_text()  # it was read out before


def _group(page: Page, title: str) -> Locator:
    return page.locator("details").filter(has=page.get_by_role("heading", name=title))


def _is_answered(page: Page, hub: Hub) -> None:
    """By the keyboard alone; what nobody has taken on comes to stand in front, and a reload tells nothing anew."""
    page.get_by_role("button", name="Acknowledge: crush").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("two stewards <b>on their way</b>")
    page.keyboard.press("Enter")
    expect(page.locator(".ring-severity")).to_have_text(["Warning", "Danger"])
    page.get_by_role("button", name="Hand over: crush").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("بن")
    page.keyboard.press("Enter")
    taken = page.locator(".ring").last
    expect(taken).to_contain_text("Handed to \u2068بن\u2069 by")
    page.reload()
    expect(taken.locator("q")).to_have_text("two stewards <b>on their way</b>")
    expect(page.locator(".alarms > p[role=alert]")).to_contain_text("crowded")
    assert "crush" not in page.locator(".alarms > p[role=alert]").inner_text()
    assert violations(page) == []


def _makes_a_rule(page: Page, hub: Hub) -> None:
    page.goto(base_of(hub) + "/alarms?new=1&camera=north&place=hall")
    page.get_by_label("Measure").select_option("occupancy")
    page.get_by_label("Level, people").fill("300")
    page.get_by_label("Over at, people").fill("500")
    page.get_by_label("Name").fill(OWN)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("must be over at a level below")).to_be_visible()
    expect(page.get_by_label("Over at, people")).to_be_focused()
    page.get_by_label("Over at, people").fill("100")
    expect(page.get_by_text("it would have rung 1 time.")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name=f"Change: {OWN}").click()
    page.get_by_label("Level, people").fill("310")
    changed = {"version": 1, "camera": "north", "place": "hall", "quantity": "occupancy", "above": 320, "clear": 100}
    answer = page.request.put(f"{base_of(hub)}/api/v1/alarm-rules/{OWN}", data=changed, headers={"origin": base_of(hub)})
    assert answer.ok, answer.text()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".conflict tr").filter(has_text="Level")).to_contain_text("320310")  # theirs and mine
    page.get_by_role("button", name="Save mine").click()
    expect(page.get_by_role("row", name=OWN)).to_contain_text("people inside above 310 people, over at 100 people")
    expect(page.get_by_role("row", name="crush")).to_contain_text("In the site file")
    page.get_by_role("button", name=f"Change: {OWN}").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Yes, delete").click()
    expect(page.get_by_role("row", name=OWN)).to_have_count(0)


def _remembers(page: Page, hub: Hub) -> None:
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.goto(base_of(hub) + "/alarms?show=history&alarm=crush")
    expect(page.locator(".history strong")).to_have_text(["handed over", "acknowledged", "rang"])
    expect(page.locator(".history li").last).to_contain_text("5.4 people/m² (between 5.2 and 5.6)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    told = [line.split(",")[1:4] for line in lines[1:]]
    assert told == [["crush", "danger", what] for what in ("handed over", "acknowledged", "rang")]


def _tells_others(page: Page, hub: Hub) -> None:
    """An outlet is made and tried, and what is secret in it comes back nowhere."""
    page.goto(base_of(hub) + "/alarms?show=outlets")
    page.get_by_role("button", name="Add one").click()
    page.get_by_label("Name").fill("night shift")
    page.get_by_label("Address").fill("http://127.0.0.1:9/token-in-the-path")
    page.get_by_label("Signing secret").fill("a secret of more than 16")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Send a test: night shift").click()
    expect(page.get_by_text("The test did not arrive:")).to_be_visible()
    assert "token-in-the-path" not in page.content()
    page.get_by_role("button", name="Change: night shift").click()
    expect(page.get_by_label("Signing secret")).to_have_value("")
    assert violations(page) == []
