"""Reading the site file."""

import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from throng.data.errors import SiteError
from throng.site.lines import KeyPath, key_lines
from throng.site.mistakes import Mistake, mistake, mistakes
from throng.site.model import Site
from throng.site.rules import repeated_names

LARGEST_BYTES = 16 * 2**20


def read_site(path: Path | str) -> Site:
    """Read a site file.

    Parameters
    ----------
    path : path
        A TOML file; docs/site-file.md lists its keys.

    Raises
    ------
    SiteError
        The file cannot be read or says something wrong. All mistakes are told, a line each, with the line of the file, the key,
        what was expected, what was found, and the nearest name of an unknown key. Passwords are never quoted.
    """
    file = Path(path)
    tree, lines = _parsed(_text(file), file)
    if not tree:
        raise SiteError(f"{file}: the site file is empty: it needs at least a name and one [[camera]] table")
    site, errors = _validated(tree, file)
    found = {mistake(key, sentence, tree, lines) for sentence, key in repeated_names(tree)}
    found |= set(mistakes(errors, tree, lines, Site))
    # Raised here, where no exception is being handled: the validator's own carries the values that it refused.
    if site is None or found:
        raise SiteError(_report(file, sorted(found)))
    return site


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST_BYTES + 1)
    except IsADirectoryError:
        raise SiteError(f"{file}: the site file is a folder: give the TOML file in it") from None
    except OSError as error:
        raise SiteError(f"{file}: the site file cannot be read: {(error.strerror or 'unknown error').lower()}") from None
    if len(content) > LARGEST_BYTES:
        raise SiteError(f"{file}: the site file is larger than {LARGEST_BYTES // 2**20} MiB: is it the right file?")
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        at, line = error.start, content.count(b"\n", 0, error.start) + 1
    raise SiteError(f"{file}:{line}: the site file is not UTF-8, see byte {at + 1} (0x{content[at]:02x}): save it as UTF-8")


def _parsed(text: str, file: Path) -> tuple[dict[str, Any], dict[KeyPath, int]]:
    try:
        return tomllib.loads(text), key_lines(text)
    except RecursionError:
        raise SiteError(f"{file}: the site file nests too deeply") from None
    except ValueError as error:
        said, _, place = str(error).partition(" (at ")
        at = re.match(r"line (\d+)", place)
        line = int(at.group(1)) if at else text.count("\n") + 1
    hint = "; texts stand in quotes" if said == "Invalid value" else ""
    raise SiteError(f"{file}:{line}: the site file is not valid TOML: {said[:1].lower()}{said[1:]}{hint}")


def _validated(tree: dict[str, Any], file: Path) -> tuple[Site | None, list[ErrorDetails]]:
    try:
        return Site.model_validate(tree, context={"folder": file.absolute().parent}), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def _report(file: Path, found: list[Mistake]) -> str:
    told = [f"{file}:{one.line}: {one.place}: {one.sentence}" for one in found]
    return told[0] if len(told) == 1 else "\n".join([f"{file} has {len(told)} mistakes:", *told])
