"""`throng doctor`: what this machine has, what each part of it would give, and what is missing."""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from throng import __version__
from throng.cli.console import console

if TYPE_CHECKING:
    from throng.cli.doctor.engines import Measured

EXAMPLES = """Look over this machine, one camera or a store: what is here, how it is, and what is missing. Nothing is stored.

Examples:

    throng doctor

    throng doctor --camera street.mp4

    throng doctor --site site.toml --camera north --seconds 30 --json

    throng doctor --store data/throng.duckdb

A look is one picture through one detector, with one thread. The number of cameras is for streams of five pictures a second of
which one in five shows a change: cameras = cores / (5 x (decoding a picture + comparing it + 0.2 x a look)), in seconds. What a
stream sends beyond that is decoded too, and following people costs a little more."""


def doctor(
    camera: Annotated[
        str | None,
        typer.Option(help="Look at this camera: a file, a device or a URL; with --site, its name there.", show_default=False),
    ] = None,
    site: Annotated[Path | None, typer.Option(help="The site file that names the camera.", show_default=False)] = None,
    seconds: Annotated[float, typer.Option(help="How much of the camera to look at.", min=0.1, max=3600.0)] = 10.0,
    detector: Annotated[
        str | None, typer.Option(help="For the camera: an installed model or FILE.onnx.", show_default=False)
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="Look at this store, a .duckdb file in a site's data folder.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    if store is not None:
        from throng.cli.doctor.store import report_store

        report_store(store, as_json=as_json)
        return
    if camera is not None or site is not None:
        from throng.cli.doctor.camera import report_camera

        report_camera(camera, site, seconds=seconds, detector=detector, as_json=as_json)
        return
    report = _report()
    if as_json:
        print(json.dumps(_without_nan(report), ensure_ascii=False))
    else:
        _print(report)


doctor.__doc__ = EXAMPLES


def _report() -> dict[str, Any]:
    """Everything that is found, in its documented JSON form."""
    from throng.cli.doctor import decoding, engines
    from throng.cli.doctor.machine import machine, versions
    from throng.data.errors import ModelError
    from throng.detect.models import installed

    here = machine()
    with progress() as shown:
        task = shown.add_task("making a clip to measure with")
        film = decoding.clip()
        shown.update(task, description="decoding")
        decode_s = decoding.decode_s(film) if film else math.nan
        frames = list(decoding.pictures(film))[:20] if film else []
        host = engines.Host(here.cores, decode_s + engines.compare_s(frames)) if film else None
        offered = decoding.devices(film)
        models, problem = [], ""
        try:
            models = installed()
        except ModelError as error:
            problem = str(error)
        among = engines.worth_measuring()
        rows: list[Measured] = []
        if host is not None:
            for model in models:
                shown.update(task, description=f"looking with {escape(model.name)}")
                rows.append(engines.measured(model, among, frames, host))
            shown.update(task, description="looking with foreground")
            rows.append(engines.measured_foreground(frames, host))
    return {
        "throng": __version__,
        "machine": asdict(here),
        "versions": versions(),
        "decoding": {
            "codec": "h264",
            "size_px": list(decoding.SIZE_PX),
            "frames_per_core_second": 1.0 / decode_s,
            "devices": [asdict(device) for device in offered],
        },
        "providers": [asdict(one) for one in engines.found()],
        "detectors": [asdict(row) for row in rows],
        "formula": engines.FORMULA,
        "missing": _missing(bool(models), problem, bool(film)),
    }


def _missing(has_models: bool, problem: str, has_clip: bool) -> list[str]:
    """What is absent and would help, with the remedy."""
    missing = [problem] if problem else []
    if not has_models and not problem:
        missing.append("no model is installed, so that auto means the foreground detector: `throng models pull yolox_nano`")
    if not has_clip:
        missing.append("FFmpeg has no H.264 encoder here, so that no speed was measured: `pip install av` brings one")
    return missing


def progress() -> Progress:
    """Shows what is being done, where somebody is looking."""
    shown = console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.description}")
    return Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal)


def _print(report: dict[str, Any]) -> None:
    shown = console()
    for line in (_machine_line(report), _versions_line(report), *_decoding_lines(report)):
        shown.print(line, markup=False, soft_wrap=True)
    shown.print(_providers_table(report))
    shown.print(_detectors_table(report))
    shown.print(report["formula"], markup=False, soft_wrap=True)
    for line in report["missing"]:
        shown.print(f"missing: {line}", markup=False, soft_wrap=True)


def _machine_line(report: dict[str, Any]) -> str:
    here = report["machine"]
    cores = f"{here['cores']} of {here['cores_present']} cores usable"
    if here["cpu_quota"] is not None:
        cores += f" (quota {here['cpu_quota']:g})"
    memory = "memory unknown"
    if here["memory_bytes"] is not None:
        memory = f"{here['memory_bytes'] / 2**30:.1f} GiB of memory"
        if here["memory_bytes"] != here["memory_present_bytes"] and here["memory_present_bytes"]:
            memory += f" (limited, of {here['memory_present_bytes'] / 2**30:.1f})"
    swap = "secrets locked from swap" if here["secrets_locked"] else "swap may see secrets: raise the limit of locked memory"
    return f"{here['processor']}: {cores}, {memory}, {swap}"


def _versions_line(report: dict[str, Any]) -> str:
    told = (f"{name} {number or 'absent'}" for name, number in report["versions"].items())
    return ", ".join([f"throng {report['throng']}", *told])


def _decoding_lines(report: dict[str, Any]) -> list[str]:
    decoding = report["decoding"]
    width, height = decoding["size_px"]
    speed = decoding["frames_per_core_second"]
    lines = [] if math.isnan(speed) else [f"decoding: {speed:.0f} pictures of H.264 {width}x{height} a second on one core"]
    by_state: dict[str, list[str]] = {}
    for one in decoding["devices"]:
        by_state.setdefault(one["reason"] or "works", []).append(one["name"])
    told = "; ".join(f"{', '.join(names)}: {state}" for state, names in by_state.items())
    return [*lines, f"hardware decoders: {told or 'none that FFmpeg offers'}"]


def _providers_table(report: dict[str, Any]) -> Table:
    table = Table("asked in this order", "through", "state")
    for row in report["providers"]:
        asked = " and ".join(row["precisions"])
        never = "here; asked for fast precision only, on processors that have a short format"
        state = f"here, for {asked} precision" if asked else never
        table.add_row(row["name"], row["library"], escape(state if row["library"] else f"absent: {row['remedy']}"))
    return table


def _detectors_table(report: dict[str, Any]) -> Table:
    table = Table("detector", "family", "runs on", "ms a look", "cameras, at most")
    for column in table.columns[3:]:
        column.justify = "right"
    for row in report["detectors"]:
        if row["error"]:
            table.add_row(escape(row["name"]), row["family"], escape(row["error"]))
        for speed in row["speeds"]:
            runs_on = speed["described"] or f"{speed['provider']}: {speed['error']}"
            figures = () if speed["error"] else (f"{speed['look_ms']:.1f}", str(math.floor(speed["cameras"])))
            table.add_row(escape(row["name"]), row["family"], escape(runs_on), *figures)
    return table


def _without_nan(value: Any) -> Any:
    """The same with null for what is not known, which JSON has no number for."""
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value
