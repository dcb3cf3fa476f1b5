"""The page shows what rings, in words, and reads out what begins to ring: in a real browser, from a real hub."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import sync_playwright
from tests.hub.making import made_hub

from throng.alarm.rule import Rule
from throng.data.release import Release
from throng.hub.app import Hub
from throng.hub.cameras import CameraEntry, PlaceEntry
from throng.hub.server import listen, serve
from throng.store.duck import DuckStore

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
RULES = (
    Rule("crush", "north", "hall", "density", threshold=5.0, clear=3.0, severity="danger"),
    Rule("crowded", "north", "hall", "density", threshold=4.0, clear=2.0),
    Rule("stairs", "south", "hall", "density", threshold=4.0, clear=2.0, severity="danger"),
)
SHOWN_MS = 20_000


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


@contextmanager
def _served(store: DuckStore) -> Iterator[Hub]:
    listener = listen(0)
    port = listener.getsockname()[1]
    cameras = [CameraEntry(name, (PlaceEntry("hall", "zone", in_metres=True),)) for name in ("north", "south")]
    page_dir = Path(str(files("throng.hub"))) / "page"
    with made_hub(store.path.parent, store, cameras, page_dir=page_dir, port=port, alarms=RULES) as hub:
        ready, stop = threading.Event(), threading.Event()
        settings = {"port": port, "on_ready": ready.set, "listener": listener, "stop": stop}
        thread = threading.Thread(target=serve, args=(hub,), kwargs=settings)
        thread.start()
        try:
            assert ready.wait(30)
            yield hub
        finally:
            stop.set()
            thread.join(30)


@pytest.mark.slow
def test_the_page_shows_and_reads_out_what_rings(store: DuckStore) -> None:
    assert CHROMIUM, "the tests need chromium: apt-get install chromium"
    start_s = time.time() - 60 * 5.5  # what is stored ended a minute and a half ago
    store.add([_release("north", start_s + 60 * minute, 4.3, 0.1) for minute in range(4)])
    with _served(store) as hub, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1300, "height": 900})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        for name in ("north", "south"):
            hub.ingest.camera_state(name, "live")
        page.goto(hub.sign_in_url() or "")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_selector("li[data-kind=warning]", timeout=SHOWN_MS)
        # Replayed from the store, and the camera that never sent a number is not watched.
        assert page.locator(".alarm strong").all_inner_texts() == ["Warning", "Not watched"]
        hub.ingest.put(_release("south", start_s + 60 * 4, 3.0, 0.6))
        hub.ingest.put(_release("north", start_s + 60 * 4, 6.5, 0.1))  # the average of both minutes is 5.4
        page.wait_for_selector("li[data-kind=danger]", timeout=SHOWN_MS)
        assert page.locator(".alarm strong").all_inner_texts() == ["Danger", "Warning", "Cannot tell"]
        crush = "north, hall: 5.4 people/m2 (between 5.2 and 5.6), above 5 for 2 minutes"
        assert page.locator(".alarm p").first.inner_text() == crush
        assert page.locator("p[role=alert]").inner_text() == f"Danger: {crush}."
        assert "too noisy to tell 4 from 2" in page.locator(".alarm").last.inner_text()
        assert problems == []
        browser.close()
