"""Made-up films: ground truth and what some tracker might have made of it, as rows of a MOT Challenge file."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from throng.evaluate.mot_text import MotTable

Rows = NDArray[np.float64]

CLASSES = (1, 1, 1, 1, 7, 8, 9, 12)


def crowd(seed: int, *, classes: bool = False, people: int = 7, frames: int = 25, apart_px: float = 0.0) -> tuple[Rows, Rows]:
    """Truth and tracks with misses, false positives, exchanged ids, empty frames and boxes that do not count.

    People and false positives crowd into 150 pixels, or move `apart_px` from one another.
    The stream of RandomState is the same for ever, so that figures printed elsewhere for a seed hold here.
    """
    random = np.random.RandomState(seed)
    start, step = random.uniform(0, 150, (people, 2)), random.uniform(-4, 4, (people, 2))
    kinds, names = random.choice(CLASSES, people), np.arange(people)
    truth, tracks = [], []
    for frame in range(1, frames + 1):
        blind, hidden = random.uniform(size=2) < 0.08
        if random.uniform() < 0.2:
            names = random.permutation(people)
        for person in range(people):
            left, top = start[person] + frame * step[person] + [person * apart_px, 0]
            kind = kinds[person] if classes else -1
            if random.uniform() < 0.85 and not hidden:
                truth.append([frame, person + 1, left, top, 40, 90, random.uniform() < 0.95, kind, 1])
            if random.uniform() < 0.85 and not blind:
                box = np.array([left, top, 40, 90]) + random.uniform(-8, 8, 4)
                tracks.append([frame, names[person] + 1, *box, 1, -1, -1, -1])
        if random.uniform() < 0.4:
            tracks.append([frame, people + 1 + frame % 3, *(random.uniform(0, 150, 2) - apart_px), 40, 90, 1, -1, -1, -1])
    return _table(truth, 9), _table(tracks, 10)


def perturbed(truth: Rows, seed: int) -> Rows:
    """Tracks of all boxes of a truth, whatever their class: a fifth lost, all displaced, ids exchanged now and then."""
    random = np.random.RandomState(seed)
    kept = truth[random.uniform(size=len(truth)) < 0.8]
    boxes = kept[:, 2:6] + random.uniform(-0.12, 0.12, (len(kept), 4)) * kept[:, [4, 5, 4, 5]]
    # Every id hands its box to another one for a while: frames in stretches of 40, ids moved on by the stretch.
    ids = (kept[:, 1] + kept[:, 0] // 40) % (truth[:, 1].max() + 1) + 1
    return np.round(np.column_stack([kept[:, 0], ids, boxes, np.ones(len(kept)), np.full((len(kept), 3), -1)]), 2)


def table(rows: Rows) -> MotTable:
    """The table of rows that need no reading."""
    corners = np.column_stack([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]])
    classes = rows[:, 7].astype(np.int64) if len(rows) and (rows[:, 7] >= 1).all() else None
    return MotTable(rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64), corners, rows[:, 6].copy(), classes)


def write(rows: Rows, path: Path) -> Path:
    """The rows as a file."""
    np.savetxt(path, rows, delimiter=",", fmt="%.10g")
    return path


def _table(rows: list[list[float]], columns: int) -> Rows:
    return np.round(np.array(rows, dtype=np.float64).reshape(-1, columns), 2)
