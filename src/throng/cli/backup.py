"""`throng backup`: numbers, records and audit log in one sealed file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from throng.store.backup import Backup

EXAMPLES = """Write a site's numbers, the hub's records and its audit log to one sealed file, and read it back.

Examples:

    throng backup site.toml --to /mnt/backup/throng-2026-11-30.backup

Works while the site is stopped; a running hub makes backups itself. The file is sealed with the site's key: keep a copy of that
elsewhere, without it no backup opens. The ledgers of the privacy budget are not in it: throng restore says why."""


def backup(
    site: Annotated[Path, typer.Argument(help="The site file, TOML.", show_default=False)],
    to: Annotated[Path, typer.Option(help="The file to write; it must not be there.", show_default=False)],
) -> None:
    from throng.cli.opened import kept_of
    from throng.data.errors import StoreError
    from throng.hub.backup import write_backup
    from throng.site.read import read_site

    described_site = read_site(site)
    if not described_site.data_folder.is_dir():
        raise StoreError(f"there is nothing to back up in {described_site.data_folder}: run the site first")
    with kept_of(described_site) as kept:
        made = write_backup(to, kept, who="command line")
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"written and read back: {to}, {described(made)}", markup=False)


backup.__doc__ = EXAMPLES


def described(made: "Backup") -> str:
    """What a backup holds, in words."""
    from datetime import UTC, datetime

    if made.first_us is None or made.last_us is None:
        span = "no rows"
    else:
        first, last = (datetime.fromtimestamp(us / 1e6, UTC).strftime("%Y-%m-%d %H:%M") for us in (made.first_us, made.last_us))
        span = f"{made.rows:,} rows from {first} to {last} UTC"
    return f"{span}, {made.records:,} records, {made.log_bytes:,} bytes of audit log, as of {made.made}"
