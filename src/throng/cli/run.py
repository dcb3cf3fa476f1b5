"""`throng run`: every camera of a site, the wall, the store and the hub in one command."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from throng.data.errors import HubError, ThrongError

if TYPE_CHECKING:
    from throng.cli.opened import Place
    from throng.hub.app import Hub
    from throng.site.model import Site

_DAY_S = 86_400.0
_LOOK_EVERY_S = 6 * 3600.0


def run(
    site: Annotated[Path, typer.Argument(help="The site file, TOML.", show_default=False)],
    port: Annotated[
        int | None, typer.Option(help="Port to listen at, in place of the site file's.", show_default=False)
    ] = None,
) -> None:
    """Run every camera of a site until Ctrl-C: measure, protect, store, and serve the page.

    It answers on this machine only, until the site file's [hub] table says where it listens for others: docs/network.md.

    Examples:

        throng run site.toml

        throng run site.toml --port 8050
    """
    from throng.site.read import read_site

    note = f"what leaves the cameras, how far off it is and what it tells of a passer-by: throng privacy {site}"
    serve_site(read_site(site), port=port, note=note)


def serve_site(
    site: "Site",
    *,
    port: int | None = None,
    note: str = "",
    lasting: bool = True,
    prepare: "Callable[[Hub], None] | None" = None,
) -> None:
    """Serve a site until Ctrl-C.

    Parameters
    ----------
    site : Site
        What to serve.
    port : int, optional
        In place of the site file's.
    note : str
        A sentence for the terminal.
    lasting : bool
        Whether what the hub seals is to be opened after it has ended.
    prepare : callable, optional
        Gets the hub before anything starts.

    Raises
    ------
    HubError
        The port is taken, or a stranger could read something.
    StoreError, SealError, LogError
        The store, the records, the key or the audit log cannot be opened.
    """
    from throng.cli.opened import hub_of, kept_of, place_of, tls_of
    from throng.cli.own_cameras import keep_at_work
    from throng.cli.told import Told
    from throng.cli.workers import Workers
    from throng.hub.server import Chore, serve

    console = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)  # a fingerprint holds :AB:

    def tell(sentence: str) -> None:
        console.print(sentence, markup=False)

    place = place_of(site, port=port)
    with place.listener, kept_of(site, lasting=lasting) as kept:
        hub = hub_of(site, kept, place)
        tls = tls_of(site, hub, place)
        if prepare is not None:
            prepare(hub)
        workers = Workers(None, Told(hub.ingest, tell), plates=hub.plates, tell=tell)
        keep_at_work(workers, site, hub.registry, hub.plates, tell=tell)
        start = _Start(hub, place, workers.start, lambda: _tell(console, site, hub, place, note))
        chores = [Chore(30.0, hub.sensors.refresh), Chore(_LOOK_EVERY_S, start.look_again)]
        if tls is not None:
            chores.append(Chore(60.0, tls.refresh))
        if site.hub and site.hub.keep_days:
            keep_s = site.hub.keep_days * _DAY_S
            chores.append(Chore(_DAY_S / 4, lambda: hub.forget_older_than(keep_s)))
        try:
            serve(
                hub,
                port=place.port,
                listener=place.listener,
                on_ready=start.begin,
                on_stop=workers.stop,
                stop=start.stop,
                tls=tls,
                is_welcome=hub.sensors.is_welcome,
                chores=chores,
            )
        finally:
            hub.people.close()
    if start.problem:
        raise HubError(f"the hub does not serve, {start.problem}")
    console.print("stopped; everything that was released is stored", markup=False)


class _Start:
    """Looks at the hub as a stranger would, once it answers, and opens it and starts the cameras only where that finds nothing.

    Until then the hub answers this machine alone.
    """

    def __init__(self, hub: "Hub", place: "Place", *then: Callable[[], None]) -> None:
        self.stop = threading.Event()
        self.problem = ""
        hub.is_open = False
        self._hub, self._place, self._then = hub, place, then

    def begin(self) -> None:
        threading.Thread(target=self._look, name="look from outside", daemon=True).start()

    def _look(self) -> None:
        try:
            self.problem = self._looked()
            self._hub.is_open = not self.problem
            for each in self._then if self._hub.is_open else ():
                each()
        except ThrongError as error:
            self.problem = f"as it could not start: {error}"
        except BaseException:
            # A hub that could not be looked at is not one that was found safe.
            self.problem = "as it could not be looked at from outside, or its cameras could not be started"
            raise
        finally:
            if self.problem:
                self.stop.set()

    def look_again(self) -> None:
        """Look while it serves: what is found stands on the page of administration, and in the log where it is new."""
        before = self._hub.outside
        found = self._found()
        if before is not None and found != before[1]:
            self._hub.kept.log.write("hub.look", who="hub", outcome="refused" if found else "ok", detail="; ".join(found))

    def _looked(self) -> str:
        """Why it must not serve; empty where it may."""
        told = "; ".join(found := self._found())
        self._hub.kept.log.write("hub.start", who="hub", outcome="refused" if found else "ok", detail=told)
        return f"as a stranger could read of it: {told}" if found else ""

    def _found(self) -> tuple[str, ...]:
        from throng.audit.exposure.own import look_at_hub

        found = look_at_hub(self._place.host, self._place.port, tls=self._place.has_tls)
        self._hub.outside = time.time(), tuple(f"{one.where}: {one.sentence}" for one in found)
        return self._hub.outside[1]


def _tell(console: Console, site: "Site", hub: "Hub", place: "Place", note: str) -> None:
    from throng.cli.alarm_warnings import alarm_warnings

    cameras = len(hub.cameras.entries)
    console.print(f'serving "{site.name}" with {cameras} cameras at {place.origins[0]}', markup=False)
    for sentence in (note, *alarm_warnings(site)):
        if sentence:
            console.print(sentence, markup=False)
    if place.has_tls:
        console.print(f"the hub's authority has the fingerprint {hub.authority.shown_fingerprint}", markup=False)
    if hub.settings.public:
        console.print(f"open to everybody: {place.origins[0]}/public", markup=False)
    if (url := hub.sign_in_url()) is not None:
        console.print(f"sign in once, within 30 minutes: {url}", markup=False)
    console.print("stop with Ctrl-C", markup=False)
