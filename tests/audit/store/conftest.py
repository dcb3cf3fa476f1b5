"""A store made by real walls: two cameras, an outage, a restart, and a midnight."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.audit.scenes import MIDNIGHT_S, TICK_S, events_of, wall, watch

from throng.audit.store.report import StoreReport, audit_store
from throng.data.release import Release
from throng.privacy.budget import Budget
from throng.store.duck import DuckStore

NIGHT, EVENING, MORNING = 700, 150, 250
"""Ticks."""


def releases(folder: Path, budget: Budget, *, rate: float) -> list[Release]:
    """A camera with a line and a zone, a start in the evening and another before midnight; and an empty one with a line."""
    rng = np.random.default_rng(2)
    made: list[Release] = []
    for begin, before, after in ((MIDNIGHT_S - 2 * NIGHT * TICK_S, EVENING, 0), (MIDNIGHT_S - NIGHT * TICK_S, NIGHT, MORNING)):
        events = events_of(rng.poisson(rate, (4, before + after)))
        gate = wall(folder, budget, number_of_lines=1, number_of_zones=1)
        half = (before + after) // 2
        made += watch(gate, events, begin_s=begin, ticks=half)
        gate.outage("the camera does not answer")
        made += gate.advance(begin + (half + 3) * TICK_S)
        gate.recovered()
        later = {tick - half - 3: passing for tick, passing in events.items() if tick >= half + 3}
        made += watch(gate, later, begin_s=begin + (half + 3) * TICK_S, ticks=before + after - half - 3)
    empty = wall(folder, budget, camera="court", number_of_lines=1)
    return made + watch(empty, {}, begin_s=MIDNIGHT_S - 300 * TICK_S, ticks=300)


@dataclass(frozen=True)
class Made:
    """A store, closed, that holds some releases."""

    path: Path
    releases: list[Release]

    def audit(self) -> StoreReport:
        return audit_store(self.path)


Make = Callable[..., Made]


def _stored(folder: Path, budget: Budget, rate: float) -> Made:
    """As a hub stores them, some at a time, and closes now and then."""
    path, ledgers = folder / "data" / "throng.duckdb", folder / "ledgers"
    ledgers.mkdir()
    told = releases(ledgers, budget, rate=rate)
    for first in range(0, len(told), 400):
        with DuckStore(path) as store:
            for batch in range(first, min(first + 400, len(told)), 40):
                store.add(told[batch : batch + 40])
    return Made(path, told)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a store; for each keyword see `Budget`."""

    def made(*, rate: float = 0.3, **budget: object) -> Made:
        return _stored(tmp_path, Budget(**budget), rate)  # type: ignore[arg-type]

    return made


@pytest.fixture(scope="session")
def _once(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return _stored(tmp_path_factory.mktemp("clean"), Budget(), 0.3)


@pytest.fixture
def clean(_once: Made, tmp_path: Path) -> Made:
    """A copy of one clean store, to be spoiled."""
    path = tmp_path / "data" / "throng.duckdb"
    path.parent.mkdir()
    shutil.copy(_once.path, path)
    return Made(path, _once.releases)
