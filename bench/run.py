"""`make bench`: Throng against its limits and its peers, side by side in one run; prints the tables and writes BENCHMARKS.md.

    python -m bench.run [PART...]

Without parts it runs them all; `tracking` stands for every part whose name begins so. Each part replaces its own section of
BENCHMARKS.md. The footage and the model are not part of the project: $THRONG_DATA and $THRONG_MODELS name their folders.
"""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import (
    accuracy,
    alarms,
    calibration,
    coverage,
    dashboard,
    dashboard_setup,
    dashboard_year,
    hub_day,
    hub_live,
    measure_density,
    measure_live,
    privacy,
    privacy_attacks,
    seeing_accuracy,
    seeing_busy,
    seeing_cameras,
    seeing_engines,
    seeing_film,
    seeing_health,
    seeing_memory,
    seeing_quiet,
    seeing_tiles,
    tracking_accuracy,
    tracking_counts,
    tracking_ideas,
    tracking_memory,
    tracking_speed,
)
from bench.report import ROOT, merged, printed, provenance

DATA = Path(os.environ.get("THRONG_DATA", ROOT.parent / "shared" / "data"))
MODELS = Path(os.environ.get("THRONG_MODELS", ROOT.parent / "shared" / "models"))
MODEL = MODELS / "yolox_nano.onnx"
STREET = (DATA / seeing_busy.FOOTAGE, MODEL)
ROOM = (DATA / seeing_film.FOOTAGE, MODEL)
ENGINES = (DATA / seeing_engines.FOOTAGE, *(MODELS / f"{name}.onnx" for name in seeing_engines.MODELS))
TILES = (DATA / seeing_tiles.FOOTAGE, *(MODELS / f"{name}.onnx" for name in seeing_tiles.MODELS))


class Part(NamedTuple):
    """One section of the report: its title, what makes its lines, the files it needs, and how many cores it uses."""

    title: str
    lines: Callable[[], list[str]]
    needs: tuple[Path, ...] = ()
    used: str = "one"


PARTS = {
    "seeing-busy": Part("A busy street on one core", lambda: seeing_busy.table(DATA, MODEL), STREET),
    "seeing-quiet": Part("A quiet scene on one core", lambda: seeing_quiet.table(DATA, MODEL), ROOM),
    "seeing-cameras": Part("How many cameras fit on two cores", lambda: seeing_cameras.table(DATA, MODEL), ROOM, "two"),
    "seeing-memory": Part("Memory of a further camera", lambda: seeing_memory.table(DATA, MODEL), ROOM, "two"),
    "seeing-health": Part("What is told of a camera that sees nothing", lambda: seeing_health.table(DATA), (DATA / "video",)),
    "seeing-engines": Part("What runs a model, and how precisely", lambda: seeing_engines.table(DATA, MODELS), ENGINES),
    "seeing-tiles": Part("Tiles for small people", lambda: seeing_tiles.table(DATA, MODELS), TILES),
    "seeing-accuracy": Part(
        "What the detectors see", lambda: seeing_accuracy.table(DATA, MODELS), (DATA / "video", MODELS / "yolox_nano.onnx")
    ),
    "measure-density": Part(
        "Densities, beside PedPy", lambda: measure_density.table(DATA), (DATA / "trajectories" / "juelich",)
    ),
    "measure-live": Part("All measures of a camera's frame", measure_live.table),
    "calibration": Part("Cameras calibrated by the people who pass", calibration.table),
    "privacy-errors": Part("What privacy costs: errors beside the limit", privacy.errors),
    "privacy-speed": Part("What privacy costs: memory and time, beside OpenDP", privacy.speed),
    "privacy-state": Part("What privacy costs: speed now, and what is not released", privacy.state),
    "privacy-intervals": Part("Whether 95 per cent intervals cover", coverage.run),
    "privacy-attacks": Part("What attacks on the wall measure", privacy_attacks.run),
    "alarms": Part("What noise does to alarms", alarms.table),
    "store-day": Part("A city's day in the store, DuckDB", lambda: printed("bench.store_day")),
    "store-postgres": Part("A city's day in the store, PostgreSQL", lambda: printed("bench.store_postgres"), used="two"),
    "hub-day": Part("A city's day through the hub's live door, DuckDB", hub_day.table, used="two"),
    "hub-day-postgres": Part("A city's day through the hub's live door, PostgreSQL", hub_day.postgres_table, used="two"),
    "hub-live": Part("A city live: sensors and open pages at one hub", hub_live.table, used="two"),
    "dashboard-now": Part("The dashboard in a browser: a city now", dashboard.table, used="two"),
    "dashboard-setup": Part(
        "The dashboard in a browser: a camera set up",
        lambda: dashboard_setup.table(DATA, MODELS),
        (DATA / dashboard_setup.FOOTAGE, MODELS / dashboard_setup.MODEL),
        "two",
    ),
    "dashboard-year": Part("The dashboard in a browser: a year", dashboard_year.table, used="two"),
    "foreground": Part("Line counts by `foreground` on simulated concourses", accuracy.table),
    "tracking-accuracy": Part("Following people, beside the peers", lambda: tracking_accuracy.table(DATA), (DATA / "mot",)),
    "tracking-ideas": Part("What each idea in the tracker is worth", lambda: tracking_ideas.table(DATA), (DATA / "mot",)),
    "tracking-counts": Part("Line counts from tracks, beside the peers", tracking_counts.table),
    "tracking-speed": Part("The tracker's time a frame, beside the peers", tracking_speed.table),
    "tracking-memory": Part("The tracker's memory over a day", tracking_memory.table),
}


def main() -> None:
    """Run the parts that were asked for."""
    chosen = parts_named(sys.argv[1:])
    for path in (path for name in chosen for path in PARTS[name].needs):
        if not path.exists():
            sys.exit(f"bench: {path} is absent; set THRONG_DATA and THRONG_MODELS to the folders of footage and models")
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for name in chosen:
        print(f"bench: {name}", file=sys.stderr, flush=True)
        part = PARTS[name]
        text = "\n".join([provenance(used=part.used), "", *part.lines()])
        print(f"## {part.title}\n\n{text}\n", flush=True)
        _write({part.title: text})


def parts_named(names: Sequence[str]) -> list[str]:
    """The parts that these names or beginnings of names mean, in order; all for none."""
    for name in names:
        if not any(part.startswith(name) for part in PARTS):
            sys.exit(f'bench: there is no part "{name}": choose from {", ".join(PARTS)}')
    return [part for part in PARTS if not names or part.startswith(tuple(names))]


def _write(sections: dict[str, str]) -> None:
    path = ROOT / "BENCHMARKS.md"
    report = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(merged(report, sections, [part.title for part in PARTS.values()]), encoding="utf-8")


if __name__ == "__main__":
    main()
