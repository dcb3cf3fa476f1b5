"""Signing in: the same answer whatever was wrong, slower and slower, and a cookie that nothing but this hub gets."""

import re
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from tests.hub.people.conftest import HTTPS, LOOPBACK, OTHER, PASSWORD, VIEWER, House, code_of

from throng.store.records import Change

pytestmark = pytest.mark.anyio


@pytest.fixture
async def lived_in(house: House) -> House:
    """A house with Ada, who administers it, and Bob, who looks."""
    await house.set_up()
    await house.invite("Bob", grants=VIEWER)
    return house


async def test_the_cookie_goes_to_this_host_alone_over_tls_and_to_no_script(lived_in: House) -> None:
    for name, password, most_s in (("Ada", PASSWORD, 12 * 3600), ("Bob", OTHER, 7 * 24 * 3600)):
        async with lived_in.client() as http:
            answer = await http.post("/sign-in", data={"name": name, "password": password})
        cookie, *rest = answer.headers["set-cookie"].split(";")
        assert re.fullmatch(r"__Host-throng=[\w-]{43}", cookie)
        attributes = {part.strip().lower() for part in rest}
        assert attributes == {"httponly", "samesite=strict", "secure", "path=/", f"max-age={most_s}"}


async def test_on_loopback_without_tls_the_cookie_has_the_name_that_browsers_take(lived_in: House) -> None:
    async with lived_in.client(LOOPBACK) as http:
        answer = await http.post("/sign-in", data={"name": "Ada", "password": PASSWORD})
    attributes = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert answer.headers["set-cookie"].startswith("throng_session=")
    assert attributes == {"httponly", "samesite=strict", "path=/", "max-age=43200"}


async def test_an_unknown_name_and_a_wrong_password_are_told_apart_by_nothing(
    lived_in: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    passwords = lived_in.people.passwords
    fits = passwords.fits

    def counted(hashed_one: str | None, password: str) -> bool:
        hashed.append(password)
        return fits(hashed_one, password)

    monkeypatch.setattr(passwords, "fits", counted)
    for name in ("Ada", "Nobody", "Bob", "Ada ", "\u0000", "x" * 190):
        async with lived_in.client(address=f"198.51.100.{len(hashed)}") as http:
            answer = await http.post("/sign-in", data={"name": name, "password": f"wrong {len(hashed)}"})
        page = answer.text.replace(f'name="name" value="{name}"', "")
        told = (answer.status_code, sorted(answer.headers), re.sub(r'value="[^"]*"', "", page))
        if len(hashed) == 1:
            first = told
        assert told[:2] == first[:2]
        assert told[2] == first[2]
    assert len(hashed) == 6  # each was hashed
    entries = lived_in.events("sign-in")[-6:]
    assert {(entry["outcome"], entry["detail"], *sorted(entry)) for entry in entries} == {
        ("refused", "password", *sorted(entries[0]))
    }
    assert [entry["who"] for entry in entries] == ["Ada", "", "Bob", "Ada", "", ""]  # what nobody is called may be a password


@pytest.mark.parametrize("name", ["Ada", "Nobody"])
async def test_guessing_slows_down_and_says_so_for_any_name(lived_in: House, name: str) -> None:
    async with lived_in.client(address="198.51.100.1") as http:
        statuses = [(await http.post("/sign-in", data={"name": name, "password": "wrong"})).status_code for _ in range(7)]
        assert statuses == [401] * 5 + [429] * 2
        answer = await http.post("/sign-in", data={"name": name, "password": PASSWORD})
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
        assert "Too many wrong attempts: wait 1 seconds." in answer.text
        lived_in.clock.now_s += 1
        answer = await http.post("/sign-in", data={"name": name, "password": PASSWORD})
        assert answer.status_code == (303 if name == "Ada" else 401)


async def test_whoever_guesses_keeps_nobody_out_who_is_in_or_elsewhere(lived_in: House) -> None:
    async with lived_in.signed_in() as ada, lived_in.client(address="198.51.100.1") as thief:
        for _ in range(30):
            await thief.post("/sign-in", data={"name": "Ada", "password": "wrong"})
        assert (await thief.post("/sign-in", data={"name": "Ada", "password": PASSWORD})).status_code == 429
        assert (await ada.get("/api/v1/me")).status_code == 200
        assert (await ada.post("/api/v1/me/proof", json={"password": PASSWORD})).status_code == 200
        async with lived_in.signed_in() as again:
            assert (await again.get("/api/v1/me")).status_code == 200


async def test_wrong_codes_are_slowed_down_apart_from_passwords(lived_in: House) -> None:
    async with lived_in.client() as http:
        statuses = [(await http.post("/sign-in", data={"code": "wrong"})).status_code for _ in range(22)]
        assert statuses == [401] * 20 + [429] * 2
        assert (await http.post("/sign-in", data={"name": "Ada", "password": PASSWORD})).status_code == 303


async def test_signing_out_ends_this_session_only(lived_in: House) -> None:
    async with lived_in.signed_in() as one, lived_in.signed_in() as two:
        old = dict(one.cookies)
        answer = await one.post("/sign-out")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert dict(one.cookies) == {}
        one.cookies.update(old)
        assert (await one.get("/api/v1/me")).status_code == 401
        assert (await two.get("/api/v1/me")).status_code == 200
    assert len(lived_in.ended) == 1


async def test_each_sign_in_has_a_token_of_its_own_and_ends_the_browsers_old_one(lived_in: House) -> None:
    async with lived_in.signed_in() as http:
        first = http.cookies["__Host-throng"]
        await http.post("/sign-in", data={"name": "Ada", "password": PASSWORD})
        assert http.cookies["__Host-throng"] != first
        for planted in ("x" * 43, first, f"{'A' if first[0] == 'B' else 'B'}{first[1:]}"):
            answer = await http.get("/api/v1/me", headers={"cookie": f"__Host-throng={planted}"})
            assert answer.status_code == 401


async def test_a_change_asked_for_by_another_page_is_refused(lived_in: House) -> None:
    async with lived_in.signed_in() as http:
        for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"origin": HTTPS.replace("https", "http")}):
            for path in ("/sign-out", "/sign-in", "/set-up", "/api/v1/me/totp", "/api/v1/sign-in-codes", "/sign-in/passkey"):
                assert (await http.post(path, headers=headers)).status_code == 403
        assert (await http.get("/api/v1/me")).status_code == 200


async def test_another_device_signs_in_by_a_code_as_the_same_person_for_the_same_time(lived_in: House) -> None:
    async with lived_in.signed_in("Bob", password=OTHER) as bob:
        lived_in.clock.now_s += 3_600
        told = (await bob.post("/api/v1/sign-in-codes")).json()
        assert (told["expires_s"], told["url"]) == (300, f"{HTTPS}/sign-in?code={told['code']}")
        async with lived_in.client() as phone:
            assert (await phone.post("/sign-in", data={"code": told["code"]})).status_code == 303
            me = (await phone.get("/api/v1/me")).json()
            assert (me["name"], me["grants"], me["proved"]) == ("Bob", VIEWER, False)
            late = (await bob.post("/api/v1/sign-in-codes")).json()
            lived_in.clock.now_s += 300
            assert (await phone.post("/sign-in", data={"code": late["code"]})).status_code == 401
            assert (await phone.get("/api/v1/me")).status_code == 200
        assert {known["how"] for known in (await bob.get("/api/v1/me/sessions")).json()} == {"password", "code"}


async def test_a_hash_with_old_parameters_is_made_anew_at_sign_in(make_house: Callable[..., House]) -> None:
    await make_house().set_up()
    stronger = make_house(hasher=PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    before = stronger.people.accounts.get("ada").password
    for _ in range(2):
        async with stronger.signed_in():
            pass
    after = stronger.people.accounts.get("ada").password
    assert before is not None
    assert after is not None
    assert "m=8,t=1" in before
    assert "m=16,t=2" in after


async def test_a_session_that_was_opened_while_the_account_was_removed_does_not_live(
    lived_in: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = lived_in.people.passwords.fits

    def removed_meanwhile(known: str | None, typed: str) -> bool:
        found = fits(known, typed)
        record = lived_in.people.records.get("account", "bob")
        assert record is not None
        lived_in.people.records.change([Change("account", "bob", None, record.version)])
        return found

    before = lived_in.people.sessions.of("Bob")
    monkeypatch.setattr(lived_in.people.passwords, "fits", removed_meanwhile)
    async with lived_in.client() as http:
        answer = await http.post("/sign-in", data={"name": "Bob", "password": OTHER})
    assert answer.status_code == 401
    assert lived_in.people.sessions.of("Bob") == before


async def test_the_page_shows_what_was_typed_escaped_and_runs_no_script_of_its_own(lived_in: House) -> None:
    async with lived_in.client() as http:
        answer = await http.post("/sign-in", data={"name": '"><script>alert(1)</script>', "password": "wrong"})
        form = await http.get("/sign-in", params={"code": '"><script>alert(1)</script>'})
    assert "<script>" not in answer.text + form.text
    assert re.findall(r"<script[^>]*>", answer.text) == ['<script type="module" src="/sign-in/passkey.js">']
    assert "wrong" not in re.sub(r"<[^>]*>", "", answer.text)
    assert "<style" not in answer.text + form.text
    assert " on" not in re.sub(r">[^<]*<", "><", answer.text)  # no attribute that runs a script


async def test_a_form_that_is_none_is_refused(lived_in: House) -> None:
    async with lived_in.client() as http:
        for body in (b"", b"\xff\xfe", b"name", b"&" * 3000, b"name=" + b"x" * 10_000, b"name=a&name=b", b"a=1&" * 50):
            assert (await http.post("/sign-in", content=body)).status_code == 401, body[:20]


async def test_codes_of_a_link_do_not_sign_in_and_the_other_way_round(lived_in: House) -> None:
    async with lived_in.signed_in() as admin:
        link = (await admin.post("/api/v1/people", json={"name": "Cy", "grants": VIEWER})).json()
        device = (await admin.post("/api/v1/sign-in-codes")).json()
    async with lived_in.client() as http:
        assert (await http.post("/sign-in", data={"code": code_of(link["url"])})).status_code == 401
        assert (await http.post("/set-up", data={"code": device["code"], "password": OTHER})).status_code == 401
        assert (await http.get("/set-up", params={"code": device["code"]})).status_code == 401
