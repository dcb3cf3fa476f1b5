"""How much of the claimed epsilon the best attacks prove: on each mechanism, and on the whole wall."""

import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from bench.report import paragraph
from numpy.typing import NDArray
from tests.audit.scenes import first_epoch, last_of_day, noise_covariance, series, wall

from throng.audit.attacks import one_run
from throng.audit.attacks.commuter import tick_covariance
from throng.audit.attacks.intervals import CONFIDENCE, gaussian_epsilon
from throng.audit.attacks.membership import audit_membership, log_likelihood_ratio
from throng.privacy import risk
from throng.privacy.budget import Budget
from throng.privacy.buffered import Buffered
from throng.privacy.independent import Independent
from throng.privacy.mechanism import Mechanism
from throng.privacy.square_root import SquareRoot
from throng.privacy.streams import UNIT
from throng.privacy.tree import PureTree, Tree, balanced_nodes, best_shape
from throng.privacy.wall import Wall

PURE = "pure-tree"
MECHANISMS: dict[str, Callable[..., Mechanism]] = {
    "buffered": Buffered,
    "square-root": SquareRoot,
    "tree": Tree,
    "independent": Independent,
    PURE: PureTree,
}
POWER = {name: 1 if name == PURE else 2 for name in MECHANISMS}
TICKS, TRIALS = 24, 60_000
RHO, EPSILON, DELTA = 0.5, 2.0, 1e-2
WALL_TICKS, GROUPS, DAYS = 8, 500, 16
COUNTERS = 3
CLEAR = Budget(rho_per_day=4.0, passage_counters=COUNTERS)
"""So large that few trials suffice."""
PURE_WALL = Budget(mechanism=PURE, epsilon_per_day=5.0, passage_counters=COUNTERS)
ONE_RUN_GROUPS, GUESSED, ONE_RUN_DELTA = 4_000, 0.3, 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Of trials (q,), each with a passage or without: the evidence for one, and whether there was one."""

    evidence: NDArray[np.float64]
    present: NDArray[np.bool_]

    def measured(self, delta: float) -> tuple[float, float]:
        """Lower bounds on epsilon, from any mechanism, and from one known to be Gaussian."""
        found = audit_membership(self.evidence[self.present], self.evidence[~self.present], delta=delta)
        return found.epsilon, gaussian_epsilon(found.mu, delta) if delta else math.nan

    def measured_in_one_run(self, delta: float) -> float:
        """A lower bound on epsilon from guesses about the share `GUESSED` of them, as many one way as the other."""
        passages = len(self.present)
        each = round(GUESSED * passages / 2)
        right = one_run.right_guesses(self.evidence, self.present, positive=each, negative=each)
        return one_run.epsilon_at_least(passages=passages, guesses=2 * each, right=right, delta=delta)


def run() -> list[str]:
    """Measured and claimed epsilon, as Markdown."""
    rows = [
        paragraph(
            f"""
            Epsilon as claimed, and as the best attack proves it at a confidence of {CONFIDENCE:.1%}: whatever the mechanism is,
            and if its noise is known to be Gaussian. Goals: never above the claim; one of them at least half of it.
            Mechanisms: {TRIALS:,} trials of {TICKS} ticks. Wall: {GROUPS * DAYS:,} passages that enter a zone, cross a line
            and leave the zone. One run: guesses about {GUESSED:.0%} of {ONE_RUN_GROUPS:,} such passages of one day.
            """
        ),
        "",
        "| attack | what | delta | claimed | measured | measured, if Gaussian | best of the claim |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in MECHANISMS:
        delta = 0.0 if name == PURE else DELTA
        claim = EPSILON if name == PURE else risk.epsilon(RHO, DELTA)
        rows.append(_row("membership", name, delta, claim, of_mechanism(name).measured(delta)))
    for budget in (CLEAR, PURE_WALL):
        delta = 0.0 if budget.pure else DELTA
        what = f"the wall, {budget.mechanism}"
        rows.append(_row("membership", what, delta, claimed(budget, delta), of_wall(budget).measured(delta)))
    for budget in (Budget(passage_counters=COUNTERS), PURE_WALL):
        delta = 0.0 if budget.pure else ONE_RUN_DELTA
        found = of_wall(budget, groups=ONE_RUN_GROUPS, days=1).measured_in_one_run(delta)
        rows.append(_row("one run", f"the wall, {budget.mechanism}", delta, claimed(budget, delta), (found, math.nan)))
    return rows


def claimed(budget: Budget, delta: float) -> float:
    """What the first epoch of a day costs a passage."""
    epoch = first_epoch(budget)
    return epoch.epsilon if budget.pure else risk.epsilon(epoch.rho, delta)


def _row(attack: str, what: str, delta: float, claim: float, found: tuple[float, float]) -> str:
    of_any, of_gaussian = found
    cell = "" if math.isnan(of_gaussian) else f"{of_gaussian:.2f}"
    best = max(each for each in found if not math.isnan(each))
    return f"| {attack} | {what} | {delta:g} | {claim:.2f} | {of_any:.2f} | {cell} | {best / claim:.0%} |"


def of_mechanism(name: str, *, trials: int = TRIALS) -> Scores:
    """The best test on a mechanism, each trial a counter of its own: one person, in a tick that costs as much as any.

    With `RHO` where the noise is Gaussian, and `EPSILON` where it is not.
    """
    cost = {"epsilon": EPSILON} if name == PURE else {"rho": RHO}
    mechanism = MECHANISMS[name](counters=trials, ticks=TICKS, sensitivity=1.0, unit=UNIT, **cost)
    rng, factor = np.random.default_rng(), _pure_factor(TICKS, EPSILON) if name == PURE else _gaussian_factor(MECHANISMS[name])
    present, when = rng.random(trials) < 0.5, rng.choice(_costly(factor, POWER[name]), trials)
    contributions = np.eye(TICKS)[when]
    added = UNIT * (contributions * present[:, None]).astype(np.int64)
    values = np.array([mechanism.step(column).tick_values for column in added.T]).T
    return Scores(log_likelihood_ratio(values[:, None], contributions[:, None], factor, power=POWER[name]), present)


def of_wall(budget: Budget, *, groups: int = GROUPS, days: int = DAYS) -> Scores:
    """The best test on real walls, each trial a line and a zone of a camera: all that a passage may change there.

    Somebody enters the zone, crosses the line, and leaves the zone, in ticks that cost as much as any.
    """
    power = 1 if budget.pure else 2
    if budget.pure:
        factor = _pure_factor(WALL_TICKS, first_epoch(budget).epsilon / COUNTERS)
    else:
        factor = np.linalg.cholesky(noise_covariance(budget, ticks=WALL_TICKS, number_of_lines=1, number_of_zones=1))
    costly = _costly(factor, power)
    with tempfile.TemporaryDirectory() as folder:
        cameras = [
            wall(Path(folder), budget, camera=f"{i}", number_of_lines=groups, number_of_zones=groups) for i in range(days)
        ]
        parts = [_day(camera, groups, costly) for camera in cameras]
    residuals, contributions, present = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Scores(log_likelihood_ratio(residuals, contributions, factor, power=power), present)


def _day(through: Wall, groups: int, costly: NDArray[np.intp]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """One day: what was released of each group's three counters, what a passage adds, and whether somebody passed."""
    rng, group = np.random.default_rng(), np.arange(groups)
    present = rng.random(groups) < 0.5
    counters = np.column_stack((2 * groups + 2 * group, 2 * group, 2 * groups + 2 * group + 1))
    when = np.sort(rng.choice(costly, (groups, COUNTERS)), axis=1)
    events: dict[int, list[tuple[int, int]]] = {}
    for passage in np.flatnonzero(present).tolist():
        for counter, tick in zip(counters[passage].tolist(), when[passage].tolist(), strict=True):
            events.setdefault(tick, []).append((passage, counter))
    values = series(last_of_day(through, events, ticks=WALL_TICKS), "in", "out", "entries", "exits")
    return values[counters], np.eye(WALL_TICKS)[when], present


def _gaussian_factor(make: Callable[..., Mechanism]) -> NDArray[Any]:
    mechanism = make(counters=1, ticks=TICKS, rho=RHO, sensitivity=1.0, unit=UNIT)
    for _ in range(TICKS):
        mechanism.step(np.zeros(1, dtype=np.int64))
    return np.linalg.cholesky(tick_covariance(mechanism.covariance(range(TICKS, -1, -1))))


def _pure_factor(ticks: int, epsilon: float) -> NDArray[Any]:
    """Ticks are differences of totals, totals are sums of nodes, as many as there are ticks, each with Laplace noise.

    One person in one tick costs `epsilon`.
    """
    arity, height = best_shape(ticks)
    made = [balanced_nodes(tick, arity) for tick in range(ticks + 1)]
    nodes = sorted(set().union(*made))
    of_totals = np.array([[each.get(node, 0) for node in nodes] for each in made])
    return np.diff(of_totals, axis=0) * (height / epsilon)


def _costly(factor: NDArray[Any], power: int) -> NDArray[np.intp]:
    """The ticks in which a person moves the independent noise furthest."""
    distances = np.sum(np.abs(np.linalg.inv(factor)) ** power, axis=0)
    return np.flatnonzero(distances > 0.99 * distances.max())
