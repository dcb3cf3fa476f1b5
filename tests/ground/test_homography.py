"""Homographies: exact recovery, round trips, invariances, and what cannot be fitted."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.data.errors import CalibrationError
from throng.ground.homography import fit_homography, homography_of

Floats = NDArray[np.float64]
Pairs = list[tuple[float, ...]]

SQUARE_M = [(0.0, 0.0), (4.0, 0.0), (4.0, 3.0), (0.0, 3.0)]
TRAPEZOID_PX = [(400.0, 300.0), (900.0, 310.0), (1200.0, 900.0), (100.0, 880.0)]


def view(height_m: float, tilt_deg: float, pan_deg: float, focal_px: float) -> Floats:
    """Ground metres to pixels of a camera at the origin's height, as K [r1 r2 t]."""
    tilt, pan = math.radians(tilt_deg), math.radians(pan_deg)
    ahead = np.array([math.cos(pan), math.sin(pan), 0.0])
    right = np.array([math.sin(pan), -math.cos(pan), 0.0])
    axis = ahead * math.cos(tilt) - np.array([0, 0, math.sin(tilt)])
    down = np.cross(axis, right)
    rotation = np.vstack([right, down, axis])
    lens = np.array([[focal_px, 0, 960.0], [0, focal_px, 540.0], [0, 0, 1.0]])
    back: Floats = lens @ np.column_stack([rotation[:, :2], rotation @ [0, 0, -height_m]])
    return back


@st.composite
def views(draw: st.DrawFn) -> Floats:
    return view(draw(st.floats(3, 15)), draw(st.floats(10, 70)), draw(st.floats(-180, 180)), draw(st.floats(600, 3000)))


def ground_of(back: Floats, image: Floats) -> Floats:
    x, y, w = np.linalg.inv(back) @ np.vstack([image.T, np.ones(len(image))])
    ground: Floats = np.column_stack([x, y]) / w[:, None]
    return ground


def image_points(seed: int, n: int, back: Floats) -> Floats:
    """Spread points of the picture that lie well below the horizon."""
    forward = np.linalg.inv(back)
    candidates = np.random.default_rng(seed).uniform((0, 0), (1920, 1080), (2000, 2))
    depth = (candidates @ forward[2, :2] + forward[2, 2]) / (np.array([960, 1080]) @ forward[2, :2] + forward[2, 2])
    below: Floats = candidates[depth > 0.2][:n]
    return below


@given(views(), st.integers(4, 12), st.integers(0, 1000))
def test_exact_pairs_give_the_exact_homography(back: Floats, n: int, seed: int) -> None:
    image = image_points(seed, n, back)
    ground = ground_of(back, image)
    try:
        fitted = fit_homography(image, ground)
    except CalibrationError:
        assume(False)
    mapped, below = fitted.to_ground(image)
    assert below.all()
    assert np.abs(mapped - ground).max() <= 1e-6 * max(1.0, np.abs(ground).max())
    assert fitted.residuals_m.shape == (n,)
    assert fitted.residuals_m.max() <= 1e-6 * max(1.0, np.abs(ground).max())


@given(views(), st.integers(0, 1000))
def test_there_and_back(back: Floats, seed: int) -> None:
    homography = homography_of(np.linalg.inv(back))
    image = image_points(seed, 50, back)
    ground, below = homography.to_ground(image)
    again, in_front = homography.to_image(ground)
    assert below.all()
    assert in_front.all()
    np.testing.assert_allclose(again, image, atol=1e-5)


@given(st.floats(0.01, 100), st.floats(0.01, 100), st.floats(-1e5, 1e5), st.integers(0, 100))
def test_the_fit_follows_units_and_origins(scale_px: float, scale_m: float, shift_m: float, seed: int) -> None:
    back = view(6, 30, 20, 1500)
    rng = np.random.default_rng(seed)
    image = image_points(1, 12, back)
    noisy, ground = image + rng.normal(0, 0.5, image.shape), ground_of(back, image)
    plain = fit_homography(noisy, ground).to_ground(image)[0]
    scaled = fit_homography(noisy * scale_px, ground * scale_m + shift_m).to_ground(image * scale_px)[0]
    np.testing.assert_allclose((scaled - shift_m) / scale_m, plain, atol=1e-5 + 1e-9 * abs(shift_m) / scale_m)


@pytest.mark.parametrize("scale", [-1.0, 1e-6, -1e6])
def test_scale_and_sign_of_a_matrix_do_not_matter(scale: float) -> None:
    matrix = fit_homography(TRAPEZOID_PX, SQUARE_M).matrix
    np.testing.assert_allclose(homography_of(scale * matrix).matrix, matrix, atol=1e-15)


def test_refining_lessens_the_error_in_the_picture_and_is_at_its_least() -> None:
    back = view(5, 25, 0, 1200)
    image = image_points(3, 15, back)
    ground = ground_of(back, image)
    noisy = image + np.random.default_rng(0).normal(0, 2.0, image.shape)

    def cost(matrix: Floats) -> float:
        return float(np.sum((homography_of(matrix).to_image(ground)[0] - noisy) ** 2))

    fitted = fit_homography(noisy, ground).matrix
    least = cost(fitted)
    for row in range(3):
        for column in range(3):
            for step in (-1e-6, 1e-6):
                nudged = fitted.copy()
                nudged[row, column] *= 1 + step
                assert cost(nudged) >= least * (1 - 1e-9)


def test_residuals_are_the_distances_on_the_ground() -> None:
    ground = np.array([*SQUARE_M, (2.0, 1.5)])
    image = np.array([*TRAPEZOID_PX, (640.0, 480.0)])
    fitted = fit_homography(image, ground)
    np.testing.assert_allclose(fitted.residuals_m, np.hypot(*(fitted.to_ground(image)[0] - ground).T))
    assert fitted.residuals_m.max() > 0.01


def test_points_on_and_above_the_horizon_are_marked_not_mapped() -> None:
    homography = homography_of(np.linalg.inv(view(6, 20, 0, 1000)))
    horizon_y = 540 - 1000 * math.tan(math.radians(20))
    ground, below = homography.to_ground([(960, horizon_y - 50), (960, horizon_y), (960, horizon_y + 50), (960, 1000)])
    assert below.tolist() == [False, False, True, True]
    assert np.isnan(ground[:2]).all()
    assert np.isfinite(ground[2:]).all()


def test_points_behind_the_camera_are_marked_not_mapped() -> None:
    homography = homography_of(np.linalg.inv(view(6, 20, 0, 1000)))
    image, in_front = homography.to_image([(20.0, 0.0), (-20.0, 0.0)])
    assert in_front.tolist() == [True, False]
    assert np.isnan(image[1]).all()


def test_no_points_are_mapped_to_no_points() -> None:
    ground, below = homography_of(np.eye(3)).to_ground(np.empty((0, 2)))
    assert ground.shape == (0, 2)
    assert below.shape == (0,)


def test_a_horizon_far_below_the_picture_leaves_the_picture_on_the_ground() -> None:
    nearly_straight_down = np.array([[0.01, 0, 0], [0, -0.01, 0], [0, -1e-9, 1.0]])
    assert homography_of(nearly_straight_down).to_ground([(0, 0), (4000, 3000)])[1].all()


def test_map_coordinates_of_a_country_work() -> None:
    ground = np.array(SQUARE_M) + np.array([690_000.0, 5_330_000.0])
    fitted = fit_homography(TRAPEZOID_PX, ground)
    assert fitted.residuals_m.max() < 1e-3


@pytest.mark.parametrize(
    ("points_px", "points_m", "sentence"),
    [
        (
            TRAPEZOID_PX[:3],
            SQUARE_M[:3],
            "calibration needs at least four pairs of points, not 3: measure more points on the ground",
        ),
        (
            TRAPEZOID_PX,
            SQUARE_M[:3],
            "calibration needs pairs of points, but points_px has 4 and points_m has 3: give one ground point for every "
            "picture point",
        ),
        ([], [], "calibration needs at least four pairs of points, not 0: measure more points on the ground"),
        (
            TRAPEZOID_PX,
            [(0, 0), (1, 1), (2, 2), (0, 3)],
            "points 1, 2 and 3 of points_m lie on one line, which leaves the ground undetermined: give at least four "
            "points of which no three are on one line, such as the corners of a rectangle",
        ),
        (
            [(0, 0), (100, 50), (200, 100), (300, 150)],
            SQUARE_M,
            "points 2, 3 and 4 of points_px lie on one line, which leaves the ground undetermined: give at least four "
            "points of which no three are on one line, such as the corners of a rectangle",
        ),
        (
            [(0, 0), (100, 50), (200, 100), (300, 150), (10, 400)],
            [*SQUARE_M, (2, 1)],
            "points 1, 2, 3 and 4 of points_px lie on one line, which leaves the ground undetermined: give at least four "
            "points of which no three are on one line, such as the corners of a rectangle",
        ),
        (
            [*TRAPEZOID_PX[:3], TRAPEZOID_PX[0]],
            SQUARE_M,
            "points 1 and 4 of points_px are the same: give four or more different points",
        ),
        (
            TRAPEZOID_PX,
            [(0, 0), (4, 0), (4, 3), (0, math.nan)],
            "calibration needs points_m as a list of points [x, y] of finite numbers",
        ),
        ([(1, 2, 3)] * 4, SQUARE_M, "calibration needs points_px as a list of points [x, y] of finite numbers"),
        ([(1, 2), (3,)], SQUARE_M, "calibration needs points_px as a list of points [x, y] of finite numbers"),
        (
            TRAPEZOID_PX,
            [(0, 0), (4e9, 0), (4, 3), (0, 3)],
            "points_m has a coordinate of 4e+09, but none may exceed 1e+08: check the unit",
        ),
        (
            TRAPEZOID_PX,
            [SQUARE_M[0], SQUARE_M[1], SQUARE_M[3], SQUARE_M[2]],
            "the horizon would run between the calibration points, which cannot be: list the points in the same order in "
            "points_px and points_m, and take none above the horizon",
        ),
        (
            [*TRAPEZOID_PX, (600, 500), (650, 600)],
            [*SQUARE_M, (2.0, 1.5), (1.0, 0.2)],
            "the calibration points contradict each other, pair 6 most of all: check that points_px and points_m have the same "
            "order and that the ground between them is flat",
        ),
    ],
)
def test_pairs_that_do_not_determine_the_ground(points_px: Pairs, points_m: Pairs, sentence: str) -> None:
    with pytest.raises(CalibrationError) as caught:
        fit_homography(points_px, points_m)
    assert str(caught.value) == sentence


@given(st.lists(st.tuples(st.floats(0, 2000), st.floats(0, 2000)), min_size=4, max_size=8), st.integers(0, 100))
def test_any_pairs_are_fitted_or_refused_in_a_sentence(points_px: Pairs, seed: int) -> None:
    ground = np.random.default_rng(seed).uniform(0, 20, (len(points_px), 2))
    try:
        fitted = fit_homography(points_px, ground)
    except CalibrationError:
        return
    assert fitted.to_ground(points_px)[1].all()


@pytest.mark.parametrize(
    ("matrix", "sentence"),
    [
        (
            np.ones((2, 3)),
            "a homography must have shape (3, 3), not (2, 3): give 3 x 3 numbers that map image pixels to metres",
        ),
        (
            np.full((3, 3), np.inf),
            "a homography must be finite: give 3 x 3 numbers that map image pixels to metres",
        ),
        (
            [[1, 2, 3], [2, 4, 6], [0, 0, 1]],
            "the homography cannot be inverted: its rows must be independent; check that all nine numbers are right",
        ),
        (
            np.zeros((3, 3)),
            "the homography cannot be inverted: its rows must be independent; check that all nine numbers are right",
        ),
    ],
)
def test_matrices_that_are_no_homographies(matrix: Floats, sentence: str) -> None:
    with pytest.raises(CalibrationError) as caught:
        homography_of(matrix)
    assert str(caught.value) == sentence


def test_a_homography_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        homography_of(np.eye(3)).matrix[0, 0] = 2.0
