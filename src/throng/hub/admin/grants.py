"""What somebody may do where: told in words, and chosen in rows of a role and a site."""

from collections.abc import Mapping, Sequence

from throng.hub.access import EVERYWHERE, ROLES, Grant
from throng.hub.admin.forms import Typed
from throng.hub.admin.markup import Html, joined, tag
from throng.hub.admin.parts import choice, one_of
from throng.hub.language import said, tell

_EMPTY_ROWS = 2
ROLE_WORDS = (said("viewer"), said("operator"), said("administrator"), said("auditor"))


def grants_told(grants: Sequence[Grant]) -> str:
    """In words."""
    told = (tell("{role} of {site}", role=tell(grant.role), site=_site_told(grant.site)) for grant in grants)
    return tell(", ").join(told) or tell("nothing")


def grant_rows(sites: Sequence[str], grants: Sequence[tuple[str, str]], *, of: str = "") -> Html:
    """A row for each grant, a role and a site, and two for more.

    Parameters
    ----------
    sites : sequence of str
        To choose from.
    grants : sequence of (str, str)
        As they are, or as they were typed.
    of : str
        Tells the fields from those of another form.
    """
    places = [(EVERYWHERE, _site_told(EVERYWHERE)), *((site, site) for site in sites)]
    roles = [("", tell("no role")), *((role, tell(role)) for role in ROLES)]
    wanted = [*grants, *[("", EVERYWHERE)] * _EMPTY_ROWS]
    rows = [
        tag(
            "div",
            tag("div", choice(tell("Role {number}", number=number), "role", roles, role, of=f"{of}{number}-")),
            tag("div", one_of(tell("Site {number}", number=number), "site", places, site, of=f"{of}{number}-")),
            class_="pair",
        )
        for number, (role, site) in enumerate(wanted, 1)
    ]
    return tag("fieldset", tag("legend", tell("May be")), joined(*rows))


def typed_grants(typed: Typed) -> list[tuple[str, str]]:
    """The rows in which a role was chosen."""
    pairs = zip(typed.all("role"), typed.all("site"), strict=False)
    return [(role, site) for role, site in pairs if role]


def grants_body(typed: Typed) -> list[Mapping[str, str]]:
    """The same, as the JSON routes take them."""
    return [{"role": role, "site": site} for role, site in typed_grants(typed)]


def _site_told(site: str) -> str:
    return tell("all sites") if site == EVERYWHERE else site
