"""What a sensor is to do, sealed to the key of its certificate before it leaves; and how the sensor says it goes."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal, get_args

from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from throng.data.plate_picture import Why
from throng.hub.access import needs, principal
from throng.hub.cameras import Cameras, State
from throng.hub.gate import PEER
from throng.hub.ingest import Ingest
from throng.hub.models import Answer
from throng.hub.own_measures import is_plain_reason
from throng.hub.plates import Plates
from throng.hub.registry.registry import Registry
from throng.hub.sensors.sensors import Sensors
from throng.hub.sensors.signature import peer_of
from throng.seal.to_key import seal_to

_STATES: dict[str, State] = {"starting": "starting", "live": "live", "unknown": "unknown", "failed": "unknown"}

_WHYS = frozenset(get_args(Why))
_UNTOLD = "for a reason that the sensor's own terminal tells"


class Work(Answer):
    """What a sensor is to do."""

    site: dict[str, Any] = Field(description="What is common to its cameras, as in a site file.")
    cameras: str = Field(description="Its cameras' tables, as in a site file, sealed to its certificate's key (HPKE).")
    plates: dict[str, int] = Field(description="Its cameras whose plate somebody waits for, and the number of that request.")


class CameraSays(BaseModel):
    """How a sensor says that one of its cameras is."""

    model_config = ConfigDict(extra="forbid")
    camera: str = Field(max_length=64)
    state: Literal["starting", "live", "unknown", "failed"]
    reason: str = Field(max_length=500)
    plate: str = Field(default="", max_length=500, description="Why the plate that is waited for is not there yet.")


class SensorSays(BaseModel):
    """How a sensor says that it is."""

    model_config = ConfigDict(extra="forbid")
    version: str = Field(max_length=64, pattern=r"^[0-9A-Za-z.+-]*$")
    cameras: list[CameraSays] = Field(max_length=10_000)


def add_states(app: FastAPI, *, sensors: Sensors, cameras: Cameras, ingest: Ingest, plates: Plates) -> None:
    """Add how sensors say that they are."""

    @app.post("/api/v1/sensor/states", status_code=204, openapi_extra=needs("sensor"))
    def states(request: Request, body: SensorSays) -> Response:
        """Take note of the states of the asking sensor's own cameras; of any other, nothing."""
        sensor = principal(request).name
        own = [said for said in body.cameras if (entry := cameras.entry(said.camera)) is not None and entry.sensor == sensor]
        told = [(said.camera, said.state, _told(said)) for said in own]
        sensors.heard(sensor, version=body.version, cameras={camera: (state, reason) for camera, state, reason in told})
        ingest.camera_states([(camera, _STATES[state], reason) for camera, state, reason in told])
        for said in own:
            if said.plate in _WHYS:
                plates.tell(said.camera, said.plate)
        return Response(status_code=204)


def _told(said: CameraSays) -> str:
    """Why, as people are told: a sensor that somebody took over must not tell them numbers of people so."""
    return said.reason if is_plain_reason(said.reason, {said.camera}) else _UNTOLD


def add_work(app: FastAPI, *, registry: Registry, plates: Plates, site: Mapping[str, Any]) -> None:
    """Add what sensors are to do; `site` is what a site file says for all cameras."""

    @app.get(
        "/api/v1/sensor/work", response_model=Work, openapi_extra=needs("sensor"), responses={304: {"description": "As told."}}
    )
    def work(request: Request) -> Response:
        """What the asking sensor is to do; with `if-none-match`, 304 where nothing has changed."""
        der: bytes = request.scope["extensions"][PEER]
        peer = peer_of(der)
        assert peer is not None  # the gate has let it in
        sensor = principal(request).name
        asked = plates.asked_of(sensor)
        about = json.dumps([dict(site), asked], ensure_ascii=False, sort_keys=True)
        # Sealed anew, the same work looks different each time: its tag is of what is sealed, and of the key.
        tag = f'"{hashlib.sha256(" ".join((peer.serial, registry.work_tag(sensor), about)).encode()).hexdigest()}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"etag": tag})
        cameras = json.dumps(registry.work_of(sensor), ensure_ascii=False).encode()
        sealed = seal_to(peer.key, cameras, about="work")
        return JSONResponse({"site": dict(site), "cameras": sealed, "plates": asked}, headers={"etag": tag})
