"""What holds of every page and every form."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi.routing import APIRoute
from tests.hub.admin.conftest import MARK, Office, Read

from throng.hub.access import ROLES, Grant
from throng.hub.people.accounts import Passkey
from throng.hub.registry.registry import By
from throng.hub.registry.state import Site

pytestmark = pytest.mark.anyio
EVERYTHING = tuple(Grant(role) for role in ROLES)
NAMES = {"/admin/people/": "Ada", "/admin/sensors/": "north-box", "/admin/cameras/": "north-door"}
FIELDS = (
    "name",
    "site",
    "role",
    "password",
    "factor",
    "code",
    "session",
    "passkey",
    "token",
    "days",
    "sensor",
    "valid_s",
    "enrolment",
    "version",
    "upload",
    "to",
    "make",
    "change",
)


def paths(office: Office, method: str) -> Iterator[str]:
    """The addresses of all pages, or forms."""
    for route in office.hub.routes:
        if isinstance(route, APIRoute) and route.path.startswith("/admin") and method in (route.methods or ()):
            name = next((name for way, name in NAMES.items() if route.path.startswith(way)), "")
            yield route.path.replace("{name}", name)


def filled(office: Office) -> None:
    """Put the mark wherever people, sensors and cameras say something that pages show."""
    hub = office.hub
    hub.registry.put_site(Site("marked", title=MARK), by=By("test"))
    hub.cameras.change("north-door", "unknown", MARK)
    hub.sensors.heard("north-box", version=MARK, cameras={MARK: ("live", MARK)})
    hub.kept.log.write(MARK, who=MARK, about=MARK, detail=MARK, address=MARK)
    people = hub.people
    _, token = people.tokens.draw(MARK, owner=MARK, grants=[Grant("viewer", MARK)], days=1)
    people.tokens.add(token)
    account = people.accounts.get("Ada")
    passkey = Passkey(id="x", label=MARK, host=MARK, public="", made=MARK)
    people.records.change([replace(account, grants=(*EVERYTHING, Grant("viewer", MARK)), passkeys=(passkey,)).change()])
    people.sessions.open("Ada", grants=EVERYTHING, how="password", address=MARK)


def problems_of(text: str) -> list[str]:
    """What no page may be."""
    page, found = Read(text), []
    scripts = [attributes for attributes in page.of("script") if attributes != {"type": "module", "src": "/sign-in/passkey.js"}]
    if scripts or page.of("style") or "alert(8431)" not in page.text:
        found.append(f"script or style in the page, or the mark is not a text of it: {scripts}")
    inline = [name for _, attributes in page.elements for name in attributes if name.startswith("on") or name == "style"]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    labelled = {attributes["for"] for attributes in page.of("label") if "for" in attributes}
    bare = [
        attributes
        for attributes in page.of("input", "select")
        if attributes.get("type") not in ("hidden", "checkbox") and attributes.get("id") not in labelled
    ]
    described = [attributes["aria-describedby"] for _, attributes in page.elements if "aria-describedby" in attributes]
    counts = {name: len(page.of(name)) for name in ("h1", "main", "title", "nav")}
    if inline or bare or len(ids) != len(set(ids)) or not set(described) <= set(ids):
        found.append(f"inline {inline}, not labelled {bare}, ids {sorted(ids)}")
    if counts["h1"] != 1 or counts["main"] != 1 or counts["title"] != 1 or not counts["nav"]:
        found.append(f"{counts}")
    if "secret.example" in text or not text.startswith('<!doctype html><html lang="en">'):
        found.append("it shows a camera's address, or is no page")
    return found


async def test_no_page_takes_a_text_for_markup_or_shows_a_camera_s_address(office: Office) -> None:
    filled(office)
    pages = [path for path in paths(office, "GET") if path != "/admin/style.css"]
    assert len(pages) > 9
    async with office.browser(grants=EVERYTHING) as http, office.browser(grants=EVERYTHING, proved=False) as late:
        for browser in (http, late):
            for path in pages:
                answer = await browser.get(
                    path, params={"q": MARK if path.endswith("cameras") else "", "done": MARK, "to": MARK}
                )
                assert (answer.status_code, problems_of(answer.text)) == (200, []), path


async def test_no_form_takes_what_was_typed_for_markup(office: Office) -> None:
    filled(office)
    async with office.browser(grants=EVERYTHING) as http:
        for path in paths(office, "POST"):
            if path.endswith(("remove", "reset", "sessions", "grants", "/factor")):
                continue  # these show nothing that was typed, and end what the others need
            answer = await http.post(path, data=dict.fromkeys(FIELDS, MARK))
            assert 400 <= answer.status_code < 500, path
            assert problems_of(answer.text) == [], path
            if path in ("/admin/people", "/admin/tokens"):
                assert 'name="name" value="&quot;&gt;&lt;script' in answer.text


async def test_no_other_page_can_send_a_form(office: Office) -> None:
    before = office.kept()
    origins = (None, "null", "https://evil.example", "http://hub.example")
    async with office.browser(grants=EVERYTHING) as http:
        del http.headers["origin"]
        for path, origin in ((path, origin) for path in paths(office, "POST") for origin in origins):
            headers = {} if origin is None else {"origin": origin}
            data = dict.fromkeys(FIELDS, "x") | {"make": "now", "role": "viewer", "password": "a long one of my own"}
            assert (await http.post(path, data=data, headers=headers)).status_code == 403, path
        assert (await http.get("/admin")).status_code == 200
    assert office.kept() == before


async def test_an_odd_body_is_refused_with_a_sentence_on_the_page(office: Office) -> None:
    bodies = [b"", b"\xff\xfe\0", b"name", b"&" * 3_000, b"name=" + b"x" * 70_000, b"%00=%ff&role=%0d%0a&site"]
    ways = [f"/admin/{way}" for way in ("people", "second-factor", "tokens", "sensors", "backup", "me/password", "proof")]
    ways += [f"/admin/{way}" for way in ("cameras/trial", "cameras/import", "people/Ada/grants")]
    before = office.kept()
    async with office.browser(grants=EVERYTHING) as http:
        for path, content in ((path, content) for path in ways for content in bodies):
            answer = await http.post(path, content=content, headers={"content-type": "application/x-www-form-urlencoded"})
            assert 400 <= answer.status_code < 500, path
            assert any(attributes.get("id") == "problem" for attributes in Read(answer.text).of("p")), path
    assert office.kept() == before


async def test_the_style_is_kept_to_its_file(office: Office) -> None:
    async with office.browser() as http:
        answer: Any = await http.get("/admin/style.css")
    assert answer.headers["content-type"].startswith("text/css")
    assert "url(" not in answer.text
    assert "@import" not in answer.text


def test_the_check_of_pages_finds_what_it_looks_for() -> None:
    bad = '<p onclick="x" id="a"></p><p id="a"></p><input name="b">' + MARK
    assert len(problems_of(bad)) == 4
