"""What is measured beside the counts: stays, levels and cells, among the other events and apart from them."""

from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.measure.events import PX_PER_M, Told, events_in, events_of, tracks_at, tracks_of
from tests.measure.walkers import recordings, walkers

from throng.data.ground_place import Area
from throng.data.place import Extras, Line, Zone, counters_of
from throng.data.tracks import Tracks
from throng.data.trajectories import Trajectories
from throng.measure.measurer import Measurer
from throng.measure.presence import visits

SIZE_PX = (500, 500)
SQUARE_M = np.array([[-2.0, -2.0], [2.0, -2.0], [2.0, 2.0], [-2.0, 2.0]])
LINES = (Line("door", PX_PER_M * np.array([[-3.0, 0.3], [3.0, -0.2]])),)
ZONES = (Zone("half", PX_PER_M * (SQUARE_M * [0.5, 1.0] + [1.0, 0.0])), Zone("square", PX_PER_M * SQUARE_M))
ALL = Extras(speed_now=True, dwell=True, heat=True)
EXTRA = ("stay", "level", "cell")


def _events(crowd: Trajectories, extras: Extras | None = None, *, in_metres: bool = True) -> list[Told]:
    return events_of(Measurer(LINES, ZONES, extras=extras, in_metres=in_metres, size_px=SIZE_PX), tracks_of(crowd))


def _without(tracks: Tracks, key: int) -> Tracks:
    kept = tracks.ids != key
    assert tracks.xy_ground_m is not None
    ended = tracks.ended_ids[tracks.ended_ids != key]
    return tracks_at(tracks.ids[kept], tracks.xy_ground_m[kept], tracks.time_s, ended=ended)


def _quantities(extras: Extras, *, in_metres: bool = True) -> list[str]:
    return [counter.quantity for counter in counters_of(LINES, ZONES, in_metres=in_metres, extras=extras)]


@given(recordings())
@settings(max_examples=30, deadline=None)
def test_extras_change_no_other_event(crowd: Trajectories) -> None:
    plain, extended = _events(crowd), _events(crowd, ALL)
    assert [event for event in extended if _quantities(ALL)[event[2]] not in EXTRA] == plain
    assert all(_quantities(Extras())[counter] not in EXTRA for _, _, counter, _ in plain)


@pytest.mark.parametrize("in_metres", [True, False])
def test_counters_are_numbered_as_everywhere_with_any_extras(in_metres: bool) -> None:
    """The same events under the same names, whichever other extras there are."""
    crowd = walkers(people=30, rate_hz=5.0)

    def named(extras: Extras) -> list[tuple[float, int, str, str, float]]:
        counters = counters_of(LINES, ZONES, in_metres=in_metres, extras=extras)
        events = _events(crowd, extras, in_metres=in_metres)
        return [(time_s, key, counters[at].place, counters[at].quantity, amount) for time_s, key, at, amount in events]

    quantity_of = {"speed_now": "level", "dwell": "stay", "heat": "cell"}
    whole, seen = named(ALL), set()
    for names in chain.from_iterable(combinations(quantity_of, count) for count in range(4)):
        absent = {quantity for name, quantity in quantity_of.items() if name not in names}
        found = named(Extras(**dict.fromkeys(names, True)))
        assert found == [event for event in whole if event[3] not in absent]
        seen |= {event[3] for event in found}
    assert seen == {"in", "out", "entries", "exits", "stay", "cell"} | ({"speed", "level"} if in_metres else set())


@given(recordings())
@settings(max_examples=30, deadline=None)
def test_events_come_in_an_order_that_the_wall_can_bound(crowd: Trajectories) -> None:
    """Speed and stay at most once after each exit, levels between entry and exit, cells when all is over."""
    counters = counters_of(LINES, ZONES, in_metres=True, extras=ALL)
    inside: set[tuple[int, str]] = set()
    owed: set[tuple[int, str, str]] = set()
    over: set[int] = set()
    for _, key, at, amount in _events(crowd, ALL):
        place, quantity = counters[at].place, counters[at].quantity
        assert key not in over or quantity == "cell"
        if quantity == "entries":
            assert (key, place) not in inside
            inside.add((key, place))
            owed -= {(key, place, "speed")}
        elif quantity == "exits":
            inside.remove((key, place))
            owed |= {(key, place, "speed"), (key, place, "stay")}
        elif quantity in ("speed", "stay"):
            owed.remove((key, place, quantity))
            assert amount >= 0
        elif quantity == "level":
            assert (key, place) in inside
        elif quantity == "cell":
            over.add(key)
    assert not inside
    assert all(quantity == "speed" for _, _, quantity in owed)


def test_an_exit_is_followed_by_its_own_speed_and_stay() -> None:
    quantities, events = _quantities(ALL), _events(walkers(people=40, rate_hz=5.0), ALL)
    names = [(quantities[counter], time_s, key) for time_s, key, counter, _ in events]
    exits = [at for at, (quantity, _, _) in enumerate(names) if quantity == "exits"]
    assert len(exits) > 20
    for at in exits:
        _, time_s, key = names[at]
        speed, stay = ("speed", time_s, key), ("stay", time_s, key)
        assert names[at + 1 : at + 3] == [speed, stay] or (names[at + 1] == stay and names[at + 2 : at + 3] != [speed])


@pytest.mark.parametrize("rate_hz", [5.0, 10.0, 30.0])
def test_stays_are_the_true_ones(rate_hz: float) -> None:
    """Of those who walk through, from outline to outline: both ends are found late alike, by the margin.

    Whoever passes a corner askew, or sways along a side, is further off.
    """
    crowd = walkers(people=200, rate_hz=rate_hz, seed=1)
    true = visits(crowd, Area("square", SQUARE_M))
    found: dict[int, list[float]] = {}
    for _, key, counter, amount in _events(crowd, Extras(dwell=True)):
        if counter == _quantities(Extras(dwell=True)).index("stay") + 1:
            found.setdefault(key, []).append(amount)
    errors = []
    for key, stays in found.items():
        own = true.ids == key
        if own.sum() == len(stays) == 1 and true.exit_seen[own].all() and true.entry_seen[own].all():
            errors.append(stays[0] - (true.left_s - true.entered_s)[own][0])
    assert len(errors) > 100
    assert abs(np.mean(errors)) < 0.05
    assert np.median(np.abs(errors)) < 0.1
    assert np.quantile(np.abs(errors), 0.95) < 0.5


def test_a_stay_ends_when_the_person_was_last_seen() -> None:
    measurer, nobody = Measurer([], ZONES[1:], extras=Extras(dwell=True)), np.empty(0, np.uint64)
    for frame in range(51):
        measurer.update(tracks_at(np.array([7], np.uint64), np.zeros((1, 2)), 100 + frame / 10))
    measurer.update(tracks_at(nobody, np.empty((0, 2)), 106.9))
    ended = events_in(measurer.update(tracks_at(nobody, np.empty((0, 2)), 107.0, ended=np.array([7], np.uint64))))
    assert [(counter, round(amount, 9)) for _, _, counter, amount in ended] == [(1, 1.0), (2, 0.0), (3, 5.0)]


@given(st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_what_one_track_makes_does_not_depend_on_the_others(seed: int) -> None:
    """What the bound on one passage's contribution rests on."""
    film = list(tracks_of(walkers(people=12, rate_hz=5.0, duration_s=20.0, seed=seed)))

    def events(film: list[Tracks]) -> list[Told]:
        return events_of(Measurer(LINES, ZONES, extras=ALL, size_px=SIZE_PX), film)

    whole = events(film)
    for key in range(3):
        others = [event for event in whole if event[1] != key]
        assert sorted(events([_without(tracks, key) for tracks in film])) == sorted(others)


def test_a_heat_map_needs_the_size_of_the_picture() -> None:
    with pytest.raises(ValueError, match="give size_px"):
        Measurer(LINES, ZONES, extras=Extras(heat=True))
