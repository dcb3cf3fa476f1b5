"""A constant-velocity Kalman filter for many boxes at once, over arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Noise:
    """How people move and how detectors err, in heights of the person's box so that near and far behave alike.

    Attributes
    ----------
    acceleration : float
        Root of the spectral density of white-noise acceleration, heights / s^1.5.
    position : float
        Standard error of a detected box's centre and size, heights.
    start_speed : float
        Standard deviation of an unseen person's speed, heights / s.
    """

    acceleration: float = 0.5
    position: float = 0.08
    start_speed: float = 1.0


class KalmanBoxes:
    """States of n boxes: centre x, centre y, width, height, each with its own velocity.

    The four coordinates are independent, so a 2x2 covariance per coordinate (p, pv, v) suffices and one step is a handful
    of array operations whatever n is. Motion is white-noise acceleration over the true time step (Bar-Shalom, Li and
    Kirubarajan 2001, eq. 6.2.2-4): Q = q [[dt^3/3, dt^2/2], [dt^2/2, dt]].

    Attributes
    ----------
    position, velocity : (n, 4) float64
        Pixels, pixels / s.
    """

    def __init__(self, noise: Noise) -> None:
        self.noise = noise
        self.position: Floats = np.empty((0, 4))
        self.velocity: Floats = np.empty((0, 4))
        self._p: Floats = np.empty((0, 4))
        self._pv: Floats = np.empty((0, 4))
        self._v: Floats = np.empty((0, 4))

    def __len__(self) -> int:
        return len(self.position)

    def add(self, boxes: Floats) -> None:
        """Start states at boxes (m, 4) given as centre x, centre y, width, height."""
        size = boxes[:, 3:4] * np.ones(4)
        self.position = np.concatenate([self.position, boxes])
        self.velocity = np.concatenate([self.velocity, np.zeros_like(boxes)])
        self._p = np.concatenate([self._p, (size * self.noise.position) ** 2])
        self._pv = np.concatenate([self._pv, np.zeros_like(boxes)])
        # People move; their width and height hardly do.
        speed = self.noise.start_speed * np.array([1.0, 1.0, 0.1, 0.1])
        self._v = np.concatenate([self._v, (size * speed) ** 2])

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Forget every state but those of `rows` (n,)."""
        for name in ("position", "velocity", "_p", "_pv", "_v"):
            setattr(self, name, getattr(self, name)[rows])

    def predict(self, dt_s: float) -> None:
        """Move all states on by dt seconds."""
        q = (self.noise.acceleration * self.position[:, 3:4] * np.array([1.0, 1.0, 0.2, 0.2])) ** 2
        self.position = self.position + self.velocity * dt_s
        self.position[:, 2:] = np.maximum(self.position[:, 2:], 1.0)
        self._p = self._p + 2 * dt_s * self._pv + dt_s**2 * self._v + q * dt_s**3 / 3
        self._pv = self._pv + dt_s * self._v + q * dt_s**2 / 2
        self._v = self._v + q * dt_s

    def update(self, rows: NDArray[np.intp], boxes: Floats) -> None:
        """Correct the states `rows` (m,) by the boxes (m, 4) seen there: K = P H' / (H P H' + R)."""
        r = (self.noise.position * boxes[:, 3:4]) ** 2
        p, pv, v = self._p[rows], self._pv[rows], self._v[rows]
        gain_p, gain_v = p / (p + r), pv / (p + r)
        surprise = boxes - self.position[rows]
        self.position[rows] += gain_p * surprise
        self.velocity[rows] += gain_v * surprise
        self._p[rows] = (1 - gain_p) * p
        self._pv[rows] = (1 - gain_p) * pv
        self._v[rows] = v - gain_v * pv
