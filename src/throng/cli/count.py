"""`throng count`: exact numbers from footage, for the person who holds it. Nothing is stored."""

import csv
import json
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from throng.cli.console import console
from throng.cli.on_ground import KEYS, GroundTotals
from throng.cli.places import check_names, parse_line, parse_zone
from throng.data.errors import GeometryError, ModelError, SourceError
from throng.data.frame import Frame
from throng.data.outage import Outage
from throng.data.place import Anchor

if TYPE_CHECKING:
    from throng.capture.card import Decoding
    from throng.capture.source import Source
    from throng.detect.detector import CrowdCounter, Detector
    from throng.pipeline import Pipeline, Plan, Totals

EXAMPLES = """Count people in footage, once, exactly; nothing is stored.

Examples:

    throng count street.mp4 --line "door: 661,166 1859,520"

    throng count hall.mp4 --zone "hall: 0,0 768,0 768,432 0,432" --json

    throng count rtsp://10.0.0.5/stream --line "gate: 100,300 600,300" --seconds 60

A crossing is *in* when, looking from the line's first point to its second, it goes from the left-hand side of the picture
to the right-hand side."""


UNITS = {
    "area_m2": "area m²",
    "mean_density": "mean density /m²",
    "peak_density": "peak density /m²",
    "mean_speed": "mean speed m/s",
    "peak_pressure": "peak pressure /s²",
}


@dataclass(frozen=True, slots=True)
class Counted:
    """What a count found, and the run's facts.

    Attributes
    ----------
    lines, zones : lists of dict
        As in the documented JSON form.
    follows : str
        What follows people, and which of their points counts; "nobody is followed" for a crowd counter.
    """

    source: str
    frames: int
    dropped: int
    seconds: float
    detector: str
    follows: str
    lines: list[dict[str, Any]]
    zones: list[dict[str, Any]]
    truncated: str

    def as_json(self) -> dict[str, Any]:
        """The documented JSON form."""
        return {
            "source": self.source,
            "frames": self.frames,
            "seconds": round(self.seconds, 3),
            "detector": self.detector,
            "lines": self.lines,
            "zones": self.zones,
        }


def count(
    source: Annotated[str, typer.Argument(help="A video file, a device such as /dev/video0, or a URL.", show_default=False)],
    line: Annotated[list[str], typer.Option(help='A line to cross: "name: x,y x,y", pixels.', show_default=False)] = [],  # noqa: B006
    zone: Annotated[list[str], typer.Option(help='A zone to be in: "name: x,y x,y x,y ...".', show_default=False)] = [],  # noqa: B006
    anchor: Annotated[str, typer.Option(help="The point of a person's box that counts: foot or centre.")] = "foot",
    detector: Annotated[str, typer.Option(help="auto, foreground, an installed model or FILE.onnx.")] = "auto",
    tiles: Annotated[
        str | None,
        typer.Option(help='Also look at overlapping tiles, "2x1" columns and rows, for small people.', show_default=False),
    ] = None,
    homography: Annotated[
        Path | None,
        typer.Option(
            help="Nine numbers, picture to metres: adds densities and speeds, and helps to find people.", show_default=False
        ),
    ] = None,
    decoding: Annotated[str, typer.Option(help="Who decodes: processor, or card where one opens.")] = "processor",
    rate: Annotated[float | None, typer.Option(help="Look at most so many times a second.", show_default=False)] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop after so many seconds of the source.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    picture: Annotated[
        Path | None, typer.Option(help="Draw lines, zones and counts on the empty scene, as PNG.", show_default=False)
    ] = None,
) -> None:
    plan = _plan(line, zone, anchor, detector, homography, tiles)
    counted = _count(source, plan, decoding=_decoding(decoding), rate=rate, seconds=seconds, picture=picture)
    result = counted.as_json()
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    elif as_csv:
        _print_csv(result)
    else:
        _print_tables(result, counted)
    if counted.truncated:
        _say(counted.truncated)


count.__doc__ = EXAMPLES


def _say(sentence: str) -> None:
    console(stderr=True).print(f"throng: {sentence}", markup=False)


def _say_what_runs(looker: "Detector | CrowdCounter") -> None:
    from throng.detect.detector import what_runs

    if told := what_runs(looker):
        _say(told)


def _plan(line: list[str], zone: list[str], anchor: str, detector: str, homography: Path | None, tiles: str | None) -> "Plan":
    lines, zones = tuple(parse_line(text) for text in line), tuple(parse_zone(text) for text in zone)
    if not lines and not zones:
        raise GeometryError('there is nothing to count: give at least one --line "name: x,y x,y" or --zone "name: x,y x,y x,y"')
    check_names(lines, zones)
    if anchor not in ("foot", "centre"):
        raise GeometryError(f'--anchor must be foot or centre, not "{anchor}"')
    # Decoder, detector and geometry libraries are loaded by the commands that look at pictures, not by `throng --help`.
    from throng.detect.threads import threads_for_one, usable_cores
    from throng.ground.calibration import exact
    from throng.ground.file import read_homography
    from throng.pipeline import Plan

    ground = None if homography is None else partial(exact, read_homography(homography))
    point: Anchor = "centre" if anchor == "centre" else "foot"
    threads = threads_for_one(usable_cores())
    return Plan(lines=lines, zones=zones, anchor=point, detector=detector, calibrate=ground, threads=threads, tiles=tiles)


def _decoding(text: str) -> "Decoding":
    if text not in ("processor", "card"):
        raise SourceError(f'--decoding must be processor or card, not "{text}"')
    return "card" if text == "card" else "processor"


def _count(
    source: str, plan: "Plan", *, decoding: "Decoding", rate: float | None, seconds: float | None, picture: Path | None
) -> Counted:
    from throng.capture.address import UNNAMED
    from throng.capture.source import open_source
    from throng.detect.choose import counts_crowds

    crowd = counts_crowds(plan.detector)
    if crowd and picture is not None:
        raise ModelError(
            "a crowd counter finds nobody apart, and so cannot make sure that a picture shows nobody: leave --picture out"
        )
    if crowd and plan.tiles is not None:
        raise ModelError(
            "a crowd counter looks at the picture as a whole: leave --tiles out, or choose a model of another kind"
        )
    with open_source(source, camera=UNNAMED, max_rate_hz=rate, threads=0, decoding=decoding) as frames:
        if frames.note:
            _say(frames.note)
        return _count_crowd(source, frames, plan, seconds) if crowd else _count_people(source, frames, plan, seconds, picture)


def _count_people(source: str, frames: "Source", plan: "Plan", seconds: float | None, picture: Path | None) -> Counted:
    from throng.capture.plate import PlateBuilder
    from throng.detect.choose import choose_detector
    from throng.pipeline import Pipeline, Totals
    from throng.track.tracker import Tracker

    plates = PlateBuilder() if picture is not None else None
    # A model that cannot be used is said before a long film is read.
    ready = None
    if plan.detector != "foreground":
        ready = choose_detector(plan.detector, threads=plan.threads, tiles=plan.tiles, precision=plan.precision)
        _say_what_runs(ready)
    known = ready if ready is not None and ready.name != "foreground" else None
    ground = GroundTotals(plan) if plan.calibrate is not None and plan.zones else None
    pipeline = Pipeline(
        plan,
        detector=known,
        on_frame=plates.offer if plates is not None else None,
        on_tracks=ground.take if ground is not None else None,
    )
    if ground is not None:
        ground.watch(pipeline)
    totals = Totals.of(plan)
    number = _follow(frames, pipeline, totals, seconds)
    on_ground = ground.zones() if ground is not None else [{} for _ in plan.zones]
    counted = Counted(
        source=source,
        frames=number,
        dropped=frames.dropped,
        seconds=totals.seconds,
        detector=pipeline.detector.name if pipeline.detector else plan.detector,
        follows=f"tracker {Tracker.name}, point {plan.anchor}",
        lines=_lines(plan, totals),
        zones=[zone | more for zone, more in zip(_zones(plan, totals), on_ground, strict=True)],
        truncated=frames.truncated,
    )
    if picture is not None and plates is not None:
        from throng.cli.picture import save_picture

        save_picture(picture, plates, pipeline, counted.as_json())
    return counted


def _lines(plan: "Plan", totals: "Totals") -> list[dict[str, Any]]:
    pairs = totals.counts.reshape(-1, 2).tolist()[: len(plan.lines)]
    return [
        {"name": line.name, "in": went_in, "out": went_out} for line, (went_in, went_out) in zip(plan.lines, pairs, strict=True)
    ]


def _zones(plan: "Plan", totals: "Totals") -> list[dict[str, Any]]:
    pairs = totals.counts.reshape(-1, 2).tolist()[len(plan.lines) :]
    mean = totals.occupancy_seconds / totals.seconds if totals.seconds else totals.occupancy_seconds
    return [
        {
            "name": zone.name,
            "entries": entries,
            "exits": exits,
            "mean_occupancy": round(float(mean[number]), 3),
            "peak_occupancy": int(totals.peak[number]),
        }
        for number, (zone, (entries, exits)) in enumerate(zip(plan.zones, pairs, strict=True))
    ]


def _count_crowd(source: str, frames: "Source", plan: "Plan", seconds: float | None) -> Counted:
    from throng.cli.crowd import count_crowd
    from throng.detect.choose import choose_counter

    counter = choose_counter(plan.detector, threads=plan.threads)
    _say_what_runs(counter)
    with _progress() as progress:
        task = progress.add_task("counting", total=frames.info.frames if frames.info else None, rate=0.0)
        totals = count_crowd(_until(frames, seconds), plan, counter, on_frame=lambda n: progress.update(task, completed=n))
    return Counted(
        source=source,
        frames=totals.frames,
        dropped=frames.dropped,
        seconds=totals.seconds,
        detector=counter.name,
        follows="nobody is followed",
        lines=[],
        zones=totals.zones(),
        truncated=frames.truncated,
    )


def _follow(source: "Source", pipeline: "Pipeline", totals: "Totals", seconds: float | None) -> int:
    """Measure the source to its end, with a progress bar where somebody is looking; how many frames were read."""
    number = 0
    expected = source.info.frames if source.info else None
    with _progress() as progress:
        task = progress.add_task("counting", total=expected, rate=0.0)
        for item in pipeline.run(_until(source, seconds)):
            if isinstance(item, Outage):
                continue
            totals.add(item)
            number += 1
            if number % 10 == 0:
                elapsed = progress.tasks[0].elapsed or 1e-9
                progress.update(task, completed=number, rate=number / elapsed)
        # The last measurement is the end of the tracks, not a frame.
        number -= 1
        progress.update(task, completed=number)
    return number


def _until(source: "Source", seconds: float | None) -> Any:
    for item in source:
        if seconds is not None and isinstance(item, Frame) and item.time_s > seconds:
            return
        yield item


def _progress() -> Progress:
    shown = console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.completed} frames, {task.fields[rate]:.0f}/s"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=shown,
        transient=True,
        disable=not shown.is_terminal,
    )


def _print_csv(result: dict[str, Any]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    of_zones = ["entries", "exits", "mean_occupancy", "peak_occupancy"]
    of_zones += [key for key in KEYS if any(key in zone for zone in result["zones"])]
    writer.writerow(["kind", "name", "in", "out", *of_zones])
    for line in result["lines"]:
        writer.writerow(["line", line["name"], line["in"], line["out"], *("" for _ in of_zones)])
    for zone in result["zones"]:
        numbers = ["" if zone[key] is None else zone[key] for key in of_zones]
        writer.writerow(["zone", zone["name"], "", "", *numbers])


def _print_tables(result: dict[str, Any], counted: Counted) -> None:
    shown = console()
    of_zones = ("entries", "exits", "mean_occupancy", "peak_occupancy")
    for kind, columns in (("lines", ("in", "out")), ("zones", of_zones), ("zones", KEYS)):
        if result[kind] and columns[0] in result[kind][0]:
            table = Table(kind[:-1], *(UNITS.get(column, column.replace("_", " ")) for column in columns))
            for column in table.columns[1:]:
                column.justify = "right"
            for row in result[kind]:
                table.add_row(row["name"], *("-" if row[column] is None else str(row[column]) for column in columns))
            shown.print(table)
    shown.print(
        f"{counted.frames} frames read, {counted.dropped} dropped, {counted.seconds:.1f} s of footage; "
        f"detector {counted.detector}, {counted.follows}; exact, nothing stored",
        markup=False,
    )
