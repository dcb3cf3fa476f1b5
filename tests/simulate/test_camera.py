from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from throng.simulate.camera import SimulatedCamera, mounted
from throng.simulate.scenario import load, names

CAMERAS = [pytest.param(camera, id=f"{name}-{camera.name}") for name in names() for camera in load(name).cameras]


def hung(pan_deg: float = 0.0, tilt_deg: float = 45.0, height_m: float = 6.0) -> SimulatedCamera:
    return mounted(
        "c", at_m=(10.0, 5.0, height_m), pan_deg=pan_deg, tilt_deg=tilt_deg, field_of_view_deg=80.0, lines_m={}, zones_m={}
    )


@settings(deadline=None)
@given(
    pan=st.floats(0, 360),
    tilt=st.floats(20, 80),
    height=st.floats(3, 9),
    u=st.floats(0, 768),
    v=st.floats(200, 432),
)
def test_ground_undoes_project(pan: float, tilt: float, height: float, u: float, v: float) -> None:
    camera = hung(pan, tilt, height)
    pixels = np.array([[u, v]])
    if camera.rays(pixels)[0, 2] < -0.05:
        np.testing.assert_allclose(camera.project_ground(camera.ground(pixels)), pixels, atol=1e-6)


def test_above_the_horizon_there_is_no_ground() -> None:
    assert np.isnan(hung(tilt_deg=10.0).ground(np.array([[384.0, 0.0]]))).all()


def test_the_middle_of_the_picture_shows_the_ground_at_height_over_tan_tilt() -> None:
    """Closed form: a camera 6 m up, 40 degrees down, looking east, meets the ground 6 / tan 40 to the east."""
    camera = hung(pan_deg=90.0, tilt_deg=40.0)
    expected = [[10.0 + 6.0 / np.tan(np.radians(40.0)), 5.0]]
    np.testing.assert_allclose(camera.ground(np.array([[384.0, 216.0]])), expected)
    np.testing.assert_allclose(camera.centre_m, [10.0, 5.0, 6.0])


def test_the_picture_is_not_mirrored() -> None:
    """Looking north, east lies to the right, farther lies higher and so does a head over its feet."""
    here, east, north, head = hung().project(np.array([[10.0, 11, 0], [11, 11, 0], [10, 12, 0], [10, 11, 1.7]]))
    assert east[0] > here[0]
    assert north[1] < here[1]
    assert head[1] < here[1]
    assert np.linalg.det(hung(33.0).R) == pytest.approx(1.0)


def test_sees_only_what_is_in_front_and_inside_the_picture() -> None:
    seen = hung().sees(np.array([[10.0, 11.0], [10.0, 4.0], [10.0, -20.0], [30.0, 11.0]]))
    assert seen.tolist() == [True, False, False, False]


@pytest.mark.parametrize("camera", CAMERAS)
def test_control_points_determine_the_ground(camera: SimulatedCamera) -> None:
    assert len(camera.points_m) >= 6
    found, _ = cv2.findHomography(camera.points_px, camera.points_m)
    for (_, ends_m), line in zip(camera.lines_m, camera.lines_px, strict=True):
        back = cv2.perspectiveTransform(line.ends_px[None], found)[0]
        np.testing.assert_allclose(back, ends_m, atol=1e-3)


@pytest.mark.parametrize("camera", CAMERAS)
def test_places_lie_in_the_picture_and_mounts_are_real(camera: SimulatedCamera) -> None:
    places: list[Any] = [line.ends_px for line in camera.lines_px] + [zone.corners_px for zone in camera.zones_px]
    for points in places:
        assert ((points >= 0) & (points <= camera.size_px)).all()
    assert 5.0 <= camera.centre_m[2].round(6) <= 8.0
    tilt_deg = np.degrees(np.arcsin(-camera.R[2, 2]))
    assert 35.0 <= tilt_deg <= 60.0
