"""Queues with known rates, first come first served, simulated exactly."""

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Served:
    """When each person came, was called to a server and left, (n,) seconds, in order of coming."""

    came_s: Floats
    called_s: Floats
    left_s: Floats

    def waiting(self) -> "Served":
        """Those who had to wait, who leave this queue when they are called."""
        waited = self.called_s > self.came_s
        return Served(self.came_s[waited], self.called_s[waited], self.called_s[waited])

    def dwells(self, begin_s: float, end_s: float) -> Floats:
        """How long those were inside who left between two times."""
        gone = (self.left_s > begin_s) & (self.left_s <= end_s)
        return (self.left_s - self.came_s)[gone]

    def mean_people(self, begin_s: float, end_s: float) -> float:
        """The mean number inside between two times, exactly."""
        stays = np.minimum(self.left_s, end_s) - np.maximum(self.came_s, begin_s)
        return float(np.maximum(stays, 0.0).sum() / (end_s - begin_s))

    def busy_s(self, begin_s: float, end_s: float) -> float:
        """For how long between two times somebody was inside."""
        busy, free_from = 0.0, begin_s
        for came, left in zip(self.came_s, self.left_s, strict=True):
            busy += max(min(left, end_s) - max(came, free_from), 0.0)
            free_from = max(free_from, left)
        return busy


def serve(
    rng: np.random.Generator, *, arrivals_per_s: float, service_s: float, servers: int, even: bool, span_s: float
) -> Served:
    """People who come at random to servers whose services are exponential or all alike."""
    came = np.cumsum(rng.exponential(1 / arrivals_per_s, round(arrivals_per_s * span_s)))
    services = np.full(len(came), service_s) if even else rng.exponential(service_s, len(came))
    free = [0.0] * servers
    called = np.empty(len(came))
    for k, (when, service) in enumerate(zip(came, services, strict=True)):
        called[k] = max(heapq.heappop(free), when)
        heapq.heappush(free, called[k] + service)
    return Served(came, called, called + services)
