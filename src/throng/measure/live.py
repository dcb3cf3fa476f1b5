"""All that is measured on the ground, zone by zone, while a camera runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

import numpy as np
import shapely
from numpy.typing import NDArray

from throng.data.ground_place import Area
from throng.data.secrecy import MemoryOnly
from throng.data.tracks import Tracks
from throng.measure.counterflow import counter_flow
from throng.measure.inside import inside
from throng.measure.pressure import PressureField
from throng.measure.profile import Grid
from throng.measure.trailing import TrailingVelocities
from throng.measure.voronoi import CutOff, cells_of_moment, overlaps_with
from throng.measure.waves import STANDING_MPS

Floats = NDArray[np.float64]

CUT_OFF = CutOff(radius_m=1.5)
"""Nobody is given more ground than this around them: at the edge of a crowd the next person may be far away."""
AROUND_M = 3.0
"""People so far outside the zones still bound the cells of those inside."""
SMALLEST_CELL_M, MOST_CELLS = 0.5, 1600
PRESSURE_EVERY_S = 1.0
LOOK_EVERY_S = 0.5
"""Densities and speeds change little in half a second: zones are looked at twice a second however many frames there are."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ZonesNow(MemoryOnly):
    """What is measured in each zone at one moment, (zones,) float64; NaN where it cannot be known.

    Attributes
    ----------
    people : (zones,) float64
        Inside.
    classic_per_m2, voronoi_per_m2 : (zones,) float64
        Density: people over area, and by Voronoi cells with a cut-off (Steffen and Seyfried 2010).
    speed_mps, voronoi_speed_mps : (zones,) float64
        Mean speed of those inside, and weighted with the ground each of them has in the zone.
    standing : (zones,) float64
        Share of those inside who stand.
    counter_flow : (zones,) float64
        Share of those moving who move against the others.
    pressure_per_s2 : (zones,) float64
        Crowd pressure of the last while where it is greatest (Helbing, Johansson and Al-Abideen 2007).
    """

    people: Floats
    classic_per_m2: Floats
    voronoi_per_m2: Floats
    speed_mps: Floats
    voronoi_speed_mps: Floats
    standing: Floats
    counter_flow: Floats
    pressure_per_s2: Floats


class LiveMeasures:
    """Zones on the ground, watched frame by frame; memory follows the people in view and the size of the zones, not time.

    Parameters
    ----------
    zones : sequence of Area
        At least one.
    every_s : float
        Zones are looked at once in so many seconds, at most once a frame.
    """

    def __init__(self, zones: Sequence[Area], *, every_s: float = LOOK_EVERY_S) -> None:
        self._zones, self._every_s = zones, every_s
        self._areas_m2 = np.array([zone.area_m2 for zone in zones])
        corners = np.concatenate([zone.corners_m for zone in zones])
        around = shapely.MultiPoint(corners).convex_hull.buffer(AROUND_M, quad_segs=2)
        self._walkable = Area("around the zones", np.array(around.exterior.coords))
        width, height = np.ptp(self._walkable.corners_m, axis=0)
        cell_m = max(SMALLEST_CELL_M, max(width, height) / isqrt(MOST_CELLS))
        self.grid = Grid.over(self._walkable, float(cell_m))
        x, y = self.grid.middles_m
        places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        self._in_zone = [inside(places, zone).reshape(self.grid.rows, self.grid.columns) for zone in zones]
        self._velocities, self._field = TrailingVelocities(), PressureField(x, y)
        self._pressure, self._pressure_s = np.full(len(zones), np.nan), -np.inf
        self.density_per_m2: Floats = np.zeros((self.grid.rows, self.grid.columns))
        """Over the grid at the last moment, people/m2, with a Gaussian kernel of 1 m."""
        self.floor_s_per_m2: Floats = np.zeros((self.grid.rows, self.grid.columns))
        """How the floor was used so far, person-seconds/m2."""
        self._last_s: float | None = None

    def update(self, tracks: Tracks) -> ZonesNow | None:
        """The measures of the moment these tracks, which must be on the ground, are of; None where it is no time for a look."""
        if tracks.xy_ground_m is None:
            raise ValueError("tracks must be on the ground")
        velocities = self._velocities.update(tracks.ids, tracks.xy_ground_m, tracks.time_s)
        if self._last_s is not None and tracks.time_s - self._last_s < self._every_s - 1e-6:
            return None
        near = inside(tracks.xy_ground_m, self._walkable)
        xy, velocities = tracks.xy_ground_m[near], velocities[near]
        speeds = np.hypot(velocities[:, 0], velocities[:, 1])
        self._over_the_grid(xy, velocities, tracks.time_s)
        here = np.array([inside(xy, zone) for zone in self._zones])
        cells = cells_of_moment(xy, self._walkable, cut_off=CUT_OFF)
        ground_m2 = np.nan_to_num(overlaps_with(cells, self._zones))
        known = np.isfinite(speeds)
        people = here.sum(axis=1)
        moving = [counter_flow(xy[each], velocities[each]).people_share for each in here]
        return ZonesNow(
            people=people.astype(np.float64),
            classic_per_m2=people / self._areas_m2,
            voronoi_per_m2=(ground_m2 / np.where(cells.areas_m2 > 0, cells.areas_m2, np.inf)).sum(axis=1) / self._areas_m2,
            speed_mps=_mean(here & known, speeds),
            voronoi_speed_mps=_mean(ground_m2 * known, speeds),
            standing=_mean(here & known, speeds < STANDING_MPS),
            counter_flow=np.array(moving),
            pressure_per_s2=self._pressure,
        )

    def _over_the_grid(self, xy_m: Floats, velocities_mps: Floats, time_s: float) -> None:
        self.density_per_m2 = self._field.add(time_s, xy_m, velocities_mps).density_per_m2
        if self._last_s is not None:
            cell = self.grid.cell_m
            column = ((xy_m[:, 0] - self.grid.left_m) / cell).astype(np.intp)
            row = ((xy_m[:, 1] - self.grid.bottom_m) / cell).astype(np.intp)
            np.add.at(self.floor_s_per_m2, (row, column), (time_s - self._last_s) / cell**2)
        self._last_s = time_s
        if time_s - self._pressure_s >= PRESSURE_EVERY_S:
            places = self._field.at_places()
            self._pressure = np.array([_greatest(places[zone]) for zone in self._in_zone])
            self._pressure_s = time_s


def _mean(weights: NDArray[np.generic], values: NDArray[np.generic]) -> Floats:
    """Weighted means (zones,) of values (n,), whose unknown ones have no weight; NaN without any weight."""
    weights = weights.astype(np.float64)
    sums = weights @ np.nan_to_num(values.astype(np.float64))
    total = weights.sum(axis=1)
    means: Floats = np.divide(sums, total, out=np.full(len(total), np.nan), where=total > 0)
    return means


def _greatest(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if len(known) else float("nan")
