"""Estimates with their errors: running totals at a moment, what they grew by, and ratios."""

import math
from dataclasses import dataclass

from throng.store.store import StoredRow

_Z = 2.12
"""Standard errors to either side. Of Laplace noise, root(1/2) ln(20) = 2.118 of them leave out 5 in 100; of Gaussian, fewer."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A protected number and its standard error, people."""

    value: float
    error: float

    def __add__(self, other: "Estimate") -> "Estimate":
        """The sum of two with noise of their own."""
        return Estimate(self.value + other.value, math.hypot(self.error, other.error))


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many of the people who passed a place were released: 1 is all of them; between the bounds 95 times in 100."""

    value: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Total:
    """A running total at a moment, and the epoch in which it runs."""

    epoch: str
    people: Estimate


def ratio_of(released: Estimate, counted: Estimate) -> Ratio | None:
    """Released over counted, with Fieller's interval; None where the count is too small beside its noise to divide by.

    The interval holds every r for which released - r counted is within `_Z` of its own standard errors of nothing (Fieller
    1954, "Some problems in interval estimation"). It is exact for Gaussian noise, and by `_Z` holds at least 95 times in 100
    where some of it is Laplace.
    """
    least = counted.value**2 - (_Z * counted.error) ** 2
    if counted.value <= 0 or least <= 0:
        return None
    middle = released.value * counted.value
    root = math.sqrt(max(0.0, middle**2 - least * (released.value**2 - (_Z * released.error) ** 2)))
    lowest, highest = (middle - root) / least, (middle + root) / least
    return Ratio(max(0.0, released.value / counted.value), max(0.0, lowest), max(0.0, highest))


def total_of(row: StoredRow | None) -> Total | None:
    """A stored running total; None where it is unknown."""
    if row is None or row.value is None or row.standard_error is None:
        return None
    return Total(row.epoch, Estimate(row.value, row.standard_error))


def total_at(before: Total | None, after: Total | None, share: float) -> Total | None:
    """A total when a share of a tick has passed: so much of the tick's people, each of whom may have come in the other part."""
    if before is None or after is None or before.epoch != after.epoch:
        return None
    old, new = before.people, after.people
    people = max(0.0, new.value - old.value) + 2 * math.hypot(old.error, new.error)
    noise = (1 - share) * old.error + share * new.error  # whatever the two errors have in common
    value = old.value + share * (new.value - old.value)
    return Total(before.epoch, Estimate(value, math.hypot(noise, math.sqrt(people * share * (1 - share)))))


def grown(before: Total | None, after: Total | None) -> Estimate | None:
    """What a running total grew by; totals of one epoch share noise, so that the error is at most the root of both squares."""
    if before is None or after is None or before.epoch != after.epoch:
        return None
    return Estimate(after.people.value - before.people.value, math.hypot(before.people.error, after.people.error))
