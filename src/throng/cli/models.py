"""`throng models`: the detector models installed here."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

app = typer.Typer(
    no_args_is_help=True, help="List, add and fetch detector models. Example: `throng models add yolox_nano.onnx`"
)


@app.command("list")
def list_models() -> None:
    """List the installed models and those that can be fetched.

    Example:

        throng models list
    """
    from throng.detect.models import CATALOGUE, installed

    console = Console(highlight=False)
    models = installed()
    table = Table("model", "family", "SHA-256", "state")
    for number, model in enumerate(models):
        table.add_row(model.name, model.family, model.sha256[:16], "installed, taken by auto" if number == 0 else "installed")
    for name, published in CATALOGUE.items():
        if name not in {model.name for model in models}:
            table.add_row(name, "", published.sha256[:16], f"throng models pull {name} ({published.licence})")
    console.print(table)


@app.command()
def add(file: Annotated[Path, typer.Argument(help="An ONNX file of a known family.", show_default=False)]) -> None:
    """Install a model file.

    Example:

        throng models add yolox_nano.onnx
    """
    from throng.detect.models import add as add_model

    model = add_model(file)
    Console(highlight=False).print(
        f'added "{model.name}", a person detector of the {model.family} family; auto takes it from now on'
    )


@app.command()
def pull(name: Annotated[str, typer.Argument(help="A model of `throng models list`.", show_default=False)]) -> None:
    """Fetch a model from its authors' release page and check its SHA-256.

    Example:

        throng models pull yolox_nano
    """
    from throng.detect.models import pull as pull_model

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"fetching {name}", total=None)
        model = pull_model(name, progress=lambda done, total: progress.update(task, completed=done, total=total))
    Console(highlight=False).print(f'added "{model.name}" ({model.family}); auto takes it from now on')
