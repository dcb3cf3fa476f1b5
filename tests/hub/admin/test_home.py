"""The first page says what needs attention, and to each only what he may know; the log is shown in pages."""

import re

import pytest
from tests.hub.admin.conftest import MARK, Office, Read

from throng.hub.access import Grant

pytestmark = pytest.mark.anyio


async def test_it_tells_what_needs_attention_and_stops_when_it_is_done(office: Office) -> None:
    async with office.browser() as http:
        page = Read((await http.get("/admin")).text).text
        for told in (
            "You sign in with a password alone",
            "The sensor north-box is silent",
            "Ada is the only administrator",
            "There is no backup yet",
        ):
            assert told in page
        office.hub.sensors._seen_s["north-box"] = office.hub.sensors._clock()
        office.account("Eve")
        page = Read((await http.get("/admin")).text).text
        assert "north-box is silent" not in page
        assert "south-box is silent" in page
        assert "only administrator" not in page
        assert "Eve signs in with a password alone" in page
        office.hub.cameras.change("south-door", "unknown", "too dark")
        assert "1 camera of 2 cannot count now" in Read((await http.get("/admin")).text).text


async def test_each_sees_what_the_role_allows_at_each_site(office: Office) -> None:
    grants = (Grant("viewer", "north"), Grant("operator", "south"))
    async with office.browser("Bob", grants=grants) as http:
        page = (await http.get("/admin")).text
        assert "The north" in page
        assert "south-box" in page
        assert "north-box" not in page
        assert "Ada" not in page
        assert office.hub.kept.log.head().hash not in page
        ways = [attributes["href"] for attributes in Read(page).of("a") if attributes["href"].startswith("/admin")]
        assert not {"/admin/people", "/admin/log", "/admin/backup"} & set(ways)
        for way in ways:
            assert (await http.get(way)).status_code == 200


async def test_whoever_may_see_nothing_sees_nothing(office: Office) -> None:
    async with office.client() as http:
        for path in ("/admin", "/admin/style.css", "/admin/people", "/admin/backup"):
            answer = await http.get(path)
            assert (answer.status_code, answer.headers.get("location")) == (303, "/sign-in")


async def test_the_log_comes_in_pages_with_its_head(office: Office) -> None:
    log = office.hub.kept.log
    for number in range(150):
        log.write("test.event", who="somebody", about=f"thing {number}")
    async with office.browser("Cleo", grants=(Grant("auditor"),)) as http:
        page = (await http.get("/admin/log")).text
        assert log.head().hash in page
        assert "thing 149" in page
        assert "thing 20<" not in page
        (older,) = re.findall(r'href="([^"]*)">Older', page)
        assert "thing 20<" in (await http.get(older)).text
        for odd in ("x", "-1", "9" * 30):
            assert (await http.get("/admin/log", params={"before": odd})).status_code == 200
    async with office.browser() as http:
        assert (await http.get("/admin/log")).status_code == 403
        assert log.head().hash in (await http.get("/admin")).text  # the head is for administrators, too


async def test_it_tells_administrators_what_a_stranger_could_read(office: Office) -> None:
    async with office.browser() as ada, office.browser("Vera", grants=(Grant("viewer", "north"),)) as vera:
        assert "Nobody has looked yet." in Read((await ada.get("/admin")).text).text
        office.hub.outside = 1_790_000_000.0, ()
        assert "Looked at on 2026-09-21 14:13 UTC: a stranger could read nothing." in Read((await ada.get("/admin")).text).text
        office.hub.outside = 1_790_000_000.0, (f"127.0.0.1:1: {MARK}",)
        page = (await ada.get("/admin")).text
        assert f"A stranger on the network could read this: 127.0.0.1:1: {MARK}" in Read(page).text
        assert MARK not in page
        assert "stranger" not in (await vera.get("/admin")).text
