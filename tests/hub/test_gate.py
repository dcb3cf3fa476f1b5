"""The gate: a stranger gets health and sign-in, and nothing else, known or not."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from starlette.routing import Mount, Route

from throng.hub.app import Hub
from throng.hub.gate import COOKIE, FOR_STRANGERS

pytestmark = pytest.mark.anyio
Client = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]

ASKED = {
    ("GET", "/health"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/style.css"),
    ("POST", "/sign-out"),
    ("GET", "/"),
    ("GET", "/assets/index.js"),
    ("GET", "/api/v1/openapi.json"),
    ("HEAD", "/api/v1/openapi.json"),
    ("GET", "/api/v1/site"),
    ("GET", "/api/v1/cameras"),
    ("GET", "/api/v1/measures"),
    ("GET", "/api/v1/latest"),
    ("GET", "/api/v1/series"),
    ("GET", "/api/v1/heat"),
    ("GET", "/api/v1/alarms"),
    ("GET", "/api/v1/live"),
    ("POST", "/api/v1/sign-in-codes"),
}

NOT_THERE = [
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("GET", "/api/v2"),
    ("GET", "/health/"),
    ("GET", "//"),
    ("GET", "/sign-in/../api/v1/site"),
    ("GET", "/assets/../../app.py"),
    ("POST", "/health"),
    ("HEAD", "/"),
    ("OPTIONS", "/"),
    ("TRACE", "/"),
]


def _routes(hub: Hub) -> set[tuple[str, str]]:
    """Every method and path the hub serves; a kind of route this does not know fails."""
    found = set()
    for route in hub.routes:
        if isinstance(route, Mount):
            found.add(("GET", f"{route.path}/index.js"))
        else:
            assert isinstance(route, Route), f"{route!r} hides routes from this test"
            found |= {(method, route.path) for method in route.methods or ()}
    return found


def test_the_hub_serves_these_routes(hub: Hub) -> None:
    assert _routes(hub) == ASKED


def test_strangers_are_given_health_and_sign_in_only() -> None:
    assert {("GET", "/health"), ("GET", "/sign-in"), ("POST", "/sign-in"), ("GET", "/sign-in/style.css")} == FOR_STRANGERS


@pytest.mark.parametrize(
    ("method", "path"),
    [*sorted(ASKED - FOR_STRANGERS), *NOT_THERE],
)
async def test_a_stranger_is_sent_away(client: Client, method: str, path: str) -> None:
    async with client() as http:
        for cookie in ({}, {COOKIE: "x" * 43}, {COOKIE: ""}):
            answer = await http.request(method, path, headers={"cookie": "; ".join(f"{k}={v}" for k, v in cookie.items())})
            if "/api/" in path and ".." not in path:
                assert answer.status_code == 401
                assert method == "HEAD" or answer.json() == {"detail": "sign in first, at /sign-in"}
            else:
                assert answer.status_code in (401, 303)
            assert "north" not in answer.text


async def test_a_stranger_may_ask_whether_it_runs(client: Client) -> None:
    async with client() as http:
        answer = await http.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    "host", ["throng.example", "127.0.0.1.example:8080", "localhost@example", "10.0.0.1:8080", "", "[::1]:1"]
)
async def test_another_host_name_is_refused(client: Client, host: str) -> None:
    async with client(signed_in=True) as http:
        for path in ("/", "/health", "/api/v1/site"):
            assert (await http.get(path, headers={"host": host})).status_code == 421


@pytest.mark.parametrize("host", ["localhost", "localhost:9000", "127.0.0.1", "127.0.0.1:8080"])
async def test_names_of_this_machine_are_served(client: Client, host: str) -> None:
    async with client() as http:
        assert (await http.get("/health", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "origin", [None, "null", "http://example", "http://127.0.0.1:9000", "https://127.0.0.1:8080", "http://localhost:8080"]
)
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/api/v1/sign-in-codes"])
async def test_a_change_asked_for_by_another_page_is_refused(client: Client, hub: Hub, path: str, origin: str | None) -> None:
    code = hub.door.new_code()
    async with client(signed_in=True) as http:
        del http.headers["origin"]
        headers = {"origin": origin} if origin else {}
        assert (await http.post(path, headers=headers, data={"code": code})).status_code == 403
        assert (await http.get("/api/v1/site")).status_code == 200
    assert hub.door.sign_in(code)


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize("path", ["/", "/health", "/sign-in", "/api/v1/site", "/api/v1/nothing", "/assets/index.js"])
async def test_every_answer_is_hardened(client: Client, path: str, signed_in: bool) -> None:
    async with client(signed_in=signed_in) as http:
        for host in ({}, {"host": "elsewhere"}):
            headers = (await http.get(path, headers=host)).headers
            policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
            assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
            assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert headers["cache-control"] == ("private, no-cache" if path.startswith("/assets/") else "no-store")


class Recorder:
    """Stands for an exporter of traces, metrics or logs; whatever is asked of it is remembered."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        raise AssertionError(f"telemetry asked for {name}")


async def test_nothing_is_handed_to_telemetry(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    monkeypatch.setattr("opentelemetry.trace.get_tracer_provider", lambda: recorder)
    monkeypatch.setattr("opentelemetry.metrics.get_meter_provider", lambda: recorder)
    monkeypatch.setattr("opentelemetry._logs.get_logger_provider", lambda: recorder)
    async with client() as http:
        assert (await http.get("/sign-in?code=secret")).status_code == 200
    assert recorder.asked == []


async def test_an_odd_cookie_is_no_session(client: Client) -> None:
    async with client() as http:
        for cookie in (b"throng_session", b"=;=;", b'throng_session="', b"a[]=1; throng_session=\xe9"):
            answer = await http.get("/api/v1/site", headers=[(b"cookie", cookie)])
            assert answer.status_code == 401
