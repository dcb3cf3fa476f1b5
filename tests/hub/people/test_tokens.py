"""Tokens: no more than their maker, shown once, kept as a digest, over in time and with their maker."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.hub.people.conftest import EVERYWHERE, OTHER, VIEWER, House

from throng.hub.access import Principal
from throng.hub.people import tokens
from throng.store.records import Change, Kind, Record

pytestmark = pytest.mark.anyio


@pytest.fixture
async def lived_in(house: House) -> House:
    await house.set_up()
    await house.invite("Bob", grants=VIEWER)
    return house


async def _token(house: House, *, name: str = "Bob", password: str = OTHER, days: int | None = None) -> str:
    async with house.signed_in(name, password=password) as http:
        body = {"name": "export", "grants": VIEWER} | ({} if days is None else {"days": days})
        answer = await http.post("/api/v1/tokens", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])


async def test_a_token_speaks_for_its_grants_and_is_shown_once(lived_in: House) -> None:
    secret = await _token(lived_in)
    assert re.fullmatch(r"throng_[0-9A-Za-z]{49}", secret)
    async with lived_in.client(headers={"authorization": f"Bearer {secret}"}) as script:
        me = (await script.get("/api/v1/me")).json()
        assert (me["name"], me["kind"], me["grants"]) == ("Bob/export", "token", VIEWER)
        assert (await script.get("/api/v1/people")).status_code == 403
    async with lived_in.signed_in("Bob", password=OTHER) as bob:
        listed = await bob.get("/api/v1/tokens")
        assert secret not in listed.text
        assert listed.json()[0]["name"] == "export"
    kept = (lived_in.folder / "hub.sqlite").read_bytes() + (lived_in.folder / "hub.sqlite-wal").read_bytes()
    assert secret.encode() not in kept
    assert secret.encode() not in (lived_in.folder / "audit.jsonl").read_bytes()


async def test_a_token_cannot_make_tokens_or_change_people(lived_in: House) -> None:
    async with lived_in.signed_in() as ada:
        secret = (await ada.post("/api/v1/tokens", json={"name": "root", "grants": EVERYWHERE})).json()["token"]
    async with lived_in.client(headers={"authorization": f"Bearer {secret}"}) as script:
        assert (await script.get("/api/v1/people")).status_code == 200
        for method, path, body in (
            ("POST", "/api/v1/tokens", {"name": "x", "grants": VIEWER}),
            ("POST", "/api/v1/people", {"name": "Cy", "grants": VIEWER}),
            ("DELETE", "/api/v1/people/bob", None),
            ("POST", "/api/v1/people/bob/reset", None),
            ("POST", "/api/v1/me/password", {"password": OTHER}),
            ("POST", "/api/v1/sign-in-codes", None),
            ("GET", "/api/v1/me/sessions", None),
        ):
            answer = await script.request(method, path, json=body)
            assert (answer.status_code, answer.json()["detail"]) == (403, "a token cannot do this: sign in as a person")


async def test_a_token_may_do_no_more_than_its_maker(lived_in: House) -> None:
    async with lived_in.signed_in("Bob", password=OTHER) as bob:
        for grant in ({"role": "operator", "site": "north"}, {"role": "viewer", "site": "*"}, {"role": "auditor", "site": "*"}):
            answer = await bob.post("/api/v1/tokens", json={"name": "x", "grants": [*VIEWER, grant]})
            assert answer.status_code == 403
            assert "no more than you" in answer.json()["detail"]
        assert (await bob.get("/api/v1/tokens")).json() == []


@pytest.mark.parametrize(("days", "lasts"), [(None, 90), (1, 1), (365, 365)])
async def test_a_token_is_over_on_its_day(lived_in: House, days: int | None, lasts: int) -> None:
    secret = await _token(lived_in, days=days)
    lived_in.clock.now_s += lasts * 86_400 - 1
    assert lived_in.people.principal_of_bearer(secret) is not None
    lived_in.clock.now_s += 1
    assert lived_in.people.principal_of_bearer(secret) is None


@pytest.mark.parametrize("days", [0, 366, -1, 1.5, "9"])
async def test_none_lasts_longer_than_a_year(lived_in: House, days: object) -> None:
    async with lived_in.signed_in("Bob", password=OTHER) as bob:
        answer = await bob.post("/api/v1/tokens", json={"name": "x", "grants": VIEWER, "days": days})
    assert answer.status_code == 422


async def test_tokens_die_with_their_maker_and_with_what_he_may_no_longer_do(lived_in: House) -> None:
    first, second = await _token(lived_in), await _token(lived_in, name="Ada", password="orbit-velvet-canyon-17")
    async with lived_in.signed_in() as ada:
        await ada.put("/api/v1/people/bob", json={"grants": [{"role": "operator", "site": "north"}]})
        assert lived_in.people.principal_of_bearer(first) is not None  # an operator of north sees what its viewer sees
        await ada.put("/api/v1/people/bob", json={"grants": [{"role": "viewer", "site": "south"}]})
        assert lived_in.people.principal_of_bearer(first) is None
        third = await _token_of_south(lived_in)
        await ada.delete("/api/v1/people/bob")
    assert lived_in.people.principal_of_bearer(third) is None
    assert lived_in.people.principal_of_bearer(second) is not None
    assert len(lived_in.people.records.all("token")) == 1


async def _token_of_south(house: House) -> str:
    async with house.signed_in("Bob", password=OTHER) as bob:
        body = {"name": "south", "grants": [{"role": "viewer", "site": "south"}]}
        return str((await bob.post("/api/v1/tokens", json=body)).json()["token"])


async def test_everybody_removes_the_own_ones_and_an_administrator_any(lived_in: House) -> None:
    secret = await _token(lived_in, name="Ada", password="orbit-velvet-canyon-17")
    async with lived_in.signed_in("Bob", password=OTHER) as bob, lived_in.signed_in() as ada:
        token = (await ada.get("/api/v1/tokens")).json()[0]["id"]
        assert (await bob.delete(f"/api/v1/tokens/{token}")).status_code == 404
        assert (await bob.get(f"/api/v1/tokens/{token}")).status_code == 404
        mine = (await bob.post("/api/v1/tokens", json={"name": "mine", "grants": VIEWER})).json()
        assert {known["owner"] for known in (await ada.get("/api/v1/tokens")).json()} == {"Ada", "Bob"}
        assert (await ada.delete(f"/api/v1/tokens/{mine['id']}")).status_code == 200
        assert lived_in.people.principal_of_bearer(mine["token"]) is None
        assert (await ada.delete(f"/api/v1/tokens/{token}")).status_code == 200
    assert lived_in.people.principal_of_bearer(secret) is None


async def test_the_day_of_the_last_use_is_kept_and_outlives_a_restart(make_house: Callable[..., House]) -> None:
    house = make_house()
    await house.set_up()
    await house.invite("Bob", grants=VIEWER)
    secret = await _token(house)
    first = house.people.tokens.all()[0]
    assert first.used == ""
    house.people.principal_of_bearer(secret)
    house.clock.now_s += 86_400
    house.people.principal_of_bearer(secret)
    again = make_house()
    token = again.people.tokens.all()[0]
    assert date.fromisoformat(token.used) == datetime.fromtimestamp(house.clock.wall()).astimezone(first.made.tzinfo).date()
    assert token.ends - token.made == timedelta(days=90)
    asked = again.people.principal_of_bearer(secret)
    assert asked == Principal("token", "Bob/export", token.grants, session=bytes.fromhex(token.id))
    assert again.people.is_open(asked.session)
    again.people.tokens.discard([token])
    assert not again.people.is_open(asked.session)


async def test_a_removed_token_is_not_written_again_by_its_last_use(lived_in: House) -> None:
    secret = await _token(lived_in)
    known = lived_in.people.tokens.all()[0]
    lived_in.people.records.change([Change("token", known.id, None)])
    lived_in.people.principal_of_bearer(secret)
    assert lived_in.people.records.all("token") == []


async def test_a_token_that_is_removed_in_the_moment_of_its_use_stays_removed(
    lived_in: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = await _token(lived_in)
    records = lived_in.people.records
    get = records.get

    def removed_meanwhile(kind: Kind, key: str) -> Record | None:
        found = get(kind, key)
        records.change([Change(kind, key, None)])
        return found

    monkeypatch.setattr(records, "get", removed_meanwhile)
    lived_in.people.principal_of_bearer(secret)
    assert records.all("token") == []


@settings(max_examples=40)
@given(at=st.integers(0, 55), letter=st.sampled_from(tokens._DIGITS))
def test_a_mistyped_token_is_told_by_its_checksum_before_it_is_looked_up(at: int, letter: str) -> None:
    drawn = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0U1v"
    secret = f"{tokens.PREFIX}{drawn}{tokens._check_of(drawn)}"
    typed = secret[:at] + letter + secret[at + 1 :]
    written = tokens._TOKEN.fullmatch(typed)
    assert (written is not None and written[2] == tokens._check_of(written[1])) == (typed == secret)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Bearer throng_", "Basic throng_x", f"Bearer throng_{'A' * 49}", "Bearer \u00e9"]
)
async def test_what_is_no_token_opens_nothing(lived_in: House, header: str) -> None:
    async with lived_in.client(headers={}) as script:
        answer = await script.get("/api/v1/me", headers=[(b"authorization", header.encode("latin-1"))])
        assert answer.status_code == 401
