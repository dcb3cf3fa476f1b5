"""The language in which the server's own pages are read, and their sentences in it; the English is the key."""

import json
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import quote

from starlette.datastructures import MutableHeaders, QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from throng.hub.admin.markup import Html, joined, tag
from throng.hub.public import LANGUAGES, Language, language_of

COOKIE = "throng-language"
"""Holds the language that somebody chose, here or on the dashboard, which reads and writes the same."""
ENDONYMS: Mapping[Language, str] = {
    "en": "English",
    "de": "Deutsch",
    "nl": "Nederlands",
    "fr": "Français",
    "es": "Español",
    "zh": "中文",
}
Phrase = str | Mapping[str, str]
_PAGES = ("/admin", "/sign-in", "/set-up")
_YEAR_S = 365 * 86_400
_VALUE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Reading:
    """In which language a page is read, and the query of its address: None where it answers a form."""

    language: Language = "en"
    query: QueryParams | None = None


_ENGLISH = Reading()
_reading: ContextVar[Reading] = ContextVar("reading", default=_ENGLISH)


def language() -> Language:
    """The language of the page that is being made."""
    return _reading.get().language


def tell(english: str, /, **values: str | int) -> str:
    """A sentence in the language of the page; English where it is not translated.

    Parameters
    ----------
    english : str
        With a place in braces for each value.
    **values : str or int
        Where one is markup so is the sentence, and the others are escaped in it. That called `count` chooses the grammatical
        number.
    """
    texts = {name: value if isinstance(value, str) else str(value) for name, value in values.items()}
    # Every second piece is the name of a value.
    pieces = _VALUE.split(_phrase(english, values.get("count")))
    told = [texts[piece] if at % 2 else piece for at, piece in enumerate(pieces)]
    return joined(*told) if any(isinstance(text, Html) for text in texts.values()) else "".join(told)


def said(english: str, /) -> str:
    """Marks a sentence of a table, which is told later, for the test that looks for what is not translated."""
    return english


def is_told(english: str) -> bool:
    """Whether a sentence is there in the language of the page."""
    return language() == "en" or english in words(language())


def as_english(text: str) -> Html:
    """A text of the hub's own that is English on every page, said to be so for those who hear it."""
    return joined(text) if language() == "en" or not text else tag("span", text, lang="en")


@cache
def words(wanted: Language) -> Mapping[str, Phrase]:
    """All sentences in a language, by the English; of English itself those that count something."""
    told: dict[str, Phrase] = json.loads((files("throng.hub") / "words" / f"{wanted}.json").read_text("utf-8"))
    return told


def language_form() -> Html | None:
    """The choice of a language; None on a page that answers a form, which may show something this once."""
    reading = _reading.get()
    if reading.query is None:
        return None
    options = [tag("option", name, value=each, lang=each, selected=each == reading.language) for each, name in ENDONYMS.items()]
    return tag(
        "form",
        tag("label", tell("Language"), for_="language"),
        tag("select", *options, id="language", name="language"),
        *(tag("input", type="hidden", name=name, value=value) for name, value in _others(reading.query)),
        tag("button", tell("Choose"), class_="second"),
        class_="language",
    )


class InLanguage:
    """ASGI middleware: the server's pages are read in the language that was chosen, or else in one that the browser asks for.

    Parameters
    ----------
    app : ASGI application
        Asked below the gate.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or keep the choice of a language and come back to the page."""
        if scope["type"] != "http" or not scope["path"].startswith(_PAGES):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        if request.method == "GET" and (chosen := request.query_params.get("language")) is not None:
            await _kept(request, chosen)(scope, receive, send)
            return
        found = language_of(request.cookies.get(COOKIE, ""), request.headers.get("accept-language", ""))
        token = _reading.set(Reading(found, request.query_params if request.method == "GET" else None))
        try:
            await self.app(scope, receive, _labelled(send, found))
        finally:
            _reading.reset(token)


def _kept(request: Request, chosen: str) -> Response:
    query = str(QueryParams(_others(request.query_params)))
    answer = RedirectResponse(quote(request.scope["path"]) + (f"?{query}" if query else ""), status_code=303)
    if chosen in LANGUAGES:
        # The dashboard's script reads it, too; it says nothing about who somebody is.
        answer.set_cookie(COOKIE, chosen, max_age=_YEAR_S, path="/", secure=request.url.scheme == "https", samesite="lax")
    return answer


def _others(query: QueryParams) -> list[tuple[str, str]]:
    return [(name, value) for name, value in query.multi_items() if name not in ("language", "done")]


def _labelled(send: Send, found: Language) -> Send:
    async def send_labelled(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if headers.get("content-type", "").startswith("text/html"):
                headers["content-language"] = found
                headers["vary"] = "Accept-Language, Cookie"
        await send(message)

    return send_labelled


def _phrase(english: str, count: str | int | None) -> str:
    found = words(language()).get(english, english)
    if isinstance(found, str):
        return found
    return found["one" if count == 1 or (count == 0 and language() == "fr") else "other"]
