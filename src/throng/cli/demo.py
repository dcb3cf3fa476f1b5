"""`throng demo`: a live, simulated station concourse."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from throng.hub.app import Hub

NOTE = "the people are simulated, so the demo protects them less than a site should: its numbers are easier to read"
SCENARIO = "concourse"
SITE = """name = "Simulated concourse"
data = "data"
tick_s = 5
port = {port}

[budget]
rho_per_day = 8.0

[budget.shares]
dwell = 0.1
heat = 0.1
"""
ALARMS = """
[[alarm]]
name = "150 came in from the street"
camera = "entrance"
place = "street"
quantity = "in_total"
above = 150
clear = 100
for_s = 60
severity = "notice"

[[alarm]]
name = "Crush before the board"
camera = "board"
place = "waiting"
preset = "standing-crowd"
"""
"""The first rings after some minutes, so that there is one to look at; the second never should."""


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
        path.write_text(site_text(SCENARIO, port=port) + ALARMS, encoding="utf-8")
        serve_site(read_site(path), note=NOTE, lasting=data is not None, prepare=furnish)


def site_text(scenario_name: str, *, port: int) -> str:
    """The site file of a simulated scenario: every camera with its lines, zones, calibration and place on the plan."""
    from throng.simulate.scenario import load

    scenario = load(scenario_name)
    parts = [SITE.format(port=port)]
    for camera in scenario.cameras:
        parts.append(
            f'\n[[camera]]\nname = "{camera.name}"\naddress = "simulate:{scenario_name}/{camera.name}"\n'
            'loop = true\ndetector = "foreground"\n'
        )
        for line in camera.lines_px:
            first, second = line.ends_px.round(1).tolist()
            parts.append(f'\n[[camera.line]]\nname = "{line.name}"\nfrom = {first}\nto = {second}\n')
        for zone in camera.zones_px:
            parts.append(f'\n[[camera.zone]]\nname = "{zone.name}"\ncorners = {zone.corners_px.round(1).tolist()}\n')
        points_px, points_m = camera.points_px.round(3).tolist(), scenario.layout.on_plan(camera.points_m).round(4).tolist()
        parts.append(f"\n[camera.calibration]\npoints_px = {points_px}\npoints_m = {points_m}\n")
        _, corners_m = camera.zones_m[0]
        x, y = scenario.layout.on_plan(corners_m).mean(axis=0).round(2).tolist()
        parts.append(f"\n[camera.where]\nx = {x}\ny = {y}\n")
    return "".join(parts)


def furnish(hub: "Hub") -> None:
    """Give the hub of the demo its plan, and each camera its plate, where they are not there yet.

    The plates are drawn without people rather than taken: without a model nobody can be ruled out in a picture.
    """
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from throng.hub.registry.plans import PlanPicture, put_plan
    from throng.hub.registry.registry import By
    from throng.simulate.scenario import load

    by = By("the demo")
    # Drawn in a process of its own, since what that takes would stay with the hub for good.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        plan, metres_wide, plates = apart.submit(_drawn).result()
    for site in hub.registry.state.sites.values():
        if site.plan is None:
            put_plan(hub.registry, site.name, PlanPicture(plan, "image/png"), metres_wide=metres_wide, version=0, by=by)
    for camera in load(SCENARIO).cameras:
        if not hub.plates.of(camera.name).made_us:
            hub.plates.ask(camera.name, by=by)
            ask = hub.plates.of(camera.name).asked_us
            hub.plates.take(camera.name, plates[camera.name], ask=ask, size_px=camera.size_px, covered=0, by=by)


def _drawn() -> tuple[bytes, float, dict[str, bytes]]:
    """The plan, how many metres it is wide, and the empty scene before each camera."""
    import cv2

    from throng.simulate.plan import plan_of
    from throng.simulate.render import Renderer
    from throng.simulate.scenario import load

    scenario = load(SCENARIO)
    empty = {camera.name: Renderer(scenario, camera).empty_image_at(0.0) for camera in scenario.cameras}
    return *plan_of(scenario.layout), {name: cv2.imencode(".jpg", image)[1].tobytes() for name, image in empty.items()}
