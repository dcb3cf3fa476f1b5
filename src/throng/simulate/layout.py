"""The made-up station concourse: where its walls, doors, pillars and departures board are.

Ground coordinates: metres, x to the east, y to the north, z up; the hall's south-west corner is the origin.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Wall = Literal["north", "east", "south", "west"]
PASSAGE_DEPTH_M = 3.5
"""How far the passage behind a door reaches; people appear and disappear at its dark end."""
LINTEL_M = 2.3
"""Height of every door opening."""
WALL_M = 6.5
"""Height of the walls."""
PLAN_MARGIN_M = 4.0
"""Around the hall on its plan; the passages lie in it."""


@dataclass(frozen=True, slots=True)
class Door:
    """An opening in an outer wall with a dark passage behind it.

    Attributes
    ----------
    name : str
    wall : Wall
    middle_m : float
        Where its middle lies along the wall (x for north and south, y for east and west).
    width_m : float
    """

    name: str
    wall: Wall
    middle_m: float
    width_m: float


@dataclass(frozen=True, slots=True)
class Layout:
    """A rectangular hall.

    Attributes
    ----------
    width_m, depth_m : float
        Extent along x and along y.
    doors : tuple of Door
    pillars_m : tuple of (west, south, east, north)
    waiting_m : (west, south, east, north)
        Where people stand to read the departures board.
    board_m : (west, east, lower, upper)
        The departures board on the north wall.
    """

    width_m: float
    depth_m: float
    doors: tuple[Door, ...]
    pillars_m: tuple[tuple[float, float, float, float], ...]
    waiting_m: tuple[float, float, float, float]
    board_m: tuple[float, float, float, float]

    def inside(self, xy_m: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of the points (n, 2) lie in the hall itself, not in a passage."""
        x, y = xy_m[..., 0], xy_m[..., 1]
        inside: NDArray[np.bool_] = (x >= 0) & (x <= self.width_m) & (y >= 0) & (y <= self.depth_m)
        return inside

    def outside_m(self, xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far each of the points (n, 2) lies behind a wall, in a passage; 0 in the hall."""
        x, y = xy_m[..., 0], xy_m[..., 1]
        behind = np.maximum.reduce([-x, x - self.width_m, -y, y - self.depth_m])
        depth: NDArray[np.float64] = np.maximum(behind, 0.0)
        return depth

    def on_plan(self, xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where points (n, 2) lie on the hall's plan: metres from its upper left corner, to the right and down."""
        return np.column_stack([xy_m[:, 0] + PLAN_MARGIN_M, self.depth_m + PLAN_MARGIN_M - xy_m[:, 1]])

    def at_door(self, door: Door, *, along_m: float, behind_m: float) -> tuple[float, float]:
        """The point `along_m` from a door's middle along its wall and `behind_m` behind the wall (negative: in the hall)."""
        u = door.middle_m + along_m
        return {
            "north": (u, self.depth_m + behind_m),
            "south": (u, -behind_m),
            "east": (self.width_m + behind_m, u),
            "west": (-behind_m, u),
        }[door.wall]

    def passage_m(self, door: Door) -> tuple[float, float, float, float]:
        """The rectangle (west, south, east, north) of the passage behind a door, overlapping the hall by a hand."""
        a = self.at_door(door, along_m=-door.width_m / 2, behind_m=-0.05)
        b = self.at_door(door, along_m=door.width_m / 2, behind_m=PASSAGE_DEPTH_M)
        return min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])


CONCOURSE = Layout(
    width_m=40.0,
    depth_m=24.0,
    doors=(
        Door("street-south", "west", 6.0, 5.0),
        Door("street-north", "west", 17.5, 5.0),
        Door("gate-1", "east", 4.5, 4.0),
        Door("gate-2", "east", 12.0, 4.0),
        Door("gate-3", "east", 19.5, 4.0),
        Door("stairs-west", "south", 11.0, 4.5),
        Door("stairs-east", "south", 30.0, 4.5),
        Door("shops", "north", 7.0, 4.0),
        Door("underground", "north", 33.0, 4.5),
    ),
    pillars_m=((4.6, 11.6, 5.4, 12.4), (34.6, 7.6, 35.4, 8.4), (34.6, 15.6, 35.4, 16.4)),
    waiting_m=(14.0, 17.0, 26.0, 21.0),
    board_m=(16.5, 23.5, 2.3, 3.7),
)
