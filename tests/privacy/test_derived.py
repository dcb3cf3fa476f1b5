"""Density, flow, speed and stays from protected numbers: right without noise, and with the errors that the noise makes."""

import math
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from throng.data.measurement import Measurement
from throng.data.place import Line, Zone
from throng.data.place_size import PlaceSize
from throng.data.release import Release
from throng.privacy.budget import Budget
from throng.privacy.derived import (
    COVERED,
    SURE,
    Row,
    density,
    dwell_quantile,
    enough_stays,
    mean_speed,
    ratio,
    speed_now,
    stays,
    unknown,
)
from throng.privacy.history import LEEWAY, LONGEST_WINDOW, History, Inside, Stretch, Window
from throng.privacy.independent import Independent
from throng.privacy.ledger import Ledger
from throng.privacy.mechanism import window_standard_error
from throng.privacy.streams import STAYS_S
from throng.privacy.wall import Wall

IN, OUT, ENTRIES, EXITS, SPEED = range(5)
NOON_S = 20_000 * 86_400 + 43_200.0
TICK_S = 10
SIZES = (PlaceSize(4.0, 0.1, 0.025), PlaceSize(50.0, 2.0, 0.02))
ALL_CLASSES = slice(0, len(STAYS_S) + 1)


def released(
    tmp_path: Path,
    places: tuple[Line, Zone],
    events: dict[int, list[tuple[int, int, float]]],
    ticks: int,
    sizes: tuple[PlaceSize, ...] = SIZES,
    rho: float = 0.2,
) -> list[Release]:
    """Ten looks a tick; `events` by look."""
    wall = Wall(
        camera="gate",
        lines=places[:1],
        zones=places[1:],
        ledger=Ledger(tmp_path / "ledger.jsonl"),
        budget=Budget(passage_counters=4, rho_per_day=rho),
        tick_s=TICK_S,
        in_metres=bool(sizes),
    )
    if sizes:
        wall.set_sizes(sizes)
    releases = []
    for look in range(10 * ticks):
        releases += wall.advance(NOON_S + look)
        here = events.get(look, [])
        wall.observe(
            Measurement(
                np.array([key for key, _, _ in here], np.uint64),
                np.array([counter for _, counter, _ in here], np.intp),
                np.array([amount for _, _, amount in here]),
                np.empty(0, np.uint64),
                np.zeros(1, np.int64),
                NOON_S + look,
            )
        )
    return releases + wall.advance(NOON_S + 10 * ticks)


def row(release: Release, quantity: str) -> Row:
    number = release.quantities.index(quantity)
    return Row(float(release.values[number]), float(release.standard_errors[number]), release.reasons[number])


def visits(arrivals_s: Iterable[int], stay_s: int, speed_mps: float) -> dict[int, list[tuple[int, int, float]]]:
    events: dict[int, list[tuple[int, int, float]]] = {}
    for key, time_s in enumerate(arrivals_s):
        events.setdefault(time_s, []).append((key, ENTRIES, 1.0))
        events.setdefault(time_s + stay_s, []).extend([(key, EXITS, 1.0), (key, SPEED, speed_mps)])
    return events


@pytest.mark.usefixtures("_noise_off")
def test_without_noise_a_steady_zone_says_what_happens_in_it(tmp_path: Path, door: Line, square: Zone) -> None:
    # Two people a second stay for 30 s each and walk 0.75 m/s: 60 people inside on 50 m2.
    arrivals = [second for second in range(600) for _ in range(2)]
    last = released(tmp_path, (door, square), visits(arrivals, 30, 0.75), 60, rho=10.0)[-1]
    assert row(last, "occupancy").value == pytest.approx(60)
    assert row(last, "density").value == pytest.approx(60 / 50)
    assert row(last, "mean_dwell").value == pytest.approx(30)
    assert row(last, "wait").value == pytest.approx(30)
    assert row(last, "mean_speed").value == pytest.approx(0.75)


@pytest.mark.usefixtures("_noise_off")
def test_without_noise_a_line_says_its_specific_flow(tmp_path: Path, door: Line, square: Zone) -> None:
    events = {look: [(look, look % 2, 1.0)] for look in range(20)}
    flows = [row(release, "specific_flow").value for release in released(tmp_path, (door, square), events, 3)]
    assert flows == pytest.approx([10 / (4.0 * TICK_S)] * 2 + [0], abs=1e-6)


def test_few_people_are_unknown_and_say_why(tmp_path: Path, door: Line, square: Zone) -> None:
    last = released(tmp_path, (door, square), visits(range(0, 100, 50), 5, 1.0), 10)[-1]
    for quantity in ("mean_dwell", "wait", "mean_speed"):
        assert "too few people" in row(last, quantity).reason
    assert row(last, "density").reason == ""


def test_a_place_that_cannot_be_measured_says_why(tmp_path: Path, door: Line, square: Zone) -> None:
    far = PlaceSize(float("nan"), unknown="it reaches the horizon")
    last = released(tmp_path, (door, square), {}, 1, sizes=(far, far))[-1]
    assert {row(last, name).reason for name in ("density", "mean_speed", "specific_flow")} == {"it reaches the horizon"}
    assert row(last, "occupancy").reason == ""
    assert speed_now(Row(90.0, 1.0), Row(90.0, 1.0), far).reason == "it reaches the horizon"


def test_without_calibration_nothing_is_in_metres(tmp_path: Path, door: Line, square: Zone) -> None:
    (release,) = released(tmp_path, (door, square), {}, 1, sizes=())
    assert not {"density", "mean_speed", "specific_flow"} & set(release.quantities)


def test_the_window_is_the_shortest_in_which_enough_came() -> None:
    mechanism = Independent(counters=2, ticks=200, rho=0.1, sensitivity=2.0)
    history = History(TICK_S)
    for tick in range(100):
        history.add(tick, mechanism.step(np.array([400, 400]) * (tick >= 90)))
    lengths = [stretch.length for stretch in history.stretches(mechanism)]
    assert lengths == [2**power for power in range(7)]
    assert lengths[-1] == LONGEST_WINDOW
    window = history.window(mechanism, entries=0, sure=SURE)
    assert window is not None
    assert window.seconds == TICK_S
    assert window.error == window_standard_error(mechanism, 1)


def test_entries_that_came_earlier_choose_the_window_and_exits_may_only_refuse_it() -> None:
    def made() -> Independent:
        return Independent(counters=2, ticks=200, rho=10.0, sensitivity=0.1)

    error = made().step(np.zeros(2, np.int64)).tick_standard_error
    enough, too_few = math.ceil(40 * SURE * error), math.floor((SURE - LEEWAY) * error / 2)

    def window(entries: list[int], exits: list[int]) -> Window | None:
        history, mechanism = History(TICK_S), made()
        for tick, counts in enumerate(zip(entries, exits, strict=True)):
            history.add(tick, mechanism.step(np.array(counts)))
        return history.window(mechanism, entries=0, sure=SURE)

    assert window([enough, 0], [0, enough]) is not None
    assert window([0, enough], [0, enough]) is None
    assert window([enough, 0], [0, too_few]) is None


def test_the_mean_over_a_window_weighs_ticks_by_their_time_and_ends_by_half() -> None:
    mechanism = Independent(counters=2, ticks=20, rho=10.0, sensitivity=0.001)
    history = History(TICK_S)
    for tick, counts in ((0, (100, 0)), (1, (0, 0)), (2, (0, 20)), (6, (0, 0)), (7, (0, 50))):
        history.add(tick, mechanism.step(np.array(counts)))
    # Inside are 100 until tick 1, 80 from 2 to 6, 30 at 7: the four known ticks up to now are seven long.
    window = history.window(mechanism, entries=0, sure=60 / window_standard_error(mechanism, 4))
    assert window is not None
    assert window.seconds == 7 * TICK_S
    assert window.mean.people == pytest.approx((100 + 90 + 4 * 80 + 55) / 7, abs=0.01)
    assert window.now.people == pytest.approx(30, abs=0.01)


def test_errors_of_a_window_are_those_of_the_noise_it_is_made_of() -> None:
    mechanism, history = Independent(counters=2, ticks=100, rho=0.1, sensitivity=0.001), History(TICK_S)
    for tick in range(40):
        noised = mechanism.step(np.array([1000 * (tick == 32), 1000 * (tick == 36)]))
        history.add(tick, noised)
    sigma = noised.tick_standard_error
    window = history.window(mechanism, entries=0, sure=500 / window_standard_error(mechanism, 8))
    assert window is not None
    # Totals are sums of independent noise: of a mean, a difference and the last one as sums over the ticks.
    moments = np.tril(np.ones((40, 40)))
    weights = np.zeros(40)
    weights[31:40], weights[[31, 39]] = 1 / 8, 1 / 16
    mean, now, counted = weights @ moments, moments[39], moments[39] - moments[31]
    assert window.seconds == 8 * TICK_S
    assert window.error == pytest.approx(sigma * np.linalg.norm(counted))
    assert window.mean[1:] == pytest.approx((2 * sigma**2 * mean @ mean, -(sigma**2) * mean @ counted))
    assert window.now[1:] == pytest.approx((2 * sigma**2 * now @ now, -(sigma**2) * now @ counted))


def test_unknown_ticks_count_as_time() -> None:
    mechanism = Independent(counters=2, ticks=20, rho=10.0, sensitivity=0.01)
    history = History(TICK_S)
    history.add(5, mechanism.step(np.array([100, 0])))
    history.add(9, mechanism.step(np.array([0, 100])))
    window = history.window(mechanism, entries=0, sure=SURE)
    assert window is not None
    assert window.seconds == 4 * TICK_S


@pytest.mark.parametrize("sure", [SURE, 10.0, 40.0])
@pytest.mark.parametrize("quotient", [0.0, 1.0, -3.0])
@pytest.mark.parametrize("correlation", [0.0, 0.8])
def test_the_interval_of_a_ratio_covers_95_times_in_100(sure: float, quotient: float, correlation: float) -> None:
    # Both errors run through the quantiles of normal ones: the coverage is the share of a square.
    steps = norm.ppf((np.arange(120) + 0.5) / 120)
    own, shared = (each.ravel() for each in np.meshgrid(steps, steps))
    for top_error in (0.3, 1.0, 3.0):
        top = quotient * sure + top_error * (correlation * shared + math.sqrt(1 - correlation**2) * own)
        made = [ratio(t, top_error**2, sure + b, 1.0, correlation * top_error) for t, b in zip(top, shared, strict=True)]
        values, errors = np.array([row[:2] for row in made]).T
        assert 0.944 < np.mean(np.abs(values - quotient) <= COVERED * errors) < 0.957


def test_the_interval_of_a_ratio_is_the_delta_methods_where_the_bottom_is_sure() -> None:
    value, error, _ = ratio(300.0, 4.0, 1000.0, 9.0, 2.0)
    assert error == pytest.approx(math.sqrt(4 - 2 * value * 2 + value**2 * 9) / 1000, rel=1e-4)


def test_stays_and_waits_are_people_over_those_who_leave() -> None:
    window = Window(600.0, 100.0, 5.0, Inside(50.0, 8.0, -1.0), Inside(80.0, 9.0, -12.0), np.nan)
    dwell, wait = stays(window)
    assert (dwell.value, wait.value) == pytest.approx((300, 480))
    assert dwell.standard_error == pytest.approx(600 * ratio(50.0, 8.0, 100.0, 25.0, -1.0).standard_error)
    assert wait.standard_error == pytest.approx(600 * ratio(80.0, 9.0, 100.0, 25.0, -12.0).standard_error)
    assert all("too few" in each.reason for each in stays(None))


def test_the_errors_of_noise_and_of_the_calibration_both_count() -> None:
    sure = density(Row(100.0, 6.0), PlaceSize(50.0))
    unsure = density(Row(100.0, 6.0), PlaceSize(50.0, 5.0))
    assert sure == pytest.approx((2.0, 0.12, ""))
    assert unsure[:2] == pytest.approx((2.0, np.hypot(0.12, 0.2)))
    window = Window(60.0, 1000.0, 10.0, Inside(0.0, 1.0, 0.0), Inside(0.0, 1.0, 0.0), 250.0)
    sizes = PlaceSize(50.0), PlaceSize(50.0, 2.0, 0.02)
    of_those_who_left = [mean_speed(window, size) for size in sizes]
    of_those_inside = [speed_now(Row(500.0, 9.0), Row(1000.0, 10.0), size) for size in sizes]
    for exact, scaled in (of_those_who_left, of_those_inside):
        assert exact.value == scaled.value == pytest.approx(1.5)
        assert scaled.standard_error == pytest.approx(np.hypot(exact.standard_error, 0.03))
    assert np.isnan(unknown("dark").value)


def test_a_speed_now_needs_people_inside() -> None:
    assert speed_now(Row(5.0, 1.0), Row(SURE * 3 - 0.1, 3.0), PlaceSize(50.0)).reason != ""
    assert speed_now(Row(5.0, 1.0), Row(SURE * 3 + 0.1, 3.0), PlaceSize(50.0)).reason == ""


some_stays = st.lists(st.floats(0, 3000), min_size=40, max_size=300)


def classes_of(stays_s: list[float]) -> list[float]:
    ends = [0.0, *STAYS_S, math.inf]
    return [float(sum(low <= each < high for each in stays_s)) for low, high in pairwise(ends)]


@given(stays_s=some_stays, share=st.sampled_from([0.1, 0.5, 0.95]))
def test_almost_without_noise_a_quantiles_interval_holds_it_whatever_the_stays(stays_s: list[float], share: float) -> None:
    found = dwell_quantile(share, Stretch(1, classes_of(stays_s), 1e-9, []), ALL_CLASSES)
    truth = float(np.quantile(stays_s, share, method="inverted_cdf"))
    if found.reason:
        assert truth >= STAYS_S[-1]
    else:
        assert abs(found.value - truth) <= COVERED * found.standard_error * (1 + 1e-9)


def test_a_quantile_is_interpolated_in_its_class_and_its_error_reaches_over_the_class() -> None:
    counts = [0.0, 0.0, 100.0, 200.0, 100.0, 0.0, 0.0, 0.0]
    found = dwell_quantile(0.375, Stretch(1, counts, 0.01, []), ALL_CLASSES)
    assert found.value == pytest.approx(60 + 60 * 50 / 200)
    assert COVERED * found.standard_error == pytest.approx(45)


def test_a_fall_that_noise_made_is_sorted_out_of_a_quantile() -> None:
    # Below 60 s are 100 and below 120 s but 94 of 200: in order, 97 of them lie half way between 60 s and 120 s.
    counts = [0.0, 0.0, 100.0, -6.0, 106.0, 0.0, 0.0, 0.0]
    assert dwell_quantile(0.485, Stretch(1, counts, 10.0, []), ALL_CLASSES).value == pytest.approx(90)


@given(counts=st.lists(st.floats(0, 100), min_size=8, max_size=8), error=st.floats(0.1, 20), share=st.sampled_from([0.5, 0.95]))
def test_more_noise_makes_no_quantile_surer(counts: list[float], error: float, share: float) -> None:
    sure, unsure = (dwell_quantile(share, Stretch(1, counts, each, []), ALL_CLASSES) for each in (error, 1.5 * error))
    assert unsure.reason or (not sure.reason and unsure.standard_error >= sure.standard_error - 1e-9)


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_a_quantiles_interval_reaches_as_far_as_the_noise_may_have_moved_it(share: float) -> None:
    # The number that leaves before an end, less the share of all, has the noise of the classes below, times 1 - share, and of
    # those above, times share. Of 1000 stays so many last less than a minute that it is 2 or 1.9 standard errors at that end.
    error = 5.0
    spread = error * math.sqrt(3 * (1 - share) ** 2 + 5 * share**2)
    for times, low_s, high_s in ((-2.0, 60.0, 120.0), (-1.9, 30.0, 120.0), (1.9, 30.0, 120.0), (2.0, 30.0, 60.0)):
        below = 1000 * share + times * spread
        found = dwell_quantile(share, Stretch(1, [0.0, 0.0, below, 1000 - below, 0.0, 0.0, 0.0, 0.0], error, []), ALL_CLASSES)
        assert (found.value > 60) == (times < 0)
        assert COVERED * found.standard_error == pytest.approx(max(found.value - low_s, high_s - found.value))


def test_a_quantile_beyond_the_last_class_is_not_known() -> None:
    counts = [10.0] * 7 + [80.0]
    assert "longer than 30 minutes" in dwell_quantile(0.5, Stretch(1, counts, 0.1, []), ALL_CLASSES).reason
    assert "too few" in dwell_quantile(0.5, None, ALL_CLASSES).reason


def test_exits_choose_the_stretch_of_a_quantile() -> None:
    error, last = 2.0, len(STAYS_S)
    needed = SURE * error * math.sqrt(last * 0.25 + 0.25) / 0.5
    counts = [Stretch(length, [0.0, length * needed / 3.5], 1.0, []) for length in (1, 2, 4, 8)]
    stretches = [Stretch(length, [0.0] * 8, error, []) for length in (1, 2, 4, 8)]
    chosen = enough_stays(0.5, counts, 1, stretches)
    assert chosen is stretches[2]
    assert enough_stays(0.95, counts, 1, stretches) is None
