"""A real hub on loopback, and a real browser that is signed in at it."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from os import environ
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright
from tests.hub.making import made_hub

from throng.alarm.rule import Rule
from throng.hub.access import Grant, Role
from throng.hub.app import Hub
from throng.hub.cameras import CameraEntry
from throng.hub.people.sessions import cookie_name
from throng.hub.server import listen, serve
from throng.store.store import Store

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
DESK, PHONE = (1280, 900), (390, 844)
SHOWN_MS = 20_000


def page_dir() -> Path:
    """The built page; THRONG_PAGE_DIR names another build to look at."""
    return Path(environ.get("THRONG_PAGE_DIR") or str(files("throng.hub"))) / ("" if "THRONG_PAGE_DIR" in environ else "page")


@contextmanager
def served(
    folder: Path, store: Store, cameras: Sequence[CameraEntry], *, alarms: tuple[Rule, ...] = (), public: bool = False
) -> Iterator[Hub]:
    """A hub that answers on a free port of loopback until the block ends."""
    listener = listen(0)
    port = listener.getsockname()[1]
    with made_hub(folder, store, cameras, page_dir=page_dir(), port=port, alarms=alarms, public=public) as hub:
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


def launched(playwright: Playwright) -> Browser:
    """A headless Chromium."""
    chromium = shutil.which("chromium")
    assert chromium, "the tests need chromium: apt-get install chromium"
    return playwright.chromium.launch(executable_path=chromium, args=FLAGS)


def signed_in(browser: Browser, hub: Hub, *, size: tuple[int, int] = DESK, locale: str = "en-GB") -> tuple[Page, list[str]]:
    """A page that is signed in, and the faults that it has told so far."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, locale=locale)
    problems = _problems_of(page)
    page.set_default_timeout(SHOWN_MS)
    page.goto(hub.sign_in_url() or pytest.fail("the hub gives no link to sign in"))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    return page, problems


def base_of(hub: Hub) -> str:
    """Where the hub answers."""
    return hub.settings.origins[0]


def as_role(browser: Browser, hub: Hub, role: Role, *, site: str = "*", **settings: Any) -> tuple[Page, list[str]]:
    """A page at which somebody of one role is signed in, and the faults that it has told so far.

    Further settings are those of a browser context: viewport, color_scheme, locale.
    """
    token = hub.people.sessions.open(f"{role} of {site}", grants=(Grant(role, site),), how="password")
    context = browser.new_context(**{"locale": "en-GB", "viewport": {"width": DESK[0], "height": DESK[1]}} | settings)
    context.add_cookies([{"name": cookie_name("http"), "value": token, "url": base_of(hub)}])
    page = context.new_page()
    page.set_default_timeout(SHOWN_MS)
    return page, _problems_of(page)


def _problems_of(page: Page) -> list[str]:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    return problems
