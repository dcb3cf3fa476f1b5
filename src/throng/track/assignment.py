"""Which detection continues which track: the best pairing of a sparse set of candidates."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from throng.track.expected import Floats, Pairs

Indices = NDArray[np.intp]
AT_ONCE = 1 << 16
"""A matrix of so many candidates is solved faster whole than in its components."""


def assign(pairs: Pairs, gains: Floats, shape: tuple[int, int]) -> Pairs:
    """The pairing of rows and columns with the greatest total gain; whoever is in no pair gains nothing.

    Most candidates need no search: a pair that gains at least as much as the best other pair of its row and the best other
    pair of its column together is in some best pairing, since it can stand in for both of them. What is left falls apart into
    connected components, and each is solved exactly (Crouse 2016, the shortest augmenting path algorithm of SciPy).

    Parameters
    ----------
    pairs : Pairs
        Candidates, each at most once: rows and columns, (k,).
    gains : (k,) float64
        Greater than zero.
    shape : (int, int)
        How many rows and columns there are.

    Returns
    -------
    Pairs
        Rows and columns that belong together.
    """
    rows, columns = pairs
    if _alone(rows, shape[0]) and _alone(columns, shape[1]):
        return pairs
    taken = _plain(rows, columns, gains, shape)
    chosen_rows, chosen_columns = rows[taken], columns[taken]
    free_row, free_column = np.ones(shape[0], dtype=bool), np.ones(shape[1], dtype=bool)
    free_row[chosen_rows], free_column[chosen_columns] = False, False
    left = free_row[rows] & free_column[columns]
    if not left.any():
        return chosen_rows, chosen_columns
    more_rows, more_columns = _searched((rows[left], columns[left]), gains[left])
    return np.concatenate([chosen_rows, more_rows]), np.concatenate([chosen_columns, more_columns])


def _alone(owners: Indices, n: int) -> bool:
    return not len(owners) or int(np.bincount(owners, minlength=n).max()) == 1


def _plain(rows: Indices, columns: Indices, gains: Floats, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The pairs that are their row's and their column's best by so much that no search is needed, (k,)."""
    best_row, second_row = _two_best(rows, gains, shape[0])
    best_column, second_column = _two_best(columns, gains, shape[1])
    index = np.arange(len(gains))
    best = (best_row[rows] == index) & (best_column[columns] == index)
    plain: NDArray[np.bool_] = best & (gains >= second_row[rows] + second_column[columns])
    return plain


def _two_best(owners: Indices, gains: Floats, n: int) -> tuple[Indices, Floats]:
    """For each of n owners the pair with the greatest gain, and the greatest gain among its others."""
    most = np.zeros(n)
    np.maximum.at(most, owners, gains)
    top = np.flatnonzero(gains == most[owners])
    best = np.full(n, -1, dtype=np.intp)
    best[owners[top]] = top
    others = gains.copy()
    others[best[best >= 0]] = 0.0
    second = np.zeros(n)
    np.maximum.at(second, owners, others)
    return best, second


def _searched(pairs: Pairs, gains: Floats) -> Pairs:
    """The best pairing of candidates that need a search: all at once while they are few, else each connected component."""
    own_rows, rows = _numbered(pairs[0])
    own_columns, columns = _numbered(pairs[1])
    if len(own_rows) * len(own_columns) <= AT_ONCE:
        one, other = _solved(rows, columns, gains, (len(own_rows), len(own_columns)))
        return own_rows[one], own_columns[other]
    n = len(own_rows)
    graph = coo_array((gains, (rows, columns + n)), shape=(n + len(own_columns),) * 2)
    _, labels = connected_components(graph, directed=False)
    order = np.argsort(labels[rows], kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(labels[rows[order]])) + 1)
    found = [_component(own_rows[rows[part]], own_columns[columns[part]], gains[part]) for part in parts]
    return np.concatenate([one for one, _ in found]), np.concatenate([other for _, other in found])


def _component(rows: Indices, columns: Indices, gains: Floats) -> Pairs:
    own_rows, row = _numbered(rows)
    own_columns, column = _numbered(columns)
    one, other = _solved(row, column, gains, (len(own_rows), len(own_columns)))
    return own_rows[one], own_columns[other]


def _numbered(owners: Indices) -> Pairs:
    """The distinct owners in order, and the place of each owner among them: `numpy.unique` without its sorting."""
    there = np.zeros(int(owners.max()) + 1, dtype=bool)
    there[owners] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[owners]


def _solved(rows: Indices, columns: Indices, gains: Floats, shape: tuple[int, int]) -> Pairs:
    dense = np.zeros(shape)
    dense[rows, columns] = gains
    one, other = linear_sum_assignment(dense, maximize=True)
    real = dense[one, other] > 0.0
    return one[real], other[real]
