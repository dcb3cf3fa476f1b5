"""Waiting times from totals: Little's law, with standard errors.

W = L / lambda: the mean wait of those who pass is the mean number who wait over the rate at which they pass, whatever the order
and the law of service (Little, Operations Research 9, 383, 1961). The intervals are Fieller's, of a quotient of two numbers
with errors: all W with (L - W lambda)^2 <= z^2 (error_L^2 + W^2 error_lambda^2).
"""

from dataclasses import dataclass
from math import hypot, nan, sqrt

_Z = 1.959963984540054
"""Of a 95 per cent interval."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait and how sure it is.

    Attributes
    ----------
    wait_s, error_s : float
        The wait and its standard error.
    shortest_s, longest_s : float
        Its 95 per cent interval.
    reason : str or None
        Why it is unknown; all numbers are NaN then.
    """

    wait_s: float = nan
    error_s: float = nan
    shortest_s: float = nan
    longest_s: float = nan
    reason: str | None = None


def mean_wait(
    people: float,
    passed: float,
    span_s: float,
    *,
    people_error: float = 0.0,
    passed_error: float = 0.0,
    people_spread: float | None = None,
) -> Wait:
    """How long those waited who passed during a span of time: W = L / lambda.

    Parameters
    ----------
    people, people_error : float
        Mean number who wait over the span, and its standard error.
    passed, passed_error : float
        How many left the queue during the span, and the standard error of that count.
    span_s : float
        Length of the span, seconds.
    people_spread : float, optional
        Standard deviation s of the number who wait during the span; that of random arrivals and services, L, if not given.

    Notes
    -----
    Over a limited span the law misses a part of the waits of those inside at its two ends. First come first served, these have
    waited about L^2 / (2 lambda) together, so the difference of the two ends makes an error of
    sqrt(2 L^2 s^2 + 8 s^4) / (lambda passed), which is counted.
    """
    if not span_s > 0 or not passed > 0:
        return Wait(reason="nobody is known to have left the queue")
    length = max(people, 0.0)
    spread = length if people_spread is None else people_spread
    ends = spread * sqrt(2 * length**2 + 8 * spread**2) / passed
    return _quotient(people, hypot(people_error, ends), passed / span_s, passed_error / span_s)


def wait_to_come(people: float, served: float, busy_s: float, *, people_error: float = 0.0, served_error: float = 0.0) -> Wait:
    """How long somebody who joins now will wait until all those ahead have left the queue: L / mu.

    Parameters
    ----------
    people, people_error : float
        How many wait now, and the standard error of that.
    served, served_error : float
        How many left the queue while somebody waited, and the standard error of that count.
    busy_s : float
        How long somebody waited, seconds: mu = served / busy_s.

    Notes
    -----
    The interval is one for this person's own wait. Chance is counted as that of random (Poisson) services: `served` was one
    draw, and those to come are another. Where service is more even than that the interval is too wide, never too narrow.
    """
    if not busy_s > 0 or not served > 0:
        return Wait(reason="nobody is known to have been served")
    draw = sqrt(people_error**2 + max(people, 0.0))
    return _quotient(people, draw, served / busy_s, sqrt(served_error**2 + served) / busy_s)


def _quotient(people: float, people_error: float, rate_per_s: float, rate_error: float) -> Wait:
    a = rate_per_s**2 - (_Z * rate_error) ** 2
    if a <= 0:
        return Wait(reason="the rate at which people leave the queue cannot be told from zero")
    root = sqrt(max((people * rate_per_s) ** 2 - a * (people**2 - (_Z * people_error) ** 2), 0.0))
    wait = max(people / rate_per_s, 0.0)
    error = hypot(people_error, wait * rate_error) / rate_per_s
    low, high = (people * rate_per_s - root) / a, (people * rate_per_s + root) / a
    return Wait(wait, error, max(low, 0.0), max(high, 0.0))
