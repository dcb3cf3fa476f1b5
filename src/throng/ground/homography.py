"""From the picture to the ground and back."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

from throng.data.errors import CalibrationError
from throng.data.secrecy import frozen_array
from throng.ground.pairs import check_pairs

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SMALLEST_GAP = 1e-9
"""Ratio of the last but one to the first singular value of the DLT matrix, below which more than one homography fits."""
LARGEST_MISFIT = 0.1
"""Root-mean-square error of a fit, as a share of the points' spread, that says the pairs contradict each other."""

LARGEST_CONDITION = 1e8
"""Condition number of the homography in normalised coordinates, from which nothing can be mapped with it."""

TWISTED = (
    "the horizon would run between the calibration points, which cannot be: list the points in the same order in points_px and "
    "points_m, and take none above the horizon"
)
TOO_NARROW = "the calibration points are too close to one line or to each other to determine the ground: spread them wider"


@dataclass(frozen=True, slots=True, eq=False)
class Homography:
    """The projective map between the picture and flat ground.

    Attributes
    ----------
    matrix : (3, 3) float64
        Maps (x, y, 1) in image pixels to (X, Y, 1) in metres up to scale; scaled and signed so that the third coordinate is
        positive exactly on the ground's side of the horizon.
    residuals_m : (n,) float64
        Distance on the ground by which each point pair is missed; empty when the matrix was not fitted to pairs.
    """

    matrix: Floats
    residuals_m: Floats = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        matrix = frozen_array(np.array(self.matrix, dtype=np.float64), np.float64, shape=(3, 3), name="matrix")
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "residuals_m", frozen_array(self.residuals_m, np.float64, shape=(None,), name="residuals_m"))

    def to_ground(self, xy_px: ArrayLike) -> tuple[Floats, Mask]:
        """Where points of the picture lie on the ground.

        Parameters
        ----------
        xy_px : (n, 2) array-like
            Image pixels.

        Returns
        -------
        xy_m : (n, 2) float64
            Metres; NaN for points on or above the horizon.
        on_ground : (n,) bool
            Which points lie below the horizon.
        """
        return _map(self.matrix, xy_px)

    def to_image(self, xy_m: ArrayLike) -> tuple[Floats, Mask]:
        """Where points of the ground lie in the picture.

        Parameters
        ----------
        xy_m : (n, 2) array-like
            Metres.

        Returns
        -------
        xy_px : (n, 2) float64
            Image pixels; NaN for points behind the camera.
        in_front : (n,) bool
            Which points lie in front of the camera.
        """
        return _map(inverse(self.matrix), xy_m)


def fit_homography(points_px: ArrayLike, points_m: ArrayLike) -> Homography:
    """The homography that fits pairs of picture and ground points best.

    Each pair gives two rows of A h = 0; h is the last right singular vector of A, in coordinates shifted and scaled to mean
    distance sqrt(2) from the origin: the normalised direct linear transform, Hartley and Zisserman 2004, algorithm 4.2 with
    equation 4.1. With more than four pairs the sum over i of d(x_i, H^-1 X_i)^2, the transfer error in the picture (equation
    4.6 in one image), is then minimised by Levenberg and Marquardt, taking the clicked picture points as noisy and the measured
    ground points as exact.

    Parameters
    ----------
    points_px : (n, 2) array-like, n >= 4
        Image pixels.
    points_m : (n, 2) array-like
        Metres, in the same order.

    Raises
    ------
    CalibrationError
        Fewer than four pairs, points that coincide, lie on one line or are not finite, or pairs that contradict each other.
    """
    image, ground = check_pairs(points_px, points_m)
    to_unit_px, to_unit_m = _normaliser(image), _normaliser(ground)
    unit_px, unit_m = _affine(to_unit_px, image), _affine(to_unit_m, ground)
    back = _direct_linear_transform(unit_m, unit_px)
    _check_sides(back, unit_m)
    if len(image) > 4:
        back = _refined(back, unit_m, unit_px)
    matrix = inverse(to_unit_m) @ inverse(back) @ to_unit_px
    fitted = Homography(_signed(matrix, image))
    mapped, on_ground = fitted.to_ground(image)
    _check_misfit(_projected(back, unit_m) - unit_px)
    if not on_ground.all():
        raise CalibrationError(TWISTED)
    return Homography(fitted.matrix, np.hypot(*(mapped - ground).T))


def homography_of(matrix: ArrayLike) -> Homography:
    """The homography of a matrix from elsewhere, image pixels to metres, whatever its scale and sign.

    A matrix does not say which side of its horizon is ground. If the horizon cuts no picture of up to 10,000 pixels a side, the
    whole picture is ground; otherwise the ground is below the horizon: the camera is taken to stand upright.

    Raises
    ------
    CalibrationError
        The matrix is not 3 x 3, not finite or cannot be inverted.
    """
    try:
        array = frozen_array(np.array(matrix, dtype=np.float64), np.float64, shape=(3, 3), name="a homography")
    except (ValueError, TypeError) as error:
        raise CalibrationError(f"{error}: give 3 x 3 numbers that map image pixels to metres") from None
    to_unit = np.diag([1000.0, 1000.0, 1.0])
    if not np.linalg.cond(array @ to_unit) < 1e14:
        raise CalibrationError(
            "the homography cannot be inverted: its rows must be independent; check that all nine numbers are right"
        )
    corners = np.array([(0.0, 0.0), (1e4, 0.0), (0.0, 1e4), (1e4, 1e4)])
    sides = np.sign(corners @ array[2, :2] + array[2, 2])
    upright = np.sign(array[2, 1]) or np.sign(array[2, 0]) or np.sign(array[2, 2])
    sign = sides[0] if (sides == sides[0]).all() and sides[0] else upright
    return Homography(sign * array / np.linalg.norm(array))


def inverse(matrix: Floats) -> Floats:
    """The inverse of a (3, 3) matrix."""
    inverted: Floats = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    return inverted


def _map(matrix: Floats, points: ArrayLike) -> tuple[Floats, Mask]:
    given = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    x, y, w = matrix @ np.vstack([given.T, np.ones(len(given))])
    valid = w > np.finfo(np.float64).eps * (np.abs(matrix[2, :2]) @ np.abs(given.T) + abs(matrix[2, 2]))
    mapped = np.full(given.shape, np.nan)
    mapped[valid] = np.column_stack([x[valid], y[valid]]) / w[valid, None]
    return mapped, valid


def _affine(matrix: Floats, points: Floats) -> Floats:
    return points @ matrix[:2, :2].T + matrix[:2, 2]


def _projected(matrix: Floats, points: Floats) -> Floats:
    x, y, w = matrix @ np.vstack([points.T, np.ones(len(points))])
    projected: Floats = np.column_stack([x / w, y / w])
    return projected


def _normaliser(points: Floats) -> Floats:
    centre = points.mean(axis=0)
    scale = np.sqrt(2.0) / np.hypot(*(points - centre).T).mean()
    return np.array([[scale, 0.0, -scale * centre[0]], [0.0, scale, -scale * centre[1]], [0.0, 0.0, 1.0]])


def _direct_linear_transform(source: Floats, target: Floats) -> Floats:
    homogeneous = np.column_stack([source, np.ones(len(source))])
    zero = np.zeros_like(homogeneous)
    rows_x = np.hstack([homogeneous, zero, -target[:, :1] * homogeneous])
    rows_y = np.hstack([zero, homogeneous, -target[:, 1:] * homogeneous])
    _, singular, right = np.linalg.svd(np.vstack([rows_x, rows_y]))
    if singular[7] < SMALLEST_GAP * singular[0]:
        raise CalibrationError(TOO_NARROW)
    matrix: Floats = right[8].reshape(3, 3)
    return matrix


def _refined(matrix: Floats, source: Floats, target: Floats) -> Floats:
    """The source's centroid is the origin and in front of the camera, so the last element is never zero: it is fixed at one."""

    def misses(eight: Floats) -> Floats:
        return (_projected(np.append(eight, 1.0).reshape(3, 3), source) - target).ravel()

    start = matrix.ravel()[:8] / matrix[2, 2]
    found = least_squares(misses, start, method="lm", xtol=1e-14, ftol=1e-14, gtol=1e-14)
    best = found.x if found.cost < 0.5 * np.sum(misses(start) ** 2) else start
    refined: Floats = np.append(best, 1.0).reshape(3, 3)
    return refined


def _signed(matrix: Floats, image: Floats) -> Floats:
    on_the_ground = matrix[2] @ np.append(image.mean(axis=0), 1.0)
    signed: Floats = np.sign(on_the_ground) * matrix / np.linalg.norm(matrix)
    return signed


def _check_sides(back: Floats, source: Floats) -> None:
    depths = source @ back[2, :2] + back[2, 2]
    if abs(np.sign(depths).sum()) != len(depths):
        raise CalibrationError(TWISTED)
    if not np.linalg.cond(back) < LARGEST_CONDITION:
        raise CalibrationError(TOO_NARROW)


def _check_misfit(misses: Floats) -> None:
    """In normalised coordinates, in which the points' spread is about sqrt(2)."""
    missed = np.hypot(*misses.T)
    if np.sqrt(np.mean(missed**2)) > LARGEST_MISFIT * np.sqrt(2.0):
        raise CalibrationError(
            f"the calibration points contradict each other, pair {int(np.argmax(missed)) + 1} most of all: check that "
            "points_px and points_m have the same order and that the ground between them is flat"
        )
