"""What whoever has a token or only a line to the hub could try, and no test of a part would show."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.responses import JSONResponse
from tests.security.asking import Reply, ask
from tests.security.deployment import Deployment, deployed

from throng.data.errors import LogError, StoreError
from throng.hub import live as live_module
from throng.hub.access import Grant, Needs, Sites
from throng.hub.gate import Gate, GateSettings
from throng.hub.live import ENDED, RELOAD, Event, Feed, stream

ALL = Sites(everywhere=True)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


# The gate


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("hub")) as made:
        yield made


async def _asked(gate: Any, *, host: str, path: str = "/health", **scope: Any) -> Reply:
    async def app(inner: Any, receive: Any, send: Any) -> None:
        await gate({**inner, **scope}, receive, send)

    return await ask(app, "GET", path, headers=[(b"host", host.encode())])


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("[2001:db8::1]", 200),
        ("[2001:DB8::1]:8443", 200),
        ("2001:db8::1", 421),
        ("[2001:db8::2]:8443", 421),
        ("[2001:db8::1].example", 421),
        ("HUB.example:443", 200),
        ("hub.example:443:443", 421),
        ("hub.example:99999999", 421),
        ("hub.example.", 421),
        ("user@hub.example", 421),
        ("hub.example#", 421),
    ],
)
async def test_a_hub_answers_to_its_names_and_no_other(deployment: Deployment, host: str, status: int) -> None:
    hub = deployment.hub
    settings = GateSettings(names=("hub.example", "2001:db8::1"))
    gate = Gate(JSONResponse({}), needs=Needs(hub), people=hub.people, sensors=hub.sensors, log=hub.kept.log, settings=settings)
    assert (await _asked(gate, host=host)).status == status


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/health", "/sign-in", "/api/v1/latest", "/api/v1/enrol", "/nothing"])
async def test_before_it_was_looked_at_a_hub_answers_its_own_machine_alone(deployment: Deployment, path: str) -> None:
    hub = deployment.hub
    there, here = {"client": ("10.0.0.7", 5)}, {"client": ("10.0.0.1", 5)}
    places = {"server": ("10.0.0.1", 443)}
    hub.is_open = False
    try:
        closed = await _asked(hub, host="hub.example", path=path, **there, **places)
        unknown = await _asked(hub, host="hub.example", path=path, client=None, server=None)
        own = await _asked(hub, host="hub.example", path=path, **here, **places)
    finally:
        hub.is_open = True
    assert (closed.status, unknown.status) == (503, 503)
    assert b"the hub is starting" in closed.body
    assert [one for one in closed.problems() if "fault" not in one] == []
    after = await _asked(hub, host="hub.example", path=path, **there, **places)
    assert (own.status, after.status) == (after.status, own.status)
    assert own.status != 503


@pytest.mark.anyio
@pytest.mark.parametrize(
    "origin",
    [None, "null", "https://elsewhere.example", "http://hub.example", "https://hub.example:8443", "https://hub.example.", ""],
)
async def test_no_other_page_changes_anything_in_somebodys_name(deployment: Deployment, origin: str | None) -> None:
    """Whatever the method: the browser brings the cookie along, wherever the page is from."""
    cookie = deployment.headers(("administrator", "hub"))["cookie"].encode()
    headers = [(b"host", b"hub.example"), (b"cookie", cookie), *([] if origin is None else [(b"origin", origin.encode())])]
    changing = [(method, path) for method, path, _ in Needs(deployment.hub).stated() if method not in ("GET", "HEAD")]
    assert {method for method, _ in changing} == {"POST", "PUT", "PATCH", "DELETE"}
    for method, path in changing:
        reply = await ask(deployment.hub, method, path.replace("{", "").replace("}", ""), headers=headers)
        assert (reply.status, b"must come from a page of this hub" in reply.body) == (403, True), (method, path)


@pytest.mark.anyio
@pytest.mark.parametrize("by", ["stranger", "token"])
@pytest.mark.parametrize("origin", [None, "null", "https://elsewhere.example"])
async def test_no_other_page_signs_anybody_in_or_out(deployment: Deployment, origin: str | None, by: str) -> None:
    """Signed in as somebody else, one would work in his name without knowing."""
    token = f"Bearer {deployment.tokens['administrator', 'hub']}".encode()
    headers = [(b"host", b"hub.example"), *([] if origin is None else [(b"origin", origin.encode())])]
    headers += [(b"authorization", token)] if by == "token" else []
    pages = [path for method, path, _ in Needs(deployment.hub).stated() if method == "POST" and not path.startswith("/api/")]
    assert len(pages) >= 8
    for path in pages:
        assert (await ask(deployment.hub, "POST", path, headers=headers)).status == 403, path


def test_no_address_is_judged_by_the_need_of_one_route_and_answered_by_another(deployment: Deployment) -> None:
    """The gate looks plain addresses up; the router takes the first route that fits."""
    needs = Needs(deployment.hub)
    for method, path, need in needs.stated():
        address = re.sub(r"{[^}]*}", "x", path)
        scope = {"type": "http", "method": method, "path": address, "root_path": ""}
        first = next(route for route in deployment.hub.routes if route.matches(scope)[0].name == "FULL")
        assert (getattr(first, "path", ""), needs.of(scope)) == (path, need)


@pytest.mark.anyio
async def test_of_several_rights_at_once_the_first_one_alone_counts(deployment: Deployment) -> None:
    """A header that was set on purpose, or else a session, or else a certificate; and never the next if the first is wrong."""
    administrator = deployment.headers(("administrator", "hub"))["cookie"].encode()
    token = f"Bearer {deployment.tokens['viewer', 'hub']}".encode()
    cases: list[tuple[list[tuple[bytes, bytes]], bool, tuple[int, int, int]]] = [
        ([(b"authorization", token), (b"cookie", administrator)], True, (403, 200, 403)),
        ([(b"authorization", b"Bearer x"), (b"cookie", administrator)], True, (401, 401, 401)),
        ([(b"authorization", b"Basic eDp5"), (b"cookie", administrator)], True, (401, 401, 401)),
        ([(b"cookie", administrator)], True, (200, 200, 403)),
        ([(b"cookie", b"__Host-throng=x")], True, (403, 403, 200)),
        ([(b"authorization", b"Bearer x"), (b"authorization", token)], False, (401, 401, 401)),
    ]
    for headers, has_certificate, wanted in cases:
        found = []
        for path in ("/api/v1/people", "/api/v1/latest", "/api/v1/sensor/work"):
            peer = deployment.der if has_certificate else None
            reply = await ask(deployment.hub, "GET", path, headers=[(b"host", b"hub.example"), *headers], peer=peer)
            found.append(reply.status)
        assert tuple(found) == wanted, headers


@pytest.mark.anyio
@pytest.mark.parametrize("broken", ["records", "log"])
async def test_a_stranger_is_not_told_why_something_cannot_be_done(
    deployment: Deployment, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors of files and databases name them."""
    hub = deployment.hub

    def failing(*args: object, **more: object) -> Any:
        raise (StoreError if broken == "records" else LogError)("/srv/throng/data cannot be opened")

    if broken == "records":
        monkeypatch.setattr(hub.kept.records, "get", failing)
        monkeypatch.setattr(hub.kept.records, "all", failing)
    else:
        monkeypatch.setattr(hub.kept.log, "write", failing)
    headers = [(b"host", b"hub.example"), (b"origin", b"https://hub.example")]
    body = b"name=ada&password=some long words"
    for method, path in (("GET", "/api/v1/latest"), ("POST", "/sign-in"), ("GET", "/set-up?code=x"), ("TRACE", "/api/v1/x")):
        reply = await ask(hub, method, path, headers=headers, body=body)
        assert b"/srv" not in reply.body, (method, path)
        assert not reply.fault


# Live pages


@pytest.mark.anyio
async def test_a_page_ends_with_the_token_that_opened_it(deployment: Deployment) -> None:
    people, feed = deployment.hub.people, Feed()
    secret, token = people.tokens.draw("script", owner="owner", grants=[Grant("viewer")], days=1)
    people.tokens.add(token)
    asked = people.principal_of_bearer(secret)
    assert asked is not None
    page = stream(feed, asked.session, ALL, first=list, is_open=people.is_open, who="owner")
    assert await anext(page)
    people.tokens.discard([token])
    feed.publish(Event("ticks", (("a site", "1"),)))
    assert [part async for part in page] == [ENDED.encode(ALL)]


def test_what_every_page_is_told_is_not_kept_for_each(deployment: Deployment) -> None:
    for n in range(100):
        for event in (RELOAD, ENDED):
            event.encode(Sites(frozenset({f"site {n}"})))
    assert not RELOAD._encoded
    assert not ENDED._encoded


@pytest.mark.anyio
async def test_one_person_does_not_take_all_live_pages(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "_MOST_OF_ONE", 2)
    hub = deployment.hub
    taken = [hub.feed.subscribe(bytes([n]), ALL, who="owner") for n in range(2)]
    try:
        told = f"Bearer {deployment.tokens['viewer', 'hub']}".encode()  # of the same owner
        reply = await ask(hub, "GET", "/api/v1/live", headers=[(b"host", b"hub.example"), (b"authorization", told)])
        assert (reply.status, b"too many pages" in reply.body) == (503, True)
        assert not hub.feed.has_many("somebody else")
    finally:
        for page in taken:
            hub.feed.unsubscribe(page)
    assert not hub.feed.has_many("owner")


@pytest.mark.anyio
async def test_a_flood_of_refusals_does_not_have_the_hub_wait_for_the_disk(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr("throng.hub.log.log.os.fsync", synced.append)
    monkeypatch.setattr(deployment.hub.kept.log, "_clock", lambda: 60.0)  # a minute of its own
    asked = [_asked(deployment.hub, host="hub.example", path="/api/v1/latest") for _ in range(300)]
    assert {reply.status for reply in await asyncio.gather(*asked)} == {401}
    assert 100 <= len(synced) <= 101
