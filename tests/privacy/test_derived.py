"""Density, flow, speed and stays from protected numbers: right without noise, and as uncertain as they say with it."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from throng.data.measurement import Measurement
from throng.data.place import Line, Zone
from throng.data.place_size import PlaceSize
from throng.data.release import Release
from throng.privacy.bound import FASTEST_MPS, SPEED_UNITS, UNIT, sensitivity
from throng.privacy.budget import Budget
from throng.privacy.derived import LONGEST_WINDOW, SURE, History, Row, density, mean_speed, stay, unknown
from throng.privacy.independent import Independent
from throng.privacy.ledger import Ledger
from throng.privacy.square_root import SquareRoot
from throng.privacy.wall import Wall

IN, OUT, ENTRIES, EXITS, SPEED = range(5)
NOON_S = 20_000 * 86_400 + 43_200.0
TICK_S = 10
SIZES = (PlaceSize(4.0, 0.1, 0.025), PlaceSize(50.0, 2.0, 0.02))


def released(
    tmp_path: Path,
    places: tuple[Line, Zone],
    events: dict[int, list[tuple[int, int, float]]],
    ticks: int,
    sizes: tuple[PlaceSize, ...] = SIZES,
    **other: object,
) -> list[Release]:
    """Ten looks a tick; `events` by look."""
    settings: dict[str, object] = {"budget": Budget(passage_counters=4), "tick_s": TICK_S, "in_metres": bool(sizes)} | other
    wall = Wall(camera="gate", lines=places[:1], zones=places[1:], ledger=Ledger(tmp_path / "ledger.jsonl"), **settings)  # type: ignore[arg-type]
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
    rho = Budget(passage_counters=4, rho_per_day=10.0)
    last = released(tmp_path, (door, square), visits(arrivals, 30, 0.75), 60, budget=rho)[-1]
    assert row(last, "occupancy").value == pytest.approx(60)
    assert row(last, "density").value == pytest.approx(60 / 50)
    assert row(last, "mean_dwell").value == pytest.approx(30)
    assert row(last, "wait").value == pytest.approx(30)
    assert row(last, "mean_speed").value == pytest.approx(0.75)


@pytest.mark.usefixtures("_noise_off")
def test_without_noise_a_line_says_its_specific_flow(tmp_path: Path, door: Line, square: Zone) -> None:
    events = {look: [(look, look % 2, 1.0)] for look in range(20)}
    flows = [row(release, "specific_flow").value for release in released(tmp_path, (door, square), events, 3)]
    assert flows == pytest.approx([10 / (4.0 * TICK_S)] * 2 + [0])


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


def test_without_calibration_nothing_is_in_metres(tmp_path: Path, door: Line, square: Zone) -> None:
    (release,) = released(tmp_path, (door, square), {}, 1, sizes=())
    assert not {"density", "mean_speed", "specific_flow"} & set(release.quantities)


def simulated(make: type[SquareRoot | Independent], runs: int, seed: int) -> tuple[NDArray[np.float64], ...]:
    """Many zones at once: (value - truth) / standard error of their stays and speeds after 40 ticks, where they are known."""
    generator = np.random.default_rng(seed)
    mechanism = make(counters=3 * runs, ticks=100, rho=0.1, sensitivity=2.1, unit=UNIT)
    history = History(TICK_S)
    inside, speed_mps = 150, 0.8
    for tick in range(40):
        counts = np.zeros(3 * runs, np.int64)
        counts[: 2 * runs : 2] = UNIT * (30 + inside * (tick == 0))
        counts[1 : 2 * runs : 2] = UNIT * 30
        speeds = generator.binomial(30, 0.5, runs) * 2 * speed_mps  # half of them stand
        counts[2 * runs :] = np.rint(speeds * SPEED_UNITS / FASTEST_MPS)
        noised = mechanism.step(counts)
        history.add(tick, noised)
    found = []
    for run in range(runs):
        window = history.window(mechanism, entries=2 * run)
        longer = history.window(mechanism, entries=2 * run, speeds=2 * runs + run)
        if window is not None and longer is not None:
            people = Row(window.occupancy, 2**0.5 * noised.total_standard_error)
            wait, speed = stay(people, window), mean_speed(longer, PlaceSize(1.0))
            assert speed.standard_error < 0.35
            found.append([(wait.value - 50) / wait.standard_error, (speed.value - speed_mps) / speed.standard_error])
    return tuple(np.array(found).T)


@pytest.mark.parametrize("make", [SquareRoot, Independent])
def test_errors_are_as_large_as_they_say(make: type[SquareRoot | Independent]) -> None:
    wait, speed = simulated(make, 600, seed=1)
    assert len(wait) > 500
    # A stay's error is a bound, a speed's is exact but for the ratio's curvature and the choice of the window.
    assert np.sqrt(np.mean(wait**2)) < 1.05
    assert 0.8 < np.sqrt(np.mean(speed**2)) < 1.2


def test_the_window_is_the_shortest_that_tells() -> None:
    mechanism = Independent(counters=2, ticks=200, rho=0.1, sensitivity=2.0)
    history = History(TICK_S)
    for tick in range(100):
        history.add(tick, mechanism.step(np.array([400, 400]) * (tick >= 90)))
    window = history.window(mechanism, entries=0)
    assert window is not None
    assert window.seconds == TICK_S
    assert window.exits >= SURE * window.exits_error
    assert len(history._ticks) == LONGEST_WINDOW + 1


def test_unknown_ticks_count_as_time() -> None:
    mechanism = Independent(counters=2, ticks=20, rho=10.0, sensitivity=0.01)
    history = History(TICK_S)
    history.add(5, mechanism.step(np.array([100, 0])))
    history.add(9, mechanism.step(np.array([0, 100])))
    window = history.window(mechanism, entries=0)
    assert window is not None
    assert window.seconds == 4 * TICK_S


def test_the_errors_of_noise_and_of_the_calibration_both_count() -> None:
    sure = density(Row(100.0, 6.0), PlaceSize(50.0))
    unsure = density(Row(100.0, 6.0), PlaceSize(50.0, 5.0))
    assert sure == pytest.approx((2.0, 0.12, ""))
    assert unsure[:2] == pytest.approx((2.0, np.hypot(0.12, 0.2)))
    assert np.isnan(unknown("dark").value)


def test_the_finest_unit_and_the_smallest_budget_keep_the_noise_in_range() -> None:
    most = sensitivity(counters=64, passage_counters=64, pieces=16, speeds=100)
    SquareRoot(counters=1, ticks=86_400, rho=1e-4 / 2**7, sensitivity=most, unit=UNIT)
