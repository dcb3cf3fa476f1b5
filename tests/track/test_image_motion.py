"""The filter in the picture against the matrix form of the Kalman filter, and its covariance against its errors."""

import numpy as np
import pytest
from scipy.stats import chi2
from tests.track.crowds import Floats

from throng.track import image_motion
from throng.track.image_motion import ImageMotion, ImageNoise

NOISE = ImageNoise()
HEIGHT = 100.0
BOX = np.array([[500.0, 300.0, 40.0, HEIGHT]])
ALL = np.array([0], dtype=np.intp)


class TextbookFilter:
    """One coordinate by the equations of Kalman with white-noise acceleration, in matrices."""

    def __init__(self, z: float, height: float, *, error: float, speed: float) -> None:
        self.x = np.array([z, 0.0])
        self.p = np.diag([(error * height) ** 2, (speed * height) ** 2])
        self._error = error

    def predict(self, dt: float, height: float, acceleration: float) -> None:
        f = np.array([[1.0, dt], [0.0, 1.0]])
        q = (acceleration * height) ** 2 * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
        self.x, self.p = f @ self.x, f @ self.p @ f.T + q

    def update(self, z: float, height: float) -> None:
        h = np.array([[1.0, 0.0]])
        gain = self.p @ h.T @ np.linalg.inv(h @ self.p @ h.T + (self._error * height) ** 2)
        self.x = self.x + gain @ (np.array([z]) - h @ self.x)
        self.p = (np.eye(2) - gain @ h) @ self.p


def test_each_coordinate_equals_the_textbook_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_motion, "SURPRISE", np.inf)
    generator = np.random.default_rng(5)
    motion = ImageMotion(NOISE)
    motion.add(BOX.copy())
    position = [TextbookFilter(z, HEIGHT, error=NOISE.position, speed=NOISE.start_speed) for z in BOX[0, :2]]
    size = [TextbookFilter(z, HEIGHT, error=NOISE.size, speed=NOISE.start_growth) for z in BOX[0, 2:]]
    for dt in generator.uniform(0.02, 0.4, 30):
        height = float(size[1].x[0])
        for one, acceleration in zip(position + size, [NOISE.acceleration] * 2 + [NOISE.growth] * 2, strict=True):
            one.predict(dt, height, acceleration)
        motion.predict(dt)
        z = BOX[0] + generator.normal(0, 10, 4)
        height = float(size[1].x[0])
        for one, value in zip(position + size, z, strict=True):
            one.update(value, height)
        motion.update(ALL, z[None, :])
        np.testing.assert_allclose(motion.boxes_px[0], [one.x[0] for one in position + size], rtol=1e-9)
        np.testing.assert_allclose(motion.velocity_px[0], [one.x[1] for one in position + size], rtol=1e-6, atol=1e-9)
        expected = motion.expected()
        height = float(size[1].x[0])
        variance = position[0].p[0, 0] + (NOISE.position * height) ** 2
        np.testing.assert_allclose([expected.centre_px2[0][0], expected.centre_px2[2][0]], variance, rtol=1e-9)
        np.testing.assert_allclose(expected.size_px2[0], size[0].p[0, 0] + (NOISE.size * height) ** 2, rtol=1e-9)


def _mean_nees(n: int, steps: int, dt: float) -> Floats:
    """Mean over 2n coordinates of e' P^-1 e, e the error of position and speed, of people who move as the model says."""
    generator = np.random.default_rng(11)
    position = generator.uniform(0, 1e4, (n, 2))
    speed = generator.normal(0, NOISE.start_speed * HEIGHT, (n, 2))
    size = np.broadcast_to(BOX[:, 2:], (n, 2))
    root = np.linalg.cholesky((NOISE.acceleration * HEIGHT) ** 2 * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]]))

    def found() -> Floats:
        return np.concatenate([position + generator.normal(0, NOISE.position * HEIGHT, (n, 2)), size], axis=1)

    motion = ImageMotion(NOISE)
    motion.add(found())
    means = []
    for _ in range(steps):
        kick = generator.normal(size=(n, 2, 2)) @ root.T
        position, speed = position + speed * dt + kick[..., 0], speed + kick[..., 1]
        motion.predict(dt)
        motion.update(np.arange(n), found())
        error, of_speed = motion.boxes_px[:, :2] - position, motion.velocity_px[:, :2] - speed
        p, pv, v = motion._p[:, :1], motion._pv[:, :1], motion._v[:, :1]
        means.append(((v * error**2 - 2 * pv * error * of_speed + p * of_speed**2) / (p * v - pv**2)).mean())
    return np.array(means)


@pytest.mark.parametrize("rate_hz", [5.0, 30.0])
def test_errors_are_as_large_as_the_covariance_says(rate_hz: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_motion, "SURPRISE", np.inf)
    n = 2000
    least, most = chi2.ppf([0.0005, 0.9995], 2 * 2 * n) / (2 * n)
    nees = _mean_nees(n, 40, 1 / rate_hz)[[0, 4, 9, 19, 39]]
    assert (nees > least).all()
    assert (nees < most).all()


def test_the_rule_for_surprises_makes_the_filter_hardly_less_true() -> None:
    # One update in exp(-3.5) = 3 % is beyond the rule by chance and is then believed too much: within a tenth of two.
    nees = _mean_nees(2000, 40, 0.1)
    assert (nees < 2.2).all()
    assert (nees > 1.8).all()


def test_a_surprise_beyond_the_model_is_followed_at_once() -> None:
    motion = ImageMotion(NOISE)
    motion.add(BOX.copy())
    for _ in range(50):
        motion.predict(0.1)
        motion.update(ALL, BOX)
    motion.predict(0.1)
    there = BOX + HEIGHT * np.array([3, 0, 2, 2])
    motion.update(ALL, there)
    assert np.abs(motion.boxes_px - there).max() < NOISE.position * HEIGHT
    assert motion.expected().centre_px2[0][0] < (3 * HEIGHT) ** 2


def test_two_half_steps_are_one_whole_step() -> None:
    one, other = ImageMotion(NOISE), ImageMotion(NOISE)
    for motion in (one, other):
        motion.add(BOX.copy())
        motion.predict(0.1)
        motion.update(ALL, BOX + np.array([20.0, 5, 0, 0]))
    one.predict(0.8)
    other.predict(0.4)
    other.predict(0.4)
    np.testing.assert_allclose(one.boxes_px, other.boxes_px, rtol=1e-12)
    # The height hardly changes, so neither does the noise that is a share of it.
    np.testing.assert_allclose(one.expected().centre_px2[0], other.expected().centre_px2[0], rtol=1e-3)


def test_whoever_shrinks_never_vanishes() -> None:
    motion = ImageMotion(NOISE)
    motion.add(BOX.copy())
    for step in range(1, 9):
        motion.predict(0.1)
        motion.update(ALL, BOX * np.array([1, 1, 1 - 0.1 * step, 1 - 0.1 * step]))
    assert (motion.velocity_px[0, 2:] < 0).all()
    motion.predict(60.0)
    assert (motion.boxes_px[:, 2:] >= 1.0).all()


def test_rows_are_people_who_do_not_touch_each_other() -> None:
    crowd = np.array([[0.0, 0, 40, 100], [300, 0, 20, 50], [600, 0, 80, 200]])
    together = ImageMotion(NOISE)
    together.add(crowd[:1].copy())
    together.add(crowd[1:].copy())
    together.predict(0.2)
    together.update(np.array([2, 0]), crowd[[2, 0]] + [30.0, 0, 0, 0])
    together.keep(np.array([False, True, True]))
    together.shift(np.array([7.0, -3.0]))
    for row, person in enumerate(crowd[1:]):
        alone = ImageMotion(NOISE)
        alone.add(person[None, :].copy())
        alone.predict(0.2)
        if row == 1:
            alone.update(ALL, person[None, :] + [30.0, 0, 0, 0])
        np.testing.assert_allclose(together.boxes_px[row], alone.boxes_px[0] + [7.0, -3.0, 0, 0])
        np.testing.assert_allclose(together.velocity_px[row], alone.velocity_px[0])
        np.testing.assert_allclose(together.expected().size_px2[row], alone.expected().size_px2[0])
    assert len(together) == 2
