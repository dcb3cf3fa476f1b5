"""Strangers can find out whom to tell about a weakness, and learn nothing else."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from throng.data.errors import HubError
from throng.hub.well_known import POLICY, SECURITY, add_well_known

pytestmark = pytest.mark.anyio
CONTACT = "mailto:security@station.example"


async def ask(
    path: str, *, base: str = "https://hub.example:8443", contact: str = CONTACT, now_s: float = 0.0
) -> httpx.Response:
    app = FastAPI()
    add_well_known(app, contact=contact, clock=lambda: now_s)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=base) as http:
        return await http.get(path)


def fields(answer: httpx.Response) -> dict[str, str]:
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    lines = answer.text.splitlines()
    split = dict(line.split(": ", 1) for line in lines)
    assert len(split) == len(lines)  # none of our fields may stand twice
    return split


async def test_the_file_has_what_the_standard_asks_for() -> None:
    found = fields(await ask(SECURITY))
    assert found["Contact"] == CONTACT
    assert found["Canonical"] == "https://hub.example:8443/.well-known/security.txt"
    assert found["Policy"] == "https://hub.example:8443/.well-known/security-policy.txt"
    assert found["Preferred-Languages"] == "en"


@pytest.mark.parametrize("now_s", [0.0, 1_790_000_000.0, 1_790_000_000.0 + 40 * 365 * 86_400])
async def test_it_never_expires_and_never_promises_more_than_a_year(now_s: float) -> None:
    expires = datetime.fromisoformat(fields(await ask(SECURITY, now_s=now_s))["Expires"])
    ahead = expires - datetime.fromtimestamp(now_s, UTC)
    assert timedelta(days=30) < ahead < timedelta(days=365)


async def test_without_a_contact_the_policy_is_the_contact() -> None:
    answer = await ask(SECURITY, contact="")
    assert fields(answer)["Contact"] == fields(answer)["Policy"]


async def test_the_file_names_no_address_without_encryption() -> None:
    answer = await ask(SECURITY, base="http://127.0.0.1:8080")
    assert fields(answer).keys() == {"Contact", "Expires", "Preferred-Languages"}
    nobody = await ask(SECURITY, base="http://127.0.0.1:8080", contact="")
    assert (nobody.status_code, "hub.contact" in nobody.json()["detail"]) == (404, True)


async def test_a_query_is_not_repeated() -> None:
    assert "marker" not in (await ask(f"{SECURITY}?marker=1")).text


async def test_the_policy_says_how_to_report() -> None:
    answer = await ask(POLICY)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert CONTACT in answer.text
    assert "SECURITY.md" in answer.text


@pytest.mark.parametrize(
    "contact",
    [
        "security@station.example",
        "http://station.example",
        "mailto:",
        "mailto:a@b c",
        "mailto:a@b\nPolicy: x",
        "mailto:" + "a" * 500,
    ],
)
def test_a_contact_that_is_no_address_is_refused(contact: str) -> None:
    with pytest.raises(HubError, match=r"hub\.contact must be"):
        add_well_known(FastAPI(), contact=contact)


@given(st.text(max_size=40))
def test_no_contact_adds_a_line(end: str) -> None:
    contact = f"mailto:a{end}"
    try:
        add_well_known(FastAPI(), contact=contact)
    except HubError:
        return
    assert contact.isascii()
    assert len(contact.splitlines()) == 1
