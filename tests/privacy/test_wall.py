"""The wall: what passes, what waits, what is unknown, and what is never released."""

import pickle
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from throng.data.errors import SecrecyError, SiteError
from throng.data.measurement import Measurement
from throng.data.place import Line, Zone
from throng.data.release import Release
from throng.privacy.budget import MECHANISMS, Budget
from throng.privacy.ledger import Ledger
from throng.privacy.wall import Wall

IN, OUT, ENTRIES, EXITS = range(4)
ZONE = ("entries", "exits", "entries_total", "exits_total", "occupancy", "mean_dwell", "wait")
NOON_S = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
MIDNIGHT_S = datetime(2026, 11, 25, tzinfo=UTC).timestamp()
MakeWall = Callable[..., Wall]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.jsonl")


@pytest.fixture
def make(door: Line, square: Zone, ledger: Ledger) -> MakeWall:
    def made(**other: object) -> Wall:
        settings: dict[str, object] = {
            "camera": "gate",
            "lines": [door],
            "zones": [square],
            "tick_s": 2,
            "budget": Budget(rho_per_day=0.5, passage_counters=4),
            "ledger": ledger,
        }
        return Wall(**(settings | other))  # type: ignore[arg-type]

    return made


def measured(time_s: float, events: Iterable[tuple[int, int]] = (), ended: Iterable[int] = ()) -> Measurement:
    pairs = list(events)
    return Measurement(
        np.array([key for key, _ in pairs], dtype=np.uint64),
        np.array([counter for _, counter in pairs], dtype=np.intp),
        np.ones(len(pairs)),
        np.array(list(ended), dtype=np.uint64),
        np.zeros(1, dtype=np.int64),
        time_s,
    )


def watch(wall: Wall, begin_s: float, end_s: float, events: dict[float, list[tuple[int, int]]] | None = None) -> list[Release]:
    """Four frames a second, and `events` at seconds after `begin_s`."""
    releases = []
    for quarter in range(int(4 * (end_s - begin_s))):
        releases += wall.advance(begin_s + quarter / 4)
        wall.observe(measured(begin_s + quarter / 4, (events or {}).get(quarter / 4, [])))
    return releases + wall.advance(end_s)


def column(releases: list[Release], quantity: str) -> list[float]:
    return [round(float(r.values[r.quantities.index(quantity)]), 5) for r in releases]


def whys(releases: list[Release]) -> list[str]:
    return [release.unknown for release in releases]


def test_rows_names_and_errors(make: MakeWall) -> None:
    first, second, third = watch(make(), NOON_S, NOON_S + 6)
    assert first.places == ("door",) * 4 + ("square",) * len(ZONE)
    assert first.quantities == ("in", "out", "in_total", "out_total", *ZONE)
    assert (first.camera, first.tick_start_s, first.tick_s, first.epoch) == ("gate", NOON_S, 2, "2026-11-24/1")
    assert (second.tick_start_s, second.epoch) == (NOON_S + 2, "2026-11-24/1")
    assert "buffered" in first.mechanism
    assert "rho=0.25" in first.mechanism
    tick, total = third.standard_errors[0], third.standard_errors[2]
    of_both = [tick, tick, total, total]
    np.testing.assert_allclose(third.standard_errors[:9], [*of_both, *of_both, 2**0.5 * total])
    assert total > tick > 0


@pytest.mark.usefixtures("_noise_off")
def test_events_reach_their_tick_and_their_totals(make: MakeWall) -> None:
    events = {
        0.0: [(1, IN)],
        1.5: [(2, IN), (3, ENTRIES)],
        2.0: [(4, ENTRIES), (1, OUT)],
        5.0: [(3, EXITS)],
    }
    releases = watch(make(), NOON_S, NOON_S + 6, events)
    assert column(releases, "in") == [2, 0, 0]
    assert column(releases, "out_total") == [0, 1, 1]
    assert column(releases, "entries") == [1, 1, 0]
    assert column(releases, "occupancy") == [1, 2, 1]


def test_releases_are_noised(make: MakeWall) -> None:
    releases = watch(make(), NOON_S, NOON_S + 20)
    values = np.array([release.values[:9] for release in releases])
    assert len(np.unique(values[:, :4])) == values[:, :4].size - 2  # the first tick's totals are its ticks
    assert np.abs(values).max() < 60


@pytest.mark.usefixtures("_noise_off")
def test_the_wall_bounds_a_passage(make: MakeWall) -> None:
    swaying = {0.25 * k: [(1, IN), (1, OUT)] for k in range(8)}
    releases = watch(make(), NOON_S, NOON_S + 2, swaying)
    assert column(releases, "in") == column(releases, "out") == [1]


@pytest.mark.usefixtures("_noise_off")
def test_a_passage_that_ends_in_a_frame_counts_before_it_is_forgotten(make: MakeWall) -> None:
    wall = make()
    wall.observe(measured(NOON_S, [(1, ENTRIES)]))
    wall.observe(measured(NOON_S + 1, [(1, EXITS)], ended=[1]))
    (release,) = wall.advance(NOON_S + 2)
    assert column([release], "exits") == [1]


@pytest.mark.usefixtures("_noise_off")
def test_an_unknown_tick_says_why_and_its_counts_wait(make: MakeWall) -> None:
    wall = make()
    before = watch(wall, NOON_S, NOON_S + 3, {2.25: [(1, IN)]})
    wall.outage("the camera does not answer")
    during = wall.advance(NOON_S + 8)
    wall.recovered()
    after = watch(wall, NOON_S + 8, NOON_S + 10)
    assert whys(before + during + after) == ["", *["the camera does not answer"] * 3, ""]
    assert np.isnan(during[0].values).all()
    assert np.isnan(during[0].standard_errors).all()
    assert during[0].epoch == "2026-11-24/1"
    assert column(after, "in") == [1]


def test_the_first_tick_is_unknown_unless_it_was_seen_whole(make: MakeWall, ledger: Ledger) -> None:
    releases = watch(make(), NOON_S + 1, NOON_S + 2)
    assert whys(releases) == ["starting"]
    assert (releases[0].tick_start_s, releases[0].epoch, releases[0].mechanism) == (NOON_S, "2026-11-24/0", "none")
    assert ledger.lines() == []


def test_a_tick_without_a_picture_is_unknown(make: MakeWall) -> None:
    wall = make()
    releases = watch(wall, NOON_S, NOON_S + 2) + wall.advance(NOON_S + 6)
    assert whys(releases) == ["", "no picture arrived", "no picture arrived"]


@pytest.mark.usefixtures("_noise_off")
def test_a_late_frame_counts_in_the_open_tick(make: MakeWall) -> None:
    wall = make()
    watch(wall, NOON_S, NOON_S + 2)
    wall.observe(measured(NOON_S + 1.9, [(1, IN)]))
    assert column(watch(wall, NOON_S + 2, NOON_S + 4), "in") == [1]


@pytest.mark.usefixtures("_noise_off")
def test_a_frame_of_a_later_tick_closes_the_ones_before(make: MakeWall) -> None:
    wall = make()
    for half in range(9):
        wall.observe(measured(NOON_S + half / 2, [(half, IN)]))
    releases = wall.advance(NOON_S + 4)
    assert column(releases, "in") == [4, 4]
    assert wall.advance(NOON_S + 4) == []


def test_a_long_pause_makes_no_flood(make: MakeWall) -> None:
    wall = make()
    watch(wall, NOON_S, NOON_S + 2)
    later = NOON_S + 30 * 86_400
    releases = wall.advance(later)
    assert len(releases) == 61
    assert releases[0].tick_start_s == NOON_S + 2
    assert [r.tick_start_s for r in releases[1:]] == [later - 2 * k for k in range(60, 0, -1)]
    assert all(whys(releases))


@pytest.mark.usefixtures("_noise_off")
def test_a_clock_set_back_noises_no_tick_twice(make: MakeWall) -> None:
    wall = make()
    before = watch(wall, NOON_S, NOON_S + 60)
    back = watch(wall, NOON_S, NOON_S + 64, {1.0: [(1, IN)]})
    starts = [release.tick_start_s for release in before + back]
    assert starts == [NOON_S + 2 * k for k in range(32)]
    assert whys(back) == ["the clock was set back", ""]
    assert column(back[1:], "in") == [1]


@pytest.mark.usefixtures("_noise_off")
def test_midnight_opens_an_epoch_and_takes_in_who_stands_inside(make: MakeWall, ledger: Ledger) -> None:
    wall = make()
    evening = {0.0: [(1, ENTRIES), (2, ENTRIES), (1, IN)], 1.0: [(2, EXITS)]}
    releases = watch(wall, MIDNIGHT_S - 4, MIDNIGHT_S + 4, evening)
    assert [release.epoch for release in releases] == ["2026-11-24/1"] * 2 + ["2026-11-25/1"] * 2
    assert column(releases, "in_total") == [1, 1, 0, 0]
    assert column(releases, "occupancy") == [1, 1, 1, 1]
    assert column(releases, "entries") == [2, 0, 1, 0]
    assert [line.day for line in ledger.lines()] == ["2026-11-24", "2026-11-25"]
    assert "ticks=43200" in releases[-1].mechanism
    assert "ticks=2," in releases[0].mechanism


@pytest.mark.usefixtures("_noise_off")
def test_what_waits_at_midnight_does_not_burden_the_new_day(make: MakeWall) -> None:
    wall = make()
    watch(wall, MIDNIGHT_S - 4, MIDNIGHT_S - 1, {2.0: [(1, IN), (1, ENTRIES)]})
    wall.outage("dark")
    wall.advance(MIDNIGHT_S)
    wall.recovered()
    releases = watch(wall, MIDNIGHT_S, MIDNIGHT_S + 2, {1.0: [(1, IN)]})
    assert column(releases, "in") == [1]
    assert column(releases, "occupancy") == [1]


def test_every_start_is_accounted_and_a_spent_day_releases_nothing_until_midnight(make: MakeWall, ledger: Ledger) -> None:
    errors = []
    for start in range(7):
        (release,) = watch(make(), NOON_S + 10 * start, NOON_S + 10 * start + 2)
        assert release.epoch == f"2026-11-24/{start + 1}"
        errors.append(release.standard_errors[0])
    np.testing.assert_allclose(np.divide(errors[1:], errors[:-1]), 2**0.5, rtol=1e-3)
    wall = make()
    (spent,) = watch(wall, MIDNIGHT_S - 2, MIDNIGHT_S)
    assert "is spent" in spent.unknown
    assert "midnight UTC" in spent.unknown
    assert np.isnan(spent.values).all()
    assert len(ledger.lines()) == 7
    (again,) = watch(wall, MIDNIGHT_S, MIDNIGHT_S + 2)
    assert (again.unknown, again.epoch) == ("", "2026-11-25/1")


def test_the_ledger_says_what_the_mechanism_was_made_for(make: MakeWall, ledger: Ledger) -> None:
    watch(make(budget=Budget(rho_per_day=0.5, passage_counters=3, pieces=2)), NOON_S, NOON_S + 2)
    (line,) = ledger.lines()
    assert line.sensitivity == pytest.approx(2 * 3**0.5)
    assert line.mechanism == "buffered, 21600 ticks, 1 counts, 3 counters x 2 pieces a passage (assumed)"


def test_nothing_is_released_when_the_ledger_cannot_be_written(make: MakeWall, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (release,) = watch(make(ledger=Ledger(tmp_path / "folder")), NOON_S, NOON_S + 2)
    assert "cannot be used" in release.unknown


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.usefixtures("_noise_off")
def test_each_mechanism_counts_from_end_to_end(make: MakeWall, ledger: Ledger, mechanism: str) -> None:
    wall = make(budget=Budget(rho_per_day=0.5, epsilon_per_day=2.0, passage_counters=4, mechanism=mechanism), tick_s=60)
    releases = watch(
        wall, MIDNIGHT_S - 180, MIDNIGHT_S + 60, {0.0: [(1, IN), (2, ENTRIES)], 61.0: [(3, IN)], 130.0: [(2, EXITS)]}
    )
    assert column(releases, "in") == [1, 1, 0, 0]
    assert column(releases, "in_total") == [1, 2, 2, 0]
    assert column(releases, "occupancy") == [1, 1, 0, 0]
    assert all(release.mechanism.startswith(f"{mechanism}(") for release in releases)
    assert all(np.all(release.standard_errors[:7] > 0) for release in releases)
    first, second = ledger.lines()
    pure = mechanism == "pure-tree"
    assert (first.epsilon, first.rho) == ((1.0, 0.5) if pure else (0.0, 0.25))
    assert f"{'epsilon=1,' if pure else 'rho=0.25,'}" in releases[0].mechanism
    # What a passage contributes: the sum of its counts, or the root of the sum of their squares.
    assert first.sensitivity == pytest.approx(4.0 if pure else 2.0)
    assert second.day == "2026-11-25"


def test_a_mechanism_with_an_epsilon_waits_for_midnight_on_a_day_that_spent_a_rho(make: MakeWall, ledger: Ledger) -> None:
    watch(make(), NOON_S, NOON_S + 2)
    pure = Budget(mechanism="pure-tree", passage_counters=4)
    before = watch(make(budget=pure), MIDNIGHT_S - 4, MIDNIGHT_S + 2)
    assert ["pure-tree starts at midnight UTC" in why for why in whys(before)] == [True, True, False]
    assert whys(before)[-1] == ""
    assert [line.epsilon for line in ledger.lines()] == [0.0, 0.5]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_what_is_released_errs_by_what_it_says(make: MakeWall, mechanism: str) -> None:
    """All of 30 cameras' totals after ten ticks over their errors: a sum of squares outside of this once in a million times."""
    far: list[float] = []
    for number in range(30):
        budget = Budget(rho_per_day=0.5, passage_counters=4, mechanism=mechanism)
        *_, last = watch(make(camera=f"gate {number}", budget=budget), NOON_S, NOON_S + 20)
        far += (last.values[[2, 3, 6]] / last.standard_errors[[2, 3, 6]]).tolist()
    assert 0.2 < np.mean(np.square(far)) < 3.5


def test_a_camera_with_lines_alone_or_zones_alone(make: MakeWall) -> None:
    (lines,) = watch(make(zones=[], camera="a"), NOON_S, NOON_S + 2)
    (zones,) = watch(make(lines=[], camera="b"), NOON_S, NOON_S + 2)
    assert lines.quantities == ("in", "out", "in_total", "out_total")
    assert zones.quantities == ZONE


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"lines": [], "zones": []}, "counts nothing"),
        ({"budget": Budget(passage_counters=1)}, "at least 2, not 1"),
        ({"tick_s": 7}, "divide a day"),
    ],
)
def test_what_makes_no_sense_is_refused(make: MakeWall, wrong: dict[str, object], sentence: str) -> None:
    with pytest.raises(SiteError, match=sentence):
        make(**wrong)


def test_its_state_leaves_memory_by_no_door(make: MakeWall) -> None:
    wall = make()
    watch(wall, NOON_S, NOON_S + 2, {0.0: [(918_273, IN)]})
    assert "918273" not in repr(wall)
    with pytest.raises(SecrecyError):
        pickle.dumps(wall)


@pytest.mark.slow
def test_a_day_of_two_second_ticks(make: MakeWall) -> None:
    wall = make()
    start = MIDNIGHT_S
    releases = []
    for tick in range(43_201):
        wall.observe(measured(start + 2 * tick))
        releases += wall.advance(start + 2 * tick)
    assert len(releases) == 43_200
    assert not any(whys(releases))
    errors = np.array([[r.values[2], r.standard_errors[2]] for r in releases])
    assert abs(errors[-1, 0]) < 5 * errors[-1, 1]
