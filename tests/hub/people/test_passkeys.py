"""Passkeys: made and used as asked, by their owner, at this hub's name, once; and nothing else passes for one."""

import copy
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.hub.people.authenticator import Authenticator, raw, text
from tests.hub.people.conftest import EVERYWHERE, HTTPS, LOOPBACK, OTHER, PASSWORD, VIEWER, Clock, House, code_of

from throng.data.errors import AccountError
from throng.hub.people.accounts import Passkey
from throng.hub.people.passkeys import Passkeys

pytestmark = pytest.mark.anyio


async def _asked(http: httpx.AsyncClient, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = await http.post(path, json={} if body is None else body)
    assert answer.status_code == 200, answer.text
    options: dict[str, Any] = answer.json()["options"]
    return options


async def _sign(http: httpx.AsyncClient, key: Authenticator) -> httpx.Response:
    options = await _asked(http, "/sign-in/passkey/options")
    return await http.post("/sign-in/passkey", json={"credential": key.sign(options)})


async def _set_up(house: House, *, origin: str = HTTPS) -> Authenticator:
    """Ada with a passkey and no password."""
    url = house.people.set_up_url(origin)
    assert url is not None
    key, link = Authenticator(origin), {"code": code_of(url), "name": "Ada"}
    async with house.client(origin) as http:
        options = await _asked(http, "/set-up/passkey/options", link)
        answer = await http.post("/set-up/passkey", json=link | {"credential": key.make(options), "label": "laptop"})
        assert answer.status_code == 200, answer.text
        me = (await http.get("/api/v1/me")).json()
        assert (me["has_password"], me["grants"], [one["label"] for one in me["passkeys"]]) == (False, EVERYWHERE, ["laptop"])
    return key


async def _add(house: House, http: httpx.AsyncClient, key: Authenticator) -> httpx.Response:
    options = await _asked(http, "/api/v1/me/passkeys/options")
    return await http.post("/api/v1/me/passkeys", json={"credential": key.make(options)})


@pytest.mark.parametrize("origin", [HTTPS, LOOPBACK])
async def test_a_passkey_sets_a_hub_up_and_signs_in_without_a_name(house: House, origin: str) -> None:
    key = await _set_up(house, origin=origin)
    for _ in range(2):
        async with house.client(origin) as http:
            assert (await _sign(http, key)).status_code == 200
            me = (await http.get("/api/v1/me")).json()
            assert (me["name"], me["proved"], me["passkeys"][0]["used"]) == ("Ada", True, "2026-09-21")
    async with house.client(origin) as http:
        assert (await http.post("/sign-in", data={"name": "Ada", "password": ""})).status_code == 401


async def test_the_browser_is_asked_for_a_kept_passkey_and_a_check_of_its_owner(house: House) -> None:
    url = house.people.set_up_url(HTTPS)
    assert url is not None
    async with house.client() as http:
        made = await _asked(http, "/set-up/passkey/options", {"code": code_of(url), "name": "Ada"})
        used = await _asked(http, "/sign-in/passkey/options")
    assert made["authenticatorSelection"]["residentKey"] == "required"
    assert made["authenticatorSelection"]["userVerification"] == used["userVerification"] == "required"
    assert made["rp"]["id"] == used["rpId"] == "hub.example"
    assert "allowCredentials" not in used  # a stranger learns of no account
    assert len(raw(made["challenge"])) >= 16
    assert len(raw(made["user"]["id"])) == 32


async def test_a_passkey_is_both_factors(house: House) -> None:
    key = await _set_up(house)
    async with house.client() as http:
        await _sign(http, key)
        roles = {"roles": ["administrator"]}
        assert (await http.put("/api/v1/settings/second-factor", json=roles)).status_code == 200
    async with house.client() as http:
        assert (await _sign(http, key)).status_code == 200
        assert (await http.get("/api/v1/me")).status_code == 200


@pytest.mark.parametrize(
    "lie",
    [
        lambda key: setattr(key, "verified", False),
        lambda key: setattr(key, "origin", "https://hub.example.evil:8443"),
        lambda key: setattr(key, "origin", "https://hub.example"),
        lambda key: setattr(key, "origin", LOOPBACK),
        lambda key: setattr(key, "cross_origin", True),
        lambda key: setattr(key, "counter", -1),
        lambda key: setattr(key, "key", Authenticator(HTTPS).key),
        lambda key: setattr(key, "credential", bytes(16)),
        lambda key: setattr(key, "handle", text(bytes(32))),
    ],
)
async def test_a_signature_that_is_not_as_asked_is_refused(house: House, lie: Callable[[Authenticator], None]) -> None:
    key = await _set_up(house)
    async with house.client() as http:
        assert (await _sign(http, key)).status_code == 200
    lie(key)
    async with house.client() as http:
        answer = await _sign(http, key)
        assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
    assert house.events("sign-in")[-1]["outcome"] == "refused"


async def test_an_answer_counts_once_and_for_five_minutes(house: House) -> None:
    key = await _set_up(house)
    key.counter = 10
    async with house.client() as http:
        options = await _asked(http, "/sign-in/passkey/options")
        house.clock.now_s += 300
        answer = {"credential": key.sign(options)}
        assert (await http.post("/sign-in/passkey", json=answer)).status_code == 200
        assert (await http.post("/sign-in/passkey", json={"credential": key.sign(options)})).status_code == 401
        options = await _asked(http, "/sign-in/passkey/options")
        house.clock.now_s += 301
        assert (await http.post("/sign-in/passkey", json={"credential": key.sign(options)})).status_code == 401


async def test_a_challenge_for_one_thing_is_none_for_another(house: House) -> None:
    key = await _set_up(house)
    async with house.client() as http:
        await _sign(http, key)
        proof = await _asked(http, "/api/v1/me/proof/passkey/options")
        assert (await http.post("/sign-in/passkey", json={"credential": key.sign(proof)})).status_code == 401
        sign_in = await _asked(http, "/sign-in/passkey/options")
        answer = await http.post("/api/v1/me/proof/passkey", json={"credential": key.sign(sign_in)})
        assert answer.status_code == 403
        made_up = sign_in | {"challenge": text(bytes(56))}
        assert (await http.post("/sign-in/passkey", json={"credential": key.sign(made_up)})).status_code == 401
        made_up = sign_in | {"challenge": text(bytes(8))}
        assert (await http.post("/sign-in/passkey", json={"credential": key.sign(made_up)})).status_code == 401


async def test_asking_costs_no_memory_and_shuts_nobody_out(house: House) -> None:
    key = await _set_up(house)
    async with house.client() as http:
        options = await _asked(http, "/sign-in/passkey/options")
        before = len(house.people.passkeys._answered)
        for _ in range(50):
            await _asked(http, "/sign-in/passkey/options")
        assert len(house.people.passkeys._answered) == before
        assert (await http.post("/sign-in/passkey", json={"credential": key.sign(options)})).status_code == 200


async def test_guessers_do_not_keep_a_passkey_out(house: House) -> None:
    key = await _set_up(house)
    async with house.client() as http:
        for _ in range(60):
            await http.post("/sign-in", data={"name": "Ada", "password": "wrong"})
        assert (await http.post("/sign-in", data={"name": "Ada", "password": "wrong"})).status_code == 429
        assert (await _sign(http, key)).status_code == 200


async def test_passkeys_are_added_and_removed_but_for_the_last_that_opens_the_account(house: House) -> None:
    key, second = await _set_up(house), Authenticator(HTTPS)
    async with house.client() as http:
        await _sign(http, key)
        assert (await http.delete(f"/api/v1/me/passkeys/{key.id}")).status_code == 409
        assert (await _add(house, http, second)).status_code == 200
        assert (await _add(house, http, second)).status_code == 409  # known already
        assert (await http.delete(f"/api/v1/me/passkeys/{key.id}")).status_code == 200
        assert (await http.delete(f"/api/v1/me/passkeys/{key.id}")).status_code == 404
        assert (await http.post("/api/v1/me/password", json={"password": PASSWORD})).status_code == 200
        assert (await http.delete(f"/api/v1/me/passkeys/{second.id}")).status_code == 200
    async with house.client() as http:
        assert (await _sign(http, key)).status_code == 401
        assert (await _sign(http, second)).status_code == 401
    async with house.signed_in():
        pass


async def test_one_shows_again_who_one_is_with_the_own_passkey_only(house: House) -> None:
    key, bobs = await _set_up(house), Authenticator(HTTPS)
    async with house.client() as http:
        await _sign(http, key)
        link = (await http.post("/api/v1/people", json={"name": "Bob", "grants": VIEWER})).json()["url"]
        async with house.client() as bob:
            joined = {"code": code_of(link), "name": ""}
            made = bobs.make(await _asked(bob, "/set-up/passkey/options", joined))
            assert (await bob.post("/set-up/passkey", json=joined | {"credential": made})).status_code == 200
        house.clock.now_s += 601
        assert (await http.post("/api/v1/me/passkeys/options")).status_code == 403
        options = await _asked(http, "/api/v1/me/proof/passkey/options")
        assert [known["id"] for known in options["allowCredentials"]] == [key.id]
        answer = await http.post("/api/v1/me/proof/passkey", json={"credential": bobs.sign(options)})
        assert answer.status_code == 403
        assert (await http.get("/api/v1/me")).json()["proved"] is False
        options = await _asked(http, "/api/v1/me/proof/passkey/options")
        answer = await http.post("/api/v1/me/proof/passkey", json={"credential": key.sign(options)})
        assert answer.status_code == 200
        assert (await http.get("/api/v1/me")).json()["proved"] is True


@pytest.mark.parametrize(
    "lie",
    [
        lambda key: setattr(key, "verified", False),
        lambda key: setattr(key, "origin", "https://evil.example"),
        lambda key: setattr(key, "cross_origin", True),
    ],
)
async def test_a_passkey_that_was_not_made_as_asked_is_not_kept(house: House, lie: Callable[[Authenticator], None]) -> None:
    await house.set_up()
    async with house.signed_in() as http:
        key = Authenticator(HTTPS)
        lie(key)
        assert (await _add(house, http, key)).status_code == 400
        assert (await http.get("/api/v1/me")).json()["passkeys"] == []


async def test_a_passkey_asked_for_by_one_person_is_not_kept_by_another(house: House) -> None:
    await house.set_up()
    await house.invite("Bob", grants=VIEWER)
    async with house.signed_in() as ada, house.signed_in("Bob", password=OTHER) as bob:
        options = await _asked(ada, "/api/v1/me/passkeys/options")
        answer = await bob.post("/api/v1/me/passkeys", json={"credential": Authenticator(HTTPS).make(options)})
        assert answer.status_code == 400


async def test_at_a_bare_address_the_page_says_where_passkeys_work(house: House) -> None:
    bare = "http://127.0.0.1:8080"
    async with house.client(bare) as http:
        page = (await http.get("/sign-in")).text
        assert "data-passkey" not in page
        assert f'<a href="{HTTPS}/sign-in">' in page
        answer = await http.post("/sign-in/passkey/options", json={})
        assert answer.status_code == 400
        assert f"a passkey works at {HTTPS} or {LOOPBACK} only" in answer.json()["detail"]


WHOLE = Passkeys(site_name="Central", origins=[HTTPS], clock=Clock())


def _mangled(answer: dict[str, Any], part: str, cut: bytes, at: int) -> dict[str, Any]:
    changed = copy.deepcopy(answer)
    told = raw(changed["response"][part])
    at %= len(told) + 1
    changed["response"][part] = text(told[:at] + cut + told[at + len(cut) :])
    return changed


@given(
    part=st.sampled_from(["clientDataJSON", "attestationObject"]),
    cut=st.binary(min_size=1, max_size=40),
    at=st.integers(0, 400),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mangled_attestation_is_refused_or_was_not_changed(part: str, cut: bytes, at: int) -> None:
    key = Authenticator(HTTPS)
    options = WHOLE.ask_to_make(HTTPS, about="make", handle=text(bytes(32)), name="Ada")
    answer = _mangled(key.make(options), part, cut, at)
    try:
        made = WHOLE.made(HTTPS, about="make", answer=answer)
    except AccountError as error:
        assert str(error) == "the passkey was not made as asked: try again"  # noqa: PT017
    else:
        assert made.id == key.id


@given(
    part=st.sampled_from(["clientDataJSON", "authenticatorData", "signature", "userHandle"]),
    cut=st.binary(min_size=1, max_size=40),
    at=st.integers(0, 400),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mangled_signature_is_refused_or_was_not_changed(part: str, cut: bytes, at: int) -> None:
    key = Authenticator(HTTPS)
    made = WHOLE.made(
        HTTPS, about="make", answer=key.make(WHOLE.ask_to_make(HTTPS, about="make", handle=text(bytes(32)), name="Ada"))
    )
    passkey = Passkey(made.id, "", "hub.example", made.public, made.counter)
    answer = key.sign(WHOLE.ask_to_sign(HTTPS, about="sign"))
    mangled = _mangled(answer, part, cut, at)
    try:
        WHOLE.counter_of(HTTPS, about="sign", passkey=passkey, handle=text(bytes(32)), answer=mangled)
    except AccountError as error:
        assert error.status == 401  # noqa: PT017
    else:
        assert mangled == answer or part == "userHandle" or json.dumps(mangled) == json.dumps(answer)
