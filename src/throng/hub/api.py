"""The hub's HTTP interface, version 1."""

import itertools
import json
import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request
from starlette.responses import StreamingResponse

from throng import __version__
from throng.data.release import UNITS
from throng.hub.alarms import Alarms
from throng.hub.cameras import Cameras
from throng.hub.door import CODE_S, Door
from throng.hub.gate import SESSION
from throng.hub.live import Event, Feed, stream
from throng.hub.models import (
    AlarmAnswer,
    Budget,
    Camera,
    Health,
    HeatAnswer,
    Measure,
    Problem,
    Quantity,
    Row,
    SeriesAnswer,
    SignInCode,
    Site,
    Step,
    camera_answer,
    heat_answer,
    measures_of,
    row_answer,
    utc,
)
from throng.store.store import DAY_S, HOUR_S, Series, Store

MOST_ROWS = 100_000
_ROWS_A_CHUNK = 2_000
_SPANS = {"tick": timedelta(hours=1), "hour": timedelta(days=1), "day": timedelta(days=30)}
_STEPS_S = {"hour": HOUR_S, "day": DAY_S}
_OF_AN_HOUR = {"in": "in_hour", "out": "out_hour", "entries": "entries_hour", "exits": "exits_hour"}
_OF_A_DAY = {f"{way}{of}": f"{way}_total" for way in _OF_AN_HOUR for of in ("", "_hour", "_total")}

_FAILED: dict[int | str, dict[str, Any]] = {503: {"model": Problem}}
_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}
_REFUSED: dict[int | str, dict[str, Any]] = {400: {"model": Problem}, **_MISSING}
_LIVE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `tick` (data: Tick), `camera` (data: Camera), `alarms` (data: a list of "
        "AlarmAnswer, after each tick of their camera), `reload` (the page fell behind: load the series anew), `ended` (the "
        "session is over).",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    503: {"model": Problem},
}

Name = Annotated[str, Query(max_length=200)]
Moment = Annotated[datetime | None, Query(description="ISO 8601; UTC where no offset is given.")]


def add_health(app: FastAPI) -> None:
    """Add the one answer for strangers."""

    @app.get("/health")
    def health() -> Health:
        """Whether the hub answers; says nothing else."""
        return Health()


def add_site(app: FastAPI, *, site_name: str, tick_s: float, budget: Budget, cameras: Cameras) -> None:
    """Add what there is: the site, its cameras, and what is measured where."""

    @app.get("/api/v1/site")
    def site() -> Site:
        """The site and its promise."""
        return Site(name=site_name, tick_s=tick_s, version=__version__, budget=budget)

    @app.get("/api/v1/cameras")
    def all_cameras() -> list[Camera]:
        """Every camera and whether it sees."""
        return [camera_answer(status) for status in cameras.all()]

    @app.get("/api/v1/measures")
    def measures() -> list[Measure]:
        """What is released of every place."""
        return measures_of(cameras.entries)


def add_numbers(app: FastAPI, *, store: Store, cameras: Cameras) -> None:
    """Add the numbers: the newest, and over time."""
    ticks_s = {entry.name: entry.tick_s for entry in cameras.entries}
    known = {(m.camera, m.place, quantity) for m in measures_of(cameras.entries) for quantity in m.quantities}

    @app.get("/api/v1/latest", responses=_FAILED)
    def latest() -> list[Row]:
        """The newest number of every camera, place and quantity; heat maps come from /api/v1/heat."""
        return [row_answer(row) for row in store.latest()]

    @app.get("/api/v1/series", response_model=SeriesAnswer, responses=_FAILED | _REFUSED)
    def series(
        camera: Name, place: Name, quantity: Quantity, *, start: Moment = None, end: Moment = None, step: Step = "tick"
    ) -> StreamingResponse:
        """One quantity of one place over time, oldest first: ticks from `start` to before `end`; by default the last hour.

        By the hour or UTC day, from the one that holds `start`: of crossings and visits what was counted in it, a day's being
        what its ticks add up to so far; of all else, the last tick of it that is known.
        """
        start_s, end_s = _span(start, end, _SPANS[step])
        stored = _stored_as(quantity, step, tick_s=ticks_s.get(camera, 60.0))
        if step == "tick":
            found = store.series(camera, place, stored, start_s=start_s, end_s=end_s, max_rows=MOST_ROWS + 1)
        else:
            found = store.steps(
                camera,
                place,
                stored,
                step_s=_STEPS_S[step],
                add_epochs=step == "day" and stored in _OF_A_DAY.values(),
                start_s=start_s,
                end_s=end_s,
                max_rows=MOST_ROWS + 1,
            )
        if len(found) > MOST_ROWS:
            raise HTTPException(400, f"more than {MOST_ROWS:,} rows: ask for a shorter time")
        if not len(found) and (camera, place, quantity) not in known:
            raise HTTPException(404, f"no such measure: {camera}, {place}, {quantity}; /api/v1/measures lists them")
        head: dict[str, str | float] = {
            "camera": camera,
            "place": place,
            "quantity": quantity,
            "unit": UNITS[quantity],
            "step": step,
            "tick_s": float(found.tick_s[-1]) if len(found) else _STEPS_S.get(step, ticks_s[camera]),
        }
        return StreamingResponse(_series_json(head, found), media_type="application/json")


def add_heat(app: FastAPI, *, store: Store, cameras: Cameras) -> None:
    """Add the heat maps."""
    asked_for = {entry.name for entry in cameras.entries if entry.extras.heat}

    @app.get("/api/v1/heat", responses=_FAILED | _MISSING)
    def heat(camera: Name, end: Moment = None) -> HeatAnswer:
        """Where in a camera's picture people were: the newest hour that had ended by `end`, by default now."""
        cells = store.heat(camera, end_s=time.time() if end is None else _utc(end).timestamp())
        if not cells and camera not in asked_for:
            raise HTTPException(404, f"no heat map of {camera}: budget.shares.heat of the site file asks for it")
        return heat_answer(camera, cells)


def add_alarms(app: FastAPI, *, alarms: Alarms) -> None:
    """Add the alarms."""

    @app.get("/api/v1/alarms")
    def all_alarms() -> list[AlarmAnswer]:
        """Every alarm and its state."""
        return alarms.all()


def add_live(app: FastAPI, *, feed: Feed, door: Door, cameras: Cameras) -> None:
    """Add the live feed, and signing in another device."""

    @app.get("/api/v1/live", response_class=StreamingResponse, responses=_LIVE)
    async def live(request: Request) -> StreamingResponse:
        """Every tick as it is stored, and every change of a camera's state; begins with the state of each camera."""
        if feed.is_full:
            raise HTTPException(503, "too many pages are live already: close one and reload")

        def first() -> list[Event]:
            return [Event("camera", camera_answer(status).model_dump_json()) for status in cameras.all()]

        events = stream(feed, request.scope[SESSION], first=first, is_open=door.is_open)
        return StreamingResponse(events, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    @app.post("/api/v1/sign-in-codes")
    def new_code(request: Request) -> SignInCode:
        """A one-time sign-in for another device or person."""
        code = door.new_code()
        return SignInCode(code=code, url=str(request.url.replace(path="/sign-in", query=f"code={code}")), expires_s=CODE_S)


def _stored_as(quantity: str, step: str, *, tick_s: float) -> str:
    """The stored quantity that holds what an hour or a day adds up to; of all else the quantity itself."""
    if step == "hour" and quantity in _OF_AN_HOUR and HOUR_S % tick_s:
        raise HTTPException(400, f"{quantity} has no view by the hour, as ticks of {tick_s:g} s make no hour: ask by the tick")
    if step == "day":
        return _OF_A_DAY.get(quantity, quantity)
    return _OF_AN_HOUR.get(quantity, quantity) if step == "hour" and tick_s < HOUR_S else quantity


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _span(start: datetime | None, end: datetime | None, usual: timedelta) -> tuple[float, float]:
    """Start and end as Unix time; where one is missing, the usual span from the other or from now."""
    start, end = (None if moment is None else _utc(moment) for moment in (start, end))
    if end is None:
        end = start + usual if start is not None else datetime.fromtimestamp(time.time(), UTC)
    if start is None:
        start = end - usual
    if start >= end:
        raise HTTPException(400, f"start must be before end, not {start.isoformat()} and {end.isoformat()}")
    return start.timestamp(), end.timestamp()


def _series_json(head: dict[str, str | float], series: Series) -> Iterator[bytes]:
    """The JSON of a `SeriesAnswer`, in pieces: 100,000 rows as models would take a third of the hub's memory."""
    yield json.dumps(head)[:-1].encode() + b', "rows": ['
    columns = (series.tick_start_us.tolist(), series.values.tolist(), series.standard_errors.tolist(), series.unknown.tolist())
    points = map(_point, *columns)
    separator = ""
    while chunk := list(itertools.islice(points, _ROWS_A_CHUNK)):
        yield (separator + ", ".join(chunk)).encode()
        separator = ", "
    yield b"]}"


def _point(time_us: int, value: float, standard_error: float, unknown: str) -> str:
    point = {
        "time": utc(time_us).isoformat().replace("+00:00", "Z"),
        "value": None if math.isnan(value) else value,
        "standard_error": None if math.isnan(standard_error) else standard_error,
        "unknown": unknown,
    }
    return json.dumps(point, allow_nan=False)
