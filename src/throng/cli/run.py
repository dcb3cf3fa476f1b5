"""`throng run`: every camera of a site, the wall, the store and the hub in one command."""

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from throng.hub.app import Hub
    from throng.site.model import Site
    from throng.store.store import Store


def run(
    site: Annotated[Path, typer.Argument(help="The site file, TOML.", show_default=False)],
    port: Annotated[
        int | None, typer.Option(help="Port on this machine, in place of the site file's.", show_default=False)
    ] = None,
) -> None:
    """Run every camera of a site until Ctrl-C: measure, protect, store, and serve the page on this machine.

    Examples:

        throng run site.toml

        throng run site.toml --port 8050
    """
    from throng.site.read import read_site

    note = f"what leaves the cameras, how far off it is and what it tells of a passer-by: throng privacy {site}"
    serve_site(read_site(site), port=port, note=note)


def serve_site(site: "Site", *, port: int | None = None, note: str = "") -> None:
    """Serve a site until Ctrl-C.

    Raises
    ------
    HubError
        The port is taken.
    StoreError
        The store cannot be opened.
    """
    from throng.cli.alarm_warnings import alarm_warnings
    from throng.cli.workers import Workers
    from throng.hub.server import listen, serve
    from throng.store.store import Store

    number = site.port if port is None else port
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    listener = listen(number)
    number = listener.getsockname()[1]
    with Store(site.data_folder / "throng.duckdb") as store:
        hub = _hub(site, store, number)
        workers = Workers(site, hub.ingest)

        def ready() -> None:
            workers.start()
            console.print(f'serving "{site.name}" with {len(site.camera)} cameras at http://127.0.0.1:{number}', markup=False)
            for sentence in (note, *alarm_warnings(site)):
                if sentence:
                    console.print(sentence, markup=False)
            console.print(f"sign in once, within 30 minutes: {hub.sign_in_url()}", markup=False)
            console.print("stop with Ctrl-C", markup=False)

        serve(hub, port=number, on_ready=ready, on_stop=workers.stop, listener=listener)
    console.print("stopped; everything that was released is stored", markup=False)


def _hub(site: "Site", store: "Store", port: int) -> "Hub":
    from throng.alarm.rule import Rule
    from throng.hub.app import create_app
    from throng.hub.cameras import CameraEntry, PlaceEntry
    from throng.privacy.budget import Budget

    settings = site.budget.settings()
    budget = Budget.of(settings)
    entries = [
        CameraEntry(
            camera.name,
            tuple(PlaceEntry(line.name, "line", camera.calibration is not None) for line in camera.lines())
            + tuple(PlaceEntry(zone.name, "zone", camera.calibration is not None) for zone in camera.zones()),
            budget.shares.extras,
            site.tick_of(camera),
        )
        for camera in site.camera
    ]
    left_out = {"pieces_from", "rho_per_day" if budget.pure else "epsilon_per_day"}
    page = Path(str(files("throng.hub"))) / "page"
    return create_app(
        site_name=site.name,
        tick_s=site.tick_s,
        budget={name: value for name, value in settings.items() if name not in left_out},
        cameras=entries,
        alarms=[Rule(**table.settings()) for table in site.alarm],
        store=store,
        port=port,
        page_dir=page,
    )
