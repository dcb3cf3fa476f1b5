"""A process that fills a small disk through the store, makes room, and goes on; what it finds wrong fails an assertion.

The disk is a tmpfs of its own (`tmpfs FOLDER SIZE_MB`, inside a user and mount namespace) or a limit on the size of files
(`limit FOLDER SIZE_MB`) where the machine allows no namespaces.
"""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from throng.data.errors import StoreError
from throng.data.release import Release
from throng.store import duck
from throng.store.duck import DuckStore

duck.SETTLED_ROWS = 500  # so that the disk may also fill while rows are sorted
KIND, FOLDER, SIZE_MB, TEXT_BYTES = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
TICKS = 2_000


def small_disk() -> None:
    if KIND == "tmpfs":
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", FOLDER], check=True)
    else:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE_MB << 20, resource.RLIM_INFINITY))


def make_room() -> None:
    if KIND == "tmpfs":
        subprocess.run(["mount", "-o", "remount,size=200m", FOLDER], check=True)
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def tick(number: int) -> list[Release]:
    """One tick of fifty cameras, with a text that does not compress."""
    return [
        Release(
            camera=f"camera {i}",
            tick_start_s=float(number),
            tick_s=1.0,
            epoch="2026-11-24/1",
            mechanism=os.urandom(TEXT_BYTES).hex(),
            places=("door",),
            quantities=("in",),
            values=np.array([number], dtype=np.float64),
            standard_errors=np.ones(1),
        )
        for i in range(50)
    ]


def stored(store: DuckStore) -> list[int]:
    return [int(value) for value in store.series("camera 7", "door", "in", start_s=0, end_s=TICKS).values]


small_disk()
with DuckStore(Path(FOLDER) / "throng.duckdb") as store:
    added, batch, failure = 0, tick(0), ""
    while not failure:
        assert added < TICKS, "the disk never filled"
        try:
            assert store.add(batch) == 50
            added, batch = added + 1, tick(added + 1)
        except StoreError as error:
            failure = str(error)
    print(failure)
    assert added > 3
    cause = "the disk that holds throng.duckdb is full; free some space" if KIND == "tmpfs" else ""
    assert failure.startswith(f"the store cannot be written: {cause}"), failure
    kept = stored(store)
    assert kept in (list(range(added)), list(range(added + 1))), kept  # of the batch that failed nothing, or all
    make_room()
    assert store.add(batch) == (50 if len(kept) == added else 0)
    assert store.add(tick(added + 1)) == 50
    assert stored(store) == list(range(added + 2))
with DuckStore(Path(FOLDER) / "throng.duckdb") as store:
    assert stored(store) == list(range(added + 2))
    assert len(store.latest()) == 50
