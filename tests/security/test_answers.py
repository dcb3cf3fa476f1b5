"""What holds of every route of the hub, read off the application itself."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi.routing import APIRoute
from tests.security.conftest import asking

from throng.hub.app import Hub
from throng.store.records import KINDS

pytestmark = pytest.mark.anyio
SECRETS = ("password", "token", "secret", "session", "cookie", "factor")
"""Names that no part of an address may have; codes may stand there, and work once."""
LIVE = "/api/v1/live"
"""Never ends by itself."""


def routes(hub: Hub) -> list[tuple[str, str]]:
    """Method and address of every route, with a name that fits for each part that varies."""
    found = [(method, route.path) for route in hub.routes if isinstance(route, APIRoute) for method in route.methods or ()]
    assert len(found) > 50
    return [(method, path.replace("{name:path}", "index.js").replace("{", "").replace("}", "")) for method, path in found]


async def answers(hub: Hub, *, methods: tuple[str, ...] = (), signed_in: bool) -> list[tuple[str, httpx.Response]]:
    """The answer of every route, or of every address to each of the methods."""
    asked = routes(hub)
    if methods:
        asked = [(method, path) for path in sorted({path for _, path in asked}) for method in methods]
    found = []
    async with asking(hub, signed_in=signed_in) as http:
        for method, path in asked:
            if path != LIVE or method not in ("GET", "HEAD"):
                found.append((f"{method} {path}", await http.request(method, path, headers={"x-marker": "mark-8431"})))
    return found


@pytest.mark.parametrize("signed_in", [False, True])
async def test_no_answer_opens_the_hub_to_other_origins(hub: Hub, signed_in: bool) -> None:
    async with asking(hub, signed_in=signed_in) as http:
        for path in ("/health", "/api/v1/site", "/"):
            for method in ("GET", "OPTIONS", "POST"):
                asked = {"origin": "https://evil.example", "access-control-request-method": "POST"}
                answer = await http.request(method, path, headers=asked)
                assert [name for name in answer.headers if name.startswith("access-control-")] == []


@pytest.mark.parametrize("signed_in", [False, True])
async def test_no_route_repeats_a_request_or_takes_a_method_that_it_does_not_state(hub: Hub, signed_in: bool) -> None:
    for asked, answer in await answers(hub, methods=("TRACE", "OPTIONS", "TRACK", "PROPFIND"), signed_in=signed_in):
        assert answer.status_code in (303, 401, 403, 405), asked
        assert "mark-8431" not in answer.text


@pytest.mark.parametrize("signed_in", [False, True])
async def test_every_answer_says_what_it_is(hub: Hub, signed_in: bool) -> None:
    for asked, answer in await answers(hub, signed_in=signed_in):
        if not answer.content:
            continue
        kind = answer.headers["content-type"]
        assert kind == "application/json" or kind.endswith("charset=utf-8"), asked
        if kind == "application/json":
            json.loads(answer.content)
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_every_redirect_leads_to_this_hub(hub: Hub) -> None:
    led = [answer.headers["location"] for _, answer in await answers(hub, signed_in=False) if "location" in answer.headers]
    assert len(led) > 1
    assert [where for where in led if not where.startswith("/") or where.startswith("//")] == []


async def test_asking_changes_nothing(hub: Hub) -> None:
    before = [record for kind in KINDS for record in hub.kept.records.all(kind)]
    head = hub.kept.log.head().seq
    sessions = len(hub.people.sessions.of("this machine"))
    async with asking(hub, signed_in=True) as http:
        for method, path in routes(hub):
            if method == "GET" and path != LIVE:
                assert (await http.get(path)).status_code < 500, path
        assert (await http.get("/api/v1/me")).status_code == 200
    assert [record for kind in KINDS for record in hub.kept.records.all(kind)] == before
    assert len(hub.people.sessions.of("this machine")) <= sessions + 1
    told = {entry["event"] for entry in hub.kept.log.newest() if entry["seq"] > head and entry["outcome"] == "ok"}
    assert told <= {"sign-in", "camera.export"}  # who took the list of cameras away is told, too


async def test_a_parameter_that_comes_twice_is_one_parameter(hub: Hub) -> None:
    async with asking(hub, signed_in=True) as http:
        rest = "&place=gate&quantity=in"
        twice = await http.get(f"/api/v1/series?camera=north&camera=south{rest}")
        once = await http.get(f"/api/v1/series?camera=south{rest}")
        assert (twice.status_code, twice.json()["camera"]) == (once.status_code, "south")
        # What belongs into the body is not taken from the address, and the other way round.
        assert (await http.post("/api/v1/people?name=eve", json={"grants": []})).status_code == 422
        assert (await http.request("GET", "/api/v1/series", content=b'{"camera": "north"}')).status_code == 422


@pytest.mark.parametrize(
    "name", ["' OR 1=1 --", '"; DROP TABLE released; --', "north' UNION SELECT 1 --", "%", "_orth", "\\", "$1", "?"]
)
async def test_a_name_is_never_part_of_a_query(hub: Hub, name: str) -> None:
    async with asking(hub, signed_in=True) as http:
        before = (await http.get("/api/v1/latest")).json()
        for asked in ({"camera": name, "place": "door"}, {"camera": "north", "place": name}):
            for step in ("tick", "hour", "day"):
                answer = await http.get("/api/v1/series", params={**asked, "quantity": "in", "step": step})
                assert (answer.status_code, answer.json()["detail"].startswith("no such measure")) == (404, True)
        for path in ("people", "sensors", "registry/cameras", "tokens"):
            assert (await http.get(f"/api/v1/{path}/{quote(name, safe='')}")).status_code in (404, 422)
        assert (await http.get("/api/v1/latest")).json() == before


async def test_a_fault_of_ours_says_nothing_of_the_inside(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("mark-8431 of the inside")

    monkeypatch.setattr(hub.kept.store, "latest", fails)
    async with asking(hub, signed_in=True, faults=True) as http:
        answer = await http.get("/api/v1/latest")
    assert answer.status_code == 500
    assert "mark-8431" not in answer.text
    assert "Traceback" not in answer.text
    assert len(answer.text) < 200
    assert hub.debug is False


async def test_signing_out_takes_the_cookie_back_and_leads_away_from_the_numbers(hub: Hub) -> None:
    async with asking(hub, signed_in=True) as http:
        token = http.cookies["throng_session"]
        answer = await http.post("/sign-out")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert answer.headers["cache-control"] == "no-store"
        assert "throng_session" not in http.cookies
        http.cookies["throng_session"] = token
        assert (await http.get("/api/v1/latest")).status_code == 401


async def test_sign_ins_and_refusals_are_in_the_log_with_who_and_what(hub: Hub) -> None:
    before = hub.kept.log.head().seq
    async with asking(hub, signed_in=True) as http:
        await http.get("/api/v1/sensor/work")  # for sensors only
        await http.post("/sign-out")
        await http.post("/sign-in", data={"code": "mark-8431"})
        await http.get("/api/v1/site")
        await http.get("/health", headers={"host": "elsewhere"})
        await http.post("/api/v1/enrol", json={"token_id": "mark8431", "request_pem": "x", "proof": "0" * 64})
    told = [entry for entry in reversed(hub.kept.log.newest()) if entry["seq"] > before]
    assert [(entry["event"], entry["outcome"]) for entry in told] == [
        ("sign-in", "ok"),
        ("request.refused", "refused"),
        ("sign-out", "ok"),
        ("sign-in", "refused"),
        ("request.refused", "refused"),
        ("request.refused", "refused"),
        ("sensor.request", "refused"),
    ]
    assert [entry["about"] for entry in told if entry["event"] == "request.refused"] == [
        "GET /api/v1/sensor/work",
        "GET /api/v1/site",
        "GET /health",
    ]
    assert "mark-8431" not in json.dumps(told)


def test_no_address_has_a_secret_in_it(hub: Hub) -> None:
    for path, item in hub.openapi()["paths"].items():
        for method, operation in item.items():
            names = [parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"]
            assert [name for name in names if any(secret in name.lower() for secret in SECRETS)] == [], f"{method} {path}"
            if method == "get":
                assert "requestBody" not in operation, path


def test_bodies_and_answers_have_no_fields_but_those_that_are_described(hub: Hub) -> None:
    objects = [
        (name, schema) for name, schema in hub.openapi()["components"]["schemas"].items() if schema.get("type") == "object"
    ]
    assert len(objects) > 20
    # FastAPI's own answer to a malformed request; its fields are fixed by code.
    theirs = {"HTTPValidationError", "ValidationError"}
    assert [name for name, schema in objects if name not in theirs and schema.get("additionalProperties") is not False] == []


def test_everything_that_is_sent_has_a_longest_size(hub: Hub) -> None:
    description = hub.openapi()
    found = [
        f"{method} {path} {where}"
        for path, item in description["paths"].items()
        for method, operation in item.items()
        for where in _unbounded_in(operation, description)
    ]
    assert found == []


def _unbounded_in(operation: dict[str, Any], description: dict[str, Any]) -> Iterator[str]:
    # Headers are bounded by the server, and bytes that are no JSON by the gate.
    for parameter in operation.get("parameters", []):
        if parameter["in"] != "header":
            yield from _unbounded(parameter["schema"], description, parameter["name"])
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    yield from _unbounded(body.get("schema", {}), description, "body")


def _unbounded(schema: dict[str, Any], description: dict[str, Any], where: str) -> Iterator[str]:
    """Where a text or list may be of any length."""
    if "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _unbounded(one, description, where)
    kind = schema.get("type")
    if kind == "string" and not ({"maxLength", "enum", "const"} & schema.keys() or _is_short(schema)):
        yield where
    if kind == "array":
        if "maxItems" not in schema:
            yield f"{where}[]"
        for part in (schema.get("items", {}), *schema.get("prefixItems", ())):
            yield from _unbounded(part, description, f"{where}[]")
    for name, part in schema.get("properties", {}).items():
        yield from _unbounded(part, description, f"{where}.{name}")


def _is_short(schema: dict[str, Any]) -> bool:
    """Whether a text is a moment, or has a pattern from end to end in which nothing repeats without a bound."""
    pattern = schema.get("pattern", "*")
    anchored = pattern.startswith("^") and pattern.endswith("$")
    return schema.get("format") == "date-time" or (anchored and not re.search(r"[*+]|,\}", pattern))
