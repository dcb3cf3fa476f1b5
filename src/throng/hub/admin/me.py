"""The page about oneself: password, second factor, passkeys, sessions."""

from fastapi import FastAPI, Request
from starlette.responses import Response

from throng.hub.access import ANYONE_SIGNED_IN
from throng.hub.admin.asking import Again, done, proved_here, to
from throng.hub.admin.forms import read_form
from throng.hub.admin.me_parts import OTHERS, factor_page, me_page, recovery_page
from throng.hub.admin.parts import FINE, Problem
from throng.hub.people import administer, factors
from throng.hub.people.accounts import Account
from throng.hub.people.asking import address_of, own_account, person
from throng.hub.people.people import People

ME = "/admin/me"


def add_me_page(app: FastAPI, *, people: People) -> None:
    """Add the page, with the password and the sessions."""

    def shown(request: Request, problem: Problem = FINE) -> Response:
        return me_page(request, people, problem=problem)

    @app.get(ME, include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    def look(request: Request) -> Response:
        return shown(request)

    @app.post("/admin/me/password", include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    async def change_password(request: Request) -> Response:
        typed = await read_form(request)

        def act() -> Response:
            asked = proved_here(request, people)
            account = own_account(asked, people)
            factors.change_password(people, account, typed.one("password"), session=asked.session, address=address_of(request))
            return to(ME, "password")

        return await done(act, again=lambda problem: shown(request, problem), back=ME, run=people.turns.run)

    @app.post("/admin/me/sessions/end", include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    async def end(request: Request) -> Response:
        typed = await read_form(request)

        def act() -> Response:
            asked = person(request)
            one = typed.one("session")
            if one == OTHERS:
                administer.end_sessions(people, asked.name, who=asked.name, address=address_of(request), but=asked.session)
            else:
                # A session that no form names is one that is not there.
                administer.end_sessions(people, asked.name, who=asked.name, address=address_of(request), session=one or "-")
            return to(ME, "ended")

        return await done(act, again=lambda problem: shown(request, problem), back=ME)


def add_factor_pages(app: FastAPI, *, people: People) -> None:
    """Add the second factor and the passkeys; making a passkey is the script's."""

    def own(request: Request) -> Account:
        return own_account(proved_here(request, people), people)

    def at_me(request: Request) -> Again:
        return lambda problem: me_page(request, people, problem=problem)

    @app.post("/admin/me/factor", include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    async def begin(request: Request) -> Response:
        def act() -> Response:
            return factor_page(request, factors.begin_totp(people, own(request)))

        return await done(act, again=at_me(request), back=ME)

    @app.post("/admin/me/factor/confirm", include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    async def confirm(request: Request) -> Response:
        typed = await read_form(request)

        def act() -> Response:
            _, recovery = factors.confirm_totp(people, own(request), typed.one("code"), address=address_of(request))
            return recovery_page(request, recovery)

        def again(problem: Problem) -> Response:
            account = people.accounts.find(person(request).name)
            # What was begun is shown again; where nothing was, or too long ago, it is begun on the page about oneself.
            if account is None or people.pending.get(account.key) is None:
                return at_me(request)(problem)
            return factor_page(request, factors.begun_totp(people, account), problem=problem)

        return await done(act, again=again, back=ME)

    @app.post("/admin/me/factor/remove", include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    async def remove(request: Request) -> Response:
        def act() -> Response:
            factors.remove_totp(people, own(request), address=address_of(request))
            return to(ME, "removed")

        return await done(act, again=at_me(request), back=ME)

    @app.post("/admin/me/passkeys/remove", include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    async def remove_passkey(request: Request) -> Response:
        typed = await read_form(request)

        def act() -> Response:
            factors.remove_passkey(people, own(request), typed.one("passkey"), address=address_of(request))
            return to(ME, "removed")

        return await done(act, again=at_me(request), back=ME)
