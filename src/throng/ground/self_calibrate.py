"""A camera calibrated by the people who walk through its view."""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from throng.data.errors import CalibrationError
from throng.ground.calibration import Calibration, GroundFit, alternatives_of
from throng.ground.evidence import USUAL
from throng.ground.people import LEAST_PATH_ERROR, PERSON_HEIGHT_ERROR, Walkers
from throng.ground.view import View

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST = 10
"""People below whom nobody can say who is no adult on foot."""
LARGEST_ERROR = 0.033
"""Standard error of lengths from which a camera stays uncalibrated."""
GOOD_ERROR = 0.028
OUTLIER = 3.5
MOST_OUTLIERS = 0.2
LARGEST_SPREAD = 0.09
"""Of people's heights, as a share: almost twice what adults have."""
LARGEST_MISFIT = 1.8
"""Root of chi-square over its freedom, from which flat ground and a straight lens do not explain the boxes."""
LARGEST_BEND = 0.04
_FREE = np.array([True, True, True, True, False, False, False, False])
_FOCALS, _TILTS_DEG = (0.6, 0.9, 1.3, 2.0), (6.0, 12.0, 20.0, 30.0, 42.0, 55.0, 68.0)
_STARTS = 3
_HELP = "give a known length or point pairs as well"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SelfCalibration:
    """A calibration from people, and how far it is to be trusted.

    Attributes
    ----------
    calibration : Calibration
    view : View
        How the camera stands; the ground's origin is below it, y the way it looks.
    walkers : Walkers
        The evidence that it rests on, with errors as the fit found them.
    scale_error : float
        Standard error of lengths on the ground where people walked, as a share: root mean square over places, across the view
        and along it.
    confidence : {"good", "fair"}
    """

    calibration: Calibration
    view: View
    walkers: Walkers
    scale_error: float
    confidence: Literal["good", "fair"]


def calibrate_from_people(walkers: Walkers) -> SelfCalibration:
    """The view in which people are as tall wherever they walk, and walk steadily.

    A coarse grid over focal length and tilt, with the height that makes people as tall as their mean, starts a least-squares
    fit of focal length, tilt, roll and height to `Walkers.residuals`, after Lv, Zhao and Nevatia 2006 ("Camera calibration from
    video of a walking human"), with boxes predicted from a body rather than taken for heads and feet. People whose height no
    adult has are left out, errors are raised to what the fit leaves, and the fit is repeated.

    Raises
    ------
    CalibrationError
        The people do not determine the ground, or contradict each other.
    """
    if len(walkers) < FEWEST:
        raise CalibrationError(
            "too few people walked through the picture, seen whole and alone, to calibrate from them: watch for longer or at a "
            f"busier time, or {_HELP}"
        )
    found, used = _fitted(walkers)
    error = scale_error(used, found)
    _check(walkers, used, found, error)

    def make(parameters: Floats) -> GroundFit:
        view = found.view.with_parameters(parameters)
        return GroundFit(view.homography(), view.lens)

    best = found.view.parameters()
    calibration = Calibration(
        fit=make(best),
        alternatives=alternatives_of(make, best, found.covariance),
        points_m=np.empty((0, 2)),
        residuals_m=np.empty(0),
        used=np.empty(0, dtype=bool),
        view=found.view,
    )
    return SelfCalibration(
        calibration=calibration,
        view=found.view,
        walkers=used,
        scale_error=error,
        confidence="good" if error <= GOOD_ERROR else "fair",
    )


class _Found(NamedTuple):
    view: View
    cost: float
    covariance: Floats


def _fitted(walkers: Walkers) -> tuple[_Found, Walkers]:
    found = min((_solved(walkers, start, loss="soft_l1") for start in _starts(walkers)), key=lambda each: each.cost)
    used = walkers
    for _ in range(3):
        used = _judged(used, found.view)
        if len(used) < max(FEWEST, (1 - MOST_OUTLIERS) * len(walkers)):
            raise CalibrationError(
                "the people differ more in height than adults on foot do, as children, bicycles or uneven ground would make "
                f"them: watch at another time, or {_HELP}"
            )
        found = _solved(used, found.view, loss="linear")
    return found, used


def _judged(walkers: Walkers, view: View) -> Walkers:
    """Without people whose height no adult has and boxes cut short, and with errors raised to what the view leaves."""
    misses = walkers.misses(view)
    heights, paths = walkers.person_misses(misses)
    counts = np.diff(walkers.starts)
    off = np.abs(heights - np.median(heights)) / np.hypot(PERSON_HEIGHT_ERROR, walkers.tall_error / np.sqrt(counts))
    tall, wide = walkers.errors_left(misses)
    raised = replace(
        walkers,
        tall_error=max(walkers.tall_error, tall),
        wide_error=max(walkers.wide_error, wide),
        path_errors=np.maximum(paths, LEAST_PATH_ERROR),
    )
    stray = np.abs(misses.tall - misses.slope * heights[walkers.person]) > OUTLIER * raised.tall_error
    return raised.only((off < OUTLIER)[walkers.person] & ~stray)


def _starts(walkers: Walkers) -> list[View]:
    found = []
    for focal in _FOCALS:
        for tilt in _TILTS_DEG:
            view = View(focal * walkers.width_px, np.radians(tilt), 0.0, 6.0, walkers.width_px, walkers.height_px)
            for _ in range(4):
                larger = float(np.median(walkers.misses(view).tall))
                view = replace(view, height_m=float(np.clip(view.height_m * np.exp(-larger), 2.2, 60.0)))
            found.append((float(np.sum(np.minimum(np.abs(walkers.residuals(view)), 5.0))), view))
    return [view for _, view in sorted(found, key=lambda each: each[0])[:_STARTS]]


def _solved(walkers: Walkers, start: View, *, loss: Literal["linear", "soft_l1"], free: Mask = _FREE) -> _Found:
    base = start.parameters()

    def full(numbers: Floats) -> Floats:
        parameters = base.copy()
        parameters[free] = numbers
        return parameters

    def residuals(numbers: Floats) -> Floats:
        view = start.with_parameters(full(numbers))
        return np.concatenate([walkers.residuals(view), USUAL.residuals(view)])

    lower, upper = (limit[free] for limit in _limits(walkers.width_px))
    first = np.clip(base[free], lower + 1e-6, upper - 1e-6)
    found = least_squares(
        residuals, first, bounds=(lower, upper), loss=loss, x_scale="jac", diff_step=1e-5, max_nfev=60, xtol=1e-5, ftol=1e-5
    )
    covariance = np.zeros((8, 8))
    covariance[np.ix_(free, free)] = np.linalg.pinv(found.jac.T @ found.jac)
    return _Found(start.with_parameters(full(found.x)), float(found.cost), covariance)


def _limits(width_px: int) -> tuple[Floats, Floats]:
    lower = np.array([np.log(0.25 * width_px), np.radians(1.0), np.radians(-20.0), np.log(2.0), -0.6, -1.0, -1.0, -1.0])
    upper = np.array([np.log(6.0 * width_px), np.radians(88.0), np.radians(20.0), np.log(100.0), 0.4, 1.0, 1.0, 1.0])
    return lower, upper


def scale_error(walkers: Walkers, found: _Found) -> float:
    """Standard error of short lengths where people walked: root mean square over feet, across the view and along it."""
    feet_px = walkers.feet_px
    ground, _ = found.view.to_ground(feet_px)
    feet_px, ground = feet_px[np.isfinite(ground[:, 0])], ground[np.isfinite(ground[:, 0])]
    along = 0.1 * ground / np.hypot(*ground.T)[:, None]
    across = np.column_stack([-along[:, 1], along[:, 0]])
    ends = [found.view.to_image(ground + way)[0] for way in (along, across)]

    def lengths(parameters: Floats) -> Floats:
        view = found.view.with_parameters(parameters)
        start, _ = view.to_ground(feet_px)
        return np.log([np.hypot(*(view.to_ground(end)[0] - start).T) for end in ends])

    best = found.view.parameters()
    steps = 1e-4 * np.eye(len(best))
    slopes = np.array([(lengths(best + step) - lengths(best - step)) / 2e-4 for step in steps])
    variances = np.einsum("iab,ij,jab->ab", slopes, found.covariance, slopes)
    return float(np.sqrt(np.mean(variances)))


def _check(walkers: Walkers, used: Walkers, found: _Found, error: float) -> None:
    """Refuse what the people do not determine or contradict."""
    if not error <= LARGEST_ERROR:
        raise CalibrationError(
            f"{_why(used, found.view)}, and lengths could be wrong by {100 * error:.0f} per cent or more: watch for longer, "
            f"or {_HELP}"
        )
    view, misses = found.view, used.misses(found.view)
    heights, _ = used.person_misses(misses)
    tall, _ = used.errors_left(misses)
    bent = _solved(used, view, loss="linear", free=_FREE | (np.arange(8) == 4))
    if not view.height_m > 2.2 or float(np.std(heights)) > LARGEST_SPREAD or tall > LARGEST_MISFIT * walkers.tall_error:
        raise CalibrationError(
            "no flat ground explains how tall people look from place to place, as stairs, slopes, children or bicycles make "
            f"it: watch at another time, or {_HELP}"
        )
    if abs(bent.view.k1) > LARGEST_BEND and abs(bent.view.k1) > 3 * np.sqrt(bent.covariance[4, 4]):
        raise CalibrationError(
            "the lens bends straight ways too much to calibrate from people alone: give six or more point pairs, which show "
            "the bend"
        )


def _why(walkers: Walkers, view: View) -> str:
    """What most likely leaves the scale undetermined."""
    rows = walkers.feet_px[:, 1]
    if np.ptp(np.percentile(rows, [5, 95])) < 0.15 * walkers.height_px:
        return "people walk at one distance from the camera only"
    if view.tilt_rad < np.radians(8.0):
        return "the camera looks almost level, so that neither its tilt nor its focal length shows"
    if view.tilt_rad > np.radians(70.0):
        return "the camera looks almost straight down, so that its height cannot be told from its focal length"
    return "the people seen so far do not determine tilt, height and focal length"
