"""The gate that every request passes: it finds out who asks and whether the route is for him, or refuses and tells the log."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Protocol

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from throng.data.errors import LogError
from throng.data.signed import HUB_NAME
from throng.hub.access import PRINCIPAL, Needs, Principal, admit
from throng.hub.log.log import Log
from throng.hub.people.sessions import cookie_name

PEER = "throng.peer"
"""Key of the scope's extensions under which the server puts a verified client certificate, DER."""

MOST_BYTES = 256 * 1024
"""Of a request's body, where its path has no limit of its own."""
_TOO_LONG = "the message is longer than this hub takes here"
_NO_LOG = "the hub cannot write its audit log, and does nothing without: try again later"
_STARTING = "the hub is starting: try again in a few seconds"
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_ALWAYS = ("127.0.0.1", "localhost", HUB_NAME)
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
ASKED_AGAIN = "private, no-cache"
"""What a browser keeps but asks for again each time, so that the gate is passed; a route may say so of what holds no number."""
_ONLY_TLS = "max-age=31536000; includeSubDomains"


class Identities(Protocol):
    """Knows people by their cookies, scripts by their tokens."""

    def principal_of_cookie(self, token: str) -> Principal | None:
        """Whose session a cookie's token opens."""

    def principal_of_bearer(self, token: str) -> Principal | None:
        """Whose token this is."""


class Peers(Protocol):
    """Knows sensors by their certificates."""

    def principal_of_peer(self, der: bytes) -> Principal | None:
        """Whose certificate this is, if it is valid and not revoked."""


@dataclass(frozen=True, slots=True)
class GateSettings:
    """What the gate goes by.

    Attributes
    ----------
    names : collection of str
        Host names and addresses, without ports, by which the hub is called; loopback's, and the one that sensors use, are
        always among them.
    most_bytes : pairs of str and int
        Longest bodies of paths that may be longer than others; of one with "{name}" in it whatever the name.
    is_open : callable
        Whether others than this machine are answered.
    """

    names: Collection[str] = ()
    most_bytes: tuple[tuple[str, int], ...] = ()
    is_open: Callable[[], bool] = lambda: True


class Gate:
    """ASGI middleware: checks host, origin, size and rights of every request, and hardens every answer.

    Parameters
    ----------
    app : ASGI application
    needs : Needs
        Of its routes.
    people : Identities
    sensors : Peers
    log : Log
    settings : GateSettings
    """

    def __init__(
        self, app: ASGIApp, *, needs: Needs, people: Identities, sensors: Peers, log: Log, settings: GateSettings
    ) -> None:
        self.app = app
        self._needs = needs
        self._people, self._sensors, self._log = people, sensors, log
        # In addresses IPv6 stands in brackets, as its colons would be taken for a port's.
        names = (f"[{name}]" if ":" in name else name for name in (*_ALWAYS, *settings.names))
        self._names = frozenset(name.lower() for name in names)
        self._is_open = settings.is_open
        self._most_bytes = {path: most for path, most in settings.most_bytes if "{" not in path}
        self._most_bytes_like = [(compile_path(path)[0], most) for path, most in settings.most_bytes if "{" in path]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            try:
                refused = self._refusal(scope) if self._is_open() or _is_from_here(scope) else _refuse(503, _STARTING)
            except LogError:
                refused = _refuse(503, _NO_LOG)
            if refused is None:
                await self._pass_on(scope, receive, _hardened(scope, send))
            else:
                await refused(scope, receive, _hardened(scope, send))
        # Anything else, such as a web socket, is not served: the server closes it.

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Bounded(receive, self._longest(scope["path"]))
        is_answered = False

        async def send_unless_over(message: Message) -> None:
            nonlocal is_answered
            if body.is_over and not is_answered:
                return  # whatever the route makes of half a message: the answer comes below
            is_answered = True
            await send(message)

        try:
            await self.app(scope, body.receive, send_unless_over)
        except Exception as error:
            if not is_answered and not body.is_over:
                # A fault of ours; a client that is gone does not read this.
                await _refuse(500, "the hub has made a mistake: its own log tells which")(scope, receive, send)
                raise
            if is_answered or not isinstance(error, ClientDisconnect):
                raise
        if body.is_over and not is_answered:
            try:
                refused = self._refuse(scope, scope.get(PRINCIPAL), 413, _TOO_LONG)
            except LogError:
                refused = _refuse(503, _NO_LOG)
            await refused(scope, receive, send)

    def _longest(self, path: str) -> int:
        """How many bytes a body for a path may have."""
        if (most := self._most_bytes.get(path)) is not None:
            return most
        return next((most for pattern, most in self._most_bytes_like if pattern.match(path)), MOST_BYTES)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if (refused := self._malformed(scope, headers)) is not None:
            return refused
        asked = self._who(scope, headers)
        if scope["method"] not in _SAFE_METHODS and not _is_ours(scope, headers, asked):
            return self._refuse(scope, asked, 403, "a request that changes something must come from a page of this hub")
        need = self._needs.of(scope)
        if asked is not None and need is None:
            return None  # there is no such route, and people who are in may know it
        if need is not None and admit(scope, asked, need):
            return None
        if asked is None:
            return self._ask_to_sign_in(scope)
        return self._refuse(scope, asked, 403, "your role does not permit this: ask an administrator of the hub")

    def _malformed(self, scope: Scope, headers: Headers) -> Response | None:
        if _without_port(headers.get("host", "")).lower() not in self._names:
            return self._refuse(scope, None, 421, "this hub does not answer to that name: open it by one of its own")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:18]) > self._longest(scope["path"]):
            return self._refuse(scope, None, 413, _TOO_LONG)
        return None

    def _who(self, scope: Scope, headers: Headers) -> Principal | None:
        if (header := headers.get("authorization")) is not None:
            kind, _, token = header.partition(" ")
            return self._people.principal_of_bearer(token.strip()) if kind.lower() == "bearer" else None
        if (token := _cookie(headers, cookie_name(scope["scheme"]))) and (person := self._people.principal_of_cookie(token)):
            return person
        der: bytes | None = scope.get("extensions", {}).get(PEER)
        return self._sensors.principal_of_peer(der) if der else None

    def _ask_to_sign_in(self, scope: Scope) -> Response:
        path = scope["path"]
        if path == "/api" or path.startswith("/api/"):
            return self._refuse(scope, None, 401, "sign in first, at /sign-in")
        return RedirectResponse("/sign-in", status_code=303)

    def _refuse(self, scope: Scope, asked: Principal | None, status: int, detail: str) -> Response:
        self._log.write(
            "request.refused",
            who=asked.name if asked else "",
            outcome="refused",
            about=f"{scope['method']} {scope['path']}",
            detail=f"{status}: {detail}",
            address=client_address(scope),
        )
        return _refuse(status, detail)


def client_address(scope: Scope) -> str:
    """Where a request comes from."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def _is_from_here(scope: Scope) -> bool:
    """Whether a request comes from this machine: whoever asks oneself does so from the address that he asks."""
    client, server = scope.get("client"), scope.get("server")
    return bool(client and server and client[0] == server[0])


def _is_ours(scope: Scope, headers: Headers, asked: Principal | None) -> bool:
    """Whether a browser of somebody else cannot have been made to send this.

    Browsers name the page's origin with every request that changes something. Scripts and sensors name none; they carry their
    right in a header or certificate of their own, which no page can make a browser send.
    """
    origin = headers.get("origin")
    if origin is not None:
        return origin == f"{scope['scheme']}://{headers.get('host', '')}"
    return scope["path"].startswith("/api/") and (asked is None or asked.kind != "person")


def _without_port(host: str) -> str:
    name, _, port = host.rpartition(":")
    return name if name and port.isdecimal() and len(port) <= 5 else host


def _refuse(status: int, detail: str) -> Response:
    return JSONResponse({"detail": detail}, status_code=status)


def _cookie(headers: Headers, name: str) -> str:
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[name].value if name in cookies else ""


class _Bounded:
    """A request's body, ended where it grows past what is taken without having told its length."""

    __slots__ = ("_left", "_receive", "is_over")

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._left = receive, most
        self.is_over = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        self.is_over = self._left < 0
        return {"type": "http.disconnect"} if self.is_over else message


def _hardened(scope: Scope, send: Send) -> Send:
    # Assets carry their content's hash in their name and no number.
    is_asset = scope["path"].startswith("/assets/")

    async def send_hardened(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            is_kept = is_asset or headers.get("cache-control") == ASKED_AGAIN
            headers["cache-control"] = ASKED_AGAIN if is_kept else "no-store"
            if message["status"] == 401:
                headers["www-authenticate"] = "Bearer"
            if scope["scheme"] == "https":
                headers["strict-transport-security"] = _ONLY_TLS
        await send(message)

    return send_hardened
