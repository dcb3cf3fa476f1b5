"""A camera set up as a person does it, in a real browser at a real hub: from its address to its first number."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from pydantic import SecretStr
from tests.browser import scene
from tests.browser.axe import violations
from tests.browser.hands import Hands
from tests.browser.serving import PHONE, as_role, base_of, served
from tests.browser.town import rows

from throng.hub.app import Hub
from throng.hub.registry.draft import Draft
from throng.hub.registry.plans import PlanPicture, put_plan
from throng.hub.registry.registry import By
from throng.store.duck import DuckStore

NAME = "north gate"
ADDRESS, PASSWORD = "rtsp://10.0.0.5/marked-stream", "marked-password"
MOST_ACTIONS = 20
SETTLED_MS = 400
LINE = {"name": "door", "from": [330, 560], "to": [1000, 600]}
GROUND_M = ((12.0, 8.0), (26.0, 8.0), (24.0, 20.0), (16.0, 20.0))
ME = By("somebody")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("setup")
    with DuckStore(folder / "throng.duckdb") as store, served(folder, store, []) as made:
        yield made


def _send_plate(hub: Hub, camera: str) -> None:
    """What the camera's sensor does once it is asked."""
    ask = hub.plates.of(camera).asked_us
    assert ask
    size_px = (scene.WIDTH_PX, scene.HEIGHT_PX)
    hub.plates.take(camera, scene.plate(), ask=ask, size_px=size_px, covered=1, by=ME)


def _drawn_camera(hub: Hub, name: str) -> None:
    draft = Draft(name, site="Central", address=SecretStr(ADDRESS), table={"line": [LINE]})
    hub.registry.put(draft, version=0, by=ME)
    hub.plates.ask(name, by=ME)
    _send_plate(hub, name)


def _step(page: Page, hub: Hub, query: str) -> None:
    page.goto(f"{base_of(hub)}/camera?{query}")
    page.locator("h1").first.wait_for()
    page.wait_for_timeout(SETTLED_MS)


@pytest.mark.slow
def test_a_camera_is_set_up_from_its_address_to_its_first_number_in_under_20_actions(browser: Browser, hub: Hub) -> None:
    page, problems = as_role(browser, hub, "administrator")
    answers: list[str] = []
    page.on("response", lambda response: answers.append(response.text()) if "/api/v1/registry" in response.url else None)
    page.goto(f"{base_of(hub)}/camera")
    hands = Hands(page)

    hands.open("Add a camera")
    hands.type("Name", NAME)
    hands.type("Address", ADDRESS)
    hands.type("User", "viewer")
    hands.type("Password", PASSWORD)
    hands.press("Save")
    expect(page.get_by_role("heading", name=NAME)).to_be_visible()
    hands.press("Ask for the empty scene")
    expect(page.get_by_text("nobody is kept in it")).to_be_visible()
    _send_plate(hub, NAME)
    expect(page.get_by_text("One part is hatched")).to_be_visible()
    assert violations(page) == []

    hands.open("Lines and zones ›")
    hands.press("New line")
    board = page.locator(".board svg")
    for x, y in ((0.25, 0.8), (0.75, 0.8)):
        box = board.bounding_box()
        assert box is not None
        hands.click(board, position={"x": x * box["width"], "y": y * box["height"]})
    hands.type("Name of line 1", "door")
    hands.press("Save")
    expect(page.get_by_text("Saved.")).to_be_visible()
    hands.open("What it counts")
    entry = hub.cameras.entry(NAME)
    assert entry is not None
    end_s = time.time() // 60 * 60
    hub.ingest.submit(rows([entry], start_s=end_s - 600, end_s=end_s)).result(20)
    expect(page.get_by_role("row", name="door")).to_contain_text("people a minute")

    assert hands.actions < MOST_ACTIONS, hands.actions
    (line,) = hub.registry.state.cameras[NAME].camera.line
    assert line.name == "door"
    for end, share in ((line.from_px, 0.25), (line.to_px, 0.75)):
        assert end == pytest.approx((share * scene.WIDTH_PX, 0.8 * scene.HEIGHT_PX), abs=3)
    told = "".join(answers) + page.content()
    assert "marked-" not in told
    assert hub.registry.state.cameras[NAME].secrets(hub.registry.seal).password == PASSWORD
    assert problems == []
    page.context.close()


@pytest.mark.slow
def test_two_who_draw_at_once_lose_nothing_and_the_keyboard_suffices(browser: Browser, hub: Hub) -> None:
    _drawn_camera(hub, "two at once")
    page, problems = as_role(browser, hub, "operator")
    _step(page, hub, "camera=two+at+once&step=draw")
    keys = page.keyboard

    page.get_by_role("button", name="New zone").focus()
    keys.press("Enter")
    page.get_by_role("button", name="Put it in the middle").focus()
    keys.press("Enter")
    first = page.get_by_role("button", name="Point 1 of zone 1")
    expect(first).to_be_focused()
    expect(first).to_have_accessible_name("Point 1 of zone 1, 320, 240")
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowDown"):
        keys.press(key)
    expect(first).to_have_accessible_name("Point 1 of zone 1, 322, 250")
    keys.press("Insert")
    expect(page.get_by_role("button", name="Point 2 of zone 1")).to_be_focused()
    keys.press("Shift+ArrowUp")
    for _ in range(2):  # the corner's way up, then the corner
        keys.press("Control+z")
    expect(page.locator("[data-handle]")).to_have_count(4)
    assert violations(page) == []

    middle = page.locator(".between .dot").first.bounding_box()
    assert middle is not None
    x, y = middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 40, steps=4)
    page.mouse.up()
    expect(page.locator("[data-handle]")).to_have_count(5)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-handle]")).to_have_count(4)

    theirs = {"line": [{**LINE, "to": [900, 620]}, {"name": "exit", "from": [100, 100], "to": [300, 100]}]}
    hub.registry.put(Draft("two at once", table=theirs), version=1, by=By("another"))
    page.get_by_role("button", name="Turn in side: door").click()
    page.get_by_role("button", name="Save", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("changed by both")
    assert violations(page) == []
    dialog.get_by_role("group", name="door").get_by_label("Theirs").check()
    dialog.get_by_role("button", name="Save what is chosen").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    camera = hub.registry.state.cameras["two at once"].camera
    assert [(line.name, line.to_px) for line in camera.line] == [("door", (900, 620)), ("exit", (300, 100))]
    assert [(zone.name, zone.corners[0]) for zone in camera.zone] == [("zone 1", (322, 250))]
    assert all("409" in problem for problem in problems)  # which the browser tells of the answer itself
    page.context.close()


@pytest.mark.slow
def test_metres_agree_with_the_plan_and_a_count_by_hand_leaves_the_page_only_with_noise(browser: Browser, hub: Hub) -> None:
    _drawn_camera(hub, "metres")
    put_plan(
        hub.registry, "Central", PlanPicture(scene.plan(), "image/png"), metres_wide=scene.PLAN_METRES[0], version=0, by=ME
    )
    page, problems = as_role(browser, hub, "administrator", viewport={"width": PHONE[0], "height": PHONE[1]})
    page.clock.install()
    _step(page, hub, "camera=metres&step=metres")
    for number, (x, y) in enumerate(GROUND_M, 1):
        page.get_by_role("button", name="Add a pair").click()
        for label, value in zip(
            ("x in the picture", "y in the picture", "x on the ground", "y on the ground"),
            (*scene.seen(x, y), x, y),
            strict=True,
        ):
            field = page.get_by_label(f"{label} of pair {number},")
            field.fill(f"{value:.1f}")
            field.press("Enter")
    expect(page.get_by_text("Four pairs always fit")).to_be_visible()
    assert page.locator("line.grid").count() > 10
    assert violations(page) == []
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    table = hub.registry.state.cameras["metres"].camera.calibration
    assert table is not None
    assert (table.points_m, table.width_px, table.height_px) == (GROUND_M, scene.WIDTH_PX, scene.HEIGHT_PX)

    sent: list[dict[str, object]] = []

    def answer(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or ""))
        if len(sent) == 1:
            return route.fulfill(status=425, json={"detail": "the numbers of that time are not there yet"})
        both = {"way": "both", "counted": 118, "counted_se": 8, "released": 112.2, "released_se": 4.5}
        ratio = {"value": 0.95, "lowest": 0.88, "highest": 1.04}
        return route.fulfill(
            json={"place": "door", "start": sent[0]["start"], "counts": True, "ways": [{**both, "ratio": ratio}]}
        )

    page.route("**/api/v1/checks/metres", answer)
    _step(page, hub, "camera=metres&step=check")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("button", name="In 0")).to_be_focused()
    for key in "iioiu":
        page.keyboard.press(key)
    page.get_by_role("button", name="Out 1").click()
    expect(page.get_by_role("button", name="Out 2")).to_be_visible()
    expect(page.get_by_role("button", name="Stop and compare")).to_be_disabled()
    assert violations(page) == []
    page.clock.fast_forward(200_000)
    page.get_by_role("button", name="Stop and compare").click()
    expect(page.get_by_text("Waiting for the numbers")).to_be_visible()
    page.clock.fast_forward(11_000)
    expect(
        page.get_by_text("Throng counted 112 ± 9, you about 118: between 12% too few and 4% too many.").first
    ).to_be_visible()
    assert sent[0] == sent[1]  # noise is drawn once, or two answers would be averaged
    assert set(sent[0]) == {"place", "start", "end", "in", "out", "epsilon"}
    assert sent[0]["epsilon"] == 0.5
    for query in ("camera=metres", "step=address", "site=Central&step=plan"):
        _step(page, hub, query)
        assert violations(page) == [], query
        page.set_viewport_size({"width": 320, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, query
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert all("425" in problem for problem in problems)
    page.context.close()


@pytest.mark.slow
def test_a_plan_of_12000_pixels_is_made_small_enough_in_the_page(browser: Browser, hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "plan.png").write_bytes(scene.plan(px_a_metre=300))  # 12,000 by 9,000 pixels
    page, problems = as_role(browser, hub, "administrator")
    _step(page, hub, "site=Central&step=plan")
    page.get_by_label("Picture").set_input_files(tmp_path / "plan.png")
    page.get_by_label("Width of the whole picture, m").fill("40")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    plan = hub.registry.state.sites["Central"].plan
    assert plan is not None
    assert (plan.width, plan.height, plan.metres_wide) == (4096, 3072, 40)
    assert problems == []
    page.context.close()
