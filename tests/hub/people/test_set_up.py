"""Set-up: one link of the terminal makes the first administrator, once; invited people set what nobody else knows."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.hub.people.conftest import EVERYWHERE, HTTPS, LOOPBACK, OTHER, PASSWORD, VIEWER, House, code_of

from throng.hub.people import joining
from throng.hub.people.codes import Purpose, Ticket

pytestmark = pytest.mark.anyio


async def test_nothing_opens_a_new_hub_but_its_link(house: House) -> None:
    async with house.client() as http:
        for name, password in (("admin", "admin"), ("Ada", PASSWORD), ("", ""), ("root", "throng")):
            assert (await http.post("/sign-in", data={"name": name, "password": password})).status_code == 401
        assert (await http.get("/api/v1/me")).status_code == 401
    assert house.people.accounts.all() == []


async def test_the_link_makes_one_administrator_who_is_signed_in(house: House) -> None:
    url = house.people.set_up_url(HTTPS)
    assert url is not None
    async with house.client() as http:
        page = await http.get(url)
        assert (page.status_code, "You become" in page.text or "you become" in page.text) == (200, True)
        form = {"code": code_of(url), "name": "  Ada   Lovelace ", "password": PASSWORD}
        answer = await http.post("/set-up", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        me = (await http.get("/api/v1/me")).json()
        assert (me["name"], me["grants"], me["proved"]) == ("Ada Lovelace", EVERYWHERE, True)
        assert (await http.post("/set-up", data=form | {"name": "Eve"})).status_code == 401
        assert (await http.get(url)).status_code == 401
    assert house.people.set_up_url(HTTPS) is None
    assert [account.name for account in house.people.accounts.all()] == ["Ada Lovelace"]


async def test_the_link_lasts_half_an_hour(house: House) -> None:
    url = house.people.set_up_url(HTTPS)
    assert url is not None
    form = {"code": code_of(url), "name": "Ada", "password": PASSWORD}
    async with house.client() as http:
        house.clock.now_s += 30 * 60 - 1
        assert (await http.get(url)).status_code == 200
        house.clock.now_s += 1
        assert (await http.post("/set-up", data=form)).status_code == 401
    assert house.people.accounts.all() == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"password": "short"}, "12 to 200 characters"),
        ({"password": "passwordpassword"}, "guessed first"),
        ({"password": "ada-velvet-canyon-17"}, "your name"),
        ({"password": "orbit-central-canyon"}, "site"),
        ({"name": ""}, "A name has"),
        ({"name": "This  Machine"}, "means something else"),
        ({"name": "a/b"}, "A name has"),
        ({"name": "x" * 65}, "A name has"),
        ({"name": "\u202eada"}, "A name has"),
        ({"name": "<b>"}, "A name has"),
    ],
)
async def test_what_will_not_do_is_said_and_does_not_use_the_link_up(house: House, changed: dict[str, str], told: str) -> None:
    url = house.people.set_up_url(HTTPS)
    assert url is not None
    form = {"code": code_of(url), "name": "Ada", "password": PASSWORD}
    async with house.client() as http:
        answer = await http.post("/set-up", data=form | changed)
        assert answer.status_code in (400, 422)
        assert told in answer.text
        assert "set-cookie" not in answer.headers
        assert changed.get("password", PASSWORD) not in answer.text
        assert (await http.post("/set-up", data=form)).status_code == 303


async def test_of_two_links_used_at_once_one_makes_the_administrator(house: House) -> None:
    urls = [house.people.set_up_url(HTTPS) for _ in range(4)]
    async with house.client() as http:
        forms = [{"code": code_of(url or ""), "name": f"Ada {number}", "password": PASSWORD} for number, url in enumerate(urls)]
        answers = await asyncio.gather(*(http.post("/set-up", data=form) for form in forms))
    assert sorted(answer.status_code for answer in answers)[0] == 303
    assert sum(answer.status_code == 303 for answer in answers) == 1
    assert len(house.people.accounts.all()) == 1


async def test_a_link_that_is_a_moment_too_late_makes_nobody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    late, first = house.people.set_up_url(HTTPS), house.people.set_up_url(HTTPS)
    use = house.people.codes.use

    def overtaken(code: str, *purposes: Purpose) -> Ticket | None:
        ticket = use(code, *purposes)
        monkeypatch.undo()
        joining.with_password(house.people, code=code_of(first or ""), name="Ada", password=PASSWORD, address="")
        return ticket

    monkeypatch.setattr(house.people.codes, "use", overtaken)
    async with house.client() as http:
        form = {"code": code_of(late or ""), "name": "Eve", "password": OTHER}
        assert (await http.post("/set-up", data=form)).status_code == 409
    assert [account.name for account in house.people.accounts.all()] == ["Ada"]


async def test_after_a_restart_the_account_is_there_and_nobody_is_signed_in(make_house: Callable[..., House]) -> None:
    house = make_house()
    await house.set_up()
    async with house.signed_in() as http:
        cookies = dict(http.cookies)
    again = make_house()
    assert again.people.set_up_url(HTTPS) is None
    async with again.client() as http:
        http.cookies.update(cookies)
        assert (await http.get("/api/v1/me")).status_code == 401
    async with again.signed_in() as http:
        assert (await http.get("/api/v1/me")).status_code == 200


async def test_an_invited_person_sets_a_password_that_nobody_else_sees(house: House) -> None:
    await house.set_up()
    async with house.signed_in() as admin:
        told = (await admin.post("/api/v1/people", json={"name": "Bob", "grants": VIEWER})).json()
        assert (told["name"], told["expires_s"]) == ("Bob", 1800)
        before = (await admin.get("/api/v1/people/bob")).json()
        assert (before["can_sign_in"], before["grants"]) == (False, VIEWER)
    async with house.client() as http:
        assert (await http.post("/sign-in", data={"name": "Bob", "password": ""})).status_code == 401
        page = await http.get(told["url"])
        assert 'value="Bob"' in page.text
        assert "readonly" in page.text
        form = {"code": code_of(told["url"]), "name": "Eve", "password": OTHER}  # the name of the link counts
        assert (await http.post("/set-up", data=form)).status_code == 303
        me = (await http.get("/api/v1/me")).json()
        assert (me["name"], me["grants"]) == ("Bob", VIEWER)
        assert (await http.post("/set-up", data=form)).status_code == 401


async def test_two_names_that_look_alike_in_case_or_width_are_one(house: House) -> None:
    await house.set_up("Ada")
    async with house.signed_in("ＡＤＡ") as admin:
        for name in ("ada", "ADA", "Ａda"):
            answer = await admin.post("/api/v1/people", json={"name": name, "grants": VIEWER})
            assert answer.status_code == 409, name
            assert "has that name already" in answer.json()["detail"]


async def test_a_reset_removes_all_that_opened_the_account_at_once(house: House) -> None:
    await house.set_up()
    await house.invite("Bob", grants=VIEWER)
    async with house.signed_in("Bob", password=OTHER) as bob, house.signed_in() as admin:
        link = (await admin.post("/api/v1/people/Bob/reset")).json()
        assert (await bob.get("/api/v1/me")).status_code == 401
        assert (await bob.post("/sign-in", data={"name": "Bob", "password": OTHER})).status_code == 401
        form = {"code": code_of(link["url"]), "password": "copper window eleven ravens"}
        assert (await bob.post("/set-up", data=form)).status_code == 303
        assert (await bob.get("/api/v1/me")).json()["name"] == "Bob"
    assert [entry["about"] for entry in house.events("account.reset")] == ["Bob"]


async def test_the_terminal_can_reset_the_only_administrator(house: House) -> None:
    await house.set_up()
    url = house.people.reset_url(HTTPS, "ada")
    async with house.client() as http:
        assert (await http.post("/set-up", data={"code": code_of(url), "password": OTHER})).status_code == 303
        assert (await http.get("/api/v1/me")).json()["grants"] == EVERYWHERE
        assert (await http.post("/sign-in", data={"name": "Ada", "password": PASSWORD})).status_code == 401


async def test_a_new_start_by_link_leaves_no_old_factor_behind(house: House) -> None:
    await house.set_up()
    async with house.signed_in() as ada:
        begun = (await ada.post("/api/v1/me/totp")).json()
        assert (await ada.put("/api/v1/me/totp", json={"code": house.totp(begun["secret"])})).status_code == 200
    url = house.people.reset_url(HTTPS, "Ada")
    async with house.client() as http:
        assert (await http.post("/set-up", data={"code": code_of(url), "password": OTHER})).status_code == 303
        me = (await http.get("/api/v1/me")).json()
        assert (me["second_factor"], me["recovery_codes_left"], me["passkeys"]) == (False, 0, [])


async def test_this_machine_signs_in_by_code_until_there_is_an_administrator(make_house: Callable[..., House]) -> None:
    house = make_house(one_time=True)
    url, unused = house.people.sign_in_url(LOOPBACK), house.people.sign_in_url(LOOPBACK)
    set_up = house.people.set_up_url(LOOPBACK)
    assert url
    assert unused
    assert set_up
    async with house.client(LOOPBACK, address="127.0.0.1") as http:
        assert 'value="' + code_of(url) in (await http.get(url)).text
        answer = await http.post("/sign-in", data={"code": f" {code_of(url)} "})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        me: dict[str, Any] = (await http.get("/api/v1/me")).json()
        assert (me["name"], me["grants"]) == ("this machine", EVERYWHERE)
        assert (await http.post("/sign-in", data={"code": code_of(url)})).status_code == 401
        for path in ("/api/v1/me/totp", "/api/v1/me/passkeys/options"):
            assert (await http.post(path)).status_code == 409
        async with house.client(LOOPBACK) as other:
            form = {"code": code_of(set_up), "name": "Ada", "password": PASSWORD}
            assert (await other.post("/set-up", data=form)).status_code == 303
        assert (await http.get("/api/v1/me")).status_code == 401
        assert (await http.post("/sign-in", data={"code": code_of(unused)})).status_code == 401
    assert house.people.sign_in_url(LOOPBACK) is None


async def test_without_one_time_no_code_of_the_terminal_signs_in(house: House) -> None:
    assert house.people.sign_in_url(HTTPS) is None
    code = house.people.codes.make("sign-in")
    async with house.client() as http:
        assert (await http.post("/sign-in", data={"code": code})).status_code == 401
