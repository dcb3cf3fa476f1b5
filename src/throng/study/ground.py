"""How the ground of a study is used, square by square, and which way and how fast people walk on it."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from throng.data.errors import TrajectoryError
from throng.data.ground_place import Area
from throng.data.trajectories import Trajectories
from throng.measure.floor import floor_use
from throng.measure.histogram import direction_histogram, speed_histogram
from throng.measure.inside import inside
from throng.measure.profile import Grid, voronoi_profile
from throng.measure.voronoi import Cells
from throng.study.table import stacked

Floats = NDArray[np.float64]

SECTORS = 8
SPEED_EDGES_MPS = np.append(np.linspace(0, 3, 31), np.inf)
MOST_SQUARES = 1_000_000
EVERYWHERE = "everywhere"
"""What a histogram over the whole recording calls its place."""


def floor_table(trajectories: Trajectories, walkable: Area, cells: Cells, *, cell_m: float) -> pa.Table:
    """A row for each square of the ground whose middle can be walked on or that people had a part of.

    Raises
    ------
    GeometryError
        The squares have no size.
    TrajectoryError
        They are so small that there are more than `MOST_SQUARES`.
    """
    grid = Grid.over(walkable, cell_m)
    if grid.columns * grid.rows > MOST_SQUARES:
        raise TrajectoryError(f"{grid.columns * grid.rows:,} squares of {cell_m:g} m are too many: choose larger ones (--cell)")
    used = floor_use(trajectories, **asdict(grid))
    density = voronoi_profile(trajectories, cells, grid, mean=True)
    x_m, y_m = np.meshgrid(*grid.middles_m)
    kept = (used > 0) | (density > 0) | inside(np.stack([x_m, y_m], axis=-1).reshape(-1, 2), walkable).reshape(used.shape)
    return pa.table(
        {"x_m": x_m[kept], "y_m": y_m[kept], "use_person_s_per_m2": used[kept], "density_voronoi_per_m2": density[kept]}
    )


def histogram_tables(trajectories: Trajectories, zones: Sequence[Area], velocities_mps: Floats) -> tuple[pa.Table, pa.Table]:
    """Directions and speeds, everywhere and in each zone, weighed by time."""
    places = [(EVERYWHERE, np.ones(len(trajectories), dtype=bool))]
    places += [(zone.name, inside(trajectories.xy_m, zone)) for zone in zones]
    directions = [
        {
            "place": name,
            "direction_deg": np.arange(SECTORS) * 360.0 / SECTORS,
            "person_s": direction_histogram(trajectories, velocities_mps, sectors=SECTORS, where=where),
        }
        for name, where in places
    ]
    speeds = [
        {
            "place": name,
            "from_mps": SPEED_EDGES_MPS[:-1],
            "to_mps": SPEED_EDGES_MPS[1:],
            "person_s": speed_histogram(trajectories, velocities_mps, edges_mps=SPEED_EDGES_MPS, where=where),
        }
        for name, where in places
    ]
    return stacked(directions), stacked(speeds)
