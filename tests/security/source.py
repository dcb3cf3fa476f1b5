"""Finds calls in our own source that no input may ever reach."""

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

PACKAGE = ROOT / "src" / "throng"
Check = Callable[[ast.AST], bool]


def sources(*rooms: str) -> list[Path]:
    """The Python files of these rooms, by default of the whole package."""
    return sorted(path for room in rooms or ("",) for path in (PACKAGE / room).rglob("*.py"))


def found_in(text: str, check: Check) -> list[int]:
    """The lines in which the check finds something."""
    return sorted({getattr(node, "lineno", 0) for node in _nodes(text) if check(node)})


@cache
def _nodes(text: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(text)))


def found(paths: list[Path], check: Check) -> list[str]:
    """The same over many files, as `path:line`."""
    return list(_found(paths, check))


def _found(paths: list[Path], check: Check) -> Iterator[str]:
    for path in paths:
        for line in found_in(path.read_text(encoding="utf-8"), check):
            yield f"{path.relative_to(PACKAGE)}:{line}"


def name_of(node: ast.AST) -> str:
    """The dotted name of what is called: `os.system`; empty when it has none."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = name_of(node.value)
        return f"{before}.{node.attr}" if before else f".{node.attr}"
    return ""
