"""What the hub answers of the present, as the description at /api/v1/openapi.json shows it."""

from datetime import datetime

from pydantic import Field

from throng.hub.cameras import PlaceKind, State
from throng.hub.models import Answer, TickS, TickStart
from throng.hub.registry.models import PlanFacts

_Coordinate = Field(description="Degrees, WGS 84; null where nobody said so.")
_OnPlan = Field(description="Metres on the site's plan from its upper left corner, x to the right and y down; null likewise.")


class SiteNow(Answer):
    """A site, and its plan where it has one."""

    name: str
    title: str
    plan: PlanFacts | None


class PlaceNow(Answer):
    """A line or zone of a camera."""

    place: str
    kind: PlaceKind
    in_metres: bool = Field(description="Whether its camera is calibrated, so that its density is known.")


class ZoneNow(Answer):
    """How many people are in a zone, and how dense; a zone of which nothing is known is left out."""

    place: str
    people: float = Field(description="Protected number: unclipped, so that it may be negative; six digits.")
    people_se: float = Field(description="Its standard error.")
    density: float | None = Field(description="Protected number, people/m2, six digits; null where no metres are known.")
    density_se: float | None = Field(description="Its standard error.")


class LineNow(Answer):
    """How fast people cross a line: over the last five minutes, or the newest tick where that is longer, or all there is."""

    place: str
    in_per_min: float | None = Field(description="Protected number, people a minute; null while less than a minute is known.")
    out_per_min: float | None = Field(description="As `in_per_min`.")
    per_min_se: float | None = Field(description="Standard error of either, at most.")


class NowTick(Answer):
    """The newest tick of a camera, in short; the data of a live `now` event is a list of them."""

    camera: str
    time: datetime = TickStart
    tick_s: float = TickS
    unknown: str = Field(description="Why nothing of it is known; empty when something is.")
    zones: list[ZoneNow]
    lines: list[LineNow]


class CameraNow(Answer):
    """A camera: where it hangs, whether it sees, and its newest tick."""

    camera: str
    site: str
    lat: float | None = _Coordinate
    lon: float | None = _Coordinate
    x: float | None = _OnPlan
    y: float | None = _OnPlan
    state: State
    reason: str
    since: datetime
    tick_s: float = TickS
    places: list[PlaceNow]
    now: NowTick | None = Field(description="Null before the first tick. Without new ones for two ticks, unknown.")


class NowAnswer(Answer):
    """The whole network at present."""

    time: datetime = Field(description="When it was answered, UTC.")
    sites: list[SiteNow]
    cameras: list[CameraNow]
