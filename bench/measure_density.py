"""Density beside PedPy: how long it takes, and how far the values are apart."""

import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pedpy
import shapely
from bench.report import paragraph
from numpy.typing import NDArray

from throng.data.ground_place import Area
from throng.data.trajectories import Trajectories
from throng.measure.density import classic_density
from throng.measure.profile import Grid, gaussian_profile, voronoi_profile
from throng.measure.voronoi import CutOff, cells_of_moment, individual_density, voronoi_cells, zone_densities, zone_density

Floats = NDArray[np.float64]
Work = Callable[[], Floats]

ROUNDS = 7
PEOPLE, FRAMES, PROFILE_FRAMES = 100, 100, 10
"""Frames of a round; a profile of PedPy takes long."""
GRID_M = 0.5
MOMENTS = 150
CUT_OFF = CutOff(1.0, 3)
WIDTH_M = 0.7
CONSTANTS = (2.35482, 2.50662)
"""What PedPy has for 2 sqrt(2 ln 2) and sqrt(2 pi)."""
GOALS = {"cells": 8.0, "cells, cut off": 8.0, "profile": 200.0}
HALL = Area("hall", np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]]))
BOTTLENECK = Area(
    "bottleneck",
    np.array(
        [[0, 0], [10, 0], [10, 7], [5.6, 7], [5.6, 8], [10, 8], [10, 11], [0, 11], [0, 8], [4.4, 8], [4.4, 7], [0, 7]],
        dtype=np.float64,
    ),
)
ZONE = Area("zone", np.array([[3.0, 3.0], [7.0, 3.0], [7.0, 6.0], [3.0, 6.0]]))
RECORDING = Path("trajectories/juelich/040_c_56_h-.txt")
RATE_HZ = 25.0


class Task(NamedTuple):
    """Something that both do: its name, key of its goal if any, frames that it is done for, and both ways to do it."""

    name: str
    goal: str
    frames: int
    ours: Work
    theirs: Work


def table(data: Path) -> list[str]:
    """The tables of times and ratios, as Markdown."""
    scenes = [
        ("100 people anywhere in a hall of 10 m x 10 m", _anywhere(HALL), HALL),
        (
            "100 people anywhere before and behind a bottleneck (12 corners, four of them inwards)",
            _anywhere(BOTTLENECK),
            BOTTLENECK,
        ),
        _real(data),
    ]
    lines = [
        paragraph(
            f"""
            Both get the same places, made into what each takes before its time starts. Every value of both is compared: the
            table has the greatest difference, relative to PedPy's value (of profiles, to the greater of it and 0.001
            people/m2). Cut-off: radius {CUT_OFF.radius_m:g} m, {CUT_OFF.quad_segments} segments a quarter. Squares of
            {GRID_M:g} m. PedPy rounds the constants of its Gaussian to six digits; they are put right in what is compared.
            Profiles take the cells as given, for both. Processor time, median of {ROUNDS} rounds taken in turn, after one to
            warm up, one core; the ratio is taken round by round. PedPy {version("PedPy")}.
            """
        )
    ]
    for title, trajectories, floor in scenes:
        print(f"bench: densities, {title}", file=sys.stderr, flush=True)
        lines += ["", f"### {title[0].upper()}{title[1:]}", "", *_scene(trajectories, floor)]
    return [*lines, "", "### One moment", "", *moment()]


def moment() -> list[str]:
    """What the densities of one live picture take, as Markdown."""
    return [
        f"Processor time of one moment, ms, median of {MOMENTS}: 1.5 people/m2, cut-off, four zones, grid over the floor.",
        "",
        "| people | cells | four zones | grid | together |",
        "| --- | --- | --- | --- | --- |",
        *(f"| {people:,} | {' | '.join(f'{ms:.2f}' for ms in _moment_ms(people))} |" for people in (100, 300, 1000)),
    ]


def _moment_ms(people: int) -> list[float]:
    """Cells, zones, grid and all together."""
    side_m = (people / 1.5) ** 0.5
    floor = Area("floor", HALL.corners_m * (side_m / 10))
    zones = [Area(f"{k}", ZONE.corners_m * (side_m / 20) + side_m * 0.4 * np.array([k % 2, k // 2])) for k in range(4)]
    grid, starts = Grid.over(floor, GRID_M), np.array([0, people])
    times = []
    for seed in range(MOMENTS + 50):
        places = np.random.default_rng(seed).uniform(0, side_m, (people, 2))
        marks = [time.process_time()]
        cells = cells_of_moment(places, floor, cut_off=CUT_OFF)
        marks.append(time.process_time())
        zone_densities(starts, cells, zones)
        marks.append(time.process_time())
        voronoi_profile(starts, cells, grid)
        marks.append(time.process_time())
        times.append([*np.diff(marks), marks[-1] - marks[0]])
    medians: list[float] = (1000 * np.median(times[50:], axis=0)).tolist()
    return medians


def _processor_s(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _scene(trajectories: Trajectories, floor: Area) -> list[str]:
    head = "| | Throng, s per 1,000 frames | PedPy, s | PedPy / Throng | least to most | goal | | greatest difference |"
    return [head, "|" + " --- |" * 8, *(_row(task) for task in _tasks(trajectories, floor))]


def _tasks(trajectories: Trajectories, floor: Area) -> list[Task]:
    places = pd.DataFrame(
        {"id": trajectories.ids, "frame": trajectories.frames, "x": trajectories.xy_m[:, 0], "y": trajectories.xy_m[:, 1]}
    )
    recording = pedpy.TrajectoryData(places, trajectories.rate_hz)
    walkable, zone = pedpy.WalkableArea(floor.corners_m), pedpy.MeasurementArea(ZONE.corners_m)
    theirs = pedpy.Cutoff(radius=CUT_OFF.radius_m, quad_segments=CUT_OFF.quad_segments)

    def polygons(cut_off: pedpy.Cutoff | None) -> pd.DataFrame:
        return pedpy.compute_individual_voronoi_polygons(traj_data=recording, walkable_area=walkable, cut_off=cut_off)

    frames = len(trajectories.starts) - 1
    cells, cell_polygons = voronoi_cells(trajectories, floor), polygons(None)
    first = slice(0, trajectories.starts[PROFILE_FRAMES])
    few_cells = voronoi_cells(_rows(trajectories, first), floor)
    few = [data[data.frame < trajectories.first_frame + PROFILE_FRAMES] for data in (cell_polygons, recording.data)]
    grid = Grid.over(floor, GRID_M)

    def profile(data: pd.DataFrame, method: pedpy.DensityMethod, width_m: float | None = None) -> Floats:
        found = pedpy.compute_density_profile(
            data=data, walkable_area=walkable, grid_size=GRID_M, density_method=method, gaussian_width=width_m
        )
        return np.array(found)[:, ::-1]

    sigma_factor, root = CONSTANTS
    width_m = WIDTH_M * sigma_factor / np.sqrt(8 * np.log(2))
    few_starts = trajectories.starts[: PROFILE_FRAMES + 1]
    return [
        Task(
            "cells",
            "cells",
            frames,
            lambda: individual_density(voronoi_cells(trajectories, floor)),
            lambda: _values(polygons(None)),
        ),
        Task(
            "cells, cut off",
            "cells, cut off",
            frames,
            lambda: individual_density(voronoi_cells(trajectories, floor, cut_off=CUT_OFF)),
            lambda: _values(polygons(theirs)),
        ),
        Task(
            "density of a zone, by cells",
            "",
            frames,
            lambda: zone_density(trajectories, cells, ZONE),
            lambda: _values(pedpy.compute_voronoi_density(individual_voronoi_data=cell_polygons, measurement_area=zone)[0]),
        ),
        Task(
            "density of a zone, classic",
            "",
            frames,
            lambda: classic_density(trajectories, ZONE),
            lambda: _values(pedpy.compute_classic_density(traj_data=recording, measurement_area=zone)),
        ),
        Task(
            "profile, by cells",
            "profile",
            PROFILE_FRAMES,
            lambda: voronoi_profile(few_starts, few_cells, grid),
            lambda: profile(few[0], pedpy.DensityMethod.VORONOI),
        ),
        Task(
            "profile, Gaussian",
            "",
            PROFILE_FRAMES,
            lambda: gaussian_profile(_rows(trajectories, first), grid, width_m=WIDTH_M),
            lambda: profile(few[1], pedpy.DensityMethod.GAUSSIAN, width_m) * (root**2 / (2 * np.pi)),
        ),
    ]


def _values(table: Any) -> Floats:
    """Densities in the order of frames and people."""
    keys = [key for key in ("frame", "id") if key in table]
    return np.asarray(table.sort_values(keys)["density"], dtype=np.float64)


def _rows(trajectories: Trajectories, rows: slice) -> Trajectories:
    return Trajectories(trajectories.ids[rows], trajectories.frames[rows], trajectories.xy_m[rows], trajectories.rate_hz)


def _row(task: Task) -> str:
    ours, theirs = task.ours(), task.theirs()
    floor = 1e-3 if "profile" in task.name else np.finfo(float).tiny
    apart = float(np.max(np.abs(ours - theirs) / np.maximum(np.abs(theirs), floor)))
    times: list[list[float]] = []
    for _ in range(ROUNDS):
        times.append([])
        for work in (task.ours, task.theirs):
            times[-1].append(_processor_s(work) * 1000 / task.frames)
    ratios = sorted(slow / fast for fast, slow in times)
    ratio = statistics.median(ratios)
    medians = " | ".join(f"{statistics.median(each):.3g}" for each in zip(*times, strict=True))
    goal = GOALS.get(task.goal)
    said = " | " if goal is None else f"{goal:g} | {'met' if ratio >= goal and apart < 1e-9 else 'missed'}"
    return f"| {task.name} | {medians} | {ratio:.1f} | {ratios[0]:.1f} to {ratios[-1]:.1f} | {said} | {apart:.0e} |"


def _anywhere(floor: Area) -> Trajectories:
    """People who stand anywhere on a floor, anew in every frame."""
    random, size = np.random.default_rng(1), PEOPLE * FRAMES
    places = random.uniform(floor.corners_m.min(axis=0), floor.corners_m.max(axis=0), (2 * size, 2))
    places = places[shapely.contains_xy(shapely.Polygon(floor.corners_m), places[:, 0], places[:, 1])][:size]
    return Trajectories(np.tile(np.arange(PEOPLE), FRAMES), np.repeat(np.arange(FRAMES), PEOPLE), places, RATE_HZ)


def _real(data: Path) -> tuple[str, Trajectories, Area]:
    """The densest hundred frames of people before a door, and a floor that holds them all."""
    rows = np.loadtxt(data / RECORDING, comments="#")
    ids, frames, places = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64), rows[:, 2:4]
    counts = np.bincount(frames)
    start = int(np.argmax(np.convolve(counts, np.ones(FRAMES), mode="valid")))
    chosen = (frames >= start) & (frames < start + FRAMES)
    low, high = places[chosen].min(axis=0) - 0.3, places[chosen].max(axis=0) + 0.3
    shift = np.array([5.0, 4.5]) - (low + high) / 2
    low, high = low + shift, high + shift
    floor = Area("box", np.array([low, [high[0], low[1]], high, [low[0], high[1]]]))
    people = counts[start : start + FRAMES].mean()
    title = f"{people:.0f} people in the mean before a door (Juelich, {RECORDING.stem}), in a box around them"
    return title, Trajectories(ids[chosen], frames[chosen] - start, places[chosen] + shift, RATE_HZ), floor
