"""A process that stores one tick after another and says each one that is acknowledged, until it is killed."""

import sys

import numpy as np

from throng.data.release import Release
from throng.store import duck
from throng.store.duck import DuckStore

duck.SETTLED_ROWS = 20  # so that it is also killed while rows are sorted


def tick(number: int) -> Release:
    """The release of one tick, told by its start and its values."""
    return Release(
        camera="north",
        tick_start_s=float(number),
        tick_s=1.0,
        epoch="2026-11-24/1",
        mechanism="noise",
        places=("door", "door"),
        quantities=("in", "out"),
        values=np.array([number, -number], dtype=np.float64),
        standard_errors=np.ones(2),
    )


with DuckStore(sys.argv[1]) as store:
    first = max((row.tick_start_us for row in store.latest()), default=-1_000_000) // 1_000_000 + 1
    for number in range(first, first + 100_000):
        store.add([tick(number - 1), tick(number)] if number else [tick(number)])
        print(number, flush=True)
