"""A fixed pinhole camera above the simulated ground."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from throng.data.place import Line, Zone
from throng.data.secrecy import frozen_array

SIZE_PX = (768, 432)
FRAME_RATE_HZ = 12.5


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedCamera:
    """Where a camera hangs, what it counts and how the ground looks through it.

    A point p = (x, y, z) lies at depth d = (R p + t)_z in front of the camera and at pixel K (R p + t) / d. Pixels are
    continuous: the picture spans 0 to width and 0 to height.

    Attributes
    ----------
    name : str
    K, R : (3, 3) float64
        Intrinsic matrix, pixels; rotation from ground to camera axes (x right, y down, z forward).
    t : (3,) float64
        Translation, metres.
    size_px : (width, height)
    frame_rate_hz : float
    lines_m : tuple of (name, (2, 2) float64)
        Counting lines on the ground.
    zones_m : tuple of (name, (n, 2) float64)
        Zones on the ground.
    points_m, points_px : (k, 2) float64
        Ground control points for a calibration, metres and pixels.
    """

    name: str
    K: NDArray[np.float64]
    R: NDArray[np.float64]
    t: NDArray[np.float64]
    size_px: tuple[int, int]
    frame_rate_hz: float
    lines_m: tuple[tuple[str, NDArray[np.float64]], ...]
    zones_m: tuple[tuple[str, NDArray[np.float64]], ...]
    points_m: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name, shape in (("K", (3, 3)), ("R", (3, 3)), ("t", (3,)), ("points_m", (None, 2))):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64, shape=shape, name=name))

    @property
    def centre_m(self) -> NDArray[np.float64]:
        """The camera's own place (3,), metres."""
        centre: NDArray[np.float64] = -self.R.T @ self.t
        return centre

    @property
    def points_px(self) -> NDArray[np.float64]:
        """`points_m` as they lie in the picture, (k, 2) pixels."""
        return self.project_ground(self.points_m)

    @property
    def lines_px(self) -> tuple[Line, ...]:
        """The counting lines as they lie in the picture."""
        return tuple(Line(name, self.project_ground(ends)) for name, ends in self.lines_m)

    @property
    def zones_px(self) -> tuple[Zone, ...]:
        """The zones as they lie in the picture."""
        return tuple(Zone(name, self.project_ground(corners)) for name, corners in self.zones_m)

    def depth_m(self, xyz_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distance of points (..., 3) along the viewing axis, (...,) metres; negative behind the camera."""
        depth: NDArray[np.float64] = xyz_m @ self.R[2] + self.t[2]
        return depth

    def project(self, xyz_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels (..., 2) of points (..., 3) metres; meaningless behind the camera (see `depth_m`)."""
        seen = xyz_m @ (self.K @ self.R).T + self.K @ self.t
        pixels: NDArray[np.float64] = seen[..., :2] / seen[..., 2:]
        return pixels

    def project_ground(self, xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels (n, 2) of points (n, 2) metres on the ground."""
        return self.project(np.concatenate([xy_m, np.zeros((len(xy_m), 1))], axis=1))

    def rays(self, xy_image_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Directions (..., 3) in ground axes, of unit depth, in which pixels (..., 2) look."""
        ones = np.ones((*xy_image_px.shape[:-1], 1))
        directions: NDArray[np.float64] = np.concatenate([xy_image_px, ones], axis=-1) @ (self.R.T @ np.linalg.inv(self.K)).T
        return directions

    def ground(self, xy_image_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Ground points (n, 2), metres, that pixels (n, 2) show; NaN at and above the horizon."""
        directions = self.rays(xy_image_px)
        down = np.where(directions[:, 2] < -1e-9, directions[:, 2], np.nan)
        points: NDArray[np.float64] = self.centre_m[:2] - self.centre_m[2] / down[:, None] * directions[:, :2]
        return points

    def sees(self, xy_m: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which points (n, 2) of the ground lie in the picture, (n,)."""
        xyz = np.concatenate([xy_m, np.zeros((len(xy_m), 1))], axis=1)
        in_front = self.depth_m(xyz) > 0.1
        with np.errstate(divide="ignore", invalid="ignore"):
            pixels = self.project(xyz)
        seen: NDArray[np.bool_] = in_front & ((pixels >= 0) & (pixels < self.size_px)).all(axis=1)
        return seen


def mounted(
    name: str,
    *,
    at_m: tuple[float, float, float],
    pan_deg: float,
    tilt_deg: float,
    field_of_view_deg: float,
    lines_m: Mapping[str, ArrayLike],
    zones_m: Mapping[str, ArrayLike],
    size_px: tuple[int, int] = SIZE_PX,
    frame_rate_hz: float = FRAME_RATE_HZ,
) -> SimulatedCamera:
    """A camera hung at a place and turned: pan 0 looks north and 90 east, tilt is down from the horizontal.

    `field_of_view_deg` is horizontal. Control points are spread over the lower part of the picture, on whole decimetres of
    ground.
    """
    width, height = size_px
    focal_px = width / 2 / np.tan(np.radians(field_of_view_deg) / 2)
    K = np.array([[focal_px, 0, width / 2], [0, focal_px, height / 2], [0, 0, 1.0]])
    pan, tilt = np.radians(pan_deg), np.radians(tilt_deg)
    forward = np.array([np.sin(pan) * np.cos(tilt), np.cos(pan) * np.cos(tilt), -np.sin(tilt)])
    right = np.array([np.cos(pan), -np.sin(pan), 0.0])
    R = np.array([right, np.cross(forward, right), forward])
    t = -R @ np.array(at_m)
    lines, zones = _named(lines_m), _named(zones_m)
    camera = SimulatedCamera(name, K, R, t, size_px, frame_rate_hz, lines, zones, np.empty((0, 2)))
    return SimulatedCamera(name, K, R, t, size_px, frame_rate_hz, lines, zones, _control_points(camera))


def _named(places: Mapping[str, ArrayLike]) -> tuple[tuple[str, NDArray[np.float64]], ...]:
    return tuple((name, frozen_array(points, np.float64, shape=(None, 2), name=name)) for name, points in places.items())


def _control_points(camera: SimulatedCamera, shares: Sequence[float] = (0.12, 0.5, 0.88)) -> NDArray[np.float64]:
    width, height = camera.size_px
    pixels = np.array([(width * u, height * v) for v in (0.35, 0.6, 0.9) for u in shares])
    points: NDArray[np.float64] = np.round(camera.ground(pixels), 1)
    return points[camera.sees(points)]
