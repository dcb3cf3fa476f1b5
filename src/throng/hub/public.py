"""What anybody may know of the hub's cameras, where its site opens that to everybody: what they measure and cannot."""

import math
import threading
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from statistics import NormalDist
from typing import Annotated, Any, Literal, get_args

from fastapi import FastAPI, HTTPException, Query, Request
from pydantic import Field
from starlette.responses import HTMLResponse, Response

from throng.hub.access import needs
from throng.hub.admin.markup import Html, joined, tag
from throng.hub.cameras import CameraEntry, Cameras
from throng.hub.models import Answer, Budget, Problem
from throng.store.store import Store

PATH = "/public"
PASSAGES = (1, 5, 20)
"""One visit, a week's work days, and a commuter's month."""
FALSE_ALARM = 0.01
_CACHED_S = 10.0
_STRANGER = needs("stranger")
_CLOSED: dict[int | str, dict[str, Any]] = {404: {"model": Problem}, 503: {"model": Problem}}

Language = Literal["en", "de", "nl", "fr", "es", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
Measured = Literal["crossings", "inside", "stay", "density", "speed", "heat"]


class PassagesAnswer(Answer):
    """How well somebody is protected who passed so often."""

    passages: int = Field(description="On as many days, or by as many cameras.")
    recognised: float = Field(description="The chance at most that a best attacker is right who is wrong 1 time in 100.")


class PublicAnswer(Answer):
    """What anybody may know: no number of people, no camera's name or address."""

    site: str
    contact: str = Field(description="Whom to ask; empty where nobody is named.")
    cameras: int = Field(description="How many count.")
    measures: list[Measured]
    tick_s: list[float] = Field(description="Shortest and longest time between two numbers of a camera, seconds; or nothing.")
    budget: Budget
    protection: list[PassagesAnswer]
    newest: datetime | None = Field(description="When the newest number's tick began, UTC, to the minute.")


class Facts:
    """Gathers what the public page tells; asks the store once in ten seconds, however many look.

    Parameters
    ----------
    store : Store
    cameras : Cameras
    site, contact : str
    budget : Budget
    clock : callable
        Unix time, UTC.
    """

    def __init__(
        self,
        store: Store,
        cameras: Cameras,
        *,
        site: str,
        contact: str,
        budget: Budget,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._cameras, self._clock = store, cameras, clock
        self._site, self._contact, self._budget = site, contact, budget
        self._lock = threading.Lock()
        self._kept: PublicAnswer | None = None
        self._until_s = -math.inf

    def now(self) -> PublicAnswer:
        """The facts, at most ten seconds old.

        Raises
        ------
        StoreError
            The store cannot be read.
        """
        with self._lock:
            if self._kept is None or not self._until_s - _CACHED_S <= self._clock() < self._until_s:
                self._kept = self._gathered()
                self._until_s = self._clock() + _CACHED_S
            return self._kept

    def _gathered(self) -> PublicAnswer:
        counting = [entry for entry in self._cameras.entries if entry.places]
        newest_us = max((row.tick_start_us for row in self._store.latest()), default=None)
        ticks_s = [entry.tick_s for entry in counting]
        return PublicAnswer(
            site=self._site,
            contact=self._contact,
            cameras=len(counting),
            measures=measured_by(counting),
            tick_s=[min(ticks_s), max(ticks_s)] if ticks_s else [],
            budget=self._budget,
            protection=[PassagesAnswer(passages=n, recognised=recognised(self._budget, n)) for n in PASSAGES],
            newest=None if newest_us is None else datetime.fromtimestamp(newest_us // 60_000_000 * 60, UTC),
        )


def add_public(app: FastAPI, *, facts: Facts | None, address: str) -> None:
    """Add the page and its JSON; where `facts` is None there is no such page."""
    style = (files("throng.hub") / "public.css").read_text("utf-8")

    def known() -> PublicAnswer:
        if facts is None:
            raise HTTPException(404, "this hub has no page for the public: its site file opens one with [hub] public = true")
        return facts.now()

    @app.get(PATH, response_class=HTMLResponse, responses=_CLOSED, openapi_extra=_STRANGER)
    def page(
        request: Request,
        lang: Annotated[str, Query(max_length=20, description="en, de, nl, fr, es or zh; else as the browser asks.")] = "",
    ) -> HTMLResponse:
        """What the cameras measure and what they cannot, for people who pass them."""
        told = known()
        language = language_of(lang, request.headers.get("accept-language", ""))
        headers = {"content-language": language, "vary": "accept-language"}
        return HTMLResponse("<!doctype html>\n" + _page(told, language, address), headers=headers)

    @app.get(f"{PATH}/style.css", include_in_schema=False, openapi_extra=_STRANGER)
    def style_file() -> Response:
        known()
        return Response(style, media_type="text/css")

    @app.get("/api/v1/public", responses=_CLOSED, openapi_extra=_STRANGER)
    def as_json() -> PublicAnswer:
        """The same as JSON."""
        return known()


def recognised(budget: Budget, passages: int) -> float:
    """How often a best attacker recognises somebody who passed so often, at most, if he may be wrong 1 time in 100.

    For a rho the power of the most powerful test between two Gaussians, Phi(Phi^-1(a) + root(2 rho n)) (Dong, Roth and Su 2022,
    "Gaussian differential privacy", corollary 3.3); for an epsilon, which n passages multiply, min(e^(n epsilon) a, 1 - (1 - a)
    e^(-n epsilon)) (Kairouz, Oh and Viswanath 2015).
    """
    if budget.rho_per_day is not None:
        normal = NormalDist()
        return normal.cdf(normal.inv_cdf(FALSE_ALARM) + math.sqrt(2 * budget.rho_per_day * passages))
    spent = passages * (budget.epsilon_per_day or math.inf)
    return (
        1 - (1 - FALSE_ALARM) * math.exp(-spent)
        if spent > 5
        else min(FALSE_ALARM * math.exp(spent), 1 - (1 - FALSE_ALARM) * math.exp(-spent))
    )


def measured_by(cameras: Sequence[CameraEntry]) -> list[Measured]:
    """The kinds of things that some cameras measure."""
    zones = [(place, entry) for entry in cameras for place in entry.places if place.kind == "zone"]
    found: dict[Measured, bool] = {
        "crossings": any(place.kind == "line" for entry in cameras for place in entry.places),
        "inside": bool(zones),
        "stay": bool(zones),
        "density": any(place.in_metres for place, _ in zones),
        "speed": any(place.in_metres for place, _ in zones),
        "heat": any(entry.extras.heat for entry in cameras),
    }
    return [measure for measure, is_measured in found.items() if is_measured]


def language_of(asked: str, header: str) -> Language:
    """The language that is asked for by name, or else the best of an Accept-Language header; English where none fits.

    Parameters
    ----------
    asked : str
        "de", or anything else.
    header : str
        "de-AT,de;q=0.9,en;q=0.5", or anything else.
    """
    ranked = sorted((_ranked(part) for part in header.split(",")[:50]), key=lambda each: -each[0])
    for tag_text in (asked, *(name for quality, name in ranked if quality > 0)):
        for language in LANGUAGES:
            if tag_text.strip().lower().partition("-")[0] == language:
                return language
    return "en"


def _ranked(part: str) -> tuple[float, str]:
    name, _, quality = part.partition(";")
    try:
        return (float(quality.strip().removeprefix("q=")) if quality else 1.0), name
    except ValueError:
        return 0.0, name


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """The words of the page, by language and name."""
    told: dict[str, dict[str, str]] = tomllib.loads((files("throng.hub") / "public_words.toml").read_text("utf-8"))
    return told


def _page(told: PublicAnswer, language: Language, address: str) -> Html:
    say = words()[language]
    site = told.site.strip() or "Throng"
    title = say["title"].format(site=site)
    parts = (
        _languages(language),
        tag("h1", title),
        tag("p", say["lead"], class_="lead"),
        tag("div", _measures(told, say), _cannot(say), class_="two"),
        _section(say["noise"], tag("p", say["noise_text"].format(budget=_budget(told.budget)))),
        _leak(told, say),
        _section(say["who"], tag("p", *_who(told, say, site)), tag("p", _newest(told, say))),
        tag("p", say["here"].format(address=f"{address}{PATH}?lang={language}"), class_="quiet"),
    )
    head = (
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("link", rel="icon", href="data:,"),
        tag("link", rel="stylesheet", href=f"{PATH}/style.css"),
    )
    return tag("html", tag("head", *head), tag("body", tag("main", *parts)), lang=language)


def _languages(chosen: Language) -> Html:
    links = (
        tag(
            "li",
            tag("a", words()[each]["name"], href=f"?lang={each}", lang=each, aria_current="page" if each == chosen else None),
        )
        for each in LANGUAGES
    )
    return tag("nav", tag("ul", *links), aria_label=words()[chosen]["languages"])


def _section(title: str, *inside: Html) -> Html:
    return tag("section", tag("h2", title), *inside)


def _measures(told: PublicAnswer, say: Mapping[str, str]) -> Html:
    if not told.measures:
        return _section(say["measures"], tag("p", say["nothing"]))
    count = say["one_camera"] if told.cameras == 1 else say["cameras"].format(count=told.cameras)
    shortest, longest = (_span(each, say) for each in told.tick_s)
    every = shortest if shortest == longest else say["to"].format(shortest=shortest, longest=longest)
    return _section(
        say["measures"],
        tag("ul", *(tag("li", say[measure]) for measure in told.measures)),
        tag("p", count, " ", say["every"].format(span=every), class_="quiet"),
    )


def _cannot(say: Mapping[str, str]) -> Html:
    wrongs = ("no_recognition", "no_traits", "no_pictures", "no_paths")
    return _section(say["cannot"], tag("ul", *(tag("li", say[wrong]) for wrong in wrongs)))


def _leak(told: PublicAnswer, say: Mapping[str, str]) -> Html:
    rows = (
        tag(
            "tr",
            tag("th", say["times_1"] if each.passages == 1 else say["times"].format(count=each.passages), scope="row"),
            tag("td", say["of_100"].format(count=math.ceil(100 * each.recognised - 1e-9))),
        )
        for each in told.protection
    )
    heads = tag("tr", *(tag("th", say[name], scope="col") for name in ("passages", "recognised")))
    return _section(
        say["leak"],
        tag("p", say["leak_text"]),
        tag("table", tag("thead", heads), tag("tbody", *rows)),
        tag("p", say["guessing"], " ", say["limits"]),
    )


def _who(told: PublicAnswer, say: Mapping[str, str], site: str) -> tuple[str, ...]:
    if not told.contact:
        return (say["who_nobody"].format(site=site),)
    before, after = say["who_text"].split("{contact}")
    shown = told.contact.removeprefix("mailto:").removeprefix("tel:")
    return before.format(site=site), tag("a", shown, href=told.contact), after


def _newest(told: PublicAnswer, say: Mapping[str, str]) -> Html:
    if told.newest is None:
        return joined(say["no_number"])
    before, after = say["newest"].split("{time}")
    return joined(before, tag("time", f"{told.newest:%Y-%m-%d %H:%M} UTC", datetime=f"{told.newest:%Y-%m-%dT%H:%MZ}"), after)


def _budget(budget: Budget) -> str:
    return f"ε = {budget.epsilon_per_day:g}, δ = 0" if budget.rho_per_day is None else f"ρ = {budget.rho_per_day:g}"


def _span(seconds: float, say: Mapping[str, str]) -> str:
    """A tick's length; whole hours are one hour, the longest there is."""
    if seconds == timedelta(hours=1).total_seconds():
        return say["hour_1"]
    unit, size = ("minute", 60) if seconds % 60 == 0 else ("second", 1)
    count = round(seconds / size)
    return say["minute_1"] if (unit, count) == ("minute", 1) else say[unit].format(count=count)
