"""The real demo: signed in to with a real browser, seen by strangers, stopped."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright
from tests.end_to_end.running import THRONG, Running, start

from throng.detect.threads import usable_cores

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
CAMERAS = 4
SENSOR_MB = 300
"""Of a sensor process with one camera, at its most."""
FURTHER_CAMERA_MB = 60
HUB_MB = 300


def _wait_until(page: Page, holds: Callable[[], bool]) -> None:
    for _ in range(300):
        if holds():
            return
        page.wait_for_timeout(200)
    raise AssertionError("it did not happen within a minute")


@pytest.mark.slow
def test_a_person_signs_in_sees_numbers_change_and_finds_every_page_furnished(demo: Running, tmp_path: Path) -> None:
    assert CHROMIUM, "the tests need chromium: apt-get install chromium"
    link = demo.wait_for(r"(http://127\.0\.0\.1:\d+/sign-in\?code=\S+)").group(1)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 900}, locale="en-GB")
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto(link)
        page.get_by_role("button", name="Sign in").click()
        # Polled from here: the page's content security policy rightly refuses scripts that a test would put into it.
        total = page.locator(".now-total")
        _wait_until(page, lambda: total.get_by_text("4 of 4 cameras").count() > 0)
        figure = page.locator(".now-figure")
        first = figure.inner_text()
        _wait_until(page, lambda: figure.inner_text() != first)
        page.screenshot(path=str(tmp_path / "page.png"))

        page.get_by_role("link", name="Alarms", exact=True).click()
        page.get_by_role("link", name="Rules", exact=True).click()
        expect(page.get_by_text("150 came in from the street").first).to_be_visible()
        page.get_by_role("link", name="Cameras", exact=True).click()
        page.get_by_role("link", name="board", exact=True).click()
        expect(page.locator(".board-window img")).to_be_visible()  # the empty scene
        assert problems == []
        page.set_viewport_size({"width": 390, "height": 844})
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wide
        # The link was for one time only.
        other = browser.new_context().new_page()
        other.goto(link)
        other.get_by_role("button", name="Sign in").click()
        assert other.locator(".now-total").count() == 0
        browser.close()


@pytest.mark.slow
def test_a_stranger_gets_nothing(demo: Running) -> None:
    address = demo.wait_for(r"at (http://127\.0\.0\.1:\d+)").group(1)
    with httpx.Client(base_url=address, timeout=10) as stranger:
        for path in ("/api/v1/cameras", "/api/v1/latest", "/api/v1/openapi.json", "/api/v1/live"):
            assert stranger.get(path).status_code == 401
        page = stranger.get("/")
        assert (page.status_code, page.headers["location"]) == (303, "/sign-in")


@pytest.mark.slow
def test_the_processes_stay_small(demo: Running) -> None:
    demo.wait_for("sign in once")
    hub = demo.process.pid
    children = subprocess.run(["pgrep", "-P", str(hub)], capture_output=True, text=True, check=True).stdout.split()
    sizes = {pid: _megabytes(int(pid)) for pid in children if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()}
    processes = min(CAMERAS, usable_cores())
    assert len(sizes) == processes
    print(f"hub {_megabytes(hub):.0f} MB, sensors {sorted(round(size) for size in sizes.values())} MB")
    assert _megabytes(hub) < HUB_MB
    assert sum(sizes.values()) < processes * SENSOR_MB + (CAMERAS - processes) * FURTHER_CAMERA_MB


def _megabytes(pid: int) -> float:
    peak = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1000


@pytest.mark.slow
def test_a_taken_port_is_said_and_ctrl_c_stops_cleanly(demo: Running, tmp_path: Path) -> None:
    port = demo.wait_for(r"at http://127\.0\.0\.1:(\d+)").group(1)
    done = subprocess.run(
        [THRONG, "demo", "--port", port], capture_output=True, text=True, check=False, cwd=tmp_path, env={"HOME": str(tmp_path)}
    )
    assert done.returncode == 2
    assert port in done.stderr
    assert "--port" in done.stderr
    other = start("demo", "--port", "0", folder=tmp_path)
    other.wait_for("sign in once")
    assert other.stop() == 0
    assert any("stopped" in line for line in other.said)
    assert not any("Traceback" in line for line in other.said)


def test_help_starts_without_the_heavy_libraries() -> None:
    code = "import sys, throng.cli.app; print(sorted({'cv2', 'onnxruntime', 'av', 'duckdb', 'opendp'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
