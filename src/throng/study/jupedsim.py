"""The SQLite files that JuPedSim writes."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import TrajectoryError
from throng.study.text import Progress

MAGIC = b"SQLite format 3\0"
_ROWS = 100_000


def read_jupedsim(path: Path, progress: Progress | None) -> tuple[dict[str, NDArray[np.float64]], float]:
    """Read places in metres and the frame rate.

    Returns
    -------
    columns : dict of (n,) float64
        `id`, `frame`, `x`, `y`.
    rate_hz : float

    Raises
    ------
    TrajectoryError
        The file is damaged, or is not of JuPedSim.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as file:
            rate = file.execute("SELECT value FROM metadata WHERE key = 'fps'").fetchone()
            total = file.execute("SELECT count(*) FROM trajectory_data").fetchone()[0]
            rows = file.execute("SELECT id, frame, pos_x, pos_y FROM trajectory_data")
            blocks: list[NDArray[np.float64]] = []
            while block := rows.fetchmany(_ROWS):
                blocks.append(np.array(block, dtype=np.float64))
                if progress is not None:
                    progress(sum(map(len, blocks)), total)
        rate_hz = float(rate[0])
    except sqlite3.Error as error:
        raise TrajectoryError(f"{path} is no SQLite file of JuPedSim: {error}") from None
    except (TypeError, ValueError, OverflowError):
        raise TrajectoryError(f"{path} holds something other than numbers where JuPedSim writes places and fps") from None
    if not blocks:
        raise TrajectoryError(f"{path} has no rows: nobody walked")
    return dict(zip(("id", "frame", "x", "y"), np.concatenate(blocks).T, strict=True)), rate_hz
