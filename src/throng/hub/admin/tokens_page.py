"""The page about tokens for scripts."""

from fastapi import FastAPI, Request
from starlette.responses import Response

from throng.hub.access import ANYONE_SIGNED_IN, principal
from throng.hub.admin.asking import done, proved_here, to
from throng.hub.admin.forms import NOTHING, Typed, read_form
from throng.hub.admin.grants import grant_rows, grants_body, grants_told, typed_grants
from throng.hub.admin.markup import Html, tag
from throng.hub.admin.parts import FINE, Problem, field, form, hidden, link, page, secret, shown, table
from throng.hub.admin.proof import proof_note
from throng.hub.language import tell
from throng.hub.people import administer
from throng.hub.people.asking import address_of, own_account
from throng.hub.people.models import NewToken
from throng.hub.people.people import People
from throng.hub.people.tokens import MOST_DAYS, USUAL_DAYS
from throng.hub.registry.registry import Registry

TOKENS = "/admin/tokens"


def add_tokens_page(app: FastAPI, *, people: People, registry: Registry) -> None:
    """Add the page: one's own tokens; for an administrator and auditor of all sites everybody's."""

    def looked_at(request: Request, problem: Problem = FINE, typed: Typed = NOTHING) -> Response:
        asked = principal(request)
        note = proof_note(request, people, asked, back=TOKENS)
        own_sites = {grant.site for grant in asked.grants}
        sites = [site for site in registry.state.sites if site in own_sites or "*" in own_sites]
        make = [note] if note else [tag("h2", tell("Make a token")), _make(sites, typed)]
        lead = tell("A token lets a script in, for so many days, with no more rights than you have. It ends with your account.")
        listed = _listed(people, request, can_remove=note is None)
        return page(request, tell("Tokens"), tag("p", lead), listed, *make, problem=problem)

    @app.get(TOKENS, include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    def look(request: Request) -> Response:
        return looked_at(request)

    @app.post(TOKENS, include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    async def make(request: Request) -> Response:
        typed = await read_form(request)

        def act() -> Response:
            asked = proved_here(request, people)
            own_account(asked, people)
            days = typed.one("days")
            told = {"name": typed.one("name"), "grants": grants_body(typed), "days": int(days) if _is_number(days) else days}
            body = NewToken.model_validate(told)
            grants = [grant.grant() for grant in body.grants]
            made, token = administer.make_token(
                people, asked, body.name, grants=grants, days=body.days, address=address_of(request)
            )
            return _made_page(request, token.name, made, until=shown(token.ends))

        return await done(act, again=lambda problem: looked_at(request, problem, typed), back=TOKENS)

    @app.post("/admin/tokens/remove", include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    async def remove(request: Request) -> Response:
        typed = await read_form(request)

        def act() -> Response:
            asked = proved_here(request, people)
            administer.remove_token(people, asked, typed.one("token"), address=address_of(request))
            return to(TOKENS, "removed")

        return await done(act, again=lambda problem: looked_at(request, problem), back=TOKENS)


def _made_page(request: Request, name: str, made: str, *, until: str) -> Response:
    lead = tell("Keep it in a file of mode 0600 or in THRONG_TOKEN. It works until {time}, and is not shown again.", time=until)
    ways = tag("p", link(TOKENS, tell("All tokens")))
    return page(request, tell("The token {name}", name=name), tag("p", lead), secret(made, label=tell("Token")), ways)


def _listed(people: People, request: Request, *, can_remove: bool) -> Html:
    rows = [
        [
            token.name,
            token.owner,
            grants_told(token.grants),
            shown(token.ends),
            token.used or tell("never"),
            form("/admin/tokens/remove", hidden("token", token.id), button=tell("Remove"), quiet=True) if can_remove else "",
        ]
        for token in administer.tokens_for(people, principal(request))
    ]
    heads = (tell("Name"), tell("Of"), tell("May be"), tell("Ends"), tell("Last used"), "")
    return table(tell("Tokens there are"), heads, rows, empty=tell("There is no token."))


def _make(sites: list[str], typed: Typed) -> Html:
    days = typed.one("days") or str(USUAL_DAYS)
    return form(
        TOKENS,
        field(tell("What it is for"), "name", typed.one("name"), maxlength=64, autocomplete="off", required=True),
        field(tell("Days"), "days", days, type="number", min=1, max=MOST_DAYS, required=True),
        grant_rows(sites, typed_grants(typed)),
        button=tell("Make the token"),
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 5
