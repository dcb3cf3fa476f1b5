"""What the pages are made of: the frame with its ways, fields, tables, moments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from throng.hub.access import ANYONE_SIGNED_IN, NOWHERE, ROLES, Principal, Sites, need_told, needs, principal
from throng.hub.admin.markup import Attribute, Html, joined, tag

ADMINISTRATOR = needs("administrator", scope="hub")
READER = needs("administrator", "auditor", scope="hub")
AUDITOR = needs("auditor", scope="hub")
SENSORS = needs("operator", "administrator", "auditor")
CAMERAS = needs(*ROLES)
WAYS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("/admin", "Overview", ANYONE_SIGNED_IN),
    ("/admin/cameras", "Cameras", CAMERAS),
    ("/admin/sensors", "Sensors", SENSORS),
    ("/admin/people", "People", READER),
    ("/admin/tokens", "Tokens", ANYONE_SIGNED_IN),
    ("/admin/log", "Log", AUDITOR),
    ("/admin/backup", "Backup", READER),
    ("/admin/me", "You", ANYONE_SIGNED_IN),
)
"""Address, name and need of every page in the bar."""
DONE = {
    "added": "It is added.",
    "changed": "It is changed.",
    "ended": "Those sessions are ended.",
    "imported": "The cameras are imported.",
    "made": "The backup is made, and was read back.",
    "password": "Your password is changed. All your other sessions are ended.",
    "passkey": "The passkey is added.",
    "proved": "You have shown who you are. What changes accounts is open to you for ten minutes.",
    "removed": "It is removed.",
    "withdrawn": "The token is withdrawn.",
}
"""What a page says after something was done, by the word in its address."""
MOST_CHOICES = 100
ROWS = 200
"""Of a long table, on one page."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something was not done."""

    sentence: str
    status: int = HTTPStatus.OK


FINE = Problem("")


def may(asked: Principal, need: dict[str, Any]) -> Sites:
    """Where somebody may do what a route with that need does."""
    stated = need_told(need)
    return NOWHERE if stated is None else stated.sites_of(asked)


def page(
    request: Request,
    title: str,
    *body: str | None,
    problem: Problem = FINE,
    script: bool = False,
    headers: dict[str, str] | None = None,
) -> Response:
    """A whole page, with what went wrong or was done on top."""
    asked = principal(request)
    done = DONE.get(request.query_params.get("done", "")) if request.method == "GET" else None
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title}: {request.app.settings.site_name}"),
        tag("link", rel="stylesheet", href="/sign-in/style.css"),
        tag("link", rel="stylesheet", href="/admin/style.css"),
        tag("script", type="module", src="/sign-in/passkey.js") if script else None,
    )
    main = tag(
        "main",
        tag("h1", title),
        tag("p", done, role="status", class_="done") if done else None,
        tag("p", _sentence(problem.sentence), role="alert", id="problem"),
        *body,
        id="content",
    )
    skip = tag("a", "To the content", href="#content", class_="skip")
    text = joined(Html("<!doctype html>"), tag("html", head, tag("body", skip, _bar(request, asked), main), lang="en"))
    return HTMLResponse(text, status_code=problem.status, headers=headers)


def missing_page(request: Request, what: str, way: str) -> Response:
    """That there is no such thing, for whoever asks: whether there is none, or it is of a site that he may not see."""
    sentence = f"there is no such {what}: see the list"
    return page(request, "Not found", tag("p", link(way, "To the list")), problem=Problem(sentence, HTTPStatus.NOT_FOUND))


def form(action: str, *inside: str | None, button: str, kind: str = "", quiet: bool = False) -> Html:
    """A form; `kind` is the encoding, where it sends a file."""
    sent = tag("button", button, class_="second" if quiet else None)
    return tag("form", *inside, sent, method="post", action=action, enctype=kind or None)


def behind(summary: str, *inside: str | None) -> Html:
    """What takes a second click: it cannot be undone."""
    return tag("details", tag("summary", summary), *inside, class_="danger")


def field(label: str, name: str, value: str = "", *, hint: str = "", of: str = "", **attributes: Attribute) -> Html:
    """A labelled field; `of` tells it from one of the same name in another form of the page."""
    place = f"{of}{name}"
    settings: dict[str, Attribute] = {"type": "text", **attributes}
    typed = tag("input", id=place, name=name, value=value, aria_describedby=f"{place}-hint" if hint else None, **settings)
    return joined(tag("label", label, for_=place), typed, tag("p", hint, class_="hint", id=f"{place}-hint") if hint else None)


def choice(label: str, name: str, options: Sequence[tuple[str, str]], chosen: str = "", *, of: str = "") -> Html:
    """A labelled choice of one of the options, each a value and what people read."""
    place = f"{of}{name}"
    listed = joined(*(tag("option", told, value=value, selected=value == chosen) for value, told in options))
    return joined(tag("label", label, for_=place), tag("select", listed, id=place, name=name))


def one_of(label: str, name: str, options: Sequence[tuple[str, str]], chosen: str = "", *, of: str = "") -> Html:
    """A choice, which is typed with proposals where there are too many to look through."""
    values = {value for value, _ in options}
    known = [*options, (chosen, chosen)] if chosen and chosen not in values else options
    if len(known) <= MOST_CHOICES:
        return choice(label, name, known, chosen, of=of)
    proposed = tag("datalist", *(tag("option", told, value=value) for value, told in known), id=f"{of}{name}-all")
    return joined(field(label, name, chosen, of=of, list=f"{of}{name}-all", autocomplete="off"), proposed)


def hidden(name: str, value: str) -> Html:
    """A field that is not seen."""
    return tag("input", type="hidden", name=name, value=value)


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> Html:
    """A table, the first cell of each row being its head; a sentence where there is no row."""
    # The roles are said because on a small screen the rows are shown as blocks, which would be no table any more.
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row", role="rowheader"),
            *(tag("td", cell, role="cell", data_head=head) for head, cell in zip(heads[1:], row[1:], strict=True)),
            role="row",
        )
        for row in rows
    ]
    if not body:
        return tag("p", empty)
    titles = tag("tr", *(tag("th", text, scope="col", role="columnheader") for text in heads), role="row")
    groups = tag("thead", titles, role="rowgroup"), tag("tbody", *body, role="rowgroup")
    return tag("table", tag("caption", caption), *groups, role="table")


def link(where: str, text: str) -> Html:
    """A link to another page of the hub."""
    return tag("a", text, href=where)


def named(way: str, name: str) -> str:
    """The address of what has a name, below a page."""
    return f"{way}/{quote(name, safe='')}"


def secret(text: str, *, label: str) -> Html:
    """A text that is shown this once, to be copied whole."""
    return tag("p", text, class_="secret", aria_label=label)


def shown(moment: datetime | float | None, *, never: str = "never") -> str:
    """A moment, UTC, as people read it."""
    if moment is None or moment == 0:
        return never
    at = moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment, UTC)
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _bar(request: Request, asked: Principal) -> Html:
    here = request.url.path
    links = [
        tag("li", tag("a", name, href=way, aria_current=_current(here, way))) for way, name, need in WAYS if may(asked, need)
    ]
    return tag(
        "header",
        tag("p", link("/", request.app.settings.site_name), class_="site"),
        tag("nav", tag("ul", *links), aria_label="Administration"),
        form("/sign-out", button="Sign out", quiet=True),
    )


def _current(here: str, way: str) -> str | None:
    if here == way:
        return "page"
    return "true" if way != "/admin" and here.startswith(f"{way}/") else None


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" + ("" if not text or text.endswith(".") else ".")
