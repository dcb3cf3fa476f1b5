"""What the privacy page shows beside what other routes tell: errors as released, and what was spent."""

import time
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request
from pydantic import Field

from throng.data.release import UNITS
from throng.hub.access import visible
from throng.hub.api import FAILED, NUMBERS, Name
from throng.hub.cameras import Cameras, PlaceKind
from throng.hub.models import Answer, Problem, Quantity, Unit, measures_of
from throng.hub.spending import KEPT_DAYS, Spending
from throng.store.store import DAY_S, Series, Store

_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}


class ErrorAnswer(Answer):
    """How far off the released numbers of one place were meant to be, in the last 24 hours."""

    place: str
    kind: PlaceKind
    quantity: Quantity
    unit: Unit
    now: float | None = Field(description="Standard error of the newest number; null when that is unknown.")
    worst: float | None = Field(description="The largest standard error; null where no number is known.")
    unknown: str = Field(description="Why the newest number is unknown; empty when it is known.")


class SpentAnswer(Answer):
    """What a camera's days cost: one number for each of the answer's days."""

    camera: str
    site: str
    epochs: list[int] = Field(description="How often the noise was begun; 0 where nothing is known to have been released.")
    rho: list[float] = Field(description="What one passage cost at most, zero-concentrated differential privacy.")
    epsilon: list[float] = Field(description="Of it, what noise with a delta of zero cost; 0 under Gaussian noise.")
    checks: list[int] = Field(description="How often somebody counted by hand.")
    checks_rho: list[float] = Field(description="What that cost on top, for a passage that was in all of these counts.")


class SpendAnswer(Answer):
    """What was spent on each of some days, and whether strangers may read what the cameras do."""

    days: list[date] = Field(description="UTC, oldest first; the last is today.")
    cameras: list[SpentAnswer]
    public: bool = Field(description="Whether anybody may open /public.")


def add_privacy(app: FastAPI, *, store: Store, cameras: Cameras, spending: Spending, public: bool) -> None:
    """Add the errors and the spending."""

    @app.get("/api/v1/privacy/errors", responses=FAILED | _MISSING, openapi_extra=NUMBERS)
    def errors(request: Request, camera: Name) -> list[ErrorAnswer]:
        """The standard errors that stand beside a camera's numbers: the newest one, and the worst of the last 24 hours."""
        entry = cameras.entry(camera)
        if entry is None or entry.site not in visible(request):
            raise HTTPException(404, "no such camera; /api/v1/cameras lists them")
        now_s = time.time()
        return [
            _error(
                measure.place,
                measure.kind,
                quantity,
                store.series(camera, measure.place, quantity, start_s=now_s - DAY_S, end_s=now_s + DAY_S),
            )
            for measure in measures_of([entry])
            for quantity in measure.quantities
        ]

    @app.get("/api/v1/privacy/spend", responses=FAILED, openapi_extra=NUMBERS)
    def spend(request: Request, days: Annotated[int, Query(ge=1, le=KEPT_DAYS)] = 7) -> SpendAnswer:
        """What each camera spent of its privacy budget on each of the last days, as the hub was told."""
        today, sites = spending.today(), visible(request)
        wanted = [today - timedelta(days=ago) for ago in range(days - 1, -1, -1)]
        return SpendAnswer(
            days=wanted,
            cameras=[
                _spent(entry.name, entry.site, wanted, spending)
                for entry in cameras.entries
                if entry.site in sites and entry.places
            ],
            public=public,
        )


def _error(place: str, kind: PlaceKind, quantity: Quantity, series: Series) -> ErrorAnswer:
    known = series.standard_errors[series.unknown == ""]
    newest = len(series) - 1
    unknown = str(series.unknown[newest]) if len(series) else "no number has been released in the last 24 hours"
    return ErrorAnswer.model_validate(
        {
            "place": place,
            "kind": kind,
            "quantity": quantity,
            "unit": UNITS[quantity],
            "now": None if unknown else float(series.standard_errors[newest]),
            "worst": float(known.max()) if len(known) else None,
            "unknown": unknown,
        }
    )


def _spent(camera: str, site: str, days: list[date], spending: Spending) -> SpentAnswer:
    known = [spending.of(camera, day) for day in days]
    return SpentAnswer(
        camera=camera,
        site=site,
        epochs=[len(day.epochs) for day in known],
        rho=[sum(cost.total_rho for cost in day.epochs) for day in known],
        epsilon=[sum(cost.epsilon for cost in day.epochs) for day in known],
        checks=[len(day.checks) for day in known],
        checks_rho=[sum(cost.total_rho for cost in day.checks) for day in known],
    )
