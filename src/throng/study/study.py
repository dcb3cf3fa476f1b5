"""All measures of a recording at once, as tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa

from throng.data.errors import TrajectoryError
from throng.data.ground_place import Area, GroundLine
from throng.data.level_of_service import SPACE_M2, Kind
from throng.data.trajectories import Trajectories
from throng.measure.intervals import duration_s
from throng.measure.speed import Border, velocities
from throng.measure.voronoi import CutOff, voronoi_cells
from throng.study.diagrams import diagram_tables
from throng.study.ground import floor_table, histogram_tables
from throng.study.intervals import Interval, intervals
from throng.study.lines import gaps_table, lines_table, passings_table
from throng.study.places import MARGIN_M, Places, reached
from throng.study.stays import dwell_table, queues_table
from throng.study.zones import zone_tables

TABLES = ("lines", "passings", "gaps", "zones", "dwell", "queues", "fundamental", "capacity", "floor", "directions", "speeds")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Study:
    """What was measured: aggregates only, no row, id, place or speed of a single person.

    Attributes
    ----------
    lines, passings, gaps, zones, dwell, queues, fundamental, capacity, floor, directions, speeds : pyarrow.Table
        docs/measure.md describes their columns. NaN is what cannot be known. A table of which there is nothing has no rows.
    people, frames : int
        How many people and frames the recording has.
    rate_hz, seconds : float
        Frames a second, and how long it lasts.
    interval_s : float or "frame"
        What lines and zones are reported by.
    notes : tuple of str
        What was taken for granted.
    """

    lines: pa.Table
    passings: pa.Table
    gaps: pa.Table
    zones: pa.Table
    dwell: pa.Table
    queues: pa.Table
    fundamental: pa.Table
    capacity: pa.Table
    floor: pa.Table
    directions: pa.Table
    speeds: pa.Table
    people: int
    frames: int
    rate_hz: float
    seconds: float
    interval_s: Interval
    notes: tuple[str, ...] = field(default=())

    def tables(self) -> dict[str, pa.Table]:
        """The tables that have rows, by name."""
        return {name: table for name in TABLES if (table := getattr(self, name)).num_rows}

    def to_pandas(self, name: str) -> Any:
        """One table as a pandas DataFrame; needs pandas."""
        _need("pandas")
        return self._table(name).to_pandas()

    def to_polars(self, name: str) -> Any:
        """One table as a polars DataFrame; needs polars."""
        return _need("polars").from_arrow(self._table(name))

    def summary(self) -> str:
        """What was found over the whole recording, as plain text."""
        from throng.study.summary import as_text  # noqa: PLC0415 (it names this class)

        return as_text(self)

    def _table(self, name: str) -> pa.Table:
        if name not in TABLES:
            raise TrajectoryError(f'there is no table "{name}": the tables are {", ".join(TABLES)}')
        return getattr(self, name)


def measure(
    trajectories: Trajectories,
    *,
    lines: Sequence[GroundLine] = (),
    zones: Sequence[Area] = (),
    walkable: Area | None = None,
    interval_s: Interval = 60.0,
    window_s: float = 1.0,
    border: Border = "one-sided",
    cut_off_m: float | None = None,
    cell_m: float = 0.5,
    level: Kind = "walkway",
    progress: Callable[[int, int], None] | None = None,
) -> Study:
    """Measure a recording at lines, in zones and over the ground.

    Parameters
    ----------
    trajectories : Trajectories
        As `throng.study.read.read_trajectories` gives them.
    lines, zones : sequences
        Where to measure; each has a name of its own. Without any, only the ground as a whole is measured.
    walkable : Area, optional
        Where people can be; by default what they reached: the convex hull of all places and `MARGIN_M` around.
    interval_s : float or "frame"
        Length of the intervals that lines and zones are reported in, seconds; or every frame by itself.
    window_s, border
        Of the velocities, as in `throng.measure.speed.velocities`.
    cut_off_m : float, optional
        Radius in metres beyond which the Voronoi cell of a person ends.
    cell_m : float
        Side of the squares of the ground, metres.
    level : str
        What the zones are for, as in `throng.data.level_of_service.level_of_service`.
    progress : callable, optional
        Called with how many steps are done and how many there are.

    Raises
    ------
    GeometryError
        Two places have one name, or an area crosses itself.
    TrajectoryError
        A setting makes no sense.
    """
    if level not in SPACE_M2:
        raise TrajectoryError(f'there is no level of service for "{level}": give one of {", ".join(SPACE_M2)}')
    Places(tuple(lines), tuple(zones), walkable)
    notes = []
    if walkable is None:
        walkable = reached(trajectories)
        notes.append(
            f"the walkable ground was not given: taken as the convex hull of all places and {MARGIN_M:g} m around, "
            f"{walkable.area_m2:.1f} m2"
        )
    steps = _Steps(progress, 2 + len(zones))
    spans = intervals(trajectories, interval_s)
    velocities_mps = velocities(trajectories, window_s=window_s, border=border)
    cut_off = None if cut_off_m is None else CutOff(cut_off_m)
    cells = voronoi_cells(trajectories, walkable, cut_off=cut_off)
    unknown = float(np.isnan(cells.areas_m2).mean())
    if unknown:
        notes.append(f"{unknown:.2%} of all rows have no Voronoi cell: they lie outside the walkable ground")
    steps.one_done()
    of_zones, series = zone_tables(trajectories, zones, velocities_mps, cells, spans, level=level, step=steps.one_done)
    fundamental, capacity = diagram_tables(series, rate_hz=trajectories.rate_hz)
    directions, speeds = histogram_tables(trajectories, zones, velocities_mps)
    study = Study(
        lines=lines_table(trajectories, lines, spans),
        passings=passings_table(trajectories, lines, velocities_mps, interval_s=interval_s),
        gaps=gaps_table(trajectories, lines),
        zones=of_zones,
        dwell=dwell_table(trajectories, zones),
        queues=queues_table(trajectories, zones, velocities_mps),
        fundamental=fundamental,
        capacity=capacity,
        floor=floor_table(trajectories, walkable, cells, cell_m=cell_m),
        directions=directions,
        speeds=speeds,
        people=len(np.unique(trajectories.ids)),
        frames=len(trajectories.starts) - 1,
        rate_hz=trajectories.rate_hz,
        seconds=duration_s(trajectories),
        interval_s=interval_s,
        notes=tuple(notes),
    )
    steps.one_done()
    return study


class _Steps:
    """Tells how much of the work is done."""

    def __init__(self, tell: Callable[[int, int], None] | None, count: int) -> None:
        self._tell, self._count, self._done = tell, count, 0

    def one_done(self) -> None:
        self._done += 1
        if self._tell is not None:
            self._tell(self._done, self._count)


def _need(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise TrajectoryError(
            f"{module} is not installed: install it (pip install {module}), or use the Arrow tables as they are"
        ) from None
