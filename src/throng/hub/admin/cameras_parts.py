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
    table,
)
from throng.hub.cameras import Cameras, CameraStatus
from throng.hub.registry.camera import Registered
from throng.hub.registry.importing import Imported
from throng.hub.registry.registry import Registry
from throng.hub.registry.table_file import COLUMNS

CAMERAS_WAY = "/admin/cameras"
OWN_MACHINE = "the hub's own machine"
_MOST_NAMES = 100
_HEADS = ("Name", "Site", "Watched by", "State", "Since")


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
    caption = f"Cameras {first + 1} to {first + len(rows)} of {len(found)}" if rows else "Cameras"
    empty = "No camera fits." if words else "There is no camera yet."
    listed = table(caption, _HEADS, rows, empty=empty)
    export = tag("p", link("/api/v1/registry/export", "The cameras as CSV"), ", without addresses and logins")
    parts = [export, _upload() if may(asked, ADMINISTRATOR) else None]
    return page(
        request,
        "Cameras",
        _search(wanted.get("q", "")[:64]),
        listed,
        _pages(wanted, first, len(found)),
        *parts,
        problem=problem,
    )


def trial_page(request: Request, imported: Imported, *, word: str) -> Response:
    """What a table would change, and the button that does it."""
    if not (imported.added or imported.changed or imported.new_sites):
        told = f"Nothing would change: all {imported.unchanged} cameras of the table are here as it says."
        return page(request, "What would change", tag("p", told), tag("p", link(CAMERAS_WAY, "All cameras")))
    lists = [
        _names("Cameras that are new", imported.added),
        _names("Cameras that change", imported.changed),
        _names("Sites that are new", imported.new_sites),
        tag("p", f"{imported.unchanged} cameras stay as they are."),
    ]
    go = form("/admin/cameras/import", hidden("upload", word), button="Import them")
    lead = tag("p", "Nothing is changed yet.")
    return page(request, "What would change", lead, *lists, go, tag("p", link(CAMERAS_WAY, "Leave it")))


def camera_page(
    request: Request, camera: Registered, cameras: Cameras, sensors: Sequence[str], *, problem: Problem = FINE
) -> Response:
    """One camera, and the forms for administrators."""
    status = next((one for one in cameras.all() if one.camera.name == camera.name), None)
    places = ", ".join(place.name for place in status.camera.places) if status else ""
    facts = [
        ("Site", camera.site),
        ("Watched by", camera.sensor or OWN_MACHINE),
        ("State", _state(status) if status else "unknown"),
        ("Lines and zones", places or "none"),
        ("Address", f"kept sealed, begins with {camera.scheme}"),
        ("Login", "kept sealed" if camera.has_login else "none"),
    ]
    listed = tag("dl", *(joined(tag("dt", name), tag("dd", told)) for name, told in facts))
    forms = _camera_forms(camera, sensors, request) if may(principal(request), ADMINISTRATOR) else []
    return page(request, camera.name, listed, *forms, tag("p", link(CAMERAS_WAY, "All cameras")), problem=problem)


def _camera_forms(camera: Registered, sensors: Sequence[str], request: Request) -> list[Html]:
    if camera.of_file:
        return [tag("p", "This camera stands in the site file, and is changed there.", class_="note")]
    way, version = named(CAMERAS_WAY, camera.name), hidden("version", str(camera.version))
    known = sensors if may(principal(request), SENSORS) else ()
    options = [("", OWN_MACHINE), *((name, name) for name in known)]
    watch = form(f"{way}/sensor", version, one_of("Watched by", "sensor", options, camera.sensor), button="Give it")
    warning = tag("p", "What was counted stays stored. The address and login are forgotten.")
    return [watch, behind("Remove this camera", warning, form(f"{way}/remove", version, button=f"Remove {camera.name}"))]


def _row(status: CameraStatus) -> list[str]:
    camera = status.camera
    name = link(named(CAMERAS_WAY, camera.name), camera.name)
    return [name, camera.site, camera.sensor or OWN_MACHINE, _state(status), shown(status.since_s)]


def _state(status: CameraStatus) -> Html:
    told = f"{status.state}: {status.reason}" if status.reason else status.state
    return tag("span", told, class_=f"state {status.state}")


def _search(words: str) -> Html:
    typed = field("Name, site or sensor", "q", words, type="search", autocomplete="off")
    return tag(
        "form", typed, tag("button", "Find", class_="second"), method="get", action=CAMERAS_WAY, role="search", class_="row"
    )


def _pages(wanted: QueryParams, first: int, n: int) -> Html | None:
    """The ways to the pages before and after."""
    ways = [("Before", first - ROWS, first > 0), ("After", first + ROWS, first + ROWS < n)]
    links = [
        tag("a", name, href=f"{CAMERAS_WAY}?{QueryParams(q=wanted.get('q', '')[:64], first=str(max(0, at)))}")
        for name, at, is_there in ways
        if is_there
    ]
    return tag("nav", *links, aria_label="Pages", class_="pages") if links else None


def _first(wanted: QueryParams, n: int) -> int:
    text = wanted.get("first", "")
    at = int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
    return at if at < n else 0


def _upload() -> Html:
    hint = (
        f"CSV in UTF-8, one camera a row; the head line names the columns: {', '.join(COLUMNS)}. You see what would change "
        "before anything does. Very large tables go by throng cameras import."
    )
    chosen = field("Table of cameras", "table", type="file", accept=".csv,text/csv", hint=hint, required=True)
    sent = form("/admin/cameras/trial", chosen, button="Show what would change", kind="multipart/form-data")
    return joined(tag("h2", "Add or change cameras"), sent)


def _names(title: str, names: Sequence[str]) -> Html | None:
    if not names:
        return None
    more = [tag("li", f"and {len(names) - _MOST_NAMES} more")] if len(names) > _MOST_NAMES else []
    listed = tag("ul", *(tag("li", name) for name in names[:_MOST_NAMES]), *more, class_="names")
    return joined(tag("h2", f"{title}: {len(names)}"), listed)
