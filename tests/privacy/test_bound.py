"""The contribution bound: by brute force over all that a passage can do, and as properties."""

from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.data.place import Counter
from throng.privacy.bound import FASTEST_MPS, UNIT, ContributionBound, sensitivity
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


WITH_SPEED = (*COUNTERS[:4], Counter("square", "speed"))


def admit(bound: ContributionBound, *events: tuple[int, int], amount: float = 1.0) -> list[float]:
    """What is let through, in people."""
    ids = np.array([key for key, _ in events], dtype=np.uint64)
    counters = np.array([counter for _, counter in events], dtype=np.intp)
    return people(bound.admit(ids, counters, np.full(len(events), amount)))


def people(units: NDArray[np.int64]) -> list[float]:
    return [float(each) / UNIT for each in units]


@cache
def contributions(counters: tuple[Counter, ...], ticks: int, most: int, events: int) -> list[NDArray[np.float64]]:
    """Every stream (ticks, counters) that one track may leave, of so many events and an end at any tick."""
    found: dict[bytes, NDArray[np.float64]] = {}
    for chosen in product(range(len(counters)), repeat=events):
        for when in combinations_with_replacement(range(ticks), events + 1):
            bound = ContributionBound(counters, passage_counters=most)
            stream = np.zeros((ticks, len(counters)))
            for counter, tick in zip(chosen, when, strict=False):
                stream[tick] += admit(bound, (1, counter), amount=2 * FASTEST_MPS)
            stream[when[-1]] += people(bound.forget([1]))
            found[stream.tobytes()] = stream
    return list(found.values())


def squared_length(stream: NDArray[np.float64]) -> Fraction:
    """Exact squared length of C times the stream, on the grid squared."""
    c = square_root_coefficients(len(stream))
    units = np.rint(stream * UNIT).astype(np.int64)
    noised = [[int(np.dot(c[t::-1], units[: t + 1, j])) for j in range(stream.shape[1])] for t in range(len(stream))]
    return Fraction(sum(value * value for row in noised for value in row), UNIT**2)


@pytest.mark.parametrize("most", [1, 2, 3, 4])
@pytest.mark.parametrize(("counters", "events", "pieces"), [(COUNTERS[:4], 4, 1), (COUNTERS[:4], 4, 2), (WITH_SPEED, 5, 1)])
def test_no_passage_is_longer_than_the_bound_and_one_is_as_long(
    most: int, counters: tuple[Counter, ...], events: int, pieces: int
) -> None:
    ticks = 2
    one = contributions(counters, ticks, most, events)
    lengths = [squared_length(np.sum(parts, axis=0)) for parts in combinations_with_replacement(one, pieces)]
    column = sum(c * c for c in square_root_coefficients(ticks).tolist())
    claimed = sensitivity(counters=4, passage_counters=most, pieces=pieces, speeds=len(counters) - 4)
    assert max(lengths) <= Fraction(claimed) ** 2 * column
    assert float(max(lengths)) == pytest.approx(claimed**2 * column, rel=1e-12)


def test_a_speed_is_let_through_once_after_its_exit_and_cut() -> None:
    bound = ContributionBound(WITH_SPEED, passage_counters=4)
    assert admit(bound, (1, 4), (1, ENTRIES), (1, 4), amount=1.0) == [0, 0, 1, 0, 0]
    assert admit(bound, (1, EXITS), (1, 4), (1, 4), amount=1.5) == [0, 0, 0, 1, 0.25]
    assert admit(bound, (2, ENTRIES), (2, EXITS), (2, 4), amount=99.0) == [0, 0, 1, 1, 0.5]
    assert admit(bound, (3, ENTRIES), (3, EXITS), (3, 4), amount=-1.0) == [0, 0, 1, 1, 0]


def test_a_speed_whose_visit_was_beyond_the_share_is_dropped() -> None:
    bound = ContributionBound(WITH_SPEED, passage_counters=2)
    assert admit(bound, (1, IN), (1, ENTRIES), (1, EXITS), (1, 4)) == [1, 0, 0, 0, 0]


def test_sensitivity_is_no_larger_than_the_counters_allow() -> None:
    assert sensitivity(counters=2, passage_counters=10, pieces=3) == pytest.approx(3 * 2**0.5)
    assert sensitivity(counters=2, passage_counters=10, pieces=3) ** 2 >= 18


Events = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 5), st.booleans()), max_size=80)


@given(Events, st.integers(1, 6))
def test_zones_stay_balanced_and_no_track_exceeds_its_share(events: list[tuple[int, int, bool]], most: int) -> None:
    bound = ContributionBound(COUNTERS, passage_counters=most)
    total = np.zeros(6)
    lives: dict[int, NDArray[np.float64]] = {}
    for key, counter, ends in events:
        got = np.array(admit(bound, (key, counter)))
        if ends:
            got += people(bound.forget([key]))
        total += got
        lives[key] = lives.get(key, np.zeros(6)) + got
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
    assert people(bound.forget([1, 7])) == [0, 0, 0, 1, 0, 1]
    assert len(bound) == 0


def test_a_new_epoch_takes_in_those_who_stand_inside() -> None:
    bound = ContributionBound(COUNTERS, passage_counters=2)
    admit(bound, (1, ENTRIES), (2, ENTRIES), (2, EXITS), (3, IN), (4, IN), (4, OUT), (4, ENTRIES_2))
    # 4's visit was beyond its share in the old epoch, and is whole in the new one.
    assert people(bound.new_epoch()) == [0, 0, 1, 0, 1, 0]
    assert len(bound) == 2
    assert admit(bound, (1, EXITS), (4, EXITS_2), (1, IN)) == [0, 0, 0, 1, 0, 1]


def test_a_counter_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="0 to 5"):
        admit(ContributionBound(COUNTERS, passage_counters=2), (1, 6))


def test_it_shows_nobody() -> None:
    bound = ContributionBound(COUNTERS, passage_counters=2)
    admit(bound, (918_273, IN))
    assert "918273" not in repr(bound)
