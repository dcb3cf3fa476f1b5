"""Routes of the pages for people who are not signed in: signing in, setting up, and out again."""

from collections.abc import Mapping
from importlib.resources import files
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from throng.data.errors import AccountError
from throng.hub.access import ANYONE_SIGNED_IN, needs
from throng.hub.people import factors, html, joining, sign_in
from throng.hub.people.asking import address_of, drop_cookie, end_before, origin_of, person, set_cookie
from throng.hub.people.models import Body, LinkBody, LinkPasskey, SignedPasskey
from throng.hub.people.people import People
from throng.hub.people.sign_in import Entered, FactorNeeded

STRANGER = needs("stranger")
_MOST_FORM_BYTES = 8192  # a password of 200 characters, each of four bytes of three letters, a name and a code
_STATIC = files("throng.hub.people") / "static"


class Asked(Body):
    """A request that says nothing more."""


def add_files(app: FastAPI) -> None:
    """Add the pages' style and script."""
    style, script = ((_STATIC / name).read_text("utf-8") for name in ("style.css", "passkey.js"))

    @app.get("/sign-in/style.css", include_in_schema=False, openapi_extra=STRANGER)
    def style_file() -> Response:
        return Response(style, media_type="text/css")

    @app.get("/sign-in/passkey.js", include_in_schema=False, openapi_extra=STRANGER)
    def script_file() -> Response:
        return Response(script, media_type="text/javascript")


def add_sign_in(app: FastAPI, *, people: People) -> None:
    """Add signing in with a password or a one-time code, and signing out."""
    site = people.site_name

    @app.get("/sign-in", include_in_schema=False, openapi_extra=STRANGER)
    def form(request: Request, code: str = "") -> Response:
        return html.code_page(site, code=code) if code or people.signs_in_by_code() else _sign_in_page(people, request)

    @app.post("/sign-in", include_in_schema=False, openapi_extra=STRANGER)
    async def enter(request: Request) -> Response:
        typed = await _form(request)
        address = address_of(request)
        try:
            if "name" not in typed:
                return _entered(people, request, sign_in.by_code(people, code=typed.get("code", "").strip(), address=address))
            name, password, factor = (typed.get(field, "") for field in ("name", "password", "factor"))
            found = await people.turns.run(
                lambda: sign_in.by_password(people, name=name, password=password, factor=factor, address=address)
            )
        except AccountError as error:
            by_code = "name" not in typed and ("code" in typed or people.signs_in_by_code())
            page = (
                html.code_page(site, message=str(error), status=error.status)
                if by_code
                else _sign_in_page(people, request, name=typed.get("name", ""), error=error)
            )
            return _waiting(page, error)
        return _entered(people, request, found) if isinstance(found, Entered) else _factor_page(people, found)

    @app.post("/sign-in/factor", include_in_schema=False, openapi_extra=STRANGER)
    async def confirm(request: Request) -> Response:
        typed = await _form(request)
        code, factor = typed.get("code", ""), typed.get("factor", "")
        try:
            entered, recovery = await people.turns.run(
                lambda: sign_in.confirm_factor(people, code=code, factor=factor, address=address_of(request))
            )
        except AccountError as error:
            ticket = people.codes.look(code, "factor")
            if ticket is None:
                return _waiting(html.notice_page(site, str(error), status=error.status), error)
            begun = factors.begun_totp(people, people.accounts.get(ticket.key))
            return _waiting(html.factor_page(site, code=code, begun=begun, message=str(error), status=error.status), error)
        end_before(request, people)
        page = html.recovery_page(site, recovery)
        set_cookie(page, request, entered)
        return page

    @app.post("/sign-out", include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    def leave(request: Request) -> Response:
        asked = person(request)
        people.log.write("sign-out", who=asked.name, address=address_of(request))
        people.sessions.end(asked.session)
        answer = RedirectResponse("/sign-in", status_code=303)
        drop_cookie(answer, request)
        return answer


def add_set_up(app: FastAPI, *, people: People) -> None:
    """Add what a link opens: choosing a name, a password or a passkey."""
    site = people.site_name

    @app.get("/set-up", include_in_schema=False, openapi_extra=STRANGER)
    def form(request: Request, code: str = "") -> Response:
        try:
            found = joining.look(people, code, address=address_of(request))
        except AccountError as error:
            return _waiting(html.notice_page(site, str(error), status=error.status), error)
        return html.set_up_page(site, found, code=code, has_passkeys=_can(people, request), elsewhere=people.passkeys.origins)

    @app.post("/set-up", include_in_schema=False, openapi_extra=STRANGER)
    async def join(request: Request) -> Response:
        typed = await _form(request)
        code, name, password = (typed.get(field, "") for field in ("code", "name", "password"))
        address = address_of(request)
        try:
            found = await people.turns.run(
                lambda: joining.with_password(people, code=code, name=name, password=password, address=address)
            )
        except AccountError as error:
            return _waiting(_set_up_again(people, request, code=code, name=name, error=error), error)
        return _entered(people, request, found) if isinstance(found, Entered) else _factor_page(people, found)


def add_passkey_pages(app: FastAPI, *, people: People) -> None:
    """Add what the script of the pages asks."""

    @app.post("/sign-in/passkey/options", include_in_schema=False, openapi_extra=STRANGER)
    def ask_to_sign(request: Request, body: Asked) -> Response:
        options = people.passkeys.ask_to_sign(origin_of(request), about=sign_in.SIGN_IN)
        return JSONResponse({"options": options})

    @app.post("/sign-in/passkey", include_in_schema=False, openapi_extra=STRANGER)
    def signed(request: Request, body: SignedPasskey) -> Response:
        answer, origin = body.credential.answer(), origin_of(request)
        entered = sign_in.by_passkey(people, origin=origin, answer=answer, address=address_of(request))
        return _done(people, request, entered)

    @app.post("/set-up/passkey/options", include_in_schema=False, openapi_extra=STRANGER)
    def ask_to_make(request: Request, body: LinkBody) -> Response:
        code = body.code.get_secret_value()
        options = joining.ask_for_passkey(
            people, code=code, name=body.name, origin=origin_of(request), address=address_of(request)
        )
        return JSONResponse({"options": options})

    @app.post("/set-up/passkey", include_in_schema=False, openapi_extra=STRANGER)
    def made(request: Request, body: LinkPasskey) -> Response:
        entered = joining.with_passkey(
            people,
            code=body.code.get_secret_value(),
            name=body.name,
            label=body.label,
            origin=origin_of(request),
            answer=body.credential.answer(),
            address=address_of(request),
        )
        return _done(people, request, entered)


def _entered(people: People, request: Request, entered: Entered) -> Response:
    end_before(request, people)
    answer = RedirectResponse("/", status_code=303)
    set_cookie(answer, request, entered)
    return answer


def _done(people: People, request: Request, entered: Entered) -> Response:
    end_before(request, people)
    answer = JSONResponse({"done": True})
    set_cookie(answer, request, entered)
    return answer


def _factor_page(people: People, needed: FactorNeeded) -> Response:
    return html.factor_page(people.site_name, code=needed.code, begun=needed.begun)


def _sign_in_page(people: People, request: Request, *, name: str = "", error: AccountError | None = None) -> Response:
    return html.sign_in_page(
        people.site_name,
        name=name[:200],
        message=str(error or ""),
        has_passkeys=_can(people, request),
        elsewhere=people.passkeys.origins,
        status=error.status if error else 200,
    )


def _set_up_again(people: People, request: Request, *, code: str, name: str, error: AccountError) -> Response:
    try:
        found = joining.look(people, code, address=address_of(request))
    except AccountError:
        return html.notice_page(people.site_name, str(error), status=error.status)
    return html.set_up_page(
        people.site_name,
        found,
        code=code,
        name=name[:200],
        message=str(error),
        has_passkeys=_can(people, request),
        elsewhere=people.passkeys.origins,
        status=error.status,
    )


def _can(people: People, request: Request) -> bool:
    return origin_of(request) in people.passkeys.origins


def _waiting(page: Response, error: AccountError) -> Response:
    if error.wait_s:
        page.headers["retry-after"] = str(error.wait_s)
    return page


async def _form(request: Request) -> Mapping[str, str]:
    """The fields of a form; none when it is larger than any of ours."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_FORM_BYTES:
            return {}
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=10)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}
