"""What the pages about cameras show."""

from collections.abc import Sequence

from fastapi import Request
from starlette.datastructures import QueryParams
from starlette.responses import Response

from throng.hub.access import principal
from throng.hub.admin.markup import Html, joined, tag
from throng.hub.admin.parts import (
    ADMINISTRATOR,
    CAMERAS,
    FINE,
    ROWS,
    SENSORS,
    Problem,
    behind,
    field,
    form,
    hidden,
    link,
    may,
    named,
    one_of,
    page,
    shown,
    state,
    table,
)
from throng.hub.cameras import Cameras, CameraStatus
from throng.hub.language import tell
from throng.hub.registry.camera import Registered
from throng.hub.registry.importing import Imported
from throng.hub.registry.registry import Registry
from throng.hub.registry.table_file import COLUMNS

CAMERAS_WAY = "/admin/cameras"
_MOST_NAMES = 100


def cameras_page(request: Request, registry: Registry, cameras: Cameras, *, problem: Problem) -> Response:
    """The cameras that somebody may see, and the form for a table of them."""
    asked = principal(request)
    sites, wanted = may(asked, CAMERAS), request.query_params
    words = wanted.get("q", "")[:64].casefold()
    found = [
        status
        for status in cameras.all()
        if status.camera.site in sites
        and words in f"{status.camera.name} {status.camera.site} {status.camera.sensor}".casefold()
    ]
    first = _first(wanted, len(found))
    rows = [_row(status) for status in found[first : first + ROWS]]
    caption = tell("Cameras {first} to {last} of {all}", first=first + 1, last=first + len(rows), all=len(found))
    empty = tell("No camera fits.") if words else tell("There is no camera yet.")
    heads = (tell("Name"), tell("Site"), tell("Watched by"), tell("State"), tell("Since"))
    listed = table(caption, heads, rows, empty=empty)
    way = link("/api/v1/registry/export", tell("The cameras as CSV"))
    export = tag("p", tell("{link}, without addresses and logins", link=way))
    parts = [export, _upload() if may(asked, ADMINISTRATOR) else None]
    return page(
        request,
        tell("Cameras"),
        _search(wanted.get("q", "")[:64]),
        listed,
        _pages(wanted, first, len(found)),
        *parts,
        problem=problem,
    )


def trial_page(request: Request, imported: Imported, *, word: str) -> Response:
    """What a table would change, and the button that does it."""
    if not (imported.added or imported.changed or imported.new_sites):
        told = tell("Nothing would change: all {count} cameras of the table are here as it says.", count=imported.unchanged)
        return page(request, tell("What would change"), tag("p", told), tag("p", link(CAMERAS_WAY, tell("All cameras"))))
    lists = [
        _names(tell("Cameras that are new: {n}", n=len(imported.added)), imported.added),
        _names(tell("Cameras that change: {n}", n=len(imported.changed)), imported.changed),
        _names(tell("Sites that are new: {n}", n=len(imported.new_sites)), imported.new_sites),
        tag("p", tell("{count} cameras stay as they are.", count=imported.unchanged)),
    ]
    go = form("/admin/cameras/import", hidden("upload", word), button=tell("Import them"))
    lead = tag("p", tell("Nothing is changed yet."))
    return page(request, tell("What would change"), lead, *lists, go, tag("p", link(CAMERAS_WAY, tell("Leave it"))))


def camera_page(
    request: Request, camera: Registered, cameras: Cameras, sensors: Sequence[str], *, problem: Problem = FINE
) -> Response:
    """One camera, and the forms for administrators."""
    status = next((one for one in cameras.all() if one.camera.name == camera.name), None)
    places = ", ".join(place.name for place in status.camera.places) if status else ""
    facts = [
        (tell("Site"), camera.site),
        (tell("Watched by"), camera.sensor or _own_machine()),
        (tell("State"), state(status.state, status.reason) if status else state("unknown")),
        (tell("Lines and zones"), places or tell("none")),
        (tell("Address"), tell("kept sealed, begins with {scheme}", scheme=camera.scheme)),
        (tell("Login"), tell("kept sealed") if camera.has_login else tell("none")),
    ]
    listed = tag("dl", *(joined(tag("dt", name), tag("dd", told)) for name, told in facts))
    forms = _camera_forms(camera, sensors, request) if may(principal(request), ADMINISTRATOR) else []
    return page(request, camera.name, listed, *forms, tag("p", link(CAMERAS_WAY, tell("All cameras"))), problem=problem)


def _camera_forms(camera: Registered, sensors: Sequence[str], request: Request) -> list[Html]:
    if camera.of_file:
        return [tag("p", tell("This camera stands in the site file, and is changed there."), class_="note")]
    way, version = named(CAMERAS_WAY, camera.name), hidden("version", str(camera.version))
    known = sensors if may(principal(request), SENSORS) else ()
    options = [("", _own_machine()), *((name, name) for name in known)]
    watched = one_of(tell("Watched by"), "sensor", options, camera.sensor)
    watch = form(f"{way}/sensor", version, watched, button=tell("Give it"))
    warning = tag("p", tell("What was counted stays stored. The address and login are forgotten."))
    remove = form(f"{way}/remove", version, button=tell("Remove {name}", name=camera.name))
    return [watch, behind(tell("Remove this camera"), warning, remove)]


def _row(status: CameraStatus) -> list[str]:
    camera = status.camera
    name = link(named(CAMERAS_WAY, camera.name), camera.name)
    seen = state(status.state, status.reason)
    return [name, camera.site, camera.sensor or _own_machine(), seen, shown(status.since_s)]


def _own_machine() -> str:
    return tell("the hub's own machine")


def _search(words: str) -> Html:
    typed = field(tell("Name, site or sensor"), "q", words, type="search", autocomplete="off")
    find = tag("button", tell("Find"), class_="second")
    return tag("form", typed, find, method="get", action=CAMERAS_WAY, role="search", class_="row")


def _pages(wanted: QueryParams, first: int, n: int) -> Html | None:
    """The ways to the pages before and after."""
    ways = [(tell("Before"), first - ROWS, first > 0), (tell("After"), first + ROWS, first + ROWS < n)]
    links = [
        tag("a", name, href=f"{CAMERAS_WAY}?{QueryParams(q=wanted.get('q', '')[:64], first=str(max(0, at)))}")
        for name, at, is_there in ways
        if is_there
    ]
    return tag("nav", *links, aria_label=tell("Pages of the table"), class_="pages") if links else None


def _first(wanted: QueryParams, n: int) -> int:
    text = wanted.get("first", "")
    at = int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
    return at if at < n else 0


def _upload() -> Html:
    hint = tell(
        "CSV in UTF-8, one camera a row; the head line names the columns: {columns}. You see what would change "
        "before anything does. Very large tables go by throng cameras import.",
        columns=", ".join(COLUMNS),
    )
    chosen = field(tell("Table of cameras"), "table", type="file", accept=".csv,text/csv", hint=hint, required=True)
    sent = form("/admin/cameras/trial", chosen, button=tell("Show what would change"), kind="multipart/form-data")
    return joined(tag("h2", tell("Add or change cameras")), sent)


def _names(title: str, names: Sequence[str]) -> Html | None:
    if not names:
        return None
    more = [tag("li", tell("and {n} more", n=len(names) - _MOST_NAMES))] if len(names) > _MOST_NAMES else []
    listed = tag("ul", *(tag("li", name) for name in names[:_MOST_NAMES]), *more, class_="names")
    return joined(tag("h2", title), listed)
