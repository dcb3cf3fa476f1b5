"""The pages about cameras: a table is looked at first, then imported; one camera is given away or removed."""

import re

import httpx
import pytest
from tests.hub.admin.conftest import HEAD, Office, problem_of

from throng.hub.admin import uploads

pytestmark = pytest.mark.anyio
CAMERAS = "/admin/cameras"
TABLE = f"{HEAD}gate,harbour,rtsp://8.8.4.4/1,view,mark-8431,\nnorth-door,north,,,,other-box\n"
WRONG: list[tuple[str | bytes, str]] = [
    ("", "no file was chosen"),
    ("gate,harbour,mark-8431", "the head line"),
    (f"{HEAD}gate,harbour,nonsense,view,mark-8431,", "line 2: a registered camera"),
    (b"\xff\xfea", "UTF-16"),
    (HEAD, "has no row"),
]


async def trial(http: httpx.AsyncClient, table: str | bytes) -> httpx.Response:
    return await http.post(f"{CAMERAS}/trial", files={"table": ("cameras.csv", table, "text/csv")})


def word_of(answer: httpx.Response) -> str:
    found = re.search(r'name="upload" value="([\w-]+)"', answer.text)
    assert found, answer.text
    return found[1]


async def test_a_table_is_looked_at_and_then_imported(office: Office) -> None:
    before = office.kept()
    async with office.browser() as http:
        shown = await trial(http, TABLE)
        assert office.kept() == before
        assert "Cameras that are new: 1" in shown.text
        assert "Cameras that change: 1" in shown.text
        assert "Sites that are new: 1" in shown.text
        assert "mark-8431" not in shown.text
        answer = await http.post(f"{CAMERAS}/import", data={"upload": word_of(shown)})
        assert (answer.status_code, answer.headers["location"]) == (303, f"{CAMERAS}?done=imported")
        assert "harbour" in (await http.get(CAMERAS)).text
        assert (await http.post(f"{CAMERAS}/import", data={"upload": word_of(shown)})).status_code == 409
        assert "Nothing would change" in (await trial(http, TABLE)).text
    cameras = office.hub.registry.state.cameras
    assert (cameras["gate"].site, cameras["gate"].has_login, cameras["north-door"].sensor) == ("harbour", True, "other-box")


async def test_a_table_with_mistakes_is_told_with_its_lines_and_quotes_nothing(office: Office) -> None:
    before = office.kept()
    async with office.browser() as http:
        for table, sentence in WRONG:
            answer = await trial(http, table)
            assert (answer.status_code, sentence.lower() in problem_of(answer).lower()) == (422, True)
            assert "mark-8431" not in answer.text
    assert office.kept() == before


async def test_what_is_no_form_with_a_file_is_refused(office: Office) -> None:
    async with office.browser() as http:
        for content in (b"", b"table=x", b"\0" * 100):
            for kind in ("", "text/csv", "multipart/form-data; boundary=x"):
                answer = await http.post(f"{CAMERAS}/trial", content=content, headers={"content-type": kind})
                assert (answer.status_code, bool(problem_of(answer))) == (422, True)


async def test_a_table_is_imported_by_whoever_sent_it_and_not_much_later(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office.browser() as http, office.browser() as other:
        shown = await trial(http, TABLE)
        for browser in (other, http):
            monkeypatch.setattr(uploads, "LIFE_S", 600.0 if browser is other else -1.0)
            shown = await trial(http, TABLE)
            answer = await browser.post(f"{CAMERAS}/import", data={"upload": word_of(shown)})
            assert (answer.status_code, "send it again" in problem_of(answer)) == (409, True)
    assert "gate" not in office.hub.registry.state.cameras


async def test_a_camera_is_given_to_a_sensor_and_removed(office: Office) -> None:
    page, registry = f"{CAMERAS}/north-door", office.hub.registry
    async with office.browser() as http:
        shown = (await http.get(page)).text
        assert "secret.example" not in shown
        version = re.findall(r'name="version" value="(\d+)"', shown)[0]
        assert '<option value="south-box">' in shown
        assert (await http.post(f"{page}/sensor", data={"version": version, "sensor": "south-box"})).status_code == 303
        assert registry.state.cameras["north-door"].sensor == "south-box"
        for wrong in ({"version": version}, {}, {"version": "x"}):
            late = await http.post(f"{page}/sensor", data={"sensor": "", **wrong})
            assert (late.status_code, "somebody else" in problem_of(late)) == (409, True)
            assert (await http.post(f"{page}/remove", data=wrong)).status_code == 409
        assert (await http.post(f"{page}/sensor", data={"version": "2", "sensor": "<b>"})).status_code == 422
        assert (await http.post(f"{page}/remove", data={"version": "2"})).headers["location"] == f"{CAMERAS}?done=removed"
        assert (await http.get(page)).status_code == 404
    assert "north-door" not in registry.state.cameras
    assert ("camera.change", "refused") in office.events()


async def test_the_cameras_of_another_site_are_not_there(office: Office) -> None:
    office.account("Bob", "viewer", "north")
    async with office.browser("Bob") as http:
        assert "south" not in (await http.get(CAMERAS)).text
        theirs, none = await http.get(f"{CAMERAS}/south-door"), await http.get(f"{CAMERAS}/nothing")
        assert (theirs.status_code, theirs.text) == (404, none.text)
        own = (await http.get(f"{CAMERAS}/north-door")).text
        assert own.count('<form method="post"') == 1
        for path in ("trial", "import", "north-door/sensor", "north-door/remove"):
            assert (await http.post(f"{CAMERAS}/{path}")).status_code == 403


async def test_a_long_list_comes_in_pages_and_is_searched(office: Office) -> None:
    rows = "".join(f"c{n:03},harbour,rtsp://8.8.4.4/{n},,,\n" for n in range(250))
    async with office.browser() as http:
        await http.post(f"{CAMERAS}/import", data={"upload": word_of(await trial(http, HEAD + rows))})
        first = (await http.get(CAMERAS)).text
        assert "Cameras 1 to 200 of 252" in first
        (after,) = re.findall(r'href="(/admin/cameras\?[^"]*)">After', first)
        assert "Cameras 201 to 252 of 252" in (await http.get(after.replace("&amp;", "&"))).text
        assert "Cameras 1 to 1 of 1" in (await http.get(CAMERAS, params={"q": "C249"})).text
        assert "No camera fits" in (await http.get(CAMERAS, params={"q": "nothing"})).text
        for odd in ("-1", "999", "x", "9" * 50, "٣"):
            assert "Cameras 1 to 200" in (await http.get(CAMERAS, params={"first": odd})).text
