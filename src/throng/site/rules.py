"""Rules of the site file that take more than one value, or more than a bound, to state."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic_core import PydanticCustomError

KeyPath = tuple[str | int, ...]

DAY_S = 86_400
STREAMS = ("rtsp", "rtsps", "http", "https")
LOGIN = "the address holds a user or password: move them to user and password_env or password_file"
LOGIN_PARAMETER = re.compile("(pass|passwd|password|pwd|secret|token|auth|login|user|username|usr)", re.IGNORECASE)


def wrong(sentence: str, *key: str | int) -> PydanticCustomError:
    """The error of a broken rule; `key` leads from the table that is checked to the key that the sentence is about."""
    return PydanticCustomError("rule", "{sentence}", {"sentence": sentence, "key": key})


def address_mistake(address: str) -> str:
    """What is wrong with a camera's address, without quoting it; empty if nothing is."""
    scheme, separator, _ = address.partition("://")
    if address.lower().startswith("simulate:"):
        written = re.fullmatch(r"simulate:[^/\s]+/[^/]+", address)
        return "" if written else "a simulated camera is written simulate:SCENARIO/CAMERA"
    if not separator:
        return ""
    if scheme.lower() not in STREAMS:
        return "an address begins with rtsp://, rtsps://, http:// or https://, or is a path"
    try:
        parts = urlsplit(address)
        host, login, _ = parts.hostname, "@" in parts.netloc, parts.port
    except ValueError:
        return f"the address is malformed: write it as {scheme.lower()}://HOST:PORT/PATH"
    parameters = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    if login or any(LOGIN_PARAMETER.fullmatch(name) for name in parameters):
        return LOGIN
    return "" if host else f"the address names no host: write it as {scheme.lower()}://HOST:PORT/PATH"


def tick_mistake(tick_s: int) -> str:
    """What is wrong with a length of ticks, seconds from 1 to 3600; empty if nothing is."""
    if DAY_S % tick_s == 0:
        return ""
    below, above = (next(n for n in numbers if DAY_S % n == 0) for numbers in (range(tick_s, 0, -1), range(tick_s, 3601)))
    return f"a day has no whole number of ticks of {tick_s} seconds: take {below} or {above}"


def repeated_names(tree: dict[str, Any]) -> Iterator[tuple[str, KeyPath]]:
    """Cameras of one name, and lines and zones of one camera with one name: a sentence and the key path of the later one.

    Takes the raw tree of a site file, whatever else is wrong in it, so that all mistakes are told at once.
    """
    cameras = _tables(tree, "camera")
    yield from _repeated(cameras, "two cameras have the name {name}: give each its own")
    for path, camera in cameras:
        places = [(path + key, table) for kind in ("line", "zone") for key, table in _tables(camera, kind)]
        yield from _repeated(places, "two places of this camera have the name {name}: give every line and zone its own")


def _tables(tree: dict[str, Any], key: str) -> list[tuple[KeyPath, dict[str, Any]]]:
    value = tree.get(key)
    tables = enumerate(value) if isinstance(value, list | tuple) else ()
    return [((key, number), table) for number, table in tables if isinstance(table, dict)]


def _repeated(tables: list[tuple[KeyPath, dict[str, Any]]], sentence: str) -> Iterator[tuple[str, KeyPath]]:
    seen: set[str] = set()
    for path, table in tables:
        name = table.get("name")
        if isinstance(name, str):
            normal = unicodedata.normalize("NFC", name)
            if normal in seen:
                yield sentence.format(name=f'"{normal}"'), (*path, "name")
            seen.add(normal)
