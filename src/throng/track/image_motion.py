"""How people move in the picture: a constant-velocity Kalman filter for many boxes at once, over arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.track.expected import SURPRISE, Expected, Floats

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageNoise:
    """How people move and how detectors err, in heights of the person's box so that near and far behave alike.

    Attributes
    ----------
    acceleration, growth : float
        Root of the spectral density of white-noise acceleration of a box's centre and of its size, heights / s^1.5.
    position, size : float
        Standard error of a detected box's centre and of its width and height, heights.
    start_speed, start_growth : float
        Standard deviation of an unseen person's speed and of the change of size, heights / s.
    """

    acceleration: float = 0.3
    growth: float = 0.03
    position: float = 0.07
    size: float = 0.1
    start_speed: float = 1.1
    start_growth: float = 0.15


class ImageMotion:
    """States of n boxes: centre x, centre y, width, height, each with its own velocity.

    The four coordinates are independent, and x and y, width and height, have the same noise; so two 2x2 covariances
    (p, pv; pv, v) a box suffice, and one step is a handful of array operations whatever n is. Motion is white-noise
    acceleration over the true time step (Bar-Shalom, Li and Kirubarajan 2001, eq. 6.2.2-4):
    Q = q [[dt^3/3, dt^2/2], [dt^2/2, dt]].

    Attributes
    ----------
    boxes_px, velocity_px : (n, 4) float64
        Centre x, centre y, width, height, pixels; their changes, pixels / s.
    """

    def __init__(self, noise: ImageNoise) -> None:
        self.usual_error = noise.position
        self._size = noise.size
        self._acceleration = np.array([noise.acceleration, noise.growth])
        self._start_speed = np.array([noise.start_speed, noise.start_growth])
        self.boxes_px: Floats = np.empty((0, 4))
        self.velocity_px: Floats = np.empty((0, 4))
        self._p: Floats = np.empty((0, 2))
        self._pv: Floats = np.empty((0, 2))
        self._v: Floats = np.empty((0, 2))
        # Standard errors of the centre and of the size of the box last found, heights.
        self._error: Floats = np.empty((0, 2))

    def __len__(self) -> int:
        return len(self.boxes_px)

    def holds(self, boxes_px: Floats) -> NDArray[np.bool_]:
        """Which boxes (m, 4) can be followed: in the picture, all."""
        return np.ones(len(boxes_px), dtype=bool)

    def add(self, boxes_px: Floats, errors: Floats | None = None) -> None:
        """Start states at boxes (m, 4), centre x, centre y, width, height, whose centres are off by errors (m,), heights."""
        height, error = boxes_px[:, 3:], self._both(errors, len(boxes_px))
        self.boxes_px = np.concatenate([self.boxes_px, boxes_px])
        self.velocity_px = np.concatenate([self.velocity_px, np.zeros_like(boxes_px)])
        self._error = np.concatenate([self._error, error])
        self._p = np.concatenate([self._p, (height * error) ** 2])
        self._pv = np.concatenate([self._pv, np.zeros((len(boxes_px), 2))])
        self._v = np.concatenate([self._v, (height * self._start_speed) ** 2])

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Forget every state but those of `rows` (n,)."""
        self.boxes_px, self.velocity_px = self.boxes_px[rows], self.velocity_px[rows]
        self._p, self._pv, self._v, self._error = self._p[rows], self._pv[rows], self._v[rows], self._error[rows]

    def predict(self, dt_s: float) -> None:
        """Move all states on by dt seconds."""
        q = (self.boxes_px[:, 3:] * self._acceleration) ** 2
        self.boxes_px += self.velocity_px * dt_s
        np.maximum(self.boxes_px[:, 2:], 1.0, out=self.boxes_px[:, 2:])
        self._p += 2 * dt_s * self._pv + dt_s**2 * self._v + q * (dt_s**3 / 3)
        self._pv += dt_s * self._v + q * (dt_s**2 / 2)
        self._v += q * dt_s

    def shift(self, offset_px: Floats) -> None:
        """Move all boxes by (2,) pixels, as a push at the camera does: speeds stay."""
        self.boxes_px[:, :2] += offset_px

    def expected(self) -> Expected:
        """Where each box should be found, and how surely."""
        spread = self._p + (self.boxes_px[:, 3:] * self._error) ** 2
        return Expected(self.boxes_px, (spread[:, 0], None, spread[:, 0]), spread[:, 1])

    def update(self, rows: Rows, boxes_px: Floats, errors: Floats | None = None) -> None:
        """Correct the states `rows` (m,) by the boxes (m, 4) found there, off by errors (m,): K = P H' / (H P H' + R)."""
        self._error[rows] = self._both(errors, len(boxes_px))
        p, pv, v = self._p[rows], self._pv[rows], self._v[rows]
        before = self.boxes_px[rows]
        surprise = boxes_px - before
        noise = (before[:, 3:] * self._error[rows]) ** 2
        p += self._unexplained(p + noise, surprise)
        spread = p + noise
        gain_p, gain_v = p / spread, pv / spread
        self.boxes_px[rows] = before + np.repeat(gain_p, 2, axis=1) * surprise
        self.velocity_px[rows] += np.repeat(gain_v, 2, axis=1) * surprise
        self._p[rows] = p - gain_p * p
        self._pv[rows] = pv - gain_p * pv
        self._v[rows] = v - gain_v * pv

    def _both(self, errors: Floats | None, number: int) -> Floats:
        """Errors of centre and size (m, 2), the usual ones where none are known."""
        both = np.tile([self.usual_error, self._size], (number, 1))
        if errors is not None:
            both[:, 0] = errors
        return both

    @staticmethod
    def _unexplained(spread: Floats, surprise: Floats) -> Floats:
        """What to add to the variances (m, 2) so that no surprise is beyond `SURPRISE` of them.

        A person who comes into the picture or from behind a pillar grows from a part of a box to a whole one at once; a
        filter that insisted on what it expected would lose them (the fading factor of Zhou and Frank 1996).
        """
        squares = surprise**2
        mean = (squares[:, [0, 2]] + squares[:, [1, 3]]) / 2
        beyond: Floats = np.maximum(mean - SURPRISE * spread, 0.0)
        return beyond
