"""`throng demo`: a live, simulated station concourse."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

NOTE = "the people are simulated, so the demo protects them less than a site should: its numbers are easier to read"
SITE = """name = "Simulated concourse"
data = "data"
tick_s = 2
port = {port}

[budget]
rho_per_day = 8.0
"""


def demo(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8040,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder to keep the demo's numbers in; by default they go when it stops.", show_default=False),
    ] = None,
) -> None:
    """Serve a live, simulated station concourse with four cameras.

    Example:

        throng demo --port 8050
    """
    from throng.cli.run import serve_site
    from throng.site.read import read_site

    with tempfile.TemporaryDirectory(prefix="throng-demo-") as scratch:
        folder = data or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "site.toml"
        path.write_text(site_text("concourse", port=port), encoding="utf-8")
        serve_site(read_site(path), note=NOTE, lasting=data is not None)


def site_text(scenario_name: str, *, port: int) -> str:
    """The site file of a simulated scenario: every camera with its lines, zones and calibration."""
    from throng.simulate.scenario import load

    parts = [SITE.format(port=port)]
    for camera in load(scenario_name).cameras:
        parts.append(
            f'\n[[camera]]\nname = "{camera.name}"\naddress = "simulate:{scenario_name}/{camera.name}"\n'
            'loop = true\ndetector = "foreground"\n'
        )
        for line in camera.lines_px:
            first, second = line.ends_px.round(1).tolist()
            parts.append(f'\n[[camera.line]]\nname = "{line.name}"\nfrom = {first}\nto = {second}\n')
        for zone in camera.zones_px:
            parts.append(f'\n[[camera.zone]]\nname = "{zone.name}"\ncorners = {zone.corners_px.round(1).tolist()}\n')
        points_px, points_m = camera.points_px.round(3).tolist(), camera.points_m.round(4).tolist()
        parts.append(f"\n[camera.calibration]\npoints_px = {points_px}\npoints_m = {points_m}\n")
    return "".join(parts)
