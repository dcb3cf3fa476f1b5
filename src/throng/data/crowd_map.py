"""How many people are where, for crowds too dense to tell one from the next."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.place import Zone
from throng.data.secrecy import MemoryOnly, frozen_array

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CrowdMap(MemoryOnly):
    """People by cells of one frame.

    Attributes
    ----------
    people : (rows, columns) float64
        How many are in each cell, 0 or more, not whole numbers; the first cell starts at the picture's top left corner, and the
        last of a row or column may reach beyond the picture.
    cell_px : (width, height)
        Of a cell, image pixels.
    time_s : float
        The frame's time.

    Raises
    ------
    ValueError
        A value is negative or not finite, or a cell has no area.
    """

    people: Floats
    cell_px: tuple[float, float]
    time_s: float

    def __post_init__(self) -> None:
        people = frozen_array(self.people, np.float64, shape=(None, None), name="people")
        if people.min(initial=0.0) < 0:
            raise ValueError("people must not be negative: set such cells to 0")
        if not all(np.isfinite(side) and side > 0 for side in self.cell_px):
            raise ValueError(f"cell_px must be a width and a height above 0, not {self.cell_px}")
        if not np.isfinite(self.time_s):
            raise ValueError(f"time_s must be a finite number of seconds, not {self.time_s}")
        object.__setattr__(self, "people", people)

    @property
    def count(self) -> float:
        """How many people are in the picture."""
        return float(self.people.sum())

    def inside(self, zone: Zone) -> float:
        """How many people are inside a zone; those of a cell that it cuts are spread evenly over the cell."""
        rows, columns = self.people.shape
        return float((self.people * shares_inside(zone, (columns, rows), self.cell_px)).sum())


def shares_inside(zone: Zone, cells: tuple[int, int], cell_px: tuple[float, float]) -> Floats:
    """The share (rows, columns) of each cell's area that lies inside a zone.

    By Green's theorem the area of a polygon where X <= x and Y <= y is the integral of min(X, x) dY along those parts of its
    sides where Y <= y; a cell's is the second difference of that.

    Parameters
    ----------
    zone : Zone
        The polygon.
    cells : (columns, rows)
        How many there are.
    cell_px : (width, height)
        Of a cell, image pixels.
    """
    starts = zone.corners_px / np.array(cell_px)
    steps = np.roll(starts, -1, axis=0) - starts
    x, y = np.arange(cells[0] + 1.0), np.arange(cells[1] + 1.0)[:, None]
    areas = np.zeros((cells[1] + 1, cells[0] + 1))
    for start, step in zip(starts, steps, strict=True):
        if step[1] == 0.0:
            continue
        # From which to which share of the side Y <= y.
        crossing = np.clip((y - start[1]) / step[1], 0.0, 1.0)
        first, last = (0.0, crossing) if step[1] > 0 else (crossing, 1.0)
        here, there = start[0] + first * step[0], start[0] + last * step[0]
        areas += step[1] * (last - first) * _mean_of_least(here, there, x)
    shares: Floats = np.clip(np.abs(np.diff(np.diff(areas, axis=0), axis=1)), 0.0, 1.0)
    return shares


def _mean_of_least(here: Floats, there: Floats, x: Floats) -> Floats:
    """Mean of min(X, x) while X runs evenly from one value to another, both (rows, 1), for every x (columns,)."""
    low, high = np.minimum(here, there), np.maximum(here, there)
    length = np.maximum(high - low, 1e-12)
    below = np.clip((x - low) / length, 0.0, 1.0)
    mean: Floats = below * (low + np.minimum(high, x)) / 2 + (1.0 - below) * x
    return mean
