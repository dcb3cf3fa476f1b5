"""The routes of plates: the pictures for people, the door for sensors."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import FastAPI, HTTPException, Path, Query, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from throng.data.errors import ConflictError, HubError, SealError
from throng.data.plate_picture import MEDIA_TYPE, MOST_BYTES, MOST_PX
from throng.hub.access import needs, principal, visible
from throng.hub.api import NUMBERS
from throng.hub.gate import client_address
from throng.hub.models import Answer, Problem, utc
from throng.hub.plates import Plates
from throng.hub.registry.registry import By, Registry

SENSOR_PATH = "/api/v1/sensor/plates/{name}"
_ASKING = needs("operator", "administrator")
_PICTURE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_BODY = {"requestBody": {"required": True, "content": {MEDIA_TYPE: _PICTURE}}}
_SHOWN: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: _PICTURE}},
    304: {"description": "As told."},
    404: {"model": Problem},
    503: {"model": Problem},
}
_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}
_REFUSED: dict[int | str, dict[str, Any]] = {status: {"model": Problem} for status in (404, 503)}
_CHANGED: dict[int | str, dict[str, Any]] = {409: {"model": Problem}}
_UNTAKEN: dict[int | str, dict[str, Any]] = {status: {"model": Problem} for status in (404, 409, 413, 415, 422, 503)}

Name = Annotated[str, Path(max_length=64)]


class Taken(Answer):
    """What a sensor says of a plate beside the picture itself."""

    ask: int = Field(ge=0, le=2**53, description="The number of the request, as its work names it.")
    width: int = Field(ge=1, le=MOST_PX, description="Of the camera's own picture, pixels.")
    height: int = Field(ge=1, le=MOST_PX, description="Of the camera's own picture, pixels.")
    covered: int = Field(ge=0, le=1_000_000, description="Regions that are hatched over.")


class PlateAnswer(Answer):
    """How it stands with a camera's plate: the picture of its scene without anybody in it."""

    state: Literal["none", "waiting", "ready"] = Field(
        description="Waiting: somebody asked for a new one; one that was there before is shown until it comes."
    )
    since: datetime | None = Field(description="When it was asked for, or came, UTC.")
    made: datetime | None = Field(description="When the one that is there came, UTC; null where there is none.")
    width: int | None = Field(
        description="Of the camera's own picture, in whose pixels lines and zones are drawn; the plate may be smaller."
    )
    height: int | None = Field(description="Of the camera's own picture, as its width.")
    covered: int | None = Field(description="Regions that are hatched over, as somebody was or may have been left in them.")
    reason: str = Field(description="Why the one that is waited for is not there yet; else empty.")


def add_plates(app: FastAPI, *, plates: Plates, registry: Registry) -> None:
    """Add the plates: seen by whoever may see the camera's numbers, asked for and deleted by operators."""

    def seen(request: Request, name: str) -> str:
        camera = registry.state.cameras.get(name)
        if camera is None or camera.site not in visible(request):
            raise HTTPException(404, "no such camera; /api/v1/cameras lists them")
        return name

    @app.get("/api/v1/plates/{name}", response_class=Response, openapi_extra=NUMBERS, responses=_SHOWN)
    def picture(request: Request, name: Name) -> Response:
        """The camera's scene without anybody in it, JPEG; with `if-none-match`, 304 where it is the same."""
        tag = f'"{plates.of(seen(request, name)).made_us}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"etag": tag})
        with _refusing():
            image = plates.image(name)
        if image is None:
            raise HTTPException(404, f"there is no plate of {name}: ask for one")
        return Response(image, media_type=MEDIA_TYPE, headers={"etag": tag})

    @app.get("/api/v1/plates/{name}/state", openapi_extra=NUMBERS, responses=_MISSING)
    def state(request: Request, name: Name) -> PlateAnswer:
        """Whether there is a plate of a camera, and why not."""
        return _answer(plates, seen(request, name))

    @app.post("/api/v1/plates/{name}", openapi_extra=_ASKING, responses=_REFUSED | _CHANGED)
    def ask(request: Request, name: Name) -> PlateAnswer:
        """Ask the camera's sensor for a new plate: it takes some minutes, and longer where people stand still."""
        with _refusing():
            plates.ask(seen(request, name), by=_by(request))
        return _answer(plates, name)

    @app.delete("/api/v1/plates/{name}", openapi_extra=_ASKING, responses=_REFUSED, status_code=204)
    def delete(request: Request, name: Name) -> None:
        """Delete a camera's plate, and wait for none."""
        plates.delete(seen(request, name), by=_by(request))


def add_plate_door(app: FastAPI, *, plates: Plates, registry: Registry) -> None:
    """Add the door for the plates that were asked for; what is refused is in the audit log."""

    @app.put(SENSOR_PATH, status_code=204, openapi_extra=needs("sensor") | _BODY, responses=_UNTAKEN)
    async def take(request: Request, name: Name, said: Annotated[Taken, Query()]) -> Response:
        """Keep the plate of a camera of the asking sensor that somebody waits for."""
        by = _by(request)
        camera = registry.state.cameras.get(name)
        if camera is None or camera.sensor != by.name:
            raise HTTPException(404, f"the camera {name} is not this sensor's: give it to the sensor in the registry")
        if request.headers.get("content-type") != MEDIA_TYPE:
            raise HTTPException(415, f"a plate must come as {MEDIA_TYPE}: update the sensor")
        image = await request.body()

        def taken() -> None:
            try:
                with _refusing():
                    size_px = said.width, said.height
                    plates.take(name, image, ask=said.ask, size_px=size_px, covered=said.covered, by=by)
            except HTTPException as error:
                registry.refused("plate.receive", by=by, about=name, detail=str(error.detail))
                raise

        await run_in_threadpool(taken)
        return Response(status_code=204)


PLATE_BYTES = MOST_BYTES
"""Longest body at the sensors' door."""


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn a refusal into an answer."""
    try:
        yield
    except ConflictError as error:
        raise HTTPException(409, str(error)) from None
    except HubError as error:
        raise HTTPException(422, str(error)) from None
    except SealError as error:
        raise HTTPException(503, str(error)) from None


def _answer(plates: Plates, camera: str) -> PlateAnswer:
    plate = plates.of(camera)
    is_there = bool(plate.made_us)
    since_us = plate.asked_us or plate.made_us
    return PlateAnswer(
        state=plate.state,
        since=utc(since_us) if since_us else None,
        made=utc(plate.made_us) if is_there else None,
        width=plate.width_px if is_there else None,
        height=plate.height_px if is_there else None,
        covered=plate.covered if is_there else None,
        reason=plates.why(camera),
    )


def _by(request: Request) -> By:
    return By(principal(request).name, client_address(request.scope))
