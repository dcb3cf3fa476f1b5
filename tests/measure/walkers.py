"""Recordings for the tests of measures: people made up, and real ones read from files."""

from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.data.trajectories import Trajectories

JUELICH = {
    "040_c_56_h-.txt": (1.0, 25.0),
    "bi_corr_400_b_03.txt": (0.01, 25.0),
    "uo-050-180-180.txt": (0.01, 16.0),
    "uo-180-180-120.txt": (0.01, 16.0),
}
"""Metres in the file's unit of length, frames a second."""


def walkers(*, people: int = 60, rate_hz: float = 30.0, duration_s: float = 40.0, seed: int = 5) -> Trajectories:
    """People who cross a place of 10 m by 10 m on bent ways, swaying from foot to foot, some both ways."""
    random = np.random.default_rng(seed)
    ids, frames, places = [], [], []
    for person in range(people):
        start_s, speed = random.uniform(0, duration_s - 5), random.uniform(0.7, 1.6)
        angle, bend = random.uniform(-np.pi, np.pi), random.uniform(-0.15, 0.15)
        middle, phase = random.uniform(-3, 3, 2), random.uniform(0, 2 * np.pi)
        half_s = 6 / speed
        frame = np.arange(np.ceil(start_s * rate_hz), np.floor(min(start_s + 2 * half_s, duration_s) * rate_hz) + 1)
        t = frame / rate_hz - start_s - half_s
        heading = angle + bend * t
        side = 0.04 * np.sin(2 * np.pi * 0.9 * t + phase)
        forward = np.stack([np.sin(heading) - np.sin(angle), np.cos(angle) - np.cos(heading)], axis=1) * speed / bend
        places.append(middle + forward + side[:, None] * np.stack([-np.sin(heading), np.cos(heading)], axis=1))
        ids.append(np.full(len(frame), person))
        frames.append(frame.astype(np.int64))
    return Trajectories(np.concatenate(ids), np.concatenate(frames), np.concatenate(places), rate_hz)


def juelich(shared_data: Path, name: str) -> Trajectories:
    unit_m, rate_hz = JUELICH[name]
    rows = np.loadtxt(shared_data / "trajectories" / "juelich" / name, comments="#")
    return Trajectories(rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64), rows[:, 2:4] * unit_m, rate_hz)


def every(trajectories: Trajectories, step: int) -> Trajectories:
    """Every `step`-th frame of a recording, as a slower camera would have taken it."""
    kept = (trajectories.frames - trajectories.first_frame) % step == 0
    frames = trajectories.frames[kept] // step
    return Trajectories(trajectories.ids[kept], frames, trajectories.xy_m[kept], trajectories.rate_hz / step)


def backwards(trajectories: Trajectories) -> Trajectories:
    """The recording played backwards."""
    frames = trajectories.first_frame + trajectories.last_frame - trajectories.frames
    return Trajectories(trajectories.ids, frames, trajectories.xy_m, trajectories.rate_hz)


def moved(xy_m: NDArray[np.float64], angle: float, shift_m: tuple[float, float]) -> NDArray[np.float64]:
    """Places turned about the origin and shifted."""
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    result: NDArray[np.float64] = xy_m @ turn + np.array(shift_m)
    return result


def with_places(trajectories: Trajectories, xy_m: NDArray[np.float64]) -> Trajectories:
    return Trajectories(trajectories.ids, trajectories.frames, xy_m, trajectories.rate_hz)


def as_frame(trajectories: Trajectories) -> pd.DataFrame:
    """What PedPy's TrajectoryData takes."""
    x, y = trajectories.xy_m.T
    return pd.DataFrame({"id": trajectories.ids, "frame": trajectories.frames, "x": x, "y": y})


@st.composite
def recordings(draw: st.DrawFn, *, gaps: bool = True) -> Trajectories:
    """Small recordings of people who wander, with gaps."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    ids, frames, places = [], [], []
    for person in range(draw(st.integers(1, 5))):
        frame = np.arange(random.integers(0, 5), random.integers(6, 40))
        place = random.uniform(-2, 2, 2) + np.cumsum(random.normal(0, 0.3, (len(frame), 2)), axis=0)
        keep = random.random(len(frame)) > (0.2 if gaps else -1.0)
        keep[0] = True
        ids.append(np.full(keep.sum(), person))
        frames.append(frame[keep])
        places.append(place[keep])
    return Trajectories(
        np.concatenate(ids), np.concatenate(frames), np.concatenate(places), draw(st.sampled_from([5.0, 12.5, 30.0]))
    )
