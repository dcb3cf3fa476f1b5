"""Who was where on the ground over a stretch of time, as researchers record it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import TrajectoryError
from throng.data.secrecy import MemoryOnly, frozen_array


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Trajectories(MemoryOnly):
    """Places on the ground of all people in all frames of a recording, ordered by frame and then by person.

    Attributes
    ----------
    ids : (n,) int64
        Who; a person at most once a frame.
    frames : (n,) int64
        Frame numbers; they need not begin at zero, and a person may be absent from some.
    xy_m : (n, 2) float64
        Where, metres.
    rate_hz : float
        Frames a second.
    first_frame, last_frame : int
        Set when made: the least and greatest of `frames`.
    starts : (last_frame - first_frame + 2,) int64
        Set when made: rows `starts[k]` to `starts[k + 1]` are those of frame `first_frame + k`.

    Raises
    ------
    TrajectoryError
        There are no rows, a person stands twice in a frame, a value is not finite, or the rate is not positive.
    """

    ids: NDArray[np.int64]
    frames: NDArray[np.int64]
    xy_m: NDArray[np.float64]
    rate_hz: float
    first_frame: int = field(init=False)
    last_frame: int = field(init=False)
    starts: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        ids = np.asarray(self.ids, dtype=np.int64)
        frames = np.asarray(self.frames, dtype=np.int64)
        if not len(ids):
            raise TrajectoryError("there are no trajectories: at least one person in one frame is needed")
        if not (np.isfinite(self.rate_hz) and self.rate_hz > 0):
            raise TrajectoryError(f"the frame rate must be a positive number of frames a second, not {self.rate_hz}")
        order = np.lexsort((ids, frames))
        ids, frames = ids[order], frames[order]
        twice = np.flatnonzero((np.diff(frames) == 0) & (np.diff(ids) == 0))
        if len(twice):
            raise TrajectoryError(
                f"person {ids[twice[0]]} stands at two places in frame {frames[twice[0]]}: a person has one row a frame"
            )
        places = np.asarray(self.xy_m, dtype=np.float64)
        if places.shape != (len(ids), 2) or not np.isfinite(places).all():
            raise TrajectoryError(f"places must be {len(ids)} pairs of finite numbers, metres")
        first, last = int(frames[0]), int(frames[-1])
        starts = np.searchsorted(frames, np.arange(first, last + 2))
        for name, value, kind, shape in (
            ("ids", ids, np.int64, (None,)),
            ("frames", frames, np.int64, (None,)),
            ("xy_m", places[order], np.float64, (None, 2)),
            ("starts", starts, np.int64, (None,)),
        ):
            object.__setattr__(self, name, frozen_array(value, kind, shape=shape, name=name))
        object.__setattr__(self, "first_frame", first)
        object.__setattr__(self, "last_frame", last)

    def __len__(self) -> int:
        return len(self.ids)
