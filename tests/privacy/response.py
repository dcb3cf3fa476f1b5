"""What a mechanism does with its noise, found from outside: each draw replaced by a pulse in a counter of its own.

A mechanism is linear in its noise, so the response holds all that its variances and its privacy follow from, without a look at
how it works.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from throng.privacy.buffered import Buffered
from throng.privacy.independent import Independent
from throng.privacy.mechanism import Mechanism, Noised
from throng.privacy.sampler import DiscreteGaussian, DiscreteLaplace
from throng.privacy.square_root import SquareRoot
from throng.privacy.tree import PureTree, Tree

Make = Callable[..., Mechanism]
Noise = DiscreteGaussian | DiscreteLaplace


def pure_tree(*, rho: float, **other: float) -> PureTree:
    """With what the others take as a rho for its epsilon."""
    return PureTree(epsilon=rho, **other)  # type: ignore[arg-type]


GAUSSIAN: list[Make] = [Buffered, SquareRoot, Independent, Tree]
ALL: list[Make] = [*GAUSSIAN, pure_tree]


def name(make: Make) -> str:
    """For the names of tests."""
    return getattr(make, "__name__", "")


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """How a stream of `ticks` answers pulses of noise.

    Attributes
    ----------
    totals : (ticks, draws) float64
        What a draw of one adds to each total, people.
    errors : (ticks, 2) float64
        Standard errors that the mechanism states: of ticks and of totals.
    variance : float
        Of a draw.
    mechanism : Mechanism
        After its last tick.
    """

    totals: NDArray[np.float64]
    errors: NDArray[np.float64]
    variance: float
    mechanism: Mechanism

    def covariance(self, moments: list[int]) -> NDArray[np.float64]:
        """Of the totals after so many ticks."""
        rows = np.vstack([np.zeros(self.totals.shape[1]), self.totals])[moments]
        whole: NDArray[np.float64] = self.variance * rows @ rows.T
        return whole

    def shift(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """The shortest vector of draws that moves all totals as the (ticks, q) counts, in people, would: (draws, q).

        Two streams that differ by these counts are as hard to tell apart as noise is from noise shifted by this.
        """
        shift, *_ = np.linalg.lstsq(self.totals, np.cumsum(counts, axis=0), rcond=None)
        return np.asarray(shift, dtype=np.float64)


def response(make: Make, *, ticks: int, taken: int | None = None, **settings: float) -> Response:
    """The answer of a mechanism made for so many ticks, after all or some."""
    pulse, draws, variance = 2**40, [0], [0.0]

    def pulsed(self: Noise, n: int) -> NDArray[np.int64]:
        variance[0] = exact_variance(self)
        pulses = np.zeros(n, dtype=np.int64)
        pulses[draws[0]] = pulse
        draws[0] += 1
        return pulses

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DiscreteGaussian, "draw", pulsed)
        patch.setattr(DiscreteLaplace, "draw", pulsed)
        mechanism = make(counters=8 * ticks, ticks=ticks, **settings)
        steps = [mechanism.step(np.zeros(8 * ticks, dtype=np.int64)) for _ in range(taken or ticks)]
    totals = np.array([step.totals[: draws[0]] for step in steps]) / pulse
    errors = np.array([[step.tick_standard_error, step.total_standard_error] for step in steps])
    return Response(totals, errors, variance[0], mechanism)


def exact_variance(noise: Noise) -> float:
    """Of a draw, summed over its distribution where the scale is small."""
    scale = noise._scale
    if scale > 10_000:
        return float(scale) ** 2 * (1 if isinstance(noise, DiscreteGaussian) else 2)
    z = np.arange(-60 * scale, 60 * scale + 1) / scale
    weights = np.exp(-(z**2) / 2 if isinstance(noise, DiscreteGaussian) else -np.abs(z))
    return float((weights * (z * scale) ** 2).sum() / weights.sum())


def fixed_noise(monkeypatch: pytest.MonkeyPatch, noise: NDArray[np.int64]) -> None:
    """Let the draws be the rows of `noise`."""
    rows = iter(noise)
    monkeypatch.setattr(DiscreteGaussian, "draw", lambda _self, _n: next(rows))


def less_noise(monkeypatch: pytest.MonkeyPatch, factor: float) -> None:
    """Let each draw be a part of what it would have been."""
    for kind in (DiscreteGaussian, DiscreteLaplace):
        draw = kind.draw

        def less(self: Noise, n: int, draw: Callable[[Any, int], NDArray[np.int64]] = draw) -> NDArray[np.int64]:
            part: NDArray[np.int64] = np.rint(factor * draw(self, n)).astype(np.int64)
            return part

        monkeypatch.setattr(kind, "draw", less)


def integers(
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Buffered] | type[SquareRoot],
    counts: NDArray[np.int64],
    *,
    ticks: int,
    unit: int,
) -> NDArray[np.int64]:
    """The integers (n, k) that a mechanism computes from (n, k) counts before noise is added."""
    fixed_noise(monkeypatch, np.zeros_like(counts))
    kept: list[NDArray[np.int64]] = []
    solve = kind._solve

    def watched(self: Any, noised: NDArray[np.int64]) -> Noised:
        kept.append(noised.copy())
        return solve(self, noised)

    monkeypatch.setattr(kind, "_solve", watched)
    mechanism = kind(counters=counts.shape[1], ticks=ticks, rho=0.5, sensitivity=1.0, unit=unit)
    for row in counts:
        mechanism.step(row)
    return np.array(kept)


def released(make: Make, counts: NDArray[np.int64], *, ticks: int) -> NDArray[np.float64]:
    """All ticks and totals of these (n, k) counts, side by side: (n, 2 k)."""
    mechanism = make(counters=counts.shape[1], ticks=ticks, rho=0.5, sensitivity=1.0)
    steps = [mechanism.step(row) for row in counts]
    return np.array([np.concatenate([step.tick_values, step.totals]) for step in steps])


def worst_errors(mechanism: Mechanism, ticks: int) -> tuple[float, float]:
    """The largest standard errors of a tick and of a total."""
    steps = [mechanism.step(np.array([0])) for _ in range(ticks)]
    return max(step.tick_standard_error for step in steps), max(step.total_standard_error for step in steps)


def bytes_per_counter(mechanism: Mechanism, counters: int) -> float:
    """Of all arrays that the mechanism holds, but for what all cameras share."""
    arrays = [getattr(mechanism, slot) for slot in type(mechanism).__slots__]  # type: ignore[attr-defined]
    return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray)) / counters
