"""`throng audit`: what a thief of a store would learn, and what should not be in it. Nothing is changed."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from throng.data.errors import StoreError

if TYPE_CHECKING:
    from throng.audit.store.report import StoreReport

EXAMPLES = """Look through a copy of a store as its thief would, and find what should not be there. The store is not changed.

Examples:

    throng audit --store data/throng.duckdb

    throng audit --store backup.duckdb --site site.toml

    throng audit --store data/throng.duckdb --json

With the site file, names that it does not have are found too. The exit status is 0 when nothing is wrong, 1 when something is,
2 when the store cannot be read. A hub that has the store open must be stopped, or a copy audited. docs/audit.md describes every
check and the JSON."""

_STYLES = {"finding": "bold red", "note": "yellow", "ok": "green"}


def audit(
    store: Annotated[Path | None, typer.Option(help="The store, a DuckDB file.", show_default=False)] = None,
    site: Annotated[Path | None, typer.Option(help="The site file whose places may stand in it.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    from throng.audit.store.report import audit_store
    from throng.site.read import read_site

    if store is None:
        raise StoreError("there is nothing to audit: give --store FILE")
    places = None
    if site is not None:
        cameras = read_site(site).camera
        places = {
            camera.name: {each.name for each in camera.lines()} | {each.name for each in camera.zones()} for camera in cameras
        }
    report = audit_store(store, places)
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        _print(report)
    if report.wrong:
        raise typer.Exit(1)


audit.__doc__ = EXAMPLES


def _print(report: "StoreReport") -> None:
    console = Console(highlight=False)
    console.print(f"{report.path}: what its thief would learn", style="bold", markup=False)
    for sentence in report.learned:
        console.print(Padding(escape(sentence), (0, 0, 0, 2)))
    table = Table("", "check", "what was found", title="checks", title_justify="left")
    for finding in report.findings:
        # Not markup: names come out of the file.
        table.add_row(f"[{_STYLES[finding.grade]}]{finding.grade}[/]", finding.check, escape(finding.sentence))
    console.print(table)
    found = sum(finding.grade == "finding" for finding in report.findings)
    console.print(f"{found} finding{'s' * (found != 1)}" if found else "nothing is there that should not be", markup=False)
