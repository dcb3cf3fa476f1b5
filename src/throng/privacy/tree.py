"""Counting under continual observation with trees of partial sums.

The proofs: docs/privacy/0006-trees.md.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import MemoryOnly
from throng.data.secret_memory import secret_array
from throng.privacy.mechanism import Noised, check, most_per_tick, out_of_ticks
from throng.privacy.sampler import DiscreteGaussian, DiscreteLaplace, gaussian_scale, laplace_scale

_BITS = 22

Node = tuple[int, int]
"""A node of a tree: its level, 0 for leaves, and its number in that level."""


def binary_nodes(ticks: int) -> dict[Node, int]:
    """Nodes whose sum is that of the first `ticks` ticks, one for each binary digit that is one, each with the sign 1."""
    return {(level, (ticks >> level) - 1): 1 for level in range(ticks.bit_length()) if ticks >> level & 1}


def balanced_nodes(ticks: int, arity: int) -> dict[Node, int]:
    """The same for an odd arity k, where nodes may be taken away: ticks = sum_l d_l k^l with digits from -(k-1)/2 to (k-1)/2.

    |d_l| nodes of level l are added or, where the digit is negative, taken away (Andersson, Pagh, Steiner and Upadhyay 2025).
    """
    nodes: dict[Node, int] = {}
    level, rest = 0, ticks
    while rest:
        edge = rest + arity // 2
        edge -= edge % arity
        sign = 1 if rest > edge else -1
        nodes |= {(level, number): sign for number in range(min(edge, rest), max(edge, rest))}
        level, rest = level + 1, edge // arity
    return nodes


def best_shape(ticks: int) -> tuple[int, int]:
    """The odd arity k and the height h with the least bound on a total's variance: 2 h^2 for each of h (k - 1) / 2 nodes.

    h balanced digits reach (k^h - 1) / 2, which must be at least `ticks`.
    """
    shapes = []
    for height in range(1, 12):
        arity = 3
        while (arity**height - 1) // 2 < ticks:
            arity += 2
        shapes.append((height**3 * (arity - 1), arity, height))
    _, arity, height = min(shapes)
    return arity, height


class _Totals(MemoryOnly):
    """Running totals with the noise of the nodes that they are made of, in whole steps; a tick is the difference of two totals.

    A node is in use over one stretch of ticks, so that noise that is dropped is never wanted again.
    """

    __slots__ = ("_grid", "_kept", "_most", "_nodes", "_noise", "_noised", "_sigma", "_step", "_sums", "_tick", "_ticks")

    def __init__(
        self,
        nodes: Callable[[int], dict[Node, int]],
        noise: DiscreteGaussian | DiscreteLaplace,
        *,
        counters: int,
        ticks: int,
        unit: int,
        step: int,
        sigma: float,
    ) -> None:
        self._nodes, self._noise = nodes, noise
        self._sums, self._noised = secret_array(counters, np.int64), np.zeros(counters, dtype=np.int64)
        self._ticks, self._most, self._step, self._grid = ticks, most_per_tick(ticks, unit), step, float(unit * step)
        self._sigma, self._tick = sigma, 0
        self._kept: dict[Node, NDArray[np.int64]] = {}

    def add(self, counts: NDArray[np.int64]) -> Noised:
        """The next tick's protected numbers."""
        if self._tick == self._ticks:
            raise out_of_ticks(self._ticks)
        self._tick += 1
        nodes = self._nodes(self._tick)
        self._kept = {node: self._kept[node] if node in self._kept else self._drawn() for node in nodes}
        self._sums += np.clip(counts, -self._most, self._most) * self._step
        noised = self._sums.copy()
        for node, sign in nodes.items():
            noised += sign * self._kept[node]
        values, self._noised = (noised - self._noised) / self._grid, noised
        of_tick, of_total = np.sqrt(self._variances())
        return Noised(values, float(of_tick), noised / self._grid, float(of_total))

    def _drawn(self) -> NDArray[np.int64]:
        drawn = secret_array(len(self._sums), np.int64)
        drawn[:] = self._noise.draw(len(drawn))
        return drawn

    def covariance(self, ago: Sequence[int]) -> NDArray[np.float64]:
        """As `Mechanism` has it: two totals share the noise of the nodes that both are made of."""
        moments = [self._nodes(moment) for moment in (self._tick - each for each in ago)]
        whole: NDArray[np.float64] = np.array([[shared_nodes(a, b) for b in moments] for a in moments]) * self._sigma**2
        return whole

    def _variances(self) -> tuple[float, float]:
        before, now = self._nodes(self._tick - 1), self._nodes(self._tick)
        return self._sigma**2 * (len(before) + len(now) - 2 * shared_nodes(before, now)), self._sigma**2 * len(now)


def shared_nodes(a: dict[Node, int], b: dict[Node, int]) -> int:
    """How many nodes two totals have in common, those that one adds and the other takes away taken away."""
    return sum(sign * b.get(node, 0) for node, sign in a.items())


class Tree(MemoryOnly):
    """A binary tree with Gaussian noise, the reference that the factorisations must beat.

    A total is the sum of at most log2 n + 1 nodes; a count is in one node of each level (Dwork, Naor, Pitassi and Rothblum
    2010; Chan, Shi and Song 2011).

    Parameters
    ----------
    counters, ticks : int
        Length of each vector, and the most vectors that `step` takes.
    rho : float
        Zero-concentrated differential privacy of the whole stream.
    sensitivity : float
        As the other mechanisms take it.
    unit : int
        Counts come in units of 1/`unit` person; at most 256.
    """

    __slots__ = ("_totals", "description")

    def __init__(self, *, counters: int, ticks: int, rho: float, sensitivity: float, unit: int = 1) -> None:
        check(ticks=ticks, unit=unit)
        grid, levels = unit * 2**_BITS, ticks.bit_length()
        scale = gaussian_scale(squared_length=levels * (Fraction(sensitivity) * grid) ** 2, rho=rho)
        sigma = scale / grid
        noise = DiscreteGaussian(scale)
        self._totals = _Totals(binary_nodes, noise, counters=counters, ticks=ticks, unit=unit, step=2**_BITS, sigma=sigma)
        self.description = f"tree(ticks={ticks}, rho={rho:g}, sensitivity={sensitivity:g}, sigma={sigma:.4g})"

    def step(self, counts: NDArray[np.int64]) -> Noised:
        """The next tick's protected numbers; see `Mechanism`."""
        return self._totals.add(counts)

    def covariance(self, ago: Sequence[int]) -> NDArray[np.float64]:
        """See `Mechanism`."""
        return self._totals.covariance(ago)


class PureTree(MemoryOnly):
    """A tree of odd arity, whose nodes may be taken away, with Laplace noise in whole units: a delta of zero.

    Parameters
    ----------
    counters, ticks : int
        Length of each vector, and the most vectors that `step` takes.
    epsilon : float
        Differential privacy of the whole stream.
    sensitivity : float
        What one passage contributes, people: the sum of the sizes of its counts.
    unit : int
        Counts come in units of 1/`unit` person, and so does the noise; at most 256.

    Notes
    -----
    Source: Andersson, Pagh, Steiner and Upadhyay 2025, "Count on your elders: Laplace vs Gaussian noise".
    """

    __slots__ = ("_totals", "description")

    def __init__(self, *, counters: int, ticks: int, epsilon: float, sensitivity: float, unit: int = 1) -> None:
        check(ticks=ticks, unit=unit)
        arity, height = best_shape(ticks)
        scale = laplace_scale(length=height * Fraction(sensitivity) * unit, epsilon=epsilon)
        sigma = math.sqrt(discrete_laplace_variance(scale)) / unit

        def nodes(tick: int) -> dict[Node, int]:
            return balanced_nodes(tick, arity)

        noise = DiscreteLaplace(scale)
        self._totals = _Totals(nodes, noise, counters=counters, ticks=ticks, unit=unit, step=1, sigma=sigma)
        self.description = (
            f"pure-tree(ticks={ticks}, epsilon={epsilon:g}, sensitivity={sensitivity:g}, arity={arity}, height={height}, "
            f"sigma={sigma:.4g})"
        )

    def step(self, counts: NDArray[np.int64]) -> Noised:
        """The next tick's protected numbers; see `Mechanism`."""
        return self._totals.add(counts)

    def covariance(self, ago: Sequence[int]) -> NDArray[np.float64]:
        """See `Mechanism`."""
        return self._totals.covariance(ago)


def discrete_laplace_variance(scale: int) -> float:
    """2 p / (1 - p)^2, p = exp(-1 / scale): the variance of P(z) proportional to exp(-|z| / scale)."""
    return 2 * math.exp(-1 / scale) / math.expm1(-1 / scale) ** 2
