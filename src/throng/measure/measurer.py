"""All that is counted at one camera."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from throng.data.measurement import Measurement
from throng.data.place import Line, Zone
from throng.data.tracks import Tracks
from throng.measure.crossing import LineCrossings
from throng.measure.zone import ZoneVisits

Event = tuple[int, int]


class Measurer:
    """Tracks in, measurements out, for the lines and zones of one camera.

    Parameters
    ----------
    lines, zones : sequences of Line, Zone
        Counters are numbered as `throng.data.place.counters_of(lines, zones)` does.
    """

    def __init__(self, lines: Sequence[Line], zones: Sequence[Zone]) -> None:
        self._lines = [LineCrossings(line) for line in lines]
        self._zones = [ZoneVisits(zone) for zone in zones]

    def update(self, tracks: Tracks) -> Measurement:
        """The events of the moment these tracks are of."""
        # Where somebody hidden was going is a guess; lines and zones wait until they are found again.
        seen = tracks.seen
        ids, points, boxes = tracks.ids[seen], tracks.xy_image_px[seen], tracks.boxes_px[seen]
        heights, begins, now_s = boxes[:, 3] - boxes[:, 1], tracks.begin_image_px[seen], tracks.time_s
        found = [line.update(ids, points, heights, begins, now_s) for line in self._lines]
        found += [zone.update(ids, points, heights, now_s) for zone in self._zones]
        events = [(key, 2 * number + kind) for number, visits in enumerate(found) for key, kind in visits]
        return self._measured(events, tracks.ended_ids, tracks.time_s)

    def end(self, ids: NDArray[np.uint64], time_s: float) -> Measurement:
        """The events of tracks that end with the stream."""
        return self._measured([], ids, time_s)

    def _measured(self, events: list[Event], ended_ids: NDArray[np.uint64], time_s: float) -> Measurement:
        places: list[LineCrossings | ZoneVisits] = [*self._lines, *self._zones]
        for number, place in enumerate(places):
            events += [(key, 2 * number + kind) for key, kind in place.end(ended_ids)]
        keys = np.array([key for key, _ in events], dtype=np.uint64)
        counters = np.array([counter for _, counter in events], dtype=np.intp)
        occupancy = np.array([zone.occupancy for zone in self._zones], dtype=np.int64)
        return Measurement(keys, counters, ended_ids, occupancy, time_s)
