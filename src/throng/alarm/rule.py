"""When an alarm rings, and when its numbers can be trusted to say so.

A released number carries noise, and a rule must not take the noise for a crowd, nor lose a crowd in it. So it has two levels
and three verdicts. `threshold` is where it must ring, `clear` where it must not. Of a number x with standard error s

- the threshold is *ruled out* if x < threshold - 3.2 s,
- the clear level is *ruled out* if x > clear + 4.8 s,

and it rings where the clear level is ruled out and the threshold is not. Where neither is, it cannot tell, and says so. Noise
rings the alarm of a crowd that stays at `clear` all day on fewer than one day in a thousand, and of crowds that stay at
`threshold` it hides fewer than one in a thousand, in zones of every size; docs/alarms.md has the numbers. Where
threshold - clear is at least 8 s, one of the two is always ruled out, so that the rule can always tell.
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from throng.data.errors import AlarmError
from throng.data.release import QUANTITIES, UNITS

Severity = Literal["notice", "warning", "danger"]
Direction = Literal["above", "below"]
Verdict = Literal["ring", "quiet", "cannot tell"]

INVENTED = 4.8
"""Standard errors by which a number must pass the clear level before it can ring."""
HIDDEN = 3.2
"""Standard errors by which a number must fall short of the threshold before it counts as below."""
SHORTEST_S, LONGEST_S = 60.0, 3600.0
"""Shorter averages than a minute pass `INVENTED` by chance too often where ticks are short."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One alarm.

    Attributes
    ----------
    name : str
    camera, place, quantity : str
        What it watches: a quantity of `throng.data.release.QUANTITIES` at one line or zone.
    threshold, clear : float
        Where it rings and where it is over, in the quantity's unit.
    direction : str
        "above" rings at and above the threshold, and clears at and below `clear`; "below" the other way round.
    for_s : float
        The number is judged by its average over so long, seconds, both to ring and to clear: 60 to 3600.
    severity : str
        "notice", "warning" or "danger".
    within_s : float
        Where not 0, it also rings once the number will reach the threshold within so many seconds at its present rate.

    Raises
    ------
    AlarmError
        A value makes no sense.
    """

    name: str
    camera: str
    place: str
    quantity: str
    threshold: float
    clear: float
    direction: Direction = "above"
    for_s: float = 120.0
    severity: Severity = "warning"
    within_s: float = 0.0

    def __post_init__(self) -> None:
        for key, allowed in (
            ("quantity", QUANTITIES),
            ("direction", get_args(Direction)),
            ("severity", get_args(Severity)),
        ):
            if getattr(self, key) not in allowed:
                raise self._wrong(f'{key} must be one of {", ".join(allowed)}, not "{getattr(self, key)}"')
        if not (math.isfinite(self.threshold) and math.isfinite(self.clear)):
            raise self._wrong(f"threshold and clear must be finite, not {self.threshold} and {self.clear}")
        if self.gap <= 0:
            other = "below" if self.direction == "above" else "above"
            raise self._wrong(
                f"clear must lie {other} the threshold of {self.threshold:g}, not at {self.clear:g}: set it to a level at "
                "which nobody need be called"
            )
        for key, seconds in (("for_s", self.for_s), ("within_s", self.within_s or SHORTEST_S)):
            if not SHORTEST_S <= seconds <= LONGEST_S:
                raise self._wrong(f"{key} must lie between {SHORTEST_S:g} and {LONGEST_S:g} seconds, not {seconds:g}")

    def _wrong(self, sentence: str) -> AlarmError:
        return AlarmError(f'alarm "{self.name}": {sentence}')

    @property
    def sign(self) -> float:
        """1 where more is worse, -1 where less is."""
        return 1.0 if self.direction == "above" else -1.0

    @property
    def gap(self) -> float:
        """From `clear` to the threshold, positive."""
        return self.sign * (self.threshold - self.clear)

    @property
    def unit(self) -> str:
        """The quantity's unit."""
        return UNITS[self.quantity]

    def excluded(self, value: float, standard_error: float) -> bool:
        """Whether the threshold is ruled out."""
        return self.sign * (value - self.threshold) < -HIDDEN * standard_error

    def exceeded(self, value: float, standard_error: float) -> bool:
        """Whether the clear level is ruled out."""
        return self.sign * (value - self.clear) > INVENTED * standard_error

    def verdict(self, value: float, standard_error: float) -> Verdict:
        """What a number says."""
        if self.excluded(value, standard_error):
            return "quiet"
        return "ring" if self.exceeded(value, standard_error) else "cannot tell"

    def too_noisy(self, standard_error: float) -> float:
        """How many times too large this standard error is for the rule to tell at any number: at most 1 where it is not.

        A density's error falls with the zone's area and with the root of the budget: what the rule needs is a zone as many
        times as large, or a budget as many times squared.
        """
        return (INVENTED + HIDDEN) * standard_error / self.gap
