"""What the store says of its own privacy, and what that means."""

import re
from dataclasses import dataclass

import duckdb
import numpy as np

from throng.audit.attacks.commuter import recognition_rate

_COST = re.compile(r"\b(rho|epsilon)=([0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?)")
_MECHANISMS = "SELECT DISTINCT camera, epoch, mechanism FROM released WHERE mechanism != 'none' ORDER BY ALL"


@dataclass(frozen=True, slots=True)
class Promise:
    """What one passage costs, together or one of the two nought.

    Attributes
    ----------
    rho : float
        Zero-concentrated differential privacy.
    epsilon : float
        Differential privacy with a delta of zero.
    """

    rho: float = 0.0
    epsilon: float = 0.0

    def __add__(self, other: "Promise") -> "Promise":
        return Promise(self.rho + other.rho, self.epsilon + other.epsilon)

    def recognised(self, passages: int) -> float:
        """How often, at most, an attacker who is wrong once in a hundred recognises so many passages that he knows."""
        return recognition_rate(self.rho, passages, epsilon=self.epsilon)

    def least_standard_error(self) -> float:
        """No unbiased count that keeps this promise has a lower standard error, people.

        Leaving out a person who counts for one moves the mean by one, so the variance is at least 1 / chi^2 (Chapman and
        Robbins 1951), and chi^2 is at most exp(2 rho) - 1, or exp(epsilon) + exp(-epsilon) - 2.
        """
        of_rho = np.expm1(min(2 * self.rho + self.epsilon**2, 700.0))
        of_epsilon = 2 * np.cosh(min(self.epsilon, 700.0)) - 2
        return float(1 / np.sqrt(of_epsilon if self.rho == 0.0 else of_rho))


def promised(mechanism: str) -> Promise | None:
    """What a mechanism's description states, all its parts together; None where it states nothing."""
    costs = [(kind, float(number)) for kind, number in _COST.findall(mechanism)]
    if not sum(cost for _, cost in costs):
        return None
    return Promise(*(sum(cost for kind, cost in costs if kind == wanted) for wanted in ("rho", "epsilon")))


def described(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[str]]:
    """The descriptions of mechanisms by camera and epoch."""
    found: dict[tuple[str, str], list[str]] = {}
    for camera, epoch, mechanism in connection.execute(_MECHANISMS).fetchall():
        found.setdefault((camera, epoch), []).append(mechanism)
    return found


def dearest_days(described: dict[tuple[str, str], list[str]]) -> dict[str, Promise]:
    """By camera, what one passage costs on the day on which it costs most, all epochs of the day together."""
    days: dict[tuple[str, str], Promise] = {}
    for (camera, epoch), mechanisms in described.items():
        key = camera, epoch.partition("/")[0]
        for promise in filter(None, map(promised, mechanisms)):
            days[key] = days.get(key, Promise()) + promise
    dearest: dict[str, Promise] = {}
    for (camera, _), promise in days.items():
        if camera not in dearest or promise.recognised(1) > dearest[camera].recognised(1):
            dearest[camera] = promise
    return dearest
