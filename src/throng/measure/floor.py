"""How the floor is used: where people spend their time."""

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import GeometryError
from throng.data.trajectories import Trajectories


def floor_use(
    trajectories: Trajectories, *, left_m: float, bottom_m: float, cell_m: float, columns: int, rows: int
) -> NDArray[np.float64]:
    r"""Time spent on each cell of a grid, for each square metre of it.

    .. math:: u_c = \frac{1}{f \, a^2} \, |\{i : x_i \in c\}|

    with :math:`f` frames a second and cells of side :math:`a`: every row stands for the time of one frame. Times the size of a
    cell, the sum over the grid is the time people spent on it, in person-seconds.

    Parameters
    ----------
    trajectories : Trajectories
        The recording.
    left_m, bottom_m : float
        Corner of the grid with the least x and y, metres.
    cell_m : float
        Side of the square cells, metres. A cell holds its left and lower side.
    columns, rows : int
        Cells along x and y.

    Returns
    -------
    (rows, columns) float64
        Person-seconds/m2, from the least y and x upwards.

    Raises
    ------
    GeometryError
        The grid has no cell, or its cells have no size.
    """
    if not (np.isfinite(cell_m) and cell_m > 0 and columns >= 1 and rows >= 1):
        raise GeometryError(f"a grid needs cells of a positive size, at least one, not {columns} by {rows} of {cell_m} m")
    column, row = np.floor((trajectories.xy_m - (left_m, bottom_m)) / cell_m).astype(np.int64).T
    on = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    counts = np.bincount(row[on] * columns + column[on], minlength=rows * columns).reshape(rows, columns)
    result: NDArray[np.float64] = counts / (trajectories.rate_hz * cell_m**2)
    return result
