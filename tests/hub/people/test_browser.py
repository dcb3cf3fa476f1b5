"""A real browser with a passkey: set up by the link of the terminal, out, and in again."""

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import ConsoleMessage, Page, sync_playwright
from tests.hub.people.conftest import PASSWORD, House
from tests.hub.virtual_authenticator import with_authenticator

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1300, "height": 900}


@contextmanager
def _served(house: House, listener: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(house.app, log_level="warning", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        for _ in range(1_000):
            if server.started:
                break
            time.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join(30)


def _is_problem(message: ConsoleMessage) -> bool:
    return message.type == "error" and not message.location["url"].endswith("/favicon.ico")


def _told(message: ConsoleMessage) -> str:
    return f"{message.text} {message.location['url']}"


def _pictured(page: Page, folder: Path, name: str) -> None:
    """At the size of a phone and of a desk, nothing sticks out to the side."""
    for size, view in (("phone", PHONE), ("desk", DESK)):
        page.set_viewport_size(view)  # type: ignore[arg-type]
        page.screenshot(path=folder / f"{name}-{size}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= view["width"]


@pytest.mark.slow
def test_a_passkey_sets_up_and_signs_in(make_house: Callable[..., House], tmp_path: Path) -> None:
    assert CHROMIUM, "the tests need chromium: apt-get install chromium"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = f"http://localhost:{listener.getsockname()[1]}"
        house = make_house(origins=(origin,))
        with _served(house, listener), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            context = browser.new_context()
            page = context.new_page()
            problems: list[str] = []
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("console", lambda message: problems.append(_told(message)) if _is_problem(message) else None)
            with_authenticator(context, page)
            page.goto(house.people.set_up_url(origin) or "")
            page.get_by_label("Your name").fill("Ada")
            _pictured(page, tmp_path, "set-up")
            page.get_by_role("button", name="Use a passkey").click()
            page.wait_for_url(f"{origin}/")
            assert problems == []
            assert page.evaluate("fetch('/api/v1/me').then((answer) => answer.json())")["name"] == "Ada"
            assert page.evaluate("document.cookie") == ""  # no script reads it
            page.evaluate("fetch('/sign-out', { method: 'POST' })")
            page.goto(f"{origin}/")
            assert page.url == f"{origin}/sign-in"
            _pictured(page, tmp_path, "sign-in")
            page.get_by_role("button", name="Sign in with a passkey").click()
            page.wait_for_url(f"{origin}/")
            assert problems == []
            page.evaluate("fetch('/sign-out', { method: 'POST' })")
            page.goto(f"{origin}/sign-in")
            page.get_by_label("Name").fill("Ada")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in", exact=True).click()
            alert = page.get_by_role("alert")
            alert.wait_for()
            assert "That did not fit" in alert.inner_text()
            assert page.get_by_label("Name").input_value() == "Ada"
            assert page.get_by_label("Password").input_value() == ""
            _pictured(page, tmp_path, "wrong")
            browser.close()
