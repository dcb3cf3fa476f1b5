"""People per square metre, counted or smoothed."""

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import GeometryError
from throng.data.ground_place import Area
from throng.data.trajectories import Trajectories
from throng.measure.inside import inside

Floats = NDArray[np.float64]


def classic_density(trajectories: Trajectories, area: Area) -> Floats:
    r"""People in an area by its size, frame by frame.

    .. math:: \rho(t) = N(t) / |A|

    PedPy's ``compute_classic_density``: people on the outline are outside.

    Parameters
    ----------
    trajectories : Trajectories
        The recording.
    area : Area
        Where.

    Returns
    -------
    (frames,) float64
        People/m2, from the first frame to the last; 0 where nobody is inside.
    """
    frames = trajectories.frames[inside(trajectories.xy_m, area)] - trajectories.first_frame
    result: Floats = np.bincount(frames, minlength=len(trajectories.starts) - 1) / area.area_m2
    return result


def gaussian_density(xy_m: Floats, at_m: Floats, *, width_m: float) -> Floats:
    r"""Density at places, every person spread out as a Gaussian.

    .. math:: \rho(r) = \sum_i \frac{1}{2 \pi \sigma^2} \exp\left(-\frac{|r - x_i|^2}{2 \sigma^2}\right),
       \quad \sigma = \frac{w}{2 \sqrt{2 \ln 2}}

    PedPy's Gaussian profile, in which three constants are rounded to six digits (its values are 7 millionths higher in the
    middle of a person's Gaussian).

    Parameters
    ----------
    xy_m : (n, 2) float64
        People, metres.
    at_m : (k, 2) float64
        Places, metres.
    width_m : float
        w, the full width of a person's Gaussian at half of its height, metres.

    Returns
    -------
    (k,) float64
        People/m2. What a Gaussian puts beyond walls is not brought back.

    Raises
    ------
    GeometryError
        The width is not positive.
    """
    x, y = (gaussian(at_m[:, axis, None] - xy_m[:, axis], width_m=width_m) for axis in (0, 1))
    result: Floats = np.einsum("kn,kn->k", x, y)
    return result


def gaussian(distances_m: Floats, *, width_m: float) -> Floats:
    """A Gaussian whose integral is one, of a given full width at half of its height, 1/m.

    Raises
    ------
    GeometryError
        The width is not positive.
    """
    if not (np.isfinite(width_m) and width_m > 0):
        raise GeometryError(f"the width of a Gaussian must be a positive number of metres, not {width_m}")
    sigma = width_m / np.sqrt(8 * np.log(2))
    result: Floats = np.exp(-0.5 * (distances_m / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
    return result
