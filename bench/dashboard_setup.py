"""A camera set up in a real browser at a real `throng run`, by script as a person would, with real footage.

python -m bench.dashboard_setup DATA MODELS
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import av
import cv2
import numpy as np
from playwright.sync_api import expect, sync_playwright
from tests.browser.hands import Hands
from tests.browser.serving import DESK, launched
from tests.end_to_end.running import THRONG, Running, start
from tests.soak.cameras import RATE_HZ, JpegCamera
from tests.soak.scene import Luma

FOOTAGE = "video/towncentre/TownCentre_f0-250_1080p30dup.mp4"
MODEL = "yolox_nano.onnx"
SIZE_PX = (960, 540)
LONGEST_MS = 400_000
LINE = ((0.344, 0.154), (0.968, 0.481))
"""Across the street, as shares of the picture."""
SITE = 'name = "Town"\nport = 0\n[hub]\n'


class FilmCamera(JpegCamera):
    """Shows a film, again and again, as motion JPEG by HTTP."""

    def __init__(self, film: Path) -> None:
        self._shown = list(_pictures(film))
        super().__init__(0)

    def pictures(self) -> Iterator[Luma]:
        """Its pictures, in real time."""
        begin, number = time.monotonic(), 0
        while self._on:
            yield self._shown[number % len(self._shown)]
            number += 1
            time.sleep(max(0.0, begin + number / RATE_HZ - time.monotonic()))


def _pictures(film: Path) -> Iterator[Luma]:
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        every = round(float(stream.average_rate or RATE_HZ) / RATE_HZ)
        for number, frame in enumerate(container.decode(stream)):
            if number % every == 0:
                yield np.ascontiguousarray(cv2.resize(frame.to_ndarray(format="gray"), SIZE_PX, interpolation=cv2.INTER_AREA))


def _set_up(running: Running, address: str, picture: Path | None) -> tuple[int, list[tuple[str, float]]]:
    """What a person does from the address to the first number: how many actions, and what had been reached when, seconds."""
    link = running.wait_for(r"(http://127\.0\.0\.1:\d+/sign-in\?code=\S+)").group(1)
    with sync_playwright() as playwright:
        browser = launched(playwright)
        page = browser.new_page(viewport={"width": DESK[0], "height": DESK[1]}, locale="en-GB")
        page.goto(link)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/")
        page.goto(page.url.rstrip("/") + "/camera")
        hands, begin, reached = Hands(page), time.perf_counter(), []

        def note(what: str) -> None:
            reached.append((what, time.perf_counter() - begin))

        hands.open("Add a camera")
        hands.type("Name", "street")
        hands.type("Address", address)
        hands.press("Save")
        hands.press("Ask for the empty scene")
        note("the empty scene is asked for")
        expect(page.get_by_role("link", name="Lines and zones ›", exact=True)).to_be_visible(timeout=LONGEST_MS)
        expect(page.locator("main img").first).to_be_visible(timeout=LONGEST_MS)
        note("it is there")
        hands.open("Lines and zones ›")
        hands.press("New line")
        board = page.locator(".board svg")
        for x, y in LINE:
            box = board.bounding_box()
            assert box is not None
            hands.click(board, position={"x": x * box["width"], "y": y * box["height"]})
        hands.type("Name of line 1", "street")
        hands.press("Save")
        expect(page.get_by_text("Saved.")).to_be_visible()
        note("a line is drawn and saved")
        hands.open("What it counts")
        expect(page.get_by_role("row", name="street")).to_contain_text("people a minute", timeout=LONGEST_MS)
        note("the first number is shown")
        if picture is not None:
            page.screenshot(path=picture)
        browser.close()
    return hands.actions, reached


def table(data: Path, models: Path, picture: Path | None = None) -> list[str]:
    """The section's lines."""
    os.sched_setaffinity(0, range(os.cpu_count() or 2))
    with tempfile.TemporaryDirectory() as scratch, closing(FilmCamera(data / FOOTAGE)) as camera:
        folder = Path(scratch)
        (folder / "site.toml").write_text(SITE, encoding="utf-8")
        added = start("models", "add", str(models / MODEL), folder=folder)
        if added.process.wait(60):
            raise RuntimeError(f"{THRONG} models add: {added.said}")
        running = start("run", "site.toml", folder=folder)
        try:
            actions, reached = _set_up(running, camera.url, picture)
        finally:
            running.stop()
    return [
        "| a camera of a street, one-minute ticks | figure | goal |",
        "| --- | --- | --- |",
        f"| clicks and typed fields, from the address to the first number | {actions} | 20 |",
        *(f"| until {what} | {seconds:.0f} s |{' 300 s |' if what == reached[-1][0] else ' |'}" for what, seconds in reached),
    ]


if __name__ == "__main__":
    print("\n".join(table(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)))
