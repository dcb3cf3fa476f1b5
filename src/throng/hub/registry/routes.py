"""The registry's routes."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, HTTPException, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from throng.data.errors import ConflictError, HubError, SealError, SiteError
from throng.hub.access import ROLES, needs, principal, visible
from throng.hub.gate import ASKED_AGAIN, client_address
from throng.hub.models import Problem
from throng.hub.pictures import MEDIA_TYPES
from throng.hub.registry.importing import import_table
from throng.hub.registry.models import (
    LARGEST_VERSION,
    CameraBody,
    ImportAnswer,
    PlacesBody,
    PlanFacts,
    RegisteredAnswer,
    SiteAnswer,
    SiteBody,
    import_answer,
    plan_facts,
    registered_answer,
    site_answer,
)
from throng.hub.registry.plans import MOST_BYTES, MOST_METRES, PlanPicture, picture_of_plan, put_plan, remove_plan
from throng.hub.registry.quiet import QuietRoute
from throng.hub.registry.registry import By, Registry
from throng.hub.registry.state import Site
from throng.hub.registry.table_file import LARGEST_BYTES, write_table

CSV = "text/csv"
READ = needs(*ROLES)
NUMBERS = needs("viewer", "operator", "administrator")
WRITE = needs("administrator", scope="hub")
PLACES = needs("operator", "administrator")
_CSV_BODY = {"requestBody": {"required": True, "content": {CSV: {"schema": {"type": "string"}}}}}
_PICTURE = {"schema": {"type": "string", "format": "binary"}}
_PICTURE_BODY = {"requestBody": {"required": True, "content": dict.fromkeys(MEDIA_TYPES, _PICTURE)}}
_PLAN: dict[int | str, dict[str, Any]] = {
    200: {"content": dict.fromkeys(MEDIA_TYPES, _PICTURE)},
    304: {"description": "As told."},
}

_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}
_REFUSED: dict[int | str, dict[str, Any]] = {status: {"model": Problem} for status in (404, 409, 422, 503)}
_UNREAD: dict[int | str, dict[str, Any]] = {status: {"model": Problem} for status in (409, 413, 415, 422, 503)}

Name = Annotated[str, Path(max_length=64)]
Metres = Annotated[float, Query(ge=1, le=MOST_METRES, allow_inf_nan=False, description="How wide the plan is, metres.")]
Version = Annotated[int, Query(ge=0, le=LARGEST_VERSION, description="The version that was looked at; 0 where there is none.")]
Seen = Annotated[int, Query(ge=1, le=LARGEST_VERSION, description="The version that was looked at.")]


def add_registry(app: FastAPI, *, registry: Registry) -> None:
    """Add the sites and cameras: to be read by whoever may see the site, and changed by administrators."""
    router = APIRouter(route_class=QuietRoute)
    _add_sites(router, registry)
    _add_plans(router, registry)
    _add_reading(router, registry)
    _add_changing(router, registry)
    _add_import(router, registry)
    app.router.routes.extend(router.routes)  # not included: an included router hides the needs of its routes


def _add_sites(router: APIRouter, registry: Registry) -> None:
    @router.get("/api/v1/sites", openapi_extra=READ)
    def all_sites(request: Request) -> list[SiteAnswer]:
        """Every site."""
        state, sites = registry.state, visible(request)
        counts = Counter(camera.site for camera in state.cameras.values())
        return [site_answer(site, counts[site.name]) for site in state.sites.values() if site.name in sites]

    @router.put("/api/v1/sites/{name}", openapi_extra=WRITE, responses=_REFUSED)
    def put_site(request: Request, name: Name, body: SiteBody) -> SiteAnswer:
        """Add a site, or change it."""
        where = body.where.where() if body.where else None
        with _refusing(registry, request, "site.change", name):
            site = registry.put_site(Site(name, body.title, where, body.version), by=_by(request))
        cameras = sum(camera.site == site.name for camera in registry.state.cameras.values())
        return site_answer(site, cameras)

    @router.delete("/api/v1/sites/{name}", openapi_extra=WRITE, responses=_REFUSED, status_code=204)
    def remove_site(request: Request, name: Name, version: Seen) -> None:
        """Remove a site that has no camera."""
        _check_site(registry, name)
        with _refusing(registry, request, "site.remove", name):
            registry.remove_site(name, version=version, by=_by(request))


def _add_plans(router: APIRouter, registry: Registry) -> None:
    @router.get("/api/v1/sites/{name}/plan", openapi_extra=NUMBERS, response_class=Response, responses=_PLAN)
    def plan(request: Request, name: Name) -> Response:
        """The picture of a site's plan; with `if-none-match`, 304 where it is as it was told."""
        site = registry.state.sites.get(name)
        if site is None or site.plan is None or name not in visible(request):
            raise _no_plan()
        headers = {"etag": f'"{site.plan.tag}"', "cache-control": ASKED_AGAIN, "content-disposition": "inline"}
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        if (record := registry.record("plan-picture", name)) is None:
            raise _no_plan()  # it went in this moment
        picture = picture_of_plan(record.body)
        return Response(picture.content, media_type=picture.media_type, headers=headers)

    @router.put("/api/v1/sites/{name}/plan", openapi_extra=WRITE | _PICTURE_BODY, responses=_UNREAD | _MISSING)
    async def change_plan(request: Request, name: Name, metres_wide: Metres, *, version: Version = 0) -> PlanFacts:
        """Give a site a plan of so many metres' width, or another one; the version is that of the plan."""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in MEDIA_TYPES:
            raise HTTPException(415, f"the plan must come as one of {', '.join(MEDIA_TYPES)}")
        picture = PlanPicture(await _body(request, MOST_BYTES), media_type)

        def changed() -> PlanFacts:
            _check_site(registry, name)
            with _refusing(registry, request, "plan.change", name):
                return plan_facts(put_plan(registry, name, picture, metres_wide=metres_wide, version=version, by=_by(request)))

        return await run_in_threadpool(changed)

    @router.delete("/api/v1/sites/{name}/plan", openapi_extra=WRITE, responses=_REFUSED, status_code=204)
    def take_plan(request: Request, name: Name, version: Seen) -> None:
        """Take a site's plan away."""
        _check_site(registry, name)
        with _refusing(registry, request, "plan.remove", name):
            remove_plan(registry, name, version=version, by=_by(request))


def _add_reading(router: APIRouter, registry: Registry) -> None:
    @router.get("/api/v1/registry/cameras", openapi_extra=READ)
    def all_registered(request: Request) -> list[RegisteredAnswer]:
        """Every camera of the registry."""
        sites = visible(request)
        return [registered_answer(camera) for camera in registry.state.cameras.values() if camera.site in sites]

    @router.get("/api/v1/registry/cameras/{name}", openapi_extra=READ, responses=_MISSING)
    def one_registered(request: Request, name: Name) -> RegisteredAnswer:
        """One camera of the registry."""
        _check_seen(registry, request, name)
        return registered_answer(registry.state.cameras[name])

    @router.get("/api/v1/registry/export", openapi_extra=READ, response_class=Response, responses={200: {"content": {CSV: {}}}})
    def export(request: Request) -> Response:
        """The cameras as a CSV file, as the import reads it, without addresses and logins."""
        sites = visible(request)
        seen = [camera for camera in registry.state.cameras.values() if camera.site in sites]
        registry.exported(len(seen), by=_by(request))
        table = write_table(seen)
        return Response(table, media_type=CSV, headers={"content-disposition": 'attachment; filename="cameras.csv"'})


def _add_changing(router: APIRouter, registry: Registry) -> None:
    @router.put("/api/v1/registry/cameras/{name}", openapi_extra=WRITE, responses=_REFUSED)
    def put_camera(request: Request, name: Name, body: CameraBody) -> RegisteredAnswer:
        """Add a camera, or change it; a new address on another machine takes a new login."""
        with _refusing(registry, request, "camera.change", name):
            return registered_answer(registry.put(body.draft(name), version=body.version, by=_by(request), fresh=True))

    @router.patch("/api/v1/registry/cameras/{name}", openapi_extra=PLACES, responses=_REFUSED)
    def put_places(request: Request, name: Name, body: PlacesBody) -> RegisteredAnswer:
        """Change a camera's lines, zones and calibration."""
        _check_seen(registry, request, name)
        with _refusing(registry, request, "camera.change", name):
            return registered_answer(registry.put(body.draft(name), version=body.version, by=_by(request)))

    @router.delete("/api/v1/registry/cameras/{name}", openapi_extra=WRITE, responses=_REFUSED, status_code=204)
    def remove_camera(request: Request, name: Name, version: Seen) -> None:
        """Remove a camera; what was released of it stays stored."""
        _check_seen(registry, request, name)
        with _refusing(registry, request, "camera.remove", name):
            registry.remove(name, version=version, by=_by(request))


def _add_import(router: APIRouter, registry: Registry) -> None:
    @router.post("/api/v1/registry/import", openapi_extra=WRITE | _CSV_BODY, responses=_UNREAD)
    async def import_cameras(request: Request, *, dry_run: bool = False) -> ImportAnswer:
        """Add and change the cameras of a CSV file: all of them, or none and the first mistakes with their lines."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != CSV:
            raise HTTPException(415, f"the cameras must come as {CSV}")
        content = await _body(request, LARGEST_BYTES)

        def imported() -> ImportAnswer:
            with _refusing(registry, request, "camera.import", "cameras"):
                return import_answer(import_table(registry, content, by=_by(request), dry_run=dry_run), dry_run=dry_run)

        return await run_in_threadpool(imported)


async def _body(request: Request, most: int) -> bytes:
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > most:
            raise HTTPException(413, f"the file is larger than {most // 2**20} MiB")
    return bytes(content)


def _no_plan() -> HTTPException:
    return HTTPException(404, "no such plan; /api/v1/sites tells which sites have one")


def _check_site(registry: Registry, name: str) -> None:
    if name not in registry.state.sites:
        raise HTTPException(404, "no such site; /api/v1/sites lists them")


def _by(request: Request) -> By:
    return By(principal(request).name, client_address(request.scope))


def _check_seen(registry: Registry, request: Request, name: str) -> None:
    """A camera of another site answers as one that is not there."""
    camera = registry.state.cameras.get(name)
    if camera is None or camera.site not in visible(request):
        raise HTTPException(404, "no such camera; /api/v1/registry/cameras lists them")


@contextmanager
def _refusing(registry: Registry, request: Request, event: str, about: str) -> Iterator[None]:
    """Turn a refusal into an answer and a line in the audit log, which quotes nothing."""
    try:
        yield
    except (SiteError, ConflictError, HubError, SealError) as error:
        reasons = {SiteError: (422, "a rule is broken"), ConflictError: (409, "somebody else was first")}
        status, reason = reasons.get(type(error), (409, "it cannot be changed so"))
        registry.refused(event, by=_by(request), about=about, detail=reason)
        raise HTTPException(status, str(error)) from None
