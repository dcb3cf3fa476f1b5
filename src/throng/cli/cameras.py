"""`throng cameras`: the registry's cameras as a CSV file, in and out."""

import contextlib
import http.client
import ipaddress
import json
import os
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console

from throng.data.errors import HubError

if TYPE_CHECKING:
    from throng.deliver.hub import Answer
    from throng.hub.registry.registry import Registry

app = typer.Typer(no_args_is_help=True, help="The cameras of a hub as a CSV file: see docs/cameras.md for its columns.")

SITE = Annotated[Path | None, typer.Option(help="The site file of a hub that is not running.", show_default=False)]
HUB = Annotated[str | None, typer.Option(help="Address of a running hub, https://HOST:PORT.", show_default=False)]
FINGERPRINT = Annotated[str | None, typer.Option(help="Fingerprint of the hub's own authority, AB:CD:...", show_default=False)]
AUTHORITY = Annotated[Path | None, typer.Option(help="Certificate of the hub's own authority, PEM.", show_default=False)]
TOKEN_FILE = Annotated[
    Path | None, typer.Option(help="File of mode 0600 with the token; or set THRONG_TOKEN.", show_default=False)
]
CSV = {"content-type": "text/csv"}
_WHO = "this machine"
_TIMEOUT_S = 120.0
_MOST_NAMED = 20


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The CSV file; - for standard input.", show_default=False)],
    *,
    site: SITE = None,
    hub: HUB = None,
    fingerprint: FINGERPRINT = None,
    authority: AUTHORITY = None,
    token_file: TOKEN_FILE = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> None:
    """Add and change the cameras of a CSV file: all of them, or none where a row is wrong.

    Examples:

        throng cameras import cameras.csv --hub https://hub.example.org:8443 --fingerprint AB:CD:... --dry-run

        throng cameras import cameras.csv --site site.toml
    """
    content = _read(file)
    if _is_remote(site, hub):
        way = _Way(hub or "", fingerprint, authority, token_file)
        told = way.ask("POST", f"/api/v1/registry/import?dry_run={json.dumps(dry_run)}", content).tree
    else:
        told = _import_here(site or Path(), content, dry_run=dry_run)
    _say(told, dry_run=dry_run)
    if str(file) != "-" and not dry_run:
        _print(f"{file} holds addresses and passwords that the hub now keeps sealed: remove it")


@app.command()
def export(
    *,
    site: SITE = None,
    hub: HUB = None,
    fingerprint: FINGERPRINT = None,
    authority: AUTHORITY = None,
    token_file: TOKEN_FILE = None,
) -> None:
    """Print the cameras as a CSV file, without addresses, users and passwords.

    Example:

        throng cameras export --site site.toml > cameras.csv
    """
    if _is_remote(site, hub):
        sys.stdout.write(
            _Way(hub or "", fingerprint, authority, token_file).ask("GET", "/api/v1/registry/export").body.decode()
        )
        return
    from throng.hub.registry.table_file import write_table

    with _registry(site or Path()) as registry:
        sys.stdout.write(write_table(registry.state.cameras.values()))


class _Way:
    """The way to a running hub, which is checked before the token is sent."""

    def __init__(self, url: str, fingerprint: str | None, authority: Path | None, token_file: Path | None) -> None:
        self._url, self._fingerprint, self._authority = url, fingerprint, authority
        self._token = _token(token_file)

    def ask(self, method: str, path: str, body: bytes | None = None) -> "Answer":
        """One request and its answer.

        Raises
        ------
        HubError
            The hub refuses, or cannot be reached.
        """
        headers = {"authorization": f"Bearer {self._token}", **(CSV if body is not None else {})}
        answer = self._answer(method, path, body, headers)
        if answer.status != 200:
            raise HubError(_refusal(answer))
        return answer

    def _answer(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> "Answer":
        if self._fingerprint is None and self._authority is None:
            return self._ask_plainly(method, path, body, headers)
        from throng.deliver.enrol import fingerprint_of
        from throng.deliver.hub import Address, Link, authority_of, context_for

        address = Address.of(self._url)
        if self._authority is not None:
            pem = _read(self._authority).decode("ascii", "replace")
        else:
            pem = authority_of(address, fingerprint=fingerprint_of(self._fingerprint or ""))
        try:
            context = context_for(pem)
        except (OSError, ValueError):
            raise HubError(f"{self._authority} is no certificate in PEM form: take the one at /api/v1/authority") from None
        link = Link(address, lambda: context)
        try:
            return link.ask(method, path, body=body, headers=headers)
        finally:
            link.close()

    def _ask_plainly(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> "Answer":
        """Over TLS that the machine's own authorities vouch for; without it to this machine only."""
        from throng.deliver.hub import Answer

        parts = urlsplit(self._url)
        host, port = parts.hostname or "", parts.port
        connection: http.client.HTTPConnection
        if parts.scheme == "http" and _is_loopback(host):
            connection = http.client.HTTPConnection(host, port or 80, timeout=_TIMEOUT_S)
        elif parts.scheme == "https" and host:
            connection = http.client.HTTPSConnection(
                host, port or 443, timeout=_TIMEOUT_S, context=ssl.create_default_context()
            )
        else:
            raise HubError("--hub must be https://HOST:PORT; without TLS only a hub on this machine is asked")
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())
        except ssl.SSLCertVerificationError:
            raise HubError(
                "nothing was sent, as no authority that this machine knows vouches for the hub: give --fingerprint or "
                "--authority"
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise HubError(
                f"the hub {self._url} cannot be reached: {getattr(error, 'strerror', '') or 'it does not answer'}"
            ) from None
        finally:
            connection.close()


def _import_here(site: Path, content: bytes, *, dry_run: bool) -> dict[str, Any]:
    from throng.hub.registry.importing import import_table
    from throng.hub.registry.registry import By

    with _registry(site) as registry:
        imported = import_table(registry, content, by=By(_WHO), dry_run=dry_run)
    return {name: getattr(imported, name) for name in ("added", "changed", "unchanged", "new_sites")}


@contextlib.contextmanager
def _registry(site: Path) -> "Iterator[Registry]":
    """The registry of a hub that is stopped; one that runs holds its store open, and is asked with --hub."""
    from throng.cli.opened import kept_of
    from throng.hub.registry.registry import Registry
    from throng.hub.registry.state import OwnSite
    from throng.site.read import read_site

    described = read_site(site)
    own = OwnSite(described.name, described.camera, described.tick_s, can_zone=described.budget.passage_counters >= 2)
    with kept_of(described) as kept:
        yield Registry(kept.records, kept.seal, kept.log, own=own)


def _is_remote(site: Path | None, hub: str | None) -> bool:
    if (site is None) == (hub is None):
        raise HubError(
            "give either --hub with the address of a running hub, or --site with the site file of one that is stopped"
        )
    return hub is not None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _token(file: Path | None) -> str:
    if file is not None:
        from throng.seal.files import read_small

        token = read_small(file, what="token file", owner_only=True).strip()
    else:
        token = os.environ.get("THRONG_TOKEN", "").strip()
    if not (token.isascii() and token.isprintable() and token):
        raise HubError(
            "a running hub wants a token of an administrator: set THRONG_TOKEN, or give --token-file with a file of it"
        )
    return token


def _read(file: Path) -> bytes:
    from throng.hub.registry.table_file import LARGEST_BYTES

    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(LARGEST_BYTES + 1)
        with file.open("rb") as opened:
            return opened.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise HubError(f"{file} cannot be read: {(error.strerror or 'unknown error').lower()}") from None


def _refusal(answer: "Answer") -> str:
    """Why the hub refused, fit for a terminal; of an import a line for each mistake."""
    lines = str(answer.tree.get("detail", "")).splitlines()[: _MOST_NAMED + 5]
    told = "\n".join("".join(letter if letter.isprintable() else " " for letter in line)[:300] for line in lines)
    return told or f"the hub answered with status {answer.status}"


def _say(told: dict[str, Any], *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    for what, names in (("added", told["added"]), ("changed", told["changed"]), ("new sites", told["new_sites"])):
        if names:
            more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
            print(f"{would}{what}: {', '.join(names[:_MOST_NAMED])}{more}")
    print(f"{len(told['added'])} {would}added, {len(told['changed'])} {would}changed, {told['unchanged']} unchanged")


def _print(sentence: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True, emoji=False).print(sentence, markup=False)
