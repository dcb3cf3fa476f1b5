"""What opens accounts is changed by whoever has just shown who it is."""

import pytest
from tests.hub.admin.conftest import OTHER, PASSWORD, Office, problem_of

pytestmark = pytest.mark.anyio
GUARDED = {
    "/admin/me/password": {"password": OTHER},
    "/admin/me/factor": {},
    "/admin/me/factor/confirm": {"code": "123456"},
    "/admin/me/factor/remove": {},
    "/admin/me/passkeys/remove": {"passkey": "x"},
    "/admin/people": {"name": "Bob", "role": "viewer", "site": "north"},
    "/admin/second-factor": {"change": "yes", "role": "auditor"},
    "/admin/people/Ada/grants": {"role": "viewer", "site": "*"},
    "/admin/people/Ada/sessions": {},
    "/admin/people/Ada/reset": {},
    "/admin/people/Ada/remove": {},
    "/admin/tokens": {"name": "script", "days": "1", "role": "viewer", "site": "north"},
    "/admin/tokens/remove": {"token": "0" * 16},
}

PLACES = (
    "https://evil.example/admin",
    "//evil.example",
    "/\\evil.example",
    "/admin/../sign-out",
    "/admin/%2e%2E/sign-out",
    "/sign-out",
    "/admin/x\r\nset-cookie: a=b",
    "",
)


async def test_whoever_has_not_is_sent_to_show_it_and_nothing_is_changed(office: Office) -> None:
    before = office.kept()
    async with office.browser(proved=False) as http:
        for path, form in GUARDED.items():
            answer = await http.post(path, data=form)
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/admin/proof?to=/admin/"), path
    assert office.kept() == before


@pytest.mark.parametrize("page", ["/admin/me", "/admin/people/Ada"])
async def test_the_password_opens_the_page_again_under_a_new_cookie(office: Office, page: str) -> None:
    async with office.browser(proved=False) as http:
        old = http.cookies["__Host-throng"]
        assert f'href="/admin/proof?to={page}"' in (await http.get(page)).text
        assert 'type="password"' not in (await http.get(page)).text
        asked = await http.get("/admin/proof", params={"to": page})
        assert f'name="to" value="{page}"' in asked.text
        answer = await http.post("/admin/proof", data={"to": page, "password": PASSWORD, "factor": ""})
        assert (answer.status_code, answer.headers["location"]) == (303, f"{page}?done=proved")
        assert "httponly" in answer.headers["set-cookie"].lower()
        assert http.cookies["__Host-throng"] != old
        shown = await http.get(answer.headers["location"])
        assert "/admin/proof" not in shown.text
        assert "You have shown who you are" in shown.text
    async with office.client(cookie=old) as http:
        assert (await http.get(page)).headers["location"] == "/sign-in"


async def test_a_wrong_password_is_told_on_the_page_and_in_the_log(office: Office) -> None:
    async with office.browser(proved=False) as http:
        answer = await http.post("/admin/proof", data={"to": "/admin/people", "password": "wrong-8431"})
        assert (answer.status_code, "did not fit" in problem_of(answer)) == (403, True)
        assert "wrong-8431" not in answer.text
        assert 'name="to" value="/admin/people"' in answer.text
        assert (await http.post("/admin/people", data=GUARDED["/admin/people"])).status_code == 303
    assert ("sign-in.again", "refused") in office.events()


async def test_it_leads_nowhere_but_to_a_page_of_administration(office: Office) -> None:
    for place in PLACES:
        async with office.browser(proved=False) as http:
            answer = await http.post("/admin/proof", data={"to": place, "password": PASSWORD})
            assert answer.headers["location"].startswith("/admin?done="), place
            assert 'value="/admin"' in (await http.get("/admin/proof", params={"to": place})).text


async def test_this_machine_without_an_account_is_told_to_make_one(office: Office) -> None:
    async with office.browser("this machine", grants=office.hub.people.accounts.get("Ada").grants) as http:
        answer = await http.post("/admin/proof", data={"password": PASSWORD})
        assert answer.status_code == 409
        assert "without an account" in answer.text
        assert (await http.get("/admin/me")).status_code == 200
