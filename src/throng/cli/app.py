"""The command line."""

import sys
from typing import Annotated

import typer
from rich.console import Console

from throng import __version__
from throng.cli import audit, backup, cameras, count, demo, key, measure, models, restore, run, sensor, simulate, track_eval
from throng.cli.calibrate.command import calibrate
from throng.cli.doctor.command import doctor
from throng.cli.export.command import export
from throng.cli.privacy.command import privacy
from throng.data.errors import ThrongError

app = typer.Typer(
    name="throng",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="""Crowd numbers from fixed cameras, that cannot say who anyone is.

Example: `throng count street.mp4 --line "door: 661,166 1859,520"`""",
)
app.command("count")(count.count)
app.command("measure")(measure.measure)
app.command("run")(run.run)
app.command("demo")(demo.demo)
app.command("privacy")(privacy)
app.command("export")(export)
app.command("calibrate")(calibrate)
app.command("doctor")(doctor)
app.command("audit")(audit.audit)
app.command("backup")(backup.backup)
app.command("restore")(restore.restore)
app.command("simulate")(simulate.simulate)
app.command("track-eval")(track_eval.track_eval)
app.add_typer(cameras.app, name="cameras")
app.add_typer(key.app, name="key")
app.add_typer(models.app, name="models")
app.add_typer(sensor.app, name="sensor")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"throng {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; a mistake is one sentence on standard error and exit status 2."""
    try:
        app()
    except ThrongError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"throng: {error}", markup=False)
        sys.exit(2)
    except BrokenPipeError:
        # Whoever read our output has enough, as `head` does.
        sys.stderr.close()
        sys.exit(1)


if __name__ == "__main__":
    main()
