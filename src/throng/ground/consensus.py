"""Point pairs that agree with each other: a homography, a lens, and which pairs contradict the rest."""

from collections.abc import Iterator
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.special import fdtri

from throng.data.errors import CalibrationError
from throng.ground.calibration import GroundFit
from throng.ground.evidence import CLICK_PX, LENS_ERROR
from throng.ground.homography import Homography, fit_homography, homography_of, inverse
from throng.ground.lens import Lens

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST_FOR_REJECTION = 6
"""Of five pairs any four fit exactly, so that nothing tells which one is wrong."""
FEWEST_FOR_LENS = 6
MOST_SAMPLES = 300
REJECTED_AT = 3.5
"""Robust standard errors at which a pair is taken to contradict the others."""
SIGNIFICANCE = 0.01
"""A lens that bends is believed when straight ones would look as bent once in a hundred times (F-test)."""


def agreeing(points_px: Floats, points_m: Floats) -> Mask:
    """Which pairs (n,) agree: least median of squares over samples of four (Rousseeuw 1984), then twice a fit to those near it.

    The median tolerates that nearly half of the pairs beyond the four that fix the map are wrong. The robust error of a
    coordinate is that median over 1.1774, the median of a distance in units of it, times 1 + 5 / (n - 4) for few pairs
    (Rousseeuw and Leroy 1987, chapter 5), and no smaller than a click's.
    """
    n = len(points_px)
    if n < FEWEST_FOR_REJECTION:
        return np.ones(n, dtype=bool)
    misses = min((_misses(points_px, points_m, sample) for sample in _samples(n)), key=_middle)
    robust = max((1 + 5 / (n - 4)) * _middle(misses) / 1.1774, CLICK_PX)
    agree = misses <= REJECTED_AT * robust
    for _ in range(2):
        if np.count_nonzero(agree) > 4:
            refitted = _misses(points_px, points_m, np.flatnonzero(agree).tolist())
            agree = refitted <= REJECTED_AT * max(_middle(refitted) / 1.1774, CLICK_PX)
    if np.count_nonzero(agree) < max(5, (n + 4) // 2):
        raise CalibrationError(
            "too many of the point pairs contradict each other to tell which are right: check that the points in the picture "
            "and on the ground have the same order, and that the ground between them is flat"
        )
    return agree


def _middle(misses: Floats) -> float:
    """The median, counted from behind the four pairs that a sample fits exactly."""
    middle = min((len(misses) + 4) // 2, len(misses) - 1)
    return float(np.partition(misses, middle)[middle])


def _samples(n: int) -> Iterator[list[int]]:
    if comb(n, 4) <= MOST_SAMPLES:
        yield from map(list, combinations(range(n), 4))
        return
    generator = np.random.default_rng(n)
    for _ in range(MOST_SAMPLES):
        yield sorted(generator.choice(n, 4, replace=False).tolist())


def _misses(points_px: Floats, points_m: Floats, sample: list[int]) -> Floats:
    try:
        fitted = fit_homography(points_px[sample], points_m[sample])
    except CalibrationError:
        return np.full(len(points_px), np.inf)
    shown, in_front = fitted.to_image(points_m)
    return np.where(in_front, np.hypot(*(np.nan_to_num(shown) - points_px).T), np.inf)


def fit_pairs(points_px: Floats, points_m: Floats, *, width_px: int, height_px: int, lens: bool) -> tuple["PairFit", Mask]:
    """The fit to those pairs that agree, and which they are (n,): with a lens that bends more may agree than without."""
    agree = agreeing(points_px, points_m)
    found = PairFit(points_px[agree], points_m[agree], width_px=width_px, height_px=height_px, lens=lens)
    for _ in range(2):
        fit = found.make(found.best)
        if agree.all() or not fit.lens.k1:
            break
        shown, in_front = fit.to_image(points_m)
        misses = np.where(in_front, np.hypot(*(np.nan_to_num(shown) - points_px).T), np.inf)
        agree = misses <= REJECTED_AT * max(_middle(misses) / 1.1774, CLICK_PX)
        found = PairFit(points_px[agree], points_m[agree], width_px=width_px, height_px=height_px, lens=lens)
    return found, agree


class PairFit:
    """The homography of pairs that agree, with a lens where they show one; parameters, misfit and covariance.

    Parameters
    ----------
    points_px, points_m : (n, 2) float64
    width_px, height_px : int
    lens : bool
        Whether a bending lens may be found.
    """

    def __init__(self, points_px: Floats, points_m: Floats, *, width_px: int, height_px: int, lens: bool) -> None:
        self._px, self._m = points_px, points_m
        self._straight = Lens(width_px, height_px)
        first = fit_homography(points_px, points_m)
        # Ground coordinates about 1, so that all parameters are alike in size.
        self._middle, self._spread = points_m.mean(axis=0), float(np.hypot(*(points_m - points_m.mean(axis=0)).T).mean())
        back = inverse(first.matrix) @ self._from_unit()
        start = (back / back[2, 2]).ravel()[:8]
        self.best, self.residuals, self._jacobian = self._solved(start)
        if lens and len(points_px) >= FEWEST_FOR_LENS:
            bent, residuals, jacobian = self._solved(np.append(self.best, 0.0))
            freedom = residuals.size - 9
            before, after = float(self.residuals @ self.residuals), float(residuals @ residuals)
            gain = (before - after) / max(after / freedom, 1e-12)
            if gain > float(fdtri(1, freedom, 1 - SIGNIFICANCE)) and abs(bent[8]) < 1.0:
                self.best, self.residuals, self._jacobian = bent, residuals, jacobian
        self._freedom = self.residuals.size - self.best.size
        self._doubted = lens and self.best.size == 8
        if self._doubted:
            # That pairs show no bend does not make the lens straight: of few pairs the lens is most of the error.
            self.best, step = np.append(self.best, 0.0), np.append(np.zeros(8), 1e-4)
            bend = (self._misses(self.best + step) - self._misses(self.best - step)) / 2e-4
            self._jacobian = np.column_stack([self._jacobian, bend])

    def make(self, parameters: Floats) -> GroundFit:
        """The map that parameters stand for."""
        back = np.append(parameters[:8], 1.0).reshape(3, 3)
        k1 = float(parameters[8]) if len(parameters) > 8 else 0.0
        lens = Lens(self._straight.width_px, self._straight.height_px, k1)
        matrix = homography_of(self._from_unit() @ inverse(back)).matrix
        # The ground lies on the side of the horizon on which its measured points do.
        straight = lens.undistort(self._px)
        sign = np.sign(np.nansum(np.column_stack([straight, np.ones(len(straight))]) @ matrix[2]))
        return GroundFit(Homography(sign * matrix), lens)

    def covariance(self) -> Floats:
        """Of the parameters (p, p).

        The variance of a click is that of the misses, drawn towards `CLICK_PX` squared with the weight of four coordinates:
        few pairs tell little of it, four pairs nothing (inverse-gamma prior, Gelman et al. 2013, section 3.3). A lens that may
        bend, though no bend was found, is uncertain by `LENS_ERROR` beside what the pairs tell.
        """
        variance = (self.residuals @ self.residuals + 4.0) / (self._freedom + 4.0)
        information = self._jacobian.T @ self._jacobian / variance
        if self._doubted:
            information[8, 8] += LENS_ERROR**-2
        return np.asarray(np.linalg.pinv(information))

    def _solved(self, start: Floats) -> tuple[Floats, Floats, Floats]:
        found = least_squares(self._misses, start, method="lm", x_scale="jac", xtol=1e-13, ftol=1e-13, gtol=1e-13)
        return found.x, found.fun, found.jac

    def _misses(self, parameters: Floats) -> Floats:
        unit = (self._m - self._middle) / self._spread
        x, y, w = np.append(parameters[:8], 1.0).reshape(3, 3) @ np.vstack([unit.T, np.ones(len(unit))])
        straight = np.column_stack([x / w, y / w])
        k1 = float(parameters[8]) if len(parameters) > 8 else 0.0
        shown = Lens(self._straight.width_px, self._straight.height_px, k1).distort(straight)
        return np.nan_to_num((shown - self._px).ravel() / CLICK_PX, nan=1e3)

    def _from_unit(self) -> Floats:
        spread, (x, y) = self._spread, self._middle
        return np.array([[spread, 0.0, x], [0.0, spread, y], [0.0, 0.0, 1.0]])
