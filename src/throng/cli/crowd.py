"""Counting crowds too dense to tell one from the next: a model that gives people by area, and nobody apart."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from throng.data.errors import GeometryError
from throng.data.frame import Frame
from throng.data.place import check_inside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from throng.data.outage import Outage
    from throng.detect.detector import CrowdCounter
    from throng.pipeline import Plan


@dataclass(slots=True)
class CrowdTotals:
    """People in zones over a film: what a crowd counter can know. Nobody is followed, so nobody enters, leaves or crosses.

    Attributes
    ----------
    people_seconds, peak : dict of zone name to float
        People times seconds, and the most at one moment.
    seconds : float
    """

    people_seconds: dict[str, float] = field(default_factory=dict)
    peak: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    frames: int = 0

    def add(self, people: dict[str, float], time_s: float) -> None:
        """Take in the people of one moment."""
        step_s = max(0.0, time_s - self.seconds)
        self.seconds = max(self.seconds, time_s)
        self.frames += 1
        for zone, count in people.items():
            self.people_seconds[zone] = self.people_seconds.get(zone, 0.0) + count * step_s
            self.peak[zone] = max(self.peak.get(zone, 0.0), count)

    def zones(self) -> list[dict[str, Any]]:
        """The zones of `throng count --json`; entries and exits are not known."""
        return [
            {
                "name": name,
                "entries": None,
                "exits": None,
                "mean_occupancy": round(self.people_seconds[name] / self.seconds if self.seconds else peak, 3),
                "peak_occupancy": round(peak, 1),
            }
            for name, peak in self.peak.items()
        ]


def count_crowd(
    items: "Iterable[Frame | Outage]", plan: "Plan", counter: "CrowdCounter", *, on_frame: "Callable[[int], None]"
) -> CrowdTotals:
    """Count the people in each zone of a film; `on_frame` is told how many pictures were looked at.

    Raises
    ------
    GeometryError
        A line is asked for, or a zone lies outside the picture.
    """
    if plan.lines:
        raise GeometryError(f"{counter.name} tells how many people are where and follows nobody: give --zone and no --line")
    totals = CrowdTotals()
    for item in items:
        if isinstance(item, Frame):
            check_inside((), plan.zones, *item.size_px)
            crowd = counter.count(item)
            totals.add({zone.name: crowd.inside(zone) for zone in plan.zones}, item.time_s)
            on_frame(totals.frames)
    return totals
