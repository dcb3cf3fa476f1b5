"""Whether point pairs can tell where the ground is."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from throng.data.errors import CalibrationError
from throng.data.secrecy import frozen_array

Floats = NDArray[np.float64]

THINNEST = 1e-3
"""Thickness over length below which points count as lying on one line."""
NEAREST = 1e-6
"""Distance, as a share of all points' spread, below which two points count as the same."""

LARGEST = 1e8
"""Largest coordinate, pixels or metres: grid coordinates of a whole country stay below."""


def check_pairs(points_px: ArrayLike, points_m: ArrayLike) -> tuple[Floats, Floats]:
    """The pairs as two (n, 2) arrays, if they determine a homography.

    They do when four of them are in general position, that is unless all, or all but one, lie on one line (Hartley and
    Zisserman 2004, section 4.1.3).

    Raises
    ------
    CalibrationError
    """
    image, ground = finite_points(points_px, "points_px"), finite_points(points_m, "points_m")
    if len(image) != len(ground):
        raise CalibrationError(
            f"calibration needs pairs of points, but points_px has {len(image)} and points_m has {len(ground)}: give one "
            "ground point for every picture point"
        )
    if len(image) < 4:
        raise CalibrationError(
            f"calibration needs at least four pairs of points, not {len(image)}: measure more points on the ground"
        )
    for points, name in ((image, "points_px"), (ground, "points_m")):
        _refuse_twins(points, name)
        _refuse_a_line(points, name)
    return image, ground


def finite_points(value: ArrayLike, name: str) -> Floats:
    """Points (n, 2), finite and none larger than `LARGEST`."""
    try:
        points = frozen_array(np.array(value, dtype=np.float64), np.float64, shape=(None, 2), name=name)
    except (ValueError, TypeError):
        raise CalibrationError(f"calibration needs {name} as a list of points [x, y] of finite numbers") from None
    if points.size and np.abs(points).max() > LARGEST:
        raise CalibrationError(
            f"{name} has a coordinate of {np.abs(points).max():.2g}, but none may exceed {LARGEST:.0e}: check the unit"
        )
    return points


def _refuse_twins(points: Floats, name: str) -> None:
    apart = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    twins = np.argwhere(np.triu(apart <= NEAREST * apart.max(), k=1))
    if len(twins):
        first, second = twins[0] + 1
        raise CalibrationError(f"points {first} and {second} of {name} are the same: give four or more different points")


def _refuse_a_line(points: Floats, name: str) -> None:
    for left_out in range(len(points)):
        rest = np.delete(points, left_out, axis=0)
        if _thickness(rest) < THINNEST:
            kept = [str(i + 1) for i in range(len(points)) if i != left_out]
            raise CalibrationError(
                f"points {', '.join(kept[:-1])} and {kept[-1]} of {name} lie on one line, which leaves the ground "
                "undetermined: give at least four points of which no three are on one line, such as the corners of a rectangle"
            )


def _thickness(points: Floats) -> float:
    long, thin = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return float(thin / long)
