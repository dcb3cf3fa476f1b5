"""The first page: what there is, and what needs attention."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.responses import Response

from throng.hub.access import ANYONE_SIGNED_IN, Principal, principal
from throng.hub.admin.log_page import head_told
from throng.hub.admin.markup import Html, joined, tag
from throng.hub.admin.parts import ADMINISTRATOR, CAMERAS, READER, SENSORS, link, may, named, page, shown, table
from throng.hub.admin.sensors_page import state_of
from throng.hub.backup import LAST_BACKUP
from throng.hub.people.accounts import ROOT, Account
from throng.hub.people.people import People

if TYPE_CHECKING:
    from throng.hub.app import Hub

OLD = timedelta(days=7)
"""A backup that is older needs attention."""
_MOST_TOLD = 20
_STYLE = files("throng.hub.admin") / "static" / "style.css"


def add_home_page(hub: "Hub") -> None:
    """Add the page, and the style of all of them."""
    style = _STYLE.read_text("utf-8")

    @hub.get("/admin/style.css", include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    def style_file() -> Response:
        return Response(style, media_type="text/css")

    @hub.get("/admin", include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    def look(request: Request) -> Response:
        asked = principal(request)
        told = [*_about_oneself(hub.people, asked), *_of_cameras(hub, asked), *_of_sensors(hub, asked)]
        if may(asked, READER):
            told += [*_of_people(hub.people), *_of_backups(hub)]
        attention = tag("ul", *(tag("li", one) for one in told), class_="attention") if told else tag("p", "Nothing.")
        head = joined(tag("h2", "Audit log"), head_told(hub.kept.log)) if may(asked, READER) else None
        return page(request, "Overview", tag("h2", "Needs attention"), attention, _sites(hub, asked), head)


def _about_oneself(people: People, asked: Principal) -> Iterator[Html]:
    account = people.accounts.find(asked.name) if asked.kind == "person" else None
    if account is not None and _is_open_to_guessers(account):
        yield joined("You sign in with a password alone: ", link("/admin/me", "set up a second factor or a passkey"), ".")


def _of_cameras(hub: "Hub", asked: Principal) -> Iterator[Html]:
    sites = may(asked, CAMERAS)
    seen = [status for status in hub.cameras.all() if status.camera.site in sites]
    blind = sum(status.state == "unknown" for status in seen)
    if blind:
        yield joined(link("/admin/cameras", f"{_count(blind, 'camera')} of {len(seen)}"), " cannot count now.")
    if not seen and may(asked, ADMINISTRATOR):
        yield joined("There is no camera yet: ", link("/admin/cameras", "send a table of them"), ".")


def _of_sensors(hub: "Hub", asked: Principal) -> Iterator[Html]:
    sites, now_s = may(asked, SENSORS), time.time()
    quiet = [
        (sensor, health)
        for sensor, health in hub.sensors.all()
        if sensor.site in sites and state_of(sensor, health, now_s=now_s) != "live"
    ]
    for sensor, health in quiet[:_MOST_TOLD]:
        heard = shown(health.seen_s, never="not since the hub started")
        state = state_of(sensor, health, now_s=now_s)
        yield joined("The sensor ", link("/admin/sensors", sensor.name), f" is {state}: last heard of {heard}.")
    if len(quiet) > _MOST_TOLD:
        yield joined(link("/admin/sensors", f"{len(quiet) - _MOST_TOLD} more sensors"), " are silent.")


def _of_people(people: People) -> Iterator[Html]:
    accounts = people.accounts.all()
    bare = [account for account in accounts if _is_open_to_guessers(account)]
    for account in bare[:_MOST_TOLD]:
        yield joined(link(named("/admin/people", account.name), account.name), " signs in with a password alone.")
    if len(bare) > _MOST_TOLD:
        yield joined(link("/admin/people", f"{len(bare) - _MOST_TOLD} more people"), " sign in with a password alone.")
    mighty = [account for account in accounts if ROOT in account.grants and account.can_sign_in]
    if len(mighty) == 1:
        lonely = f"{mighty[0].name} is the only administrator of all sites: "
        yield joined(lonely, link("/admin/people", "invite a second"), ", so that one can help the other.")


def _of_backups(hub: "Hub") -> Iterator[Html]:
    record = hub.kept.records.get("setting", LAST_BACKUP)
    if record is None:
        yield joined("There is no backup yet: ", link("/admin/backup", "make one"), ".")
        return
    made = datetime.fromisoformat(record.body["made"])
    if datetime.now(UTC) - made > OLD:
        yield joined("The newest backup is of ", shown(made), ": ", link("/admin/backup", "make one"), ".")


def _is_open_to_guessers(account: Account) -> bool:
    return account.password is not None and account.totp is None


def _sites(hub: "Hub", asked: Principal) -> Html:
    sites = may(asked, CAMERAS)
    statuses = hub.cameras.all()
    count = Counter(status.camera.site for status in statuses)
    live = Counter(status.camera.site for status in statuses if status.state == "live")
    rows = [
        [site.name, site.title, str(count[site.name]), str(live[site.name])]
        for site in hub.registry.state.sites.values()
        if site.name in sites
    ]
    return table("Sites", ("Site", "Title", "Cameras", "Live"), rows, empty="There is no site that you may see.")


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"
