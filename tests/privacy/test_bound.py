"""The contribution bound: by brute force over all that a passage can do, and as properties."""

from collections.abc import Sequence
from functools import cache
from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.data.place import Counter, Extras, Line, Zone, counters_of
from throng.privacy.bound import ContributionBound
from throng.privacy.budget import Budget, Shares
from throng.privacy.mechanism import GRID_BITS
from throng.privacy.normalised import gains
from throng.privacy.square_root import square_root_coefficients
from throng.privacy.streams import COUNTS, DWELL, HEAT, SPEED_NOW, UNIT, Stream, streams_of

DOOR = Line("door", np.array([[0.0, 0.0], [100.0, 0.0]]))
SQUARE, HALL = (Zone(name, np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 100.0]])) for name in ("square", "hall"))
EVERYTHING = Shares(speed_now=0.2, dwell=0.2, heat=0.2)

IN, OUT, ENTRIES, EXITS, ENTRIES_2, EXITS_2, SPEED, SPEED_2, STAY, STAY_2, LEVEL, LEVEL_2, CELL = range(13)
"""The counters of a calibrated camera with a door and two zones, that measures everything."""
MIDNIGHT = -1
Event = tuple[int, float]
"""A counter and an amount."""


@cache
def camera(
    most: int = 6, pieces: int = 1, *, zones: int = 2, in_metres: bool = True, shares: Shares = EVERYTHING
) -> tuple[tuple[Counter, ...], tuple[Stream, ...]]:
    places = (DOOR,), (SQUARE, HALL)[:zones]
    counters = counters_of(*places, in_metres=in_metres, extras=shares.extras)
    return counters, streams_of(counters, Budget(passage_counters=most, pieces=pieces, shares=shares))


def bound_of(most: int = 6) -> ContributionBound:
    return ContributionBound(*camera(most), passage_counters=most)


def admit(bound: ContributionBound, *events: tuple[int, int], amount: float = 1.0) -> NDArray[np.float64]:
    """What is let through of tracks' events, in people."""
    ids = np.array([key for key, _ in events], dtype=np.uint64)
    counters = np.array([counter for _, counter in events], dtype=np.intp)
    return bound.admit(ids, counters, np.full(len(events), amount)) / UNIT


def stream_of(name: str, most: int, *, pieces: int = 1) -> Stream:
    return next(stream for stream in camera(most, pieces)[1] if stream.name == name)


def column(name: str) -> int:
    """The first column of a stream."""
    return stream_of(name, 6).first


def test_the_names_of_counters_are_theirs() -> None:
    names = {
        IN: "in",
        OUT: "out",
        ENTRIES_2: "entries",
        EXITS_2: "exits",
        SPEED_2: "speed",
        STAY_2: "stay",
        LEVEL_2: "level",
        CELL: "cell",
    }
    counters, _ = camera()
    assert {number: counters[number].quantity for number in names} == names


def lives(most: int, events: Sequence[tuple[int, Event]], ends: int, ticks: int) -> list[NDArray[np.float64]]:
    """What one track leaves in each epoch, (ticks, columns) people, of events at ticks; it ends at tick `ends`."""
    bound = bound_of(most)
    streams = [np.zeros((ticks, camera(most)[1][-1].slice.stop))]
    for tick, (counter, amount) in events:
        if counter == MIDNIGHT:
            streams.append(np.zeros_like(streams[0]))
            streams[-1][tick] += bound.new_epoch() / UNIT
        else:
            streams[-1][tick] += admit(bound, (1, counter), amount=amount)
    streams[-1][ends] += bound.forget([1]) / UNIT
    assert len(bound) == 0
    return streams


@cache
def normalised(ticks: int) -> NDArray[np.float64]:
    """C of the square root, its columns normalised, for people."""
    c = square_root_coefficients(ticks) / 2**24
    lag = np.subtract.outer(np.arange(ticks), np.arange(ticks))
    whole: NDArray[np.float64] = np.where(lag >= 0, c[lag], 0.0) * (gains(c, unit=UNIT) * UNIT / 2.0**GRID_BITS)
    return whole


def length(stream: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(normalised(len(stream)) @ stream))


COUNTED: list[Event] = [(IN, 1.0), (OUT, 1.0), (ENTRIES, 1.0), (EXITS, 1.0), (SPEED, 6.0)]
STAYED: list[Event] = [(ENTRIES, 1.0), (EXITS, 1.0), (STAY, 10.0), (STAY, 100.0), (MIDNIGHT, 0.0)]
SEEN: list[Event] = [(CELL, 0.4), (CELL, -1.0), (CELL + 7, 0.7), (CELL + 7, 30.0), (MIDNIGHT, 0.0)]
WALKED: list[Event] = [(ENTRIES, 1.0), (EXITS, 1.0), (LEVEL, 0.0), (LEVEL, 2.0), (LEVEL, 9.0), (MIDNIGHT, 0.0)]


@cache
def contributions(most: int, name: str, alphabet: tuple[Event, ...], events: int, ticks: int) -> list[NDArray[np.float64]]:
    """Every stream that one track may leave in an epoch, of so many events and an end at any tick."""
    found: dict[bytes, NDArray[np.float64]] = {}
    of = stream_of(name, most).slice
    for chosen in product(alphabet, repeat=events):
        for when in combinations_with_replacement(range(ticks), events + 1):
            for life in lives(most, list(zip(when, chosen, strict=False)), when[-1], ticks):
                found[life[:, of].tobytes()] = life[:, of]
    return list(found.values())


@pytest.mark.parametrize(
    ("name", "alphabet", "events", "ticks"),
    [
        (COUNTS, COUNTED, 4, 2),
        (COUNTS, [*COUNTED, (MIDNIGHT, 0.0)], 4, 1),
        (DWELL, STAYED, 4, 2),
        (HEAT, SEEN, 3, 2),
        (SPEED_NOW, WALKED, 4, 1),
    ],
)
@pytest.mark.parametrize("most", [2, 3])
def test_no_passage_is_longer_than_the_bound(name: str, alphabet: list[Event], events: int, ticks: int, most: int) -> None:
    """In length and in the sum of sizes, in one piece and in two."""
    one = contributions(most, name, tuple(alphabet), events, ticks)
    lengths, sizes = [length(each) for each in one], [float(np.abs(each).sum()) for each in one]
    assert 0.7 < max(lengths) <= stream_of(name, most).length
    assert max(sizes) <= stream_of(name, most).size
    longest = one[int(np.argmax(lengths))]
    assert max(length(longest + each) for each in one) <= stream_of(name, most, pieces=2).length


def visit(zone: int) -> list[Event]:
    return [(ENTRIES + 2 * zone, 1.0), (EXITS + 2 * zone, 1.0), (SPEED + zone, 9.0), (STAY + zone, 50.0)]


@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize("most", [2, 3, 4, 5])
def test_some_passage_is_as_long_as_the_bound(most: int, pieces: int) -> None:
    events = [*visit(0), *(visit(1) if most >= 4 else []), (CELL, 1.0), *([(IN, 1.0)] if most % 2 else [])]
    (life,) = lives(most, [(0, event) for event in events], 1, 2)
    for name in (COUNTS, DWELL, HEAT):
        stream = stream_of(name, most, pieces=pieces)
        assert length(pieces * life[:, stream.slice]) == pytest.approx(stream.length, rel=1e-5)
        assert np.abs(pieces * life[:, stream.slice]).sum() == pytest.approx(stream.size, rel=1e-12)


def test_levels_move_their_stream_by_no_more_than_the_bound() -> None:
    """Everything that five changes of a level can do, each in a tick of its own."""
    stream = stream_of(SPEED_NOW, 2)
    longest, largest = 0.0, 0.0
    for walk in product([0.0, 0.7, 1.6, 3.0, 9.0], repeat=5):
        events = [(0, (ENTRIES, 1.0)), *[(tick, (LEVEL, speed)) for tick, speed in enumerate(walk)]]
        (life,) = lives(2, events, 5, 6)
        levels = life[:, stream.slice]
        assert levels.sum() == 0
        assert levels.cumsum(axis=0).min() >= 0
        assert np.maximum(levels, 0).sum() <= 1
        longest, largest = max(longest, length(levels)), max(largest, float(np.abs(levels).sum()))
    assert longest <= stream.length
    assert largest <= stream.size
    assert largest == pytest.approx(stream.size)


@pytest.mark.parametrize("most", [2, 4])
def test_some_levels_move_their_stream_nearly_as_far(most: int) -> None:
    stream, ticks = stream_of(SPEED_NOW, most), 1_440
    events = [(0, event) for zone in range(most // 2) for event in ((ENTRIES + 2 * zone, 1.0), (LEVEL + zone, 9.0))]
    (life,) = lives(most, events, ticks - 1, ticks)
    assert 0.99 * stream.length < length(life[:, stream.slice]) <= stream.length
    assert np.abs(life[:, stream.slice]).sum() == pytest.approx(stream.size)


def test_a_speed_is_let_through_once_after_its_exit_and_cut() -> None:
    bound = bound_of(4)
    assert admit(bound, (1, SPEED), (1, ENTRIES), (1, SPEED))[:7].tolist() == [0, 0, 1, 0, 0, 0, 0]
    assert admit(bound, (1, EXITS), (1, SPEED), (1, SPEED), amount=1.5)[:7].tolist() == [0, 0, 0, 1, 0, 0, 0.25]
    assert admit(bound, (2, ENTRIES), (2, EXITS), (2, SPEED), amount=99.0)[SPEED] == 0.5
    assert admit(bound, (3, ENTRIES), (3, EXITS), (3, SPEED), amount=-1.0)[SPEED] == 0


@pytest.mark.parametrize(("stay_s", "number"), [(0.0, 0), (14.9, 0), (15.0, 1), (100.0, 3), (1_800.0, 7), (1e9, 7)])
def test_a_stay_falls_in_its_class_once_after_its_exit(stay_s: float, number: int) -> None:
    bound = bound_of(4)
    dwell = stream_of(DWELL, 4).slice
    assert not admit(bound, (1, STAY_2), (1, ENTRIES_2), (1, STAY_2), amount=stay_s)[dwell].any()
    got = admit(bound, (1, EXITS_2), (1, STAY_2), (1, STAY_2), amount=stay_s)[dwell]
    assert got.tolist() == [float(each == 8 + number) for each in range(16)]


@pytest.mark.parametrize("later", [(EXITS, 1.0), (SPEED, 1.0), (STAY, 20.0), (LEVEL, 2.0)])
def test_a_visit_beyond_the_share_leaves_nothing(later: Event) -> None:
    bound = bound_of(2)
    admit(bound, (1, IN), (1, ENTRIES))
    assert not admit(bound, (1, later[0]), amount=later[1]).any()
    assert not admit(bound, (1, EXITS), (1, later[0]), amount=later[1]).any()


def test_a_level_rises_by_one_person_all_in_all_and_ends_at_nothing() -> None:
    bound, level = bound_of(2), column(SPEED_NOW)
    admit(bound, (1, ENTRIES))
    speeds = [1.5, 0.75, 3.0, 0.0, 3.0]
    changes = [admit(bound, (1, LEVEL), amount=speed)[level] for speed in speeds]
    assert changes == [0.5, -0.25, 0.5, -0.75, 0]
    assert admit(bound, (2, ENTRIES), (2, LEVEL), amount=1.5)[level] == 0.5
    assert admit(bound, (2, EXITS))[level] == -0.5
    assert not admit(bound, (2, LEVEL), amount=1.5).any()
    admit(bound, (3, ENTRIES), (3, LEVEL), amount=1.5)
    assert bound.forget([3])[level] == -0.5 * UNIT


def test_a_new_epoch_takes_over_the_levels_of_those_inside_and_what_they_have_left() -> None:
    bound, level = bound_of(2), column(SPEED_NOW)
    admit(bound, (1, ENTRIES), (2, ENTRIES), (2, LEVEL), amount=0.75)
    admit(bound, (1, LEVEL), amount=3.0)
    admit(bound, (1, LEVEL), amount=0.75)
    assert bound.new_epoch()[level] == 0.5 * UNIT
    # Both stand at a quarter, and may rise by three quarters more.
    assert admit(bound, (1, LEVEL), (2, LEVEL), amount=9.0)[level] == 1.5
    assert admit(bound, (1, EXITS), (2, EXITS))[level] == -2


def test_a_track_leaves_one_person_on_the_heat_map() -> None:
    bound, first = bound_of(2), column(HEAT)
    assert admit(bound, (1, CELL), (1, CELL + 1), (1, CELL + 143), amount=0.4)[first:].tolist() == pytest.approx(
        [102 / 256, 102 / 256, *[0] * 141, 52 / 256]
    )
    assert not admit(bound, (1, CELL + 5), (1, CELL + 5), amount=-3.0).any()
    assert admit(bound, (2, CELL), amount=9.0)[first] == 1


KEYS = st.integers(1, 4)
AMOUNTS = st.sampled_from([-1.0, 0.0, 0.3, 0.75, 1.5, 3.0, 9.0, 40.0, 1e6])
Events = st.lists(
    st.tuples(KEYS, st.integers(0, CELL + 2), AMOUNTS, st.sampled_from(["", "", "", "ends", "midnight"])), max_size=120
)


@given(Events, st.integers(2, 6))
def test_zones_stay_balanced_and_no_track_exceeds_its_share(events: list[tuple[int, int, float, str]], most: int) -> None:
    bounds = {key: bound_of(most) for key in range(1, 5)}
    lives_of: dict[int, list[NDArray[np.float64]]] = {key: [] for key in bounds}
    for key, counter, amount, then in events:
        lives_of[key].append(admit(bounds[key], (key, counter), amount=amount))
        if then == "ends":
            lives_of[key].append(bounds[key].forget([key]) / UNIT)
        check_share(np.array(lives_of[key]), most)
        if then == "ends":
            check_balance(np.sum(lives_of[key], axis=0))
            lives_of[key] = []
        if then == "midnight":
            lives_of = {each: [bound.new_epoch() / UNIT] for each, bound in bounds.items()}
    for key, bound in bounds.items():
        lives_of[key].append(bound.forget([key]) / UNIT)
        check_balance(np.sum(lives_of[key], axis=0))
        assert len(bound) == 0


def check_share(life: NDArray[np.float64], most: int) -> None:
    """Of (steps, columns) of one track in one epoch, whatever the ticks that its steps fall in.

    All but levels add up within one person's weight in a column, so their length is at most that of the sums.
    """
    so_far = life.sum(axis=0)
    assert so_far[ENTRIES] >= so_far[EXITS]
    assert so_far[ENTRIES_2] >= so_far[EXITS_2]
    for stream in camera(most)[1]:
        of = life[:, stream.slice]
        assert np.abs(of).sum() <= stream.size
        if stream.name == SPEED_NOW:
            assert (np.maximum(of, 0).sum(axis=0) <= 1).all()
            assert (of.cumsum(axis=0) >= 0).all()
        else:
            assert of.min() >= 0
            assert of.sum(axis=0).max() <= 1
            assert np.linalg.norm(of.sum(axis=0)) <= stream.length


def check_balance(life: NDArray[np.float64]) -> None:
    """Of (columns,) of one track that is over."""
    assert life[ENTRIES] == life[EXITS]
    assert life[ENTRIES_2] == life[EXITS_2]
    assert not life[stream_of(SPEED_NOW, 6).slice].any()


@given(Events, st.integers(2, 6))
def test_leaving_out_one_track_changes_no_others_counts(events: list[tuple[int, int, float, str]], most: int) -> None:
    every, others, alone = (bound_of(most) for _ in range(3))
    for key, counter, amount, then in events:
        rest = others if key != 1 else alone
        np.testing.assert_array_equal(admit(every, (key, counter), amount=amount), admit(rest, (key, counter), amount=amount))
        if then == "ends":
            np.testing.assert_array_equal(every.forget([key]), rest.forget([key]))
        if then == "midnight":
            np.testing.assert_array_equal(every.new_epoch(), others.new_epoch() + alone.new_epoch())
    np.testing.assert_array_equal(every.new_epoch(), others.new_epoch() + alone.new_epoch())
    np.testing.assert_array_equal(every.forget(range(5)), others.forget(range(5)) + alone.forget(range(5)))


def of_places(units: NDArray[np.float64]) -> list[float]:
    return [float(each) for each in units[:6]]


def test_a_counter_counts_a_passage_once() -> None:
    assert of_places(admit(bound_of(), (1, IN), (1, IN), (2, IN), (1, OUT))) == [2, 1, 0, 0, 0, 0]


def test_first_come_within_the_share() -> None:
    assert of_places(admit(bound_of(2), (1, IN), (1, ENTRIES), (1, OUT), (1, EXITS))) == [1, 1, 0, 0, 0, 0]


def test_an_entry_reserves_its_exit() -> None:
    assert of_places(admit(bound_of(3), (1, ENTRIES), (1, IN), (1, OUT), (1, EXITS))) == [1, 0, 1, 1, 0, 0]


def test_reentry_beyond_the_bound_is_dropped_with_its_exit() -> None:
    assert of_places(admit(bound_of(6), *[(1, ENTRIES), (1, EXITS)] * 3)) == [0, 0, 1, 1, 0, 0]


def test_whoever_ends_inside_has_left() -> None:
    bound = bound_of(4)
    admit(bound, (1, ENTRIES), (1, ENTRIES_2))
    assert of_places(bound.forget([1, 7]) / UNIT) == [0, 0, 0, 1, 0, 1]
    assert len(bound) == 0


def test_a_new_epoch_takes_in_those_who_stand_inside() -> None:
    bound = bound_of(2)
    admit(bound, (1, ENTRIES), (2, ENTRIES), (2, EXITS), (3, IN), (4, IN), (4, OUT), (4, ENTRIES_2))
    # 4's visit was beyond its share in the old epoch, and is whole in the new one.
    assert of_places(bound.new_epoch() / UNIT) == [0, 0, 1, 0, 1, 0]
    assert len(bound) == 2
    assert of_places(admit(bound, (1, EXITS), (4, EXITS_2), (1, IN))) == [0, 0, 0, 1, 0, 1]


def test_a_counter_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="0 to 155"):
        admit(bound_of(), (1, 156))


def test_it_shows_nobody() -> None:
    bound = bound_of()
    admit(bound, (918_273, IN))
    assert "918273" not in repr(bound)


def test_extras_that_are_not_asked_for_have_no_columns() -> None:
    counters, streams = camera(3, in_metres=False, shares=Shares())
    assert [stream.name for stream in streams] == [COUNTS]
    assert len(ContributionBound(counters, streams, passage_counters=3).new_epoch()) == 6
    with_extras, _ = camera(3, in_metres=False, shares=Shares(dwell=0.1))
    assert Extras(dwell=True) == Shares(dwell=0.1).extras
    assert len(with_extras) == 8
