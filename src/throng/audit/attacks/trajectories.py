"""Ways of single people out of numbers of people: from tick to tick, everybody goes the shortest way that fits the counts.

Source: Xu, Tu, Li, Zhang, Fu and Jin 2017, "Trajectory recovery from ash: user privacy is not preserved in aggregated mobility
data".
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment


def whole_counts(counts: ArrayLike, people: int) -> NDArray[np.int64]:
    """Counts (p,) as whole numbers of people who are `people` in all: the nearest by the greatest remainders.

    What is below zero is taken for zero; where nothing is left, everybody is spread evenly.
    """
    positive = np.clip(np.asarray(counts, dtype=np.float64), 0.0, None)
    if not positive.sum():
        positive = np.ones_like(positive)
    shares = positive * (people / positive.sum())
    whole: NDArray[np.int64] = np.floor(shares).astype(np.int64)
    whole[np.argsort(whole - shares, kind="stable")[: people - whole.sum()]] += 1
    return whole


def recover(counts: ArrayLike, xy_m: ArrayLike, *, people: int) -> NDArray[np.intp]:
    """The ways (people, n): at which of p places each person is in each of n ticks.

    Parameters
    ----------
    counts : (n, p) array-like
        People at each place, noised or not.
    xy_m : (p, 2) array-like
        Where the places are, metres.
    people : int
        How many there are in all; the attacker knows it.

    Notes
    -----
    The next place of a person is predicted by going on as before, x_t + (x_t - x_(t-1)); the assignment of people to the places
    that are taken costs the least distance in all.
    """
    at = np.asarray(xy_m, dtype=np.float64)
    taken = [np.repeat(np.arange(len(at)), whole_counts(row, people)) for row in np.asarray(counts, dtype=np.float64)]
    ways = [taken[0]]
    for following in taken[1:]:
        here = at[ways[-1]]
        predicted = here + (here - at[ways[-2]] if len(ways) > 1 else 0.0)
        cost = np.linalg.norm(predicted[:, None] - at[following][None], axis=2)
        _, chosen = linear_sum_assignment(cost)
        ways.append(following[chosen])
    return np.array(ways).T


def share_recovered(found: ArrayLike, true: ArrayLike) -> float:
    """Share of all points of the true ways (people, n) that the found ones have, each matched to one, as well as can be."""
    hits = (np.asarray(true)[:, None] == np.asarray(found)[None]).mean(axis=2)
    rows, columns = linear_sum_assignment(-hits)
    return float(hits[rows, columns].mean())
