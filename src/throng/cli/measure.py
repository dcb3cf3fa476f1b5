"""`throng measure`: crowd numbers from recorded trajectories, for the person who holds them. Nothing is kept."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from throng.data.errors import GeometryError, TrajectoryError

if TYPE_CHECKING:
    from throng.data.trajectories import Trajectories
    from throng.study.places import Places
    from throng.study.study import Study

EXAMPLES = """Measure recorded trajectories, once, exactly; only aggregates are printed or written, and nothing else is kept.

TRAJECTORIES is a text file of the Juelich archive or of PeTrack (what PedPy reads), obsmat.txt of ETH and UCY, CSV with a
header, MOT Challenge text (with --homography), or SQLite of JuPedSim. All places are in metres.

Examples:

    throng measure bottleneck.txt --line "door: 0.4,0 -0.4,0" --zone "front: -1,0.5 1,0.5 1,2.5 -1,2.5"

    throng measure corridor.txt --rate 16 --unit cm --places corridor.toml --interval 10 --out results

    throng measure tracks.csv --zone "hall: 0,0 8,0 8,5 0,5" --interval frame --out hall.parquet

    throng measure gt.txt --homography camera.txt --rate 25 --zone "square: 0,0 9,0 9,9 0,9" --json

A crossing is *in* when, looking from the line's first point to its second on a plan with y pointing up, it goes from the
left-hand side to the right-hand side. docs/measure.md describes the formats and every column."""


def measure(
    trajectories: Annotated[Path, typer.Argument(help="The recording.", show_default=False)],
    line: Annotated[list[str], typer.Option(help='A line to cross: "name: x,y x,y", metres.', show_default=False)] = [],  # noqa: B006
    zone: Annotated[list[str], typer.Option(help='A zone: "name: x,y x,y x,y ...", metres.', show_default=False)] = [],  # noqa: B006
    places: Annotated[
        Path | None, typer.Option(help="TOML with [[line]], [[zone]] and [walkable], metres.", show_default=False)
    ] = None,
    interval: Annotated[str, typer.Option(help="Report so many seconds together, or every frame: frame.")] = "60",
    rate: Annotated[
        float | None, typer.Option(help="Frames a second, where the file does not say.", show_default=False)
    ] = None,
    unit: Annotated[str | None, typer.Option(help="m, cm, mm or px, where the file does not say.", show_default=False)] = None,
    format: Annotated[
        str | None,
        typer.Option(help="juelich, obsmat, csv, mot or jupedsim; by default by its content.", show_default=False),
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help='The columns of a file without a header: "frame id x y".', show_default=False)
    ] = None,
    homography: Annotated[
        Path | None, typer.Option(help="Nine numbers, picture to metres: puts pixels on the ground.", show_default=False)
    ] = None,
    window: Annotated[float, typer.Option(help="Seconds over which a velocity is taken.")] = 1.0,
    cut_off: Annotated[
        float | None, typer.Option(help="Radius in metres beyond which a Voronoi cell ends.", show_default=False)
    ] = None,
    cell: Annotated[float, typer.Option(help="Side in metres of the squares of the ground.")] = 0.5,
    level: Annotated[
        str, typer.Option(help="What zones are for: walkway, stairs, queue, walkway-hcm2000 or stairs-hcm2000.")
    ] = "walkway",
    out: Annotated[
        Path | None, typer.Option(help="Write tables: a folder, or name.csv or name.parquet.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    where = _places(line, zone, places)
    options = {"rate_hz": rate, "unit": unit, "format": format, "columns": columns}
    settings = {"interval_s": _interval(interval), "window_s": window, "cut_off_m": cut_off, "cell_m": cell, "level": level}
    with _progress() as progress:
        recording = _read(trajectories, progress, homography, options)
        study = _measure(recording, where, progress, settings)
    _show(study, out, as_json=as_json)


measure.__doc__ = EXAMPLES


def _places(line: list[str], zone: list[str], path: Path | None) -> "Places":
    from throng.study.places import Places, parse_line, parse_zone, read_places

    found = Places() if path is None else read_places(path)
    where = Places(
        (*found.lines, *(parse_line(text) for text in line)),
        (*found.zones, *(parse_zone(text) for text in zone)),
        found.walkable,
    )
    if not where.lines and not where.zones and where.walkable is None:
        raise GeometryError(
            'there is nowhere to measure: give at least one --line "name: x,y x,y", --zone "name: x,y x,y x,y" or --places FILE'
        )
    return where


def _interval(text: str) -> float | str:
    if text == "frame":
        return text
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise TrajectoryError(f'--interval must be a positive number of seconds or frame, not "{text}"')
    return seconds


def _read(path: Path, progress: Progress, homography: Path | None, options: dict[str, Any]) -> "Trajectories":
    from throng.ground.file import read_homography
    from throng.study.read import read_trajectories

    task = progress.add_task("reading", total=None)
    ground = None if homography is None else read_homography(homography)
    return read_trajectories(
        path,
        homography=ground,
        progress=lambda done, total: progress.update(task, completed=done, total=total),
        **options,
    )


def _measure(recording: "Trajectories", where: "Places", progress: Progress, settings: dict[str, Any]) -> "Study":
    from throng.study.study import measure as measured

    task = progress.add_task("measuring", total=None)
    return measured(
        recording,
        lines=where.lines,
        zones=where.zones,
        walkable=where.walkable,
        progress=lambda done, total: progress.update(task, completed=done, total=total),
        **settings,
    )


def _show(study: "Study", out: Path | None, *, as_json: bool) -> None:
    from throng.study.summary import summary
    from throng.study.write import as_json as json_of
    from throng.study.write import write_tables

    if as_json:
        print(json.dumps(json_of(study), ensure_ascii=False))
    else:
        Console(highlight=False, markup=False).print(summary(study), "exact; aggregates only, nothing else kept", sep="\n")
    if out is not None:
        written = write_tables(study, out)
        Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(
            "written: " + ", ".join(str(file) for file in written)
        )


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
