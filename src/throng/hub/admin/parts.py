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
from throng.hub.admin.markup import Attribute, Html, document, joined, tag
from throng.hub.language import as_english, language, language_form, said, tell
from throng.hub.people.html import problem_of

ADMINISTRATOR = needs("administrator", scope="hub")
READER = needs("administrator", "auditor", scope="hub")
AUDITOR = needs("auditor", scope="hub")
SENSORS = needs("operator", "administrator", "auditor")
CAMERAS = needs(*ROLES)
Way = tuple[str, str, dict[str, Any]]
DASHBOARD: tuple[Way, ...] = (
    ("/", said("Now"), ANYONE_SIGNED_IN),
    ("/place", said("Places"), ANYONE_SIGNED_IN),
    ("/alarms", said("Alarms"), ANYONE_SIGNED_IN),
    ("/camera", said("Cameras"), needs("operator", "administrator")),
    ("/privacy", said("Privacy"), ANYONE_SIGNED_IN),
    ("/admin", said("Administration"), ANYONE_SIGNED_IN),
)
"""The bar as the dashboard shows it, `web/src/shell/shell.tsx`."""
WAYS: tuple[Way, ...] = (
    ("/admin", said("Overview"), ANYONE_SIGNED_IN),
    ("/admin/cameras", said("Cameras"), CAMERAS),
    ("/admin/sensors", said("Sensors"), SENSORS),
    ("/admin/people", said("People"), READER),
    ("/admin/tokens", said("Tokens"), ANYONE_SIGNED_IN),
    ("/admin/log", said("Log"), AUDITOR),
    ("/admin/backup", said("Backup"), READER),
    ("/admin/me", said("You"), ANYONE_SIGNED_IN),
)
"""Address, name and need of every page for administration."""
DONE = {
    "added": said("It is added."),
    "changed": said("It is changed."),
    "ended": said("Those sessions are ended."),
    "imported": said("The cameras are imported."),
    "made": said("The backup is made, and was read back."),
    "password": said("Your password is changed. All your other sessions are ended."),
    "passkey": said("The passkey is added."),
    "proved": said("You have shown who you are. What changes accounts is open to you for ten minutes."),
    "removed": said("It is removed."),
    "withdrawn": said("The token is withdrawn."),
}
"""What a page says after something was done, by the word in its address."""
STATES = (
    *(said("live"), said("starting"), said("unknown")),
    *(said("silent"), said("expired")),
    *(said("ok"), said("refused"), said("failed")),
)
"""Of a camera, of a sensor, and of what is in the log."""
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
    main = tag(
        "main",
        tag("h1", title),
        tag("p", tell(done), role="status", class_="done") if done else None,
        problem_of(problem.sentence),
        *body,
        id="content",
    )
    skip = tag("a", tell("Skip to the content"), href="#content", class_="skip")
    text = document(
        f"{title}: {request.app.settings.site_name}",
        *(skip, _bar(request, asked), _ways(request, asked), main),
        language=language(),
        styles=("/sign-in/style.css", "/admin/style.css"),
        script=script,
    )
    return HTMLResponse(text, status_code=problem.status, headers=headers)


def missing_page(request: Request, sentence: str, way: str) -> Response:
    """That there is no such thing, for whoever asks: whether there is none, or it is of a site that he may not see."""
    back = tag("p", link(way, tell("To the list")))
    return page(request, tell("Not found"), back, problem=Problem(sentence, HTTPStatus.NOT_FOUND))


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
    # Over buttons that say themselves what they do there is no head.
    titles = (tag("th", text, scope="col", role="columnheader") if text else tag("td", role="cell") for text in heads)
    groups = tag("thead", tag("tr", *titles, role="row"), role="rowgroup"), tag("tbody", *body, role="rowgroup")
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


def state(word: str, reason: str = "") -> Html:
    """One of the states, coloured, with the hub's reason."""
    told = joined(tell(word), ": ", as_english(reason)) if reason else tell(word)
    return tag("span", told, class_=f"state {word}")


def shown(moment: datetime | float | None, *, never: str = "") -> str:
    """A moment, UTC, as people read it; `never` is said where it has not come, in place of "never"."""
    if moment is None or moment == 0:
        return never or tell("never")
    at = moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment, UTC)
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _bar(request: Request, asked: Principal) -> Html:
    """The dashboard's bar, so that one goes to and fro."""
    choice = language_form()
    menu = tag("details", tag("summary", tell("Menu")), tag("div", choice, class_="card"), class_="menu") if choice else None
    return tag(
        "header",
        tag("p", request.app.settings.site_name, class_="site-name"),
        tag("nav", *_tabs(DASHBOARD, asked, "/admin", current="true"), aria_label=tell("Pages")),
        tag("div", menu, form("/sign-out", button=tell("Sign out"), quiet=True), class_="bar-end"),
        class_="bar",
    )


def _ways(request: Request, asked: Principal) -> Html:
    here = request.url.path
    within = next((way for way, _, _ in WAYS if way != "/admin" and here.startswith(f"{way}/")), here)
    tabs = _tabs(WAYS, asked, within, current="page" if within == here else "true")
    return tag("nav", *tabs, aria_label=tell("Administration"), class_="ways")


def _tabs(ways: Sequence[Way], asked: Principal, within: str, *, current: str) -> list[Html]:
    return [
        tag("a", tell(name), href=way, class_="tab", aria_current=current if way == within else None)
        for way, name, need in ways
        if may(asked, need)
    ]
