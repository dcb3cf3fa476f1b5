"""What is noised together: the streams of a camera, and how far one passage can move each.

The proofs: docs/privacy/0001-continual-counting.md, step 1, and 0007-state-measures.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from throng.data.place import HEAT_COLUMNS, HEAT_ROWS, Counter
from throng.privacy.budget import Budget

UNIT = 256
"""What is admitted is counted in units of 1/256 person."""
FASTEST_MPS = 3.0
"""A visit's mean speed is cut to this; few people run through a crowd, and nobody for long."""
SPEED_UNITS = 128
"""What a visit at that speed adds to its zone's speeds: w = 1/2 person. It costs the counts 4 per cent more noise at m = 3, and
the speeds twice the noise of a count."""
MOST_RISE_MPS = 3.0
"""By so much all in all may the speed of one visit rise in what is said of the speed now, from nothing at its entry: enough to
walk in, stop, and walk out again. It is one person's weight."""
STAYS_S = (15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
"""Where one class of stays ends and the next begins, seconds."""

COUNTS, DWELL, SPEED_NOW, HEAT = "counts", "dwell", "speed_now", "heat"


@dataclass(frozen=True, slots=True)
class Stream:
    """Numbers that share a mechanism.

    Attributes
    ----------
    name : str
        `COUNTS`, `DWELL`, `SPEED_NOW` or `HEAT`.
    first, columns : int
        Which columns of all that is admitted it has.
    length, size : float
        How far one passage can move it, people, rounded up: in the Euclidean length that a column of C is measured with, and
        as the sum of the sizes of its amounts.
    share : Fraction
        Its part of the budget.
    by_hour : bool
        Whether it is released by the hour, and not by the tick.
    """

    name: str
    first: int
    columns: int
    length: float
    size: float
    share: Fraction
    by_hour: bool = False

    @property
    def slice(self) -> slice:
        """Its columns."""
        return slice(self.first, self.first + self.columns)


def streams_of(counters: Sequence[Counter], budget: Budget) -> tuple[Stream, ...]:
    """The streams of a camera with these counters, as `throng.data.place.counters_of` gives them."""
    number = {quantity: sum(each.quantity == quantity for each in counters) for quantity in ("speed", "stay", "level", "cell")}
    zones = sum(each.quantity == "entries" for each in counters)
    people = len(counters) - sum(number.values())
    passes, pieces = min(budget.passage_counters, people), budget.pieces
    visits = min(budget.passage_counters // 2, zones)
    weight, shares = SPEED_UNITS / UNIT, budget.shares
    timed = visits if number["speed"] else 0
    wanted: list[tuple[str, int, float, float, float, bool]] = [
        (COUNTS, people + number["speed"], math.sqrt(passes + timed * weight**2), passes + timed * weight, 0.0, False),
        (DWELL, number["stay"] * (len(STAYS_S) + 1), math.sqrt(visits), visits, shares.dwell, False),
        (SPEED_NOW, number["level"], math.sqrt(2 * visits), 2 * visits, shares.speed_now, False),
        (HEAT, number["cell"] and HEAT_COLUMNS * HEAT_ROWS, 1.0, 1.0, shares.heat, True),
    ]
    streams: list[Stream] = []
    first = 0
    left = Fraction(1) - sum((Fraction(share) for _, columns, _, _, share, _ in wanted if columns), Fraction(0))
    for name, columns, length, size, share, by_hour in wanted:
        if columns:
            part = left if name == COUNTS else Fraction(share)
            streams.append(Stream(name, first, columns, _up(pieces, length), _up(pieces, size), part, by_hour))
            first += columns
    return tuple(streams)


def _up(pieces: int, length: float) -> float:
    """The product, rounded up; the length may have been rounded down."""
    return math.nextafter(pieces * math.nextafter(length, math.inf), math.inf)
