"""How a camera stands and looks: all that decides where on the ground a point of its picture lies."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from throng.ground.homography import Homography, homography_of
from throng.ground.lens import Lens

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class View:
    """A pinhole camera with square pixels, its principal point in the middle of the picture, over flat ground.

    The ground's axes are those of a plan: x to the right, y up the page, z up from the ground, metres. With yaw zero the camera
    stands over (x_m, y_m) and looks along y.

    Attributes
    ----------
    focal_px : float
        Focal length, pixels.
    tilt_rad : float
        Angle by which it looks down: 0 level, pi / 2 straight down.
    roll_rad : float
        Angle by which it is turned clockwise about its line of sight.
    height_m : float
        Height of the camera above the ground.
    width_px, height_px : int
        Size of the picture.
    k1 : float
        Distortion, as `throng.ground.lens.Lens` has it.
    yaw_rad : float
        Angle by which it is turned counter-clockwise on the plan.
    x_m, y_m : float
        Where it stands on the plan.
    """

    focal_px: float
    tilt_rad: float
    roll_rad: float
    height_m: float
    width_px: int
    height_px: int
    k1: float = 0.0
    yaw_rad: float = 0.0
    x_m: float = 0.0
    y_m: float = 0.0

    @property
    def lens(self) -> Lens:
        """What the lens bends."""
        return Lens(self.width_px, self.height_px, self.k1)

    def axes(self) -> Floats:
        """The camera's axes in the rows of a (3, 3) matrix: right, down in the picture, and along the line of sight."""
        (st, ct), (sr, cr), (sy, cy) = ((np.sin(a), np.cos(a)) for a in (self.tilt_rad, self.roll_rad, self.yaw_rad))
        level = np.array([[1.0, 0.0, 0.0], [0.0, -st, -ct], [0.0, ct, -st]])
        rolled = np.array([[cr, sr, 0.0], [-sr, cr, 0.0], [0.0, 0.0, 1.0]])
        turned = np.array([[cy, sy, 0.0], [-sy, cy, 0.0], [0.0, 0.0, 1.0]])
        axes: Floats = rolled @ level @ turned
        return axes

    def project(self, xyz_m: ArrayLike) -> tuple[Floats, Mask]:
        """Where points (n, 3), metres, lie in the picture, (n, 2) pixels; and which are before the camera, (n,)."""
        points = np.asarray(xyz_m, dtype=np.float64).reshape(-1, 3) - [self.x_m, self.y_m, self.height_m]
        across, down, depth = self.axes() @ points.T
        in_front = depth > 1e-9
        ahead = np.where(in_front, depth, np.nan)
        straight = np.column_stack([across / ahead, down / ahead]) * self.focal_px + self.lens.middle_px
        picture = self.lens.distort(straight)
        return picture, in_front & np.isfinite(picture).all(axis=1)

    def to_ground(self, xy_px: ArrayLike) -> tuple[Floats, Mask]:
        """See `throng.data.ground_map.GroundMap`."""
        straight = self.lens.undistort(xy_px)
        rays = np.column_stack([(straight - self.lens.middle_px) / self.focal_px, np.ones(len(straight))]) @ self.axes()
        on_ground = rays[:, 2] < -1e-12
        steps = self.height_m / np.where(on_ground, -rays[:, 2], np.nan)
        return rays[:, :2] * steps[:, None] + [self.x_m, self.y_m], on_ground

    def to_image(self, xy_m: ArrayLike) -> tuple[Floats, Mask]:
        """See `throng.data.ground_map.GroundMap`."""
        points = np.asarray(xy_m, dtype=np.float64).reshape(-1, 2)
        return self.project(np.column_stack([points, np.zeros(len(points))]))

    def homography(self) -> Homography:
        """Undistorted picture to ground."""
        right, down, ahead = self.axes()
        lens = np.array([[self.focal_px, 0.0, self.width_px / 2], [0.0, self.focal_px, self.height_px / 2], [0.0, 0.0, 1.0]])
        turned = np.array([right, down, ahead])
        offset = turned @ -np.array([self.x_m, self.y_m, self.height_m])
        return homography_of(np.linalg.inv(lens @ np.column_stack([turned[:, 0], turned[:, 1], offset])))

    def parameters(self) -> Floats:
        """(8,) log focal length, tilt, roll, log height, k1, yaw, x, y: free numbers for a solver."""
        logs = np.log([self.focal_px, self.height_m])
        return np.array(
            [logs[0], self.tilt_rad, self.roll_rad, logs[1], self.k1, self.yaw_rad, self.x_m, self.y_m], dtype=np.float64
        )

    def with_parameters(self, parameters: Floats) -> Self:
        """The same picture seen with other `parameters`."""
        focal, tilt, roll, height, k1, yaw, x, y = (float(value) for value in parameters)
        return replace(
            self,
            focal_px=float(np.exp(focal)),
            tilt_rad=tilt,
            roll_rad=roll,
            height_m=float(np.exp(height)),
            k1=k1,
            yaw_rad=yaw,
            x_m=x,
            y_m=y,
        )
