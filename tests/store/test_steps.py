"""Steps of an hour or a day agree with a plain walk over the stored ticks, whatever is stored in whatever order."""

import math
import random
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from throng.data.release import Release
from throng.store.duck import DuckStore

HOUR_S, DAY_S = 3600, 86_400
Ticks = dict[int, tuple[float | None, float, str]]

TICK_S = 600


def _drawn(chance: random.Random) -> Ticks:
    """Some ticks of three days, about half of them unknown, in epochs that begin whenever they like."""
    told = chance.sample(range(432), chance.randint(1, 60))
    return {tick: (chance.choice([None, chance.gauss(0, 9)]), chance.uniform(0.5, 9), chance.choice("12")) for tick in told}


def _release(camera: str, tick: int, value: float | None, error: float, epoch: str) -> Release:
    unknown = value is None
    return Release(
        camera=camera,
        tick_start_s=float(TICK_S * tick),
        tick_s=float(TICK_S),
        epoch=f"day/{epoch}",
        mechanism="noise",
        places=("door",),
        quantities=("in_total",),
        values=np.array([math.nan if value is None else value]),
        standard_errors=np.array([math.nan if unknown else error]),
        unknown=f"dark since {tick}" if unknown else "",
    )


def _walked(ticks: Ticks, step_s: int, *, add_epochs: bool) -> list[tuple[int, float, float, str]]:
    """Start, value, standard error, and why unknown, of every step with a tick."""
    rows: list[tuple[int, float, float, str]] = []
    for start_s in sorted({TICK_S * tick // step_s * step_s for tick in ticks}):
        held = [tick for tick in sorted(ticks) if start_s <= TICK_S * tick < start_s + step_s]
        last = {ticks[tick][2] if add_epochs else "": ticks[tick] for tick in held if ticks[tick][0] is not None}
        if last:
            value = sum(value for value, _, _ in last.values() if value is not None)
            rows.append((start_s, value, math.sqrt(sum(error**2 for _, error, _ in last.values())), ""))
        else:
            rows.append((start_s, math.nan, math.nan, f"dark since {held[-1]}"))
    return rows


@pytest.mark.parametrize("add_epochs", [False, True])
@pytest.mark.parametrize("step_s", [HOUR_S, DAY_S])
def test_a_step_is_its_last_known_tick(tmp_path: Path, step_s: int, add_epochs: bool) -> None:
    chance = random.Random()
    kept = {f"camera {number}": _drawn(chance) for number in range(40)}
    releases = [_release(camera, tick, *numbers) for camera, ticks in kept.items() for tick, numbers in ticks.items()]
    chance.shuffle(releases)
    with DuckStore(tmp_path / "throng.duckdb") as store:
        store.add(releases)
        steps = partial(store.steps, step_s=step_s, add_epochs=add_epochs, start_s=0.0, end_s=1e6)
        for camera, ticks in kept.items():
            series = steps(camera, "door", "in_total")
            walked = _walked(ticks, step_s, add_epochs=add_epochs)
            assert [start_us // 1_000_000 for start_us in series.tick_start_us.tolist()] == [row[0] for row in walked]
            assert series.values.tolist() == pytest.approx([row[1] for row in walked], nan_ok=True)
            assert series.standard_errors.tolist() == pytest.approx([row[2] for row in walked], nan_ok=True)
            assert series.unknown.tolist() == [row[3] for row in walked]
            assert set(series.tick_s.tolist()) == {float(step_s)}


def test_it_reads_one_quantity_of_one_place_and_no_more_than_asked_for(tmp_path: Path) -> None:
    with DuckStore(tmp_path / "throng.duckdb") as store:
        store.add([_release("north", tick, float(tick), 1.0, "1") for tick in range(24)])
        steps = partial(store.steps, step_s=HOUR_S, add_epochs=False, start_s=HOUR_S + 1.0, end_s=3.5 * HOUR_S)
        # From the hour that holds the start, which is whole, to the last tick that began before the end.
        assert steps("north", "door", "in_total").values.tolist() == [11.0, 17.0, 20.0]
        assert len(steps("north", "door", "in_total", max_rows=2)) == 2
        store.add([_release("north", 24, 1.0, 1.0, "2")])
        # The day's first epoch counts, though it was over when the asked time began.
        late = partial(steps, step_s=DAY_S, add_epochs=True, start_s=24.0 * TICK_S, end_s=1e6)
        assert late("north", "door", "in_total").values.tolist() == [24.0]
        for other in (("south", "door", "in_total"), ("north", "hall", "in_total"), ("north", "door", "out_total")):
            assert len(steps(*other)) == 0
