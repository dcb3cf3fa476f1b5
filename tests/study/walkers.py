"""Made-up people who walk, and the files that such recordings come in."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from throng.data.trajectories import Trajectories

RATE_HZ = 25.0


def walkers(people: int = 12, frames: int = 150, *, seed: int = 5, first_id: int = 1) -> Trajectories:
    """People who cross a hall of 10 by 4 metres both ways, at 1 to 1.5 m/s, some on their way already when it begins."""
    rng = np.random.default_rng(seed)
    ids, at, xy = [], [], []
    for person in range(people):
        speed, way = rng.uniform(1.0, 1.5), 1 if person % 2 else -1
        since = np.arange(0, int(10 / speed * RATE_HZ))
        moment = since + rng.integers(-100, frames - 30)
        x = 5 - way * 5 + way * speed * since / RATE_HZ
        y = rng.uniform(0.5, 3.5) + 0.05 * np.sin(since / 5 + person)
        seen = (moment >= 0) & (moment < frames)
        ids.append(np.full(seen.sum(), first_id + person))
        at.append(moment[seen])
        xy.append(np.column_stack([x, y])[seen])
    return Trajectories(np.concatenate(ids), np.concatenate(at), np.concatenate(xy).round(4), RATE_HZ)


def by_person(trajectories: Trajectories) -> NDArray[np.intp]:
    """Row numbers in the order in which most files have them."""
    return np.lexsort((trajectories.frames, trajectories.ids))


def write_rows(
    path: Path, rows: np.ndarray, *, header: str = "", separator: str = " ", formats: str = "%d %d %.4f %.4f"
) -> Path:
    """A text file of rows, under a header line by line."""
    lines = [separator.join(form % value for form, value in zip(formats.split(), row, strict=True)) for row in rows]
    path.write_text("\n".join([*([header] if header else []), *lines]) + "\n", encoding="utf-8")
    return path


def rows_of(trajectories: Trajectories, *, scale: float = 1.0) -> np.ndarray:
    """id, frame, x, y (n, 4)."""
    order = by_person(trajectories)
    return np.column_stack([trajectories.ids, trajectories.frames, trajectories.xy_m * scale])[order]


def write_jupedsim(path: Path, trajectories: Trajectories) -> Path:
    """SQLite as JuPedSim writes it."""
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("CREATE TABLE metadata(key TEXT NOT NULL UNIQUE PRIMARY KEY, value TEXT NOT NULL)")
        file.execute("INSERT INTO metadata VALUES ('version', '2'), ('fps', ?)", (str(trajectories.rate_hz),))
        file.execute("CREATE TABLE trajectory_data(frame INTEGER, id INTEGER, pos_x REAL, pos_y REAL, ori_x REAL, ori_y REAL)")
        rows = [(int(frame), int(person), x, y, 1.0, 0.0) for person, frame, x, y in rows_of(trajectories)]
        file.executemany("INSERT INTO trajectory_data VALUES (?, ?, ?, ?, ?, ?)", rows)
    return path
