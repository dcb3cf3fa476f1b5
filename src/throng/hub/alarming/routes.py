"""The routes of alarms: their states, what people do to them, their rules and what happened."""

import itertools
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, FastAPI, HTTPException, Query, Request

from throng.data.errors import AlarmError, ConflictError, HubError, SiteError
from throng.hub.access import needs, visible
from throng.hub.alarming.alarming import Alarming
from throng.hub.alarming.answering import REFUSED, Name, Seen, by, refusing
from throng.hub.alarming.book import Written, name_of
from throng.hub.alarming.history import MOST_EVENTS, What
from throng.hub.alarming.models import (
    HandOverBody,
    HistoryEntry,
    NoteBody,
    RuleAnswer,
    RuleBody,
    TryAnswer,
    TryBody,
    history_entry,
    rule_answer,
    try_answer,
)
from throng.hub.alarming.outlet_routes import add_outlets
from throng.hub.api import NUMBERS, Moment
from throng.hub.models import AlarmAnswer
from throng.hub.registry.quiet import QuietRoute
from throng.hub.registry.registry import Registry

Most = Annotated[int, Query(ge=1, le=MOST_EVENTS, description="So many, the newest.")]
DEEDS = needs("operator", "administrator")


def add_alarming(app: FastAPI, *, alarming: Alarming, registry: Registry) -> None:
    """Add everything about alarms."""
    router = APIRouter(route_class=QuietRoute)
    _add_states(router, alarming)
    _add_deeds(router, alarming, registry)
    _add_rules(router, alarming, registry)
    _add_history(router, alarming)
    add_outlets(router, alarming, registry)
    app.router.routes.extend(router.routes)  # not included: an included router hides the needs of its routes


def _add_states(router: APIRouter, alarming: Alarming) -> None:
    @router.get("/api/v1/alarms", openapi_extra=NUMBERS)
    def all_alarms(request: Request) -> list[AlarmAnswer]:
        """Every alarm and its state."""
        return [alarm for alarm in alarming.alarms.all() if alarming.site_of_camera(alarm.camera) in visible(request)]


def _add_deeds(router: APIRouter, alarming: Alarming, registry: Registry) -> None:
    def done(request: Request, name: str, what: What, text: str) -> AlarmAnswer:
        name = name_of(name)
        alarm = alarming.alarms.one(name)
        if alarm is None or alarming.site_of_camera(alarm.camera) not in visible(request):
            raise HTTPException(404, "no such alarm; /api/v1/alarms lists them")
        event = "alarm.acknowledge" if what == "acknowledged" else "alarm.hand-over"
        with refusing(registry, request, event, name):
            return alarming.do(name, what, text, by=by(request))

    @router.post("/api/v1/alarms/{name}/acknowledge", openapi_extra=DEEDS, responses=REFUSED)
    def acknowledge(request: Request, name: Name, body: NoteBody) -> AlarmAnswer:
        """Say that somebody looks after an alarm that rings; it ends when the alarm clears."""
        return done(request, name, "acknowledged", body.note)

    @router.post("/api/v1/alarms/{name}/hand-over", openapi_extra=DEEDS, responses=REFUSED)
    def hand_over(request: Request, name: Name, body: HandOverBody) -> AlarmAnswer:
        """Hand an alarm that rings over to somebody; it ends when the alarm clears."""
        return done(request, name, "handed over", body.to)


def _add_rules(router: APIRouter, alarming: Alarming, registry: Registry) -> None:
    book = alarming.book

    def answer(written: Written) -> RuleAnswer:
        site = alarming.site_of_camera(written.table.camera)
        return rule_answer(written.rule, site=site, written=written, problem=book.problem(written))

    def wanted(request: Request, name: str, body: RuleBody) -> Written:
        """The rule that is wanted, checked; a camera of another site answers as one that is not there."""
        if registry.site_of(body.camera) not in visible(request) or body.camera not in registry.state.cameras:
            raise HTTPException(404, "no such camera; /api/v1/registry/cameras lists them")
        if body.name is not None and name_of(body.name) != name:
            raise SiteError("name: must be that of the address, or be left out")
        return book.checked(name, body.tree(), version=body.version)

    @router.get("/api/v1/alarm-rules", openapi_extra=NUMBERS)
    def all_rules(request: Request) -> list[RuleAnswer]:
        """Every rule: the site file's, then the others by name."""
        of_file = [rule_answer(rule, site=alarming.site_of_camera(rule.camera), written=None) for rule in book.of_file()]
        return [rule for rule in [*of_file, *map(answer, book.written())] if rule.site in visible(request)]

    @router.put("/api/v1/alarm-rules/{name}", openapi_extra=DEEDS, responses=REFUSED)
    def put_rule(request: Request, name: Name, body: RuleBody) -> RuleAnswer:
        """Make a rule or change it; it begins with the numbers of the last day."""
        name = name_of(name)
        with refusing(registry, request, "alarm.change", name):
            written = wanted(request, name, body)
            old = book.get(name)
            if old is not None and alarming.site_of_camera(old.table.camera) not in visible(request):
                raise ConflictError("another site has an alarm of this name: choose another name")
            return answer(alarming.put(written, by=by(request)))

    @router.delete("/api/v1/alarm-rules/{name}", openapi_extra=DEEDS, responses=REFUSED, status_code=204)
    def remove_rule(request: Request, name: Name, version: Seen) -> None:
        """Remove a rule; one that rings has cleared with it."""
        name = name_of(name)
        camera = next((rule.camera for rule in book.rules() if rule.name == name), None)
        if camera is None or alarming.site_of_camera(camera) not in visible(request):
            raise HTTPException(404, "no such rule; /api/v1/alarm-rules lists them")
        with refusing(registry, request, "alarm.remove", name):
            alarming.remove(name, version, by=by(request))

    @router.post("/api/v1/alarm-rules/try", openapi_extra=DEEDS, responses=REFUSED)
    def try_rule(request: Request, body: TryBody) -> TryAnswer:
        """When a rule would have rung in the last days, by the numbers that are stored; keeps nothing."""
        try:
            written = wanted(request, name_of(body.rule.name or "try"), body.rule)
            return try_answer(alarming.try_rule(written, body.days))
        except (SiteError, AlarmError) as error:
            raise HTTPException(422, str(error)) from None
        except HubError as error:
            raise HTTPException(503, str(error)) from None


def _add_history(router: APIRouter, alarming: Alarming) -> None:
    @router.get("/api/v1/alarm-history", openapi_extra=NUMBERS)
    def history(request: Request, *, start: Moment = None, end: Moment = None, most: Most = 1_000) -> list[HistoryEntry]:
        """What happened to alarms from `start` to before `end`, newest first; of the last 10,000 events of the hub."""
        start_us, end_us = (None if moment is None else _us(moment) for moment in (start, end))
        found = (
            event
            for event in reversed(alarming.rings.events())
            if event.site in visible(request)
            and (start_us is None or event.at_us >= start_us)
            and (end_us is None or event.at_us < end_us)
        )
        return [history_entry(event) for event in itertools.islice(found, most)]


def _us(moment: datetime) -> int:
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1e6)
