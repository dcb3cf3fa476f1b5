"""The page about oneself: password, second factor, passkeys, sessions."""

import re
import time

import pyotp
import pytest
from tests.hub.admin.conftest import ORIGIN, OTHER, PASSWORD, Office, problem_of, secret_of
from tests.hub.admin.test_qr import decoded, drawn
from tests.hub.people.authenticator import Authenticator

from throng.hub.people.accounts import Account

pytestmark = pytest.mark.anyio
ME = "/admin/me"


def account(office: Office) -> Account:
    return office.hub.people.accounts.get("Ada")


async def test_a_new_password_ends_the_other_sessions_and_works(office: Office) -> None:
    async with office.browser() as http, office.browser() as other:
        answer = await http.post(f"{ME}/password", data={"password": OTHER})
        assert (answer.status_code, answer.headers["location"]) == (303, f"{ME}?done=password")
        assert "All your other sessions are ended" in (await http.get(answer.headers["location"])).text
        assert (await other.get(ME)).headers["location"] == "/sign-in"
    assert office.hub.people.passwords.fits(account(office).password, OTHER)


async def test_a_password_that_will_not_do_is_told_why_and_never_shown(office: Office) -> None:
    before = office.kept()
    async with office.browser() as http:
        for password in ("", "short-8431", "Ada Ada Ada Ada", "password1234", "x" * 201):
            answer = await http.post(f"{ME}/password", data={"password": password})
            assert answer.status_code == 422
            assert problem_of(answer)
            assert not password or password not in answer.text
    assert office.kept() == before


async def test_a_second_factor_is_scanned_confirmed_and_its_recovery_codes_shown_once(office: Office) -> None:
    async with office.browser() as http:
        begun = await http.post(f"{ME}/factor")
        assert begun.headers["cache-control"] == "no-store"
        secret = secret_of(begun).replace(" ", "")
        picture = re.search(r'<img src="([^"]+)"', begun.text)
        assert picture
        assert f"secret={secret}&" in decoded(drawn(picture[1]))
        assert secret not in (await http.get(ME)).text
        wrong = await http.post(f"{ME}/factor/confirm", data={"code": "000 000"})
        assert (wrong.status_code, "does not fit" in problem_of(wrong)) == (422, True)
        assert secret_of(wrong).replace(" ", "") == secret  # the one that the app has already
        made = await http.post(f"{ME}/factor/confirm", data={"code": pyotp.TOTP(secret).now()})
        codes = re.findall(r"<li>([a-z2-7]{4}(?:-[a-z2-7]{4}){5})</li>", made.text)
        assert len(set(codes)) == 10
        assert account(office).totp is not None
        again = (await http.get(ME)).text
        assert "10 recovery codes are left" in again
        assert not [code for code in codes if code in again]
    assert ("totp.add", "ok") in office.events()


async def test_a_code_for_a_factor_that_was_not_begun_is_refused(office: Office) -> None:
    async with office.browser() as http:
        answer = await http.post(f"{ME}/factor/confirm", data={"code": "123456"})
    assert (answer.status_code, "no second factor was begun" in problem_of(answer).lower()) == (409, True)


async def test_a_factor_that_the_role_needs_is_replaced_and_not_removed(office: Office) -> None:
    async with office.browser() as http:
        secret = secret_of(await http.post(f"{ME}/factor")).replace(" ", "")
        await http.post(f"{ME}/factor/confirm", data={"code": pyotp.TOTP(secret).at(time.time())})
        refused = await http.post(f"{ME}/factor/remove")
        assert (refused.status_code, "needs a second factor" in problem_of(refused)) == (409, True)
        await http.post("/admin/second-factor", data={"change": "yes"})
        assert (await http.post(f"{ME}/factor/remove")).headers["location"] == f"{ME}?done=removed"
    assert account(office).totp is None


async def test_a_passkey_that_the_script_made_is_listed_and_removed(office: Office) -> None:
    key = Authenticator(ORIGIN)
    async with office.browser() as http:
        page = (await http.get(ME)).text
        assert 'data-passkey="add"' in page
        options = (await http.post("/api/v1/me/passkeys/options")).json()["options"]
        added = await http.post("/api/v1/me/passkeys", json={"label": "my phone", "credential": key.make(options)})
        assert added.status_code == 200
        assert "my phone" in (await http.get(ME)).text
        assert 'data-passkey="prove"' in (await http.get("/admin/proof")).text
        refused = await http.post(f"{ME}/passkeys/remove", data={"passkey": "none"})
        assert (refused.status_code, bool(problem_of(refused))) == (404, True)
        await http.post(f"{ME}/passkeys/remove", data={"passkey": key.id})
    assert account(office).passkeys == ()


async def test_sessions_are_ended_one_by_one_and_all_but_this(office: Office) -> None:
    async with office.browser() as http, office.browser() as second, office.browser() as third:
        page = (await http.get(ME)).text
        assert "this one" in page
        sessions = re.findall(r'name="session" value="([0-9a-f]{32})"', page)
        assert len(sessions) == 2
        newest = office.hub.people.sessions.of("Ada")[0].id.hex()
        await http.post(f"{ME}/sessions/end", data={"session": newest})
        assert (await third.get(ME)).status_code == 303
        assert (await second.get(ME)).status_code == 200
        for wrong in ({}, {"session": "0" * 32}, {"session": "x"}):
            assert (await http.post(f"{ME}/sessions/end", data=wrong)).status_code == 404
        await http.post(f"{ME}/sessions/end", data={"session": "others"})
        assert (await second.get(ME)).status_code == 303
        assert (await http.get(ME)).status_code == 200


async def test_a_script_has_no_such_page(office: Office) -> None:
    async with office.browser() as http:
        made = await http.post("/admin/tokens", data={"name": "t", "days": "1", "role": "administrator", "site": "*"})
    headers = {"authorization": f"Bearer {secret_of(made)}"}
    async with office.client() as http:
        assert (await http.get(ME, headers=headers)).status_code == 403
        for path, data in (("me/password", {"password": OTHER}), ("people", {"name": "Eve", "role": "viewer", "site": "*"})):
            assert (await http.post(f"/admin/{path}", headers=headers, data=data)).status_code == 403
    assert office.hub.people.passwords.fits(account(office).password, PASSWORD)
