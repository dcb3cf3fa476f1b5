"""Cameras behind homographies, and how large people look in them."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.ground.camera import person_scale, recover_camera
from throng.ground.file import read_homography
from throng.ground.homography import Homography, fit_homography, homography_of

Floats = NDArray[np.float64]

WIDTH, HEIGHT = 1920, 1080


def camera_matrix(height_m: float, tilt_deg: float, pan_deg: float, roll_deg: float, focal_px: float) -> Floats:
    """The exact (3, 4) matrix of a camera above the origin."""
    tilt, pan, roll = (math.radians(angle) for angle in (tilt_deg, pan_deg, roll_deg))
    right = np.array([math.sin(pan), -math.cos(pan), 0.0])
    axis = np.array([math.cos(pan) * math.cos(tilt), math.sin(pan) * math.cos(tilt), -math.sin(tilt)])
    level = np.vstack([right, np.cross(axis, right), axis])
    turn = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    rotation = turn @ level
    lens = np.array([[focal_px, 0, WIDTH / 2], [0, focal_px, HEIGHT / 2], [0, 0, 1.0]])
    matrix: Floats = lens @ np.column_stack([rotation, rotation @ [0, 0, -height_m]])
    return matrix


def ground_view(camera: Floats) -> Homography:
    return homography_of(np.linalg.inv(camera[:, [0, 1, 3]]))


cameras = st.builds(
    camera_matrix, st.floats(3, 15), st.floats(10, 70), st.floats(-180, 180), st.floats(-10, 10), st.floats(700, 3000)
)


@given(st.floats(3, 15), st.floats(10, 70), st.floats(-180, 180), st.floats(-10, 10), st.floats(700, 3000))
def test_the_exact_camera_is_recovered(
    height_m: float, tilt_deg: float, pan_deg: float, roll_deg: float, focal_px: float
) -> None:
    exact = camera_matrix(height_m, tilt_deg, pan_deg, roll_deg, focal_px)
    camera, reason = recover_camera(ground_view(exact), WIDTH, HEIGHT)
    assert camera is not None, reason
    assert camera.focal_px == pytest.approx(focal_px, rel=1e-6)
    assert camera.height_m == pytest.approx(height_m, rel=1e-6)
    assert camera.tilt_deg == pytest.approx(tilt_deg, abs=1e-4)
    np.testing.assert_allclose(camera.matrix, exact, rtol=1e-6, atol=1e-6 * np.abs(exact).max())


@given(st.floats(3, 15), st.floats(15, 60), st.floats(900, 2500))
def test_a_plan_drawn_mirrored_gives_the_same_camera(height_m: float, tilt_deg: float, focal_px: float) -> None:
    exact = camera_matrix(height_m, tilt_deg, 30, 0, focal_px)
    mirrored = homography_of(np.diag([1.0, -1.0, 1.0]) @ np.linalg.inv(exact[:, [0, 1, 3]]))
    camera, reason = recover_camera(mirrored, WIDTH, HEIGHT)
    assert camera is not None, reason
    assert camera.focal_px == pytest.approx(focal_px, rel=1e-6)
    assert camera.height_m == pytest.approx(height_m, rel=1e-6)
    first, second = (person_scale(view, WIDTH, HEIGHT, cell_px=120.0) for view in (mirrored, ground_view(exact)))
    assert first is not None
    assert second is not None
    np.testing.assert_allclose(first.offsets_px, second.offsets_px, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("tilt_deg", [15, 30, 45, 60])
def test_half_a_pixel_of_noise_moves_the_focal_length_by_a_few_per_cent(tilt_deg: int) -> None:
    exact = camera_matrix(6, tilt_deg, 20, 0, 1500)
    forward = ground_view(exact)
    rng = np.random.default_rng(tilt_deg)
    grid = np.stack(np.meshgrid(np.linspace(100, 1820, 5), np.linspace(400, 1040, 4)), axis=-1).reshape(-1, 2)
    ground, below = forward.to_ground(grid)
    errors = []
    for _ in range(40):
        noisy = fit_homography(grid[below] + rng.normal(0, 0.5, grid[below].shape), ground[below])
        camera, reason = recover_camera(noisy, WIDTH, HEIGHT)
        assert camera is not None, reason
        errors.append(abs(camera.focal_px / 1500 - 1))
    assert np.median(errors) < 0.02
    assert max(errors) < 0.06


@pytest.mark.parametrize("tilt_deg", [90, 89.9])
def test_straight_down_has_no_focal_length(tilt_deg: float) -> None:
    straight_down = ground_view(camera_matrix(8, tilt_deg, 0, 0, 1200))
    camera, reason = recover_camera(straight_down, WIDTH, HEIGHT)
    assert camera is None
    assert reason == "the camera looks straight down, so that its height cannot be told from its focal length"
    assert person_scale(straight_down, WIDTH, HEIGHT) is None


def test_a_view_that_no_plain_camera_has() -> None:
    exact = camera_matrix(6, 30, 0, 0, 1500)
    sheared = homography_of(np.array([[1, 2.0, 0], [0, 1, 0], [0, 0, 1]]) @ np.linalg.inv(exact[:, [0, 1, 3]]))
    camera, reason = recover_camera(sheared, WIDTH, HEIGHT)
    assert camera is None
    assert reason == "no camera with square pixels and a centred principal point sees the ground like this"


def ellipsoid_box(camera: Floats, foot_m: Floats, height_m: float, width_m: float) -> Floats:
    """Left, top, right, bottom of a densely sampled standing ellipsoid."""
    around, up = np.meshgrid(np.linspace(0, 2 * np.pi, 361), np.linspace(0, np.pi, 361))
    body = np.stack(
        [
            foot_m[0] + width_m / 2 * np.cos(around) * np.sin(up),
            foot_m[1] + width_m / 2 * np.sin(around) * np.sin(up),
            height_m / 2 * (1 - np.cos(up)),
            np.ones_like(up),
        ]
    ).reshape(4, -1)
    x, y, w = camera @ body
    assert (w > 0).all()
    return np.array([(x / w).min(), (y / w).min(), (x / w).max(), (y / w).max()])


@given(cameras, st.floats(0.2, 0.8), st.floats(0.5, 1.0))
def test_boxes_bound_the_sampled_person(exact: Floats, across: float, down: float) -> None:
    view = ground_view(exact)
    scale = person_scale(view, WIDTH, HEIGHT, cell_px=120.0)
    assert scale is not None
    foot_px = np.rint(np.array([[across * 16, down * 9]])) * 120.0
    foot_m, below = view.to_ground(foot_px)
    box = scale.boxes_px(foot_px)[0]
    if not below[0] or np.hypot(*foot_m[0]) > 200:
        return
    sampled = ellipsoid_box(exact, foot_m[0], 1.70, 0.50)
    np.testing.assert_allclose(box, sampled, atol=2e-3 * max(box[3] - box[1], 1.0))


def test_nobody_stands_above_the_horizon_and_people_shrink_towards_it() -> None:
    scale = person_scale(ground_view(camera_matrix(5, 15, 0, 0, 1200)), WIDTH, HEIGHT)
    assert scale is not None
    assert scale.offsets_px.shape == (69, 121, 4)
    horizon_row = math.ceil((540 - 1200 * math.tan(math.radians(15))) / 16)
    assert not scale.offsets_px[:horizon_row].any()
    heights = scale.offsets_px[horizon_row + 1 :, 60, 3] - scale.offsets_px[horizon_row + 1 :, 60, 1]
    assert (np.diff(heights) > 0).all()
    assert (scale.offsets_px[horizon_row + 1 :, :, 1] < 0).all()


def test_a_person_who_reaches_behind_the_camera_has_no_box() -> None:
    scale = person_scale(ground_view(camera_matrix(1.0, 60, 0, 0, 500)), WIDTH, HEIGHT)
    assert scale is not None
    assert np.isfinite(scale.offsets_px).all()
    assert not scale.offsets_px[-1, 60].any()


def test_a_taller_and_wider_person_has_a_taller_and_wider_box() -> None:
    view = ground_view(camera_matrix(6, 30, 0, 0, 1500))
    plain, large = (person_scale(view, WIDTH, HEIGHT, height_m=h, width_m=w) for h, w in ((1.7, 0.5), (1.9, 0.7)))
    assert plain is not None
    assert large is not None
    foot = np.array([[960.0, 800.0]])
    small_box, large_box = plain.boxes_px(foot)[0], large.boxes_px(foot)[0]
    assert large_box[1] < small_box[1]
    assert large_box[2] - large_box[0] == pytest.approx(1.4 * (small_box[2] - small_box[0]), rel=0.05)


@pytest.mark.realdata
def test_a_street_camera_is_recovered_and_predicts_annotated_boxes(shared_data: Path) -> None:
    folder = shared_data / "video/towncentre"
    homography = read_homography(folder / "cam2world_dsy.txt")
    camera, reason = recover_camera(homography, WIDTH, HEIGHT)
    assert camera is not None, reason
    published = dict(
        line.split(" = ") for line in (folder / "TownCentre-calibration-ci.txt").read_text().splitlines() if " = " in line
    )
    assert camera.focal_px == pytest.approx(float(published["FocalLengthX"]), rel=0.001)
    annotated = np.loadtxt(folder / "gt_boxes_sampled_1080p.txt", delimiter=",")[:, 2:6]
    feet = np.column_stack([annotated[:, 0] + annotated[:, 2] / 2, annotated[:, 1] + annotated[:, 3]])
    inside = (feet[:, 1] < HEIGHT - 10) & (feet[:, 0] > 60) & (feet[:, 0] < WIDTH - 60)
    scale = person_scale(homography, WIDTH, HEIGHT)
    assert scale is not None
    boxes = scale.boxes_px(feet[inside])
    ratio = (boxes[:, 3] - boxes[:, 1]) / annotated[inside, 3]
    # Annotated with a margin and ahead of the picture: the median box is 0.9 of them, nine in ten within a quarter of that.
    assert 0.85 < np.median(ratio) < 1.0
    assert np.mean(np.abs(ratio / np.median(ratio) - 1) < 0.25) > 0.9
