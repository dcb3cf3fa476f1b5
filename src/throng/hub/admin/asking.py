"""How a page does what its form asks: by the functions behind the JSON routes, and what went wrong is shown on the page."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import quote

from fastapi import Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from throng.data.errors import AccountError, ConflictError, HubError, LogError, SealError, SiteError, StoreError
from throng.hub.access import Principal, principal
from throng.hub.admin.parts import Problem
from throng.hub.gate import client_address
from throng.hub.people.asking import person, proved
from throng.hub.people.people import People
from throng.hub.registry.quiet import sentences_of
from throng.hub.registry.registry import By, Registry
from throng.hub.sensors.refusal import Refused

PROOF = "/admin/proof"
Again = Callable[[Problem], Response]
Run = Callable[[Callable[[], Response]], Awaitable[Response]]
_STATUS: tuple[tuple[type[HubError | StoreError | LogError | SealError | SiteError], int], ...] = (
    (ConflictError, 409),
    (StoreError, 503),
    (LogError, 503),
    (SealError, 503),
    (SiteError, 422),
    (HubError, 409),
)


class ProofNeeded(AccountError):  # noqa: N818 -- it leads to a page, and is no fault
    """Whoever asks is to show first who it is."""


def proved_here(request: Request, people: People) -> Principal:
    """Whoever is signed in and has shown within ten minutes who it is.

    Raises
    ------
    ProofNeeded
        That was longer ago.
    AccountError
        It is a token that asks.
    """
    asked = person(request)
    if not people.sessions.is_proved(asked.session):
        raise ProofNeeded("show again who you are: it is longer than ten minutes ago", status=403)
    return proved(request, people)


async def done(act: Callable[[], Response], *, again: Again, back: str = "", run: Run = run_in_threadpool) -> Response:
    """What came of a form.

    Parameters
    ----------
    act : callable
        Does it, away from the event loop, and answers.
    again : callable
        Shows the page again, with why it was not done.
    back : str
        The page to come back to, where whoever asks is first to show who it is.
    run : callable
        In place of any thread: where hashing waits for its turn.
    """
    try:
        return await run(act)
    except ProofNeeded:
        return RedirectResponse(f"{PROOF}?to={quote(back)}", status_code=303)
    except ValidationError as error:
        problem = Problem("; ".join(sentences_of(error.errors(include_url=False, include_input=False))), 422)
    except AccountError as error:
        problem = Problem(str(error), error.status)
    except Refused as error:
        problem = Problem(str(error), error.status)
    except (ConflictError, StoreError, LogError, SealError, SiteError, HubError) as error:
        problem = Problem(str(error), next(status for kind, status in _STATUS if isinstance(error, kind)))
    return await run_in_threadpool(partial(again, problem))


def to(way: str, word: str = "") -> Response:
    """To a page, which says what was done: reloading it does nothing again."""
    return RedirectResponse(f"{way}?done={word}" if word else way, status_code=303)


def by(request: Request) -> By:
    """Who asks, for the audit log."""
    return By(principal(request).name, client_address(request.scope))


@contextmanager
def refusing(registry: Registry, request: Request, event: str, about: str) -> Iterator[None]:
    """Have a refusal of the registry in the audit log, which quotes nothing, as of the JSON routes."""
    try:
        yield
    except (SiteError, ConflictError, HubError, SealError) as error:
        reasons: dict[type[Any], str] = {SiteError: "a rule is broken", ConflictError: "somebody else was first"}
        registry.refused(event, by=by(request), about=about, detail=reasons.get(type(error), "it cannot be changed so"))
        raise
