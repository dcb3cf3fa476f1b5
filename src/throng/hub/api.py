"""The hub's HTTP interface, version 1."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, HTTPException, Query, Request
from starlette.responses import JSONResponse, StreamingResponse

from throng import __version__
from throng.data.release import UNITS
from throng.hub.access import ANYONE_SIGNED_IN, needs, principal, visible
from throng.hub.cameras import CameraEntry, Cameras
from throng.hub.live import EVENTS, USUAL, Event, Feed, stream
from throng.hub.models import (
    Budget,
    Camera,
    Health,
    HeatAnswer,
    Measure,
    Problem,
    Quantity,
    Row,
    SeriesAnswer,
    Site,
    Step,
    camera_answer,
    heat_answer,
    is_measured,
    measures_of,
    row_answer,
    utc,
)
from throng.store.store import DAY_S, HOUR_S, Series, Store

MOST_ROWS = 100_000
_ROWS_A_CHUNK = 2_000
SPANS = {"tick": timedelta(hours=1), "hour": timedelta(days=1), "day": timedelta(days=30)}
"""How much of a series is told where nobody asks for more, by its step."""
_STEPS_S = {"hour": HOUR_S, "day": DAY_S}
_OF_AN_HOUR = {"in": "in_hour", "out": "out_hour", "entries": "entries_hour", "exits": "exits_hour"}
_OF_A_DAY = {f"{way}{of}": f"{way}_total" for way in _OF_AN_HOUR for of in ("", "_hour", "_total")}

FAILED: dict[int | str, dict[str, Any]] = {503: {"model": Problem}}
_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}
_REFUSED: dict[int | str, dict[str, Any]] = {400: {"model": Problem}, **_MISSING}
_USUAL = ",".join(USUAL)
_EVENT = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "event": {"enum": [*EVENTS, "beat", "reload", "ended"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "retry": {"type": "integer"},
    },
}
_LIVE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `ticks` (data: a list of Tick), `now` (a list of NowTick), `cameras` (a list of "
        "Camera), `alarms` (a list of AlarmAnswer, after each tick of their camera), `beat` (nothing else came for 15 "
        "seconds), `reload` (the page fell behind: load the series anew), `ended` (the session is over).",
        "content": {"text/event-stream": {"itemSchema": _EVENT}},
    },
    400: {"model": Problem},
    503: {"model": Problem},
}

NUMBERS = needs("viewer", "operator", "administrator")
"""Whoever may see numbers, at the sites where he may."""

Name = Annotated[str, Query(max_length=200)]
OneCamera = Annotated[str | None, Query(max_length=200, description="Of this camera alone.")]
Wanted = Annotated[str, Query(max_length=200, description=f"The events that are wanted, of {', '.join(EVENTS)}.")]
OfOneCamera = Annotated[str | None, Query(max_length=200, description="The camera whose `ticks` and `now` are wanted, alone.")]
Moment = Annotated[datetime | None, Query(description="ISO 8601; UTC where no offset is given.")]


def add_health(app: FastAPI) -> None:
    """Add the one answer for strangers."""

    @app.get("/health", openapi_extra=needs("stranger"))
    def health() -> Health:
        """Whether the hub answers; says nothing else."""
        return Health()


def add_site(app: FastAPI, *, site_name: str, tick_s: float, budget: Budget, cameras: Cameras) -> None:
    """Add what there is: the site, its cameras, and what is measured where."""

    @app.get("/api/v1/site", openapi_extra=ANYONE_SIGNED_IN)
    def site() -> Site:
        """The site and its promise."""
        return Site(name=site_name, tick_s=tick_s, version=__version__, budget=budget)

    @app.get("/api/v1/cameras", openapi_extra=NUMBERS)
    def all_cameras(request: Request, camera: OneCamera = None) -> list[Camera]:
        """Every camera and whether it sees, or one."""
        found = [status for status in cameras.all() if status.camera.site in visible(request)]
        return [camera_answer(status) for status in found if camera in (None, status.camera.name)]

    @app.get("/api/v1/measures", openapi_extra=NUMBERS)
    def measures(request: Request, camera: OneCamera = None) -> list[Measure]:
        """What is released of every place, or of those of one camera."""
        found = [entry for entry in cameras.entries if entry.site in visible(request)]
        return measures_of([entry for entry in found if camera in (None, entry.name)])


def add_numbers(app: FastAPI, *, store: Store, cameras: Cameras) -> None:
    """Add the numbers: the newest, and over time."""

    @app.get("/api/v1/latest", responses=FAILED, openapi_extra=NUMBERS)
    def latest(request: Request, camera: OneCamera = None) -> list[Row]:
        """The newest number of every camera, place and quantity, or of one camera; heat maps come from /api/v1/heat."""
        found = [row for row in store.latest() if camera in (None, row.camera)]
        return [row_answer(row) for row in found if cameras.site_of(row.camera) in visible(request)]

    @app.get("/api/v1/series", response_model=SeriesAnswer, responses=FAILED | _REFUSED, openapi_extra=NUMBERS)
    def series(
        request: Request,
        camera: Name,
        place: Name,
        quantity: Quantity,
        *,
        start: Moment = None,
        end: Moment = None,
        step: Step = "tick",
    ) -> StreamingResponse:
        """One quantity of one place over time, oldest first: ticks from `start` to before `end`; by default the last hour.

        By the hour or UTC day, from the one that holds `start`: of crossings and visits what was counted in it, a day's being
        what its ticks add up to so far; of all else, the last tick of it that is known.
        """
        entry = cameras.entry(camera)
        if cameras.site_of(camera) not in visible(request):
            raise no_measure(camera, place, quantity)
        start_s, end_s = span(start, end, SPANS[step])
        found = series_of(store, entry, (camera, place, quantity), step=step, start_s=start_s, end_s=end_s)
        head: dict[str, str | float] = {
            "camera": camera,
            "place": place,
            "quantity": quantity,
            "unit": UNITS[quantity],
            "step": step,
            "tick_s": float(found.tick_s[-1]) if len(found) else _STEPS_S.get(step, entry.tick_s if entry else 60.0),
        }
        return StreamingResponse(_series_json(head, found), media_type="application/json")


def add_heat(app: FastAPI, *, store: Store, cameras: Cameras) -> None:
    """Add the heat maps."""

    @app.get("/api/v1/heat", responses=FAILED | _MISSING, openapi_extra=NUMBERS)
    def heat(request: Request, camera: Name, end: Moment = None) -> HeatAnswer:
        """Where in a camera's picture people were: the newest hour that had ended by `end`, by default now."""
        entry, seen = cameras.entry(camera), cameras.site_of(camera) in visible(request)
        cells = store.heat(camera, end_s=time.time() if end is None else _utc(end).timestamp()) if seen else []
        if not cells and not (seen and entry and entry.extras.heat):
            raise HTTPException(404, f"no heat map of {camera}: budget.shares.heat of the site file asks for it")
        return heat_answer(camera, cells)


def add_live(app: FastAPI, *, feed: Feed, is_open: Callable[[bytes], bool], cameras: Cameras) -> None:
    """Add the live feed; `is_open` says whether a session or token still is."""

    @app.get("/api/v1/live", response_class=StreamingResponse, responses=_LIVE, openapi_extra=NUMBERS)
    async def live(request: Request, *, events: Wanted = _USUAL, camera: OfOneCamera = None) -> StreamingResponse:
        """Every tick as it is stored, and every change of a camera's state; begins with the state of each camera."""
        wanted = _wanted(events)
        who = principal(request).name.partition("/")[0]  # a script's name begins with that of whoever made its token
        if feed.is_full or feed.has_many(who):
            raise HTTPException(503, "too many pages are live already: close one and reload")

        def first() -> list[Event]:
            if "cameras" not in wanted:
                return []
            states = tuple((status.camera.site, camera_answer(status).model_dump_json()) for status in cameras.all())
            return [Event("cameras", states)]

        told = stream(
            feed,
            principal(request).session,
            visible(request),
            first=first,
            is_open=is_open,
            who=who,
            events=wanted,
            camera=camera,
        )
        return StreamingResponse(told, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


def add_description(app: FastAPI) -> None:
    """Add the description of the interface; last, as it describes what was added before."""

    @app.get("/api/v1/openapi.json", include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    def description() -> JSONResponse:
        return JSONResponse(app.openapi())


def series_of(
    store: Store, entry: CameraEntry | None, measure: tuple[str, str, str], *, step: Step, start_s: float, end_s: float
) -> Series:
    """One measure (camera, place, quantity) over time, by the tick, hour or UTC day; `entry` is its camera's.

    Raises
    ------
    HTTPException
        There is no such measure, or there are more than `MOST_ROWS`.
    """
    camera, place, quantity = measure
    stored = _stored_as(quantity, step, tick_s=entry.tick_s if entry else 60.0)
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
    if not len(found) and not is_measured(entry, place, quantity):
        raise no_measure(camera, place, quantity)
    return found


def no_measure(camera: str, place: str, quantity: str) -> HTTPException:
    """The refusal of a measure that there is not, or that whoever asks may not see."""
    return HTTPException(404, f"no such measure: {camera}, {place}, {quantity}; /api/v1/measures lists them")


def _stored_as(quantity: str, step: str, *, tick_s: float) -> str:
    """The stored quantity that holds what an hour or a day adds up to; of all else the quantity itself."""
    if step == "hour" and quantity in _OF_AN_HOUR and HOUR_S % tick_s:
        raise HTTPException(400, f"{quantity} has no view by the hour, as ticks of {tick_s:g} s make no hour: ask by the tick")
    if step == "day":
        return _OF_A_DAY.get(quantity, quantity)
    return _OF_AN_HOUR.get(quantity, quantity) if step == "hour" and tick_s < HOUR_S else quantity


def _wanted(events: str) -> list[str]:
    wanted = events.split(",")
    if not set(wanted) <= set(EVENTS):
        raise HTTPException(400, f"events must be some of {', '.join(EVENTS)}, with commas between them")
    return wanted


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def span(start: datetime | None, end: datetime | None, usual: timedelta) -> tuple[float, float]:
    """Start and end as Unix time; where one is missing, the usual span from the other or from now.

    Raises
    ------
    HTTPException
        The end is not after the start, or the span leaves the calendar.
    """
    start = None if start is None else _utc(start)
    end = None if end is None else _utc(end)
    try:
        if start is None:
            end = end or datetime.fromtimestamp(time.time(), UTC)
            start = end - usual
        end = start + usual if end is None else end
    except OverflowError:
        raise HTTPException(400, "start and end must be within the years 1 to 9999: ask for another time") from None
    if start >= end:
        raise HTTPException(400, f"start must be before end, not {start.isoformat()} and {end.isoformat()}")
    return start.timestamp(), end.timestamp()


def _series_json(head: dict[str, str | float], series: Series) -> Iterator[bytes]:
    """The JSON of a `SeriesAnswer`, in pieces: 100,000 rows as models would take a third of the hub's memory."""
    yield json.dumps(head)[:-1].encode() + b', "rows": ['
    columns = (series.tick_start_us.tolist(), series.values.tolist(), series.standard_errors.tolist(), series.unknown.tolist())
    points = map(_point, *columns)
    separator = b""
    while chunk := list(itertools.islice(points, _ROWS_A_CHUNK)):
        yield separator + msgspec.json.encode(chunk)[1:-1]
        separator = b","
    yield b"]}"


class _Point(msgspec.Struct):
    """A `Point` that is quickly written; NaN becomes null."""

    time: datetime
    value: float
    standard_error: float
    unknown: str


def _point(time_us: int, value: float, standard_error: float, unknown: str) -> _Point:
    return _Point(utc(time_us), value, standard_error, unknown)
