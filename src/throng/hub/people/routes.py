"""All routes about people."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import JSONResponse

from throng.data.errors import AccountError, ConflictError
from throng.hub.live import Feed
from throng.hub.people.me_routes import add_factors, add_me, add_passkeys, add_proof
from throng.hub.people.pages import add_files, add_passkey_pages, add_set_up, add_sign_in
from throng.hub.people.people import People
from throng.hub.people.people_routes import add_accounts, add_second_factor, add_tokens
from throng.hub.registry.quiet import sentences_of


def add_people(app: FastAPI, *, people: People, feed: Feed | None = None) -> None:
    """Add the pages and the JSON routes; with a feed, a session's live pages end with it."""
    add_files(app)
    add_sign_in(app, people=people)
    add_set_up(app, people=people)
    add_passkey_pages(app, people=people)
    add_me(app, people=people)
    add_proof(app, people=people)
    add_factors(app, people=people)
    add_passkeys(app, people=people)
    add_accounts(app, people=people)
    add_second_factor(app, people=people)
    add_tokens(app, people=people)
    app.add_exception_handler(AccountError, _refused)
    app.add_exception_handler(ConflictError, _changed_meanwhile)
    app.add_exception_handler(RequestValidationError, _malformed)
    if feed is not None:
        people.on_end(feed.end)


def _refused(request: Request, error: Exception) -> JSONResponse:
    status, wait_s = (error.status, error.wait_s) if isinstance(error, AccountError) else (400, 0)
    return JSONResponse({"detail": str(error)}, status_code=status, headers={"retry-after": str(wait_s)} if wait_s else None)


def _changed_meanwhile(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=409)


def _malformed(request: Request, error: Exception) -> JSONResponse:
    """What is wrong with a request, never what was sent: it may be a password in the wrong place."""
    told = "; ".join(sentences_of(error.errors())) if isinstance(error, RequestValidationError) else "the request is malformed"
    # The name of a field that is not asked for may hold half a character, which is no text.
    return JSONResponse({"detail": told.encode("utf-8", "replace").decode()}, status_code=422)
