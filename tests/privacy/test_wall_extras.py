"""What the wall releases beside the counts of a tick: by the hour, of stays, of speeds now, of the heat map."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from throng.data.measurement import Measurement
from throng.data.place import HEAT_COLUMNS, HEAT_ROWS, Line, Zone, cell_name, counters_of
from throng.data.place_size import PlaceSize
from throng.data.release import Release, hourly_quantities_of
from throng.privacy.budget import MECHANISMS, Budget, Shares
from throng.privacy.ledger import Ledger
from throng.privacy.sampler import DiscreteGaussian
from throng.privacy.wall import Wall

NOON_S = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
MIDNIGHT_S = datetime(2026, 11, 25, tzinfo=UTC).timestamp()
TICK_S, HOUR_S = 300, 3600
CELLS = HEAT_COLUMNS * HEAT_ROWS
EVERYTHING = Shares(speed_now=0.2, dwell=0.2, heat=0.2)
IN, OUT, ENTRIES, EXITS, SPEED, STAY, LEVEL, CELL = range(8)
MakeWall = Callable[..., Wall]
Event = tuple[int, int, float]
"""Whose, which counter, and how much."""


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.jsonl")


@pytest.fixture
def make(door: Line, square: Zone, ledger: Ledger) -> MakeWall:
    def made(
        *, tick_s: float = TICK_S, mechanism: str = "buffered", shares: Shares = EVERYTHING, in_metres: bool = True
    ) -> Wall:
        wall = Wall(
            camera="gate",
            lines=[door],
            zones=[square],
            in_metres=in_metres,
            tick_s=tick_s,
            budget=Budget(rho_per_day=0.5, epsilon_per_day=4.0, passage_counters=4, mechanism=mechanism, shares=shares),
            ledger=ledger,
        )
        if in_metres:
            wall.set_sizes([PlaceSize(4.0), PlaceSize(50.0)])
        return wall

    return made


def test_the_counters_names_are_theirs(door: Line, square: Zone) -> None:
    kinds = [counter.quantity for counter in counters_of((door,), (square,), in_metres=True, extras=EVERYTHING.extras)]
    assert kinds[: CELL + 1] == ["in", "out", "entries", "exits", "speed", "stay", "level", "cell"]


def measured(time_s: float, events: list[Event], ended: list[int]) -> Measurement:
    return Measurement(
        np.array([key for key, _, _ in events], dtype=np.uint64),
        np.array([counter for _, counter, _ in events], dtype=np.intp),
        np.array([amount for _, _, amount in events]),
        np.array(ended, dtype=np.uint64),
        np.zeros(1, dtype=np.int64),
        time_s,
    )


def watch(
    wall: Wall,
    begin_s: float,
    end_s: float,
    events: dict[float, list[Event]] | None = None,
    ended: dict[float, list[int]] | None = None,
) -> list[Release]:
    """A frame every ten seconds; events and ends at seconds after `begin_s`, which they are multiples of ten of."""
    releases = []
    for second in range(0, int(end_s - begin_s), 10):
        releases += wall.advance(begin_s + second)
        wall.observe(measured(begin_s + second, (events or {}).get(second, []), (ended or {}).get(second, [])))
    return releases + wall.advance(end_s)


def crowd(seconds: int, seed: int = 1) -> dict[float, list[Event]]:
    """People who cross the line, and visit the zone: new ones all the time."""
    rng, key = np.random.default_rng(seed), 0
    events: dict[float, list[Event]] = {}
    for second in range(0, seconds, 10):
        for _ in range(rng.poisson(2.0)):
            key += 1
            stay_s = float(rng.choice([20, 40, 90, 200]))
            events.setdefault(second, []).extend([(key, IN, 1.0), (key, ENTRIES, 1.0), (key, LEVEL, 1.0)])
            leaves = second + 10 * round(stay_s / 10)
            events.setdefault(leaves, []).extend(
                [(key, EXITS, 1.0), (key, SPEED, 1.2), (key, STAY, stay_s), (key, CELL, 0.5), (key, CELL + 143, 0.5)]
            )
    return events


def value(release: Release, quantity: str, place: str | None = None) -> float:
    (row,) = (
        row
        for row, about in enumerate(zip(release.quantities, release.places, strict=True))
        if about[0] == quantity and place in (None, about[1])
    )
    return float(release.values[row])


def reasons(release: Release, quantities: tuple[str, ...]) -> set[str]:
    """Why each row of these quantities is unknown; an empty text for a known one."""
    return {reason for quantity, reason in zip(release.quantities, release.reasons, strict=True) if quantity in quantities}


HOURLY = (*hourly_quantities_of("line"), *hourly_quantities_of("zone"))


def test_hourly_rows_stand_in_the_tick_that_ends_an_hour_after_all_others_and_in_no_other(make: MakeWall) -> None:
    releases = watch(make(), NOON_S, NOON_S + 2 * HOUR_S)
    each = releases[0].quantities
    assert not set(each) & {*HOURLY, "heat"}
    assert {"dwell_median", "dwell_p95", "speed_now", "density"} <= set(each)
    for release in releases:
        last = (release.tick_start_s + TICK_S) % HOUR_S == 0
        assert release.quantities == each + ((*HOURLY, *["heat"] * CELLS) if last else ())
    hour = releases[11]
    assert hour.places[len(each) :] == ("door", "door", "square", "square", *[cell_name(n) for n in range(CELLS)])


@pytest.mark.parametrize(("tick_s", "expected"), [(1_800, 2), (2_700, 0), (3_600, 0), (7_200, 0)])
def test_ticks_that_an_hour_is_not_made_of_have_no_row_of_the_hour(make: MakeWall, tick_s: float, expected: int) -> None:
    releases = watch(make(tick_s=tick_s), NOON_S, NOON_S + 4 * HOUR_S)
    assert [release.quantities.count("in_hour") for release in releases].count(1) == 2 * expected
    for release in releases:
        ends_hour = release.tick_start_s // HOUR_S != (release.tick_start_s + tick_s) // HOUR_S
        assert release.quantities.count("heat") == CELLS * ends_hour


def test_what_is_not_asked_for_is_not_released(make: MakeWall) -> None:
    for shares, in_metres in ((Shares(), True), (Shares(speed_now=0.3), False)):
        (release,) = watch(make(shares=shares, in_metres=in_metres), MIDNIGHT_S - TICK_S, MIDNIGHT_S)
        assert not {"dwell_median", "dwell_p95", "speed_now", "heat"} & set(release.quantities)
        assert set(HOURLY) <= set(release.quantities)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_an_hour_is_the_difference_of_totals_and_hours_add_up(make: MakeWall, mechanism: str) -> None:
    """With the noise on: what is seen by the hour, the tick and the day is one."""
    wall = make(mechanism=mechanism)
    releases = watch(wall, NOON_S, NOON_S + 3 * HOUR_S + 1_200, crowd(3 * HOUR_S + 1_200))
    at_hours = [releases[number] for number in (11, 23, 35)]
    for before, now in pairwise(at_hours):
        assert value(now, "in_hour") == pytest.approx(value(now, "in_total") - value(before, "in_total"))
        inside = [value(each, "occupancy") for each in (before, now)]
        assert value(now, "entries_hour") - value(now, "exits_hour") == pytest.approx(inside[1] - inside[0])
    ticks = np.array([value(each, "in") for each in releases])
    for number, now in zip((12, 24), at_hours[1:], strict=True):
        assert value(now, "in_hour") == pytest.approx(ticks[number : number + 12].sum())
    whole = sum(value(each, "in_hour") for each in at_hours) + ticks[36:].sum()
    assert whole == pytest.approx(value(releases[-1], "in_total"))


def test_an_epoch_that_begins_within_an_hour_does_not_know_it_and_the_next_is_its_own(make: MakeWall) -> None:
    releases = watch(make(), NOON_S + 1_800, NOON_S + 2 * HOUR_S, crowd(2 * HOUR_S))
    first, second = releases[5], releases[17]
    assert reasons(first, HOURLY) == {"the counting began within this hour"}
    assert reasons(second, HOURLY) == {""}
    assert value(second, "in_hour") == pytest.approx(value(second, "in_total") - value(first, "in_total"))


@pytest.mark.parametrize("begin_s", [NOON_S, MIDNIGHT_S])
def test_an_epoch_that_begins_with_an_hour_knows_it(make: MakeWall, begin_s: float) -> None:
    wall = make()
    watch(wall, begin_s - TICK_S, begin_s)
    releases = watch(wall, begin_s, begin_s + HOUR_S) if begin_s == MIDNIGHT_S else watch(make(), begin_s, begin_s + HOUR_S)
    assert reasons(releases[-1], HOURLY) == {""}
    assert value(releases[-1], "in_hour") == pytest.approx(value(releases[-1], "in_total"))


@pytest.mark.usefixtures("_noise_off")
def test_an_hour_whose_end_was_not_seen_is_unknown_and_burdens_no_other(make: MakeWall) -> None:
    """What waited since the last known tick goes into the next hour, as it does into the next tick."""
    wall = make()
    watch(wall, NOON_S, NOON_S + HOUR_S)
    events: dict[float, list[Event]] = {0.0: [(1, IN, 1.0)], 3_310.0: [(2, IN, 1.0)]}
    before = watch(wall, NOON_S + HOUR_S, NOON_S + 2 * HOUR_S - 200, events)
    wall.outage("dark")
    (during,) = wall.advance(NOON_S + 2 * HOUR_S)
    wall.recovered()
    after = watch(wall, NOON_S + 2 * HOUR_S, NOON_S + 3 * HOUR_S, {0.0: [(3, IN, 1.0)]})
    assert len(before) == 11
    assert reasons(during, (*HOURLY, "heat")) == {"dark"}
    assert np.isnan(during.values).all()
    assert round(value(after[-1], "in_hour"), 3) == 2
    assert round(value(after[-1], "in_total"), 3) == 3


@pytest.mark.usefixtures("_noise_off")
def test_heat_is_of_the_hour_in_which_a_track_ends(make: MakeWall) -> None:
    wall = make()
    events = {600.0: [(1, CELL, 0.25), (1, CELL + 143, 0.75)], 4_000.0: [(2, CELL, 5.0), (3, CELL + 20, -1.0)]}
    releases = watch(wall, NOON_S, NOON_S + 3 * HOUR_S, events, {600.0: [1], 4_000.0: [2, 3]})
    maps = [release.values[-CELLS:].round(3) for release in (releases[11], releases[23], releases[35])]
    assert maps[0].tolist() == [0.25, *[0] * 142, 0.75]
    assert maps[1].tolist() == [1, *[0] * 143]
    assert not maps[2].any()


@pytest.mark.usefixtures("_noise_off")
def test_heat_of_an_hour_that_is_unknown_waits_for_the_next(make: MakeWall) -> None:
    wall = make()
    watch(wall, NOON_S, NOON_S + HOUR_S - 290, {600.0: [(1, CELL, 1.0)]})
    wall.outage("dark")
    wall.advance(NOON_S + HOUR_S)
    wall.recovered()
    *_, last = watch(wall, NOON_S + HOUR_S, NOON_S + 2 * HOUR_S)
    assert round(value(last, "heat", cell_name(0)), 3) == 1


@pytest.mark.usefixtures("_noise_off")
def test_midnight_begins_every_stream_anew_and_keeps_levels_of_those_inside(make: MakeWall, ledger: Ledger) -> None:
    wall = make()
    evening: dict[float, list[Event]] = {0.0: [(n, counter, 1.5) for n in range(200) for counter in (ENTRIES, LEVEL)]}
    evening[10.0] = [(n, EXITS, 1.0) for n in range(100)]
    evening[300.0] = [(500, CELL, 1.0)]
    releases = watch(wall, MIDNIGHT_S - HOUR_S, MIDNIGHT_S + HOUR_S, evening)
    assert round(value(releases[11], "heat", cell_name(0)), 3) == 1
    assert round(value(releases[23], "heat", cell_name(0)), 3) == 0
    for release in (releases[11], releases[12]):
        assert round(value(release, "occupancy"), 3) == 100
        assert round(value(release, "speed_now"), 3) == 1.5
    assert round(value(releases[12], "entries"), 3) == 100
    assert [line.epoch for line in ledger.lines()] == ["2026-11-24/1", "2026-11-25/1"]


@pytest.mark.usefixtures("_noise_off")
def test_what_waits_at_midnight_is_dropped_from_every_stream(make: MakeWall) -> None:
    wall = make()
    watch(wall, MIDNIGHT_S - HOUR_S, MIDNIGHT_S - TICK_S, None)
    events: dict[float, list[Event]] = {
        0.0: [(1, CELL, 1.0), (2, ENTRIES, 1.0), (2, LEVEL, 3.0), (2, EXITS, 1.0), (2, STAY, 20.0)]
    }
    watch(wall, MIDNIGHT_S - TICK_S, MIDNIGHT_S - 200, events)
    wall.outage("dark")
    wall.advance(MIDNIGHT_S)
    wall.recovered()
    releases = watch(wall, MIDNIGHT_S, MIDNIGHT_S + HOUR_S)
    assert not releases[-1].values[-CELLS:].round(3).any()
    assert round(value(releases[0], "entries"), 3) == round(value(releases[0], "occupancy"), 3) == 0


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_stays_and_speeds_now_come_through(make: MakeWall, mechanism: str) -> None:
    """Of a crowd that no mechanism can miss: three hundred times the usual one."""
    wall = make(mechanism=mechanism, shares=Shares(speed_now=0.4, dwell=0.4))
    many = {
        second: [(1_000 * n + key, counter, amount) for n in range(300) for key, counter, amount in events if counter < CELL]
        for second, events in crowd(900).items()
    }
    *_, last = watch(wall, NOON_S, NOON_S + 900, many)
    assert reasons(last, ("dwell_median", "dwell_p95")) == {""}
    assert 15 < value(last, "dwell_median") < 120
    assert 120 < value(last, "dwell_p95") < 300


def test_no_tick_is_noised_twice_and_each_stream_once_in_its_time(make: MakeWall, monkeypatch: pytest.MonkeyPatch) -> None:
    """A draw for each number: counts, stays and levels by the tick, the map by the hour; none for what is unknown."""
    drawn: list[int] = []

    def watched(_self: DiscreteGaussian, n: int) -> NDArray[np.int64]:
        drawn.append(n)
        return np.zeros(n, dtype=np.int64)

    monkeypatch.setattr(DiscreteGaussian, "draw", watched)
    wall = make()
    watch(wall, NOON_S, NOON_S + HOUR_S)
    a_tick, an_hour = [5, 8, 1], [CELLS]
    assert drawn == a_tick * 12 + an_hour
    # The clock is set back by half an hour: nothing until it has caught up, and one tick unknown.
    releases = watch(wall, NOON_S + HOUR_S // 2, NOON_S + HOUR_S + 2 * TICK_S)
    assert [release.tick_start_s for release in releases] == [NOON_S + HOUR_S, NOON_S + HOUR_S + TICK_S]
    assert releases[0].unknown == "the clock was set back"
    assert drawn == a_tick * 12 + an_hour + a_tick


def test_a_day_begun_late_steps_no_stream_more_often_than_it_was_made_for(make: MakeWall) -> None:
    for tick_s in (2_700, 1_920, 3_600):
        wall = make(tick_s=tick_s)
        releases = watch(wall, MIDNIGHT_S - 3 * HOUR_S + 100, MIDNIGHT_S + 4 * HOUR_S)
        assert sum(not release.unknown for release in releases) >= len(releases) - 1


def test_the_ledger_says_how_the_day_is_shared_out(make: MakeWall, ledger: Ledger) -> None:
    watch(make(), NOON_S, NOON_S + TICK_S)
    (line,) = ledger.lines()
    assert line.rho == 0.25
    assert line.mechanism == (
        "buffered, 144 ticks, 0.4 counts + 0.2 dwell + 0.2 speed_now + 0.2 heat, 4 counters x 1 pieces a passage (assumed)"
    )
