"""How far tracks count line crossings wrongly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.place import Anchor, Line
from throng.evaluate.mot_text import MotTable
from throng.evaluate.people import people_only
from throng.measure.crossing import LineCrossings

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CountError:
    """Crossings of one line in one direction.

    Attributes
    ----------
    truth, counted : int
        By the boxes of the truth, and by those of the tracks.
    """

    truth: int
    counted: int

    @property
    def over(self) -> int:
        """Crossings counted too many."""
        return max(0, self.counted - self.truth)

    @property
    def under(self) -> int:
        """Crossings missed."""
        return max(0, self.truth - self.counted)


@dataclass(frozen=True, slots=True)
class LineError:
    """Crossings of one line, directions as `throng.data.place.Line` says."""

    name: str
    went_in: CountError
    went_out: CountError


def crossing_errors(
    truth: MotTable, tracks: MotTable, lines: Sequence[Line], *, rate_hz: float, anchor: Anchor = "foot"
) -> list[LineError]:
    """Count the crossings of lines in truth and in tracks, both as Throng counts them, and compare.

    Parameters
    ----------
    truth, tracks : MotTable
        As read; which of their boxes count, `throng.evaluate.people.people_only` says.
    lines : sequence of Line
        What is crossed.
    rate_hz : float
        Frames per second.
    anchor : {"foot", "centre"}
        The point of a box that crosses.

    Raises
    ------
    EvaluationError
        The tracks hold other things than people.
    """
    true_people, tracked_people = people_only(truth, tracks)
    errors = []
    for line in lines:
        true = _crossings(true_people, line, rate_hz, anchor)
        counted = _crossings(tracked_people, line, rate_hz, anchor)
        errors.append(LineError(line.name, *(CountError(*both) for both in zip(true, counted, strict=True))))
    return errors


def _crossings(table: MotTable, line: Line, rate_hz: float, anchor: Anchor) -> tuple[int, int]:
    """Crossings in and out."""
    counter = LineCrossings([line])
    # The counter wants ids as tracks have them; whose they are makes no difference.
    ids = np.unique(table.ids, return_inverse=True)[1].astype(np.uint64)
    heights_px = table.boxes_px[:, 3] - table.boxes_px[:, 1]
    points_px = _points(table.boxes_px, anchor)
    events = []
    for frame, rows in table.rows_of_frames().items():
        events += counter.update(ids[rows], points_px[rows], heights_px[rows], points_px[rows], frame / rate_hz)
    events += counter.end(np.unique(ids))
    went_out = sum(direction for _, direction in events)
    return len(events) - went_out, went_out


def _points(boxes_px: Floats, anchor: Anchor) -> Floats:
    middle = (boxes_px[:, :2] + boxes_px[:, 2:]) / 2
    return middle if anchor == "centre" else np.column_stack([middle[:, 0], boxes_px[:, 3]])
