"""The pages about cameras: the list, a table of them sent in, and one camera."""

import asyncio

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from throng.data.errors import AccountError, ConflictError
from throng.hub.access import principal, visible
from throng.hub.admin.asking import by, done, refusing, to
from throng.hub.admin.cameras_parts import CAMERAS_WAY, camera_page, cameras_page, trial_page
from throng.hub.admin.forms import read_file, read_form
from throng.hub.admin.parts import ADMINISTRATOR, CAMERAS, FINE, Problem, missing_page, named
from throng.hub.admin.uploads import LIFE_S, Uploads
from throng.hub.cameras import Cameras
from throng.hub.language import said
from throng.hub.registry.draft import Draft
from throng.hub.registry.importing import import_table
from throng.hub.registry.registry import Registry
from throng.hub.registry.table_file import LARGEST_BYTES
from throng.hub.sensors.sensors import Sensors

_GONE = "the file was sent more than ten minutes ago, or another one since: send it again"


def add_cameras_pages(app: FastAPI, *, registry: Registry, cameras: Cameras) -> None:
    """Add the list, and sending a table in: looked at first, then imported."""
    uploads = Uploads()

    def looked_at(request: Request, problem: Problem = FINE) -> Response:
        return cameras_page(request, registry, cameras, problem=problem)

    @app.get(CAMERAS_WAY, include_in_schema=False, openapi_extra=CAMERAS)
    def look(request: Request) -> Response:
        return looked_at(request)

    @app.post("/admin/cameras/trial", include_in_schema=False, openapi_extra=ADMINISTRATOR)
    async def trial(request: Request) -> Response:
        content, problem = b"", FINE
        try:
            content = await read_file(request, "table", most_bytes=LARGEST_BYTES)
        except AccountError as error:
            problem = Problem(str(error), error.status)
        if problem.sentence:
            return await run_in_threadpool(looked_at, request, problem)

        def act() -> Response:
            with refusing(registry, request, "camera.import", "cameras"):
                imported = import_table(registry, content, by=by(request), dry_run=True)
            return trial_page(request, imported, word=uploads.put(content, session=principal(request).session))

        # It holds passwords: it goes even when nobody asks for anything any more.
        asyncio.get_running_loop().call_later(LIFE_S, uploads.drop_old)
        return await done(act, again=lambda problem: looked_at(request, problem))

    @app.post("/admin/cameras/import", include_in_schema=False, openapi_extra=ADMINISTRATOR)
    async def import_cameras(request: Request) -> Response:
        typed = await read_form(request)

        def act() -> Response:
            word = typed.one("upload")
            content = uploads.get(word, session=principal(request).session)
            if content is None:
                raise AccountError(_GONE, status=409)
            with refusing(registry, request, "camera.import", "cameras"):
                import_table(registry, content, by=by(request))
            uploads.drop(word)
            return to(CAMERAS_WAY, "imported")

        return await done(act, again=lambda problem: looked_at(request, problem))


def add_camera_page(app: FastAPI, *, registry: Registry, cameras: Cameras, sensors: Sensors) -> None:
    """Add the page about one camera: its state, whose work it is, and taking it away."""

    def looked_at(request: Request, name: str, problem: Problem = FINE) -> Response:
        camera = registry.state.cameras.get(name)
        if camera is None or camera.site not in visible(request):
            return missing_page(request, said("there is no such camera: see the list"), CAMERAS_WAY)
        known = [sensor.name for sensor, _ in sensors.all()]
        return camera_page(request, camera, cameras, known, problem=problem)

    @app.get("/admin/cameras/{name}", include_in_schema=False, openapi_extra=CAMERAS)
    def look(request: Request, name: str) -> Response:
        return looked_at(request, name)

    @app.post("/admin/cameras/{name}/sensor", include_in_schema=False, openapi_extra=ADMINISTRATOR)
    async def give(request: Request, name: str) -> Response:
        typed = await read_form(request)

        def act() -> Response:
            version = _version(typed.one("version"))
            with refusing(registry, request, "camera.change", name):
                if version == 0:
                    raise ConflictError("the camera was changed by somebody else meanwhile: look at it again")
                registry.put(Draft(name, sensor=typed.one("sensor")), version=version, by=by(request))
            return to(named(CAMERAS_WAY, name), "changed")

        return await done(act, again=lambda problem: looked_at(request, name, problem))

    @app.post("/admin/cameras/{name}/remove", include_in_schema=False, openapi_extra=ADMINISTRATOR)
    async def remove(request: Request, name: str) -> Response:
        typed = await read_form(request)

        def act() -> Response:
            with refusing(registry, request, "camera.remove", name):
                registry.remove(name, version=_version(typed.one("version")), by=by(request))
            return to(CAMERAS_WAY, "removed")

        return await done(act, again=lambda problem: looked_at(request, name, problem))


def _version(text: str) -> int:
    """The version that was looked at; 0, of a camera that is not there yet, where the form tells none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0
