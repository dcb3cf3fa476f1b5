"""Every route asked as everybody: strangers, each role at one site and everywhere, scripts and sensors. Deny by default."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.security.deployment import ALPHA, BETA, CELLS, ORIGIN, Cell, Deployment, deployed

from throng.hub.access import Needs
from throng.hub.dashboard import PAGES
from throng.hub.route_table import COLUMNS, table

pytestmark = pytest.mark.anyio
PAGE = Path(__file__).resolve().parents[2] / "docs" / "security" / "routes.md"
SIGN_IN = '{"detail":"sign in first, at /sign-in"}'
NOT_YOURS = '{"detail":"your role does not permit this: ask an administrator of the hub"}'
OWN = re.compile(
    r"/(place|alarms|camera|privacy)?|/assets/.*|/sign-out|/admin/((me|tokens)(/.*)?|proof|style.css)|/api/v1/((me|tokens)(/.*)?|openapi.json|sign-in-codes|site)"
)
"""Routes about whoever asks, or about the hub as a whole, though one site suffices."""
SAME = {
    "/api/v1/series": {"place": "hall", "quantity": "occupancy"},
    "/api/v1/export": {"place": "hall", "quantity": "occupancy"},
    "/api/v1/heat": {},
    "/api/v1/alarm-rules/try": {},
    "/api/v1/privacy/errors": {},
}
"""Routes that take a camera, and what else they take."""
_TIMES = {"start": "2026-11-24T12:00:00Z", "end": "2026-11-24T12:10:00Z"}
BODIES: dict[str, dict[str, Any]] = {
    "PATCH": {"version": 1, "line": []},
    "PUT": {"place": "hall", "in": 9, "out": 9, "epsilon": 0.5} | _TIMES,
}
_WATCHED = {"camera": "{camera}", "place": "hall", "quantity": "occupancy", "above": 9}
BODIES |= {
    "/api/v1/alarm-rules/{name}": _WATCHED,
    "/api/v1/alarm-rules/try": {"rule": _WATCHED},
    "/api/v1/alarms/{name}/acknowledge": {"note": ""},
    "/api/v1/alarms/{name}/hand-over": {"to": "somebody"},
}
"""What is sent to a path, or with a method; "{camera}" stands for the name of a camera."""
EMPTY = ("/hours", "/live", "/checks", "/accuracy")
"""Ends of lists in which this deployment has nothing of any site."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("hub")) as made:
        made.hub.feed.close()  # so that a live page ends at once
        yield made


def promised() -> dict[tuple[str, str], dict[str, str]]:
    """The table of the documentation: of every route, what each column says."""
    rows = {}
    for method, path, cells in re.findall(r"^\| `([A-Z]+) (\S+)` \|(.*)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE):
        rows[method, path] = dict(zip(COLUMNS, (cell.strip() for cell in cells.split("|")), strict=True))
    return rows


ROUTES = promised()


def permits(row: dict[str, str], cell: Cell) -> bool:
    """Whether the table lets somebody in."""
    role, reach = cell
    return row[role] == "yes" or (row[role] == "site" and bool(reach)) or (row[role] == "hub" and reach == "hub")


def test_the_table_is_the_one_that_the_routes_state(deployment: Deployment) -> None:
    assert PAGE.read_text(encoding="utf-8") == table(Needs(deployment.hub)), (
        "run .venv/bin/python -m throng.hub.route_table > docs/security/routes.md, and look at what changed"
    )


def test_every_described_route_has_a_row(deployment: Deployment) -> None:
    described = deployment.hub.openapi()["paths"]
    assert {(method.upper(), path) for path, methods in described.items() for method in methods} <= ROUTES.keys()


async def asked(deployment: Deployment, method: str, path: str, cell: Cell, *, by: str) -> httpx.Response:
    """The answer to a request that says nothing but who asks; names in the path are of nothing that there is."""
    bare = re.sub(r"\{[^}]*\}", "0" * 16, path)
    headers = deployment.headers(cell, by=by)
    if not path.startswith("/api/"):
        headers |= {"origin": ORIGIN}  # a form of a page is refused to whoever names no origin, whatever his role
    with deployment.client(cell) as http:
        return await http.request(method, bare, headers=headers)


def is_refused(answer: httpx.Response) -> bool:
    """Whether whoever asked was kept from the route, whatever the route itself would have answered."""
    if answer.status_code == 303:
        # Signing out leads there too, but takes the cookie back.
        return answer.headers["location"] == "/sign-in" and "set-cookie" not in answer.headers
    return (answer.status_code, answer.text) in ((401, SIGN_IN), (403, NOT_YOURS))


@pytest.mark.parametrize("by", ["person", "token"])
async def test_every_cell_is_as_the_table_says(deployment: Deployment, by: str) -> None:
    before = deployment.kept()
    wrong = []
    for (method, path), row in ROUTES.items():
        for cell in CELLS:
            answer = await asked(deployment, method, path, cell, by=by)
            status = answer.status_code
            if is_refused(answer) == permits(row, cell) or (status >= 500 and path not in PAGES):
                wrong.append(f"{method} {path} as {cell} by {by}: {status} {answer.text[:80]}")
    assert not wrong, "\n".join(wrong[:30])
    assert deployment.kept() == before  # requests that say nothing change nothing


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "MADE-UP"])
async def test_what_is_in_no_row_is_denied(deployment: Deployment, method: str) -> None:
    for path in ("/api/v1/nothing", "/api/v2/latest", "/api/v1/latest/", "/api/v1//latest", "/docs", "/openapi.json", "/api"):
        for cell in CELLS:
            answer = await asked(deployment, method, path, cell, by="person")
            assert answer.status_code in ((401, 403, 404, 405) if cell[0] != "stranger" else (401, 303, 403)), (path, cell)
            assert ALPHA not in answer.text


def by_site() -> list[tuple[str, str]]:
    """Routes whose answers keep to a site."""
    found = [route for route, row in ROUTES.items() if "site" in row.values()]
    return [(method, path) for method, path in found if not OWN.fullmatch(path)]


def body(path: str, method: str, camera: str) -> Any:
    """What such a request says of a camera."""
    said = BODIES.get(path) if method != "DELETE" else None
    return json.loads(json.dumps(said or BODIES.get(method)).replace("{camera}", camera))


@pytest.mark.parametrize(("method", "path"), by_site())
async def test_nobody_reads_of_another_site(deployment: Deployment, method: str, path: str) -> None:
    """Lists leave the other site out, and a thing of another site is answered as one that is not there."""
    for role in (column for column, cell in ROUTES[method, path].items() if cell == "site"):
        headers = deployment.headers((role, "site"))
        with deployment.client((role, "site")) as http:
            if "{" in path:
                kind = "box" if "sensors" in path else "alarm" if "alarm" in path else "camera"
                names, cameras = (f"{BETA}-{kind}", "not-there"), (f"{BETA}-camera", "not-there")
                seen = {"version": 1} if method == "DELETE" else {}
                theirs, none = [
                    await http.request(
                        method, path.replace("{name}", name), headers=headers, params=seen, json=body(path, method, camera)
                    )
                    for name, camera in zip(names, cameras, strict=True)
                ]
                assert (theirs.status_code, theirs.text.replace(names[0], names[1])) == (404, none.text)
            elif path in SAME:
                answers = [
                    await http.request(
                        method, path, headers=headers, params={"camera": camera, **SAME[path]}, json=body(path, method, camera)
                    )
                    for camera in (f"{BETA}-camera", "not-there")
                ]
                assert [answer.status_code for answer in answers] == [404, 404]
                assert answers[0].text.replace(f"{BETA}-camera", "not-there") == answers[1].text
            else:
                params = {"quantity": "entries", "start": "2026-11-24T00:00:00Z"} if path.endswith("/hours") else {}
                answer = await http.request(method, path, headers=headers, params=params)
                assert answer.status_code == 200
                assert BETA not in answer.text
                everything = await http.request(method, path, headers=deployment.headers((role, "hub")), params=params)
                if not path.endswith(EMPTY):
                    assert BETA in everything.text  # so that its absence above says something
                    assert ALPHA in answer.text


async def test_a_role_elsewhere_is_none_here(deployment: Deployment) -> None:
    """Administrators of a site are not administrators of the hub: they add no people, sensors or cameras."""
    hub_wide = [route for route, row in ROUTES.items() if row["administrator"] == "hub"]
    assert len(hub_wide) > 15
    for method, path in hub_wide:
        answer = await asked(deployment, method, path, ("administrator", "site"), by="person")
        assert answer.status_code == 403, (method, path)


async def test_a_sensor_is_no_person_and_a_person_no_sensor(deployment: Deployment) -> None:
    with deployment.client(("sensor", "")) as http:
        assert (await http.get("/api/v1/sensor/work")).status_code == 200
        assert (await http.get("/api/v1/latest")).status_code == 403
    with deployment.client(("administrator", "hub")) as http:
        headers = deployment.headers(("administrator", "hub"))
        assert (await http.get("/api/v1/sensor/work", headers=headers)).status_code == 403


def test_whoever_can_change_things_needs_two_factors_from_the_first_day(deployment: Deployment) -> None:
    assert set(deployment.hub.people.roles_with_factor()) == {"administrator", "auditor"}


async def test_every_refusal_is_in_the_audit_log(tmp_path: Path) -> None:
    with deployed(tmp_path) as deployment:
        await asked(deployment, "GET", "/api/v1/people", ("viewer", "hub"), by="person")
        (entry,) = deployment.hub.kept.log.newest(most=1)
    assert (entry["event"], entry["outcome"], entry["who"]) == ("request.refused", "refused", "viewer hub")
    assert entry["about"] == "GET /api/v1/people"
    assert ORIGIN not in entry["detail"]
