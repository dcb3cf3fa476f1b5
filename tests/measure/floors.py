"""Floors and crowds for the tests of densities."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pedpy
import shapely
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.measure.walkers import as_frame

from throng.data.ground_place import Area
from throng.data.trajectories import Trajectories
from throng.measure.voronoi import CutOff

Floats = NDArray[np.float64]


def area(corners: Sequence[tuple[float, float]], *holes: Sequence[tuple[float, float]]) -> Area:
    return Area("floor", np.array(corners, dtype=np.float64), tuple(np.array(hole, dtype=np.float64) for hole in holes))


HALL = area([(0, 0), (10, 0), (10, 8), (0, 8)])
HEXAGON = area([(2, 0), (7, 0), (10, 4), (7, 8), (2, 8), (0, 3)])
CORNER = area([(0, 0), (0, 10), (6, 10), (6, 5), (12, 5), (12, 0)])
BOTTLENECK = area([(0, 0), (10, 0), (10, 6), (5.6, 6), (5.6, 7), (8, 7), (8, 12), (2, 12), (2, 7), (4.4, 7), (4.4, 6), (0, 6)])
PILLARS = area(
    [(0, 0), (10, 0), (10, 10), (0, 10)],
    [(4, 4), (4.6, 4), (4.6, 4.6), (4, 4.6)],
    [(7, 7), (7.05, 7), (7.05, 9.5), (7, 9.5)],
    [(2, 7), (2.02, 7), (2.01, 7.02)],
)
FLOORS = {"hall": HALL, "hexagon": HEXAGON, "corner": CORNER, "bottleneck": BOTTLENECK, "pillars": PILLARS}


def polygon(floor: Area) -> shapely.Polygon:
    return shapely.Polygon(floor.corners_m, floor.holes_m)


def people_on(floor: Area, number: int, *, seed: int = 0) -> Floats:
    """Places of people anywhere on a floor."""
    random = np.random.default_rng(seed)
    low, high = floor.corners_m.min(axis=0), floor.corners_m.max(axis=0)
    places = random.uniform(low, high, (4 * number + 50, 2))
    kept: Floats = places[shapely.contains_xy(polygon(floor), places[:, 0], places[:, 1])][:number]
    assert len(kept) == number
    return kept


def crowd_on(floor: Area, people: Sequence[int], *, seed: int = 0) -> Trajectories:
    """As many people in each frame; frames without any are left out in the middle."""
    frames = np.repeat(np.arange(len(people)), people) + 3
    ids = np.concatenate([np.arange(number) for number in people])
    return Trajectories(ids, frames, people_on(floor, len(frames), seed=seed), 25.0)


def recording(ids: Sequence[int], frames: Sequence[int], places: Sequence[tuple[float, float]]) -> Trajectories:
    return Trajectories(np.array(ids), np.array(frames), np.array(places), 10.0)


def of_pedpy(trajectories: Trajectories, floor: Area, cut_off: CutOff | None) -> pd.DataFrame:
    """PedPy's Voronoi polygons, in the order of rows."""
    theirs = None if cut_off is None else pedpy.Cutoff(radius=cut_off.radius_m, quad_segments=cut_off.quad_segments)
    table = pedpy.compute_individual_voronoi_polygons(
        traj_data=pedpy.TrajectoryData(as_frame(trajectories), trajectories.rate_hz),
        walkable_area=pedpy.WalkableArea(polygon(floor)),
        cut_off=theirs,
    )
    return table.sort_values(["frame", "id"], ignore_index=True)


cut_offs = st.one_of(st.none(), st.builds(CutOff, st.floats(0.05, 6.0), st.integers(1, 9)))
seeds = st.integers(0, 2**32 - 1)
