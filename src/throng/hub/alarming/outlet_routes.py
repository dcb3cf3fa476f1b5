"""The routes of outlets, for administrators of the whole hub."""

from fastapi import APIRouter, HTTPException, Request

from throng.data.errors import HubError
from throng.hub.access import needs
from throng.hub.alarming.alarming import Alarming
from throng.hub.alarming.answering import REFUSED, Name, Seen, by, refusing
from throng.hub.alarming.book import name_of
from throng.hub.alarming.outlet_models import OutletAnswer, OutletBody, TriedAnswer, outlet_answer
from throng.hub.alarming.outlets import Outlet
from throng.hub.registry.registry import Registry

HUB = needs("administrator", scope="hub")


def add_outlets(router: APIRouter, alarming: Alarming, registry: Registry) -> None:
    """Add the outlets; a secret is written and never read."""
    outlets, courier = alarming.outlets, alarming.courier

    def answer(outlet: Outlet) -> OutletAnswer:
        return outlet_answer(outlet, courier.condition(outlet.name))

    def known(name: str) -> Outlet:
        outlet = outlets.get(name_of(name))
        if outlet is None:
            raise HTTPException(404, "no such outlet; /api/v1/alarm-outlets lists them")
        return outlet

    @router.get("/api/v1/alarm-outlets", openapi_extra=HUB)
    def all_outlets() -> list[OutletAnswer]:
        """Where the hub tells of alarms beside its page, and how that goes."""
        return [answer(outlet) for outlet in outlets.all()]

    @router.put("/api/v1/alarm-outlets/{name}", openapi_extra=HUB, responses=REFUSED)
    def put_outlet(request: Request, name: Name, body: OutletBody) -> OutletAnswer:
        """Add an outlet, or change it."""
        name = name_of(name)
        with refusing(registry, request, "alarm-outlet.change", name):
            old = outlets.get(name)
            outlet, secrets = body.outlet(name, old, outlets.secrets(old) if old else {})
            kept = outlets.put(outlet, secrets, by=by(request))
        courier.again(name)
        return answer(kept)

    @router.delete("/api/v1/alarm-outlets/{name}", openapi_extra=HUB, responses=REFUSED, status_code=204)
    def remove_outlet(request: Request, name: Name, version: Seen) -> None:
        """Remove an outlet, with what waits for it."""
        name = known(name).name
        with refusing(registry, request, "alarm-outlet.remove", name):
            outlets.remove(name, version, by=by(request))
        courier.again(name)

    @router.post("/api/v1/alarm-outlets/{name}/try", openapi_extra=HUB, responses=REFUSED)
    def try_outlet(request: Request, name: Name) -> TriedAnswer:
        """Send a test message, and say what came of it; takes as long as the target does, at most 20 seconds."""
        outlet = known(name)
        registry.make([], "alarm-outlet.try", by=by(request), about=outlet.name)
        try:
            detail = courier.try_now(outlet)
        except HubError as error:
            return TriedAnswer(sent=False, detail=str(error))
        return TriedAnswer(sent=True, detail=detail)
