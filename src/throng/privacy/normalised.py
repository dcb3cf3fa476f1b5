"""Columns of one length: what the two normalised factorisations share.

Of the lower triangular Toeplitz matrix C, column t has the length |c_0 .. c_(n-1-t)|: the later an event, the less of its
column is left, and noise made for the first column is more than the later ones need. Dividing every column by its own length
makes all of them cost the same, so that the later events are louder and the totals more accurate (Henzinger, Kalinin and
Upadhyay 2025, "Normalized square root: sharper matrix factorization bounds for differentially private continual counting").
"""

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from throng.privacy.mechanism import GRID_BITS
from throng.privacy.sampler import gaussian_scale

_MARGIN = 1 + 1e-9
"""The coefficients and their sums of squares are computed in double precision; their relative error is far below this."""


def gains(column: NDArray[np.float64], *, unit: int) -> NDArray[np.int64]:
    """What a count of each tick (n,) is multiplied with: 2^30 over the length of its column and over `unit`, rounded down.

    Parameters
    ----------
    column : (n,) float64
        The first column of C.
    unit : int
        Counts come in units of 1/`unit` person.
    """
    lengths = np.sqrt(np.cumsum(column**2))[::-1] * _MARGIN
    rounded: NDArray[np.int64] = np.floor(2.0**GRID_BITS / (unit * lengths)).astype(np.int64)
    return rounded


def noise_scale(*, sensitivity: float, rho: float, slack: float, entries: int) -> int:
    """The scale of the noise, in grid steps, for a stream whose `entries` numbers are each rounded by less than `slack` steps.

    A passage moves the vector of all that is noised by at most `sensitivity` people, as no column is longer than one, and by
    what rounding adds, less than slack root(entries) steps: docs/privacy/0004-buffered.md, step 2.
    """
    rounding = Fraction(math.ceil(slack * math.ceil(math.sqrt(entries))))
    return gaussian_scale(squared_length=(Fraction(sensitivity) * 2**GRID_BITS + rounding) ** 2, rho=rho)
