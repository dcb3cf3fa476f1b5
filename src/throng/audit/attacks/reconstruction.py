"""Reconstruction: every count at once, from many overlapping answers.

Source: Dinur and Nissim 2003, "Revealing information while preserving privacy"; here by least squares.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def all_windows(ticks: int) -> NDArray[np.intp]:
    """Every window of a stream, (ticks (ticks + 1) / 2, 2): its first tick, and the first after it."""
    begins, ends = np.triu_indices(ticks + 1, k=1)
    return np.column_stack((begins, ends))


def reconstruct(asked: ArrayLike, answers: ArrayLike, standard_errors: ArrayLike, *, ticks: int) -> NDArray[np.float64]:
    """The counts (ticks,) that fit all answers best, each weighed by its stated standard error; people, not rounded.

    Parameters
    ----------
    asked : (q, 2) array-like of int
        Windows, as `all_windows` has them.
    answers, standard_errors : (q,) array-like
        People.
    ticks : int
        How many counts there are.

    Raises
    ------
    ValueError
        The answers leave some count open.
    """
    questions = np.asarray(asked)
    moments = np.arange(ticks)
    covered = (questions[:, :1] <= moments) & (moments < questions[:, 1:])
    weights = 1 / np.asarray(standard_errors, dtype=np.float64)
    found, _, rank, _ = np.linalg.lstsq(covered * weights[:, None], np.asarray(answers) * weights, rcond=None)
    if rank < ticks:
        raise ValueError(f"the answers determine {rank} of {ticks} counts: ask about more windows")
    return np.asarray(found, dtype=np.float64)
