"""The pages about people: who there is, inviting, and what one of them may do."""

from fastapi import FastAPI, Request
from starlette.responses import Response

from throng.data.errors import AccountError
from throng.hub.admin.asking import done, proved_here, to
from throng.hub.admin.forms import NOTHING, Typed, read_form
from throng.hub.admin.grants import grants_body
from throng.hub.admin.parts import ADMINISTRATOR, FINE, READER, Problem, missing_page, named
from throng.hub.admin.people_parts import link_page, people_page, person_page
from throng.hub.language import said
from throng.hub.people import administer
from throng.hub.people.asking import address_of
from throng.hub.people.models import FactorRoles, NewGrants, NewPerson
from throng.hub.people.people import People
from throng.hub.registry.registry import Registry

PEOPLE = "/admin/people"


def add_people_page(app: FastAPI, *, people: People, registry: Registry) -> None:
    """Add who there is, inviting, and which roles need a second factor."""

    def shown(request: Request, problem: Problem = FINE, typed: Typed = NOTHING) -> Response:
        return people_page(request, people, list(registry.state.sites), problem=problem, typed=typed)

    @app.get(PEOPLE, include_in_schema=False, openapi_extra=READER)
    def look(request: Request) -> Response:
        return shown(request)

    @app.post(PEOPLE, include_in_schema=False, openapi_extra=ADMINISTRATOR)
    async def invite(request: Request) -> Response:
        typed = await read_form(request)

        def act() -> Response:
            asked = proved_here(request, people)
            body = NewPerson.model_validate({"name": typed.one("name"), "grants": grants_body(typed)})
            grants = [grant.grant() for grant in body.grants]
            account, code = administer.invite(people, body.name, grants=grants, who=asked.name, address=address_of(request))
            return link_page(request, account.name, code)

        return await done(act, again=lambda problem: shown(request, problem, typed), back=PEOPLE)

    @app.post("/admin/second-factor", include_in_schema=False, openapi_extra=ADMINISTRATOR)
    async def require(request: Request) -> Response:
        typed = await read_form(request)

        def act() -> Response:
            asked = proved_here(request, people)
            if not typed.one("change"):
                raise AccountError("the form came in pieces: reload the page, and try again", status=422)
            body = FactorRoles.model_validate({"roles": list(typed.all("role"))})
            people.require_factor(list(dict.fromkeys(body.roles)), who=asked.name, address=address_of(request))
            return to(PEOPLE, "changed")

        return await done(act, again=lambda problem: shown(request, problem), back=PEOPLE)


def add_person_page(app: FastAPI, *, people: People, registry: Registry) -> None:
    """Add the page about one person."""

    def shown(request: Request, name: str, problem: Problem = FINE) -> Response:
        account = people.accounts.find(name)
        if account is None:
            return missing_page(request, said("there is no such person: see the list"), PEOPLE)
        return person_page(request, people, account, list(registry.state.sites), problem=problem)

    @app.get("/admin/people/{name}", include_in_schema=False, openapi_extra=READER)
    def look(request: Request, name: str) -> Response:
        return shown(request, name)

    @app.post("/admin/people/{name}/grants", include_in_schema=False, openapi_extra=ADMINISTRATOR)
    async def set_grants(request: Request, name: str) -> Response:
        typed = await read_form(request)

        def act() -> Response:
            asked = proved_here(request, people)
            body = NewGrants.model_validate({"grants": grants_body(typed)})
            grants = [grant.grant() for grant in body.grants]
            administer.set_grants(people, name, grants=grants, who=asked.name, address=address_of(request))
            return to(named(PEOPLE, name), "changed")

        return await done(act, again=lambda problem: shown(request, name, problem), back=named(PEOPLE, name))

    @app.post("/admin/people/{name}/sessions", include_in_schema=False, openapi_extra=ADMINISTRATOR)
    async def end_sessions(request: Request, name: str) -> Response:
        def act() -> Response:
            asked = proved_here(request, people)
            account = people.accounts.get(name)
            administer.end_sessions(people, account.name, who=asked.name, address=address_of(request))
            return to(named(PEOPLE, name), "ended")

        return await done(act, again=lambda problem: shown(request, name, problem), back=named(PEOPLE, name))

    @app.post("/admin/people/{name}/reset", include_in_schema=False, openapi_extra=ADMINISTRATOR)
    async def reset(request: Request, name: str) -> Response:
        def act() -> Response:
            asked = proved_here(request, people)
            account = people.accounts.get(name)
            return link_page(request, account.name, administer.reset(people, name, who=asked.name, address=address_of(request)))

        return await done(act, again=lambda problem: shown(request, name, problem), back=named(PEOPLE, name))

    @app.post("/admin/people/{name}/remove", include_in_schema=False, openapi_extra=ADMINISTRATOR)
    async def remove(request: Request, name: str) -> Response:
        def act() -> Response:
            asked = proved_here(request, people)
            administer.remove(people, name, who=asked.name, address=address_of(request))
            return to(PEOPLE, "removed")

        return await done(act, again=lambda problem: shown(request, name, problem), back=named(PEOPLE, name))
