"""The page about sensors: how they are, how one comes in, and how one is shut out."""

import time

from fastapi import FastAPI, Request
from starlette.responses import Response

from throng.hub.access import principal
from throng.hub.admin.asking import by, done, to
from throng.hub.admin.forms import NOTHING, Typed, read_form
from throng.hub.admin.markup import Html, joined, tag
from throng.hub.admin.parts import (
    ADMINISTRATOR,
    FINE,
    SENSORS,
    Problem,
    behind,
    choice,
    field,
    form,
    hidden,
    link,
    may,
    named,
    one_of,
    page,
    secret,
    shown,
    state,
    table,
)
from throng.hub.language import said, tell
from throng.hub.people.asking import origin_of
from throng.hub.registry.registry import Registry
from throng.hub.sensors.authority import Authority
from throng.hub.sensors.enrolment import LIFE_S, LONGEST_LIFE_S, Enrolments
from throng.hub.sensors.refusal import Refused
from throng.hub.sensors.routes import SILENT_S, EnrolmentBody
from throng.hub.sensors.sensors import Health, Sensor, Sensors

WAY = "/admin/sensors"
_LIVES = ((str(LIFE_S), said("30 minutes")), (str(4 * 3600), said("4 hours")), (str(LONGEST_LIFE_S), said("a day")))


def add_sensors_page(
    app: FastAPI, *, sensors: Sensors, enrolments: Enrolments, authority: Authority, registry: Registry
) -> None:
    """Add the page."""

    def looked_at(request: Request, problem: Problem = FINE, typed: Typed = NOTHING) -> Response:
        mighty = bool(may(principal(request), ADMINISTRATOR))
        sites = may(principal(request), SENSORS)
        known = [(sensor, health) for sensor, health in sensors.all() if sensor.site in sites]
        listed = _listed(known, can_remove=mighty)
        parts = [_open_ones(enrolments), _enrol(list(registry.state.sites), typed)] if mighty else []
        return page(request, tell("Sensors"), listed, *parts, problem=problem)

    @app.get(WAY, include_in_schema=False, openapi_extra=SENSORS)
    def look(request: Request) -> Response:
        return looked_at(request)

    @app.post(WAY, include_in_schema=False, openapi_extra=ADMINISTRATOR)
    async def enrol(request: Request) -> Response:
        typed = await read_form(request)

        def act() -> Response:
            life = typed.one("valid_s")
            told = {"sensor": typed.one("sensor"), "site": typed.one("site")}
            body = EnrolmentBody.model_validate(told | ({"valid_s": int(life)} if life in dict(_LIVES) else {}))
            if body.site not in registry.state.sites:
                raise Refused(422, "there is no such site: import its cameras first, or choose another")
            who = by(request)
            made, token = enrolments.make(body.sensor, site=body.site, life_s=body.valid_s, who=who.name, address=who.address)
            return _token_page(request, made.sensor, token, authority, until=shown(made.expires_s))

        return await done(act, again=lambda problem: looked_at(request, problem, typed))

    @app.post("/admin/sensors/withdraw", include_in_schema=False, openapi_extra=ADMINISTRATOR)
    async def withdraw(request: Request) -> Response:
        typed = await read_form(request)

        def act() -> Response:
            who = by(request)
            if not enrolments.withdraw(typed.one("enrolment"), who=who.name, address=who.address):
                raise Refused(404, "there is no such token any more")
            return to(WAY, "withdrawn")

        return await done(act, again=lambda problem: looked_at(request, problem))

    @app.post("/admin/sensors/{name}/remove", include_in_schema=False, openapi_extra=ADMINISTRATOR)
    async def remove(request: Request, name: str) -> Response:
        def act() -> Response:
            who = by(request)
            if not sensors.remove(name, who=who.name, address=who.address):
                raise Refused(404, "there is no such sensor any more")
            return to(WAY, "removed")

        return await done(act, again=lambda problem: looked_at(request, problem))


def state_of(sensor: Sensor, health: Health, *, now_s: float) -> str:
    """live, silent or expired, as the interface has it."""
    if now_s - health.seen_s <= SILENT_S:
        return "live"
    return "expired" if sensor.expires_s <= now_s else "silent"


def _listed(known: list[tuple[Sensor, Health]], *, can_remove: bool) -> Html:
    now_s = time.time()
    rows = [
        [
            sensor.name,
            sensor.site,
            state(state_of(sensor, health, now_s=now_s)),
            shown(health.seen_s, never=tell("not since the hub started")),
            _cameras_told(health),
            health.version or "",
            _remove(sensor.name) if can_remove else "",
        ]
        for sensor, health in known
    ]
    heads = (tell("Name"), tell("Site"), tell("State"), tell("Last heard of"), tell("Cameras"), tell("Version"), "")
    empty = tell("There is no sensor yet. The hub's own machine needs none for its own cameras.")
    return table(tell("Sensors that have enrolled"), heads, rows, empty=empty)


def _cameras_told(health: Health) -> str:
    if not health.cameras:
        return tell("none")
    live = sum(told == "live" for told, _ in health.cameras.values())
    return tell("{n} of {all} live", n=live, all=len(health.cameras))


def _remove(name: str) -> Html:
    warning = tag("p", tell("Its certificate ends at once, and what it has open is closed."))
    remove = form(f"{named(WAY, name)}/remove", button=tell("Remove {name}", name=name))
    return behind(tell("Remove"), warning, remove)


def _open_ones(enrolments: Enrolments) -> Html | None:
    rows = [
        [
            one.sensor,
            one.site,
            shown(one.expires_s),
            form("/admin/sensors/withdraw", hidden("enrolment", one.id), button=tell("Withdraw"), quiet=True),
        ]
        for one in enrolments.open_ones()
    ]
    heads = (tell("Sensor"), tell("Site"), tell("Works until"), "")
    return table(tell("Tokens that wait for their sensors"), heads, rows, empty="") if rows else None


def _enrol(sites: list[str], typed: Typed) -> Html:
    name = field(
        tell("Name of the sensor"),
        "sensor",
        typed.one("sensor"),
        hint=tell("Letters, digits, dot, hyphen and underscore. A name that is known gets a new certificate."),
        maxlength=63,
        autocomplete="off",
        autocapitalize="none",
        spellcheck="false",
        required=True,
    )
    site = one_of(tell("Site"), "site", [(site, site) for site in sites], typed.one("site"))
    lives = [(seconds, tell(told)) for seconds, told in _LIVES]
    life = choice(tell("The token works for"), "valid_s", lives, typed.one("valid_s") or _LIVES[0][0])
    return joined(tag("h2", tell("Let a sensor in")), form(WAY, name, site, life, button=tell("Make the token")))


def _token_page(request: Request, sensor: str, token: str, authority: Authority, *, until: str) -> Response:
    where = origin_of(request)
    note = None
    if not where.startswith("https://"):
        sentence = tell(
            "This hub answers its own machine only. Give it [hub] listen and names in the site file first: sensors speak TLS."
        )
        note = tag("p", sentence, class_="note")
    cameras = link("/admin/cameras", tell("a camera"))
    steps = tag(
        "ol",
        tag("li", tell("Install Throng on the sensor, and type there:"), _command(where, authority.shown_fingerprint)),
        tag("li", tell("It asks for this token, which works once and is not shown again:"), secret(token, label=tell("Token"))),
        tag("li", tell("Start it: {command}", command=tag("code", "throng sensor run"))),
        tag("li", tell("Give it cameras: name it in the column sensor of the table, or on the page of {link}.", link=cameras)),
    )
    lead = tag("p", tell("The token works until {time}.", time=until))
    back = tag("p", link(WAY, tell("All sensors")))
    return page(request, tell("A token for {name}", name=sensor), note, lead, steps, back)


def _command(where: str, fingerprint: str) -> Html:
    return tag("pre", tag("code", f"throng sensor enrol {where} --fingerprint {fingerprint}"), tabindex=0)
