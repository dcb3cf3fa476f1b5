"""The simulated scenes that come with Throng: a crowd, a place and its cameras."""

import difflib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import SourceError
from throng.simulate.camera import SimulatedCamera, mounted
from throng.simulate.layout import CONCOURSE, Layout
from throng.simulate.trajectories import Trajectories, load_trajectories

FOLDER = Path(__file__).parent / "scenarios"


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """A crowd in a place, seen by cameras; it repeats after `duration_s`.

    Attributes
    ----------
    name : str
    layout : Layout
    people : Trajectories
    cameras : tuple of SimulatedCamera
    seed : int
        Decides looks and sensor noise.
    """

    name: str
    layout: Layout
    people: Trajectories
    cameras: tuple[SimulatedCamera, ...]
    seed: int = 0

    @property
    def duration_s(self) -> float:
        """Length of the loop, seconds."""
        return self.people.duration_s

    def positions(self, time_s: float) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Who is where: people (n,), places (n, 2) metres, headings (n,) radians from the x axis."""
        return self.people.positions(time_s)

    def camera(self, name: str) -> SimulatedCamera:
        """The camera of that name.

        Raises
        ------
        SourceError
            There is none.
        """
        for camera in self.cameras:
            if camera.name == name:
                return camera
        raise SourceError(_unknown(f'scenario "{self.name}" has no camera "{name}"', name, [c.name for c in self.cameras]))

    def in_view(self, camera: SimulatedCamera, xy_m: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which points (n, 2) of the ground a camera sees: in its picture, and in the hall rather than in a passage."""
        seen: NDArray[np.bool_] = camera.sees(xy_m) & self.layout.inside(xy_m)
        return seen


def names() -> tuple[str, ...]:
    """The scenarios there are."""
    return tuple(_CAMERAS)


@cache
def load(name: str) -> Scenario:
    """A scenario by its name.

    Raises
    ------
    SourceError
        There is none of that name.
    """
    if name not in _CAMERAS:
        raise SourceError(_unknown(f'there is no scenario "{name}"', name, list(_CAMERAS)))
    return Scenario(name, CONCOURSE, load_trajectories(FOLDER / f"{name}.npz"), cameras_of(name))


def cameras_of(name: str) -> tuple[SimulatedCamera, ...]:
    """The cameras of a scenario."""
    return _CAMERAS[name]


def _unknown(what: str, name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f'did you mean "{near[0]}"? ' if near else ""
    return f"{what}: {hint}choose one of {', '.join(known)}"


def _counting_camera() -> SimulatedCamera:
    """High and steep, as one counts a dense crowd: 8 m up, 55 degrees down, with no door in view."""
    return mounted(
        "hall",
        at_m=(20.0, 3.0, 8.0),
        pan_deg=0.0,
        tilt_deg=55.0,
        field_of_view_deg=90.0,
        lines_m={
            "east-west": ((20.0, 4.6), (20.0, 15.0)),
            "north-south": ((29.0, 11.0), (11.0, 11.0)),
        },
        zones_m={"middle": ((14.5, 6.0), (25.5, 6.0), (27.5, 14.5), (12.5, 14.5))},
    )


def _demo_cameras() -> tuple[SimulatedCamera, ...]:
    """Four views of one concourse; at its doors, *in* is into the hall."""
    return (
        mounted(
            "entrance",
            at_m=(14.0, 12.0, 6.0),
            pan_deg=270.0,
            tilt_deg=38.0,
            field_of_view_deg=84.0,
            lines_m={"street": ((3.0, 3.0), (3.0, 21.0))},
            zones_m={"lobby": ((4.0, 5.0), (11.0, 8.5), (11.0, 15.5), (4.0, 19.0))},
        ),
        mounted(
            "gates",
            at_m=(27.0, 12.0, 6.0),
            pan_deg=90.0,
            tilt_deg=38.0,
            field_of_view_deg=84.0,
            lines_m={"platforms": ((38.0, 22.0), (38.0, 2.0))},
            zones_m={"gate hall": ((30.0, 8.5), (37.0, 4.0), (37.0, 20.0), (30.0, 15.5))},
        ),
        mounted(
            "board",
            at_m=(20.0, 9.0, 6.5),
            pan_deg=0.0,
            tilt_deg=36.0,
            field_of_view_deg=80.0,
            lines_m={"to the board": ((27.0, 15.5), (13.0, 15.5))},
            zones_m={"waiting": ((14.0, 16.0), (26.0, 16.0), (26.0, 22.0), (14.0, 22.0))},
        ),
        mounted(
            "stairs",
            at_m=(20.0, 15.0, 7.0),
            pan_deg=180.0,
            tilt_deg=42.0,
            field_of_view_deg=88.0,
            lines_m={"stairs": ((32.0, 2.5), (8.0, 2.5))},
            zones_m={"south hall": ((11.0, 4.0), (29.0, 4.0), (25.0, 11.0), (15.0, 11.0))},
        ),
    )


_CAMERAS: dict[str, tuple[SimulatedCamera, ...]] = {
    "concourse": _demo_cameras(),
    "concourse-5": (_counting_camera(),),
    "concourse-50": (_counting_camera(),),
    "concourse-150": (_counting_camera(),),
}
