"""What happens in the zones of a study."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from throng.data.ground_place import Area
from throng.data.level_of_service import Kind, level_of_service
from throng.data.trajectories import Trajectories
from throng.measure.counterflow import counter_flow
from throng.measure.inside import inside
from throng.measure.intervals import interval_means
from throng.measure.presence import entries, exits, occupancy, visits
from throng.measure.pressure import PressureField
from throng.measure.speed import mean_speed, speed_quantiles, voronoi_speed
from throng.measure.voronoi import Cells, overlaps_with, zone_densities
from throng.study.diagrams import Series
from throng.study.intervals import Intervals
from throng.study.table import stacked

Floats = NDArray[np.float64]

PRESSURE_CELL_M = 0.5
PRESSURE_HZ = 10.0
"""Crowd pressure looks at most so often: it averages over 20 s."""
MOST_PLACES = 10_000
"""And at no more places than about so many: in a larger zone they lie further apart."""


def zone_tables(
    trajectories: Trajectories,
    zones: Sequence[Area],
    velocities_mps: Floats,
    cells: Cells,
    spans: Intervals,
    *,
    level: Kind,
    step: Callable[[], None],
) -> tuple[pa.Table, list[Series]]:
    """A row for each zone and interval, and the Voronoi density and speed of each zone frame by frame.

    `step` is called after every zone.
    """
    if not zones:
        return stacked([]), []
    parts, series = [], []
    densities, overlaps = zone_densities(trajectories, cells, zones), np.nan_to_num(overlaps_with(cells, zones))
    for zone, density, overlap in zip(zones, densities, overlaps, strict=True):
        speed = voronoi_speed(trajectories, velocities_mps, overlap)
        frames = trajectories.frames - trajectories.first_frame
        cover = np.bincount(frames, overlap, minlength=len(density)) / zone.area_m2
        parts.append(
            _presence(trajectories, zone, velocities_mps, spans, level)
            | {
                "density_voronoi_per_m2": interval_means(trajectories, density, spans.edges_s),
                "density_voronoi_max_per_m2": spans.greatest(density),
                "speed_voronoi_mps": interval_means(trajectories, speed, spans.edges_s),
                "voronoi_cover": interval_means(trajectories, cover, spans.edges_s),
            }
        )
        series.append(Series(zone.name, density, speed))
        step()
    return stacked(parts), series


def _presence(trajectories: Trajectories, zone: Area, velocities_mps: Floats, spans: Intervals, level: Kind) -> dict[str, Any]:
    """The columns of one zone that stand on who is inside."""
    people = occupancy(trajectories, zone).astype(np.float64)
    stays = visits(trajectories, zone)
    quantiles = speed_quantiles(trajectories, velocities_mps, zone, edges_s=spans.edges_s)
    density = interval_means(trajectories, people / zone.area_m2, spans.edges_s)
    against, lanes = counter_flows(trajectories, velocities_mps, inside(trajectories.xy_m, zone))
    pressure = pressures(trajectories, velocities_mps, zone)
    speed = mean_speed(trajectories, velocities_mps, zone)
    return {
        "zone": zone.name,
        **spans.columns(),
        "occupancy_mean": interval_means(trajectories, people, spans.edges_s),
        "occupancy_max": spans.greatest(people),
        "entries": entries(stays, spans.edges_s),
        "exits": exits(stays, spans.edges_s),
        "density_classic_per_m2": density,
        "level_of_service": [level_of_service(value, level) for value in density],
        "speed_mean_mps": interval_means(trajectories, speed, spans.edges_s),
        "speed_p15_mps": quantiles[:, 0],
        "speed_median_mps": quantiles[:, 1],
        "speed_p85_mps": quantiles[:, 2],
        "counter_flow_share": interval_means(trajectories, against, spans.edges_s),
        "lane_order": interval_means(trajectories, lanes, spans.edges_s),
        "pressure_max_per_s2": spans.greatest(pressure),
    }


def counter_flows(trajectories: Trajectories, velocities_mps: Floats, within: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Share of people who move against the others, and lane order, among the rows `within` (n,) of every frame, (frames,)."""
    result = np.full((len(trajectories.starts) - 1, 2), np.nan)
    for frame, (start, stop) in enumerate(zip(trajectories.starts[:-1], trajectories.starts[1:], strict=True)):
        rows = np.flatnonzero(within[start:stop]) + start
        if len(rows):
            found = counter_flow(trajectories.xy_m[rows], velocities_mps[rows])
            result[frame] = found.people_share, found.lanes
    return result[:, 0], result[:, 1]


def pressures(trajectories: Trajectories, velocities_mps: Floats, zone: Area) -> Floats:
    """Crowd pressure of a zone over the last 20 s, renewed every second, for every frame (frames,), 1/s^2."""
    x_m, y_m, here = _grid(zone)
    frames = len(trajectories.starts) - 1
    result = np.full(frames, np.nan)
    if not here.any():
        return result
    field = PressureField(x_m, y_m)
    step, value, second = max(1, int(trajectories.rate_hz / PRESSURE_HZ)), np.nan, 0
    for frame in range(frames):
        time_s = frame / trajectories.rate_hz
        if frame % step == 0:
            rows = slice(trajectories.starts[frame], trajectories.starts[frame + 1])
            field.add(time_s, trajectories.xy_m[rows], velocities_mps[rows])
            if int(time_s) > second:
                second, value = int(time_s), field.of_area(here)
        result[frame] = value
    return result


def _grid(zone: Area) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Columns (c,) and rows (r,) of a grid over a zone, metres, and which of its places (r, c) are inside."""
    low, high = zone.corners_m.min(axis=0), zone.corners_m.max(axis=0)
    cell_m = max(PRESSURE_CELL_M, float(np.sqrt(np.prod(high - low) / MOST_PLACES)))
    sizes = np.maximum(np.round((high - low) / cell_m), 1).astype(int)
    x_m, y_m = (low[k] + (np.arange(sizes[k]) + 0.5) * (high[k] - low[k]) / sizes[k] for k in (0, 1))
    places = np.stack(np.meshgrid(x_m, y_m), axis=-1)
    return x_m, y_m, inside(places.reshape(-1, 2), zone).reshape(places.shape[:2])
