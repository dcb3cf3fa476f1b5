"""Trends of series whose values carry standard errors: how fast it changes, how sure that is, when a threshold is reached.

The line y = level + slope * (t - t_last) is fitted by weighted least squares with the weights 1 / error^2 (Bevington and
Robinson, Data Reduction and Error Analysis, chapter 6). Its errors are widened twice: by the scatter around the line where
that is more than the errors say (the factor sqrt(chi^2 / (n - 2)), Birge, Phys. Rev. 40, 207, 1932), and by the correlation r
of neighbouring residuals, with which n values are worth only n (1 - r) / (1 + r).
"""

from dataclasses import dataclass
from math import copysign, exp, inf, isfinite, log, nan, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST = 5
_NORMAL = NormalDist()
_TOO_UNLIKE = "the standard errors differ too much for a line"


@dataclass(frozen=True, slots=True)
class Trend:
    """A straight line through the last while of a series.

    Attributes
    ----------
    level, level_error : float
        The line at the last known value's time, and its standard error.
    slope_per_s, slope_error : float
        Its change in a second.
    covariance : float
        Of level and slope.
    freedom : float
        Degrees of freedom of the errors.
    reason : str or None
        Why there is no line; all numbers are NaN then.
    """

    level: float = nan
    slope_per_s: float = nan
    level_error: float = nan
    slope_error: float = nan
    covariance: float = nan
    freedom: float = nan
    reason: str | None = None

    @property
    def rising(self) -> float:
        """Confidence in [0, 1] that the slope is above zero; 1 less this, that it is below."""
        if self.reason or not self.slope_error:
            return nan if self.reason else 0.5 + 0.5 * float(np.sign(self.slope_per_s))
        return _student(self.slope_per_s / self.slope_error, self.freedom)


@dataclass(frozen=True, slots=True)
class Crossing:
    """When a trend reaches a threshold, in seconds after its last known value.

    Attributes
    ----------
    after_s : float
        At this rate; infinite where the trend leads away.
    earliest_s, latest_s : float
        Where the line's confidence band reaches it; `latest_s` is infinite where it may never.
    reason : str or None
        Why nothing is known; all numbers are NaN then.
    """

    after_s: float
    earliest_s: float
    latest_s: float
    reason: str | None = None


def trend(times_s: Floats, values: Floats, errors: Floats | None = None) -> Trend:
    """The straight line through a series.

    Parameters
    ----------
    times_s, values : (n,) float64
        In order of time. Unknown values are NaN and are left out.
    errors : (n,) float64, optional
        Standard errors, all above zero; without them the scatter around the line tells.

    Raises
    ------
    ValueError
        An error is zero or negative.
    """
    sizes = np.ones(len(values)) if errors is None else np.asarray(errors, dtype=np.float64)
    if (sizes <= 0).any():
        raise ValueError("standard errors must be above zero: leave them out where the values are exact")
    known = np.isfinite(values) & np.isfinite(sizes)
    times, y, sizes = np.asarray(times_s)[known], np.asarray(values)[known], sizes[known]
    if len(y) < FEWEST:
        return Trend(reason=f"fewer than {FEWEST} values are known")
    if times[0] == times[-1]:
        return Trend(reason="all known values are of one moment")
    design = np.column_stack([np.ones(len(y)), times - times[-1]]) / sizes[:, None]
    try:
        shape = np.linalg.inv(design.T @ design)
    except np.linalg.LinAlgError:
        return Trend(reason=_TOO_UNLIKE)
    level, slope = shape @ design.T @ (y / sizes)
    residuals = y / sizes - design @ [level, slope]
    scatter = float(residuals @ residuals) / (len(y) - 2)
    worth = _worth(residuals)
    cov = shape * (scatter if errors is None else max(scatter, 1.0)) / worth
    freedom = max(worth * len(y) - 2, 1.0)
    if not (np.isfinite(cov).all() and cov[0, 0] >= 0 and cov[1, 1] >= 0):  # more than a double can tell apart
        return Trend(reason=_TOO_UNLIKE)
    return Trend(float(level), float(slope), sqrt(cov[0, 0]), sqrt(cov[1, 1]), float(cov[0, 1]), freedom)


def _worth(residuals: Floats) -> float:
    """What share of the values is independent: (1 - r) / (1 + r), with r freed of the bias -2 / n of a fitted line."""
    total = float(residuals @ residuals)
    raw = float(residuals[1:] @ residuals[:-1]) / total if total > 0 else 0.0
    r = min(max(raw + 2 / len(residuals), 0.0), 0.9)
    return (1 - r) / (1 + r)


def falls_while_rises(falling: Trend, rising: Trend) -> float:
    """Confidence in [0, 1] that one series falls while another rises; NaN where a trend is unknown.

    Both must hold, so it is the smaller of the two confidences (an intersection-union test: Berger, Technometrics 24, 295,
    1982), whether or not the two series depend on each other. A bottleneck that clogs: outflow falls, density upstream rises.
    """
    return float(np.minimum(1.0 - falling.rising, rising.rising))


def time_to(line: Trend, threshold: float, *, confidence: float = 0.95) -> Crossing:
    """When the line reaches a threshold, from either side, with an interval.

    The interval is where level + slope t +- q sqrt(var(level) + 2 t cov + t^2 var(slope)) meets the threshold (Fieller's
    theorem), with q of Student's distribution.

    Parameters
    ----------
    line : Trend
        Of the series.
    threshold : float
        In its unit.
    confidence : float
        That the interval holds, of the line and not of single values around it.
    """
    if line.reason:
        return Crossing(nan, nan, nan, line.reason)
    gap, side = abs(threshold - line.level), copysign(1.0, threshold - line.level)
    rate = side * line.slope_per_s
    q2 = _student_quantile(0.5 + confidence / 2, line.freedom) ** 2
    a = rate**2 - q2 * line.slope_error**2
    b = gap * rate + q2 * line.covariance
    c = gap**2 - q2 * line.level_error**2
    roots = [t for t in _roots(a, b, c) if t >= 0]
    after = gap / rate if rate > 0 else (0.0 if gap == 0 else inf)
    earliest = 0.0 if c <= 0 else min((t for t in roots if rate * t <= gap), default=inf)
    latest = min((t for t in roots if rate * t >= gap), default=inf) if rate > 0 else (0.0 if gap == c == 0 else inf)
    return Crossing(after, min(earliest, after), max(latest, after))


def _roots(a: float, b: float, c: float) -> list[float]:
    """Real roots of a t^2 - 2 b t + c, without loss where a is small."""
    root = b * b - a * c
    if root < 0:
        return []
    big = b + copysign(sqrt(root), b)
    return [t for t in (big / a if a else inf, c / big if big else inf) if isfinite(t)]


def _student(t: float, freedom: float) -> float:
    """Distribution function of Student's t (Wallace, Annals of Mathematical Statistics 30, 1124, 1959; to 0.002)."""
    z = (8 * freedom + 1) / (8 * freedom + 3) * sqrt(freedom * log(1 + t * t / freedom))
    return _NORMAL.cdf(copysign(z, t))


def _student_quantile(p: float, freedom: float) -> float:
    """The inverse of `_student` for p >= 0.5."""
    z = _NORMAL.inv_cdf(p) * (8 * freedom + 3) / (8 * freedom + 1)
    return sqrt(freedom * (exp(z * z / freedom) - 1))
