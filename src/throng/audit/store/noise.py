"""Whether the numbers scatter at least as much as their stated errors say.

The tests and their error rates: docs/privacy/0011-attacks-on-a-store.md.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from throng.audit.finding import Finding, judged
from throng.audit.store.epoch import Epoch
from throng.audit.store.promise import promised

FALSE_ALARM = 1e-6
"""Of a whole audit, for each of the two tests."""
_TICKS = ("in", "out", "entries", "exits")
_COUNTS = (*_TICKS, *(f"{way}_total" for way in _TICKS), "occupancy")
_BLOCK = 128
_SPREAD, _SPREAD_PURE = 2.0, 8.0
"""At most this many times as much as that of independent Gaussians does the sum of squares of differences vary."""
_GRIDS = (1.0, 0.5, 0.1)
_ON_GRID = 1 / 64
"""At most this share of noised numbers lies on such a grid: noise is on one of 1/256 person or finer."""


@dataclass(frozen=True, slots=True)
class Scatter:
    """Squared differences of successive numbers over what their errors say.

    Attributes
    ----------
    name : str
    ratio : float
        The mean; at least about 1, more where people come and go.
    terms : int
    spread : float
    """

    name: str
    ratio: float
    terms: int
    spread: float

    def chance(self) -> float:
        """At most the probability of so small a ratio: (r exp(1 - r))^(n / 2 c)."""
        if self.ratio >= 1.0:
            return 1.0
        if self.ratio <= 0.0:
            return 0.0
        return math.exp(self.terms / (2 * self.spread) * (math.log(self.ratio) + 1 - self.ratio))


def squared_differences(values: NDArray[np.float64], errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each difference of successive known numbers (n,), squared, over the sum of their variances: (n - 1,)."""
    known = np.isfinite(values) & np.isfinite(errors)
    squares: NDArray[np.float64] = np.diff(values[known]) ** 2 / (errors[known][1:] ** 2 + errors[known][:-1] ** 2)
    return squares


def scatter(epochs: Iterable[Epoch], described: dict[tuple[str, str], list[str]]) -> list[Finding]:
    """The numbers of ticks scatter as much as their errors say, in each stretch, each series, and each camera as a whole."""
    found: list[Scatter] = []
    whole: dict[str, list[Scatter]] = {}
    for epoch in epochs:
        pure = any("epsilon=" in text for text in described.get((epoch.camera, epoch.name), []))
        for one in _scatters(epoch, _SPREAD_PURE if pure else _SPREAD):
            found.append(one)
            if one.name == epoch.camera:
                whole.setdefault(epoch.camera, []).append(one)
    found += [_together(parts) for parts in whole.values() if len(parts) > 1]
    alarm = FALSE_ALARM / max(len(found), 1)
    low = sorted((one for one in found if one.chance() < alarm), key=Scatter.chance)
    wrong = [
        f"{one.name}: successive numbers differ {one.ratio:.2f} times as much, squared, as their standard errors say: "
        "noise is missing or too small"
        for one in _worst_each(low)
    ]
    if not wrong and not any(replace(one, ratio=0.25).chance() < alarm for one in found):
        return [Finding("scatter", "note", "too few numbers to tell whether half of their noise is missing")]
    return judged("scatter", wrong, "numbers scatter at least as much as their standard errors say")


def grid(epochs: Iterable[Epoch]) -> list[Finding]:
    """Numbers do not lie on whole, half or tenth people, as exact or rounded ones do."""
    by_camera: dict[str, list[NDArray[np.float64]]] = {}
    for epoch in epochs:
        rows = [row for row, (_, quantity) in enumerate(epoch.series) if quantity in _COUNTS]
        values = epoch.values[rows]
        by_camera.setdefault(epoch.camera, []).append(values[np.isfinite(values)])
    wrong = []
    for camera, parts in by_camera.items():
        values = np.concatenate(parts)
        on = {step: int(np.sum(np.abs(values - step * np.rint(values / step)) < 1e-9)) for step in _GRIDS}
        alarm = FALSE_ALARM / (len(by_camera) * len(_GRIDS))
        told = [step for step in _GRIDS if binom.sf(on[step] - 1, len(values), _ON_GRID) < alarm]
        if told:
            step = max(told, key=on.__getitem__)
            wrong.append(f'camera "{camera}": numbers are multiples of {step:g}, as exact or rounded ones are')
    return judged("grid", wrong, "numbers are not whole, half or tenth people")


def stated(epochs: Iterable[Epoch], described: dict[tuple[str, str], list[str]]) -> list[Finding]:
    """The stated errors are no smaller than the promised privacy permits."""
    wrong = []
    for epoch in epochs:
        promises = [promised(text) for text in described.get((epoch.camera, epoch.name), [])]
        rows = [row for row, (_, quantity) in enumerate(epoch.series) if quantity in _COUNTS]
        errors = epoch.errors[rows][np.isfinite(epoch.errors[rows])]
        if not errors.size:
            continue
        where = f'camera "{epoch.camera}", epoch {epoch.name}'
        least = [promise.least_standard_error() for promise in promises if promise is not None]
        if not least:
            wrong.append(f"{where}: no cost is stated, neither rho nor epsilon")
        elif errors.min() < 0.999 * max(least):
            wrong.append(f"{where}: some standard errors are below {max(least):.2f}, the least that its stated cost permits")
    return judged("promise", wrong, "stated errors are as large as the stated cost of a passage demands")


def _scatters(epoch: Epoch, spread: float) -> Iterator[Scatter]:
    """Of a camera's series in an epoch: in stretches, whole, and all together."""
    everything = []
    for row, (place, quantity) in enumerate(epoch.series):
        if quantity not in _TICKS:
            continue
        squares = squared_differences(epoch.values[row], epoch.errors[row])
        name = f"{epoch.camera}, {quantity} of {place}"
        everything.append(squares)
        yield from (_of(name, squares[begin : begin + _BLOCK], spread) for begin in range(0, len(squares) - _BLOCK + 1, _BLOCK))
        if len(squares):
            yield _of(name, squares, spread)
    if sum(map(len, everything)):
        yield _of(epoch.camera, np.concatenate(everything), spread)


def _of(name: str, squares: NDArray[np.float64], spread: float) -> Scatter:
    return Scatter(name, float(np.mean(squares)), len(squares), spread)


def _together(parts: Sequence[Scatter]) -> Scatter:
    terms = sum(part.terms for part in parts)
    mean = sum(part.ratio * part.terms for part in parts) / terms
    return Scatter(parts[0].name, mean, terms, max(part.spread for part in parts))


def _worst_each(low: Sequence[Scatter], most: int = 5) -> list[Scatter]:
    """The worst of each name, a few."""
    worst: dict[str, Scatter] = {}
    for one in low:
        worst.setdefault(one.name, one)
    return list(worst.values())[:most]
