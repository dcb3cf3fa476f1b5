"""What is known of how a camera stands, each kind as residuals of a `View` in units of its own standard error."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from throng.data.errors import CalibrationError
from throng.data.secrecy import frozen_array
from throng.ground.pairs import finite_points
from throng.ground.view import View

Floats = NDArray[np.float64]

CLICK_PX = 1.5
"""Standard error of each coordinate of a point that a person clicks in the picture."""
TAPE = 0.01
"""Standard error of a length that a person measures, as a share of it."""
LENS_ERROR = 0.1
"""Standard error of the distortion of a lens of which nothing is known: wide lenses of cameras have -0.3 to 0."""
_FAR = 30.0
"""The residual of what the view cannot show at all, as a point beyond the horizon."""


class Evidence(Protocol):
    """Anything that tells something of the view."""

    def residuals(self, view: View, /) -> Floats:
        """How far a view is from what is known (m,), in standard errors; always finite, and always as many."""


@dataclass(frozen=True, slots=True, eq=False)
class PointPairs:
    """Points of the ground, clicked in the picture and measured.

    Attributes
    ----------
    points_px, points_m : (n, 2) float64
    """

    points_px: Floats
    points_m: Floats

    def residuals(self, view: View) -> Floats:
        """Misses in the picture over the error of a click, (2 n,)."""
        shown, _ = view.to_image(self.points_m)
        return _finite((shown - self.points_px).ravel() / CLICK_PX)


@dataclass(frozen=True, slots=True, eq=False)
class KnownLength:
    """A length on the ground whose ends can be seen: a crossing's stripe, the side of a tile.

    Attributes
    ----------
    ends_px : (2, 2) float64
        Image pixels.
    length_m : float

    Raises
    ------
    CalibrationError
        The length is not positive, or the ends are one point.
    """

    ends_px: Floats
    length_m: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.length_m) and self.length_m > 0):
            raise CalibrationError(f"a known length must be a positive number of metres, not {self.length_m}")
        try:
            ends = frozen_array(np.array(self.ends_px, dtype=np.float64), np.float64, shape=(2, 2), name="ends_px")
        except (ValueError, TypeError):
            raise CalibrationError("a known length needs two ends x,y in pixels, finite numbers") from None
        if np.hypot(*(ends[1] - ends[0])) < 1.0:
            raise CalibrationError("the two ends of a known length are less than a pixel apart: give two points that differ")
        object.__setattr__(self, "ends_px", ends)

    def residuals(self, view: View) -> Floats:
        """Logarithm of measured over known length, over the error of two clicks and of a tape, (1,)."""
        ends, standing = view.to_ground(self.ends_px)
        if not standing.all():
            return np.array([_FAR])
        measured = max(float(np.hypot(*(ends[1] - ends[0]))), 1e-9)
        clicks = np.sqrt(2.0) * CLICK_PX / np.hypot(*(self.ends_px[1] - self.ends_px[0]))
        return _finite(np.log([measured / self.length_m]) / np.hypot(clicks, TAPE))


@dataclass(frozen=True, slots=True, eq=False)
class KnownView:
    """A view found before, and how sure it is.

    Attributes
    ----------
    view : View
    scale_error : float
        Standard error of its lengths, as a share. Most of it is laid to the height, to which all lengths are in proportion; the
        rest to focal length and angles, a wrong tilt t changing lengths by 1 / (sin t cos t) times as much.
    """

    view: View
    scale_error: float

    def residuals(self, view: View) -> Floats:
        """Differences of the logarithms of height and focal length, of the angles and of the distortion, (5,)."""
        wanted, got = self.view.parameters()[:5], view.parameters()[:5]
        error = max(self.scale_error, 1e-3)
        steep = max(np.sin(self.view.tilt_rad) * np.cos(self.view.tilt_rad), 0.05)
        errors = np.array([0.3 * error, 0.4 * steep * error, 0.4 * steep * error, 0.85 * error, 0.3 * error])
        return _finite((got - wanted) / errors)


@dataclass(frozen=True, slots=True)
class _Usual:
    """How cameras usually are, very loosely, so that what nothing else tells stays finite."""

    focal_per_width: float = 1.0
    focal_log_error: float = 1.0
    roll_error_rad: float = field(default=np.radians(5.0))
    k1_error: float = 0.2

    def residuals(self, view: View) -> Floats:
        focal = np.log(view.focal_px / (self.focal_per_width * view.width_px)) / self.focal_log_error
        return np.array([focal, view.roll_rad / self.roll_error_rad, view.k1 / self.k1_error])


USUAL: Evidence = _Usual()


def pairs_of(points_px: ArrayLike, points_m: ArrayLike) -> PointPairs:
    """Pairs as arrays, few as they may be."""
    image, ground = (
        finite_points(points, name) if np.size(points) else np.empty((0, 2))
        for points, name in ((points_px, "points_px"), (points_m, "points_m"))
    )
    if len(image) != len(ground):
        raise CalibrationError(
            f"calibration needs pairs of points, but there are {len(image)} in the picture and {len(ground)} on the ground: "
            "give one ground point for every picture point"
        )
    return PointPairs(image, ground)


def _finite(residuals: Floats) -> Floats:
    return np.clip(np.nan_to_num(residuals, nan=_FAR, posinf=_FAR, neginf=-_FAR), -1e6, 1e6)
