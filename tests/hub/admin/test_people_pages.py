"""The pages about people: inviting, changing, resetting, removing."""

from typing import Any

import pytest
from tests.hub.admin.conftest import OTHER, Office, problem_of, secret_of

from throng.hub.access import Grant

pytestmark = pytest.mark.anyio
PEOPLE = "/admin/people"
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": "Bob", "role": "", "site": "*"}, "grants"),
    ({"name": "Bob"}, "grants"),
    ({"name": "", "role": "viewer", "site": "*"}, "name"),
    ({"name": "<b>", "role": "viewer", "site": "*"}, "a name has"),
    ({"name": "ADA", "role": "viewer", "site": "*"}, "has that name already"),
    ({"name": "Bob", "role": "root", "site": "*"}, "grants.0.role"),
    ({"name": "Bob", "role": "viewer", "site": ""}, "grants.0.site"),
    ({"name": "Bob", "role": ["viewer"] * 300, "site": ["*"] * 300}, "grants"),
]


async def test_who_is_invited_joins_by_the_link_that_is_shown_once(office: Office) -> None:
    form = {"name": "Bob O'Neil", "role": ["operator", "viewer", ""], "site": ["north", "south", "*"]}
    async with office.browser() as http:
        made = await http.post(PEOPLE, data=form)
        link = secret_of(made)
        assert (made.status_code, made.headers["cache-control"]) == (200, "no-store")
        listed = (await http.get(PEOPLE)).text
        assert link not in listed
        assert "invited, has not come yet" in listed
        assert "operator of north, viewer of south" in listed
    async with office.client() as http:
        answer = await http.post("/set-up", data={"code": link.partition("code=")[2], "password": OTHER})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await http.get("/admin/me")).status_code == 200
        assert (await http.get(PEOPLE)).status_code == 403
    assert office.hub.people.accounts.get("bob o'neil").grants == (Grant("operator", "north"), Grant("viewer", "south"))


async def test_an_invitation_that_will_not_do_is_told_why_with_what_was_typed(office: Office) -> None:
    before = office.kept()
    async with office.browser() as http:
        for form, sentence in WRONG:
            answer = await http.post(PEOPLE, data=form)
            assert answer.status_code in (400, 409, 422)
            assert sentence.lower() in problem_of(answer).lower()
            assert form["name"] != "Bob" or 'value="Bob"' in answer.text
    assert office.kept() == before


async def test_what_somebody_may_do_is_changed_and_ends_the_sessions(office: Office) -> None:
    office.account("Bob", "viewer", "north")
    async with office.browser() as http, office.browser("Bob") as bob:
        page = (await http.get(f"{PEOPLE}/Bob")).text
        assert '<option value="viewer" selected>' in page
        assert '<option value="north" selected>' in page
        form = {"role": ["viewer", "operator"], "site": ["*", "south"]}
        assert (await http.post(f"{PEOPLE}/Bob/grants", data=form)).headers["location"] == f"{PEOPLE}/Bob?done=changed"
        assert (await bob.get("/admin/me")).headers["location"] == "/sign-in"
    assert office.hub.people.accounts.get("Bob").grants == (Grant("viewer", "*"), Grant("operator", "south"))


async def test_a_reset_takes_the_password_away_and_shows_a_link(office: Office) -> None:
    office.account("Bob", "viewer")
    async with office.browser() as http:
        link = secret_of(await http.post(f"{PEOPLE}/Bob/reset"))
        assert not office.hub.people.accounts.get("Bob").can_sign_in
        own = await http.post(f"{PEOPLE}/Ada/reset")
        assert (own.status_code, "yourself" in problem_of(own)) == (409, True)
    async with office.client() as http:
        assert (await http.post("/set-up", data={"code": link.partition("code=")[2], "password": OTHER})).status_code == 303


async def test_sessions_are_ended_and_people_removed(office: Office) -> None:
    office.account("Bob", "viewer")
    async with office.browser() as http, office.browser("Bob") as bob:
        assert (await http.post(f"{PEOPLE}/Bob/sessions")).headers["location"] == f"{PEOPLE}/Bob?done=ended"
        assert (await bob.get("/admin")).status_code == 303
        assert (await http.post(f"{PEOPLE}/Bob/remove")).headers["location"] == f"{PEOPLE}?done=removed"
        assert office.hub.people.accounts.find("Bob") is None
        gone = await http.post(f"{PEOPLE}/Bob/remove")
        assert (gone.status_code, bool(problem_of(gone))) == (404, True)
        last = await http.post(f"{PEOPLE}/Ada/remove")
        assert (last.status_code, "needs one administrator" in problem_of(last)) == (409, True)


async def test_the_roles_that_need_a_factor_are_set(office: Office) -> None:
    async with office.browser() as http:
        assert (await http.post("/admin/second-factor", data={"role": ["viewer"]})).status_code == 422
        assert (await http.post("/admin/second-factor", data={"change": "yes", "role": "root"})).status_code == 422
        assert office.hub.people.roles_with_factor() == ("administrator", "auditor")
        await http.post("/admin/second-factor", data={"change": "yes", "role": ["viewer", "auditor"]})
        page = (await http.get(PEOPLE)).text
    assert office.hub.people.roles_with_factor() == ("viewer", "auditor")
    assert page.count('type="checkbox"') == 4
    assert 'value="viewer" checked' in page


async def test_an_auditor_reads_and_changes_nothing(office: Office) -> None:
    office.account("Cleo", "auditor")
    before = office.kept()
    async with office.browser("Cleo") as http:
        for page in (PEOPLE, f"{PEOPLE}/Ada", "/admin/backup", "/admin/sensors", "/admin/log"):
            answer = await http.get(page)
            assert answer.status_code == 200
            assert answer.text.count('<form method="post"') == 1  # that of signing out
        for path in (PEOPLE, f"{PEOPLE}/Ada/remove", f"{PEOPLE}/Ada/reset", "/admin/second-factor", "/admin/backup"):
            assert (await http.post(path, data={"name": "x", "make": "now", "change": "yes"})).status_code == 403
    assert office.kept() == before
