"""What the two lock files of the product say, and what is wrong with them: read from the files alone, no network."""

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path

_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[A-Za-z0-9.+!_-]+)(?: ; (?P<marker>[^\\]+?))?"
    r"(?P<hashes>(?: --hash=\S+)*)"
)
_SHA256 = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Pin:
    """One package at one version, and the digests of the files that may be installed for it.

    Attributes
    ----------
    ecosystem : str
        `"pypi"` or `"npm"`.
    marker : str
        On which machines it is used; empty for all.
    algorithm : str
        Of the digests: `"SHA-256"` or `"SHA-512"`.
    digests : tuple of str
        In hexadecimal.
    license : str
        As the lock file names it; empty when it does not.
    needed : bool
        False when it only builds or tests.
    """

    ecosystem: str
    name: str
    version: str
    marker: str
    algorithm: str
    digests: tuple[str, ...]
    license: str = ""
    needed: bool = True


def python_pins(text: str) -> tuple[list[Pin], list[str]]:
    """The pins of a hashed requirements file, and a sentence for every line that pins nothing or has no digest."""
    pins, wrong = [], []
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        stripped = re.sub(r"\s+", " ", line).strip()
        if not stripped or stripped.startswith("#"):
            continue
        found = _PIN.fullmatch(stripped)
        if found is None:
            wrong.append(f"{stripped[:60]!r} is not NAME==VERSION with digests: pin it, and write the lock anew with lock.sh")
            continue
        digests = tuple(_SHA256.findall(found["hashes"]))
        if not digests:
            wrong.append(f"{found['name']}=={found['version']} has no SHA-256 digest: write the lock anew with lock.sh")
        pins.append(Pin("pypi", found["name"].lower(), found["version"], (found["marker"] or "").strip(), "SHA-256", digests))
    return pins, wrong


def page_pins(text: str) -> tuple[list[Pin], list[str]]:
    """The pins of the page's `package-lock.json`, and a sentence for every package without a SHA-512 digest."""
    pins, wrong = [], []
    for path, entry in json.loads(text)["packages"].items():
        if not path:
            continue
        name = path.rpartition("node_modules/")[2]
        integrity = entry.get("integrity", "")
        digests = tuple(base64.b64decode(part[7:]).hex() for part in integrity.split() if part.startswith("sha512-"))
        if not digests:
            wrong.append(f"{name} {entry.get('version')} has no SHA-512 digest: run npm install in web/")
        needed = not entry.get("dev", False)
        pins.append(Pin("npm", name, entry["version"], "", "SHA-512", digests, entry.get("license", ""), needed))
    return pins, wrong


def read_locks(root: Path) -> tuple[list[Pin], list[str]]:
    """All that the product is made of, and what is wrong with how it is pinned.

    Parameters
    ----------
    root : Path
        The checkout.
    """
    python, wrong_python = python_pins((root / "lock" / "runtime.txt").read_text(encoding="utf-8"))
    page, wrong_page = page_pins((root / "web" / "package-lock.json").read_text(encoding="utf-8"))
    return python + page, wrong_python + wrong_page
