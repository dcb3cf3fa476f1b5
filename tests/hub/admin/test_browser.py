"""A real browser goes the way of a newcomer: people, a sensor, cameras, a second factor, a passkey, a backup."""

import re
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page, expect, sync_playwright
from tests.hub.admin.conftest import HEAD, PASSWORD, QUICK
from tests.hub.making import BUDGET, SEAL
from tests.hub.virtual_authenticator import with_authenticator

from throng.hub.app import Hub, HubSettings, Kept, create_app
from throng.hub.log.log import Log
from throng.hub.people.passwords import Passwords
from throng.hub.registry.state import OwnSite
from throng.hub.server import serve
from throng.store.duck import DuckStore
from throng.store.sqlite_records import SqliteRecords

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1300, "height": 900}
TABLE = HEAD + "".join(f"door-{n},Central station,rtsp://8.8.4.4/{n},view,mark-8431,box-1\n" for n in range(1, 13))


@contextmanager
def served(folder: Path) -> Iterator[tuple[Hub, str]]:
    """A hub at a port of this machine, by the name under which passkeys work."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        DuckStore(folder / "throng.duckdb") as store,
        SqliteRecords(folder / "hub.sqlite") as records,
        Log(folder / "audit.jsonl") as log,
    ):
        origin = f"http://localhost:{listener.getsockname()[1]}"
        page_dir = Path(str(files("throng.hub") / "page"))
        settings = HubSettings("Central station", BUDGET, page_dir, (origin,))
        hub = create_app(Kept(store, records, SEAL, log), settings, own=OwnSite("Central station"))
        hub.people.passwords = Passwords(hasher=QUICK)
        ready, stop = threading.Event(), threading.Event()
        told = {"port": 0, "on_ready": ready.set, "listener": listener, "stop": stop}
        thread = threading.Thread(target=serve, args=(hub,), kwargs=told)
        thread.start()
        try:
            assert ready.wait(30)
            yield hub, origin
        finally:
            stop.set()
            thread.join(60)
            hub.people.close()


def pictured(page: Page, folder: Path, name: str) -> None:
    """At the size of a phone and of a desk, light and dark, nothing sticks out to the side."""
    for size, view in (("phone", PHONE), ("desk", DESK)):
        page.set_viewport_size(view)  # type: ignore[arg-type]
        page.screenshot(path=folder / f"{name}-{size}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= view["width"], (name, size)
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=folder / f"{name}-dark.png")
    page.emulate_media(color_scheme="light")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def go(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Administration").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def factor(page: Page, label: str) -> str:
    """Type the code of the key that the page shows; the key."""
    key = page.locator(".secret").inner_text().replace(" ", "")
    page.get_by_label(label).fill(pyotp.TOTP(key).now())
    return key


def set_up(page: Page, url: str) -> None:
    """By the link of the terminal: a name, a password, and the factor that the role needs."""
    page.goto(url)
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Or a password").fill(PASSWORD)
    press(page, "Set this password")
    factor(page, "The six digits that the app shows")
    press(page, "Sign in")
    page.get_by_role("link", name="Go on").click()
    page.get_by_role("link", name="Administration").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def invite_and_enrol(page: Page, folder: Path, origin: str) -> str:
    """A link for Bob, and a token for a sensor; the link."""
    pictured(page, folder, "overview")
    go(page, "People")
    page.get_by_label("Name").fill("Bob")
    page.get_by_label("Role 1").select_option("operator")
    page.get_by_label("Site 1").select_option("Central station")
    pictured(page, folder, "people")
    press(page, "Make the link")
    pictured(page, folder, "link")
    link = page.get_by_label("Link", exact=True).inner_text()
    go(page, "Sensors")
    page.get_by_label("Name of the sensor").fill("box-1")
    press(page, "Make the token")
    assert len(page.get_by_label("Token", exact=True).inner_text()) == 40
    assert f"throng sensor enrol {origin} --fingerprint" in page.locator("pre").inner_text()
    pictured(page, folder, "token")
    go(page, "Sensors")
    pictured(page, folder, "sensors")
    return link


def send_cameras(page: Page, folder: Path) -> None:
    go(page, "Cameras")
    table = folder / "cameras.csv"
    table.write_text(TABLE + "bad,,,,,\n")
    page.get_by_label("Table of cameras").set_input_files(table)
    press(page, "Show what would change")
    expect(page.get_by_role("alert")).to_contain_text("line 14")
    pictured(page, folder, "cameras-wrong")
    table.write_text(TABLE)
    page.get_by_label("Table of cameras").set_input_files(table)
    press(page, "Show what would change")
    expect(page.get_by_role("heading", name="Cameras that are new: 12")).to_be_visible()
    pictured(page, folder, "trial")
    press(page, "Import them")
    expect(page.get_by_role("status")).to_have_text("The cameras are imported.")
    pictured(page, folder, "cameras")
    page.get_by_role("link", name="door-3", exact=True).click()
    pictured(page, folder, "camera")


def look_after_oneself(page: Page, folder: Path) -> None:
    """Another second factor, and a passkey; both after showing again who one is, with the passkey the second time."""
    go(page, "You")
    pictured(page, folder, "me")
    press(page, "Set up another in its place, with new recovery codes")
    pictured(page, folder, "factor")
    factor(page, "The six digits")
    press(page, "Confirm")
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    pictured(page, folder, "recovery")
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_label("Name of a new passkey").fill("laptop")
    press(page, "Add a passkey")
    expect(page.get_by_role("status")).to_have_text("The passkey is added.")
    expect(page.get_by_role("rowheader", name="laptop")).to_be_visible()


def prove_by_passkey(page: Page, folder: Path, hub: Hub) -> None:
    for session in hub.people.sessions._sessions.values():
        session.proved_s = float("-inf")
    go(page, "People")
    pictured(page, folder, "not-proved")
    page.get_by_role("link", name="Show who you are").click()
    pictured(page, folder, "proof")
    press(page, "Use a passkey")
    expect(page.get_by_role("status")).to_contain_text("You have shown who you are")
    page.get_by_role("link", name="Bob").click()
    pictured(page, folder, "person")


@pytest.mark.slow
def test_a_newcomer_needs_no_terminal(tmp_path: Path) -> None:
    assert CHROMIUM, "the tests need chromium: apt-get install chromium"
    with served(tmp_path) as (hub, origin), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context()
        page = context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if "Content Security" in message.text else None)
        with_authenticator(context, page)
        set_up(page, hub.sign_in_url() or "")
        link = invite_and_enrol(page, tmp_path, origin)
        send_cameras(page, tmp_path)
        look_after_oneself(page, tmp_path)
        prove_by_passkey(page, tmp_path, hub)
        go(page, "Backup")
        press(page, "Make a backup now")
        expect(page.get_by_role("rowheader")).to_have_text(re.compile(r"throng-.*Z\.backup"))
        pictured(page, tmp_path, "backup")
        go(page, "Tokens")
        pictured(page, tmp_path, "tokens")
        assert problems == []
        bare = browser.new_context(java_script_enabled=False)  # all but passkeys needs no script
        other = bare.new_page()
        other.goto(link)
        other.get_by_label("Or a password").fill(PASSWORD)
        press(other, "Set this password")
        other.goto(f"{origin}/admin/me")
        other.get_by_label("New password").fill("marble lantern tuesday frost")
        press(other, "Change the password")
        expect(other.get_by_role("status")).to_contain_text("Your password is changed")
        press(other, "Sign out")
        expect(other.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
        browser.close()
