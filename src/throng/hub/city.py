"""The whole network hour by hour: every camera's counts, in one answer."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec
import numpy as np
from fastapi import FastAPI, HTTPException, Request
from pydantic import Field
from starlette.responses import Response

from throng.data.release import UNITS
from throng.hub.access import visible
from throng.hub.api import FAILED, NUMBERS, Moment, span
from throng.hub.cameras import Cameras
from throng.hub.models import Answer, Problem, Unit, utc
from throng.store.store import HOUR_S, Hours, Store

MOST_HOURS = 31 * 24
_USUAL = timedelta(days=1)
_FIRST_HOUR = int(datetime(1, 1, 1, tzinfo=UTC).timestamp() // HOUR_S)
_REFUSED: dict[int | str, dict[str, Any]] = {400: {"model": Problem}}
Counted = Literal["in", "out", "entries", "exits"]


class CameraHours(Answer):
    """One camera's hours, in the order of `times`."""

    camera: str
    values: list[float | None] = Field(description="Protected number of each hour, all its places together; null when unknown.")
    standard_errors: list[float | None] = Field(description="Standard error of each; null when unknown.")


class HoursAnswer(Answer):
    """What was counted in every hour at every camera."""

    quantity: Counted
    unit: Unit
    times: list[datetime] = Field(description="When each hour began, UTC.")
    cameras: list[CameraHours]


def add_city(app: FastAPI, *, store: Store, cameras: Cameras) -> None:
    """Add the network's hours."""

    @app.get("/api/v1/hours", response_model=HoursAnswer, responses=FAILED | _REFUSED, openapi_extra=NUMBERS)
    def hours(request: Request, quantity: Counted, *, start: Moment = None, end: Moment = None) -> Response:
        """What was counted in every hour at every camera, from the hour of `start` to before `end`: by default the last day.

        At cameras whose ticks make no hours, nothing.
        """
        start_s, end_s = span(start, end, _USUAL)
        first = int(start_s // HOUR_S)
        number = -int(-end_s // HOUR_S) - first
        if number > MOST_HOURS:
            raise HTTPException(
                400, f"{number} hours are more than the {MOST_HOURS} that fit one answer: ask for a shorter time"
            )
        if first < _FIRST_HOUR:
            raise HTTPException(400, "start must be within the years 1 to 9999: ask for another time")
        sites = visible(request)
        seen = None if sites.everywhere else [entry.name for entry in cameras.entries if entry.site in sites]
        found = store.hours(
            start_s=first * HOUR_S, end_s=(first + number) * HOUR_S, quantities=(f"{quantity}_hour",), cameras=seen
        )
        answer = {
            "quantity": quantity,
            "unit": UNITS[quantity],
            "times": [utc((first + hour) * HOUR_S * 1_000_000) for hour in range(number)],
            "cameras": _by_camera(found, first=first, number=number),
        }
        return Response(msgspec.json.encode(answer), media_type="application/json")


def _by_camera(found: Hours, *, first: int, number: int) -> list[dict[str, Any]]:
    if not len(found):
        return []
    begins = np.flatnonzero(np.r_[True, found.cameras[1:] != found.cameras[:-1]])
    hours = found.hour_start_us // (HOUR_S * 1_000_000) - first
    answers = []
    for begin, end in zip(begins.tolist(), [*begins[1:].tolist(), len(found)], strict=True):
        columns: dict[str, list[float | None]] = {}
        for name, values in (("values", found.values), ("standard_errors", found.standard_errors)):
            column: list[float | None] = [None] * number
            for hour, value in zip(hours[begin:end].tolist(), values[begin:end].tolist(), strict=True):
                column[hour] = None if math.isnan(value) else value
            columns[name] = column
        answers.append({"camera": found.cameras[begin]} | columns)
    return answers
