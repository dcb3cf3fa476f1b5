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
        self._lines = [LineCrossings(line) for line in lines]
        self._zones = [ZoneVisits(zone) for zone in zones]

    def update(self, tracks: Tracks) -> Measurement:
        """The events of the moment these tracks are of."""
        # Where somebody hidden was going is a guess; lines and zones wait until they are found again.
        seen = tracks.seen
        ids, points, boxes = tracks.ids[seen], tracks.xy_image_px[seen], tracks.boxes_px[seen]
        places_m = None if tracks.xy_ground_m is None else tracks.xy_ground_m[seen]
        heights, begins, now_s = boxes[:, 3] - boxes[:, 1], tracks.begin_image_px[seen], tracks.time_s
        crossed = [line.update(ids, points, heights, begins, now_s) for line in self._lines]
        visits = [zone.update(ids, points, heights, places_m, now_s) for zone in self._zones]
        return self._measured(self._events(crossed, visits), tracks.ended_ids, tracks.time_s)

    def end(self, ids: NDArray[np.uint64], time_s: float) -> Measurement:
        """The events of tracks that end with the stream."""
        return self._measured([], ids, time_s)

    def _measured(self, events: list[Event], ended_ids: NDArray[np.uint64], time_s: float) -> Measurement:
        crossed, visits = [line.end(ended_ids) for line in self._lines], [zone.end(ended_ids) for zone in self._zones]
        events += self._events(crossed, visits)
        keys = np.array([key for key, _, _ in events], dtype=np.uint64)
        counters = np.array([counter for _, counter, _ in events], dtype=np.intp)
        amounts = np.array([amount for _, _, amount in events], dtype=np.float64)
        occupancy = np.array([zone.occupancy for zone in self._zones], dtype=np.int64)
        return Measurement(keys, counters, amounts, ended_ids, occupancy, time_s)

    def _events(self, crossed: Sequence[Sequence[tuple[int, int]]], visits: Sequence[Sequence[Visit]]) -> list[Event]:
        lines, zones = len(self._lines), len(self._zones)
        events = [(key, 2 * line + way, 1.0) for line, crossings in enumerate(crossed) for key, way in crossings]
        for zone, of_zone in enumerate(visits):
            for visit in of_zone:
                events.append((visit.key, 2 * (lines + zone) + visit.kind, 1.0))
                if not math.isnan(visit.speed_mps):
                    events.append((visit.key, 2 * (lines + zones) + zone, visit.speed_mps))
        return events
