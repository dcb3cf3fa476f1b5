"""Crowd pressure: how dense a crowd is times how unevenly it moves, the sign that comes before a crush.

Local density and velocity at a place r and time t are averages over the people j around it with a Gaussian weight,

    rho(r, t) = sum_j f(d_j),   V(r, t) = sum_j v_j f(d_j) / sum_j f(d_j),   f(d) = exp(-d^2 / R^2) / (pi R^2),

with R about 1 m, and pressure is density times a variance of velocity (Helbing, Johansson and Al-Abideen, Phys. Rev. E 75,
046109, 2007; Johansson, Helbing, Al-Abideen and Al-Bosta, Advances in Complex Systems 11, 497, 2008). Which variance makes
three definitions, and they differ in size:

- `pressure` and `grid_pressure`, of one moment: P(r, t) = rho(r, t) Var(r, t), where Var is that of the *individual* velocities
  around V(r, t), with the weights f. It feels every sway and every error of a single person's velocity.
- `PressureField.at_places`, of a while: P(r) = <rho(r, t)>_t <|V(r, t) - <V(r, t)>_t|^2>_t, the variance over time of the
  *local* velocity at each place.
- `PressureField.of_area`, of a while: P = <rho> <|V - <V>|^2> with both averages over the places of an area and over time.

The published warning level, 0.02 / s^2, above which a crowd was turbulent, was found with local velocities in a dense crowd of
one direction, and belongs to the last two there. The first is above it wherever people walk freely or sway (0.04 to 0.09 / s^2
in a harmless laboratory crowd before a gate), as is the last one with people walking both ways. Take it with the density: below
about 4 people / m^2 it warns of nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import MemoryOnly
from throng.measure.recent import RecentSums

Floats = NDArray[np.float64]

TURBULENT_PER_S2 = 0.02
FEWEST_PEOPLE = 3.0
"""A variance of fewer velocities than these says nothing."""
_ALONE = np.exp(-4.0) / np.pi
"""The density of one person at a distance of two radii, times R^2: with less, nobody is there whose velocity could count."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LocalMotion(MemoryOnly):
    """How people move around given places at one moment.

    Attributes
    ----------
    density_per_m2 : (...) float64
        rho, people / m^2.
    velocity_mps : (..., 2) float64
        V, m/s; NaN where nobody whose velocity is known is within about two radii.
    variance_m2ps2 : (...) float64
        <|v|^2> - |V|^2, (m/s)^2; NaN where V is.
    people : (...) float64
        How many velocities that variance rests on: (sum f)^2 / sum f^2 (Kish's effective sample size).
    """

    density_per_m2: Floats
    velocity_mps: Floats
    variance_m2ps2: Floats
    people: Floats


def local_motion(xy_m: Floats, velocities_mps: Floats, at_m: Floats, *, radius_m: float = 1.0) -> LocalMotion:
    """Density and motion around places.

    Parameters
    ----------
    xy_m, velocities_mps : (n, 2) float64
        People, metres and m/s. Someone whose velocity is NaN counts for the density alone.
    at_m : (k, 2) float64
        Places, metres.
    radius_m : float
        R of the kernel.
    """
    values, mean_mps = _values(velocities_mps)
    offset = at_m[:, None] - xy_m
    weights = np.exp(-np.einsum("knd,knd->kn", offset, offset) / radius_m**2)
    return _motion(np.moveaxis(weights @ values, -1, 0), weights**2 @ values[:, 1], mean_mps, radius_m)


def grid_motion(xy_m: Floats, velocities_mps: Floats, x_m: Floats, y_m: Floats, *, radius_m: float = 1.0) -> LocalMotion:
    """`local_motion` at all crossings of columns `x_m` (c,) and rows `y_m` (r,), as (r, c) arrays.

    exp(-d^2) is a product of a part of x and one of y, so the sums are a product of two small matrices, and exact.
    """
    values, mean_mps = _values(velocities_mps)
    across = np.exp(-(((np.asarray(x_m)[:, None] - xy_m[:, 0]) / radius_m) ** 2))
    along = np.exp(-(((np.asarray(y_m)[:, None] - xy_m[:, 1]) / radius_m) ** 2))
    sums = (values.T[:, None] * along) @ across.T
    return _motion(sums, (values[:, 1] * along**2) @ (across**2).T, mean_mps, radius_m)


def _values(velocities_mps: Floats) -> tuple[Floats, Floats]:
    """What is summed for each person: 1, whether the velocity is known, velocity less the mean, its square; and the mean."""
    known = np.isfinite(velocities_mps[:, 0] + velocities_mps[:, 1])
    mean_mps = velocities_mps[known].mean(axis=0) if known.any() else np.zeros(2)
    relative = np.where(known[:, None], velocities_mps - mean_mps, 0.0)
    return np.column_stack([np.ones(len(known)), known, relative, (relative**2).sum(axis=1)]), mean_mps


def _motion(sums: Floats, squares: Floats, mean_mps: Floats, radius_m: float) -> LocalMotion:
    weight = np.where(sums[1] >= _ALONE * np.pi, sums[1], np.nan)
    velocity = sums[2:4] / weight
    variance = np.maximum(sums[4] / weight - (velocity**2).sum(axis=0), 0.0)
    people = np.nan_to_num(weight**2 / np.where(squares > 0, squares, np.nan))
    return LocalMotion(sums[0] / (np.pi * radius_m**2), np.moveaxis(velocity, 0, -1) + mean_mps, variance, people)


def pressure(xy_m: Floats, velocities_mps: Floats, at_m: Floats, *, radius_m: float = 1.0, noise_mps: float = 0.0) -> Floats:
    """Crowd pressure of one moment at places, P = rho Var (first definition of this module).

    Parameters
    ----------
    xy_m, velocities_mps : (n, 2) float64
        People, metres and m/s. Someone whose velocity is NaN counts for the density alone.
    at_m : (k, 2) float64
        Places, metres.
    radius_m : float
        R of the kernel.
    noise_mps : float
        Standard error of one component of one person's velocity. Such errors alone make a pressure of 2 rho noise^2 (0.1 / s^2
        for 0.1 m/s at 5 people / m^2), which is taken off.

    Returns
    -------
    (k,) float64
        1/s^2; NaN where fewer than `FEWEST_PEOPLE` velocities are known around.
    """
    return _pressure(local_motion(xy_m, velocities_mps, at_m, radius_m=radius_m), noise_mps)


def grid_pressure(
    xy_m: Floats, velocities_mps: Floats, x_m: Floats, y_m: Floats, *, radius_m: float = 1.0, noise_mps: float = 0.0
) -> Floats:
    """`pressure` at all crossings of columns `x_m` (c,) and rows `y_m` (r,), as an (r, c) array, 1/s^2."""
    return _pressure(grid_motion(xy_m, velocities_mps, x_m, y_m, radius_m=radius_m), noise_mps)


def _pressure(motion: LocalMotion, noise_mps: float) -> Floats:
    enough = motion.people >= FEWEST_PEOPLE
    people = np.where(enough, motion.people, np.nan)
    noise = 2 * noise_mps**2 * (1 - 1 / people)
    return np.asarray(motion.density_per_m2 * np.maximum(motion.variance_m2ps2 - noise, 0.0))


class PressureField:
    """Crowd pressure of the last while, as published: density times the variance of the local velocity V(r, t).

    Memory is one grid for each second of the while. The people's own sway and errors are averaged out of V by about the
    number of people within a radius.

    Parameters
    ----------
    x_m, y_m : (c,) and (r,) float64
        Columns and rows of the grid, metres.
    radius_m : float
        R of the kernel.
    window_s : float
        How long is the while, whole seconds.
    """

    def __init__(self, x_m: Floats, y_m: Floats, *, radius_m: float = 1.0, window_s: float = 20.0) -> None:
        self._axes, self._radius_m = (np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)), radius_m
        self._recent = RecentSums((5, len(y_m), len(x_m)), slot_s=1.0, slots=round(window_s))

    def add(self, time_s: float, xy_m: Floats, velocities_mps: Floats) -> LocalMotion:
        """Take in one frame, and give its local motion."""
        motion = grid_motion(xy_m, velocities_mps, *self._axes, radius_m=self._radius_m)
        velocity = np.moveaxis(motion.velocity_mps, -1, 0)
        moments = [motion.density_per_m2, np.isfinite(velocity[0]), *np.nan_to_num(velocity)]
        self._recent.add(time_s, np.array([*moments, np.nan_to_num(velocity**2).sum(axis=0)]))
        return motion

    def at_places(self) -> Floats:
        """P(r) of each place, (r, c), 1/s^2: NaN where people, or the whole view, were not seen for half of the while."""
        sums, frames = self._window()
        return _moment_pressure(sums, frames)

    def of_area(self, inside: NDArray[np.bool_]) -> float:
        """P of the places `inside` (r, c) taken together, 1/s^2; NaN while people were not seen at half of them."""
        sums, frames = self._window()
        return float(_moment_pressure(sums[:, inside].sum(axis=1), frames * int(inside.sum())))

    def _window(self) -> tuple[Floats, int]:
        """Sums and number of frames; no frame counts while most of the window is unseen."""
        _, frames, sums = self._recent.whole()
        return sums.sum(axis=0), int(frames.sum()) if 2 * np.count_nonzero(frames) >= len(frames) else 0


def _moment_pressure(sums: Floats, samples: int) -> Floats:
    known = np.where((sums[1] > 0) & (2 * sums[1] >= samples) & (samples > 0), sums[1], np.nan)
    variance = sums[4] / known - ((sums[2:4] / known) ** 2).sum(axis=0)
    return np.asarray(sums[0] / max(samples, 1) * np.maximum(variance, 0.0))
