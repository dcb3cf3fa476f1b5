"""Whatever is sent: a clear refusal, never a fault of ours, never the sent secret back, nothing changed."""

import json
import re
from typing import Any

import pytest
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.hub.people.conftest import OTHER, PASSWORD, VIEWER, House

pytestmark = pytest.mark.anyio
MARK = "zX9-marked-secret-Qq7"
WORDS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.just(MARK),
    st.just("\ud800"),
    st.just("x" * 9_000),
)
FIELDS = st.sampled_from(
    ["name", "password", "code", "grants", "role", "site", "roles", "days", "credential", "id", "rawId", "type", "response",
     "clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle", "label", "\ud800", MARK]
)  # fmt: skip
JSON = st.recursive(WORDS, lambda part: st.lists(part, max_size=4) | st.dictionaries(FIELDS, part, max_size=6), max_leaves=12)


def _routes(house: House) -> list[tuple[str, str]]:
    return sorted(
        (method, route.path)
        for route in house.app.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
        if method != "GET"
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(body=JSON, signed_in=st.booleans(), pick=st.integers(0, 1_000))
async def test_no_body_breaks_a_route(house: House, body: Any, signed_in: bool, pick: int) -> None:
    if not house.people.accounts.is_set_up():
        await house.set_up()
        await house.invite("Bob", grants=VIEWER)
    routes = [route for route in _routes(house) if route[1] not in ("/sign-out", "/api/v1/people/{name}")]
    method, path = routes[pick % len(routes)]
    path = re.sub(r"\{session\}", "0" * 32, re.sub(r"\{token\}", "0" * 16, re.sub(r"\{(name|passkey)\}", "nobody", path)))
    house.clock.now_s += 4_000  # nobody is slowed down
    accounts = [record.body for record in house.people.records.all("account")]
    async with house.client() as http:
        if signed_in:
            await http.post("/sign-in", data={"name": "Bob", "password": OTHER})
        content = json.dumps(body).encode()
        answer = await http.request(method, path, content=content, headers={"content-type": "application/json"})
    assert answer.status_code < 500, answer.text
    assert MARK not in answer.text or MARK in json.dumps(_keys(body))
    assert [record.body for record in house.people.records.all("account")] == accounts


def _keys(body: Any) -> list[str]:
    """The names of fields: those may be told, as what is not asked for."""
    if isinstance(body, dict):
        return [*body, *(key for part in body.values() for key in _keys(part))]
    return [key for part in body for key in _keys(part)] if isinstance(body, list) else []


@pytest.mark.parametrize(
    "path", ["/api/v1/people/%00", "/api/v1/people/%ff", "/api/v1/people/" + "x" * 300, "/api/v1/people/%2e%2e"]
)
async def test_odd_names_are_nobody(house: House, path: str) -> None:
    await house.set_up()
    async with house.signed_in() as http:
        assert (await http.get(path)).status_code in (404, 422)
        assert (await http.delete(path)).status_code in (404, 422)


@pytest.mark.parametrize(("password", "status"), [("\ud800" * 20, 403), ("x" * 1_001, 422), ("x" * 1_000, 403), ("", 403)])
async def test_odd_passwords_do_not_fit(house: House, password: str, status: int) -> None:
    await house.set_up()
    async with house.signed_in() as http:
        content = json.dumps({"password": password}).encode()
        answer = await http.post("/api/v1/me/proof", content=content, headers={"content-type": "application/json"})
        assert answer.status_code == status
        assert isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize(
    "grants", [[], [{"role": "king"}], [{"role": "viewer", "site": ""}], VIEWER * 201, [{"role": "viewer", "x": 1}], {}]
)
async def test_odd_grants_are_refused(house: House, grants: Any) -> None:
    await house.set_up()
    async with house.signed_in() as http:
        assert (await http.post("/api/v1/people", json={"name": "Cy", "grants": grants})).status_code == 422
        assert (await http.put("/api/v1/people/ada", json={"grants": grants})).status_code == 422


async def test_no_secret_reaches_the_log_the_records_a_repr_or_an_error(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    url = house.people.set_up_url("https://hub.example:8443")
    await house.set_up()
    secrets = [PASSWORD, (url or "").partition("code=")[2]]
    async with house.signed_in() as http:
        secrets.append(http.cookies["__Host-throng"])
        secrets.append((await http.post("/api/v1/tokens", json={"name": "ci", "grants": VIEWER})).json()["token"])
        secrets.append((await http.post("/api/v1/sign-in-codes")).json()["code"])
        begun = (await http.post("/api/v1/me/totp")).json()
        code = house.totp(begun["secret"])
        secrets += [begun["secret"], *(await http.put("/api/v1/me/totp", json={"code": code})).json()["recovery_codes"]]
        await http.post("/sign-in", data={"name": MARK, "password": MARK})
        await http.post("/sign-in", data={"code": MARK})
    account = house.people.accounts.get("ada")
    assert account.password
    kept = b"".join(path.read_bytes() for path in house.folder.rglob("*") if path.is_file())
    told = "".join([repr(account), repr(house.people.tokens.all()), repr(vars(house.people.sessions)), caplog.text])
    assert b"argon2id" in kept
    for secret in [*secrets, MARK]:
        assert secret.encode() not in kept
        assert secret not in told
    assert account.password not in told
