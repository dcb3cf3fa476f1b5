"""Alarm levels from the literature of crowd safety, by the name under which a site file asks for them."""

from dataclasses import dataclass
from typing import Literal

from throng.data.level_of_service import CROWD_THRESHOLDS

Preset = Literal["standing-crowd", "moving-crowd", "queue"]


@dataclass(frozen=True, slots=True)
class AlarmLevels:
    """What to watch, where an alarm must ring, where it is over, and how grave it is.

    Attributes
    ----------
    quantity : str
    above, clear : float
        In the quantity's unit.
    severity : str
    source : str
        Where the levels come from.
    """

    quantity: str
    above: float
    clear: float
    severity: Literal["notice", "warning", "danger"]
    source: str


_LIMITS = {each.name: each for each in CROWD_THRESHOLDS}
_STANDING, _MOVING = _LIMITS["standing-limit"], _LIMITS["moving-limit"]

PRESETS: dict[Preset, AlarmLevels] = {
    "standing-crowd": AlarmLevels("density", _STANDING.value, 3.0, "danger", f"{_STANDING.source}: {_STANDING.meaning}"),
    "moving-crowd": AlarmLevels("density", _MOVING.value, 2.0, "danger", f"{_MOVING.source}: {_MOVING.meaning}"),
    "queue": AlarmLevels(
        "wait",
        600.0,
        300.0,
        "warning",
        "IATA, Airport Development Reference Manual: optimum waits at counters, 5 to 10 minutes",
    ),
}
"""A standing crowd clears at 3 people/m2, between Fruin's levels D and E of queues (3.6) and C and D (1.5); a moving one at 2,
about where Fruin's walkways break down (2.15) and their flow is largest."""
