"""Plans of sites: a picture of the floor or the ground from above, on which cameras hang at metres."""

import base64
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from throng.data.errors import ConflictError, HubError, SiteError
from throng.hub.pictures import MEDIA_TYPES, picture_of
from throng.hub.registry.registry import By, Registry
from throng.hub.registry.state import Plan, Site
from throng.store.records import Change

MOST_BYTES = 4 * 2**20
MOST_PIXELS = 4_096
MOST_METRES = 100_000.0
MOST_BYTES_TOGETHER = 256 * 2**20
"""Of all plans: a backup holds them in memory at once."""


@dataclass(frozen=True, slots=True)
class PlanPicture:
    """A plan's picture as it was sent, and what it is said to be: "image/png"."""

    content: bytes
    media_type: str


def put_plan(registry: Registry, name: str, picture: PlanPicture, *, metres_wide: float, version: int, by: By) -> Plan:
    """Give a site a plan, or another one.

    Parameters
    ----------
    registry : Registry
        Has the site.
    name : str
        Of the site.
    picture : PlanPicture
        Only its header is read.
    metres_wide : float
        How many metres its width stands for.
    version : int
        The version of the plan that was looked at; 0 where there is none yet.
    by : By
        Who wants it.

    Raises
    ------
    ConflictError
        Somebody else changed the plan meanwhile.
    HubError
        There is no such site, or the plans together would be too large.
    SiteError
        The picture or its scale breaks a rule: a sentence a line.
    """
    plan = _checked(picture, metres_wide=metres_wide, version=version + 1)
    with registry.lock:
        site = _site(registry, name, version)
        others = sum(other.plan.bytes for other in registry.state.sites.values() if other.plan and other.name != name)
        if others + plan.bytes > MOST_BYTES_TOGETHER:
            raise HubError(f"the plans of all sites would be larger than {MOST_BYTES_TOGETHER // 2**20} MiB: remove some first")
        body = {"media_type": picture.media_type, "base64": base64.b64encode(picture.content).decode()}
        changes = [Change("plan", name, plan.body(), version), Change("plan-picture", name, body)]
        event = "plan.change" if site.plan else "plan.add"
        detail = f"{plan.width} x {plan.height} pixels, {plan.metres_wide:g} m wide"
        _make(registry, replace(site, plan=plan), changes, event, by=by, detail=detail)
    return plan


def remove_plan(registry: Registry, name: str, *, version: int, by: By) -> None:
    """Take a site's plan away.

    Raises
    ------
    ConflictError
        Somebody else changed or removed it meanwhile.
    HubError
        There is no such site.
    """
    with registry.lock:
        site = _site(registry, name, version)
        changes = [Change("plan", name, None, version), Change("plan-picture", name, None)]
        _make(registry, replace(site, plan=None), changes, "plan.remove", by=by)


def picture_of_plan(body: Mapping[str, Any]) -> PlanPicture:
    """The picture of a record."""
    return PlanPicture(base64.b64decode(body["base64"]), body["media_type"])


def _checked(sent: PlanPicture, *, metres_wide: float, version: int) -> Plan:
    found = []
    if not (math.isfinite(metres_wide) and 1 <= metres_wide <= MOST_METRES):
        found.append(f"metres_wide must be from 1 to {MOST_METRES:,.0f}, not {metres_wide:g}: measure how wide the plan is")
    if len(sent.content) > MOST_BYTES:
        found.append(f"the plan must have at most {MOST_BYTES // 2**20} MiB: save it smaller")
    try:
        picture = picture_of(sent.content)
    except HubError as error:
        raise SiteError("\n".join([*found, str(error)])) from None
    if picture.kind != MEDIA_TYPES.get(sent.media_type):
        found.append(f"the plan is a {picture.kind} picture, not {sent.media_type[:50]}: send it as what it is")
    if max(picture.width, picture.height) > MOST_PIXELS:
        found.append(
            f"the plan must be at most {MOST_PIXELS:,} pixels wide and high, not {picture.width:,} x {picture.height:,}: "
            "make it smaller"
        )
    if found:
        raise SiteError("\n".join(found))
    tag = hashlib.sha256(sent.content).hexdigest()[:32]
    return Plan(picture.width, picture.height, metres_wide, len(sent.content), tag, version)


def _site(registry: Registry, name: str, version: int) -> Site:
    site = registry.state.sites.get(name)
    if site is None:
        raise HubError(f'there is no site "{name}": add it first')
    if version != (site.plan.version if site.plan else 0):
        raise ConflictError(f'the plan of "{name}" was changed by somebody else meanwhile: look at it again')
    return site


def _make(registry: Registry, site: Site, changes: list[Change], event: str, *, by: By, detail: str = "") -> None:
    registry.make(changes, event, by=by, about=site.name, detail=detail)
    registry.take(registry.state.with_sites([site]))  # no camera has changed, so that nobody is told
