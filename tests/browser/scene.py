"""A made-up square before a camera of a known height and tilt: its empty scene, its plan, and where on it a point lies."""

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH_PX, HEIGHT_PX = 1280, 720
FOCAL_PX, TILT_RAD, HEIGHT_M = 1000.0, np.radians(30.0), 6.0
PLAN_PX_A_METRE, PLAN_METRES = 20, (40, 30)
_CAMERA_X_M, _CAMERA_Y_M = 20.0, 28.0
"""On the plan, whose y points down: the camera looks towards smaller y."""


def seen(x_m: float, y_m: float) -> tuple[float, float]:
    """Where in the picture a point of the plan lies: a pinhole at `HEIGHT_M` that looks down by `TILT_RAD`."""
    ahead, right = _CAMERA_Y_M - y_m, x_m - _CAMERA_X_M
    depth = ahead * np.cos(TILT_RAD) + HEIGHT_M * np.sin(TILT_RAD)
    down = HEIGHT_M * np.cos(TILT_RAD) - ahead * np.sin(TILT_RAD)
    return float(WIDTH_PX / 2 + FOCAL_PX * right / depth), float(HEIGHT_PX / 2 + FOCAL_PX * down / depth)


def plate() -> bytes:
    """The empty scene as JPEG: tiles of a metre, two stripes, posts."""
    picture = np.full((HEIGHT_PX, WIDTH_PX, 3), (116, 128, 132), np.uint8)
    for column in range(8, 32):
        for row in range(4, 26):
            shade = 150 + 18 * ((column + row) % 2) + (column * 7 + row * 13) % 9
            _fill(
                picture,
                [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)],
                (shade - 10, shade - 4, shade),
            )
    for left in (12, 26):
        _fill(picture, [(left, 4), (left + 0.3, 4), (left + 0.3, 26), (left, 26)], (225, 232, 235))
    for post in ((14, 12), (24, 16), (18, 20)):
        x, y = seen(*post)
        cv2.line(picture, (round(x), round(y)), (round(x), round(y) - 90), (60, 66, 70), 9, cv2.LINE_AA)
    _, encoded = cv2.imencode(".jpg", cv2.GaussianBlur(picture, (3, 3), 0), [cv2.IMWRITE_JPEG_QUALITY, 88])
    return encoded.tobytes()


def plan(*, px_a_metre: int = PLAN_PX_A_METRE) -> bytes:
    """The square from above as PNG."""
    width, height = (px_a_metre * side for side in PLAN_METRES)
    picture = np.full((height, width, 3), 246, np.uint8)
    for metre in range(0, max(PLAN_METRES), 5):
        cv2.line(picture, (metre * px_a_metre, 0), (metre * px_a_metre, height), (222, 222, 222), max(1, px_a_metre // 12))
        cv2.line(picture, (0, metre * px_a_metre), (width, metre * px_a_metre), (222, 222, 222), max(1, px_a_metre // 12))
    corners = [round(px_a_metre * each) for each in (8, 4, 32, 26)]
    cv2.rectangle(picture, (corners[0], corners[1]), (corners[2], corners[3]), (120, 110, 90), max(2, px_a_metre // 6))
    _, encoded = cv2.imencode(".png", picture)
    return encoded.tobytes()


def _fill(picture: NDArray[np.uint8], corners_m: list[tuple[float, float]], colour: tuple[int, int, int]) -> None:
    cv2.fillConvexPoly(
        picture, np.array([seen(*corner) for corner in corners_m], np.float64).round().astype(np.int32), colour, cv2.LINE_AA
    )
