"""A `Release` is made in one place: the wall."""

import ast
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "src" / "throng"


def makers(source: str) -> list[int]:
    """Lines that call `Release`, under whatever name, or copy one with other numbers."""
    tree = ast.parse(source)
    names = {"Release"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname for alias in node.names if alias.name == "Release" and alias.asname}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call.lineno for call in calls if _called(call.func) in names or _rebuilds(call)]


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _rebuilds(call: ast.Call) -> bool:
    """`dataclasses.replace(release, values=...)`, which makes one too."""
    return _called(call.func) == "replace" and any(keyword.arg in ("values", "standard_errors") for keyword in call.keywords)


def test_no_other_file_makes_a_release() -> None:
    found = {str(path.relative_to(SOURCES)): makers(path.read_text()) for path in SOURCES.rglob("*.py")}
    assert {path: len(lines) for path, lines in found.items() if lines} == {"privacy/wall.py": 1}


@pytest.mark.parametrize(
    "code",
    [
        "Release(camera='a')",
        "data.release.Release(camera='a')",
        "from throng.data.release import Release as R\nR(camera='a')",
        "replace(release, values=exact)",
    ],
)
def test_the_scan_sees_a_maker(code: str) -> None:
    assert makers(code)
