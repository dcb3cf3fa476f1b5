"""All that is counted at one camera."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from throng.data.measurement import Measurement
from throng.data.place import Line, Zone
from throng.data.tracks import Tracks
from throng.measure.crossing import LineCrossings
from throng.measure.zone import Visit, ZoneVisits

Event = tuple[int, int, float]
"""Track, counter, amount."""


class Measurer:
    """Tracks in, measurements out, for the lines and zones of one camera.

    Parameters
    ----------
    lines, zones : sequences of Line, Zone
        Counters are numbered as `throng.data.place.counters_of` does; tracks on the ground give speeds too.
    """

    def __init__(self, lines: Sequence[Line], zones: Sequence[Zone]) -> None:
        self._lines, self._zones = LineCrossings(lines), ZoneVisits(zones)
        self._first_zone, self._first_speed = 2 * len(lines), 2 * (len(lines) + len(zones))

    def update(self, tracks: Tracks) -> Measurement:
        """The events of the moment these tracks are of."""
        # Where somebody hidden was going is a guess; lines and zones wait until they are found again.
        seen = tracks.seen
        ids, points, boxes = tracks.ids[seen], tracks.xy_image_px[seen], tracks.boxes_px[seen]
        places_m = None if tracks.xy_ground_m is None else tracks.xy_ground_m[seen]
        heights, begins, now_s = boxes[:, 3] - boxes[:, 1], tracks.begin_image_px[seen], tracks.time_s
        crossed = self._lines.update(ids, points, heights, begins, now_s)
        visits = self._zones.update(ids, points, heights, places_m, now_s)
        return self._measured(self._events(crossed, visits), tracks.ended_ids, tracks.time_s)

    def end(self, ids: NDArray[np.uint64], time_s: float) -> Measurement:
        """The events of tracks that end with the stream."""
        return self._measured([], ids, time_s)

    def _measured(self, events: list[Event], ended_ids: NDArray[np.uint64], time_s: float) -> Measurement:
        events += self._events(self._lines.end(ended_ids), self._zones.end(ended_ids))
        keys = np.array([key for key, _, _ in events], dtype=np.uint64)
        counters = np.array([counter for _, counter, _ in events], dtype=np.intp)
        amounts = np.array([amount for _, _, amount in events], dtype=np.float64)
        return Measurement(keys, counters, amounts, ended_ids, self._zones.occupancy.copy(), time_s)

    def _events(self, crossed: Sequence[tuple[int, int]], visits: Sequence[Visit]) -> list[Event]:
        events = [(key, counter, 1.0) for key, counter in crossed]
        for visit in visits:
            events.append((visit.key, self._first_zone + 2 * visit.zone + visit.kind, 1.0))
            if not math.isnan(visit.speed_mps):
                events.append((visit.key, self._first_speed + visit.zone, visit.speed_mps))
        return events
