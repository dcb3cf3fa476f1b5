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
from throng.hub.language import tell
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
            told += [*_of_people(hub.people), *_of_backups(hub), *_of_strangers(hub)]
        attention = tag("ul", *(tag("li", one) for one in told), class_="attention") if told else tag("p", tell("Nothing."))
        lower = [_outside(hub), tag("h2", tell("Audit log")), head_told(hub.kept.log)] if may(asked, READER) else []
        return page(request, tell("Overview"), tag("h2", tell("Needs attention")), attention, _sites(hub, asked), *lower)


def _about_oneself(people: People, asked: Principal) -> Iterator[Html]:
    account = people.accounts.find(asked.name) if asked.kind == "person" else None
    if account is not None and _is_open_to_guessers(account):
        way = link("/admin/me", tell("set up a second factor or a passkey"))
        yield joined(tell("You sign in with a password alone: {link}.", link=way))


def _of_cameras(hub: "Hub", asked: Principal) -> Iterator[Html]:
    sites = may(asked, CAMERAS)
    seen = [status for status in hub.cameras.all() if status.camera.site in sites]
    blind = sum(status.state == "unknown" for status in seen)
    if blind:
        told = tell("{count} cameras of {all} cannot count now.", count=blind, all=len(seen))
        yield link("/admin/cameras", told)
    if not seen and may(asked, ADMINISTRATOR):
        way = link("/admin/cameras", tell("send a table of them"))
        yield joined(tell("There is no camera yet: {link}.", link=way))


def _of_sensors(hub: "Hub", asked: Principal) -> Iterator[Html]:
    sites, now_s = may(asked, SENSORS), time.time()
    quiet = [
        (sensor, health)
        for sensor, health in hub.sensors.all()
        if sensor.site in sites and state_of(sensor, health, now_s=now_s) != "live"
    ]
    for sensor, health in quiet[:_MOST_TOLD]:
        state = tell(state_of(sensor, health, now_s=now_s))
        heard = shown(health.seen_s, never=tell("not since the hub started"))
        way = link("/admin/sensors", sensor.name)
        yield joined(tell("The sensor {name} is {state}: last heard of {time}.", name=way, state=state, time=heard))
    if len(quiet) > _MOST_TOLD:
        yield link("/admin/sensors", tell("{count} more sensors are silent.", count=len(quiet) - _MOST_TOLD))


def _of_people(people: People) -> Iterator[Html]:
    accounts = people.accounts.all()
    bare = [account for account in accounts if _is_open_to_guessers(account)]
    for account in bare[:_MOST_TOLD]:
        way = link(named("/admin/people", account.name), account.name)
        yield joined(tell("{name} signs in with a password alone.", name=way))
    if len(bare) > _MOST_TOLD:
        yield link("/admin/people", tell("{count} more people sign in with a password alone.", count=len(bare) - _MOST_TOLD))
    mighty = [account for account in accounts if ROOT in account.grants and account.can_sign_in]
    if len(mighty) == 1:
        yield joined(
            tell(
                "{name} is the only administrator of all sites: {link}, so that one can help the other.",
                name=mighty[0].name,
                link=link("/admin/people", tell("invite a second")),
            )
        )


def _of_backups(hub: "Hub") -> Iterator[Html]:
    record = hub.kept.records.get("setting", LAST_BACKUP)
    way = link("/admin/backup", tell("make one"))
    if record is None:
        yield joined(tell("There is no backup yet: {link}.", link=way))
        return
    made = datetime.fromisoformat(record.body["made"])
    if datetime.now(UTC) - made > OLD:
        yield joined(tell("The newest backup is of {time}: {link}.", time=shown(made), link=way))


def _of_strangers(hub: "Hub") -> Iterator[Html]:
    for sentence in hub.outside[1] if hub.outside else ():
        yield joined(tell("A stranger on the network could read this: {what}", what=tag("span", sentence, lang="en")))


def _outside(hub: "Hub") -> Html:
    if hub.outside is None:
        told = tell("Nobody has looked yet.")
    elif hub.outside[1]:
        told = tell("Looked at on {time}; what was found stands above.", time=shown(hub.outside[0]))
    else:
        told = tell("Looked at on {time}: a stranger could read nothing.", time=shown(hub.outside[0]))
    return joined(tag("h2", tell("As a stranger on the network sees this hub")), tag("p", told))


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
    heads = (tell("Site"), tell("Title"), tell("Cameras"), tell("Live"))
    return table(tell("Sites"), heads, rows, empty=tell("There is no site that you may see."))
