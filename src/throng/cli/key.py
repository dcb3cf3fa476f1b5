"""`throng key`: the keys that seal camera addresses, passwords and the hub's other secrets."""

import contextlib
import getpass
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from throng.data.errors import SealError

if TYPE_CHECKING:
    from throng.hub.log.log import Log
    from throng.seal.keys import Keys
    from throng.site.model import Site
    from throng.store.records import Records

app = typer.Typer(no_args_is_help=True, help="The keys that seal the hub's secrets. The hub must not be running.")

SITE = Annotated[Path, typer.Argument(help="The site file, TOML.", show_default=False)]
_WHO = "this machine"
_PLACES = {"credential": "the systemd credential", "file": "the key file", "passphrase": "a passphrase, in"}


@app.command("list")
def list_keys(site: SITE) -> None:
    """Say where the keys are and how they are called, never what they are.

    Example:

        throng key list site.toml
    """
    keys = _keys(_read(site))
    print(f"{_PLACES[keys.place]} {keys.path}")
    for key_id in keys.ring.keys:
        print(f"{key_id}{' seals' if key_id == keys.ring.current else ' opens what it has sealed'}")


@app.command()
def rotate(
    site: SITE,
    forget: Annotated[
        bool, typer.Option("--forget", help="Remove the old keys at once: older backups no longer open.")
    ] = False,
) -> None:
    """Make a new key and seal every secret anew under it; the old keys stay, for backups, until they are forgotten.

    Under systemd, first put a new line above the others in the credential.

    Example:

        throng key rotate site.toml
    """
    described = _read(site)
    keys = _keys(described)
    with _opened(described) as (records, log):
        if keys.place != "credential" or not _others(records, keys):
            # Written before anything is sealed under it: a crash from here on leaves a ring that opens everything.
            keys = keys.changed(keys.ring.with_new_key())
        number = _sealed_anew(records, keys)
        log.write("key.rotate", who=_WHO, about=keys.ring.current, detail=f"{number} records sealed anew")
        if forget:
            _forget(records, log, keys)
    _say(f'{number} records are sealed anew under the key "{keys.ring.current}"')
    if not forget:
        _say(f"older backups still need the old keys: throng key forget {site} removes them")


@app.command()
def forget(site: SITE) -> None:
    """Remove the keys that seal nothing any more; backups made with them no longer open.

    Example:

        throng key forget site.toml
    """
    described = _read(site)
    keys = _keys(described)
    with _opened(described) as (records, log):
        number = _forget(records, log, keys)
    _say(f"{number} {'key is' if number == 1 else 'keys are'} forgotten")


@app.command()
def passphrase(site: SITE) -> None:
    """Keep the keys under a passphrase from now on, or change it. It is asked for, or read from standard input.

    Example:

        throng key passphrase site.toml
    """
    from throng.seal.keys import set_passphrase

    described = _read(site)
    keys = _keys(described)
    wanted = _asked_twice()
    with _opened(described) as (_, log):
        set_passphrase(keys, data_folder=described.data_folder, passphrase=wanted)
        log.write("key.passphrase", who=_WHO, about=keys.ring.current)
    _say("the keys are under the passphrase, which every start of the hub asks for")
    if keys.place == "file":
        _say(f"the key file {keys.path} still opens everything: remove it once the passphrase has opened the hub")


def _read(site: Path) -> "Site":
    from throng.site.read import read_site

    return read_site(site)


def _keys(site: "Site") -> "Keys":
    from throng.seal.keys import load_keys

    key_file = site.folder / site.hub.key_file if site.hub and site.hub.key_file else None
    return load_keys(data_folder=site.data_folder, key_file=key_file, ask=_asked if sys.stdin.isatty() else None)


@contextlib.contextmanager
def _opened(site: "Site") -> "Iterator[tuple[Records, Log]]":
    """The records and the log of a hub that is stopped: a running one holds the store, and would not know the new key."""
    from throng.hub.backup import LOG_FILE, RECORDS_FILE, STORE_FILE
    from throng.hub.log.log import Log
    from throng.store.duck import DuckStore
    from throng.store.sqlite_records import SqliteRecords

    address = site.hub.store if site.hub else None
    with contextlib.ExitStack() as stack:
        if address is None:
            stack.enter_context(DuckStore(site.data_folder / STORE_FILE))
            records: Records = stack.enter_context(SqliteRecords(site.data_folder / RECORDS_FILE))
        else:
            from throng.store.postgres_records import PostgresRecords

            records = stack.enter_context(PostgresRecords(address))
        yield records, stack.enter_context(Log(site.data_folder / LOG_FILE))


def _sealed_anew(records: "Records", keys: "Keys") -> int:
    """Seal what is not sealed under the current key anew, all of it or nothing; how many records that were."""
    from throng.seal.box import resealed
    from throng.store.records import KINDS, Change

    seal = keys.ring.seal()
    changes = [
        Change(record.kind, record.key, body, record.version)
        for kind in KINDS
        for record in records.all(kind)
        if (body := resealed(seal, record.body)) != record.body
    ]
    records.change(changes)
    return len(changes)


def _others(records: "Records", keys: "Keys") -> set[str]:
    """The keys other than the current one under which something is sealed."""
    from throng.seal.box import key_ids_in
    from throng.store.records import KINDS

    used = {key_id for kind in KINDS for record in records.all(kind) for key_id in key_ids_in(record.body)}
    return used - {keys.ring.current}


def _forget(records: "Records", log: "Log", keys: "Keys") -> int:
    needed = _others(records, keys)
    kept = keys.ring.only(frozenset(needed))
    gone = [key_id for key_id in keys.ring.keys if key_id not in kept.keys]
    if gone:
        log.write("key.forget", who=_WHO, about=", ".join(gone))
        keys.changed(kept)
    if needed:
        raise SealError(f"the keys {', '.join(sorted(needed))} still seal something: run throng key rotate first")
    return len(gone)


def _asked(question: str) -> str:
    return getpass.getpass(f"{question}: ")


def _asked_twice() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline(8192).rstrip("\r\n")
    first = _asked("new passphrase")
    if _asked("the same again") != first:
        raise SealError("the two passphrases differ, and nothing was changed: type the same twice")
    return first


def _say(sentence: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True, emoji=False).print(sentence, markup=False)
