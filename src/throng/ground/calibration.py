"""From the picture to the ground and back, and how sure every place, length and area is."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from throng.data.errors import CalibrationError
from throng.data.ground_place import Area
from throng.ground.homography import Homography
from throng.ground.lens import Lens
from throng.ground.view import View

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

STEP = 0.1
"""How many standard errors the alternatives lie from the best map: near enough for every number to change in proportion."""
POINTS_A_SIDE = 16
"""Where a lens bends straight lines, each side of a place becomes so many."""


@dataclass(frozen=True, slots=True, eq=False)
class GroundFit:
    """A map between the picture and the ground: undistort, then the homography."""

    homography: Homography
    lens: Lens

    def to_ground(self, xy_px: ArrayLike) -> tuple[Floats, Mask]:
        """See `throng.data.ground_map.GroundMap`."""
        return self.homography.to_ground(self.lens.undistort(xy_px))

    def to_image(self, xy_m: ArrayLike) -> tuple[Floats, Mask]:
        """See `throng.data.ground_map.GroundMap`."""
        straight, in_front = self.homography.to_image(xy_m)
        picture = self.lens.distort(straight)
        return picture, in_front & np.isfinite(picture).all(axis=1)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Calibration:
    """Where on the ground the points of a picture lie; a `throng.data.ground_map.GroundMap` that knows its errors.

    The errors are those of the calibration alone: they come from the covariance of the fit, carried to first order through
    whatever is asked (Joint Committee for Guides in Metrology 2008, "Guide to the expression of uncertainty in measurement",
    equation 13). Somebody's foot is found in the picture with an error of its own.

    Attributes
    ----------
    fit : GroundFit
        The best map.
    alternatives : tuple of pairs of GroundFit
        For each independent direction in which the fit may be wrong, the maps `STEP` standard errors to either side.
    points_m : (n, 2) float64
        Measured ground points of the pairs, metres; none without pairs.
    residuals_m : (n,) float64
        Distance on the ground by which each pair is missed.
    used : (n,) bool
        Pairs that the fit rests on; the others contradict them.
    view : View or None
        How the camera stands and looks, where that can be told.
    """

    fit: GroundFit
    alternatives: tuple[tuple[GroundFit, GroundFit], ...]
    points_m: Floats
    residuals_m: Floats
    used: Mask
    view: View | None

    @property
    def width_px(self) -> int:
        """Width of the picture."""
        return self.fit.lens.width_px

    @property
    def height_px(self) -> int:
        """Height of the picture."""
        return self.fit.lens.height_px

    @property
    def homography(self) -> Homography:
        """Undistorted picture to ground."""
        return self.fit.homography

    @property
    def k1(self) -> float:
        """Distortion of the lens, see `throng.ground.lens.Lens`."""
        return self.fit.lens.k1

    def to_ground(self, xy_px: ArrayLike) -> tuple[Floats, Mask]:
        """See `throng.data.ground_map.GroundMap`."""
        return self.fit.to_ground(xy_px)

    def to_image(self, xy_m: ArrayLike) -> tuple[Floats, Mask]:
        """See `throng.data.ground_map.GroundMap`."""
        return self.fit.to_image(xy_m)

    def error_m(self, xy_px: ArrayLike) -> Floats:
        """Standard error (n,) of where points (n, 2) of the picture lie, metres, both axes together; NaN above the horizon."""
        errors = self._error(lambda fit: fit.to_ground(xy_px)[0])
        return np.asarray(np.hypot(errors[:, 0], errors[:, 1]))

    def scale_errors(self, xy_px: ArrayLike) -> Floats:
        """Standard error (n,) of short lengths at points (n, 2) of the picture, as a share: that of speeds there."""
        return self._error(lambda fit: np.log(_local_scale(fit, np.asarray(xy_px, dtype=np.float64).reshape(-1, 2))))

    @property
    def scale_error(self) -> float:
        """The median of `scale_errors` over the picture, below the horizon."""
        x, y = np.meshgrid((np.arange(8) + 0.5) / 8 * self.width_px, (np.arange(8) + 0.5) / 8 * self.height_px)
        grid = np.column_stack([x.ravel(), y.ravel()])
        errors = self.scale_errors(grid[self.to_ground(grid)[1]])
        # Next to the horizon some of the alternatives have no ground.
        known = errors[np.isfinite(errors)]
        return float(np.median(known)) if 2 * len(known) > len(errors) else float("inf")

    def length_m(self, ends_px: ArrayLike) -> tuple[float, float]:
        """Length between two points (2, 2) of the picture and its standard error, metres; NaN where it reaches the horizon."""
        return self._value_and_error(lambda fit: np.hypot(*np.diff(fit.to_ground(ends_px)[0], axis=0)[0]))

    def area_m2(self, corners_px: ArrayLike) -> tuple[float, float]:
        """Area of a polygon (k, 2) of the picture and its standard error, square metres; NaN where it reaches the horizon."""
        corners = self._bent(np.asarray(corners_px, dtype=np.float64))
        return self._value_and_error(lambda fit: _area(fit.to_ground(corners)[0]))

    def polygon_m(self, name: str, corners_px: ArrayLike) -> Area:
        """A polygon (k, 2) of the picture on the ground.

        Raises
        ------
        CalibrationError
            It reaches the horizon.
        """
        ground, standing = self.to_ground(self._bent(np.asarray(corners_px, dtype=np.float64)))
        if not standing.all():
            raise CalibrationError(f'"{name}" reaches the horizon, beyond which there is no ground: draw it lower')
        return Area(name, ground)

    def _bent(self, corners_px: Floats) -> Floats:
        if not self.k1:
            return corners_px
        shares = np.arange(POINTS_A_SIDE)[:, None] / POINTS_A_SIDE
        following = np.roll(corners_px, -1, axis=0)
        return np.concatenate([a + shares * (b - a) for a, b in zip(corners_px, following, strict=True)])

    def _error(self, number: Callable[[GroundFit], Floats]) -> Floats:
        """Standard error of any number that a map gives: the root of the sum of squares over the independent directions."""
        squares = np.zeros_like(number(self.fit))
        for plus, minus in self.alternatives:
            squares = squares + ((number(plus) - number(minus)) / (2 * STEP)) ** 2
        return np.asarray(np.sqrt(squares))

    def _value_and_error(self, number: Callable[[GroundFit], Floats]) -> tuple[float, float]:
        return float(number(self.fit)), float(self._error(number))


def exact(homography: Homography, width_px: int, height_px: int) -> Calibration:
    """A homography from elsewhere, of a straight lens, taken to be without error."""
    fit = GroundFit(homography, Lens(width_px, height_px))
    none = np.empty((0, 2))
    return Calibration(fit=fit, alternatives=(), points_m=none, residuals_m=none[:, 0], used=none[:, 0] > 0, view=None)


def alternatives_of(
    make: Callable[[Floats], GroundFit], best: Floats, covariance: Floats
) -> tuple[tuple[GroundFit, GroundFit], ...]:
    """The maps to either side of the best parameters (p,), along the principal axes of their covariance (p, p)."""
    values, vectors = np.linalg.eigh(covariance)
    steps = (vectors * np.sqrt(np.maximum(values, 0.0))).T * STEP
    return tuple((make(best + step), make(best - step)) for step in steps)


def _local_scale(fit: GroundFit, xy_px: Floats) -> Floats:
    """Metres a pixel (n,): the root of the determinant of the map's derivative."""
    half = 0.5 * np.eye(2)
    right, down = (fit.to_ground(xy_px + step)[0] - fit.to_ground(xy_px - step)[0] for step in half)
    return np.asarray(np.sqrt(np.abs(right[:, 0] * down[:, 1] - right[:, 1] * down[:, 0])))


def _area(corners_m: Floats) -> Floats:
    x, y = (corners_m - corners_m[0]).T
    return np.asarray(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)
