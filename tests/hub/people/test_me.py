"""One's own account: password, second factor, sessions; changed only by whoever has just shown who it is."""

import asyncio
import re
from typing import Any

import httpx
import pytest
from tests.hub.people.conftest import OTHER, PASSWORD, VIEWER, House

pytestmark = pytest.mark.anyio
NEW = "copper window eleven ravens"


@pytest.fixture
async def lived_in(house: House) -> House:
    await house.set_up()
    await house.invite("Bob", grants=VIEWER)
    return house


async def _with_factor(house: House, http: httpx.AsyncClient) -> tuple[str, list[str]]:
    """Sets a second factor up; its secret and the recovery codes."""
    begun = (await http.post("/api/v1/me/totp")).json()
    answer = await http.put("/api/v1/me/totp", json={"code": house.totp(begun["secret"])})
    assert answer.status_code == 200, answer.text
    house.clock.now_s += 60
    return begun["secret"], answer.json()["recovery_codes"]


async def _enter(house: House, factor: str, *, name: str = "Ada", password: str = PASSWORD) -> int:
    async with house.client(address="198.51.100.9") as http:
        return (await http.post("/sign-in", data={"name": name, "password": password, "factor": factor})).status_code


CHANGES: list[tuple[str, str, Any]] = [
    ("POST", "/api/v1/me/password", {"password": NEW}),
    ("POST", "/api/v1/me/totp", None),
    ("PUT", "/api/v1/me/totp", {"code": "123456"}),
    ("DELETE", "/api/v1/me/totp", None),
    ("POST", "/api/v1/me/passkeys/options", None),
    ("DELETE", "/api/v1/me/passkeys/abc", None),
    ("POST", "/api/v1/people", {"name": "Cy", "grants": VIEWER}),
    ("PUT", "/api/v1/people/bob", {"grants": VIEWER}),
    ("DELETE", "/api/v1/people/bob", None),
    ("POST", "/api/v1/people/bob/reset", None),
    ("DELETE", "/api/v1/people/bob/sessions", None),
    ("PUT", "/api/v1/settings/second-factor", {"roles": []}),
    ("POST", "/api/v1/tokens", {"name": "ci", "grants": VIEWER}),
    ("DELETE", "/api/v1/tokens/0123456789abcdef", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
async def test_after_ten_minutes_one_shows_again_who_one_is(lived_in: House, method: str, path: str, body: Any) -> None:
    async with lived_in.signed_in() as http:
        lived_in.clock.now_s += 601
        before = len(lived_in.events())
        answer = await http.request(method, path, json=body)
        assert answer.status_code == 403
        assert "show again who you are" in answer.json()["detail"]
        assert len(lived_in.events()) == before
        assert (await http.get("/api/v1/me")).json()["proved"] is False
        old = dict(http.cookies)
        assert (await http.post("/api/v1/me/proof", json={"password": PASSWORD})).status_code == 200
        assert (await http.get("/api/v1/me")).json()["proved"] is True
        assert (await http.request(method, path, json=body)).status_code != 403
        assert dict(http.cookies) != old


async def test_a_wrong_proof_is_refused_and_slowed_down(lived_in: House) -> None:
    async with lived_in.signed_in() as http:
        lived_in.clock.now_s += 601
        statuses = [(await http.post("/api/v1/me/proof", json={"password": "wrong"})).status_code for _ in range(7)]
        assert statuses == [403] * 5 + [429] * 2
        assert (await http.get("/api/v1/me")).json()["proved"] is False


async def test_a_new_password_ends_all_other_sessions(lived_in: House) -> None:
    async with lived_in.signed_in() as one, lived_in.signed_in() as two, lived_in.signed_in("Bob", password=OTHER) as bob:
        code = (await two.post("/api/v1/sign-in-codes")).json()["code"]
        assert (await one.post("/api/v1/me/password", json={"password": "passwordpassword"})).status_code == 422
        assert (await two.get("/api/v1/me")).status_code == 200
        assert (await one.post("/api/v1/me/password", json={"password": NEW})).status_code == 200
        assert (await one.get("/api/v1/me")).status_code == 200
        assert (await two.get("/api/v1/me")).status_code == 401
        assert (await bob.get("/api/v1/me")).status_code == 200
        assert (await two.post("/sign-in", data={"code": code})).status_code == 401
        assert (await two.post("/sign-in", data={"name": "Ada", "password": PASSWORD})).status_code == 401
        assert (await two.post("/sign-in", data={"name": "Ada", "password": NEW})).status_code == 303


async def test_with_a_second_factor_the_password_alone_opens_nothing(lived_in: House) -> None:
    async with lived_in.signed_in() as http:
        secret, _ = await _with_factor(lived_in, http)
        assert (await http.get("/api/v1/me")).json()["second_factor"] is True
    assert await _enter(lived_in, "") == 401
    assert await _enter(lived_in, "000000") == 401
    code = lived_in.totp(secret)
    assert await _enter(lived_in, code, password="wrong") == 401
    assert await _enter(lived_in, code) == 303
    assert await _enter(lived_in, code) == 401  # each once
    lived_in.clock.now_s += 30
    assert await _enter(lived_in, lived_in.totp(secret)) == 303


async def test_one_code_used_twice_at_once_opens_one_session(lived_in: House) -> None:
    async with lived_in.signed_in() as http:
        secret, _ = await _with_factor(lived_in, http)
    code = lived_in.totp(secret)
    statuses = await asyncio.gather(*(_enter(lived_in, code) for _ in range(4)))
    assert sorted(statuses) == [303, 401, 401, 401]


async def test_a_factor_is_on_only_once_it_was_confirmed(lived_in: House) -> None:
    async with lived_in.signed_in() as http:
        assert (await http.put("/api/v1/me/totp", json={"code": "123456"})).status_code == 409
        begun = (await http.post("/api/v1/me/totp")).json()
        assert begun["secret"] in begun["address"].replace("%20", " ")
        assert (await http.put("/api/v1/me/totp", json={"code": "000000"})).status_code == 422
        assert await _enter(lived_in, "") == 303
        lived_in.clock.now_s += 601
        await http.post("/api/v1/me/proof", json={"password": PASSWORD})
        answer = await http.put("/api/v1/me/totp", json={"code": lived_in.totp(begun["secret"])})
        assert answer.status_code == 409  # ten minutes are over


async def test_each_recovery_code_is_good_once_in_place_of_the_app(lived_in: House) -> None:
    async with lived_in.signed_in() as http:
        _, codes = await _with_factor(lived_in, http)
        assert len(set(codes)) == 10
        for code in codes[:3]:
            assert await _enter(lived_in, code.upper()) == 303
            assert await _enter(lived_in, code) == 401
        assert (await http.get("/api/v1/me")).json()["recovery_codes_left"] == 7
        assert (await http.delete("/api/v1/me/totp")).status_code == 200
        assert await _enter(lived_in, "") == 303
        assert (await http.get("/api/v1/me")).json()["recovery_codes_left"] == 0
        assert (await http.delete("/api/v1/me/totp")).status_code == 404
    assert len(lived_in.events("recovery-code.use")) == 3


async def test_a_proof_needs_the_second_factor_too(lived_in: House) -> None:
    async with lived_in.signed_in() as http:
        secret, _ = await _with_factor(lived_in, http)
        assert (await http.post("/api/v1/me/proof", json={"password": PASSWORD})).status_code == 403
        proof = {"password": PASSWORD, "code": lived_in.totp(secret)}
        assert (await http.post("/api/v1/me/proof", json=proof)).status_code == 200


async def test_a_role_that_needs_a_second_factor_sets_it_up_before_it_is_let_in(lived_in: House) -> None:
    async with lived_in.signed_in() as http:
        told = {"roles": ["administrator", "auditor"]}
        assert (await http.put("/api/v1/settings/second-factor", json=told)).json() == told
        assert (await http.get("/api/v1/settings/second-factor")).json() == told
    async with lived_in.client(address="198.51.100.2") as http:
        page = await http.post("/sign-in", data={"name": "Ada", "password": PASSWORD})
        assert (page.status_code, "set-cookie" in page.headers) == (200, False)
        assert (await http.get("/api/v1/me")).status_code == 401
        ticket = re.findall(r'name="code" value="([\w-]+)"', page.text)[0]
        secret = re.findall(r'id="secret">([A-Z2-7 ]+)<', page.text)[0].replace(" ", "")
        wrong = await http.post("/sign-in/factor", data={"code": ticket, "factor": "000000"})
        assert (wrong.status_code, "set-cookie" in wrong.headers) == (422, False)
        assert secret in re.findall(r'id="secret">([A-Z2-7 ]+)<', wrong.text)[0].replace(" ", "")
        form = {"code": ticket, "factor": lived_in.totp(secret)}
        done = await http.post("/sign-in/factor", data=form)
        assert done.status_code == 200
        assert len(re.findall(r"<li>[\w-]{29}</li>", done.text)) == 10
        assert (await http.get("/api/v1/me")).json()["second_factor"] is True
        assert (await http.post("/sign-in/factor", data=form)).status_code == 401
        assert (await http.delete("/api/v1/me/totp")).status_code == 409
    assert await _enter(lived_in, "", name="Bob", password=OTHER) == 303  # a viewer does not need one


async def test_one_ends_ones_own_sessions_one_by_one_or_all_others(lived_in: House) -> None:
    async with lived_in.signed_in() as one, lived_in.signed_in() as two, lived_in.signed_in() as three:
        listed = (await one.get("/api/v1/me/sessions")).json()
        assert sum(known["current"] for known in listed) == 1
        assert all(known["address"] == "203.0.113.7" for known in listed)
        theirs = {known["id"] for known in (await two.get("/api/v1/me/sessions")).json() if known["current"]}
        assert (await one.delete(f"/api/v1/me/sessions/{theirs.pop()}")).json() == {"ended": 1}
        assert (await two.get("/api/v1/me")).status_code == 401
        assert (await one.delete("/api/v1/me/sessions")).json()["ended"] >= 1
        assert (await three.get("/api/v1/me")).status_code == 401
        assert (await one.get("/api/v1/me")).status_code == 200
        async with lived_in.signed_in("Bob", password=OTHER) as bob:
            mine = (await one.get("/api/v1/me/sessions")).json()[0]["id"]
            assert (await bob.delete(f"/api/v1/me/sessions/{mine}")).status_code == 404
        assert (await one.get("/api/v1/me")).status_code == 200
