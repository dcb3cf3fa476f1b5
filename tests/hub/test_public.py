"""The page for the public: there only where a site opens it, and without anything that strangers must not know."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.hub.making import BUDGET, SEAL

from throng.audit.exposure.own import look_at_hub
from throng.cli.opened import Place, hub_of, kept_of, place_of
from throng.data.place import Extras
from throng.hub.app import Hub, HubSettings, Kept, create_app
from throng.hub.cameras import CameraEntry, Cameras, PlaceEntry
from throng.hub.log.log import Log
from throng.hub.models import Budget
from throng.hub.public import LANGUAGES, Facts, language_of, measured_by, recognised, words
from throng.hub.registry.state import OwnSite
from throng.hub.server import listen, serve
from throng.privacy import risk
from throng.site.read import read_site
from throng.store.duck import DuckStore
from throng.store.sqlite_records import SqliteRecords

Client = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
MARKED = (
    CameraEntry("marked-camera", (PlaceEntry("marked-door", "line"), PlaceEntry("marked-hall", "zone", in_metres=True))),
    CameraEntry("marked-idle", ()),
)
ANSWERS = ("/public", "/public/style.css", "/api/v1/public")


@contextmanager
def opened(folder: Path, *, port: int = 8080, contact: str = "mailto:ask@site.example") -> Iterator[Hub]:
    """A hub that is open to the public."""
    with (
        DuckStore(folder / "public.duckdb") as store,
        SqliteRecords(folder / "public.sqlite") as records,
        Log(folder / "public.jsonl") as log,
    ):
        settings = HubSettings(
            "West <b>End</b>", BUDGET, folder, (f"http://127.0.0.1:{port}",), contact=contact, public=True, one_time=True
        )
        hub = create_app(Kept(store, records, SEAL, log), settings, own=OwnSite())
        hub.cameras.replace_entries(MARKED)
        try:
            yield hub
        finally:
            hub.people.close()


def stranger(hub: Hub, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=hub), base_url="http://127.0.0.1:8080", headers=headers)


class _Checked(HTMLParser):
    """What a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "link"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.anyio
async def test_it_is_not_there_unless_the_site_opens_it(client: Client) -> None:
    async with client() as http:
        for path in ANSWERS:
            answer = await http.get(path)
            assert (answer.status_code, "public = true" in answer.text) == (404, True), path


@pytest.mark.anyio
async def test_strangers_read_what_is_measured_and_nothing_else(tmp_path: Path, release: Callable[..., Any]) -> None:
    with opened(tmp_path) as hub:
        hub.kept.store.add([replace(release("marked-camera", 1_795_500_090.0, value=8431.0), tick_s=1.0)])
        async with stranger(hub) as http:
            texts = [(await http.get(f"/public?lang={language}")).text for language in LANGUAGES]
            told = (await http.get("/api/v1/public")).json()
    assert told["cameras"] == 1
    assert told["measures"] == ["crossings", "inside", "stay", "density", "speed"]
    assert told["newest"] == "2026-11-24T06:01:00Z"
    for text in (*texts, str(told)):
        assert "marked-" not in text
        assert "8431" not in text
        assert "2026-11-24" in text
    for language, text in zip(LANGUAGES, texts, strict=True):
        page = _Checked(text)
        assert page.open == []
        assert page.tags[0] == ("html", {"lang": language})
        assert not {"script", "style", "form", "img", "iframe"} & {tag for tag, _ in page.tags}
        assert not any(name.startswith("on") or name == "style" for _, attributes in page.tags for name in attributes)
        links = {value for _, attributes in page.tags for name, value in attributes.items() if name in {"href", "src"}}
        assert links == {"data:,", "/public/style.css", "mailto:ask@site.example", *(f"?lang={each}" for each in LANGUAGES)}
        assert "West &lt;b&gt;End&lt;/b&gt;" in text
        assert "{" not in text
        assert f"http://127.0.0.1:8080/public?lang={language}" in text


@pytest.mark.anyio
async def test_the_reader_is_answered_in_his_language(tmp_path: Path) -> None:
    with opened(tmp_path, contact="") as hub:
        async with stranger(hub, **{"accept-language": "pt, nl-BE;q=0.8, fr;q=0.5"}) as http:
            asked = [await http.get(path) for path in ("/public", "/public?lang=de", "/public?lang=tlh")]
        assert [answer.headers["content-language"] for answer in asked] == ["nl", "de", "nl"]
        assert words()["nl"]["no_number"] in asked[0].text
        assert words()["de"]["who_nobody"].split("}")[1] in asked[1].text


@settings(max_examples=40)
@given(st.text(max_size=60), st.text(alphabet="deENfr-;q=0.19, *x", max_size=60))
def test_whatever_a_browser_asks_for_is_one_of_the_languages(asked: str, header: str) -> None:
    assert language_of(asked, header) in LANGUAGES


def test_the_best_language_of_a_header_is_taken() -> None:
    assert language_of("", "en;q=0.1,zh-Hans-CN;q=0.9,de;q=0.5") == "zh"
    assert language_of("es", "de") == "es"
    assert language_of("", "de;q=0,fr;q=0.2") == "fr"
    assert language_of("", "") == "en"


def test_every_language_has_every_sentence_with_the_same_values_in_it() -> None:
    told = words()
    assert tuple(told) == LANGUAGES
    for language in LANGUAGES:
        assert told[language].keys() == told["en"].keys()
        for name, sentence in told[language].items():
            assert set(re.findall(r"{\w*}", sentence)) == set(re.findall(r"{\w*}", told["en"][name])), (language, name)
            assert language == "en" or name == "to" or len(sentence) < 12 or sentence != told["en"][name], (language, name)


@pytest.mark.parametrize("passages", [1, 5, 20, 1000])
def test_the_protection_told_is_that_of_the_noise(passages: int) -> None:
    for rho in (0.01, 0.2, 1.0, 10.0):
        budget = Budget.model_validate(BUDGET | {"rho_per_day": rho})
        assert recognised(budget, passages) == pytest.approx(risk.recognition_rate(rho, passages), abs=1e-9)
    for epsilon in (0.1, 0.5, 2.0, 20.0):
        budget = Budget.model_validate(BUDGET | {"rho_per_day": None, "epsilon_per_day": epsilon})
        assert risk.recognition_rate(0.0, passages, epsilon=epsilon) - 1e-9 <= recognised(budget, passages) <= 1


def test_kinds_of_measures_are_those_of_the_cameras() -> None:
    line, zone = PlaceEntry("l", "line"), PlaceEntry("z", "zone")
    assert measured_by([]) == []
    assert measured_by([CameraEntry("a", (line,))]) == ["crossings"]
    assert measured_by([CameraEntry("a", (zone,), Extras(heat=True))]) == ["inside", "stay", "heat"]
    assert "density" in measured_by([CameraEntry("a", (line,)), CameraEntry("b", (replace(zone, in_metres=True),))])


def test_the_store_is_asked_once_in_ten_seconds_however_many_look() -> None:
    asked, now_s = [0], [100.0]

    def latest() -> list[Any]:
        asked[0] += 1
        return []

    facts = Facts(
        SimpleNamespace(latest=latest),
        Cameras(MARKED),
        site="s",
        contact="",
        budget=Budget.model_validate(BUDGET),
        clock=lambda: now_s[0],
    )
    for _ in range(50):
        facts.now()
        now_s[0] += 0.5
    assert asked == [3]  # in 25 seconds
    now_s[0] -= 5000  # a clock that is set back does not keep old facts for ever
    facts.now()
    assert asked == [4]


@pytest.mark.parametrize(("table", "is_open"), [("[hub]\npublic = true", True), ("", False)])
def test_the_site_file_opens_it_and_nothing_else_does(tmp_path: Path, table: str, is_open: bool) -> None:
    camera = '[[camera]]\nname = "north"\naddress = "north.mp4"\nline = [{ name = "gate", from = [0, 0], to = [100, 0] }]'
    (tmp_path / "site.toml").write_text(f'name = "Central"\n\n{table}\n\n{camera}\n')
    site = read_site(tmp_path / "site.toml")
    with place_of(site, port=0).listener as listener, kept_of(site, lasting=False) as kept:
        hub = hub_of(site, kept, Place(listener, "127.0.0.1", ()))
        assert hub.settings.public is is_open
        hub.people.close()


@pytest.mark.slow
def test_the_hubs_look_at_itself_calls_an_open_page_no_leak(tmp_path: Path) -> None:
    with listen(0) as listener:
        port = listener.getsockname()[1]
        with opened(tmp_path, port=port) as hub:
            ready, stop = threading.Event(), threading.Event()
            settings = {"port": port, "on_ready": ready.set, "listener": listener, "stop": stop}
            thread = threading.Thread(target=serve, args=(hub,), kwargs=settings)
            thread.start()
            try:
                assert ready.wait(30)
                answer = httpx.get(f"http://127.0.0.1:{port}/public")
                assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
                assert look_at_hub("127.0.0.1", port, tls=False) == []
            finally:
                stop.set()
                thread.join(30)
