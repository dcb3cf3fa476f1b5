"""The gate: a stranger gets health and sign-in, and nothing else, known or not."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from starlette.staticfiles import StaticFiles
from tests.hub.making import code_of

from throng.data.errors import HubError
from throng.hub.access import Need, Needs, needs
from throng.hub.app import Hub
from throng.hub.people.sessions import COOKIE_ON_LOOPBACK as COOKIE

pytestmark = pytest.mark.anyio
Client = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]

FOR_STRANGERS = {
    ("GET", "/.well-known/security-policy.txt"),
    ("GET", "/.well-known/security.txt"),
    ("GET", "/api/v1/authority"),
    ("GET", "/api/v1/public"),
    ("GET", "/health"),
    ("GET", "/public"),
    ("GET", "/public/style.css"),
    ("GET", "/set-up"),
    ("GET", "/sign-in"),
    ("GET", "/sign-in/passkey.js"),
    ("GET", "/sign-in/style.css"),
    ("POST", "/api/v1/enrol"),
    ("POST", "/api/v1/sensor/renew"),
    ("POST", "/set-up"),
    ("POST", "/set-up/passkey"),
    ("POST", "/set-up/passkey/options"),
    ("POST", "/sign-in"),
    ("POST", "/sign-in/factor"),
    ("POST", "/sign-in/passkey"),
    ("POST", "/sign-in/passkey/options"),
}
"""All that answers a stranger with anything but a refusal; /public only where the site file opens it. One more is a decision
about security."""

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


def _stated(hub: Hub) -> list[tuple[str, str, Need]]:
    return Needs(hub).stated()


def test_strangers_are_answered_here_and_nowhere_else(hub: Hub) -> None:
    assert {(method, path) for method, path, need in _stated(hub) if "stranger" in need.askers} == FOR_STRANGERS


def test_a_route_that_states_no_need_is_refused(hub: Hub) -> None:
    hub.get("/api/v1/forgotten")(lambda: {})
    with pytest.raises(HubError, match="/api/v1/forgotten states no need"):
        Needs(hub)
    hub.router.routes.pop()
    hub.mount("/files", StaticFiles(directory=".", check_dir=False))
    with pytest.raises(HubError, match="/files states no need"):
        Needs(hub)


def test_a_need_names_roles_that_there_are() -> None:
    with pytest.raises(ValueError, match="a need names roles"):
        needs("editor")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a need names roles"):
        needs()


async def test_a_stranger_is_sent_away(client: Client, hub: Hub) -> None:
    closed = [
        (method, path.replace("{", "").replace("}", "")) for method, path, need in _stated(hub) if "stranger" not in need.askers
    ]
    async with client() as http:
        for method, path in [*closed, *NOT_THERE]:
            for cookie in ({}, {COOKIE: "x" * 43}, {COOKIE: ""}):
                told = "; ".join(f"{name}={value}" for name, value in cookie.items())
                answer = await http.request(method, path, headers={"cookie": told})
                if "/api/" in path and ".." not in path:
                    assert answer.status_code == 401, path
                    assert method == "HEAD" or answer.json() == {"detail": "sign in first, at /sign-in"}
                else:
                    assert answer.status_code in (401, 303), path
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
    code = code_of(hub)
    async with client(signed_in=True) as http:
        del http.headers["origin"]
        headers = {"origin": origin} if origin else {}
        assert (await http.post(path, headers=headers, data={"code": code})).status_code == 403
        assert (await http.get("/api/v1/site")).status_code == 200
    async with client() as http:
        assert (await http.post("/sign-in", data={"code": code})).status_code == 303


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
