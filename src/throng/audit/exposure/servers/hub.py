"""Throng's own hub: health is for everybody, numbers are for nobody who has not signed in."""

from throng.audit.exposure.answer import Answer
from throng.audit.exposure.message import Reply, get
from throng.audit.exposure.reach import Reach

CLOSED = (
    "/api/v1/site",
    "/api/v1/cameras",
    "/api/v1/measures",
    "/api/v1/latest",
    "/api/v1/alarms",
    "/api/v1/live",
    "/api/v1/registry/cameras",
    "/api/v1/people",
    "/api/v1/log",
    "/api/v1/openapi.json",
)
"""What a stranger must not be answered."""
_REFUSALS = (401, 403, 421)


def known(reach: Reach, reply: Reply) -> Answer | None:
    """An answer where a hub answers, or is expected."""
    health = _get(reach, "/health")
    alive = health is not None and health.status == 200 and health.json().get("status") == "ok"
    first = _get(reach, CLOSED[0])
    if first is None or not (reach.target.kind == "hub" or (alive and "detail" in first.json()) or "budget" in first.json()):
        return None
    if not alive and first.status not in _REFUSALS:
        return None
    statuses = [(path, again.status if (again := _get(reach, path)) else 0) for path in CLOSED]
    gives = tuple(f"reads {path}, without signing in" for path, status in statuses if 200 <= status < 300)
    odd = tuple(f"it answers a stranger who asks for {path} with status {n}" for path, n in statuses if n not in _REFUSALS)
    return Answer("Throng hub", asks="to sign in", gives=gives, notes=() if gives else odd, carries="passwords and numbers")


def _get(reach: Reach, path: str) -> Reply | None:
    reply = get(reach, path)
    # A hub answers to its own names only. Any stranger can say one, so that this alone keeps nobody out.
    return get(reach, path, name="localhost") if reply is not None and reply.status == 421 else reply
