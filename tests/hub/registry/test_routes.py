"""The registry's routes: who may do what where, and what never comes back."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.hub.registry.conftest import ADDRESS, BY, LINE, MARKS, PASSWORD, PRINCIPALS, USER, Ask, draft
from tests.hub.registry.test_table_file import ROW, table

from throng.hub.log.log import Log
from throng.hub.registry.registry import Registry

CAMERAS, SITES = "/api/v1/registry/cameras", "/api/v1/sites"
BODY = {"site": "west", "address": ADDRESS, "login": {"user": USER, "password": PASSWORD}, "line": [LINE]}
EVERYBODY = [*PRINCIPALS, "", "nobody"]


async def send(ask: Ask, who: str, method: str, path: str, **more: Any) -> httpx.Response:
    async with ask(who) as client:
        answer: httpx.Response = await client.request(method, path, **more)
    assert not any(mark in answer.text for mark in MARKS)
    return answer


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _one_in_each_site(registry: Registry) -> None:
    registry.put(draft("west door"), version=0, by=BY)
    registry.put(draft("east door", site="east"), version=0, by=BY)


READ = {
    "administrator": {"east", "west", "file"}, "auditor": {"east", "west", "file"}, "viewer of west": {"west"},
    "operator of west": {"west"}, "administrator of west": {"west"},
}  # fmt: skip


async def test_everybody_sees_his_own_sites_and_no_stranger_any(ask: Ask) -> None:
    for who in EVERYBODY:
        cameras, sites, export = [await send(ask, who, "GET", path) for path in (CAMERAS, SITES, "/api/v1/registry/export")]
        if who not in READ:
            assert {answer.status_code for answer in (cameras, sites, export)} == {401}
            continue
        assert {camera["site"] for camera in cameras.json()} == READ[who]
        assert {site["name"] for site in sites.json()} == READ[who]
        assert {row.split(",")[1] for row in export.text.splitlines()[1:]} == READ[who] - {"file"}
        one = await send(ask, who, "GET", f"{CAMERAS}/east door")
        assert one.status_code == (200 if "east" in READ[who] else 404)


async def test_an_export_is_in_the_log(ask: Ask, log: Log) -> None:
    await send(ask, "viewer of west", "GET", "/api/v1/registry/export")
    (entry,) = log.newest(most=1)
    assert (entry["event"], entry["about"], entry["detail"]) == ("camera.export", "cameras", "1 cameras")
    assert entry["who"]


WRITES: list[tuple[str, str, dict[str, Any], int]] = [
    ("PUT", f"{SITES}/north", {"json": {"title": "North"}}, 200),
    ("DELETE", f"{SITES}/empty?version=1", {}, 404),
    ("PUT", f"{CAMERAS}/new", {"json": BODY}, 200),
    ("DELETE", f"{CAMERAS}/west door?version=1", {}, 204),
    ("POST", "/api/v1/registry/import", {"content": table(ROW), "headers": {"content-type": "text/csv"}}, 200),
]


@pytest.mark.parametrize(("method", "path", "more", "done"), WRITES)
async def test_only_an_administrator_of_all_changes_cameras_and_sites(
    ask: Ask, registry: Registry, method: str, path: str, more: dict[str, Any], done: int
) -> None:
    before = registry.state
    for who in EVERYBODY:
        if who != "administrator":
            answer = await send(ask, who, method, path, **more)
            assert (who, answer.status_code) == (who, 403 if who in PRINCIPALS else 401)
            assert registry.state is before
    assert (await send(ask, "administrator", method, path, **more)).status_code == done
    assert (registry.state is before) == (done == 404)


@pytest.mark.parametrize("site", ["west", "east"])
async def test_places_are_changed_by_operators_of_the_site(ask: Ask, registry: Registry, site: str) -> None:
    version = 1
    for who in EVERYBODY:
        zone = {"name": f"hall {version}", "corners": [[0, 0], [9, 0], [9, 9]]}
        answer = await send(ask, who, "PATCH", f"{CAMERAS}/{site} door", json={"version": version, "zone": [zone]})
        of_west = who in ("operator of west", "administrator of west")
        may = who == "administrator" or (of_west and site == "west")
        assert (who, answer.status_code) == (who, 200 if may else 404 if of_west else 403 if who in PRINCIPALS else 401)
        camera = registry.state.cameras[f"{site} door"].camera
        version += may
        expected = [f"hall {version - 1}"] if version > 1 else []
        assert ([zone.name for zone in camera.zone], [line.name for line in camera.line]) == (expected, ["door"])


async def test_places_take_nothing_but_places(ask: Ask) -> None:
    for more in ({"address": "rtsp://x/"}, {"sensor": "box"}, {"site": "east"}, {"tick_s": 30}):
        answer = await send(ask, "administrator", "PATCH", f"{CAMERAS}/west door", json={"version": 1, **more})
        assert answer.status_code == 422


async def test_a_camera_comes_back_without_its_address_and_login(ask: Ask, registry: Registry) -> None:
    put = await send(
        ask, "administrator", "PUT", f"{CAMERAS}/Tür 北", json=BODY | {"where": {"lat": 1.5, "lon": 2}, "tick_s": 30}
    )
    got = await send(ask, "administrator", "GET", f"{CAMERAS}/Tür 北")
    assert put.json() == got.json()
    told = got.json()
    assert (told["name"], told["version"], told["has_address"], told["scheme"], told["has_login"]) == (
        "Tür 北",
        1,
        True,
        "rtsp",
        True,
    )
    assert told["line"] == [{"name": "door", "from": [0.0, 0.0], "to": [100.0, 0.0]}]
    assert registry.work_of("")[2]["password"] == PASSWORD


async def test_the_second_of_two_editors_gets_409_and_the_log_says_so(ask: Ask, log: Log) -> None:
    codes = [
        (
            await send(ask, "administrator", "PUT", f"{CAMERAS}/west door", json={"site": "west", "version": 1, "sensor": box})
        ).status_code
        for box in ("one", "two")
    ]
    assert codes == [200, 409]
    last = json.loads(Path(log.path).read_text().splitlines()[-1])
    assert (last["event"], last["outcome"], last["who"], last["address"]) == (
        "camera.change",
        "refused",
        "administrator",
        "192.0.2.7",
    )


MALFORMED: list[Any] = [
    {**BODY, "address": PASSWORD * 300}, {**BODY, "address": [ADDRESS]}, {**BODY, "address": f"http://{USER}:{PASSWORD}@h/"},
    {**BODY, "login": {"user": USER, "password": PASSWORD * 50}}, {**BODY, "login": PASSWORD},
    {**BODY, "login": {"user": USER, "password": {"x": PASSWORD}}}, {**BODY, "site": {"x": PASSWORD}},
    {**BODY, "line": [{**LINE, "to": [0, 0]}]}, {**BODY, "where": {"lat": 1}}, {**BODY, "where": {"lat": 91, "lon": 0}},
    {**BODY, "version": -1}, {**BODY, "tick_s": 7}, {**BODY, "speed": PASSWORD}, [PASSWORD], PASSWORD, None,
]  # fmt: skip


async def test_a_malformed_camera_is_refused_in_sentences_that_repeat_nothing(ask: Ask, registry: Registry) -> None:
    before = registry.state
    for body in MALFORMED:
        answer = await send(ask, "administrator", "PUT", f"{CAMERAS}/new", json=body)
        assert answer.status_code == 422
        assert isinstance(answer.json()["detail"], str)
    assert registry.state is before


async def test_an_import_answers_what_changed_or_what_is_wrong(ask: Ask, registry: Registry) -> None:
    more: dict[str, Any] = {"headers": {"content-type": "text/csv; charset=utf-8"}}
    path = "/api/v1/registry/import"
    answer = await send(ask, "administrator", "POST", f"{path}?dry_run=true", content=table(ROW), **more)
    assert answer.json() == {"dry_run": True, "added": ["north"], "changed": [], "unchanged": 0, "new_sites": []}
    assert "north" not in registry.state.cameras
    answer = await send(ask, "administrator", "POST", path, content=table(ROW | {"lines": PASSWORD}), **more)
    assert (answer.status_code, answer.json()["detail"].splitlines()[1].split(":")[0]) == (422, "line 2")
    answer = await send(ask, "administrator", "POST", path, content=table(ROW), **more)
    assert (answer.status_code, answer.json()["added"]) == (200, ["north"])


async def test_an_import_that_is_too_large_or_no_csv_is_refused(ask: Ask) -> None:
    path, csv = "/api/v1/registry/import", {"content-type": "text/csv"}
    assert (
        await send(ask, "administrator", "POST", path, content=b"x", headers={"content-type": "text/plain"})
    ).status_code == 415
    large = b"x" * (16 * 2**20 + 1)
    assert (await send(ask, "administrator", "POST", path, content=large, headers=csv)).status_code == 413


async def test_the_site_file_is_not_changed_here(ask: Ask) -> None:
    for method, path, more in (
        ("PUT", f"{CAMERAS}/gate", {"json": BODY}),
        ("PATCH", f"{CAMERAS}/gate", {"json": {"version": 0}}),
        ("DELETE", f"{CAMERAS}/gate?version=1", {}),
        ("PUT", f"{SITES}/file", {"json": {}}),
    ):
        answer = await send(ask, "administrator", method, path, **more)
        assert (answer.status_code, "site file" in answer.json()["detail"]) == (409, True)
