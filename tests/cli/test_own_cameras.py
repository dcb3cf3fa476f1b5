"""The hub's own machine watches its site file's cameras, and those of the registry that have no sensor."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from pydantic import SecretStr
from tests.hub.making import made_hub

from throng.cli.own_cameras import keep_at_work, own_site
from throng.cli.workers import Workers
from throng.hub.app import Hub
from throng.hub.registry.draft import Draft, Login
from throng.hub.registry.registry import By, Registry
from throng.site.model import Site
from throng.store.duck import DuckStore

FILE_CAMERA = {"name": "north", "address": "rtsp://127.0.0.1/north"}
LINE = {"name": "door", "from": [0, 0], "to": [0, 10]}
ADDRESS = "rtsp://10.1.2.3/south"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with DuckStore(tmp_path / "throng.duckdb") as store, made_hub(tmp_path, store, ()) as made:
        yield made


def _site(folder: Path) -> Site:
    return Site.model_validate({"name": "Central", "data": str(folder), "camera": [FILE_CAMERA]}, context={"folder": folder})


def _put(
    hub: Hub, name: str, *, address: str = ADDRESS, login: Login | None = None, sensor: str = "", version: int = 0
) -> None:
    draft = Draft(name, site="Central", sensor=sensor, address=SecretStr(address), login=login, table={"line": [LINE]})
    hub.registry.put(draft, version=version, by=By("test"))


def test_a_registered_camera_without_a_sensor_is_measured_here_with_its_login(hub: Hub, tmp_path: Path) -> None:
    told: list[str] = []
    given: list[tuple[Site, dict[str, str]]] = []
    hub.registry.on_change(lambda: given.append(own_site(_site(tmp_path), hub.registry, tell=told.append)))
    _put(hub, "south", login=Login(SecretStr("viewer"), SecretStr("p4ss-w0rd")))
    site, passwords = given[-1]
    assert [camera.name for camera in site.camera] == ["north", "south"]
    south = site.camera[1]
    assert (south.address, south.user, south.line[0].name) == (ADDRESS, "viewer", "door")
    assert passwords == {south.password_env: "p4ss-w0rd"}
    hub.registry.remove("south", version=1, by=By("test"))
    assert [camera.name for camera in given[-1][0].camera] == ["north"]
    assert told == []


def test_one_that_a_sensor_watches_is_not(hub: Hub, tmp_path: Path) -> None:
    _put(hub, "south", sensor="box")
    site, _ = own_site(_site(tmp_path), hub.registry, tell=pytest.fail)
    assert [camera.name for camera in site.camera] == ["north"]


def test_one_that_names_a_file_of_this_machine_is_told_of_and_the_others_go_on(tmp_path: Path) -> None:
    # The registry takes none such: this is the second wall, as for sensors elsewhere.
    tables = [{"name": "south", "address": "file:///etc/shadow"}, {"name": "west", "address": ADDRESS}]
    registry = cast(Registry, SimpleNamespace(work_of=lambda sensor: tables))
    told: list[str] = []
    site, _ = own_site(_site(tmp_path), registry, tell=told.append)
    assert [camera.name for camera in site.camera] == ["north", "west"]
    assert len(told) == 1
    assert '"south"' in told[0]
    assert "neither a stream nor a video device" in told[0]
    assert "shadow" not in told[0]


class _Seen:
    """Workers that note what they are to watch whenever they hear for whose plate somebody waits."""

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}
        self.heard: list[tuple[Mapping[str, int], str | None]] = []

    def set_site(self, site: Site, *, passwords: Mapping[str, str]) -> None:
        self.addresses = {camera.name: camera.address for camera in site.camera}

    def set_plates(self, plates: Mapping[str, int]) -> None:
        self.heard.append((plates, self.addresses.get("south")))


def test_no_request_for_a_plate_reaches_whoever_watches_a_former_address(hub: Hub, tmp_path: Path) -> None:
    _put(hub, "south")
    seen, by = _Seen(), By("test")
    keep_at_work(cast(Workers, seen), _site(tmp_path), hub.registry, hub.plates, tell=pytest.fail)
    hub.plates.ask("south", by=by)
    first = hub.plates.of("south").asked_us
    assert seen.heard[-1] == ({"south": first}, ADDRESS)
    _put(hub, "south", address=f"{ADDRESS}-2", version=1)
    second = hub.plates.of("south").asked_us
    assert seen.heard[-1] == ({"south": second}, f"{ADDRESS}-2")
    assert second != first
    assert ({"south": second}, ADDRESS) not in seen.heard
    hub.plates.delete("south", by=by)
    assert seen.heard[-1] == ({}, f"{ADDRESS}-2")
