"""The page on which somebody shows again who it is, before what opens accounts is changed."""

import re
from urllib.parse import unquote

from fastapi import FastAPI, Request
from starlette.responses import Response

from throng.hub.access import ANYONE_SIGNED_IN, Principal
from throng.hub.admin.asking import PROOF, done, to
from throng.hub.admin.forms import read_form
from throng.hub.admin.markup import Html, tag
from throng.hub.admin.parts import FINE, Problem, field, form, hidden, link, page
from throng.hub.language import tell
from throng.hub.people import sign_in
from throng.hub.people.accounts import Account
from throng.hub.people.asking import address_of, origin_of, own_account, person, set_cookie
from throng.hub.people.html import passkey_button
from throng.hub.people.people import People
from throng.hub.people.sign_in import Entered

# Never to another hub, whatever a link says.
_PLACE = re.compile(r"/admin(?:/[\w%.~'@-]+){0,3}", re.ASCII)


def add_proof_page(app: FastAPI, *, people: People) -> None:
    """Add the page."""

    def shown(request: Request, *, place: str, problem: Problem = FINE) -> Response:
        asked = person(request)
        account = own_account(asked, people)
        ways = [
            _password_form(account, place) if account.password else None,
            passkey_part("prove", tell("Use a passkey"), next_=_with_word(place), quiet=bool(account.password))
            if can_passkey(request, people, account)
            else None,
            tag("p", link(place, tell("Go back without it")), class_="hint"),
        ]
        lead = tell("What you are about to change opens accounts. Show once more that it is you; that holds for ten minutes.")
        return page(request, tell("Show who you are"), tag("p", lead), *ways, problem=problem, script=True)

    @app.get(PROOF, include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    def ask(request: Request) -> Response:
        return shown(request, place=_place(request.query_params.get("to", "")))

    @app.post(PROOF, include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    async def prove(request: Request) -> Response:
        typed = await read_form(request)
        place = _place(typed.one("to"))

        def act() -> Response:
            asked = person(request)
            own_account(asked, people)
            token = sign_in.prove_by_password(
                people, asked, password=typed.one("password"), factor=typed.one("factor"), address=address_of(request)
            )
            answer = to(place, "proved")
            set_cookie(answer, request, Entered(token, int(people.sessions.left_s(asked.session))))
            return answer

        return await done(act, again=lambda problem: shown(request, place=place, problem=problem), run=people.turns.run)


def proof_note(request: Request, people: People, asked: Principal, *, back: str) -> Html | None:
    """The way to that page, where somebody has to go it before the forms are shown."""
    if people.sessions.is_proved(asked.session):
        return None
    way = tag("a", tell("Show who you are"), href=f"{PROOF}?to={back}", class_="button")
    return tag("p", tell("To change something here, first show once more that it is you."), " ", way, class_="note")


def can_passkey(request: Request, people: People, account: Account) -> bool:
    """Whether the account has a passkey that works at the name by which the hub is open."""
    origin = origin_of(request)
    return origin in people.passkeys.origins and any(
        passkey.host == people.passkeys.host_of(origin) for passkey in account.passkeys
    )


def passkey_part(way: str, text: str, *, next_: str, quiet: bool = False) -> Html:
    """A button for the script of passkeys, seen where the browser can."""
    return tag("div", passkey_button(way, text, next_=next_, quiet=quiet), hidden=True)


def _password_form(account: Account, place: str) -> Html:
    return form(
        PROOF,
        hidden("to", place),
        field(tell("Name"), "name", account.name, autocomplete="username", readonly=True),
        field(tell("Password"), "password", type="password", autocomplete="current-password", required=True, autofocus=True),
        field(
            tell("Code of your second factor"),
            "factor",
            hint=tell("Of your app, or a recovery code."),
            autocomplete="one-time-code",
            autocapitalize="none",
            spellcheck="false",
            required=True,
        )
        if account.totp
        else None,
        button=tell("Go on"),
    )


def _place(text: str) -> str:
    return text if _PLACE.fullmatch(text) and ".." not in unquote(text) else "/admin"


def _with_word(place: str) -> str:
    return f"{place}?done=proved"
