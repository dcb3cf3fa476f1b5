"""The contribution bound: by brute force over all that a passage can do, and as properties."""

from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.data.place import Counter
from throng.privacy.bound import ContributionBound, sensitivity
from throng.privacy.square_root import square_root_coefficients

IN, OUT, ENTRIES, EXITS, ENTRIES_2, EXITS_2 = range(6)
COUNTERS = (
    Counter("door", "in"),
    Counter("door", "out"),
    Counter("square", "entries"),
    Counter("square", "exits"),
    Counter("hall", "entries"),
    Counter("hall", "exits"),
)


def admit(bound: ContributionBound, *events: tuple[int, int]) -> list[int]:
    ids = np.array([key for key, _ in events], dtype=np.uint64)
    return [int(n) for n in bound.admit(ids, np.array([counter for _, counter in events], dtype=np.intp))]


def contributions(counters: int, ticks: int, most: int) -> list[NDArray[np.int64]]:
    """Every stream (ticks, counters) that one track may leave, of up to four events and an end at any tick."""
    found: dict[bytes, NDArray[np.int64]] = {}
    for events in product(range(counters), repeat=4):
        for when in combinations_with_replacement(range(ticks), 5):
            bound = ContributionBound(COUNTERS[:counters], passage_counters=most)
            stream = np.zeros((ticks, counters), dtype=np.int64)
            for counter, tick in zip(events, when, strict=False):
                stream[tick] += admit(bound, (1, counter))
            stream[when[-1]] += bound.forget([1])
            found[stream.tobytes()] = stream
    return list(found.values())


def squared_length(stream: NDArray[np.int64]) -> int:
    """Exact squared length of C times the stream, on the grid squared."""
    c = square_root_coefficients(len(stream))
    noised = [[int(np.dot(c[t::-1], stream[: t + 1, j])) for j in range(stream.shape[1])] for t in range(len(stream))]
    return sum(value * value for row in noised for value in row)


@pytest.mark.parametrize("most", [1, 2, 3, 4])
@pytest.mark.parametrize("pieces", [1, 2])
def test_no_passage_is_longer_than_the_bound_and_one_is_as_long(most: int, pieces: int) -> None:
    ticks, counters = 2, 4
    one = contributions(counters, ticks, most)
    lengths = [squared_length(np.sum(parts, axis=0)) for parts in combinations_with_replacement(one, pieces)]
    column = sum(c * c for c in square_root_coefficients(ticks).tolist())
    claimed = sensitivity(counters=counters, passage_counters=most, pieces=pieces) ** 2 * column
    assert max(lengths) <= claimed
    assert max(lengths) == pytest.approx(claimed, rel=1e-12)


def test_sensitivity_is_no_larger_than_the_counters_allow() -> None:
    assert sensitivity(counters=2, passage_counters=10, pieces=3) == pytest.approx(3 * 2**0.5)
    assert sensitivity(counters=2, passage_counters=10, pieces=3) ** 2 >= 18


Events = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 5), st.booleans()), max_size=80)


@given(Events, st.integers(1, 6))
def test_zones_stay_balanced_and_no_track_exceeds_its_share(events: list[tuple[int, int, bool]], most: int) -> None:
    bound = ContributionBound(COUNTERS, passage_counters=most)
    total = np.zeros(6, dtype=np.int64)
    lives: dict[int, NDArray[np.int64]] = {}
    for key, counter, ends in events:
        got = np.array(admit(bound, (key, counter)))
        if ends:
            got += bound.forget([key])
        total += got
        lives[key] = lives.get(key, np.zeros(6, dtype=np.int64)) + got
        assert lives[key].max() <= 1
        assert lives[key].sum() <= most
        assert total[ENTRIES] >= total[EXITS]
        assert total[ENTRIES_2] >= total[EXITS_2]
        if ends:
            life = lives.pop(key)
            assert life[ENTRIES] == life[EXITS]
            assert life[ENTRIES_2] == life[EXITS_2]
    assert len(bound) <= len(lives)


@given(Events, st.integers(1, 6))
def test_leaving_out_one_track_changes_no_others_counts(events: list[tuple[int, int, bool]], most: int) -> None:
    every, others, alone = (ContributionBound(COUNTERS, passage_counters=most) for _ in range(3))
    for key, counter, _ in events:
        rest = others if key != 1 else alone
        assert admit(every, (key, counter)) == admit(rest, (key, counter))
    np.testing.assert_array_equal(every.new_epoch(), others.new_epoch() + alone.new_epoch())


def test_a_counter_counts_a_passage_once() -> None:
    bound = ContributionBound(COUNTERS, passage_counters=6)
    assert admit(bound, (1, IN), (1, IN), (2, IN), (1, OUT)) == [2, 1, 0, 0, 0, 0]


def test_first_come_within_the_share() -> None:
    bound = ContributionBound(COUNTERS, passage_counters=2)
    assert admit(bound, (1, IN), (1, ENTRIES), (1, OUT), (1, EXITS)) == [1, 1, 0, 0, 0, 0]


def test_an_entry_reserves_its_exit() -> None:
    bound = ContributionBound(COUNTERS, passage_counters=3)
    assert admit(bound, (1, ENTRIES), (1, IN), (1, OUT), (1, EXITS)) == [1, 0, 1, 1, 0, 0]


def test_reentry_beyond_the_bound_is_dropped_with_its_exit() -> None:
    bound = ContributionBound(COUNTERS, passage_counters=6)
    assert admit(bound, *[(1, ENTRIES), (1, EXITS)] * 3) == [0, 0, 1, 1, 0, 0]


def test_whoever_ends_inside_has_left() -> None:
    bound = ContributionBound(COUNTERS, passage_counters=4)
    admit(bound, (1, ENTRIES), (1, ENTRIES_2))
    assert bound.forget([1, 7]).tolist() == [0, 0, 0, 1, 0, 1]
    assert len(bound) == 0


def test_a_new_epoch_takes_in_those_who_stand_inside() -> None:
    bound = ContributionBound(COUNTERS, passage_counters=2)
    admit(bound, (1, ENTRIES), (2, ENTRIES), (2, EXITS), (3, IN), (4, IN), (4, OUT), (4, ENTRIES_2))
    # 4's visit was beyond its share in the old epoch, and is whole in the new one.
    assert bound.new_epoch().tolist() == [0, 0, 1, 0, 1, 0]
    assert len(bound) == 2
    assert admit(bound, (1, EXITS), (4, EXITS_2), (1, IN)) == [0, 0, 0, 1, 0, 1]


def test_a_counter_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="0 to 5"):
        admit(ContributionBound(COUNTERS, passage_counters=2), (1, 6))


def test_it_shows_nobody() -> None:
    bound = ContributionBound(COUNTERS, passage_counters=2)
    admit(bound, (918_273, IN))
    assert "918273" not in repr(bound)
