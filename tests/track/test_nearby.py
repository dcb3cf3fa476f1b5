"""Pairs of near points: both ways of finding them against looking at every pair."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.track.crowds import Floats

from throng.track import nearby as module
from throng.track.nearby import nearby

# Quarters are exact in binary, so that a point on the very border is on it whichever way it is computed.
quarters = st.integers(-400, 400).map(lambda n: n / 4)
points = st.lists(st.tuples(quarters, quarters), max_size=25)
reaches = st.tuples(st.integers(0, 200).map(lambda n: n / 4), st.integers(0, 200).map(lambda n: n / 4))


def _every_pair(places: Floats, reach: Floats, found: Floats) -> list[tuple[int, int]]:
    return [
        (row, column)
        for row in range(len(places))
        for column in range(len(found))
        if (abs(places[row] - found[column]) <= reach[row]).all()
    ]


def _pairs(places: Floats, reach: Floats, found: Floats, *, all_pairs: int) -> list[tuple[int, int]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ALL_PAIRS", all_pairs)
        rows, columns = nearby(places, reach, found)
    assert (np.diff(rows) >= 0).all()
    return sorted(zip(rows.tolist(), columns.tolist(), strict=True))


def _array(pairs: object) -> Floats:
    return np.array(pairs, dtype=np.float64).reshape(-1, 2)


@pytest.mark.parametrize("all_pairs", [0, 1 << 14])
@given(st.lists(st.tuples(quarters, quarters, reaches), max_size=25), points)
@settings(max_examples=150, deadline=None)
def test_each_near_pair_is_found_once(
    all_pairs: int, places: list[tuple[float, float, tuple[float, float]]], found: list[tuple[float, float]]
) -> None:
    middle, reach = _array([place[:2] for place in places]), _array([place[2] for place in places])
    expected = _every_pair(middle, reach, _array(found))
    assert _pairs(middle, reach, _array(found), all_pairs=all_pairs) == expected


@pytest.mark.parametrize("all_pairs", [0, 1 << 14])
@pytest.mark.parametrize("reach_px", [0.0, 0.25, 3.0, 1e6])
@pytest.mark.parametrize("n", [1, 2, 30])
def test_points_in_one_place_are_all_near_each_other(all_pairs: int, reach_px: float, n: int) -> None:
    same = np.full((n, 2), 77.7)
    pairs = _pairs(same, np.full((n, 2), reach_px), same, all_pairs=all_pairs)
    assert pairs == [(row, column) for row in range(n) for column in range(n)]


@pytest.mark.parametrize("usual_px", [0.0, 20.0])
def test_one_place_that_reaches_far_costs_no_memory(usual_px: float) -> None:
    generator = np.random.default_rng(1)
    places, found = generator.uniform(0, 1e6, (200, 2)), generator.uniform(0, 1e6, (200, 2))
    reach = np.full((200, 2), usual_px)
    reach[7] = 1e7
    assert _pairs(places, reach, found, all_pairs=1 << 14) == _every_pair(places, reach, found)


def test_a_crowd_larger_than_the_table_of_all_pairs() -> None:
    generator = np.random.default_rng(2)
    places, found = generator.uniform(0, 4000, (500, 2)), generator.uniform(0, 4000, (700, 2))
    reach = generator.uniform(0, 150, (500, 2))
    pairs = _pairs(places, reach, found, all_pairs=1 << 14)
    assert len(pairs) > 400
    assert pairs == _every_pair(places, reach, found)
