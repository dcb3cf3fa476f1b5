"""Integer noise whose distribution is exact."""

import math
from fractions import Fraction

import numpy as np
import opendp.prelude as dp
from numpy.typing import NDArray

_LARGEST_SCALE = 2**50


class DiscreteGaussian:
    """The discrete Gaussian on the integers: P(z) proportional to exp(-z^2 / (2 scale^2)).

    OpenDP draws it exactly, by rejection in rational arithmetic, from the operating system's random numbers (Canonne, Kamath
    and Steinke 2020, "The discrete Gaussian for differential privacy", algorithm 3).

    Parameters
    ----------
    scale : int
        At least 1 and at most 2^50, so that the double that OpenDP takes holds it exactly and no sum overflows.
    """

    def __init__(self, scale: int) -> None:
        if not 1 <= scale <= _LARGEST_SCALE:
            raise ValueError(f"scale must lie between 1 and 2^50, not {scale}")
        dp.enable_features("contrib")
        space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T="i64")
        self._noise = dp.m.make_gaussian(*space, scale=float(scale))

    def draw(self, n: int) -> NDArray[np.int64]:
        """`n` independent draws."""
        return np.array(self._noise([0] * n), dtype=np.int64)


def gaussian_scale(*, squared_length: Fraction, rho: float) -> int:
    """The least integer scale at which shifting an integer vector by a squared length of at most `squared_length` is rho-zCDP.

    scale^2 >= squared_length / (2 rho), docs/privacy/0001-continual-counting.md, step 2; in exact arithmetic, rounded up.
    """
    least = squared_length / (2 * Fraction(rho))
    root = math.isqrt(math.ceil(least))
    return max(1, root if root * root >= least else root + 1)
