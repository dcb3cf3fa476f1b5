"""What the routes of alarms share: who asks, and how a refusal is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import HTTPException, Path, Query, Request

from throng.data.errors import ConflictError, HubError, SealError, SiteError
from throng.hub.access import principal
from throng.hub.gate import client_address
from throng.hub.models import Problem
from throng.hub.registry.models import LARGEST_VERSION
from throng.hub.registry.registry import By, Registry

REFUSED: dict[int | str, dict[str, Any]] = {status: {"model": Problem} for status in (404, 409, 422, 503)}
Name = Annotated[str, Path(max_length=64)]
Seen = Annotated[int, Query(ge=1, le=LARGEST_VERSION, description="The version that was looked at.")]


def by(request: Request) -> By:
    """Who asks, and from where."""
    return By(principal(request).name, client_address(request.scope))


@contextmanager
def refusing(registry: Registry, request: Request, event: str, about: str) -> Iterator[None]:
    """Turn a refusal into an answer and a line in the audit log, which quotes nothing."""
    try:
        yield
    except (SiteError, ConflictError, HubError, SealError) as error:
        reasons = {SiteError: (422, "a rule is broken"), ConflictError: (409, "it has changed meanwhile")}
        status, reason = reasons.get(type(error), (409, "it cannot be changed so"))
        registry.refused(event, by=by(request), about=about, detail=reason)
        raise HTTPException(status, str(error)) from None
