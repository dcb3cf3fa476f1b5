"""Administrators: invite, change, end and remove, everything at once; and never the last of them."""

import asyncio

import pytest
from tests.hub.people.conftest import EVERYWHERE, OTHER, PASSWORD, VIEWER, House, code_of

from throng.hub.access import Grant
from throng.hub.people.accounts import covers

pytestmark = pytest.mark.anyio
OPERATOR = [{"role": "operator", "site": "south"}]


@pytest.fixture
async def lived_in(house: House) -> House:
    await house.set_up()
    await house.invite("Bob", grants=VIEWER)
    return house


async def test_other_grants_end_the_persons_sessions_and_hold_from_the_next_on(lived_in: House) -> None:
    async with lived_in.signed_in() as ada, lived_in.signed_in("Bob", password=OTHER) as bob:
        code = (await bob.post("/api/v1/sign-in-codes")).json()["code"]
        answer = await ada.put("/api/v1/people/bob", json={"grants": OPERATOR})
        assert (answer.status_code, answer.json()["grants"]) == (200, OPERATOR)
        assert (await bob.get("/api/v1/me")).status_code == 401
        assert (await bob.post("/sign-in", data={"code": code})).status_code == 401
        await bob.post("/sign-in", data={"name": "Bob", "password": OTHER})
        assert (await bob.get("/api/v1/me")).json()["grants"] == OPERATOR
        assert (await ada.get("/api/v1/me")).status_code == 200
    told = lived_in.events("account.grants")
    assert [(entry["who"], entry["about"], entry["detail"]) for entry in told] == [("Ada", "Bob", "may be operator of south")]


async def test_who_is_removed_is_out_at_once_and_cannot_come_back(lived_in: House) -> None:
    async with lived_in.signed_in() as ada, lived_in.signed_in("Bob", password=OTHER) as bob:
        assert (await ada.delete("/api/v1/people/Bob")).status_code == 200
        assert (await bob.get("/api/v1/me")).status_code == 401
        assert (await bob.post("/sign-in", data={"name": "Bob", "password": OTHER})).status_code == 401
        assert (await ada.get("/api/v1/people/Bob")).status_code == 404
        assert [person["name"] for person in (await ada.get("/api/v1/people")).json()] == ["Ada"]


async def test_an_invitation_dies_with_the_removal_of_its_account(lived_in: House) -> None:
    async with lived_in.signed_in() as ada:
        link = (await ada.post("/api/v1/people", json={"name": "Cy", "grants": VIEWER})).json()
        await ada.delete("/api/v1/people/Cy")
        assert (await ada.post("/set-up", data={"code": code_of(link["url"]), "password": OTHER})).status_code == 401


async def test_an_administrator_ends_somebodys_sessions_one_or_all(lived_in: House) -> None:
    async with lived_in.signed_in() as ada, lived_in.signed_in("Bob", password=OTHER) as one:
        listed = (await ada.get("/api/v1/people/bob/sessions")).json()
        current = next(known["id"] for known in (await one.get("/api/v1/me/sessions")).json() if known["current"])
        assert current in {known["id"] for known in listed}
        assert (await ada.delete(f"/api/v1/people/bob/sessions/{current}")).json() == {"ended": 1}
        assert (await one.get("/api/v1/me")).status_code == 401
        async with lived_in.signed_in("Bob", password=OTHER) as two:
            assert (await ada.delete("/api/v1/people/bob/sessions")).json()["ended"] == 2
            assert (await two.get("/api/v1/me")).status_code == 401
        assert (await ada.get("/api/v1/people/bob/sessions")).json() == []


async def test_the_last_administrator_stays(lived_in: House) -> None:
    async with lived_in.signed_in() as ada:
        invited = await ada.post("/api/v1/people", json={"name": "Eve", "grants": EVERYWHERE})
        for answer in (  # Eve has set nothing yet, and does not count
            await ada.delete("/api/v1/people/ada"),
            await ada.put("/api/v1/people/ada", json={"grants": VIEWER}),
            await ada.put("/api/v1/people/ada", json={"grants": [{"role": "administrator", "site": "north"}]}),
        ):
            assert answer.status_code == 409
            assert "one administrator of all sites" in answer.json()["detail"]
        assert (await ada.post("/api/v1/people/ada/reset")).status_code == 409
        form = {"code": code_of(invited.json()["url"]), "password": OTHER}
        async with lived_in.client() as eve:
            assert (await eve.post("/set-up", data=form)).status_code == 303
            assert (await eve.post("/api/v1/people/ada/reset")).status_code == 200
            assert (await eve.delete("/api/v1/people/eve")).status_code == 409
            assert (await eve.delete("/api/v1/people/ada")).status_code == 200


async def test_of_two_administrators_who_remove_each_other_at_once_one_stays(lived_in: House) -> None:
    await lived_in.invite("Eve", grants=EVERYWHERE)
    async with lived_in.signed_in() as ada, lived_in.signed_in("Eve", password=OTHER) as eve:
        answers = await asyncio.gather(ada.delete("/api/v1/people/eve"), eve.delete("/api/v1/people/ada"))
    assert 200 in {answer.status_code for answer in answers}
    assert lived_in.people.accounts.is_set_up()


async def test_who_does_not_administer_all_sites_changes_nobody(lived_in: House) -> None:
    await lived_in.invite("Sue", grants=[{"role": "administrator", "site": "north"}])
    await lived_in.invite("Max", grants=[{"role": "auditor", "site": "*"}])
    asked = [
        ("POST", "/api/v1/people", {"name": "Cy", "grants": EVERYWHERE}),
        ("PUT", "/api/v1/people/sue", {"grants": EVERYWHERE}),
        ("DELETE", "/api/v1/people/ada", None),
        ("POST", "/api/v1/people/ada/reset", None),
        ("DELETE", "/api/v1/people/ada/sessions", None),
        ("PUT", "/api/v1/settings/second-factor", {"roles": []}),
    ]
    before = lived_in.people.records.all("account")
    for name, reads in (("Sue", 403), ("Max", 200), ("Bob", 403)):
        async with lived_in.signed_in(name, password=OTHER) as http:
            assert (await http.get("/api/v1/people")).status_code == reads
            for method, path, body in asked:
                assert (await http.request(method, path, json=body)).status_code == 403
    assert [record.body["grants"] for record in lived_in.people.records.all("account")] == [
        record.body["grants"] for record in before
    ]


async def test_nothing_that_opens_an_account_is_ever_answered(lived_in: House) -> None:
    async with lived_in.signed_in() as ada:
        link = (await ada.post("/api/v1/people", json={"name": "Cy", "grants": VIEWER})).json()
        texts = [(await ada.get(path)).text for path in ("/api/v1/people", "/api/v1/people/cy", "/api/v1/me", "/api/v1/tokens")]
    for record in lived_in.people.records.all("account"):
        for secret in (record.body["password"], record.body["handle"], code_of(link["url"])):
            assert not secret or all(secret not in text for text in texts)


@pytest.mark.parametrize(
    ("own", "wanted", "may"),
    [
        (Grant("administrator"), Grant("viewer", "north"), True),
        (Grant("administrator"), Grant("administrator"), True),
        (Grant("administrator"), Grant("auditor"), False),
        (Grant("administrator", "north"), Grant("viewer", "north"), True),
        (Grant("administrator", "north"), Grant("viewer", "south"), False),
        (Grant("administrator", "north"), Grant("viewer"), False),
        (Grant("operator", "north"), Grant("viewer", "north"), True),
        (Grant("viewer"), Grant("operator", "north"), False),
        (Grant("viewer"), Grant("viewer", "north"), True),
        (Grant("auditor"), Grant("viewer"), False),
    ],
)
def test_nobody_hands_on_more_than_he_has(own: Grant, wanted: Grant, may: bool) -> None:
    assert covers([own], wanted) == may
    assert not covers([], wanted)


async def test_a_name_may_be_of_any_script(lived_in: House) -> None:
    async with lived_in.signed_in() as ada:
        for name in ("Ælfgifu O'Neill", "李小龙", "Мария", "ada.lovelace@example", "محمد"):
            assert (await ada.post("/api/v1/people", json={"name": name, "grants": VIEWER})).status_code == 201
            assert (await ada.get(f"/api/v1/people/{name}")).json()["name"] == name
            assert (await ada.delete(f"/api/v1/people/{name.upper()}")).status_code == 200
    assert PASSWORD not in (lived_in.folder / "audit.jsonl").read_text("utf-8")
