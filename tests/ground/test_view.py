"""A view maps the ground to the picture and back, and agrees with a homography and with the camera recovered from one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.ground.camera import recover_camera
from throng.ground.lens import Lens
from throng.ground.view import View

Floats = NDArray[np.float64]
WIDTH, HEIGHT = 1280, 720


BENDING = st.floats(-0.3, 0.1)


def views(k1: st.SearchStrategy[float] = BENDING) -> st.SearchStrategy[View]:
    return st.builds(
        lambda focal, tilt, roll, height, k1, yaw, x, y: View(
            focal * WIDTH, np.radians(tilt), np.radians(roll), height, WIDTH, HEIGHT, k1, yaw, x, y
        ),
        st.floats(0.5, 2.0),
        st.floats(10.0, 80.0),
        st.floats(-5.0, 5.0),
        st.floats(2.0, 20.0),
        k1,
        st.floats(-3.0, 3.0),
        st.floats(-100.0, 100.0),
        st.floats(-100.0, 100.0),
    )


def places_px(seed: int, n: int = 30) -> Floats:
    return np.random.default_rng(seed).uniform([0, 0], [WIDTH, HEIGHT], (n, 2))


@given(views(), st.integers(0, 1000))
def test_there_and_back(view: View, seed: int) -> None:
    points = places_px(seed)
    ground, standing = view.to_ground(points)
    shown, in_front = view.to_image(ground[standing])
    assert in_front.all()
    np.testing.assert_allclose(shown, points[standing], atol=1e-6)


@given(views(), st.integers(0, 1000))
def test_the_homography_is_the_view_without_its_lens(view: View, seed: int) -> None:
    points = places_px(seed)
    ground, standing = view.to_ground(points)
    other, other_standing = view.homography().to_ground(view.lens.undistort(points))
    near = standing & (np.hypot(*(ground - [view.x_m, view.y_m]).T) < 50 * view.height_m)
    assert other_standing[near].all()
    np.testing.assert_allclose(other[near], ground[near], rtol=1e-6, atol=1e-6)


@given(views(k1=st.just(0.0)))
def test_the_camera_that_its_homography_implies_is_the_same(view: View) -> None:
    camera, reason = recover_camera(view.homography(), WIDTH, HEIGHT)
    assert camera is not None, reason
    assert camera.focal_px == pytest.approx(view.focal_px, rel=1e-6)
    assert camera.height_m == pytest.approx(view.height_m, rel=1e-6)
    assert camera.tilt_deg == pytest.approx(np.degrees(view.tilt_rad), abs=1e-5)


@given(views())
def test_parameters_are_all_that_a_view_is(view: View) -> None:
    same = View(1.0, 0.0, 0.0, 1.0, WIDTH, HEIGHT).with_parameters(view.parameters())
    np.testing.assert_allclose(same.parameters(), view.parameters())


def test_which_way_is_which() -> None:
    level = View(1000.0, np.radians(30.0), 0.0, 5.0, WIDTH, HEIGHT)
    (ahead, left, near), _ = level.to_image([[0.0, 10.0], [-2.0, 10.0], [0.0, 6.0]])
    assert ahead[0] == pytest.approx(WIDTH / 2)
    assert left[0] < ahead[0]
    assert near[1] > ahead[1]
    turned = View(1000.0, np.radians(30.0), 0.0, 5.0, WIDTH, HEIGHT, yaw_rad=np.pi / 2)
    np.testing.assert_allclose(turned.to_image([[-10.0, 0.0]])[0][0], ahead)
    rolled = View(1000.0, np.radians(30.0), np.radians(10.0), 5.0, WIDTH, HEIGHT)
    # The camera leans to its right, so what is ahead and to the left sinks in the picture less than what is to the right rises.
    assert rolled.to_image([[-2.0, 10.0]])[0][0, 1] > rolled.to_image([[2.0, 10.0]])[0][0, 1]


def test_what_is_above_the_horizon_or_behind_is_nowhere() -> None:
    view = View(1000.0, np.radians(5.0), 0.0, 5.0, WIDTH, HEIGHT)
    ground, standing = view.to_ground([[640.0, 0.0], [640.0, 700.0]])
    assert standing.tolist() == [False, True]
    assert np.isnan(ground[0]).all()
    assert view.to_image([[0.0, -10.0]])[1].tolist() == [False]


@given(st.floats(-0.5, 0.2), st.integers(0, 1000))
def test_the_lens_bends_and_unbends(k1: float, seed: int) -> None:
    lens = Lens(WIDTH, HEIGHT, k1)
    points = places_px(seed)
    np.testing.assert_allclose(lens.distort(lens.undistort(points)), points, atol=1e-6)


def test_a_barrel_draws_the_corners_in() -> None:
    corner = np.array([[0.0, 0.0]])
    assert (Lens(WIDTH, HEIGHT, -0.2).distort(corner) > corner).all()
    np.testing.assert_allclose(Lens(WIDTH, HEIGHT, -0.2).undistort(corner), [[640 - 640 / 0.8, 360 - 360 / 0.8]])
