"""A recording on the ground as a camera straight above would follow it, and the events that a measurer makes of it."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from throng.data.measurement import Measurement
from throng.data.tracks import Tracks
from throng.data.trajectories import Trajectories
from throng.measure.measurer import Measurer

PX_PER_M = 50.0
BODY_PX = np.array([20.0, 100.0])

Told = tuple[float, int, int, float]
"""Time in seconds, track, counter, amount."""


def tracks_of(crowd: Trajectories) -> Iterator[Tracks]:
    """Frame by frame; a track ends in the frame after its last."""
    ids = crowd.ids.astype(np.uint64)
    last = {key: int(crowd.frames[ids == key].max()) for key in np.unique(ids).tolist()}
    for frame in range(crowd.first_frame, crowd.last_frame + 1):
        rows = crowd.frames == frame
        ended = np.array([key for key, at in last.items() if at == frame - 1], dtype=np.uint64)
        yield tracks_at(ids[rows], crowd.xy_m[rows], frame / crowd.rate_hz, ended=ended)


def tracks_at(
    ids: NDArray[np.uint64], xy_m: NDArray[np.float64], time_s: float, *, ended: NDArray[np.uint64] | None = None
) -> Tracks:
    """People who are all seen, feet at `PX_PER_M` pixels a metre."""
    feet, none = PX_PER_M * xy_m, np.empty(0, dtype=np.uint64)
    boxes = np.hstack([feet - BODY_PX, feet + BODY_PX * [1, 0]])
    return Tracks(ids, boxes, feet, xy_m, none if ended is None else ended, time_s, np.ones(len(ids), dtype=bool), feet)


def events_of(measurer: Measurer, film: Iterable[Tracks]) -> list[Told]:
    """All events, in their order, to the end of those who are still there."""
    told: list[Told] = []
    alive: set[int] = set()
    for tracks in film:
        alive = (alive | set(tracks.ids.tolist())) - set(tracks.ended_ids.tolist())
        told += events_in(measurer.update(tracks))
    return told + events_in(measurer.end(np.array(sorted(alive), dtype=np.uint64), tracks.time_s))


def events_in(found: Measurement) -> list[Told]:
    """The events of one measurement."""
    each = zip(found.passage_ids.tolist(), found.counters.tolist(), found.amounts.tolist(), strict=True)
    return [(found.time_s, key, counter, amount) for key, counter, amount in each]
