"""The last bits of released numbers: do they depend on whether somebody was there?

Source: Mironov 2012, "On significance of the least significant bits for differential privacy".
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2_contingency


def low_bits(values: ArrayLike, *, finest: int, bits: int) -> NDArray[np.int64]:
    """The last `bits` bits of numbers (n,) on the grid of 2^-`finest`, from 0 to 2^`bits` - 1."""
    whole: NDArray[np.int64] = np.rint(np.asarray(values, dtype=np.float64) * 2.0**finest).astype(np.int64)
    return whole % np.int64(2**bits)


def dependence(bits: ArrayLike, truth: ArrayLike) -> float:
    """How surely low bits tell what is true: the p-value of Pearson's test of independence; small where they tell it.

    Parameters
    ----------
    bits, truth : (n,) array-like of int
        The low bits, and the exact counts that the numbers stand for.
    """
    (_, rows), (_, columns) = (np.unique(np.asarray(each), return_inverse=True) for each in (bits, truth))
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), 1)
    return float(chi2_contingency(table, correction=False).pvalue) if min(table.shape) > 1 else 1.0
