"""A sensor and its hub die at random moments: what is kept arrives once, and no budget is spent twice."""

import contextlib
import os
import random
import time
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.end_to_end.killable import CONTEXT, HubProcess, Place, cameras_of, make_place
from tests.end_to_end.walled_sensor import RHO_PER_DAY, SENSOR, TICK_S, Point, ledger_path, measure

from throng.privacy.ledger import Ledger

KILLS = int(os.environ.get("THRONG_KILLS", "4"))
SEED = int(os.environ.get("THRONG_KILL_SEED", "1"))
HELD: tuple[Point, ...] = ("opened", "noised", "kept")
FIRST_TICK = (int(time.time()) // 86_400 - 60) * 1440
_LONGEST_RUN_S = 1.0


@dataclass
class Heard:
    """What the sensor's processes told before they were killed.

    Attributes
    ----------
    kept : dict
        Values of each (camera, tick start) that was on its disk.
    runs : dict
        The processes that released something known of each (camera, epoch).
    """

    kept: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    runs: dict[tuple[str, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    released: set[tuple[str, int]] = field(default_factory=set)
    next_tick: int = FIRST_TICK

    def take(self, run: int, message: tuple[Any, ...]) -> None:
        match message:
            case "kept", camera, tick_s, values:
                assert (camera, tick_s) not in self.kept, f"{camera} {tick_s} was released twice"
                self.kept[camera, tick_s] = values
            case "released", camera, tick_s, epoch:
                assert (camera, tick_s) not in self.released, f"{camera} {tick_s} was noised twice"
                self.released.add((camera, tick_s))
                self.next_tick = max(self.next_tick, tick_s // TICK_S + 1)
                if epoch:
                    self.runs[camera, epoch].add(run)


def _run(place: Place, heard: Heard, run: int, *, hold: Point = "", for_s: float = 30.0, only_deliver: bool = False) -> str:
    """Run the sensor until it is held, done or its time is over, and kill it; what it said last."""
    ours, theirs = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=measure, args=(place, -1 if only_deliver else heard.next_tick, hold, theirs))
    process.start()
    theirs.close()
    end_s, last = time.monotonic() + for_s, ""
    with contextlib.suppress(EOFError), ours:
        while last not in ("held", "empty") and ours.poll(max(0.0, end_s - time.monotonic())):
            message = ours.recv()
            heard.take(run, message)
            last = message[0]
        process.kill()
        while True:
            heard.take(run, ours.recv())
    process.join()
    process.close()
    return last


@pytest.mark.timeout(60 + 15 * KILLS)
def test_whatever_dies_when_what_is_kept_arrives_once_and_no_budget_is_spent_twice(tmp_path: Path) -> None:
    """`THRONG_KILLS=200 pytest -s` kills more often; `THRONG_KILL_SEED` gives other moments."""
    place, heard, chance = make_place(tmp_path), Heard(), random.Random(SEED)
    with HubProcess(place) as hub:
        for run, hold in enumerate(HELD):
            hub.kill()  # so that what is kept is kept for long
            assert _run(place, heard, run, hold=hold) == "held"
        for run in range(len(HELD), len(HELD) + KILLS):
            if run % 3 == 0:
                hub.kill()
                hub.begin()
            _run(place, heard, run, for_s=chance.uniform(0, _LONGEST_RUN_S))
        hub.kill()
        hub.start()
        assert _run(place, heard, -1, only_deliver=True) == "empty"
        assert hub.stop() == 0
    with duckdb.connect(tmp_path / "throng.duckdb", read_only=True) as store:
        rows = store.execute(
            "SELECT camera, epoch_us(tick_start) // 1000000, list(coalesce(value, 'nan')), count(DISTINCT (place, quantity)), "
            "any_value(epoch), any_value(mechanism) FROM released GROUP BY ALL"
        ).fetchall()
    stored = {(camera, tick_s): sorted(map(repr, values)) for camera, tick_s, values, *_ in rows}
    assert all(different == len(values) for _, _, values, different, *_ in rows)
    assert {key: stored.get(key) for key in heard.kept} == {key: sorted(map(repr, heard.kept[key])) for key in heard.kept}
    assert heard.kept.keys() <= stored.keys() <= heard.released
    _look_at_ledgers(place, heard, {(camera, epoch) for camera, *_, epoch, mechanism in rows if mechanism != "none"})
    print(f"\n{run + 1} kills, seed {SEED}: {len(heard.kept)} ticks kept and delivered, {len(heard.runs)} epochs")
    assert heard.kept


def _look_at_ledgers(place: Place, heard: Heard, stored: set[tuple[str, str]]) -> None:
    """Each epoch is of one process alone, stands in the ledger, and all of a day together spend no more than it has."""
    assert all(len(runs) == 1 for runs in heard.runs.values()), "two processes spent one epoch"
    lines = [line for camera in cameras_of(SENSOR) for line in Ledger(ledger_path(place, camera)).lines()]
    opened = [(line.camera, line.epoch) for line in lines]
    assert len(set(opened)) == len(opened)
    assert stored <= heard.runs.keys() <= set(opened)
    assert len(opened) > len(heard.runs), "no epoch was opened and never used: nothing was killed in between"
    spent: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for line in lines:
        spent[line.camera, line.day] += Fraction(line.rho)
    assert max(spent.values()) <= Fraction(RHO_PER_DAY)
    told = (place.folder / "audit.jsonl").read_text()
    assert all(f'"about":"{camera}","detail":"epoch {epoch}: ' in told for camera, epoch in stored)
