"""The filter on the ground: against the matrix form of the Kalman filter, against the picture's, and against its errors."""

import numpy as np
import pytest
from scipy.stats import chi2
from tests.track.crowds import Floats, oblique_camera, people_px

from throng.ground.homography import homography_of
from throng.track import ground_motion
from throng.track.ground_motion import GroundMotion, GroundNoise
from throng.track.image_motion import ImageMotion, ImageNoise

NOISE = GroundNoise()
PX_PER_M, HEIGHT = 100.0, 80.0
ONE = np.array([0], dtype=np.intp)
STRAIGHT_DOWN = homography_of(np.diag([1 / PX_PER_M, 1 / PX_PER_M, 1.0]))


def _from_above(feet_m: Floats) -> Floats:
    feet = feet_m * PX_PER_M
    return np.column_stack([feet[:, 0], feet[:, 1] - HEIGHT / 2, np.full(len(feet), 40.0), np.full(len(feet), HEIGHT)])


def _white_noise(dt: float) -> Floats:
    one = np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
    return NOISE.acceleration**2 * np.kron(one, np.eye(2))


def _covariances(motion: GroundMotion) -> Floats:
    """Of feet and speed together, (n, 4, 4)."""
    whole: Floats = np.block([[motion._p, motion._pv], [motion._pv.transpose(0, 2, 1), motion._v]])
    return whole


def test_from_straight_above_it_is_the_textbook_filter_in_metres(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ground_motion, "SURPRISE", np.inf)
    generator = np.random.default_rng(4)
    motion = GroundMotion(NOISE, STRAIGHT_DOWN)
    motion.add(_from_above(np.array([[3.0, 4.0]])))
    error = (NOISE.position * HEIGHT / PX_PER_M) ** 2
    x, p = np.array([3.0, 4.0, 0.0, 0.0]), np.diag([error, error, NOISE.start_speed**2, NOISE.start_speed**2])
    h = np.eye(2, 4)
    for dt in generator.uniform(0.02, 0.4, 40):
        f = np.eye(4) + dt * np.eye(4, k=2)
        x, p = f @ x, f @ p @ f.T + _white_noise(dt)
        motion.predict(dt)
        z = x[:2] + generator.normal(0, 0.2, 2)
        spread = h @ p @ h.T + error * np.eye(2)
        expected = motion.expected()
        np.testing.assert_allclose(expected.centre_px2[0], spread[0, 0] * PX_PER_M**2, rtol=1e-6)
        gain = p @ h.T @ np.linalg.inv(spread)
        x, p = x + gain @ (z - x[:2]), p - gain @ h @ p
        motion.update(ONE, _from_above(z[None, :]))
        np.testing.assert_allclose(np.append(motion.feet_m[0], motion.velocity_mps[0]), x, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(_covariances(motion)[0], p, rtol=1e-6, atol=1e-9)


def test_who_comes_towards_the_camera_is_foreseen_better_than_in_the_picture() -> None:
    generator = np.random.default_rng(8)
    n, dt = 50, 0.1
    feet_m = np.column_stack([generator.uniform(-3, 3, n), generator.uniform(13, 18, n)])
    velocity = np.column_stack([generator.normal(0, 0.2, n), generator.uniform(-1.7, -1.2, n)])
    ground, picture = GroundMotion(NOISE, oblique_camera()), ImageMotion(ImageNoise())
    for frame in range(40):
        true = people_px(feet_m + velocity * frame * dt)
        found = true + generator.normal(0, 0.02, (n, 4)) * true[:, 3:]
        for motion in (ground, picture):
            if frame == 0:
                motion.add(found)
            else:
                motion.predict(dt)
                motion.update(np.arange(n), found)
    ground.predict(1.0)
    picture.predict(1.0)
    true = people_px(feet_m + velocity * (39 * dt + 1.0))
    miss = [np.hypot(*(motion.boxes_px - true)[:, :2].T) / true[:, 3] for motion in (ground, picture)]
    assert np.median(miss[0]) < 0.6 * np.median(miss[1])
    assert np.median(miss[0]) < 0.1


def test_covariances_stay_symmetric_and_positive_definite() -> None:
    generator = np.random.default_rng(6)
    n = 6
    ground = GroundMotion(NOISE, oblique_camera())
    home = np.column_stack([generator.uniform(-4, 4, n), generator.uniform(6, 14, n)])
    ground.add(people_px(home))
    for step in range(3000):
        ground.predict(generator.uniform(0.01, 0.3))
        rows = np.flatnonzero(generator.random(n) < 0.7)
        circle = np.array([np.cos(step / 40), np.sin(step / 40)])
        true = people_px(home[rows] + circle)
        jump = np.where(generator.random(len(rows)) < 0.02, 0.5, 0.08)
        ground.update(rows, true + generator.normal(size=true.shape) * (jump * true[:, 3])[:, None] * [1, 1, 0.2, 0.2])
        if step % 50 == 0:
            whole = _covariances(ground)
            np.testing.assert_allclose(whole, whole.transpose(0, 2, 1), rtol=1e-9, atol=1e-12)
            assert np.linalg.eigvalsh(whole).min() > 0
            assert (ground._of_size > 0).all()


def test_a_detection_tells_of_feet_and_only_through_them_of_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    # In information form, P^-1 grows by H' R^-1 H and the state moves by P H' R^-1 times the surprise; H looks at feet only.
    monkeypatch.setattr(ground_motion, "SURPRISE", np.inf)
    generator = np.random.default_rng(9)
    ground = GroundMotion(NOISE, oblique_camera())
    ground.add(people_px(np.array([[3.0, 6.0]])))
    for step in range(1, 80):
        ground.predict(0.2)
        before, state = _covariances(ground)[0], np.append(ground.feet_m[0], ground.velocity_mps[0])
        found = people_px(np.array([[3 * np.cos(step / 8), 6 + 3 * np.sin(step / 8)]]))
        ground.update(ONE, found + generator.normal(0, 5, (1, 4)))
        after, moved = _covariances(ground)[0], np.append(ground.feet_m[0], ground.velocity_mps[0]) - state
        learnt = np.linalg.inv(after) - np.linalg.inv(before)
        np.testing.assert_allclose(learnt[2:], 0.0, atol=1e-6 * np.abs(learnt).max())
        assert (np.linalg.eigvalsh(learnt[:2, :2]) > 0).all()
        pull = np.linalg.solve(after, moved)
        np.testing.assert_allclose(pull[2:], 0.0, atol=1e-6 * np.abs(pull).max())


def test_whoever_stands_above_the_horizon_is_not_held() -> None:
    ground = GroundMotion(NOISE, oblique_camera())
    horizon_px = oblique_camera().to_image([[0.0, 9e3]])[0][0, 1]
    tops = np.array([horizon_px - 300, horizon_px - 101, horizon_px + 50, horizon_px + 300])
    feet_at = np.column_stack([np.full(4, 960.0), tops, np.full(4, 40.0), np.full(4, 100.0)])
    feet_at[:, 1] -= 50
    assert ground.holds(feet_at).tolist() == [False, False, True, True]
    # A hair below the horizon is further away than anybody is followed.
    sliver = feet_at[:1].copy()
    sliver[0, 1] = oblique_camera().to_image([[0.0, 5e4]])[0][0, 1] - 50
    assert oblique_camera().to_ground(sliver[:, :2] + [0, 50])[1].all()
    assert not ground.holds(sliver).any()


@pytest.mark.parametrize("velocity", [(0.0, -3.0), (0.0, 30.0), (5.0, -1.0)])
@pytest.mark.parametrize("step_s", [0.1, 7.0])
def test_who_is_foreseen_behind_the_camera_or_beyond_the_horizon_stays_finite(
    velocity: tuple[float, float], step_s: float
) -> None:
    ground = GroundMotion(NOISE, oblique_camera())
    start = np.array([[0.0, 8.0], [2.0, 12.0]])
    ground.add(people_px(start))
    for frame in range(1, 10):
        ground.predict(0.1)
        ground.update(np.arange(2), people_px(start + 0.1 * frame * np.array(velocity)))
    for _ in range(150):
        ground.predict(step_s)
        expected = ground.expected()
        assert np.isfinite(expected.boxes_px).all()
        assert (expected.boxes_px[:, 2:] > 0).all()
        assert np.isfinite(expected.log_spread()).all()
    # Found again, they are where they were found.
    ground.update(np.arange(2), people_px(start))
    assert np.isfinite(ground.feet_m).all()
    ground.shift(np.array([5.0, 5.0]))
    assert np.isfinite(ground.boxes_px).all()


def _mean_nees(n: int, *, tall_m: float, steps: int, dt: float) -> Floats:
    """Mean of e' P^-1 e, e the error of feet and speed in metres, of people who move as the model says."""
    generator = np.random.default_rng(12)
    feet_m = np.column_stack([generator.uniform(-3, 3, n), generator.uniform(20, 24, n)])
    velocity = generator.normal(0, NOISE.start_speed, (n, 2))
    root = np.linalg.cholesky(_white_noise(dt))

    def found() -> Floats:
        true = people_px(feet_m, tall_m)
        error = generator.normal(0, NOISE.position, (n, 2)) * true[:, 3:]
        with_error: Floats = true + np.concatenate([error, np.zeros((n, 2))], axis=1)
        return with_error

    ground = GroundMotion(NOISE, oblique_camera())
    ground.add(found())
    means = []
    for _ in range(steps):
        kick = generator.normal(size=(n, 4)) @ root.T
        feet_m, velocity = feet_m + velocity * dt + kick[:, :2], velocity + kick[:, 2:]
        ground.predict(dt)
        ground.update(np.arange(n), found())
        error = np.concatenate([ground.feet_m - feet_m, ground.velocity_mps - velocity], axis=1)
        means.append(np.einsum("ni,nij,nj->n", error, np.linalg.inv(_covariances(ground)), error).mean())
    return np.array(means)


@pytest.mark.parametrize("tall_m", [0.2, 1.7])
def test_errors_in_metres_are_as_large_as_the_covariance_says(tall_m: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ground_motion, "SURPRISE", np.inf)
    n = 2000
    least, most = chi2.ppf([0.0005, 0.9995], 4 * n) / n
    nees = _mean_nees(n, tall_m=tall_m, steps=30, dt=0.1)[[0, 4, 9, 19, 29]]
    # The map is linearised where feet are expected: 0.1 of four beyond the interval that is exact for a straight map.
    assert (nees > least - 0.1).all()
    assert (nees < most + 0.1).all()


def test_rows_are_people_who_do_not_touch_each_other() -> None:
    crowd = people_px(np.array([[0.0, 8.0], [2.0, 15.0], [-3.0, 22.0]]))
    together = GroundMotion(NOISE, oblique_camera())
    together.add(crowd[:1])
    together.add(crowd[1:])
    together.predict(0.2)
    together.update(np.array([2, 0]), crowd[[2, 0]] + [3.0, 0, 0, 0])
    together.keep(np.array([False, True, True]))
    for row, person in enumerate(crowd[1:]):
        alone = GroundMotion(NOISE, oblique_camera())
        alone.add(person[None, :])
        alone.predict(0.2)
        if row == 1:
            alone.update(ONE, person[None, :] + [3.0, 0, 0, 0])
        np.testing.assert_allclose(together.boxes_px[row], alone.boxes_px[0])
        np.testing.assert_allclose(_covariances(together)[row], _covariances(alone)[0])
    assert len(together) == 2


def test_a_push_at_the_camera_moves_boxes_by_as_much() -> None:
    crowd = people_px(np.array([[0.0, 8.0], [2.0, 15.0], [-3.0, 22.0]]))
    ground = GroundMotion(NOISE, oblique_camera())
    ground.add(crowd)
    before = ground.boxes_px
    np.testing.assert_allclose(before, crowd, rtol=1e-6)
    ground.shift(np.array([4.0, -3.0]))
    moved = ground.boxes_px - before
    np.testing.assert_allclose(moved[:, 0], 4.0, atol=0.5)
    # Feet move by the offset; a centre by less, as who is further away looks smaller.
    feet = ground.boxes_px[:, 1] + ground.boxes_px[:, 3] / 2 - before[:, 1] - before[:, 3] / 2
    np.testing.assert_allclose(feet, -3.0, atol=0.5)
