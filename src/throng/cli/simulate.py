"""`throng simulate`: footage of a simulated crowd, with its exact truth beside it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress


def simulate(
    scenario: Annotated[str, typer.Argument(help="concourse, concourse-5, concourse-50 or concourse-150.", show_default=False)],
    camera: Annotated[str | None, typer.Option(help="One of its cameras; by default the first.", show_default=False)] = None,
    out: Annotated[Path, typer.Option(help="Folder for the footage and its truth.")] = Path(),
    seconds: Annotated[float | None, typer.Option(help="So many seconds; by default all.", show_default=False)] = None,
) -> None:
    """Render footage of a simulated crowd, with its exact truth (trajectories, crossings, occupancies) beside it.

    Examples:

        throng simulate concourse-50 --out footage --seconds 60
    """
    from throng.simulate.footage import write
    from throng.simulate.scenario import load

    scene = load(scenario)
    name = scene.camera(camera).name if camera else scene.cameras[0].name
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("rendering", total=None)
        written = write(
            scene,
            name,
            out,
            duration_s=seconds,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    for path in written:
        print(path)
