"""The door for sensors' numbers: signed, of their own measures, answered once they are stored."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from throng.data.errors import HubError, StoreError, WireError
from throng.data.rows import Rows
from throng.data.wire import MEDIA_TYPE, MOST_BYTES, decode
from throng.hub.access import needs, principal
from throng.hub.gate import PEER, client_address
from throng.hub.ingest import Ingest
from throng.hub.log.log import Log
from throng.hub.models import Answer, Problem
from throng.hub.own_measures import FutureError, OwnMeasures
from throng.hub.sensors.signature import verify

PATH = "/api/v1/ingest"
BODY_BYTES = MOST_BYTES
LATE_S = 600.0
"""Rows of which none is newer than this are late: a sensor catches up."""
MOST_ROWS = 200_000
MOST_TEXTS = 10_000
"""Of those that say how rows were made private, and of those that say why they are unknown: each is looked at."""
_RETRY_AFTER_S = 5
_MOST_AT_ONCE = 16
"""Messages of one sensor in work: it sends one after the other, and whoever has its key must not fill the memory."""
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}},
    "parameters": [
        {
            "name": "throng-signature",
            "in": "header",
            "required": True,
            "schema": {"type": "string"},
            "description": "Base64 of an ECDSA signature (P-256, SHA-256, DER) by the key of the sensor's certificate.",
        }
    ],
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    403: {"model": Problem, "description": "Not signed by this sensor."},
    415: {"model": Problem, "description": "No batch of rows."},
    422: {"model": Problem, "description": "Refused for good: sending it again is of no use."},
    425: {"model": Problem, "description": "A tick ends in the future: one of the clocks is wrong."},
    503: {"model": Problem, "description": "It cannot be stored now: send it again."},
}
_LARGE_BYTES = 256 * 1024
"""Longer messages are checked in a thread of their own, so that the short ones of live sensors do not wait."""


class Stored(Answer):
    """A batch is stored, or was before."""

    rows: int = Field(description="Rows of the batch.")


def add_ingest(app: FastAPI, *, ingest: Ingest, own: OwnMeasures, log: Log, clock: Callable[[], float] = time.time) -> None:
    """Add the door; its errors are sentences, its refusals lines in the audit log."""
    at_work: Counter[str] = Counter()

    @app.post(PATH, response_model=Stored, openapi_extra=needs("sensor") | _BODY, responses=_ANSWERS)
    async def take(request: Request) -> Response:
        """Store a batch of numbers; sending it again, in any order, changes nothing."""
        sensor = principal(request).name
        if at_work[sensor] >= _MOST_AT_ONCE:
            return _problem(503, "the sensor sends too many messages at once: send one after the other")
        at_work[sensor] += 1
        try:
            return await taken(request, sensor)
        finally:
            at_work[sensor] -= 1

    async def taken(request: Request, sensor: str) -> Response:
        body = await request.body()
        der = request.scope["extensions"][PEER]
        signature, kind = request.headers.get("throng-signature", ""), request.headers.get("content-type", "")

        def checked() -> Rows:
            rows = _opened(body, kind, is_signed=verify(der, body, signature))
            own.check(sensor, rows, now_s=clock())
            return rows

        try:
            rows = await (run_in_threadpool(checked) if len(body) > _LARGE_BYTES else _now(checked))
        except WireError as error:
            status = _STATUSES.get(type(error), 422)
            log.write("ingest.refused", who=sensor, outcome="refused", detail=str(error), address=client_address(request.scope))
            return _problem(status, str(error))
        if not len(rows):
            return _json({"rows": 0})
        newest_s = int(rows.tick_start_us.max()) / 1e6
        try:
            # Shielded: who hangs up does not take back what he sent.
            await asyncio.shield(asyncio.wrap_future(ingest.submit(rows, late=newest_s < clock() - LATE_S)))
        except (HubError, StoreError) as error:
            return _problem(503, str(error))
        return _json({"rows": len(rows)})


class _ForgedError(WireError):
    """The signature does not fit."""


class _OtherKindError(WireError):
    """It does not say that it is a batch of rows."""


_STATUSES: dict[type[WireError], int] = {_ForgedError: 403, _OtherKindError: 415, FutureError: 425}


def _opened(body: bytes, kind: str, *, is_signed: bool) -> Rows:
    """The rows of a message whose sender is known."""
    if not is_signed:
        raise _ForgedError("the message is not signed by the sensor's own key: update the sensor")
    if kind != MEDIA_TYPE:
        raise _OtherKindError(f"the message must come as {MEDIA_TYPE}: update the sensor")
    rows = decode(body)
    if max(len(rows), len(rows.series)) > MOST_ROWS:
        raise WireError(f"a message must have at most {MOST_ROWS:,} rows: send several")
    if max(len(rows.parts), len(rows.reasons)) > MOST_TEXTS:
        raise WireError(f"a message must have at most {MOST_TEXTS:,} mechanisms and as many reasons: send several")
    return rows.without_unused()  # texts stay in the store for good


async def _now(checked: Callable[[], Rows]) -> Rows:
    return checked()


def _json(content: dict[str, int]) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")


def _problem(status: int, detail: str) -> Response:
    headers = {"retry-after": str(_RETRY_AFTER_S)} if status in (425, 503) else None
    return JSONResponse({"detail": detail}, status_code=status, headers=headers)
