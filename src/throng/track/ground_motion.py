"""How people move on the ground: a constant-velocity Kalman filter in metres for many people at once, over arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.ground_map import GroundMap
from throng.track.expected import SURPRISE, Expected, Floats

Rows = NDArray[np.intp]
STEP_M = 0.01
"""Distance on the ground over which the map's slope is taken."""
LEAST_SCALE = 1e-3
"""Pixels a metre, below which a place is as good as at the horizon."""
FURTHEST_M = 1e4
"""Nobody is followed beyond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundNoise:
    """How people move and how detectors err.

    Attributes
    ----------
    acceleration : float
        Root of the spectral density of white-noise acceleration, m / s^1.5.
    start_speed : float
        Standard deviation of an unseen person's speed along each axis, m / s.
    position, size : float
        Standard error of a detected box's centre and of its width and height, heights of the box.
    growth : float
        Root of the spectral density at which a person's own width and height wander, heights / s^0.5.
    """

    acceleration: float = 0.7
    start_speed: float = 1.3
    position: float = 0.08
    size: float = 0.1
    growth: float = 0.03


class GroundMotion:
    """States of n people: feet and velocity on the ground, width and height as shares of a metre held up where they stand.

    People walk at a steady pace on the ground and not in the picture, where whoever comes nearer gets faster and larger. The
    centre of their box is seen through the map g from the ground to the picture, linearised where they are expected, J = dg/dX
    (the extended Kalman filter, Bar-Shalom, Li and Kirubarajan 2001, section 10.3): S = J P J' + R, K = P J' / S. Motion is
    white-noise acceleration, as in the picture. A box is as large as the ground is near: its size is held in lengths of a
    horizontal metre in the picture, so a centre climbs less than the feet when somebody comes nearer.

    Attributes
    ----------
    boxes_px : (n, 4) float64
        Centre x, centre y, width, height, pixels.
    feet_m, velocity_mps : (n, 2) float64
        Metres, m / s.
    """

    def __init__(self, noise: GroundNoise, ground: GroundMap) -> None:
        self.noise = noise
        self.usual_error = noise.position
        self._ground = ground
        self.feet_m: Floats = np.empty((0, 2))
        self.velocity_mps: Floats = np.empty((0, 2))
        self._size_m: Floats = np.empty((0, 2))
        # Covariances of feet, of feet and velocity, of velocity; variance of the size.
        self._p: Floats = np.empty((0, 2, 2))
        self._pv: Floats = np.empty((0, 2, 2))
        self._v: Floats = np.empty((0, 2, 2))
        self._of_size: Floats = np.empty(0)
        # Standard error of the centre of the box last found, heights.
        self._error: Floats = np.empty(0)
        self.boxes_px: Floats = np.empty((0, 4))
        # Pixels a metre of the feet and of the centre of the box.
        self._slope: Floats = np.empty((0, 2, 2))
        self._centre_slope: Floats = np.empty((0, 2, 2))

    def __len__(self) -> int:
        return len(self.feet_m)

    def holds(self, boxes_px: Floats) -> NDArray[np.bool_]:
        """Which boxes (m, 4) stand on the ground, (m,)."""
        feet_m, standing = self._ground.to_ground(_feet(boxes_px))
        return standing & (np.abs(np.where(standing[:, None], feet_m, np.inf)) < FURTHEST_M).all(axis=1)

    def add(self, boxes_px: Floats, errors: Floats | None = None) -> None:
        """Start states at boxes (m, 4) on the ground, centre x, centre y, width, height, off by errors (m,), heights."""
        feet_m, _ = self._ground.to_ground(_feet(boxes_px))
        n = len(feet_m)
        errors = np.full(n, self.usual_error) if errors is None else errors
        slope, scale, bend = self._slopes(feet_m)
        back = np.linalg.inv(slope)
        spread_px2 = (errors * boxes_px[:, 3]) ** 2
        unit = np.broadcast_to(np.eye(2), (n, 2, 2))
        self.feet_m = np.concatenate([self.feet_m, feet_m])
        self.velocity_mps = np.concatenate([self.velocity_mps, np.zeros((n, 2))])
        self._size_m = np.concatenate([self._size_m, boxes_px[:, 2:] / scale[:, None]])
        self._p = np.concatenate([self._p, spread_px2[:, None, None] * (back @ back.transpose(0, 2, 1))])
        self._pv = np.concatenate([self._pv, np.zeros((n, 2, 2))])
        self._v = np.concatenate([self._v, unit * self.noise.start_speed**2])
        self._of_size = np.concatenate([self._of_size, (self.noise.size * boxes_px[:, 3] / scale) ** 2])
        self._error = np.concatenate([self._error, errors])
        self.boxes_px = np.concatenate([self.boxes_px, boxes_px])
        self._slope = np.concatenate([self._slope, slope])
        self._centre_slope = np.concatenate([self._centre_slope, _of_centre(slope, boxes_px[:, 3] / scale, bend)])

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Forget every state but those of `rows` (n,)."""
        motion = ("feet_m", "velocity_mps", "_p", "_pv", "_v")
        for name in (*motion, "_size_m", "_of_size", "_error", "boxes_px", "_slope", "_centre_slope"):
            setattr(self, name, getattr(self, name)[rows])

    def predict(self, dt_s: float) -> None:
        """Move all states on by dt seconds."""
        q = self.noise.acceleration**2 * np.eye(2)
        self.feet_m = self.feet_m + self.velocity_mps * dt_s
        self._p += dt_s * (self._pv + self._pv.transpose(0, 2, 1)) + dt_s**2 * self._v + q * (dt_s**3 / 3)
        self._pv += dt_s * self._v + q * (dt_s**2 / 2)
        self._v += q * dt_s
        self._of_size += (self.noise.growth * self._size_m[:, 1]) ** 2 * dt_s
        self._look()

    def shift(self, offset_px: Floats) -> None:
        """Move all boxes by (2,) pixels, as a push at the camera does: speeds stay."""
        self.feet_m = (
            self.feet_m + np.linalg.solve(self._slope, np.broadcast_to(offset_px, (len(self), 2))[:, :, None])[:, :, 0]
        )
        self._look()

    def expected(self) -> Expected:
        """Where each box should be found, and how surely."""
        spread, of_size = self._spread()
        return Expected(self.boxes_px, (spread[:, 0, 0], spread[:, 0, 1], spread[:, 1, 1]), of_size)

    def update(self, rows: Rows, boxes_px: Floats, errors: Floats | None = None) -> None:
        """Correct the states `rows` (m,) by the boxes (m, 4) found there, off by errors (m,), heights."""
        errors = np.full(len(rows), self.usual_error) if errors is None else errors
        self._error[rows] = errors
        slope, before = self._centre_slope[rows], self.boxes_px[rows]
        surprise = boxes_px - before
        p, pv, v = self._p[rows], self._pv[rows], self._v[rows]
        noise = (errors * before[:, 3]) ** 2
        seen = p @ slope.transpose(0, 2, 1)
        spread = slope @ seen + noise[:, None, None] * np.eye(2)
        inverse = np.linalg.inv(spread)
        # A surprise beyond reason widens the state until it is within (see ImageMotion).
        centre = surprise[:, :2, None]
        widened = np.maximum((centre.transpose(0, 2, 1) @ inverse @ centre)[:, 0, 0] / (2 * SURPRISE), 1.0)
        p, seen = p * widened[:, None, None], seen * widened[:, None, None]
        spread = slope @ seen + noise[:, None, None] * np.eye(2)
        inverse = np.linalg.inv(spread)
        gain, gain_v = seen @ inverse, pv.transpose(0, 2, 1) @ slope.transpose(0, 2, 1) @ inverse
        self.feet_m[rows] += (gain @ centre)[:, :, 0]
        self.velocity_mps[rows] += (gain_v @ centre)[:, :, 0]
        self._p[rows] = _symmetric(p - gain @ seen.transpose(0, 2, 1))
        self._pv[rows] = pv - gain @ slope @ pv
        self._v[rows] = _symmetric(v - gain_v @ slope @ pv)
        self._resize(rows, before, boxes_px)
        self._look()

    def _resize(self, rows: Rows, before: Floats, boxes_px: Floats) -> None:
        scale = _scale(self._slope[rows])
        error = (boxes_px[:, 2:] - before[:, 2:]) / scale[:, None]
        noise = (self.noise.size * before[:, 3] / scale) ** 2
        variance = self._of_size[rows]
        variance = variance + np.maximum((error**2).mean(axis=1) - SURPRISE * (variance + noise), 0.0)
        gain = variance / (variance + noise)
        self._size_m[rows] += gain[:, None] * error
        self._of_size[rows] = variance - gain * variance

    def _look(self) -> None:
        """The boxes in the picture, and the map's slope where the feet are; who would leave the picture's front stays."""
        feet_px, before = self._ground.to_image(self.feet_m)
        self._slope, scale, bend = self._slopes(self.feet_m)
        self._centre_slope = _of_centre(self._slope, self._size_m[:, 1], bend)
        size = np.maximum(self._size_m * scale[:, None], 1.0)
        boxes = np.concatenate([feet_px[:, :1], feet_px[:, 1:] - size[:, 1:] / 2, size], axis=1)
        self.boxes_px = np.where(before[:, None] & np.isfinite(boxes), boxes, self.boxes_px)

    def _slopes(self, feet_m: Floats) -> tuple[Floats, Floats, Floats]:
        """How the map goes at places (n, 2) on the ground.

        Returns
        -------
        slope : (n, 2, 2) float64
            J of the feet, pixels a metre.
        scale : (n,) float64
            How long a horizontal metre looks, pixels.
        bend : (n, 2) float64
            How much longer it looks a metre on along each axis.
        """
        steps = STEP_M * np.array([[0.0, 0], [1, 0], [0, 1], [2, 0], [1, 1], [0, 2]])
        pixels, _ = self._ground.to_image((steps[:, None] + feet_m).reshape(-1, 2))
        here, east, north, east2, both, north2 = pixels.reshape(6, -1, 2)
        slope = np.stack([east - here, north - here], axis=2) / STEP_M
        scales = [
            _scale(np.stack([one - at, other - at], axis=2) / STEP_M)
            for at, one, other in ((here, east, north), (east, east2, both), (north, both, north2))
        ]
        bend = np.stack([scales[1] - scales[0], scales[2] - scales[0]], axis=1) / STEP_M
        finite = np.isfinite(slope).all(axis=(1, 2)) & np.isfinite(bend).all(axis=1)
        slope[~finite], bend[~finite] = 0.0, 0.0
        slope[np.abs(np.linalg.det(slope)) < LEAST_SCALE**2] = np.eye(2)
        return slope, _scale(slope), bend

    def _spread(self) -> tuple[Floats, Floats]:
        noise = (self._error * self.boxes_px[:, 3]) ** 2
        spread = self._centre_slope @ self._p @ self._centre_slope.transpose(0, 2, 1)
        spread[:, 0, 0] += noise
        spread[:, 1, 1] += noise
        of_size = self._of_size * _scale(self._slope) ** 2 + (self.noise.size * self.boxes_px[:, 3]) ** 2
        return spread, of_size


def _of_centre(slope: Floats, height_m: Floats, bend: Floats) -> Floats:
    centre = slope.copy()
    centre[:, 1] -= height_m[:, None] / 2 * bend
    return centre


def _symmetric(matrices: Floats) -> Floats:
    # Rounding errors that are not symmetric grow from update to update.
    half: Floats = (matrices + matrices.transpose(0, 2, 1)) / 2
    return half


def _scale(slope: Floats) -> Floats:
    scale: Floats = np.hypot(slope[:, 0, 0], slope[:, 0, 1])
    return scale


def _feet(boxes_px: Floats) -> Floats:
    return np.stack([boxes_px[:, 0], boxes_px[:, 1] + boxes_px[:, 3] / 2], axis=1)
