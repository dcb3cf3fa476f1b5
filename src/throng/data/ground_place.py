"""Lines and areas on the ground, in metres."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import GeometryError
from throng.data.secrecy import frozen_array

SHORTEST_M = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class GroundLine:
    """A line segment on the ground that people cross.

    Looking from the first end to the second with the y axis pointing up, as on a plan, a crossing from the left-hand side to
    the right-hand side is *in*; the other way is *out*.

    Attributes
    ----------
    name : str
    ends_m : (2, 2) float64
        First and second end, metres.
    """

    name: str
    ends_m: NDArray[np.float64]

    def __post_init__(self) -> None:
        ends = _points(self.ends_m, f'line "{self.name}"')
        if len(ends) != 2 or np.hypot(*(ends[1] - ends[0])) < SHORTEST_M:
            raise GeometryError(f'line "{self.name}" needs exactly two ends that differ')
        object.__setattr__(self, "ends_m", ends)


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """A polygon on the ground, with holes where nobody can be.

    Attributes
    ----------
    name : str
    corners_m : (k, 2) float64, k >= 3
        Corners in order, either way round, metres; the last need not repeat the first.
    holes_m : tuple of (k, 2) float64
        Corners of obstacles inside.
    """

    name: str
    corners_m: NDArray[np.float64]
    holes_m: tuple[NDArray[np.float64], ...] = ()

    def __post_init__(self) -> None:
        what = f'area "{self.name}"'
        object.__setattr__(self, "corners_m", _ring(self.corners_m, what))
        object.__setattr__(self, "holes_m", tuple(_ring(hole, f"a hole of {what}") for hole in self.holes_m))

    @property
    def area_m2(self) -> float:
        """Its size without the holes, square metres (the shoelace formula)."""
        return _size(self.corners_m) - sum(_size(hole) for hole in self.holes_m)


def _ring(value: object, what: str) -> NDArray[np.float64]:
    corners = _points(value, what)
    if len(corners) > 1 and (corners[0] == corners[-1]).all():
        corners = _points(corners[:-1], what)
    if len(corners) < 3 or _size(corners) < SHORTEST_M**2:
        raise GeometryError(f"{what} needs at least three corners that are not on one line")
    return corners


def _size(corners: NDArray[np.float64]) -> float:
    x, y = (corners - corners.mean(axis=0)).T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def _points(value: object, what: str) -> NDArray[np.float64]:
    try:
        return frozen_array(np.array(value, dtype=np.float64), np.float64, shape=(None, 2), name=what)
    except (ValueError, TypeError) as error:
        raise GeometryError(f"{what} needs points x,y in metres: {error}") from None
