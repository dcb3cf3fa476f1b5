"""What any store should answer: every row in a dictionary, and each question asked of it by a plain walk."""

import math
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from throng.data.rows import Rows
from throng.store.store import HOUR_S, StoredRow

HOUR_US = HOUR_S * 1_000_000
NAMES = [(camera, place, quantity) for camera in "abñ" for place in ("door", "Halle 2") for quantity in ("in", "out", "heat")]


class Told(NamedTuple):
    """One row as it is told to a store."""

    series: tuple[str, str, str]
    tick_us: int
    tick_s: float
    mechanism: str
    epoch: str
    value: float
    standard_error: float
    reason: str


class Oracle:
    """A store that cannot be wrong."""

    def __init__(self) -> None:
        self.rows: dict[tuple[tuple[str, str, str], int], Told] = {}

    def add(self, told: Sequence[Told]) -> int:
        """How many are new; the first of each tick stays."""
        before = len(self.rows)
        for row in told:
            self.rows.setdefault((row.series, row.tick_us), row)
        return len(self.rows) - before

    def forget(self, before_us: int) -> int:
        """How many go."""
        before = len(self.rows)
        self.rows = {key: row for key, row in self.rows.items() if row.tick_us >= before_us}
        return before - len(self.rows)

    def latest(self) -> list[StoredRow]:
        """The newest of each series, but of heat."""
        newest: dict[tuple[str, str, str], Told] = {}
        for row in sorted(self.rows.values(), key=lambda row: row.tick_us):
            if row.series[2] != "heat":
                newest[row.series] = row
        return [stored(newest[series]) for series in sorted(newest)]

    def tick(self, camera: str, tick_us: int) -> set[StoredRow]:
        """Of one camera and tick."""
        return {stored(row) for row in self.rows.values() if row.series[0] == camera and row.tick_us == tick_us}

    def series(self, series: tuple[str, str, str], start_us: int, end_us: int) -> list[Told]:
        """Of one series, oldest first."""
        found = [row for row in self.rows.values() if row.series == series and start_us <= row.tick_us < end_us]
        return sorted(found, key=lambda row: row.tick_us)

    def heat(self, camera: str, end_us: int) -> set[StoredRow]:
        """Of the newest tick with heat that had ended, of the day before."""
        heat = [row for row in self.rows.values() if row.series[0] == camera and row.series[2] == "heat"]
        heat = [row for row in heat if end_us - 24 * HOUR_US <= row.tick_us and row.tick_us + row.tick_s * 1e6 <= end_us]
        newest = max((row.tick_us for row in heat), default=0)
        return {stored(row) for row in heat if row.tick_us == newest}

    def hours(
        self, start_us: int, end_us: int, quantities: Sequence[str], cameras: Sequence[str] | None
    ) -> Iterator[tuple[str, str, int, float, float, float]]:
        """Camera, quantity, hour, sum, its standard error, and the share that is known; sorted."""
        held: dict[tuple[str, str, int], list[Told]] = defaultdict(list)
        for row in self.rows.values():
            camera, _, quantity = row.series
            wanted = quantity in quantities and (cameras is None or camera in cameras)
            if wanted and start_us <= row.tick_us < end_us:
                held[camera, quantity, row.tick_us // HOUR_US * HOUR_US].append(row)
        for key in sorted(held):
            known = [row for row in held[key] if not row.reason]
            total = math.fsum(row.value for row in known) if known else math.nan
            error = math.sqrt(math.fsum(row.standard_error**2 for row in known)) if known else math.nan
            share = math.fsum(row.tick_s for row in known) / math.fsum(row.tick_s for row in held[key])
            yield *key, total, error, share


def stored(row: Told) -> StoredRow:
    """The row as a store gives it back."""
    value, error = (None, None) if row.reason else (row.value, row.standard_error)
    return StoredRow(*row.series, row.tick_us, row.tick_s, value, error, row.mechanism, row.epoch, row.reason)


def drawn(chance: random.Random, most: int) -> list[Told]:
    """Some rows, in no order, some of them twice with other numbers, of four days."""
    told: list[Told] = []
    for _ in range(chance.randint(0, most)):
        tick_us = chance.randrange(0, 4 * 144) * 600_000_000 + chance.choice([0, 0, 250_000])
        series = chance.choice(NAMES)
        if told and chance.random() < 0.2:
            series, tick_us = chance.choice(told)[:2]
        reason = chance.choice(["", "", "", "dark", "moved 5°"])
        value, error = (math.nan, math.nan) if reason else (chance.gauss(0, 9), chance.uniform(0.5, 9))
        part = (chance.choice([60.0, 600.0]), "noise " + chance.choice("xy"), chance.choice("12"))
        told.append(Told(series, tick_us, *part, value, error, reason))
    return told


def rows_of(told: Sequence[Told]) -> Rows:
    """The rows as they travel, their texts told in the order of their first use."""
    series: dict[tuple[str, str, str], int] = {}
    parts: dict[tuple[str, str, float], int] = {}
    reasons = {"": 0}
    codes = [
        (
            series.setdefault(row.series, len(series)),
            parts.setdefault((row.mechanism, row.epoch, row.tick_s), len(parts)),
            reasons.setdefault(row.reason, len(reasons)),
        )
        for row in told
    ]
    columns = np.array(codes, np.int32).reshape(-1, 3)
    return Rows(
        tuple(series),
        tuple(parts),
        tuple(reasons),
        series_of=columns[:, 0],
        part_of=columns[:, 1],
        reason_of=columns[:, 2],
        tick_start_us=np.array([row.tick_us for row in told], np.int64),
        values=np.array([row.value for row in told], np.float64),
        standard_errors=np.array([row.standard_error for row in told], np.float64),
    )
