"""The gate that every request passes: nothing but health and sign-in answers a stranger."""

import re
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from throng.hub.door import Door

COOKIE = "throng_session"
SESSION = "throng.session"
"""Key of the request's scope under which a signed-in person's session stands."""

FOR_STRANGERS = frozenset(
    {("GET", "/health"), ("GET", "/sign-in"), ("POST", "/sign-in"), ("GET", "/sign-in/style.css")},
)
"""All that a stranger may ask for; whatever is not in this list needs a session, whether or not it exists."""

_HOST = re.compile(r"(127\.0\.0\.1|localhost)(:\d{1,5})?")
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not "no-referrer": with it browsers send the sign-in form with `Origin: null`, and the check of the origin refuses it.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Gate:
    """ASGI middleware: checks the host, the origin and the session of every request, and hardens every answer.

    Parameters
    ----------
    app : ASGI application
    door : Door
        Knows which sessions are open.
    """

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self.app = app
        self.door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            refused = self._refusal(scope)
            await (refused or self.app)(scope, receive, _hardened(scope, send))
        # Anything else, such as a web socket, is not served: the server closes it.

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not _HOST.fullmatch(host):
            return _refuse(421, "this hub answers at 127.0.0.1 and localhost only: open it by one of these names")
        if scope["method"] not in _SAFE_METHODS and headers.get("origin") != f"{scope['scheme']}://{host}":
            return _refuse(403, "a request that changes something must come from a page of this hub")
        session = self.door.session_of(_token(headers))
        if session is not None:
            scope[SESSION] = session
        elif (scope["method"], scope["path"]) not in FOR_STRANGERS:
            return _ask_to_sign_in(scope["path"])
        return None


def _ask_to_sign_in(path: str) -> Response:
    if path == "/api" or path.startswith("/api/"):
        return _refuse(401, "sign in first, at /sign-in")
    return RedirectResponse("/sign-in", status_code=303)


def _refuse(status: int, detail: str) -> Response:
    return JSONResponse({"detail": detail}, status_code=status)


def _token(headers: Headers) -> str:
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def _hardened(scope: Scope, send: Send) -> Send:
    # Assets carry their content's hash in their name and no number; even they are asked for again, so that the gate is passed.
    caching = "private, no-cache" if scope["path"].startswith("/assets/") else "no-store"

    async def send_hardened(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers["cache-control"] = caching
        await send(message)

    return send_hardened
