"""All that is counted at one camera."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from throng.data.measurement import Measurement
from throng.data.place import Extras, Line, Zone, counters_of
from throng.data.tracks import Tracks
from throng.measure.crossing import LineCrossings
from throng.measure.heat import CellShares
from throng.measure.level import WalkingLevels
from throng.measure.zone import Visit, ZoneVisits

Event = tuple[int, int, float]
"""Track, counter, amount."""


class Measurer:
    """Tracks in, measurements out, for the lines and zones of one camera.

    Parameters
    ----------
    lines, zones : sequences of Line, Zone
    extras : Extras, optional
        What is measured beside counts and the speeds of visits.
    in_metres : bool
        Whether zones have speeds and levels, which only tracks on the ground give. Counters are numbered as
        `throng.data.place.counters_of` does with the same lines, zones, extras and `in_metres`.
    size_px : tuple of int, optional
        Width and height of the picture; a heat map needs it.

    Raises
    ------
    ValueError
        A heat map is asked for, and the size is not given.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        zones: Sequence[Zone],
        *,
        extras: Extras | None = None,
        in_metres: bool = True,
        size_px: tuple[int, int] | None = None,
    ) -> None:
        extras = extras or Extras()
        counters = counters_of(tuple(lines), tuple(zones), in_metres=in_metres, extras=extras)
        quantities = [counter.quantity for counter in counters]
        self._first: dict[str, int] = {quantity: quantities.index(quantity) for quantity in quantities}
        self._in_metres = in_metres
        self._lines, self._zones = LineCrossings(lines), ZoneVisits(zones)
        self._levels = WalkingLevels(len(zones)) if "level" in self._first else None
        if extras.heat and size_px is None:
            raise ValueError("a heat map needs the size of the picture: give size_px")
        self._cells = CellShares(size_px) if extras.heat and size_px is not None else None

    def update(self, tracks: Tracks) -> Measurement:
        """The events of the moment these tracks are of."""
        looks = self._levels is not None and self._levels.due(tracks.time_s)
        if not (len(tracks) or len(tracks.ended_ids) or looks):
            return Measurement.nothing(self._zones.occupancy.copy(), tracks.time_s)
        # Where somebody hidden was going is a guess; all that is measured waits until they are found again.
        seen = tracks.seen
        ids, points, boxes = tracks.ids[seen], tracks.xy_image_px[seen], tracks.boxes_px[seen]
        places_m = tracks.xy_ground_m[seen] if self._in_metres and tracks.xy_ground_m is not None else None
        heights, begins, now_s = boxes[:, 3] - boxes[:, 1], tracks.begin_image_px[seen], tracks.time_s
        crossed = self._lines.update(ids, points, heights, begins, now_s)
        visits = self._zones.update(ids, points, heights, places_m, now_s)
        events = self._events(crossed, visits)
        if self._levels is not None and places_m is not None and looks:
            changes = self._levels.update(ids, places_m, self._zones.entered_s(ids), now_s)
            events += [(key, self._first["level"] + zone, level_mps) for key, zone, level_mps in changes]
        if self._cells is not None:
            self._cells.update(ids, points, now_s)
        return self._measured(events, tracks.ended_ids, now_s)

    def end(self, ids: NDArray[np.uint64], time_s: float) -> Measurement:
        """The events of tracks that end with the stream."""
        return self._measured([], ids, time_s)

    def _measured(self, events: list[Event], ended_ids: NDArray[np.uint64], time_s: float) -> Measurement:
        events += self._events(self._lines.end(ended_ids), self._zones.end(ended_ids))
        if self._levels is not None:
            self._levels.end(ended_ids)
        if self._cells is not None:
            events += [(key, self._first["cell"] + cell, share) for key, cell, share in self._cells.end(ended_ids)]
        keys = np.array([key for key, _, _ in events], dtype=np.uint64)
        counters = np.array([counter for _, counter, _ in events], dtype=np.intp)
        amounts = np.array([amount for _, _, amount in events], dtype=np.float64)
        return Measurement(keys, counters, amounts, ended_ids, self._zones.occupancy.copy(), time_s)

    def _events(self, crossed: Sequence[tuple[int, int]], visits: Sequence[Visit]) -> list[Event]:
        events = [(key, counter, 1.0) for key, counter in crossed]
        for visit in visits:
            events.append((visit.key, self._first["entries"] + 2 * visit.zone + visit.kind, 1.0))
            for quantity, amount in (("speed", visit.speed_mps), ("stay", visit.stay_s)):
                if quantity in self._first and not math.isnan(amount):
                    events.append((visit.key, self._first[quantity] + visit.zone, amount))
        return events
