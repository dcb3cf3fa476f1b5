"""What a sensor is given to do, for it alone, and what it says of its cameras, as people see it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr
from tests.security.asking import Reply, ask
from tests.security.deployment import ALPHA, BETA, Deployment, deployed

from throng.data.errors import SealError
from throng.hub.registry.draft import Draft
from throng.hub.registry.registry import By
from throng.hub.sensors.authority import new_key
from throng.seal.to_key import open_with
from throng.store.records import Change

pytestmark = pytest.mark.anyio
WORK, STATES = "/api/v1/sensor/work", "/api/v1/sensor/states"
BOX, CAMERA, THEIRS = f"{ALPHA}-box", f"{ALPHA}-camera", f"{BETA}-camera"
UNTOLD = "for a reason that the sensor's own terminal tells"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("hub")) as made:
        yield made


def enrolled(deployment: Deployment) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    """The key and certificate that the sensor of site alpha has from now on."""
    key = new_key()
    certificate = deployment.hub.sensors.enrol(BOX, key.public_key(), site=ALPHA, used=Change("enrolment", "none", None))
    deployment.der = certificate.public_bytes(serialization.Encoding.DER)
    return key, deployment.der


async def asked(deployment: Deployment, der: bytes, *, tag: str = "") -> Reply:
    headers = [(b"host", b"hub.example"), *([(b"if-none-match", tag.encode())] if tag else [])]
    reply = await ask(deployment.hub, "GET", WORK, headers=headers, peer=der)
    assert reply.problems() == []
    return reply


async def says(deployment: Deployment, *cameras: dict[str, Any], **more: Any) -> Reply:
    body = json.dumps({"version": "1.2", "cameras": list(cameras), **more}).encode()
    headers = [(b"host", b"hub.example"), (b"content-type", b"application/json")]
    return await ask(deployment.hub, "POST", STATES, headers=headers, body=body, peer=deployment.der)


def seen(deployment: Deployment) -> dict[str, tuple[str, str]]:
    return {status.camera.name: (status.state, status.reason) for status in deployment.hub.cameras.all()}


async def test_its_work_opens_with_its_own_key_and_no_other(deployment: Deployment) -> None:
    key, der = enrolled(deployment)
    reply = await asked(deployment, der)
    sealed = json.loads(reply.body)["cameras"]
    (camera,) = json.loads(open_with(key, sealed, about="work"))
    assert camera["name"] == CAMERA
    assert camera["address"].startswith(f"rtsp://{ALPHA}-secret.example/")
    with pytest.raises(SealError):
        open_with(new_key(), sealed, about="work")


async def test_it_is_told_anew_only_when_it_has_changed(deployment: Deployment) -> None:
    _, der = enrolled(deployment)
    (tag,) = (await asked(deployment, der)).all_of("etag")
    again = await asked(deployment, der, tag=tag)
    assert (again.status, again.body, again.all_of("etag")) == (304, b"", [tag])
    version = deployment.hub.registry.state.cameras[CAMERA].version
    draft = Draft(CAMERA, address=SecretStr("rtsp://alphasite-secret.example/other"))
    deployment.hub.registry.put(draft, version=version, by=By("ada"))
    changed = await asked(deployment, der, tag=tag)
    assert changed.status == 200
    assert changed.all_of("etag") != [tag]


async def test_a_new_key_is_told_anew(deployment: Deployment) -> None:
    """What was sealed to the old key does not open with it."""
    _, der = enrolled(deployment)
    (tag,) = (await asked(deployment, der)).all_of("etag")
    key, newer = enrolled(deployment)
    reply = await asked(deployment, newer, tag=tag)
    assert reply.status == 200
    assert json.loads(open_with(key, json.loads(reply.body)["cameras"], about="work"))
    assert (await asked(deployment, der)).status == 401


@pytest.mark.parametrize(
    ("state", "shown"), [("starting", "starting"), ("live", "live"), ("unknown", "unknown"), ("failed", "unknown")]
)
async def test_what_it_says_of_its_cameras_is_shown(deployment: Deployment, state: str, shown: str) -> None:
    assert (await says(deployment, {"camera": CAMERA, "state": state, "reason": "it is dark"})).status == 204
    assert seen(deployment)[CAMERA] == (shown, "it is dark")
    known = deployment.hub.sensors.of(BOX)
    assert known is not None
    assert (known[1].version, known[1].cameras) == ("1.2", {CAMERA: (state, "it is dark")})


async def test_what_it_says_of_other_cameras_is_passed_over(deployment: Deployment) -> None:
    before = seen(deployment)
    for name in (THEIRS, "nowhere", ""):
        assert (await says(deployment, {"camera": name, "state": "unknown", "reason": "I say so"})).status == 204
    assert seen(deployment) == before
    known = deployment.hub.sensors.of(BOX)
    assert known is not None
    assert known[1].cameras == {}


@pytest.mark.parametrize(
    "reason",
    [
        "",
        f'the camera "{CAMERA}" gave no picture for 10 s',
        "looked at 3.2 times a second instead of 10.0: this machine has more to do than it can",
        f'the privacy budget of camera "{CAMERA}" for 2026-11-24 is spent (0.2 of 0.2 in 7 starts): raise budget.rho_per_day',
    ],
)
async def test_an_honest_reason_is_told_as_it_is(deployment: Deployment, reason: str) -> None:
    await says(deployment, {"camera": CAMERA, "state": "unknown", "reason": reason})
    assert seen(deployment)[CAMERA][1] == reason


@pytest.mark.parametrize(
    "reason", ["there are 17 people", "siebzehn: ١٧", 'the camera "17" is dark', "dark\nlive", "\x1b[2J", "a" * 401]
)
async def test_a_reason_never_tells_a_number_of_people(deployment: Deployment, reason: str) -> None:
    await says(deployment, {"camera": CAMERA, "state": "unknown", "reason": reason})
    assert seen(deployment)[CAMERA] == ("unknown", UNTOLD)
    known = deployment.hub.sensors.of(BOX)
    assert known is not None
    assert known[1].cameras == {CAMERA: ("unknown", UNTOLD)}


@pytest.mark.parametrize(
    ("camera", "more"),
    [
        ({"camera": CAMERA, "state": "asleep", "reason": ""}, {}),
        ({"camera": "a" * 65, "state": "live", "reason": ""}, {}),
        ({"camera": CAMERA, "state": "live", "reason": "a" * 501}, {}),
        ({"camera": CAMERA, "state": "live", "reason": "\ud800"}, {}),
        ({"camera": CAMERA, "state": "live", "reason": "", "people": 17}, {}),
        ({"camera": CAMERA, "state": "live", "reason": ""}, {"version": "1 2"}),
        ({"camera": CAMERA, "state": "live", "reason": ""}, {"version": "1" * 65}),
        ({"camera": CAMERA, "state": "live", "reason": ""}, {"people": 17}),
    ],
)
async def test_what_is_malformed_changes_nothing(deployment: Deployment, camera: dict[str, Any], more: dict[str, Any]) -> None:
    before = seen(deployment)
    reply = await says(deployment, camera, **more)
    assert reply.status in (400, 422)
    assert reply.problems() == []
    assert seen(deployment) == before


async def test_a_camera_that_was_given_to_another_is_no_work_of_its_own(deployment: Deployment) -> None:
    key, der = enrolled(deployment)
    for sensor, number in (("another-box", 0), (BOX, 1)):
        version = deployment.hub.registry.state.cameras[CAMERA].version
        deployment.hub.registry.put(Draft(CAMERA, sensor=sensor), version=version, by=By("ada"))
        sealed = json.loads((await asked(deployment, der)).body)["cameras"]
        assert len(json.loads(open_with(key, sealed, about="work"))) == number


async def test_a_camera_that_was_removed_has_no_state_any_more(deployment: Deployment) -> None:
    deployment.hub.registry.remove(CAMERA, version=deployment.hub.registry.state.cameras[CAMERA].version, by=By("ada"))
    assert (await says(deployment, {"camera": CAMERA, "state": "live", "reason": ""})).status == 204
    assert CAMERA not in seen(deployment)
