"""The routes for counting along."""

from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated, Any, Literal

from fastapi import FastAPI, HTTPException, Path, Query, Request
from pydantic import ConfigDict, Field

from throng.data.errors import ConflictError, HubError
from throng.hub.access import needs, principal, visible
from throng.hub.api import NUMBERS
from throng.hub.cameras import Cameras
from throng.hub.checks import (
    COUNTS_S,
    LEAST_EPSILON,
    MOST_EPSILON,
    Check,
    Checks,
    EarlyError,
    Hand,
    days_of,
    pooled,
)
from throng.hub.estimates import Estimate, Ratio, ratio_of
from throng.hub.gate import client_address
from throng.hub.models import Answer, Problem, utc
from throng.hub.registry.registry import By

_MOST_PEOPLE = 1_000_000
_REFUSED: dict[int | str, dict[str, Any]] = {status: {"model": Problem} for status in (400, 404, 409, 425, 503)}

Counted = Annotated[int, Field(ge=-_MOST_PEOPLE, le=_MOST_PEOPLE)]
Name = Annotated[str, Path(max_length=64)]
Wanted = Annotated[str, Query(max_length=200, description="A camera's name; empty for all.")]


class CheckBody(Answer):
    """A count that somebody made by hand, made private before it was sent.

    An exact count is never sent: no number about people leaves a page before noise was added to it. The hub cannot tell whether
    that was done, so the page does it, with `epsilon` for both numbers together: half of it for each, two-sided geometric.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)

    place: str = Field(max_length=200, description="A line or zone of the camera.")
    start: datetime = Field(
        description="When the count began: with a tick of the camera. ISO 8601, UTC where no offset is given."
    )
    end: datetime = Field(description="When it ended, 2 to 60 minutes later, with a tick, within the last day.")
    inward: Counted = Field(alias="in", description="People who went in, or entered the zone, with noise; may be negative.")
    outward: Counted = Field(alias="out", description="People who went out, or left the zone, with noise; may be negative.")
    epsilon: float = Field(
        ge=LEAST_EPSILON, le=MOST_EPSILON, allow_inf_nan=False, description="What both numbers cost together."
    )


class RatioAnswer(Answer):
    """Released over counted: 1 where all were counted, below it too few."""

    value: float
    lowest: float = Field(description="Fieller's interval: the true ratio lies within at least 95 times in 100.")
    highest: float


class WayAnswer(Answer):
    """One direction, or both together."""

    way: Literal["in", "out", "both"]
    counted: float = Field(description="By hand, with noise.")
    counted_se: float = Field(description="Standard error of that noise.")
    released: float = Field(description="What the running total grew by in the same time.")
    released_se: float = Field(description="Its standard error, at most.")
    ratio: RatioAnswer | None = Field(description="Null where too few were counted beside the noise to say anything.")


class CheckAnswer(Answer):
    """A check, and what it says."""

    camera: str
    place: str
    start: datetime
    end: datetime
    epsilon: float
    ways: list[WayAnswer]
    until: datetime = Field(
        description="Until when it counts, unless the camera's places, detector or calibration change before."
    )
    counts: bool = Field(description="Whether it still does.")


class AccuracyAnswer(Answer):
    """What the checks of a place that still count say together."""

    camera: str
    place: str
    checks: int
    days: int = Field(description="On how many days somebody counted.")
    ratio: RatioAnswer | None


def add_checks(app: FastAPI, *, checks: Checks, cameras: Cameras) -> None:
    """Add counting along."""

    @app.put("/api/v1/checks/{name}", responses=_REFUSED, openapi_extra=needs("operator", "administrator"))
    def put(request: Request, name: Name, body: CheckBody) -> CheckAnswer:
        """Compare a count made by hand, already made private, with what was released; it is kept, and is a spend of its own."""
        entry = cameras.entry(name)
        if entry is None or entry.site not in visible(request):
            raise HTTPException(404, "no such camera; /api/v1/cameras lists them")
        hand = Hand(body.place, _seconds(body.start), _seconds(body.end), (body.inward, body.outward), body.epsilon)
        try:
            made = checks.put(name, hand, by=By(principal(request).name, client_address(request.scope)))
        except ConflictError as error:
            raise HTTPException(409, str(error)) from None
        except EarlyError as error:
            raise HTTPException(425, str(error), headers={"retry-after": str(error.wait_s)}) from None
        except HubError as error:
            raise HTTPException(400, str(error)) from None
        return _answer(made, counts=True)

    @app.get("/api/v1/checks", responses={503: {"model": Problem}}, openapi_extra=NUMBERS)
    def listed(request: Request, camera: Wanted = "") -> list[CheckAnswer]:
        """What was counted along in the last 90 days, newest first."""
        return [_answer(one, counts=checks.counts(one)) for one in seen(request, camera)]

    @app.get("/api/v1/accuracy", responses={503: {"model": Problem}}, openapi_extra=NUMBERS)
    def accuracy(request: Request, camera: Wanted = "") -> list[AccuracyAnswer]:
        """What the checks that still count say of each place together."""
        return _accuracy([one for one in seen(request, camera) if checks.counts(one)])

    def seen(request: Request, camera: str) -> list[Check]:
        sites = visible(request)
        return [one for one in checks.all() if camera in ("", one.camera) and cameras.site_of(one.camera) in sites]


def _seconds(moment: datetime) -> int:
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _answer(check: Check, *, counts: bool) -> CheckAnswer:
    counted, hand = check.hand.counted(), check.hand
    ways: list[tuple[Literal["in", "out", "both"], Estimate, Estimate]] = [
        ("in", counted[0], check.released[0]),
        ("out", counted[1], check.released[1]),
        ("both", counted[0] + counted[1], check.released[0] + check.released[1]),
    ]
    return CheckAnswer(
        camera=check.camera,
        place=hand.place,
        start=utc(hand.start_s * 1_000_000),
        end=utc(hand.end_s * 1_000_000),
        epsilon=hand.epsilon,
        ways=[_way(way, by_hand, released) for way, by_hand, released in ways],
        until=utc(round((check.made_s + COUNTS_S) * 1_000_000)),
        counts=counts,
    )


def _way(way: Literal["in", "out", "both"], counted: Estimate, released: Estimate) -> WayAnswer:
    return WayAnswer(
        way=way,
        counted=counted.value,
        counted_se=counted.error,
        released=released.value,
        released_se=released.error,
        ratio=_ratio(ratio_of(released, counted)),
    )


def _accuracy(checks: list[Check]) -> list[AccuracyAnswer]:
    def place_of(check: Check) -> tuple[str, str]:
        return check.camera, check.hand.place

    groups = [(place, list(each)) for place, each in groupby(sorted(checks, key=place_of), key=place_of)]
    return [
        AccuracyAnswer(camera=camera, place=place, checks=len(each), days=days_of(each), ratio=_ratio(pooled(each)))
        for (camera, place), each in groups
    ]


def _ratio(ratio: Ratio | None) -> RatioAnswer | None:
    return None if ratio is None else RatioAnswer(value=ratio.value, lowest=ratio.lowest, highest=ratio.highest)
