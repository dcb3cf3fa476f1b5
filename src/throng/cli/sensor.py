"""`throng sensor`: measure on one machine, near the cameras, and deliver to a hub on another."""

import getpass
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from throng.data.errors import DeliveryError

if TYPE_CHECKING:
    pass

app = typer.Typer(no_args_is_help=True, help="Measure near the cameras, and deliver to a hub on another machine.")

FOLDER = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the sensor's key, ledgers and undelivered numbers; by default ~/.local/state/throng-sensor.",
        show_default=False,
    ),
]
_LOOK_EVERY_S = 1.0


@app.command()
def enrol(
    hub: Annotated[str, typer.Argument(help="Where the hub listens: https://HOST:PORT.", show_default=False)],
    fingerprint: Annotated[
        str, typer.Option(help="The fingerprint that the hub shows beside the token: AB:CD:...", show_default=False)
    ],
    folder: FOLDER = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help="A file of mode 0600 with the token; without it the token is asked for.", show_default=False),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Replace the identity that this machine has.")] = False,
) -> None:
    """Make this machine a sensor of a hub, with a one-time token that the hub gave.

    The token itself is never sent, and nothing is before the hub's fingerprint was found right.

    Example:

        throng sensor enrol https://hub.example.org:8443 --fingerprint AB:CD:...
    """
    from throng.deliver.enrol import enrol as enrolled
    from throng.deliver.enrol import fingerprint_of
    from throng.deliver.hub import Address
    from throng.deliver.identity import IDENTITY_FILE

    place = folder or _default_folder()
    address, wanted = Address.of(hub), fingerprint_of(fingerprint)
    if (place / IDENTITY_FILE).exists() and not again:
        raise DeliveryError(f"this machine is a sensor already, in {place}: give --again to replace its identity")
    identity = enrolled(address, fingerprint=wanted, token=_token(token_file), folder=place)
    console = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
    console.print(f'this machine is now the sensor "{identity.name}" of {address.url}', markup=False)
    console.print("start it: throng sensor run" + (f" --folder {folder}" if folder else ""), markup=False)


@app.command()
def run(folder: FOLDER = None) -> None:
    """Measure what the hub asks for until Ctrl-C, and deliver it; what cannot be delivered is kept until it can.

    Example:

        throng sensor run
    """
    from throng.cli.remote import Remote
    from throng.deliver.identity import load_identity

    console = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
    place = folder or _default_folder()
    identity = load_identity(place)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: stop.set())
    with Remote(identity, tell=lambda sentence: console.print(sentence, markup=False)) as remote:
        console.print(f'sensor "{identity.name}" delivers to {identity.hub.url}; stop with Ctrl-C', markup=False)
        while not stop.is_set():
            remote.look_after()
            stop.wait(_LOOK_EVERY_S)
    console.print(f"stopped; {remote.waiting} ticks wait for the next start", markup=False)


def _default_folder() -> Path:
    state = os.environ.get("XDG_STATE_HOME", "")
    return (Path(state) if state.startswith("/") else Path.home() / ".local" / "state") / "throng-sensor"


def _token(file: Path | None) -> str:
    """The token, from a file or a person or a pipe; never from the command line, which others can see."""
    if file is not None:
        from throng.deliver.identity import read_private

        return read_private(file).decode("utf-8", errors="replace").strip()
    if sys.stdin.isatty():
        return getpass.getpass("one-time token: ").strip()
    return sys.stdin.readline(4096).strip()
