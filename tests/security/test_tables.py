"""The tables of the two standards are whole, and what they name is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from tests.conftest import ROOT

SECURITY = ROOT / "docs" / "security"
HERE = Path(__file__).parent
TESTED_CHAPTERS = {"6", "7", "8", "12", "13", "14"}
"""Of these chapters all that applies must have a test, but for the sections that ask for a document."""
DOCUMENTS = {"6.1", "7.1", "8.1", "13.1", "14.1"}
_ROW = re.compile(r"\| (?P<number>[0-9][0-9.-]*) \|(?: (?P<level>[12]) \|)? (?P<asks>[^|]+) \| (?P<answer>[^|]+) \|")
_TEST = re.compile(r"`(?P<path>(?:tests|web/tests)/[^`:]+)::(?P<name>[^`]+)`")
_LINK = re.compile(r"\[[^\]]+\]\((?P<target>[^)]+)\)")
_KINDS = ("not applicable: ", "written: ", "missing: ", "`tests/", "`web/tests/")

Row = tuple[str, str, str]


def rows_of(page: str) -> list[Row]:
    """Number, level and answer of every row of a page's tables."""
    text = (SECURITY / page).read_text(encoding="utf-8")
    return [(row["number"], row["level"] or "", row["answer"]) for row in _ROW.finditer(text)]


ASVS, ETSI = rows_of("asvs.md"), rows_of("etsi-303645.md")


def wrong_with(answer: str) -> list[str]:
    """What is wrong with an answer: its form, or something it names that is not there."""
    if not answer.startswith(_KINDS):
        return [f"{answer!r} is no answer: name a test, say why it does not apply, where it is written, or that it is missing"]
    wrong = [
        f"no such test: {found[0]}{_elsewhere(found['name'])}"
        for found in _TEST.finditer(answer)
        if found["name"] not in names_in(found["path"])
    ]
    targets = [found["target"] for found in _LINK.finditer(answer)]
    if answer.startswith("written: ") and not targets:
        wrong.append(f"{answer!r} names no page")
    return wrong + [f"no such page or heading: {target}" for target in targets if not is_there(target)]


@cache
def names_in(path: str) -> frozenset[str]:
    """The tests that a file has; of the page's they are sentences."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".ts":
        return frozenset(re.findall(r'\b(?:test|it)\("([^"]+)"', text))
    functions = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(function.name for function in functions if function.name.startswith("test_"))


def _elsewhere(name: str) -> str:
    """Where a test of that name is now, for whoever moved it."""
    files = (str(path.relative_to(ROOT)) for path in sorted((ROOT / "tests").rglob("test_*.py")))
    found = [path for path in files if name in names_in(path)]
    return f", but in {' and '.join(found)}" if found else ""


def is_there(target: str) -> bool:
    """Whether a link of the two pages leads to a file, and to a heading in it."""
    path, _, anchor = target.partition("#")
    file = (SECURITY / path).resolve()
    if not file.is_file():
        return False
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return not anchor or anchor in {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_requirement_of_asvs_level_2_has_one_row() -> None:
    wanted = (HERE / "asvs-5.0-level-2.txt").read_text(encoding="utf-8").splitlines()
    assert [f"{number} {level}" for number, level, _ in ASVS] == wanted


def test_every_provision_of_etsi_303645_has_one_row() -> None:
    wanted = (HERE / "etsi-303645.txt").read_text(encoding="utf-8").split()
    assert [number for number, _, _ in ETSI] == wanted
    assert {number.partition("-")[0] for number in wanted} == {*(f"5.{each}" for each in range(1, 14)), "6"}


@pytest.mark.parametrize("rows", [ASVS, ETSI], ids=["asvs", "etsi"])
def test_every_answer_names_what_is_there(rows: list[Row]) -> None:
    assert [f"{number}: {sentence}" for number, _, answer in rows for sentence in wrong_with(answer)] == []


def test_chapters_of_asvs_that_were_promised_have_a_test_or_do_not_apply() -> None:
    bare = [
        number
        for number, _, answer in ASVS
        if number.split(".")[0] in TESTED_CHAPTERS
        and number.rpartition(".")[0] not in DOCUMENTS
        and not answer.startswith(("`tests/", "`web/tests/", "not applicable: "))
    ]
    assert bare == []


@pytest.mark.parametrize(
    "answer",
    [
        "yes",
        "`tests/security/test_tables.py::test_that_nobody_wrote`",
        "`tests/security/test_nothing.py::test_that_nobody_wrote`",
        "`web/tests/api.test.ts::that nobody wrote`",
        "written: in a page",
        "written: [a page](nowhere.md)",
        "written: [a heading](README.md#nowhere)",
    ],
)
def test_an_answer_that_names_nothing_is_found(answer: str) -> None:
    assert len(wrong_with(answer)) == 1


def test_a_good_answer_passes() -> None:
    assert wrong_with("`tests/security/test_tables.py::test_a_good_answer_passes`, and [more](README.md#signing-in)") == []
    assert wrong_with("not applicable: nothing of the kind is here") == []
