"""`throng models`: the detector models installed here."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from throng.cli.console import console

if TYPE_CHECKING:
    from throng.detect.models import InstalledModel

app = typer.Typer(
    no_args_is_help=True, help="List, add, fetch and remove detector models. Example: `throng models add yolox_nano.onnx`"
)
Replace = Annotated[bool, typer.Option("--replace", help="Give up another model that is installed under this name.")]


@app.command("list")
def list_models() -> None:
    """List the installed models and those that can be fetched.

    Example:

        throng models list
    """
    from throng.detect.models import CATALOGUE, installed

    models = installed()
    by_auto = next((model for model in models if not model.counts_crowds), None)
    table = Table("model", "family", "SHA-256", "state")
    for model in models:
        state = "installed, counts crowds" if model.counts_crowds else "installed"
        state += ", taken by auto" if model is by_auto else ""
        table.add_row(escape(model.name), model.family, model.sha256[:16], state)
    for name, published in CATALOGUE.items():
        if name not in {model.name for model in models}:
            table.add_row(name, "", published.sha256[:16], f"throng models pull {name} ({published.licence})")
    console().print(table)


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="An ONNX file of a known family.", show_default=False)], replace: Replace = False
) -> None:
    """Install a model file under its name, after it has answered a blank picture.

    Example:

        throng models add yolox_nano.onnx
    """
    from throng.detect.models import add as add_model

    _tell(add_model(file, replace=replace))


@app.command()
def pull(
    name: Annotated[str, typer.Argument(help="A model of `throng models list`.", show_default=False)], replace: Replace = False
) -> None:
    """Fetch a model from its authors' release page and check its SHA-256.

    Example:

        throng models pull yolox_nano
    """
    from throng.detect.models import pull as pull_model

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"fetching {escape(name)}", total=None)

        def show(done: int, total: int | None) -> None:
            progress.update(task, completed=done, total=total)

        model = pull_model(name, progress=show, replace=replace)
    _tell(model)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="An installed model: `throng models list`.", show_default=False)],
) -> None:
    """Delete an installed model.

    Example:

        throng models remove yolox_nano
    """
    from throng.detect.models import remove as remove_model

    remove_model(name)
    console().print(f'removed "{name}"', markup=False)


def _tell(model: "InstalledModel") -> None:
    if model.counts_crowds:
        what, use = "a crowd counter", f"use it with `throng count --zone ... --detector {model.name}`"
    else:
        what, use = "a person detector", "auto takes it from now on"
    console().print(f'added "{model.name}", {what} of the {model.family} family; {use}', markup=False)
