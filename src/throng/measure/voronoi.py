"""The ground that is nearer to one person than to any other, and the densities that stand on it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import GeometryError, TrajectoryError
from throng.data.ground_place import Area
from throng.data.secrecy import MemoryOnly, frozen_array
from throng.data.trajectories import Trajectories
from throng.measure.cut_off import within
from throng.measure.delaunay import voronoi_rings
from throng.measure.overlap import overlaps
from throng.measure.rings import areas, portions, radii, starts_of
from throng.measure.walls import floor_of, on_floor

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_AT_ONCE = 2400
"""People whose cells are worked out together: so many that calls weigh little, so few that their arrays stay in the cache."""


_FARTHEST = 3.0
"""People farther from the floor's middle than so many of its radii own nothing of it if anybody is on it: they may be moved."""


@dataclass(frozen=True, slots=True)
class CutOff:
    """How far a Voronoi cell may reach.

    Attributes
    ----------
    radius_m : float
        Radius of the circle around the person, metres.
    quad_segments : int
        Sides of the regular polygon in the circle that stands for a quarter of it; a corner points along x.
    """

    radius_m: float
    quad_segments: int = 3

    def __post_init__(self) -> None:
        if not (np.isfinite(self.radius_m) and self.radius_m > 0 and self.quad_segments >= 1):
            raise GeometryError(
                "a cut-off needs a positive radius in metres and at least one segment a quarter, "
                f"not {self.radius_m} and {self.quad_segments}"
            )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Cells(MemoryOnly):
    """Voronoi cells of people.

    Attributes
    ----------
    corners_m : (m, 2) float64
        Corners, metres, anticlockwise, cell after cell. A hole (an obstacle in the cell) is joined to the outline by a cut
        without width.
    starts : (n + 1,) int64
        Corners `starts[i]` to `starts[i + 1]` are those of row i; none where the cell is unknown.
    areas_m2 : (n,) float64
        Square metres; NaN where the cell is unknown.
    """

    corners_m: Floats
    starts: Ints
    areas_m2: Floats

    def __post_init__(self) -> None:
        frozen_array(self.corners_m, np.float64, shape=(None, 2), name="corners_m")
        frozen_array(self.starts, np.int64, shape=(len(self.areas_m2) + 1,), name="starts")
        self.areas_m2.flags.writeable = False

    def __len__(self) -> int:
        return len(self.areas_m2)


def voronoi_cells(trajectories: Trajectories, walkable: Area, *, cut_off: CutOff | None = None) -> Cells:
    r"""Voronoi cell of every row: the floor nearer to the person than to anybody else in the same frame.

    .. math:: V_i(t) = \{ r \in W : |r - x_i(t)| \le |r - x_j(t)| \; \forall j \}

    Of a cell that walls cut into pieces the one with the person is kept; what no cell holds then is nobody's ground. All as
    PedPy's ``compute_individual_voronoi_polygons``, and beyond it:

    - Any number of people will do: one person has the whole floor, people on a line have stripes.
    - People who are not on the floor (on its outline they are) have no cell, but take part: the floor nearest to them is
      nobody's. PedPy gives them that floor, or stops.
    - People at the same place, where PedPy stops, share its cell like a cake: they are set apart on a circle some 1e-5 of the
      floor's radius wide (as are, where a frame needs the slow way of `delaunay.voronoi_rings`, people nearer than that).

    Parameters
    ----------
    trajectories : Trajectories
        The recording.
    walkable : Area
        The floor.
    cut_off : CutOff, optional
        How far a cell may reach; without it people at the rim have large cells.

    Returns
    -------
    Cells
        Of every row. Areas agree with PedPy's to about 1e-12. Coordinates in the millions of metres are taken relative to the
        floor's middle.

    References
    ----------
    Steffen, Seyfried (2010), Methods for measuring pedestrian density, flow, speed and direction with minimal scatter,
    Physica A 389, 1902-1910.
    """
    return _cells(trajectories.xy_m, trajectories.starts, walkable, cut_off)


def cells_of_moment(xy_m: Floats, walkable: Area, *, cut_off: CutOff | None = None) -> Cells:
    """Voronoi cells, as by `voronoi_cells`, of people (n, 2), metres, at one moment.

    Raises
    ------
    TrajectoryError
        A place is not finite.
    """
    places = np.asarray(xy_m, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(places).all():
        raise TrajectoryError("places must be finite numbers of metres: leave out people whose place is unknown")
    return _cells(places, np.array([0, len(places)]), walkable, cut_off)


def _cells(xy_m: Floats, starts: Ints, walkable: Area, cut_off: CutOff | None) -> Cells:
    floor = floor_of(walkable)
    xy = xy_m - floor.middle_m
    reach_m = _FARTHEST * floor.radius_m
    distance_m = np.hypot(xy[:, 0], xy[:, 1])
    far = np.flatnonzero(distance_m > reach_m)
    xy[far] *= (reach_m / distance_m[far])[:, None]
    reach_m = max(floor.radius_m, float(distance_m.max(initial=0.0)) if not len(far) else reach_m)
    corners, counts, sizes = [np.empty((0, 2))], [np.empty(0, dtype=np.int64)], [np.empty(0)]
    for first, last in portions(starts, _AT_ONCE):
        rows = slice(starts[first], starts[last])
        rings = voronoi_rings(xy[rows], starts[first : last + 1] - starts[first], reach_m=reach_m)
        if cut_off is not None:
            rings = within(rings, radius_m=cut_off.radius_m, quad_segments=cut_off.quad_segments)
        rings = on_floor(rings, xy[rows], radii(rings), floor)
        count = rings.counts
        corners.append(np.stack([rings.x, rings.y], axis=1) + np.repeat(xy_m[rows], count, axis=0))
        counts.append(count)
        sizes.append(areas(rings))
    areas_m2 = np.concatenate(sizes)
    areas_m2[areas_m2 <= 0] = np.nan
    return Cells(np.concatenate(corners), starts_of(np.concatenate(counts)), areas_m2)


def individual_density(cells: Cells) -> Floats:
    r"""Density that each person is at.

    .. math:: \rho_i = 1 / |V_i|

    Returns
    -------
    (n,) float64
        People/m2; NaN where the cell is unknown.

    References
    ----------
    Steffen, Seyfried (2010), Physica A 389, 1902-1910.
    """
    return 1.0 / cells.areas_m2


def overlaps_m2(cells: Cells, area: Area) -> Floats:
    """How much of an area lies in each cell, (n,), square metres; NaN where the cell is unknown."""
    result: Floats = overlaps_with(cells, [area])[0]
    return result


def overlaps_with(cells: Cells, zones: Sequence[Area]) -> Floats:
    """How much of each zone lies in each cell, (zones, n), square metres; NaN where the cell is unknown."""
    result = overlaps(cells.corners_m, cells.starts, cells.areas_m2, zones)
    result[:, np.isnan(cells.areas_m2)] = np.nan
    return result


def zone_density(recording: Trajectories | Ints, cells: Cells, area: Area) -> Floats:
    r"""Voronoi density of an area, frame by frame: every person is spread evenly over their cell.

    .. math:: \rho(t) = \frac{1}{|A|} \sum_i \frac{|V_i(t) \cap A|}{|V_i(t)|}

    PedPy's ``compute_voronoi_density``. Ground of unknown cells counts as empty.

    Parameters
    ----------
    recording : Trajectories or (frames + 1,) int64
        The recording, or its `starts`: rows `starts[j]` to `starts[j + 1]` are those of frame j.
    cells : Cells
        Of its rows.
    area : Area
        Where.

    Returns
    -------
    (frames,) float64
        People/m2; 0 in frames without people, NaN in frames in which there are people and no cell is known.

    References
    ----------
    Steffen, Seyfried (2010), Physica A 389, 1902-1910.
    """
    result: Floats = zone_densities(recording, cells, [area])[0]
    return result


def zone_densities(recording: Trajectories | Ints, cells: Cells, zones: Sequence[Area]) -> Floats:
    """Voronoi density of several zones, as by `zone_density`, (zones, frames); at once they take little longer than one."""
    starts = recording.starts if isinstance(recording, Trajectories) else recording
    people = starts[1:] - starts[:-1]
    moment = np.repeat(np.arange(len(people)), people)
    known = ~np.isnan(cells.areas_m2)
    shares = np.where(known, overlaps_with(cells, zones) / cells.areas_m2, 0.0)
    sums = [np.bincount(moment, share, minlength=len(people)) for share in shares]
    result: Floats = np.array(sums) / np.array([floor_of(zone).area_m2 for zone in zones])[:, None]
    result[:, (np.bincount(moment, known, minlength=len(people)) == 0) & (people > 0)] = np.nan
    return result
