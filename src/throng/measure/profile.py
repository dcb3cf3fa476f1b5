"""Density over the floor: people per square metre in every square of a grid."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import GeometryError
from throng.data.ground_place import Area
from throng.data.trajectories import Trajectories
from throng.measure.coverage import coverage
from throng.measure.density import gaussian
from throng.measure.rings import following, portions
from throng.measure.voronoi import Cells

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_AT_ONCE = 3000
"""People that are worked on together, so that arrays stay in the cache."""
_NOTHING_PER_M2 = 1e-12
"""What rounding leaves on a square that no cell touches."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Squares on the ground, in rows from the least y and columns from the least x upwards.

    Attributes
    ----------
    left_m, bottom_m : float
        Corner with the least x and y, metres.
    cell_m : float
        Side of the squares, metres.
    columns, rows : int
        Squares along x and y.

    Raises
    ------
    GeometryError
        There is no square, or squares have no size.
    """

    left_m: float
    bottom_m: float
    cell_m: float
    columns: int
    rows: int

    def __post_init__(self) -> None:
        if not (np.isfinite(self.cell_m) and self.cell_m > 0 and self.columns >= 1 and self.rows >= 1):
            raise GeometryError(
                f"a grid needs squares of a positive size, at least one, not {self.columns} by {self.rows} of {self.cell_m} m"
            )

    @classmethod
    def over(cls, area: Area, cell_m: float) -> Self:
        """A grid that covers an area, flush with its left and its upper end: the squares of PedPy's ``get_grid_cells``.

        PedPy's profiles have their rows from the greatest y downwards: they are ours with the rows in reverse.
        """
        if not (np.isfinite(cell_m) and cell_m > 0):
            raise GeometryError(f"a grid needs squares of a positive size, not {cell_m} m")
        low, high = area.corners_m.min(axis=0), area.corners_m.max(axis=0)
        columns, rows = np.maximum(np.ceil((high - low) / cell_m - 1e-9), 1).astype(int).tolist()
        return cls(float(low[0]), float(high[1]) - rows * cell_m, cell_m, columns, rows)

    @property
    def edges_m(self) -> tuple[Floats, Floats]:
        """Lines between columns (columns + 1,) and rows (rows + 1,), metres."""
        x: Floats = self.left_m + self.cell_m * np.arange(self.columns + 1, dtype=np.float64)
        y: Floats = self.bottom_m + self.cell_m * np.arange(self.rows + 1, dtype=np.float64)
        return x, y

    @property
    def middles_m(self) -> tuple[Floats, Floats]:
        """Middles of columns (columns,) and rows (rows,), metres."""
        x, y = self.edges_m
        return x[:-1] + self.cell_m / 2, y[:-1] + self.cell_m / 2


def classic_profile(trajectories: Trajectories, grid: Grid, *, mean: bool = False) -> Floats:
    r"""People in each square by its size.

    .. math:: \rho_s(t) = N_s(t) / a^2

    PedPy's classic density profile. A square holds its left and lower side, those at the upper end and on the right also the
    other one.

    Parameters
    ----------
    trajectories : Trajectories
        The recording.
    grid : Grid
        Squares of side a.
    mean : bool
        Over all frames; memory is then that of one frame.

    Returns
    -------
    (frames, rows, columns) or, if `mean`, (rows, columns) float64
        People/m2.
    """
    places = []
    for edges, at in zip(grid.edges_m, trajectories.xy_m.T, strict=True):
        place = np.searchsorted(edges, at, side="right") - 1
        place[at == edges[-1]] -= 1
        places.append(place)
    column, row = places
    on = (column >= 0) & (column < grid.columns) & (row >= 0) & (row < grid.rows)
    frames = len(trajectories.starts) - 1
    plane = np.zeros(len(on), dtype=np.int64) if mean else trajectories.frames - trajectories.first_frame
    planes = 1 if mean else frames
    at_square = ((plane * grid.rows + row) * grid.columns + column)[on]
    counts = np.bincount(at_square, minlength=planes * grid.rows * grid.columns).reshape(planes, grid.rows, grid.columns)
    return counts[0] / (grid.cell_m**2 * frames) if mean else counts / grid.cell_m**2


def gaussian_profile(trajectories: Trajectories, grid: Grid, *, width_m: float, mean: bool = False) -> Floats:
    """`density.gaussian_density` in the middle of each square: PedPy's Gaussian density profile (with its constants unrounded).

    Parameters
    ----------
    trajectories : Trajectories
        The recording.
    grid : Grid
        Squares.
    width_m : float
        Full width of a person's Gaussian at half of its height, metres.
    mean : bool
        Over all frames; memory is then that of one frame.

    Returns
    -------
    (frames, rows, columns) or, if `mean`, (rows, columns) float64
        People/m2.
    """
    starts, frames = trajectories.starts, len(trajectories.starts) - 1
    result = np.zeros((1 if mean else frames, grid.rows, grid.columns))
    x_m, y_m = grid.middles_m
    for frame in range(frames):
        x, y = trajectories.xy_m[starts[frame] : starts[frame + 1]].T
        # A Gaussian is a product of one of x and one of y.
        result[0 if mean else frame] += gaussian(y_m[:, None] - y, width_m=width_m) @ gaussian(
            x[:, None] - x_m, width_m=width_m
        )
    return result[0] / frames if mean else result


def voronoi_profile(recording: Trajectories | Ints, cells: Cells, grid: Grid, *, mean: bool = False) -> Floats:
    r"""Voronoi density in each square: every person is spread evenly over their cell.

    .. math:: \rho_s(t) = \frac{1}{a^2} \sum_i \frac{|V_i(t) \cap s|}{|V_i(t)|}

    PedPy's Voronoi density profile. Ground of unknown cells counts as empty.

    Parameters
    ----------
    recording : Trajectories or (frames + 1,) int64
        The recording, or its `starts`.
    cells : Cells
        Of its rows.
    grid : Grid
        Squares of side a.
    mean : bool
        Over all frames but those in which there are people and no cell is known; memory is then that of one frame.

    Returns
    -------
    (frames, rows, columns) or, if `mean`, (rows, columns) float64
        People/m2; NaN in frames in which there are people and no cell is known.

    References
    ----------
    Steffen, Seyfried (2010), Physica A 389, 1902-1910.
    """
    starts = recording.starts if isinstance(recording, Trajectories) else recording
    frames = len(starts) - 1
    result = np.zeros((1 if mean else frames, grid.rows, grid.columns))
    known = np.ones(frames, dtype=bool)
    for first, last in portions(starts, _AT_ONCE):
        cell, sides = _sides(cells, slice(starts[first], starts[last]), grid)
        moment = np.repeat(np.arange(last - first), np.diff(starts[first : last + 1]))
        somebody = np.bincount(moment, minlength=last - first) > 0
        known[first:last] = ~somebody | (np.bincount(moment[cell], minlength=last - first) > 0)
        weights = 1.0 / cells.areas_m2[starts[first] : starts[last]][cell]
        planes = np.zeros(len(cell), dtype=np.int64) if mean else moment[cell]
        found = coverage(sides, weights, planes, shape=(1 if mean else last - first, grid.rows, grid.columns))
        if mean:
            result += found
        else:
            result[first:last] = found
    result[result < _NOTHING_PER_M2] = 0.0
    if mean:
        return result[0] / known.sum() if known.any() else np.full(result[0].shape, np.nan)
    result[~known] = np.nan
    return result


def _sides(cells: Cells, rows: slice, grid: Grid) -> tuple[Ints, Floats]:
    """Sides (4, m) of the cells of some rows, in squares from the grid's corner, and the row of each, from the first on."""
    starts = cells.starts[rows.start : rows.stop + 1]
    corners = slice(starts[0], starts[-1])
    x = (cells.corners_m[corners, 0] - grid.left_m) / grid.cell_m
    y = (cells.corners_m[corners, 1] - grid.bottom_m) / grid.cell_m
    starts = starts - starts[0]
    after = following(starts)
    return np.repeat(np.arange(len(starts) - 1), np.diff(starts)), np.stack([x, y, x[after], y[after]])
