"""The pictures of docs/dashboard: every page looks as it does there, at a desk and on a phone.

THRONG_TAKE_PICTURES=1 takes them anew. They are compared coarsely: a broken layout differs; another font, hour or number
does not.
"""

import io
from collections.abc import Iterator
from os import environ
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page
from tests.browser import concourse
from tests.browser.serving import DESK, PHONE, as_role, base_of, served
from tests.conftest import ROOT

from throng.hub.app import Hub
from throng.store.duck import DuckStore

FOLDER = ROOT / "docs" / "dashboard"
PICTURES = {
    "now": (DESK, "/"),
    "now-phone": (PHONE, "/"),
    "place": (DESK, f"/place?camera=board&place=waiting&measure=density&last={concourse.DAY_S}&compare=week"),
    "heat": (DESK, "/place?camera=board&place=waiting&view=picture"),
    "alarms": (DESK, "/alarms"),
    "lines": (DESK, "/camera?camera=board&step=draw"),
    "metres": (DESK, "/camera?camera=board&step=metres"),
    "count-phone": (PHONE, "/camera?camera=board&step=check"),
    "privacy": (DESK, "/privacy?camera=board&passages=2"),
    "public-phone": (PHONE, "/public"),
}
PRESSED = {"count-phone": "Start"}
"""What is pressed before the picture is taken, of what lies below the heading."""
BLOCK_PX, PLAIN = 32, 0.02
"""A block in which the shades deviate by less than so much, part of white, holds nothing."""
MEAN, FAR, FEW = 0.03, 0.25, 0.03
"""Of the blocks that hold something the mean difference at most, and how many may be off by more than so much; parts of white.

In another time zone the mean is up to 0.005, in DejaVu Serif 0.007, in DejaVu Sans Condensed 0.028; with grids that
are not laid out it is at least 0.038, and without the alarms 0.048.
"""
MOST_BYTES, MOST_TOGETHER_BYTES = 120_000, 1_200_000
SETTLED_MS, MOST_LOOKS = 2_000, 20


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("concourse")
    with DuckStore(folder / "throng.duckdb") as store:
        week, newest = concourse.week()
        store.add_rows(week)
        store.add_rows(concourse.heat("board"))
        with served(folder, store, [], alarms=concourse.RULES, public=True) as made:
            concourse.register(made)
            made.ingest.submit(newest).result(20)
            yield made


@pytest.mark.slow
def test_every_page_looks_as_its_picture_does(browser: Browser, hub: Hub, tmp_path: Path) -> None:
    taken: dict[str, tuple[float, float]] = {}
    for width, height in (DESK, PHONE):
        # The zone of the clock is fixed, so that the hours on a picture do not depend on the machine.
        page, problems = as_role(browser, hub, "operator", viewport={"width": width, "height": height}, timezone_id="UTC")
        for name, path in ((name, path) for name, (size, path) in PICTURES.items() if size == (width, height)):
            page.goto(base_of(hub) + path)
            if name in PRESSED:
                page.get_by_role("button", name=PRESSED[name], exact=True).click()
                page.locator("h2").first.evaluate("heading => heading.scrollIntoView()")
            if environ.get("THRONG_TAKE_PICTURES"):
                page.wait_for_timeout(SETTLED_MS)
                (FOLDER / f"{name}.png").write_bytes(_small(page.screenshot()))
            taken[name] = _differences_once_drawn(page, name, tmp_path)
        page.context.close()
        assert problems == []
    print("".join(f"{name}: {mean:.4f} {far:.4f}\n" for name, (mean, far) in taken.items()))
    wrong = [name for name, (mean, far) in taken.items() if mean > MEAN or far > FEW]
    assert wrong == [], f"look at {tmp_path}; if they are as they should be, THRONG_TAKE_PICTURES=1 takes them anew"


def test_the_pictures_are_small_and_all_are_there() -> None:
    sizes = {path.stem: path.stat().st_size for path in FOLDER.glob("*.png")}
    assert sizes.keys() == PICTURES.keys()
    assert {name: size for name, size in sizes.items() if size > MOST_BYTES} == {}
    assert sum(sizes.values()) <= MOST_TOGETHER_BYTES


def test_what_moved_or_is_gone_is_seen_and_other_letters_are_not() -> None:
    page = np.full((900, 1280), 240, np.uint8)
    page[150:850, 400:1240] = 255
    for line in range(4):
        page[200 + line : 800 : 20, 450:900] = 30
    letters, gone, moved = page.copy(), page.copy(), np.roll(page, 300, axis=1)
    letters[:, 450:900:15] = 255
    gone[150:500, 400:1240] = 255
    for other, is_seen in ((letters, False), (gone, True), (moved, True)):
        mean, far = _differences(_png(page), _png(other))
        assert (mean > MEAN or far > FEW) == is_seen


def _differences_once_drawn(page: Page, name: str, folder: Path) -> tuple[float, float]:
    """How a page differs from its picture, when it has had time enough to be drawn."""
    shown = (FOLDER / f"{name}.png").read_bytes()
    for _ in range(MOST_LOOKS):
        mean, far = _differences(page.screenshot(path=folder / f"{name}.png"), shown)
        if mean <= MEAN and far <= FEW:
            break
        page.wait_for_timeout(SETTLED_MS / 4)
    return mean, far


def _differences(one: bytes, other: bytes) -> tuple[float, float]:
    """The mean difference of the blocks that hold something, and the part of them that is far off; 1 where the sizes differ."""
    first, second = _blocks(one), _blocks(other)
    if first.shape != second.shape:
        return 1.0, 1.0
    holds = (first.std(axis=(1, 3)) > PLAIN) | (second.std(axis=(1, 3)) > PLAIN)
    differences = abs(first.mean(axis=(1, 3)) - second.mean(axis=(1, 3)))[holds]
    return float(differences.mean()), float((differences > FAR).mean())


def _blocks(picture: bytes) -> NDArray[np.float64]:
    """Shades of grey, part of white: (rows of blocks, pixels, columns of blocks, pixels)."""
    grey = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    rows, columns = (side // BLOCK_PX for side in grey.shape)
    cut = grey[: rows * BLOCK_PX, : columns * BLOCK_PX].reshape(rows, BLOCK_PX, columns, BLOCK_PX)
    return np.asarray(cut / 255)


def _small(picture: bytes) -> bytes:
    """With 256 colours: the commonest, or where that takes too much, those that lie far apart."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for method in (Image.Quantize.MEDIANCUT, Image.Quantize.MAXCOVERAGE):
        kept = io.BytesIO()
        image.quantize(256, method=method, dither=Image.Dither.NONE).save(kept, "PNG", optimize=True)
        if kept.tell() <= MOST_BYTES:
            break
    return kept.getvalue()


def _png(grey: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", grey)[1].tobytes()
