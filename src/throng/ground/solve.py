"""A camera's calibration from all that is known: point pairs, lengths, people, an earlier view."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

from throng.data.errors import CalibrationError
from throng.ground.calibration import Calibration, GroundFit, alternatives_of
from throng.ground.camera import recover_camera
from throng.ground.consensus import agreeing, fit_pairs
from throng.ground.evidence import USUAL, Evidence, KnownLength, KnownView, PointPairs, pairs_of
from throng.ground.geodesy import to_plan
from throng.ground.homography import Homography
from throng.ground.pairs import check_pairs, finite_points
from throng.ground.view import View

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST_LENGTHS = 3
"""Focal length, tilt and height are three numbers."""
LARGEST_SCALE_ERROR = 0.2
"""A calibration whose lengths are less sure than this is none."""
_FOCALS, _TILTS_DEG, _HEIGHTS_M = (0.6, 0.85, 1.2, 1.8), (8.0, 18.0, 30.0, 45.0, 65.0), (2.5, 5.0, 10.0, 20.0)
"""Where the search for a view begins: focal lengths in picture widths, tilts, and heights."""
_STARTS_REFINED = 4
LARGEST_CONDITION = 1e10
"""Condition number of what is known about the parameters, each in its own unit, from which some are not determined."""
UNDETERMINED = (
    "what is known does not determine the ground: lengths would be wrong by {how}; add point pairs or known lengths farther "
    "apart, in other directions and at other distances from the camera"
)
_LEAST, _MOST = np.array([3.0, -0.3, -1.0, -2.0, -0.9]), np.array([12.0, np.pi / 2 + 0.3, 1.0, 6.0, 0.9])
"""Bounds of log focal length, tilt, roll, log height and k1."""


def calibrate(
    *,
    width_px: int,
    height_px: int,
    points_px: ArrayLike | None = None,
    points_m: ArrayLike | None = None,
    points_deg: ArrayLike | None = None,
    known_lengths: Sequence[KnownLength] = (),
    known_view: KnownView | None = None,
    people: Evidence | None = None,
    lens: Literal["auto", "none"] = "auto",
) -> Calibration:
    """The calibration that agrees best with what is known, and how sure it is.

    Point pairs alone give a homography, whatever the camera, with a lens that bends where six or more show it. Anything else is
    weighed together in one least-squares fit of a `View`, each kind in units of its own standard error.

    Parameters
    ----------
    width_px, height_px : int
        Size of the picture.
    points_px : (n, 2) array-like, optional
        Points of the ground in the picture, image pixels: four or more alone, two or more beside other knowledge.
    points_m : (n, 2) array-like, optional
        The same on a plan, metres.
    points_deg : (n, 2) array-like, optional
        Or their latitudes and longitudes, degrees; the plan's origin is then their middle, x to the east.
    known_lengths : sequence of KnownLength
        Lengths on the ground.
    known_view : KnownView, optional
        A view found before.
    people : Evidence, optional
        What heads and feet tell, see `throng.ground.people`.
    lens : {"auto", "none"}
        Whether the lens may bend.

    Raises
    ------
    CalibrationError
        What is known contradicts itself or does not determine the ground.
    """
    if points_m is not None and points_deg is not None:
        raise CalibrationError("the points on the ground are given either as points_m or as points_deg: leave out one of them")
    if not (width_px > 0 and height_px > 0):
        raise CalibrationError(f"a picture's width and height must be positive, not {width_px}x{height_px}")
    ground = to_plan(finite_points(points_deg, "points_deg")) if points_deg is not None else points_m
    pairs = pairs_of([] if points_px is None else points_px, [] if ground is None else ground)
    others: list[Evidence] = [*known_lengths, *(each for each in (known_view, people) if each is not None)]
    if not others:
        return _from_pairs(pairs, width_px, height_px, lens == "auto")
    return _from_all(pairs, others, known_view, (width_px, height_px), bends=lens == "auto")


def _from_pairs(pairs: PointPairs, width_px: int, height_px: int, bends: bool) -> Calibration:
    image, ground = check_pairs(pairs.points_px, pairs.points_m)
    found, used = fit_pairs(image, ground, width_px=width_px, height_px=height_px, lens=bends)
    fit = found.make(found.best)
    view = _view_of(fit)
    return _checked(fit, alternatives_of(found.make, found.best, found.covariance()), PointPairs(image, ground), used, view)


def _view_of(fit: GroundFit) -> View | None:
    """How the camera of a fit stands, where that can be told; on a plan whose y points down, as if it pointed up."""
    width, height = fit.lens.width_px, fit.lens.height_px
    camera, _ = recover_camera(fit.homography, width, height)
    if camera is None:
        return None
    lens = np.array([[camera.focal_px, 0.0, width / 2], [0.0, camera.focal_px, height / 2], [0.0, 0.0, 1.0]])
    pose = np.linalg.solve(lens, camera.matrix)
    axes, where = pose[:, :3], -np.linalg.solve(pose[:, :3], pose[:, 3])
    if np.linalg.det(axes) < 0:
        axes, where = axes * [1.0, -1.0, 1.0], where * [1.0, -1.0, 1.0]
    ahead = axes[2]
    tilt, yaw = float(np.arcsin(np.clip(-ahead[2], -1.0, 1.0))), float(np.arctan2(-ahead[0], ahead[1]))
    x, y, z = where.tolist()
    upright = View(camera.focal_px, tilt, 0.0, z, width, height, fit.lens.k1, yaw, x, y)
    rolled = axes @ upright.axes().T
    return replace(upright, roll_rad=float(np.arctan2(rolled[0, 1], rolled[0, 0])))


def _from_all(
    pairs: PointPairs, others: list[Evidence], known: KnownView | None, size_px: tuple[int, int], *, bends: bool
) -> Calibration:
    n = len(pairs.points_px)
    _check_hands(pairs)
    if n == 1:
        raise CalibrationError("one point pair tells where the camera stands but not which way it looks: give two, or none")
    if known is None and not n and len(others) < FEWEST_LENGTHS and all(isinstance(each, KnownLength) for each in others):
        raise CalibrationError(
            f"{len(others)} known lengths do not determine the ground: give at least {FEWEST_LENGTHS}, in different directions "
            "and at different distances from the camera, or point pairs"
        )
    free = [True, True, True, True, bends, n > 1, n > 1, n > 1]
    used = agreeing(pairs.points_px, pairs.points_m) if n else np.ones(0, dtype=bool)
    # Far from a plan's origin the last digits of a place would swallow small steps: the solver works about the pairs' middle.
    middle = pairs.points_m[used].mean(axis=0) if n else np.zeros(2)
    kept = PointPairs(pairs.points_px[used], pairs.points_m[used] - middle)
    evidence = [*others, *([] if known else [USUAL]), *([kept] if n else [])]
    best, covariance, misfit = _solved(evidence, np.array(free), _starts(kept, known, size_px))
    if misfit > 3.0:
        raise CalibrationError(
            "what is known of the ground contradicts itself: the lengths, points, people and view cannot all be right; check "
            "each, and leave one kind out to see which is wrong"
        )

    def make(parameters: Floats) -> GroundFit:
        view = best.with_parameters(parameters)
        back = np.array([[1.0, 0.0, middle[0]], [0.0, 1.0, middle[1]], [0.0, 0.0, 1.0]])
        return GroundFit(Homography(back @ view.homography().matrix), view.lens)

    fit = make(best.parameters())
    placed = replace(best, x_m=best.x_m + float(middle[0]), y_m=best.y_m + float(middle[1]))
    return _checked(fit, alternatives_of(make, best.parameters(), covariance), pairs, used, placed)


def _check_hands(pairs: PointPairs) -> None:
    """Beside other knowledge the plan must not be a mirror image: seen from above, y is to the left of x."""
    if len(pairs.points_px) < 3:
        return
    picture, plan = (
        np.linalg.svd(points - points.mean(axis=0), full_matrices=False) for points in (pairs.points_px, pairs.points_m)
    )
    # The sign of the determinant of the best linear map between them.
    linear = np.linalg.lstsq(pairs.points_px - pairs.points_px.mean(axis=0), pairs.points_m - pairs.points_m.mean(axis=0))[0]
    flat = min(float(parts[1][1] / parts[1][0]) for parts in (picture, plan)) < 1e-3
    if not flat and np.linalg.det(linear) > 0:
        raise CalibrationError(
            "the plan's y points down, as in an image of it: change the sign of every y in points_m to combine points with "
            "lengths, people or a view"
        )


def _starts(pairs: PointPairs, known: KnownView | None, size_px: tuple[int, int]) -> list[View]:
    if known is not None:
        first = [known.view]
    else:
        first = [
            View(focal * size_px[0], np.radians(tilt), 0.0, height_m, *size_px)
            for focal, tilt, height_m in product(_FOCALS, _TILTS_DEG, _HEIGHTS_M)
        ]
    return [_placed(view, pairs) for view in first] if len(pairs.points_px) else first


def _placed(view: View, pairs: PointPairs) -> View:
    """The view moved, turned and raised so that the pairs fit best: a similarity on the plan (Umeyama 1991 in the plane)."""
    seen, standing = view.to_ground(pairs.points_px)
    if np.count_nonzero(standing) < 2:
        return view
    z, w = (points[standing] @ np.array([1.0, 1.0j]) for points in (seen, pairs.points_m))
    turn = np.vdot(z - z.mean(), w - w.mean()) / np.vdot(z - z.mean(), z - z.mean())
    place = w.mean() - turn * z.mean()
    height, yaw = view.height_m * max(abs(turn), 1e-6), view.yaw_rad + float(np.angle(turn))
    focal, tilt, roll, _, k1 = view.parameters()[:5]
    return view.with_parameters(np.array([focal, tilt, roll, np.log(height), k1, yaw, place.real, place.imag]))


def _solved(evidence: Sequence[Evidence], free: Mask, starts: Sequence[View]) -> tuple[View, Floats, float]:
    """The best view, the covariance (8, 8) of its parameters, and the misfit: root of chi-square over its freedom."""

    def residuals(numbers: Floats, base: Floats) -> Floats:
        parameters = base.copy()
        parameters[free] = numbers
        parameters[:5] = np.clip(parameters[:5], _LEAST, _MOST)
        view = starts[0].with_parameters(parameters)
        return np.concatenate([each.residuals(view) for each in evidence])

    def roughly(start: View) -> float:
        misses = np.concatenate([each.residuals(start) for each in evidence])
        return float(np.log1p(misses**2).sum())

    found = []
    for start in sorted(starts, key=roughly)[:_STARTS_REFINED]:
        base = start.parameters()
        solution = least_squares(
            residuals, base[free], args=(base,), loss="soft_l1", x_scale="jac", max_nfev=60, xtol=1e-8, ftol=1e-8
        )
        full = base.copy()
        full[free] = solution.x
        found.append((solution.cost, full, base))
    _, best, base = min(found, key=lambda each: each[0])
    final = least_squares(residuals, best[free], args=(best,), x_scale="jac", max_nfev=100)
    best[free] = final.x
    if ((best[:5] <= _LEAST) | (best[:5] >= _MOST)).any():
        # Beyond the bounds nothing changes any more, which would look like certainty.
        raise CalibrationError(UNDETERMINED.format(how="any amount"))
    freedom = max(final.fun.size - final.x.size, 1)
    misfit = float(np.sqrt(final.fun @ final.fun / freedom))
    covariance = np.zeros((8, 8))
    covariance[np.ix_(free, free)] = _inverted(final.jac.T @ final.jac) * max(1.0, misfit) ** 2
    return starts[0].with_parameters(best), covariance, misfit


def _inverted(information: Floats) -> Floats:
    """The covariance that an information matrix (p, p) says; what it knows nothing of is not without error."""
    size = np.sqrt(np.diag(information))
    alike = information / np.maximum(np.outer(size, size), np.finfo(np.float64).tiny)
    if not np.linalg.cond(alike) < LARGEST_CONDITION:
        raise CalibrationError(UNDETERMINED.format(how="any amount"))
    return np.asarray(np.linalg.inv(alike) / np.outer(size, size))


def _checked(
    fit: GroundFit,
    alternatives: tuple[tuple[GroundFit, GroundFit], ...],
    pairs: PointPairs,
    used: Mask,
    view: View | None,
) -> Calibration:
    mapped, standing = fit.to_ground(pairs.points_px)
    if not standing[used].all():
        raise CalibrationError(
            "a calibration point lies on or above the horizon that the others give, where there is no ground: check its place "
            "in the picture"
        )
    calibration = Calibration(
        fit=fit,
        alternatives=alternatives,
        points_m=pairs.points_m,
        residuals_m=np.where(standing, np.hypot(*(mapped - pairs.points_m).T), np.inf),
        used=used,
        view=view,
    )
    error = calibration.scale_error
    if not error <= LARGEST_SCALE_ERROR:
        how = f"{100 * error:.0f} per cent or more" if np.isfinite(error) else "any amount"
        raise CalibrationError(UNDETERMINED.format(how=how))
    return calibration


__all__ = ["KnownLength", "KnownView", "calibrate"]
