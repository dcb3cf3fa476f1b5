"""Whom to tell about a weakness of this hub: the file that RFC 9116 describes."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI, HTTPException, Request
from starlette.responses import PlainTextResponse

from throng.data.errors import HubError
from throng.hub.access import needs
from throng.hub.models import Problem

SECURITY = "/.well-known/security.txt"
POLICY = "/.well-known/security-policy.txt"
_VALID = timedelta(days=180)
_SCHEMES = ("mailto:", "https://", "tel:")
_LONGEST = 500

_POLICY_TEXT = """\
How to report a weakness

Of this hub (how it is set up, who gets in): tell the people who run it, {contact}.
Of Throng itself: see SECURITY.md, which comes with its source.

Say what you did, what you saw and which version it was. Never send numbers, names, passwords or addresses that you came
across. Look at your own installation rather than at somebody else's, and do not make one stop working.
"""
_NO_CONTACT = "by the way in which you got its address"


def add_well_known(app: FastAPI, *, contact: str = "", clock: Callable[[], float] = time.time) -> None:
    """Add the file that tells strangers whom to tell about a weakness, and the policy that it names.

    Parameters
    ----------
    app : FastAPI
        The hub.
    contact : str, optional
        Where the people who run the hub want to be told: a `mailto:`, `https://` or `tel:` address. Without one the file
        names the policy as the contact, which only a hub with TLS can do: the standard takes no `http://` address.
    clock : callable
        Unix time, seconds.

    Raises
    ------
    HubError
        The contact is no such address.
    """
    if contact and not _is_contact(contact):
        raise HubError(
            f"hub.contact must be a mailto:, https:// or tel: address of at most {_LONGEST} characters without "
            f"spaces, not {contact[:_LONGEST]!r}"
        )

    @app.get(
        SECURITY,
        response_class=PlainTextResponse,
        responses={404: {"model": Problem}},
        openapi_extra=needs("stranger"),
    )
    def security(request: Request) -> PlainTextResponse:
        """Whom to tell about a weakness (RFC 9116)."""
        policy = str(request.url.replace(path=POLICY, query="")) if request.url.scheme == "https" else ""
        if not (contact or policy):
            raise HTTPException(404, "no contact is named: set hub.contact in the site file")
        # To the day, and far from the year that the standard allows: whoever keeps a copy asks again in time.
        today = datetime.fromtimestamp(clock(), UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        fields = {
            "Contact": contact or policy,
            "Expires": (today + _VALID).isoformat().replace("+00:00", "Z"),
            "Preferred-Languages": "en",
            "Canonical": str(request.url.replace(query="")) if policy else "",
            "Policy": policy,
        }
        return PlainTextResponse("".join(f"{name}: {value}\n" for name, value in fields.items() if value))

    @app.get(POLICY, response_class=PlainTextResponse, openapi_extra=needs("stranger"))
    def policy() -> PlainTextResponse:
        """How to report a weakness."""
        return PlainTextResponse(_POLICY_TEXT.format(contact=contact or _NO_CONTACT))


def _is_contact(contact: str) -> bool:
    printable = contact.isascii() and contact.isprintable() and " " not in contact
    scheme = next((scheme for scheme in _SCHEMES if contact.startswith(scheme)), "")
    return printable and bool(scheme) and len(scheme) < len(contact) <= _LONGEST
