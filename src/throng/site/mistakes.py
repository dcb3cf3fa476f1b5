"""What is wrong in a site file, where, and what was probably meant."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from throng.site.expect import choices, expected, extra, is_points, keys_of, point, table_of, unit
from throng.site.lines import KeyPath

UNIT = re.compile("_(ms|s|secs?|seconds?|mins?|minutes?|m|metres?|meters?|cm|mm|px|pixels?|hz|fps|per_day|day)$", re.IGNORECASE)
OTHER_NAMES = {
    "fps": "rate_hz", "url": "address", "uri": "address", "source": "address", "path": "address", "username": "user",
    "polygon": "corners", "start": "from", "end": "to", "epsilon": "rho_per_day", "rho": "rho_per_day",
    "interval": "tick_s", "model": "detector", "pieces_from": "pieces_measured",
}  # fmt: skip
LONGEST_FOUND = 60


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake: the line of the file, the key path as people read it, and a sentence."""

    line: int
    place: str
    sentence: str


def mistakes(
    errors: Sequence[ErrorDetails], tree: dict[str, Any], lines: dict[KeyPath, int], root: type[BaseModel]
) -> list[Mistake]:
    """All mistakes, in the order of the file, each once.

    Parameters
    ----------
    errors : sequence of ErrorDetails
        As a pydantic ValidationError lists them.
    tree : dict
        The file as `tomllib` reads it.
    lines : dict
        The lines of its keys, as `throng.site.lines.key_lines` gives them.
    root : type of BaseModel
        What the file should be.
    """
    found = {mistake(path, sentence, tree, lines) for error in errors for path, sentence in _told(error, tree, root)}
    return sorted(found)


def mistake(path: KeyPath, sentence: str, tree: dict[str, Any], lines: dict[KeyPath, int]) -> Mistake:
    """A mistake at a key path; a key that the file lacks stands where its table begins."""
    nearest = next((path[:end] for end in range(len(path), 0, -1) if path[:end] in lines), ())
    return Mistake(lines.get(nearest, 1), _shown(path, tree), sentence)


def _told(error: ErrorDetails, tree: dict[str, Any], root: type[BaseModel]) -> Iterator[tuple[KeyPath, str]]:
    path: KeyPath = error["loc"]
    table, field, depth = _field_at(path, root)
    if error["type"] == "rule":
        yield path + tuple(error["ctx"]["key"]), error["ctx"]["sentence"]
    elif error["type"] == "extra_forbidden":
        yield path, f"unknown key; {_meant(str(path[-1]), table, root)}"
    elif field is not None:
        key = str(path[depth - 1])
        if error["type"] == "missing" and len(path) == depth:
            yield path, f"is missing; expected {expected(key, field)}"
        elif is_points(field) and len(path) > depth:
            yield path[: depth + 1], _differs(f"a point {point(field)}", _value_at(tree, path[: depth + 1]), field)
        elif not (error["type"] in ("too_short", "too_long") and _length_fits(error, _value_at(tree, path))):
            yield path[:depth], _differs(expected(key, field), _value_at(tree, path[:depth]), field)


def _field_at(path: KeyPath, root: type[BaseModel]) -> tuple[type[BaseModel], FieldInfo | None, int]:
    """The innermost table on the way, its key, and how many parts of the path lead to that key."""
    table, field, depth = root, None, 0
    for number, part in enumerate(path):
        if isinstance(part, int):
            continue
        inner = table_of(field)[0] if field is not None else root
        if inner is None:
            break
        table, field, depth = inner, keys_of(inner).get(part), number + 1
        if field is None:
            break
    return table, field, depth


def _length_fits(error: ErrorDetails, value: object) -> bool:
    """Pydantic also calls a list too short when some of its elements are wrong."""
    context = error["ctx"]
    return isinstance(value, list) and context.get("min_length", 0) <= len(value) <= context.get("max_length", len(value))


def _differs(wanted: str, value: object, field: FieldInfo) -> str:
    if extra(field, "secret"):
        return f"expected {wanted}, found something else, which is not shown because it may be a password"
    near = get_close_matches(value, choices(field), n=1, cutoff=0.5) if isinstance(value, str) else []
    return f"expected {wanted}, found {_found(value)}" + (f'; did you mean "{near[0]}"?' if near else "")


def _found(value: object) -> str:
    if isinstance(value, dict):
        return "one table"
    if isinstance(value, list) and value and all(isinstance(element, dict) for element in value):
        return "an array of tables"
    if isinstance(value, str) and not value:
        return "an empty text"
    shown = _quoted(value)
    return shown if len(shown) <= LONGEST_FOUND else f"{shown[:LONGEST_FOUND]}…"


def _quoted(value: object) -> str:
    """As TOML has it, but for credentials in an address, wherever somebody put one."""
    return re.sub(r"//[^/@]*@", "//…@", json.dumps(value, ensure_ascii=False, default=str))


def _meant(key: str, table: type[BaseModel], root: type[BaseModel]) -> str:
    """What somebody who wrote an unknown key probably meant."""
    known = keys_of(table)
    if re.fullmatch(r"(pass(word|wd)?|pwd|secret)", key, re.IGNORECASE) and "password_env" in known:
        return "a password never stands in the site file: use password_env or password_file"
    elsewhere = [where for where, other in _tables(root) if other is not table and key in keys_of(other)]
    if elsewhere:
        return f"{key} belongs {' or '.join(elsewhere)}"
    stem = UNIT.sub("", key)
    near = [name for name in known if stem and stem in (name, UNIT.sub("", name))]
    near = near or [name for name in [OTHER_NAMES.get(key.lower(), "")] if name in known]
    near = near or get_close_matches(key.lower(), known, n=1, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(_with_unit(name, known[name]) for name in near)}?"
    return f"the keys here are {', '.join(known)}"


def _with_unit(name: str, field: FieldInfo) -> str:
    return f"{name} ({unit(field)})" if unit(field) else name


def _tables(root: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Every kind of table with where it stands."""
    if not prefix:
        yield "at the top of the file, above the first [table]", root
    for key, field in keys_of(root).items():
        inner, several = table_of(field)
        if inner is not None:
            name = f"{prefix}{key}"
            yield f"in [[{name}]]" if several else f"in [{name}]", inner
            yield from _tables(inner, f"{name}.")


def _value_at(tree: Any, path: KeyPath) -> Any:
    for part in path:
        tree = tree[part]
    return tree


def _shown(path: KeyPath, tree: Any) -> str:
    """A key path with tables by their names: camera["north"].line["door"].from."""
    shown = ""
    for part in path:
        tree = _step(tree, part)
        if isinstance(part, str):
            bare = re.fullmatch("[A-Za-z0-9_-]+", part)
            shown += ("." if shown else "") + (part if bare else _quoted(part)[:LONGEST_FOUND])
        else:
            name = tree.get("name") if isinstance(tree, dict) else None
            shown += f"[{_quoted(name)[:LONGEST_FOUND]}]" if isinstance(name, str) else f"[{part}]"
    return shown


def _step(tree: Any, part: str | int) -> Any:
    try:
        return tree[part]
    except (KeyError, IndexError, TypeError):
        return None
