"""One walker in an empty night: was anybody there, at any tick, on any counter?"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp


def evidence_by_tick(values: ArrayLike, covariance: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each counter and tick, the evidence that one person was counted there and nobody else all night.

    Parameters
    ----------
    values : (k, n) array-like
        What was released of k counters in n ticks, people.
    covariance : (n, n) array-like
        Of the noise of each counter, people squared.

    Returns
    -------
    scores : (k, n) float64
        e' S^-1 y for a count e of one person; mean 0 and variance `strengths` without him, mean `strengths` with him.
    strengths : (n,) float64
    """
    inverse = np.linalg.inv(np.asarray(covariance, dtype=np.float64))
    return np.asarray(values, dtype=np.float64) @ inverse, np.diag(inverse).copy()


def somebody(scores: ArrayLike, strengths: ArrayLike) -> float:
    """Logarithm of the likelihood ratio of a walker who is counted once, at a tick and on a counter that nobody knows.

    The best test against a walker who is equally likely anywhere: the mean over all places of exp(score - strength / 2).

    Parameters
    ----------
    scores, strengths : (k, n) and (n,) array-like
        As `evidence_by_tick` gives them.
    """
    logs = np.asarray(scores, dtype=np.float64) - np.asarray(strengths, dtype=np.float64) / 2
    return float(logsumexp(logs) - np.log(logs.size))
