"""What the routes about people share: who asks from where, and the cookie of a session."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from throng.data.errors import AccountError
from throng.hub.access import PRINCIPAL, Principal, principal
from throng.hub.models import Problem
from throng.hub.people.accounts import THIS_MACHINE, Account
from throng.hub.people.people import People
from throng.hub.people.sessions import cookie_name
from throng.hub.people.sign_in import Entered

REFUSED: dict[int | str, dict[str, Any]] = {status: {"model": Problem} for status in (400, 401, 403, 404, 409, 422, 429, 503)}
"""Of every route about people."""


def address_of(request: Request) -> str:
    """Where a request comes from."""
    return request.client.host if request.client else ""


def origin_of(request: Request) -> str:
    """The origin of the page that asks; the gate has checked that it is this hub."""
    return f"{request.url.scheme}://{request.headers.get('host', '')}"


def person(request: Request) -> Principal:
    """Whoever is signed in.

    Raises
    ------
    AccountError
        It is a token that asks: what is about a person's account no script may do.
    """
    asked = principal(request)
    if asked.kind != "person":
        raise AccountError("a token cannot do this: sign in as a person", status=403)
    return asked


def proved(request: Request, people: People) -> Principal:
    """Whoever is signed in and has shown within ten minutes who it is.

    Raises
    ------
    AccountError
        That was longer ago, or it is a token that asks.
    """
    asked = person(request)
    if not people.sessions.is_proved(asked.session):
        raise AccountError("show again who you are, at /api/v1/me/proof: it is longer than ten minutes ago", status=403)
    return asked


def own_account(asked: Principal, people: People) -> Account:
    """The account of whoever asks.

    Raises
    ------
    AccountError
        This machine has none.
    """
    if asked.name == THIS_MACHINE:
        raise AccountError("this machine signed in without an account: make one with the set-up link", status=409)
    return people.accounts.get(asked.name)


def set_cookie(answer: Response, request: Request, entered: Entered) -> None:
    """Hand the session's token to the browser, for this hub alone and no script."""
    scheme = request.url.scheme
    answer.set_cookie(
        cookie_name(scheme),
        entered.token,
        max_age=entered.most_s,
        path="/",
        secure=scheme == "https",
        httponly=True,
        samesite="strict",
    )


def end_before(request: Request, people: People) -> None:
    """End the session in which somebody signs in anew: the browser's cookie goes to the new one."""
    before: Principal | None = request.scope.get(PRINCIPAL)
    if before is not None and before.kind == "person":
        people.sessions.end(before.session)


def drop_cookie(answer: Response, request: Request) -> None:
    """Have the browser forget the session's token."""
    scheme = request.url.scheme
    answer.delete_cookie(cookie_name(scheme), path="/", secure=scheme == "https", httponly=True, samesite="strict")
