"""Who may ask what: roles, grants, and the need that every route states.

A route without a need is refused when the hub is made, and whatever a need does not name is denied.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from throng.data.errors import HubError

Role = Literal["viewer", "operator", "administrator", "auditor"]
Asker = Literal["viewer", "operator", "administrator", "auditor", "sensor", "stranger"]
Reach = Literal["site", "hub"]
ROLES: tuple[Role, ...] = get_args(Role)
EVERYWHERE = "*"
PRINCIPAL = "throng.principal"
"""Key of the request's scope under which the gate puts who asks."""
_VISIBLE = "throng.visible"
_NEED = "x-throng-need"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role at one site, or everywhere ("*")."""

    role: Role
    site: str = EVERYWHERE


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a person with a session, a script with a token, or a sensor with a certificate."""

    kind: Literal["person", "token", "sensor"]
    name: str
    grants: tuple[Grant, ...] = ()
    session: bytes = b""


@dataclass(frozen=True, slots=True)
class Sites:
    """The sites that somebody may see."""

    names: frozenset[str] = frozenset()
    everywhere: bool = False

    def __contains__(self, site: str) -> bool:
        return self.everywhere or site in self.names

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.names)


NOWHERE = Sites()


@dataclass(frozen=True, slots=True)
class Need:
    """Who may use a route.

    Attributes
    ----------
    askers : frozenset of Asker
    reach : "site" or "hub"
        Whether the role at one site suffices, the route keeping to that site, or it must be granted everywhere.
    """

    askers: frozenset[Asker]
    reach: Reach

    def sites_of(self, principal: Principal | None) -> Sites:
        """Where somebody may use the route; nowhere: not at all."""
        if "stranger" in self.askers:
            return Sites(everywhere=True)
        if principal is None:
            return NOWHERE
        if principal.kind == "sensor":
            return Sites(everywhere="sensor" in self.askers)
        sites = [grant.site for grant in principal.grants if grant.role in self.askers]
        if EVERYWHERE in sites:
            return Sites(everywhere=True)
        return Sites(frozenset(sites)) if self.reach == "site" else NOWHERE


def needs(*askers: Asker, scope: Reach = "site") -> dict[str, Any]:
    """What a route states as its `openapi_extra`: who may use it, and how far the role must reach."""
    unknown = set(askers) - {*ROLES, "sensor", "stranger"}
    if unknown or not askers:
        raise ValueError(f"a need names roles of {ROLES}, sensor or stranger, not {askers}")
    return {_NEED: {"askers": sorted(askers), "reach": scope}}


ANYONE_SIGNED_IN = needs(*ROLES)


def need_of(route: APIRoute) -> Need | None:
    """The need that a route states, or None."""
    return need_told(route.openapi_extra or {})


def need_told(operation: Mapping[str, Any]) -> Need | None:
    """The need that the description of a route tells, or None."""
    stated: Mapping[str, Any] | None = operation.get(_NEED)
    return None if stated is None else Need(frozenset(stated["askers"]), stated["reach"])


class Needs:
    """The need of each route of an application.

    Raises
    ------
    HubError
        A route states none.
    """

    def __init__(self, app: FastAPI) -> None:
        self._routes: list[tuple[APIRoute, Need]] = []
        self._plain: dict[tuple[str, str], Need] = {}
        for route in app.routes:
            need = need_of(route) if isinstance(route, APIRoute) else None
            if not isinstance(route, APIRoute) or need is None:
                raise HubError(f"the route {getattr(route, 'path', route)} states no need: nobody could be let in or kept out")
            self._routes.append((route, need))
            if "{" not in route.path:
                self._plain |= {(method, route.path): need for method in route.methods or ()}

    def stated(self) -> list[tuple[str, str, Need]]:
        """Method, path and need of every route, by path."""
        return sorted(
            ((method, route.path, need) for route, need in self._routes for method in route.methods or ()),
            key=lambda one: (one[1], one[0]),
        )

    def of(self, scope: Scope) -> Need | None:
        """The need of the route that answers a request; None where none does."""
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        if (found := self._plain.get((method, scope["path"]))) is not None:
            return found
        for route, need in self._routes:
            if route.matches({**scope, "method": method})[0] is Match.FULL:
                return need
        return None


def principal(request: Request) -> Principal:
    """Who asks; only for routes that strangers may not use."""
    asked: Principal = request.scope[PRINCIPAL]
    return asked


def visible(request: Request) -> Sites:
    """The sites to which the route must keep for whoever asks."""
    sites: Sites = request.scope[_VISIBLE]
    return sites


def admit(scope: Scope, asked: Principal | None, need: Need) -> bool:
    """Note in the request's scope who asks and what he may see; whether he may ask at all."""
    scope[PRINCIPAL], scope[_VISIBLE] = asked, need.sites_of(asked)
    return bool(scope[_VISIBLE])
