"""A plate is asked for, comes once from the camera's own sensor, is kept sealed, and goes when it should."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
import pytest
from pydantic import SecretStr
from tests.hub.making import SEAL
from tests.security.asking import Reply, ask
from tests.security.deployment import ALPHA, BETA, Deployment, deployed

from throng.data.errors import ConflictError, StoreError
from throng.data.plate_picture import MOST_BYTES, SOMEBODY, PlatePicture, Why
from throng.hub.plates import NOT_BEGUN, NOT_STORED, Plates
from throng.hub.registry.draft import Draft, Login
from throng.hub.registry.registry import By, Registry
from throng.hub.registry.state import OwnSite
from throng.seal.box import Seal, key_ids_in, resealed
from throng.site.model import Camera
from throng.store.records import Change

pytestmark = pytest.mark.anyio
BOX, CAMERA, THEIRS = f"{ALPHA}-box", f"{ALPHA}-camera", f"{BETA}-camera"
BY = By("ada")
SIZE = (64, 48)


def jpeg(size: tuple[int, int] = SIZE, *, kind: str = ".jpg") -> bytes:
    pixels = np.random.default_rng(3).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    return bytes(cv2.imencode(kind, pixels)[1].tobytes())


IMAGE = jpeg()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("hub")) as deployment:
        yield deployment


@pytest.fixture
def deployment(made: Deployment) -> Iterator[Deployment]:
    """The hub, in which nobody waits for a plate and none is."""
    yield made
    for camera in (CAMERA, THEIRS):
        made.hub.plates.delete(camera, by=BY)


@pytest.fixture
def plates(deployment: Deployment) -> Plates:
    return deployment.hub.plates


async def sends(deployment: Deployment, camera: str = CAMERA, image: bytes = IMAGE, **about: Any) -> Reply:
    """What the sensor of site alpha is told when it sends a plate."""
    said = {"ask": deployment.hub.plates.of(camera).asked_us, "width": SIZE[0], "height": SIZE[1], "covered": 2, **about}
    kind = said.pop("kind", "image/jpeg")
    query = "&".join(f"{name}={value}" for name, value in said.items())
    headers = [(b"host", b"hub.example"), (b"content-type", kind.encode())]
    path = f"/api/v1/sensor/plates/{camera}?{query}"
    reply = await ask(deployment.hub, "PUT", path, headers=headers, body=image, peer=deployment.der)
    assert reply.problems() == []
    return reply


async def person(deployment: Deployment, method: str, path: str, role: str = "operator", **more: str) -> Any:
    with deployment.client((role, "site")) as http:
        return await http.request(method, f"/api/v1/plates/{path}", headers=deployment.headers((role, "site")) | more)


async def work(deployment: Deployment) -> dict[str, int]:
    headers = [(b"host", b"hub.example")]
    reply = await ask(deployment.hub, "GET", "/api/v1/sensor/work", headers=headers, peer=deployment.der)
    return dict(json.loads(reply.body)["plates"])


def entries(deployment: Deployment) -> list[tuple[str, str, str, str]]:
    """Newest first."""
    newest = deployment.hub.kept.log.newest(most=20)
    return [(one["event"], one["who"], one["outcome"], one["about"]) for one in newest if one["event"].startswith("plate.")]


async def test_a_plate_is_asked_for_comes_once_and_is_shown(deployment: Deployment) -> None:
    assert (await person(deployment, "GET", f"{CAMERA}/state", "viewer")).json()["state"] == "none"
    assert (await person(deployment, "GET", CAMERA)).status_code == 404
    assert await work(deployment) == {}
    waiting = (await person(deployment, "POST", CAMERA)).json()
    assert (waiting["state"], waiting["made"], waiting["width"], waiting["reason"]) == ("waiting", None, None, NOT_BEGUN)
    assert await work(deployment) == {CAMERA: deployment.hub.plates.of(CAMERA).asked_us}
    assert (await sends(deployment)).status == 204
    assert await work(deployment) == {}
    ready = (await person(deployment, "GET", f"{CAMERA}/state", "viewer")).json()
    assert (ready["state"], ready["width"], ready["height"], ready["covered"]) == ("ready", *SIZE, 2)
    assert ready["since"] == ready["made"] > waiting["since"]
    shown = await person(deployment, "GET", CAMERA, "viewer")
    assert (shown.content, shown.headers["content-type"]) == (IMAGE, "image/jpeg")
    assert shown.headers["cache-control"] == "no-store"
    again = await person(deployment, "GET", CAMERA, **{"if-none-match": shown.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await sends(deployment)).status == 409
    assert entries(deployment)[:3] == [
        ("plate.receive", BOX, "refused", CAMERA),
        ("plate.receive", BOX, "ok", CAMERA),
        ("plate.ask", "operator site", "ok", CAMERA),
    ]


async def test_the_former_plate_is_shown_until_the_next_comes(deployment: Deployment) -> None:
    for image in (IMAGE, jpeg((32, 24))):
        before = (await person(deployment, "GET", CAMERA)).content
        told = (await person(deployment, "POST", CAMERA)).json()
        assert told["state"] == "waiting"
        assert (await person(deployment, "GET", CAMERA)).content == before
        assert (await sends(deployment, image=image)).status == 204
        assert (await person(deployment, "GET", CAMERA)).content == image


@pytest.mark.parametrize(
    ("status", "more"),
    [
        (404, {"camera": THEIRS}),
        (404, {"camera": "nowhere"}),
        (409, {"ask": 0}),
        (409, {"ask": 17}),
        (413, {"image": IMAGE + bytes(MOST_BYTES)}),
        (415, {"kind": "image/png"}),
        (415, {"kind": "text/html"}),
        (422, {"image": jpeg(kind=".png")}),
        (422, {"image": b""}),
        (422, {"image": b"<html>"}),
        (422, {"image": jpeg((2000, 20)), "width": 2000, "height": 20}),
        (422, {"width": 640}),
        (422, {"width": 20_000, "height": 15_000}),
        (422, {"covered": -1}),
        (422, {"people": 17}),
    ],
)
async def test_a_sensor_sends_nothing_else(deployment: Deployment, status: int, more: dict[str, Any]) -> None:
    for camera in (CAMERA, THEIRS):
        deployment.hub.plates.ask(camera, by=BY)
    assert (await sends(deployment, **more)).status == status
    assert deployment.hub.kept.records.all("plate-picture") == []
    assert deployment.hub.plates.of(CAMERA).state == "waiting"


async def test_what_is_deleted_is_gone_and_no_longer_waited_for(deployment: Deployment) -> None:
    await person(deployment, "POST", CAMERA)
    await sends(deployment)
    number = (await person(deployment, "POST", CAMERA)).json() and deployment.hub.plates.of(CAMERA).asked_us
    assert (await person(deployment, "DELETE", CAMERA)).status_code == 204
    assert (await sends(deployment, ask=number)).status == 409
    assert (await person(deployment, "GET", CAMERA)).status_code == 404
    assert (await person(deployment, "GET", f"{CAMERA}/state")).json()["state"] == "none"
    assert deployment.hub.kept.records.all("plate") == deployment.hub.kept.records.all("plate-picture") == []
    assert (await person(deployment, "DELETE", CAMERA)).status_code == 204


async def test_why_it_is_not_there_yet_is_one_of_a_few_sentences(deployment: Deployment) -> None:
    async def says(plate: str) -> str:
        body = {"version": "1", "cameras": [{"camera": CAMERA, "state": "live", "reason": "", "plate": plate}]}
        headers = [(b"host", b"hub.example"), (b"content-type", b"application/json")]
        path = "/api/v1/sensor/states"
        reply = await ask(deployment.hub, "POST", path, headers=headers, body=json.dumps(body).encode(), peer=deployment.der)
        assert reply.status == 204
        return deployment.hub.plates.why(CAMERA)

    assert await says(SOMEBODY) == ""  # nobody waits
    deployment.hub.plates.ask(CAMERA, by=BY)
    for why in get_args(Why):
        assert await says(why) == why
        assert await says("there are seventeen people") == why
    await sends(deployment)
    assert deployment.hub.plates.why(CAMERA) == ""


def test_it_is_kept_sealed_and_turns_with_the_keys(deployment: Deployment, plates: Plates) -> None:
    plates.ask(CAMERA, by=BY)
    take(plates)
    kept = [record for kind in ("plate", "plate-picture") for record in deployment.hub.kept.records.all(kind)]
    assert len(kept) == 2
    text = json.dumps([record.body for record in kept])
    assert "rtsp" not in text
    assert IMAGE[:30].hex() not in text
    assert "throng1:" in text
    newer = Seal({"test": bytes(32), "newer": bytes(range(32))}, "newer")
    for record in kept:
        assert set(key_ids_in(resealed(newer, record.body))) == {"newer"}


def take(plates: Plates, camera: str = CAMERA) -> None:
    plates.take(camera, IMAGE, ask=plates.of(camera).asked_us, size_px=SIZE, covered=0, by=BY)


def restarted(deployment: Deployment, own: OwnSite | None = None) -> Plates:
    """The plates of a hub that was started again."""
    kept = deployment.hub.kept
    return Plates(Registry(kept.records, SEAL, kept.log, own=own or OwnSite()), kept.records)


def test_a_hub_that_starts_again_still_waits_and_still_has_what_came(deployment: Deployment, plates: Plates) -> None:
    plates.ask(CAMERA, by=BY)
    take(plates)
    plates.ask(THEIRS, by=BY)
    again = restarted(deployment)
    assert again.image(CAMERA) == IMAGE
    assert {again.of(CAMERA).state, again.of(THEIRS).state} == {"ready", "waiting"}
    assert again.asked_of(f"{BETA}-box") == {THEIRS: plates.of(THEIRS).asked_us}


def change(deployment: Deployment, **what: Any) -> None:
    registry = deployment.hub.registry
    registry.put(Draft(CAMERA, **what), version=registry.state.cameras[CAMERA].version, by=BY)


def test_it_goes_when_the_address_changes_and_stays_when_anything_else_does(deployment: Deployment, plates: Plates) -> None:
    plates.ask(CAMERA, by=BY)
    take(plates)
    change(deployment, login=Login(SecretStr("user"), SecretStr("word")))
    change(deployment, table={"zone": []})
    change(deployment, sensor="another-box")
    change(deployment, sensor=BOX)
    assert plates.image(CAMERA) == IMAGE
    change(deployment, address=SecretStr("rtsp://alphasite-secret.example/other"))
    assert plates.image(CAMERA) is None
    assert plates.of(CAMERA).state == "none"
    assert entries(deployment)[0] == ("plate.delete", "hub", "ok", CAMERA)


async def test_a_plate_of_the_former_address_is_refused_though_the_new_one_is_waited_for(deployment: Deployment) -> None:
    deployment.hub.plates.ask(CAMERA, by=BY)
    former = deployment.hub.plates.of(CAMERA).asked_us
    change(deployment, address=SecretStr("rtsp://alphasite-secret.example/third"))
    assert (await sends(deployment, ask=former)).status == 409
    assert (await sends(deployment)).status == 204


def test_whoever_asks_while_the_address_changes_never_gets_the_former_scene(deployment: Deployment, plates: Plates) -> None:
    registry = deployment.hub.registry
    plates.ask(CAMERA, by=BY)
    take(plates)
    asking = threading.Thread(target=plates.ask, args=(CAMERA,), kwargs={"by": BY})

    def meanwhile() -> None:
        asking.start()
        asking.join(0.2)  # it waits until all have been told of the change, else it is through by now

    registry._told.insert(0, meanwhile)
    try:
        change(deployment, address=SecretStr("rtsp://alphasite-secret.example/fourth"))
    finally:
        registry._told.remove(meanwhile)
        asking.join()
    assert plates.of(CAMERA).asked_us
    assert plates.image(CAMERA) is None


def test_whoever_asks_of_a_camera_that_was_just_removed_is_told_so(plates: Plates) -> None:
    with pytest.raises(ConflictError, match="removed meanwhile"):
        plates.ask("gone", by=BY)


def test_a_changed_site_file_is_noticed_at_the_next_start(deployment: Deployment) -> None:
    def own(address: str) -> OwnSite:
        return OwnSite("filesite", (Camera.model_validate({"name": "of the file", "address": address}),))

    first = restarted(deployment, own("rtsp://one.example/stream"))
    first.ask("of the file", by=BY)
    assert first.asked_of("") == {"of the file": first.of("of the file").asked_us}
    first.put(PlatePicture("of the file", first.of("of the file").asked_us, IMAGE, *SIZE, 0))
    assert restarted(deployment, own("rtsp://one.example/stream")).image("of the file") == IMAGE
    assert restarted(deployment, own("rtsp://two.example/stream")).image("of the file") is None
    assert deployment.hub.kept.records.all("plate-picture") == []


def test_it_goes_with_its_camera(tmp_path: Path) -> None:
    with deployed(tmp_path) as deployment:
        plates, registry = deployment.hub.plates, deployment.hub.registry
        plates.ask(CAMERA, by=BY)
        take(plates)
        registry.remove(CAMERA, version=registry.state.cameras[CAMERA].version, by=BY)
        assert deployment.hub.kept.records.all("plate") == deployment.hub.kept.records.all("plate-picture") == []


def test_it_goes_when_numbers_of_its_age_do(deployment: Deployment, plates: Plates) -> None:
    for camera in (CAMERA, THEIRS):
        plates.ask(camera, by=BY)
        take(plates, camera)
    plates.ask(THEIRS, by=BY)
    plates.forget(plates.of(CAMERA).made_us / 1e6 - 1)
    assert plates.image(CAMERA) == IMAGE
    deployment.hub.forget_older_than(-1.0)
    assert (plates.image(CAMERA), plates.of(CAMERA).state) == (None, "none")
    assert (plates.image(THEIRS), plates.of(THEIRS).state) == (None, "waiting")


def test_what_a_process_of_this_machine_sends_stops_nothing(plates: Plates, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = PlatePicture(CAMERA, 17, IMAGE, *SIZE, 0)
    plates.put(picture)
    assert plates.image(CAMERA) is None
    plates.ask(CAMERA, by=BY)

    def full(changes: list[Change]) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(plates._records, "change", full)
        plates.put(replace(picture, ask=plates.of(CAMERA).asked_us))
    assert (plates.of(CAMERA).state, plates.why(CAMERA)) == ("waiting", NOT_STORED)
    plates.put(replace(picture, ask=plates.of(CAMERA).asked_us))
    assert plates.image(CAMERA) == IMAGE


def test_whoever_watches_is_told_of_every_change(plates: Plates) -> None:
    heard: list[dict[str, int]] = []
    plates.on_change(lambda: heard.append(plates.asked_of(BOX)))
    plates.ask(CAMERA, by=BY)
    assert heard[-1] == {CAMERA: plates.of(CAMERA).asked_us}
    take(plates)
    assert heard[-1] == {}


def test_all_plates_together_are_bounded(plates: Plates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("throng.hub.plates.MOST_BYTES_TOGETHER", len(IMAGE))
    for camera in (CAMERA, CAMERA, THEIRS):
        plates.ask(camera, by=BY)
        plates.put(PlatePicture(camera, plates.of(camera).asked_us, IMAGE, *SIZE, 0))
    assert plates.image(CAMERA) == IMAGE
    assert plates.image(THEIRS) is None
