"""`throng privacy`: what a site will release, at what error, and what that says about a passer-by; then what was spent."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from throng.data.errors import SiteError

if TYPE_CHECKING:
    from throng.site.model import Camera, Site

EXAMPLES = """Show both sides of a site's privacy budget before it goes live: what is released and how far off it is, and what
that tells of someone who passes. Where the site has run, show what was spent too. Nothing is started or stored.

Examples:

    throng privacy site.toml

    throng privacy site.toml --camera north

    throng privacy site.toml --json

Errors are the standard errors that the noise causes on a day without a restart: 95 numbers in 100 lie within twice as much of
what was counted. Guesses are about what a day may cost at most, restarts included."""


def privacy(
    site: Annotated[Path, typer.Argument(help="The site file, TOML.", show_default=False)],
    camera: Annotated[str | None, typer.Option(help="Show this camera only.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    from throng.cli.privacy.ledger import ledger_json, print_ledger
    from throng.cli.privacy.plan import SitePlan
    from throng.cli.privacy.tables import print_plans
    from throng.privacy.accountant import read_ledgers
    from throng.privacy.risk import describe
    from throng.site.read import read_site

    read = read_site(site)
    plan = SitePlan(read, _chosen(read, camera))
    spent = [line for line in read_ledgers(read.data_folder / "ledger") if camera in (None, line.camera)]
    if as_json:
        print(json.dumps(plan.as_json() | {"ledger": ledger_json(spent, plan.budget)}, ensure_ascii=False))
        return
    console = Console(highlight=False, markup=False)
    print_plans(console, plan)
    console.print("\nwhat it means for someone who passes", style="bold")
    for sentence in describe(plan.budget):
        console.print(f"- {sentence}")
    print_ledger(console, spent, plan.budget)


privacy.__doc__ = EXAMPLES


def _chosen(site: "Site", name: str | None) -> "tuple[Camera, ...]":
    chosen = tuple(camera for camera in site.camera if name in (None, camera.name))
    if not chosen:
        known = ", ".join(f'"{camera.name}"' for camera in site.camera)
        raise SiteError(f'there is no camera "{name}": take one of {known}')
    return chosen
