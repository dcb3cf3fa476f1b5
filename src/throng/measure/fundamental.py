"""The fundamental diagram of a place: speed and flow against density, how fast people go when free, what it can carry."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, minimize_scalar

Floats = NDArray[np.float64]
QUANTILES = (0.15, 0.5, 0.85)
_SLOWEST_FREE_MPS = 0.5
"""Hardly anybody who walks freely is slower: one in a thousand, at the 1.34 +- 0.26 m/s of Weidmann 1993."""
_FREE = 0.9
_CONGESTED = 0.05
_LOOSE = 0.2
"""What has a standard error of a greater share of it is not known."""
_FEWEST = 20
_BOUNDS = np.log([[0.1, 0.1, 2.0], [4.0, 20.0, 12.0]])
"""Of v0, gamma and rho_max. Below two people/m2 nobody stands still for want of room, and more than twelve find none; without
such bounds a handful of slow people in an empty place would be a jam."""


@dataclass(frozen=True, slots=True, eq=False)
class Diagram:
    """Points of a fundamental diagram.

    Attributes
    ----------
    density_per_m2, speed_mps, flow_per_m_s : (n,) float64
        Density, speed and specific flow J = rho v, in the order of time.
    index : (n,) int64
        Which frame or interval each is of.
    """

    density_per_m2: Floats
    speed_mps: Floats
    flow_per_m_s: Floats
    index: NDArray[np.int64]


def diagram(density_per_m2: Floats, speed_mps: Floats) -> Diagram:
    r"""Points from the density and the mean speed of one place, frame by frame or interval by interval.

    .. math:: J = \rho \, v

    (the hydrodynamic relation). What is unknown in either series is left out, as is an empty place.

    Parameters
    ----------
    density_per_m2, speed_mps : (n,) float64
        As `mean_speed` or `voronoi_speed` and the densities of the same area give them; `interval_means` makes intervals of
        them.
    """
    known = np.isfinite(density_per_m2) & np.isfinite(speed_mps) & (density_per_m2 > 0)
    density, speed = density_per_m2[known], speed_mps[known]
    return Diagram(density, speed, density * speed, np.flatnonzero(known))


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A fundamental diagram gathered in bins of density.

    Attributes
    ----------
    edges_per_m2 : (k + 1,) float64
        Edges of the bins, people/m2.
    counts : (k,) int64
        Points in each.
    speed_mps, flow_per_m_s : (k, q) float64
        Quantiles in each; NaN where there is no point.
    """

    edges_per_m2: Floats
    counts: NDArray[np.int64]
    speed_mps: Floats
    flow_per_m_s: Floats


def curve(points: Diagram, edges_per_m2: Floats, *, quantiles: tuple[float, ...] = QUANTILES) -> Curve:
    """Quantiles of speed and specific flow in bins of density; a bin holds its lower edge and not its upper."""
    size = len(edges_per_m2) - 1
    which = np.searchsorted(edges_per_m2, points.density_per_m2, side="right") - 1
    counts = np.bincount(which[(which >= 0) & (which < size)], minlength=size)
    speed, flow = np.full((2, size, len(quantiles)), np.nan)
    for k in np.flatnonzero(counts):
        speed[k] = np.quantile(points.speed_mps[which == k], quantiles)
        flow[k] = np.quantile(points.flow_per_m_s[which == k], quantiles)
    return Curve(edges_per_m2, counts, speed, flow)


def weidmann_speed(density_per_m2: Floats, free_speed_mps: float, gamma_per_m2: float, jam_density_per_m2: float) -> Floats:
    r"""Speed at a density by Weidmann's curve.

    .. math:: v(\rho) = v_0 \left(1 - e^{-\gamma (1 / \rho - 1 / \rho_{max})}\right)

    Weidmann found v0 = 1.34 m/s, gamma = 1.913 / m2 and rho_max = 5.4 / m2 for walkways, which gives a capacity of 1.22
    people/(m s) at 1.75 people/m2.

    References
    ----------
    Weidmann (1993), Transporttechnik der Fussgaenger, Schriftenreihe des IVT 90, ETH Zurich.
    """
    result: Floats = free_speed_mps * -np.expm1(-gamma_per_m2 * (1 / density_per_m2 - 1 / jam_density_per_m2))
    return result


@dataclass(frozen=True, slots=True)
class WeidmannFit:
    """Weidmann's curve through the fundamental diagram of a place; NaN is what the data does not determine.

    Attributes
    ----------
    free_speed_mps, gamma_per_m2, jam_density_per_m2 : float
        v0, gamma and rho_max of the curve.
    capacity_per_m_s, critical_density_per_m2 : float
        The greatest specific flow of the curve, people/(m s), and where it is reached, people/m2.
    free_speed_error_mps, gamma_error_per_m2, jam_density_error_per_m2, capacity_error_per_m_s : float
        Standard errors.
    reason : str
        Why something is unknown; empty where all is known.
    """

    free_speed_mps: float = np.nan
    gamma_per_m2: float = np.nan
    jam_density_per_m2: float = np.nan
    capacity_per_m_s: float = np.nan
    critical_density_per_m2: float = np.nan
    free_speed_error_mps: float = np.nan
    gamma_error_per_m2: float = np.nan
    jam_density_error_per_m2: float = np.nan
    capacity_error_per_m_s: float = np.nan
    reason: str = ""


def fit_weidmann(points: Diagram, *, blocks: NDArray[np.int64] | None = None) -> WeidmannFit:
    r"""Fit Weidmann's curve by robust least squares (soft L1 loss, its scale the spread of the residuals).

    Standard errors are those of an M-estimator (Huber's sandwich), with the points of a block taken to hang together: frame by
    frame the same people are measured again and again, and errors that take them for new ones are several times too small.

    Free speed is unknown unless the curve is at nine tenths of it or more at the 5th percentile of density. Capacity and its
    density are unknown unless one point in twenty is denser than the curve's maximum (the place was seen congested); and so are
    gamma and the jam density, which shape the congested branch. A free speed or a capacity whose standard error is more than a
    fifth of it is unknown too. The curve is looked for with v0 up to 4 m/s, gamma of 0.1 to 20 / m2, rho_max of 2 to 12 / m2.

    Parameters
    ----------
    points : Diagram
        At least 20.
    blocks : (n,) int64, optional
        A number for each point; points of one number hang together. Choose blocks longer than people stay in the place:
        ``points.index // frames`` makes some. By default every point stands alone.

    References
    ----------
    Weidmann (1993); Huber (1967), The behavior of maximum likelihood estimates under nonstandard conditions, Proc. Fifth
    Berkeley Symposium 1, 221-233.
    """
    density, speed = points.density_per_m2, points.speed_mps
    if len(density) < _FEWEST:
        return WeidmannFit(reason=f"fewer than {_FEWEST} points are too few for a curve")
    first = np.clip(np.log([max(float(np.quantile(speed, 0.95)), 0.2), 2.0, 5.4]), *_BOUNDS)

    def residuals(logs: Floats) -> Floats:
        result: Floats = weidmann_speed(density, *np.exp(logs)) - speed
        return result

    rough = least_squares(residuals, first, loss="soft_l1", f_scale=0.1, bounds=_BOUNDS)
    scale = max(1.4826 * float(np.median(np.abs(residuals(rough.x)))), 1e-6)
    fit = least_squares(residuals, rough.x, loss="soft_l1", f_scale=scale, bounds=_BOUNDS, xtol=1e-12, ftol=1e-12)
    free = fit.active_mask == 0
    slopes = np.where(free, _slopes(density, fit.x), 0.0)
    covariance = _sandwich(residuals(fit.x) / scale, slopes, blocks) * scale**2
    return _judge(density, fit.x, covariance, inner=bool(free.all()))


def _slopes(density: Floats, logs: Floats) -> Floats:
    """Derivatives (n, 3) of the curve's speed by the logarithms of v0, gamma and rho_max."""
    free, gamma, jam = np.exp(logs)
    reach = 1 / density - 1 / jam
    decay = free * np.exp(-gamma * reach)
    return np.stack([free - decay, decay * gamma * reach, -decay * gamma / jam], axis=1)


def _sandwich(residuals: Floats, slopes: Floats, blocks: NDArray[np.int64] | None) -> Floats:
    """Covariance (3, 3) of an M-estimator with soft L1 loss, in squares of the residuals' scale.

    B^-1 M B^-1, B = sum psi'(r) s s^T, M = sum over blocks of (sum psi(r) s)(sum psi(r) s)^T, psi(r) = r / sqrt(1 + r^2).
    """
    root = np.sqrt(1 + residuals**2)
    scores = (residuals / root)[:, None] * slopes
    count = len(scores)
    if blocks is not None:
        names, block = np.unique(blocks, return_inverse=True)
        count = len(names)
        scores = np.stack([np.bincount(block, column, minlength=count) for column in scores.T], axis=1)
    bread = (slopes / root[:, None] ** 3).T @ slopes
    inverse = np.linalg.pinv(bread, rcond=1e-14, hermitian=True)
    result: Floats = inverse @ (scores.T @ scores) @ inverse * (count / (count - 3) if count > 3 else np.nan)
    return result


def _judge(density: Floats, logs: Floats, covariance: Floats, *, inner: bool) -> WeidmannFit:
    """What of a fitted curve the points determine; `inner` says that it lies within the bounds."""
    free, gamma, jam = (float(value) for value in np.exp(logs))

    def loss(at: float) -> float:
        return -at * float(weidmann_speed(np.array([at]), free, gamma, jam)[0])

    critical = float(minimize_scalar(loss, bounds=(1e-6 * jam, jam), method="bounded", options={"xatol": 1e-9 * jam}).x)
    slope = critical * _slopes(np.array([critical]), logs)[0]
    variances = np.append(np.diag(covariance) * np.exp(2 * logs), slope @ covariance @ slope)
    values, errors = np.array([free, gamma, jam, -loss(critical)]), np.sqrt(variances)
    unfree = uncongested = ""
    reached = weidmann_speed(np.quantile(density, [0.05]), 1.0, gamma, jam)[0]
    if not (reached >= _FREE and errors[0] <= _LOOSE * values[0]):
        unfree = "the place was not seen empty enough for walking freely"
        values[0] = errors[0] = np.nan
    if free < _SLOWEST_FREE_MPS:
        unfree = uncongested = "people were slow even where there was room, so that they waited rather than walked"
        values[0] = errors[0] = np.nan
    elif np.quantile(density, 1 - _CONGESTED) <= critical:
        uncongested = "the place was not seen congested"
    elif not (inner and errors[3] <= _LOOSE * values[3]):
        uncongested = "the points do not determine the curve"
    if uncongested:
        values[1:], errors[1:], critical = np.nan, np.nan, np.nan
    return WeidmannFit(
        free_speed_mps=float(values[0]),
        gamma_per_m2=float(values[1]),
        jam_density_per_m2=float(values[2]),
        capacity_per_m_s=float(values[3]),
        critical_density_per_m2=critical,
        free_speed_error_mps=float(errors[0]),
        gamma_error_per_m2=float(errors[1]),
        jam_density_error_per_m2=float(errors[2]),
        capacity_error_per_m_s=float(errors[3]),
        reason="; ".join(dict.fromkeys(filter(None, (unfree, uncongested)))),
    )
