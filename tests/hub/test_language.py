"""The server's own pages in six languages: which one is chosen, and that nothing on them is left in English."""

import ast
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.hub.admin.conftest import MARK, Office, Read, anyio_backend, empty_store, office
from tests.hub.admin.test_every_page import EVERYTHING, FIELDS, filled, paths

from throng.hub import language
from throng.hub.admin.markup import Html
from throng.hub.language import COOKIE, Phrase, tell, words
from throng.hub.people import administer
from throng.hub.people.html import REFUSALS
from throng.hub.public import LANGUAGES, Language

__all__ = ["anyio_backend", "empty_store", "office"]
OTHERS: tuple[Language, ...] = tuple(each for each in LANGUAGES if each != "en")
SOURCE = Path(str(files("throng.hub")))
WEB = Path(__file__).parents[2] / "web" / "src"
BEGIN, STOP = "\u27e6", "\u27e7"
"""Around every sentence that went through the words."""
DATA = {
    "Ada",
    "Central",
    "north",
    "south",
    "door",
    "box",
    "The",
    "Bob",
    "script",
    "alert",
    "station",
    "UTC",
    "kB",
    "marked",
    "secret",
    "example",
}


@cache
def sentences() -> list[tuple[str, set[str]]]:
    """Every sentence that the pages tell, and the values given to it; those of tables are given none here."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("tell", "said"):
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.append((first.value, {keyword.arg or "" for keyword in node.keywords}))
                else:
                    assert node.func.id == "tell", f"{path}: the text of a table is written out"
    return found


def forms(phrase: Phrase) -> list[str]:
    return [phrase] if isinstance(phrase, str) else [phrase["one"], phrase["other"]]


def values(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("wanted", OTHERS)
def test_every_sentence_is_there_in_every_language_and_none_too_many(wanted: Language) -> None:
    english = {sentence for sentence, _ in sentences()}
    assert (english - set(words(wanted)), set(words(wanted)) - english) == (set(), set())


def test_every_sentence_is_given_the_values_that_it_has_places_for() -> None:
    wrong = [sentence for sentence, given in sentences() if given - {"count"} != values(sentence) - {"count"}]
    assert wrong == []


@pytest.mark.parametrize("wanted", LANGUAGES)
def test_every_translation_has_the_places_of_its_sentence(wanted: Language) -> None:
    # "One camera" may leave the number out.
    wrong = [
        text
        for sentence, phrase in words(wanted).items()
        for text in forms(phrase)
        if values(text) - {"count"} != values(sentence) - {"count"} or values(text) - values(sentence) or not text.strip()
    ]
    assert wrong == []


@pytest.mark.parametrize("wanted", OTHERS)
def test_what_counts_something_does_so_in_both_numbers_where_the_language_has_two(wanted: Language) -> None:
    counting = set(words("en"))
    assert counting == {sentence for sentence, given in sentences() if "count" in given}
    assert {sentence for sentence, phrase in words(wanted).items() if not isinstance(phrase, str)} == (
        set() if wanted == "zh" else counting
    )


def test_the_refusals_that_are_translated_are_those_that_the_hub_makes() -> None:
    made = {
        node.value
        for path in (SOURCE / "people").glob("*.py")
        if path.name != "html.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant)
    }
    assert set(REFUSALS) <= made


@given(st.text(), st.text(), st.integers())
def test_a_value_is_a_text_in_a_text_and_escaped_in_markup(text: str, other: str, number: int) -> None:
    sentence = "{role} of {site}"
    assert tell(sentence, role=text, site=number) == f"{text} of {number}"
    assert not isinstance(tell(sentence, role=text, site=other), Html)
    told = tell(sentence, role=Html("<b>x</b>"), site=MARK + other)
    assert isinstance(told, Html)
    assert told.startswith("<b>x</b> of &quot;&gt;&lt;script&gt;")
    assert told.count("<") == 2


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("cookie", "header", "told"),
    [
        ("", "", "en"),
        ("", "de-AT,de;q=0.9,en;q=0.5", "de"),
        ("", "tlh,nl;q=0.2,fr;q=0.7", "fr"),
        ("", "zh-Hans-CN", "zh"),
        ("", "de;q=0,es;q=nonsense,*", "en"),
        ("es", "de", "es"),
        ("tlh", "nl", "nl"),
        ('"; <b>', "nl", "nl"),
    ],
)
async def test_the_language_is_the_chosen_one_or_what_the_browser_asks_for(
    office: Office, cookie: str, header: str, told: str
) -> None:
    headers = {"accept-language": header} | ({"cookie": f"{COOKIE}={cookie}"} if cookie else {})
    async with office.client() as http:
        answer = await http.get("/sign-in", headers=headers)
        assert language.language() == "en"  # what one reads is nothing to the next
    assert f'<html lang="{told}">' in answer.text
    assert (answer.headers["content-language"], answer.headers["vary"]) == (told, "Accept-Language, Cookie")


@pytest.mark.anyio
@pytest.mark.parametrize("wanted", LANGUAGES)
async def test_a_language_is_chosen_without_script_and_stays(office: Office, wanted: Language) -> None:
    async with office.browser() as http:
        shown = Read((await http.get("/admin/cameras?q=a%26b&done=removed", headers={"accept-language": "de"})).text)
        assert wanted in [option["value"] for option in shown.of("option")]
        assert {"type": "hidden", "name": "q", "value": "a&b"} in shown.of("input")
        answer = await http.get("/admin/cameras", params={"language": wanted, "q": "a&b"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/cameras?q=a%26b")
        assert f'<html lang="{wanted}">' in (await http.get("/admin", headers={"accept-language": "de"})).text
        cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}={wanted};")
    assert "Secure" in cookie


@pytest.mark.anyio
async def test_what_is_no_language_is_not_kept_and_leads_nowhere_else(office: Office) -> None:
    async with office.client() as http:
        for odd in ("", "tlh", "//evil.example", MARK, "de\r\nset-cookie: a=b"):
            for path in ("/sign-in", "/sign-in//evil.example", "/set-up/..%2f%2fevil.example"):
                answer = await http.get(path, params={"language": odd})
                assert "set-cookie" not in answer.headers
                assert answer.headers["location"].startswith(("/sign-in", "/set-up"))


def marked(wanted: Language) -> Mapping[str, Phrase]:
    """As if every translation were its English between marks."""
    return {sentence: f"{BEGIN}{sentence}{STOP}" for sentence in WORDS}


WORDS = frozenset(words("de"))


def left_in_english(answer: httpx.Response) -> set[str]:
    """Words of a page that did not go through the words, and are no names."""
    text = re.sub(r"<(code|option[^>]*lang)[^>]*>[^<]*</(code|option)>|<span lang=\"en\">[^<]*</span>", "", answer.text)
    text = re.sub(r'<p role="alert" id="problem" lang="en">[^<]*</p>', "", text)
    text = re.sub(r'<(p|ul) class="secret".*?</(p|ul)>', "", text)  # random letters
    page = Read(text)
    heard = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("aria-label", "alt", "data-head", "data-cancelled", "data-known", "data-failed", "title", "placeholder")
    ]
    told = " ".join([*page.texts, *heard])
    while (shorter := re.sub(f"{BEGIN}[^{BEGIN}{STOP}]*{STOP}", " ", told)) != told:
        told = shorter
    return set(re.findall(r"[A-Za-z]{2,}", told)) - DATA


@pytest.mark.anyio
async def test_no_page_says_a_word_that_is_not_translated(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(office)
    _, code = administer.invite(office.hub.people, "Bob", grants=EVERYTHING, who="Ada", address="")
    monkeypatch.setattr(language, "words", marked)
    found = {}
    async with office.browser(grants=EVERYTHING) as http, office.browser(grants=EVERYTHING, proved=False) as late:
        for browser in (http, late):
            browser.cookies.set(COOKIE, "de", domain="hub.example")
            for path in [
                *paths(office, "GET"),
                "/sign-in",
                "/sign-in?code=x",
                "/set-up?code=x",
                f"/set-up?code={code}",
            ]:
                answer = await browser.get(path)
                if answer.headers["content-type"].startswith("text/html"):
                    found[path] = left_in_english(answer)
        for path in paths(office, "POST"):
            if not path.endswith(("remove", "reset", "sessions")):
                answer = await http.post(path, data=dict.fromkeys(FIELDS, "x"))
                found[f"POST {path}"] = left_in_english(answer) if answer.status_code != 303 else set()
    # What happened is told by the names of events, in English.
    entries = json.dumps([list(entry.values()) for entry in office.hub.kept.log.newest(most=1000)], default=str)
    found["/admin/log"] -= set(re.findall(r"[A-Za-z]{2,}", entries))
    assert {path: left for path, left in found.items() if left} == {}
    assert len(found) > 25


def test_the_pages_have_the_colours_of_the_dashboard() -> None:
    own, dashboard = (_colours(path) for path in (SOURCE / "people" / "static" / "style.css", WEB / "style.css"))
    assert len(own) > 15
    assert own <= dashboard


def _colours(path: Path) -> set[tuple[bool, str, str]]:
    light, _, dark = path.read_text("utf-8").partition("prefers-color-scheme: dark")
    found = [(False, light), (True, dark)]
    return {(is_dark, *each) for is_dark, text in found for each in re.findall(r"(--[\w-]+): (#\w+);", text)}
