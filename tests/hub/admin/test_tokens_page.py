"""The page about tokens: made, shown once, worthless once removed."""

import re

import pytest
from tests.hub.admin.conftest import Office, problem_of, secret_of

pytestmark = pytest.mark.anyio
TOKENS = "/admin/tokens"
FORM = {"name": "nightly import", "days": "30", "role": "viewer", "site": "north"}
WRONG = [
    ({"days": "0"}, "days"),
    ({"days": "366"}, "days"),
    ({"days": "many"}, "days"),
    ({"days": "٣"}, "days"),
    ({"name": ""}, "name"),
    ({"name": "<b>"}, "name"),
    ({"role": ""}, "grants"),
    ({"site": ""}, "grants.0.site"),
]


async def test_a_token_is_shown_once_works_and_is_removed(office: Office) -> None:
    async with office.browser() as http, office.client() as script:
        made = await http.post(TOKENS, data=FORM)
        assert made.headers["cache-control"] == "no-store"
        headers = {"authorization": f"Bearer {secret_of(made)}"}
        listed = (await http.get(TOKENS)).text
        assert secret_of(made) not in listed
        assert "nightly import" in listed
        assert "viewer of north" in listed
        assert (await script.get("/api/v1/registry/cameras", headers=headers)).status_code == 200
        (token,) = re.findall(r'name="token" value="(\w+)"', listed)
        assert (await http.post(f"{TOKENS}/remove", data={"token": token})).headers["location"] == f"{TOKENS}?done=removed"
        assert (await script.get("/api/v1/registry/cameras", headers=headers)).status_code == 401
        again = await http.post(f"{TOKENS}/remove", data={"token": token})
        assert (again.status_code, bool(problem_of(again))) == (404, True)


async def test_a_token_that_will_not_do_is_told_why(office: Office) -> None:
    async with office.browser() as http:
        for wrong, sentence in WRONG:
            answer = await http.post(TOKENS, data=FORM | wrong)
            assert (answer.status_code, sentence in problem_of(answer).lower()) == (422, True)
    assert office.hub.people.tokens.all() == []


async def test_nobody_makes_a_token_that_may_do_more_or_sees_those_of_others(office: Office) -> None:
    office.account("Bob", "operator", "north")
    async with office.browser() as http, office.browser("Bob") as bob:
        await http.post(TOKENS, data=FORM)
        assert "nightly import" not in (await bob.get(TOKENS)).text
        (token,) = office.hub.people.tokens.all()
        assert (await bob.post(f"{TOKENS}/remove", data={"token": token.id})).status_code == 404
        beyond = await bob.post(TOKENS, data=FORM | {"site": "south"})
        assert (beyond.status_code, "no more than you" in problem_of(beyond)) == (403, True)
        assert (await bob.post(TOKENS, data=FORM)).status_code == 200
    assert len(office.hub.people.tokens.all()) == 2
