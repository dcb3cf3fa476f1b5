"""`throng restore`: a data folder out of a backup."""

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

EXAMPLES = """Make a site's data folder out of a backup. The folder must be empty or absent; it is there whole, or not at all.

Examples:

    throng restore throng-2026-11-30.backup --to data

    throng restore throng-2026-11-30.backup --to data --key-file /media/key/data.key

The key that sealed the backup must be there: by the name that the backup gives in ~/.config/throng, or by --key-file. The
ledgers of the privacy budget are never restored, as an older ledger would let a day's budget be spent twice: keep those of the
machine, and where they are lost, begin to measure on the next day (UTC)."""


def restore(
    backup: Annotated[Path, typer.Argument(help="The backup.", show_default=False)],
    to: Annotated[Path, typer.Option(help="The data folder to make.", show_default=False)],
    key_file: Annotated[Path | None, typer.Option(help="The key that sealed it.", show_default=False)] = None,
) -> None:
    from throng.cli.backup import described
    from throng.hub.backup import restore_folder

    ask = getpass.getpass if sys.stdin.isatty() else None
    restored = restore_folder(backup, to, key_file=key_file, ask=ask)
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"restored: {to}, {described(restored)}", markup=False)


restore.__doc__ = EXAMPLES
