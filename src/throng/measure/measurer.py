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
        self._places: list[LineCrossings | ZoneVisits] = [LineCrossings(line) for line in lines]
        self._zones = [ZoneVisits(zone) for zone in zones]
        self._places += self._zones

    def update(self, tracks: Tracks) -> Measurement:
        """The events of the moment these tracks are of."""
        heights = tracks.boxes_px[:, 3] - tracks.boxes_px[:, 1]
        events: list[Event] = []
        for number, place in enumerate(self._places):
            found = place.update(tracks.ids, tracks.xy_image_px, heights, tracks.time_s)
            events += [(key, 2 * number + kind) for key, kind in found]
        return self._measured(events, tracks.ended_ids, tracks.time_s)

    def end(self, ids: NDArray[np.uint64], time_s: float) -> Measurement:
        """The events of tracks that end with the stream."""
        return self._measured([], ids, time_s)

    def _measured(self, events: list[Event], ended_ids: NDArray[np.uint64], time_s: float) -> Measurement:
        for number, place in enumerate(self._places):
            events += [(key, 2 * number + kind) for key, kind in place.end(ended_ids)]
        keys = np.array([key for key, _ in events], dtype=np.uint64)
        counters = np.array([counter for _, counter in events], dtype=np.intp)
        occupancy = np.array([zone.occupancy for zone in self._zones], dtype=np.int64)
        return Measurement(keys, counters, ended_ids, occupancy, time_s)
