"""A site's hub with all that it stands on, opened and closed again."""

import contextlib
import getpass
import secrets
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from throng.hub.app import Hub, HubSettings, Kept
    from throng.hub.registry.state import OwnSite
    from throng.hub.tls import HubTls
    from throng.seal.box import Seal
    from throng.site.model import Site
    from throng.store.records import Records
    from throng.store.store import Store


@dataclass(frozen=True, slots=True)
class Place:
    """Where a hub listens, and by which names it is called there.

    Attributes
    ----------
    listener : socket
        Its port is taken.
    host : str
        What it is bound to.
    names : tuple of str
        Empty on loopback.
    """

    listener: socket.socket
    host: str
    names: tuple[str, ...]

    @property
    def port(self) -> int:
        """The port that was taken."""
        return int(self.listener.getsockname()[1])

    @property
    def has_tls(self) -> bool:
        """Whether it is reached from other machines, and so over TLS alone."""
        return bool(self.names)

    @property
    def origins(self) -> tuple[str, ...]:
        """Where people open it; the first is the one to print."""
        if not self.has_tls:
            return (f"http://127.0.0.1:{self.port}", f"http://localhost:{self.port}")
        shown = (f"[{name}]" if ":" in name else name for name in (*self.names, "localhost"))
        return tuple(f"https://{name}" if self.port == 443 else f"https://{name}:{self.port}" for name in dict.fromkeys(shown))


def place_of(site: "Site", *, port: int | None = None) -> Place:
    """Take the port of a site's hub.

    Raises
    ------
    HubError
        It is not to be had.
    """
    from throng.hub.server import HOST, listen

    table = site.hub
    if table is None or table.address is None:
        return Place(listen(site.port if port is None else port), HOST, ())
    host, number = table.address
    listener = listen(number if port is None else port, host=host, has_tls=True)
    return Place(listener, host, table.names or _own_names(host))


@contextlib.contextmanager
def kept_of(site: "Site", *, lasting: bool = True) -> Iterator["Kept"]:
    """Open the store, the records, the seal and the audit log of a site.

    Parameters
    ----------
    site : Site
        Whose.
    lasting : bool
        Whether what is sealed is to be opened after the hub has ended; if not, the key stays in memory.

    Raises
    ------
    StoreError, SealError, LogError
        One of them cannot be opened.
    """
    from throng.hub.app import Kept
    from throng.hub.backup import LOG_FILE, RECORDS_FILE, STORE_FILE
    from throng.hub.log.log import Log
    from throng.store.duck import DuckStore
    from throng.store.sqlite_records import SqliteRecords

    folder, address = site.data_folder, site.hub.store if site.hub else None
    seal = _seal(site) if lasting else _passing_seal()
    with contextlib.ExitStack() as opened:
        store: Store
        records: Records
        if address is None:
            store = opened.enter_context(DuckStore(folder / STORE_FILE))
            records = opened.enter_context(SqliteRecords(folder / RECORDS_FILE))
        else:
            from throng.store.postgres import PostgresStore
            from throng.store.postgres_records import PostgresRecords

            store = opened.enter_context(PostgresStore(address))
            records = opened.enter_context(PostgresRecords(address))
        yield Kept(store, records, seal, opened.enter_context(Log(folder / LOG_FILE)))


def hub_of(site: "Site", kept: "Kept", place: Place) -> "Hub":
    """The hub of a site, not yet serving.

    Raises
    ------
    AlarmError, HubError, SiteError, StoreError
        See `create_app`.
    """
    from throng.alarm.rule import Rule
    from throng.hub.app import create_app

    alarms = tuple(Rule(**table.settings()) for table in site.alarm)
    return create_app(kept, _settings(site, place), own=own_site(site), alarms=alarms)


def tls_of(site: "Site", hub: "Hub", place: Place) -> "HubTls | None":
    """What is spoken there; None on loopback.

    Raises
    ------
    HubError
        A name is none, or the certificate's files are wrong.
    """
    from throng.hub.tls import HubTls

    if not place.has_tls:
        return None
    table = site.hub
    certificate, key = (None, None) if table is None else (table.certificate, table.key)
    return HubTls(
        hub.authority,
        names=place.names,
        certificate=site.folder / certificate if certificate else None,
        key=site.folder / key if key else None,
    )


def _settings(site: "Site", place: Place) -> "HubSettings":
    from throng.hub.app import HubSettings
    from throng.privacy.budget import Budget

    settings = site.budget.settings()
    left_out = {"pieces_from", unused := "rho_per_day" if Budget.of(settings).pure else "epsilon_per_day"}
    return HubSettings(
        site_name=site.name,
        budget={name: value for name, value in settings.items() if name not in left_out},
        page_dir=Path(str(files("throng.hub"))) / "page",
        origins=place.origins,
        names=place.names,
        contact=(site.hub.contact if site.hub else None) or "",
        public=site.hub is not None and site.hub.public,
        one_time=not place.has_tls,
        # With what nobody set, too: a sensor of another version may have other defaults, and must spend what the hub promises.
        for_sensors=site.model_dump(mode="json", by_alias=True, include={"name", "tick_s", "precision"})
        | {"budget": site.budget.model_dump(mode="json", by_alias=True, exclude={unused})},
    )


def own_site(site: "Site") -> "OwnSite":
    """What the registry knows of the site file."""
    from throng.hub.registry.state import OwnSite
    from throng.privacy.budget import Budget

    extras = Budget.of(site.budget.settings()).shares.extras
    return OwnSite(site.name, site.camera, site.tick_s, extras, can_zone=site.budget.passage_counters >= 2)


def _seal(site: "Site") -> "Seal":
    from throng.seal.keys import load_seal

    key_file = site.folder / site.hub.key_file if site.hub and site.hub.key_file else None
    ask = getpass.getpass if sys.stdin.isatty() else None
    return load_seal(data_folder=site.data_folder, key_file=key_file, ask=ask)


def _passing_seal() -> "Seal":
    from throng.seal.box import Seal

    return Seal({"passing": secrets.token_bytes(32)}, "passing")


def _own_names(host: str) -> tuple[str, ...]:
    """How this machine is called, where nobody said: its name, and the address that it listens at or those that it has."""
    from throng.site.hub import is_any

    name = socket.gethostname()
    if not is_any(host):
        return tuple(dict.fromkeys((name, host)))
    try:
        found = [str(one[4][0]) for one in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)]
    except OSError:
        found = []
    return tuple(dict.fromkeys((name, *(address for address in found if "%" not in address))))
