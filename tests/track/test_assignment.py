"""Pairing against all permutations and against SciPy's dense solution."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from tests.track.crowds import Floats

from throng.track import assignment
from throng.track.assignment import Indices, assign
from throng.track.expected import Pairs

ONE_BY_ONE = 0
"""As `AT_ONCE`: every connected component is solved by itself."""


def _total(gains: Floats, *, at_once: int = assignment.AT_ONCE) -> float:
    """The total gain of the pairing of a dense matrix whose zeros are no candidates; refuses one that is no pairing."""
    candidates = np.nonzero(gains)
    order = np.random.default_rng(0).permutation(len(candidates[0]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assignment, "AT_ONCE", at_once)
        rows, columns = assign((candidates[0][order], candidates[1][order]), gains[candidates][order], gains.shape)
    assert len(set(rows.tolist())) == len(rows)
    assert len(set(columns.tolist())) == len(columns)
    assert (gains[rows, columns] > 0).all()
    return float(gains[rows, columns].sum())


def _best(gains: Floats) -> float:
    one, other = linear_sum_assignment(gains, maximize=True)
    return float(gains[one, other].sum())


# Small whole numbers make ties common.
matrices = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(0, 4), min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]
    )
)


@pytest.mark.parametrize("at_once", [assignment.AT_ONCE, ONE_BY_ONE])
@given(matrices)
@settings(max_examples=150, deadline=None)
def test_no_permutation_gains_more(at_once: int, matrix: list[list[int]]) -> None:
    gains = np.array(matrix, dtype=np.float64)
    tall = gains if gains.shape[0] <= gains.shape[1] else gains.T
    best = max(sum(tall[row, column] for row, column in enumerate(p)) for p in permutations(range(tall.shape[1]), len(tall)))
    assert _total(gains, at_once=at_once) == best


def _sparse(seed: int, shape: tuple[int, int], each: float) -> Floats:
    generator = np.random.default_rng(seed)
    return np.where(generator.random(shape) < each / shape[1], generator.exponential(3.0, shape), 0.0)


@pytest.mark.parametrize("at_once", [assignment.AT_ONCE, ONE_BY_ONE])
@pytest.mark.parametrize("seed", range(15))
def test_sparse_candidates_are_paired_as_well_as_by_a_dense_search(seed: int, at_once: int) -> None:
    gains = _sparse(seed, (80, 100), each=0.5 + seed / 3)
    assert _total(gains, at_once=at_once) == pytest.approx(_best(gains), rel=1e-12)


def test_many_candidates_are_solved_by_component(monkeypatch: pytest.MonkeyPatch) -> None:
    solved: list[int] = []
    component = assignment._component

    def counted(rows: Indices, columns: Indices, gains: Floats) -> Pairs:
        solved.append(len(gains))
        return component(rows, columns, gains)

    monkeypatch.setattr(assignment, "_component", counted)
    gains = _sparse(1, (1500, 1500), each=1.8)
    assert _total(gains) == pytest.approx(_best(gains), rel=1e-12)
    assert len(solved) > 10


def test_equal_gains_pair_as_many_as_possible() -> None:
    # Whoever takes the first column greedily leaves somebody alone.
    chain = np.eye(40) + np.eye(40, k=1)
    assert _total(chain) == 40
    assert _total(np.ones((30, 20))) == 20


def test_nobody_is_paired_where_there_are_no_candidates() -> None:
    none = np.empty(0, dtype=np.intp)
    for shape in ((0, 0), (3, 0), (0, 3), (3, 3)):
        rows, columns = assign((none, none), np.empty(0), shape)
        assert len(rows) == len(columns) == 0
