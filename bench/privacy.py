"""What privacy costs: each mechanism's error against the limit, its memory and speed, and errors of measures of the state."""

import math
import statistics
import time
from collections.abc import Callable

import numpy as np
import opendp.prelude as dp
from bench.report import paragraph
from numpy.typing import NDArray

from throng.data.ground_place import Area
from throng.data.place import Line, Zone
from throng.data.secrecy import MemoryOnly
from throng.measure.live import CUT_OFF
from throng.measure.voronoi import cells_of_moment, overlaps_with
from throng.privacy.budget import Budget, Shares
from throng.privacy.buffered import Buffered
from throng.privacy.independent import Independent
from throng.privacy.mechanism import Mechanism
from throng.privacy.plan import errors_of, plan_of, speed_now_error
from throng.privacy.sampler import DiscreteGaussian
from throng.privacy.square_root import SquareRoot
from throng.privacy.streams import SPEED_NOW
from throng.privacy.tree import Tree

TICKS = (1_440, 8_640)
GOAL_OF_LIMIT, GOAL_TICK, GOAL_BYTES, GOAL_HISTORY_BYTES, GOAL_PER_S = 1.06, 2.1, 200, 16_000, 1_000_000
MECHANISMS: dict[str, type[Buffered] | type[SquareRoot] | type[Tree] | type[Independent]] = {
    "buffered": Buffered,
    "square-root": SquareRoot,
    "tree": Tree,
    "independent": Independent,
}
COUNTERS = (8, 128, 2_048)
ROUNDS, STEPS = 5, 20
PEOPLE = (5, 20, 50, 100, 200, 500)
WALK_MPS = 1.0


def limit(ticks: int) -> float:
    """The least that the worst standard error of a running total can be at rho = 0.5: gamma_2(A), A the matrix.

    It is at least the trace norm of diag(p) A diag(q) for all p, q of length one (Haagerup; Matousek, Nikolov and Talwar
    2020, "Factorization norms and hereditary discrepancy", theorem 9). For p = q = 1/root n that is the mean of A's singular
    values, 1 / |2 sin((2 k - 1) pi / (4 n + 2))|, in closed form (Henzinger, Upadhyay and Upadhyay 2023). Where the matrix is
    small, the bound is raised by the better p_i^2 ~ ((A A^T)^(1/2))_ii, q their mirror image.
    """
    odd = (2 * np.arange(1, ticks + 1) - 1) * np.pi / (4 * ticks + 2)
    values = 1 / np.abs(2 * np.sin(odd))
    if ticks > 2_000:
        return float(values.mean())
    vectors = 2 / (2 * ticks + 1) ** 0.5 * np.sin(2 * np.outer(np.arange(1, ticks + 1), odd))
    weights = np.square(vectors) @ values
    p = np.sqrt(weights / weights.sum())
    return float(np.linalg.svd(np.tril(np.outer(p, p[::-1])), compute_uv=False).sum())


def errors() -> list[str]:
    """Errors of a day's stream, as Markdown."""
    rows = [
        paragraph(
            f"""
            Standard errors in people where one passage adds one person to one counter, rho = 0.5: of the running total at its
            worst in the day, of the day's total at its end, and of a single tick at its worst. The limit is that of any
            factorisation. Computed from what the code draws noise for (tests compare it with the noise itself); goals:
            `buffered` within {GOAL_OF_LIMIT - 1:.0%} of the limit, a tick at most {GOAL_TICK}.
            """
        ),
        "",
        "| ticks | mechanism | worst total | over the limit | day's total | tick | goal |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for ticks in TICKS:
        least = limit(ticks)
        rows.append(f"| {ticks:,} | limit | {least:.3f} | | | 1.000 | |")
        for name in MECHANISMS:
            found = errors_of(name, ticks)
            scale = math.sqrt(ticks.bit_length()) if name == "tree" else 1.0
            worst, tick = scale * found.worst_total, scale * found.worst_tick
            met = "met" if worst <= GOAL_OF_LIMIT * least and tick <= GOAL_TICK else "missed"
            rows.append(
                f"| {ticks:,} | {name} | {worst:.3f} | {worst / least - 1:.1%} | {scale * found.window(0, ticks):.3f} | "
                f"{tick:.3f} | {met if name == 'buffered' else ''} |"
            )
    return [*rows, "", *default()]


def default() -> list[str]:
    """What budgets near the default leave of the numbers, as Markdown."""
    rows = [
        paragraph(
            """
            Standard errors in people on a day without a restart, which spends half of the day's budget; ticks of a minute, and
            so many counters that one passage may change (a line crossing takes one, a zone visit two): of a live tick at its
            worst, of a line's total at the day's end, and of how many are in a zone at its worst in the day.
            """
        ),
        "",
        "| rho a day | counters a passage | live tick | day's total | in a zone |",
        "| --- | --- | --- | --- | --- |",
    ]
    for rho in (0.1, 0.2, 0.5):
        for counters, lines, zones in ((1, (LINE,), ()), (3, (LINE,), (ZONE,))):
            budget = Budget(rho_per_day=rho, passage_counters=counters)
            plan = plan_of(lines, zones, in_metres=False, tick_s=60, budget=budget)[0]
            inside = f"{math.sqrt(2) * plan.worst:.1f}" if zones else "-"
            rows.append(f"| {rho:g} | {counters} | {plan.tick:.1f} | {plan.day:.1f} | {inside} |")
    return rows


def speed() -> list[str]:
    """Memory for each counter, and counters advanced a second beside draws by OpenDP, as Markdown."""
    rows = [
        paragraph(
            f"""
            Counters advanced in a second on one core, noise included, for mechanisms of so many counters each; and numbers that
            OpenDP draws in a second from the same distribution, which is the least that it would take. Median of {ROUNDS}
            rounds in turn (least to most), in the middle of a day of {TICKS[0]:,} ticks. Memory of a counter then: bytes of the
            arrays that grow with the counters. Goals: {GOAL_PER_S:,} a second; {GOAL_BYTES} bytes for `buffered`,
            {GOAL_HISTORY_BYTES:,} for the form that keeps its history.
            """
        ),
        "",
        f"| mechanism | bytes a counter | {' | '.join(f'{number:,} counters' for number in COUNTERS)} |",
        f"| --- | --- | {' | '.join('---' for _ in COUNTERS)} |",
    ]
    ways: dict[str, list[Callable[[], float]]] = {
        name: [_stepping(make, k) for k in COUNTERS] for name, make in MECHANISMS.items()
    }
    ways["our noise alone"] = [_drawing(k) for k in COUNTERS]
    ways["OpenDP's noise alone"] = [_opendp(k) for k in COUNTERS]
    found: dict[str, list[list[float]]] = {name: [[] for _ in COUNTERS] for name in ways}
    for _ in range(ROUNDS):
        for name, each in ways.items():
            for nth, way in enumerate(each):
                found[name][nth].append(way())
    for name, all_rates in found.items():
        cells = [f"{statistics.median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})" for rates in all_rates]
        held = f"{bytes_each(MECHANISMS[name]):,.0f}" if name in MECHANISMS else ""
        rows.append(f"| {name} | {held} | {' | '.join(cells)} |")
    return rows


def bytes_each(make: Callable[..., Mechanism], *, ticks: int = TICKS[0]) -> float:
    """Bytes of arrays that one more counter takes."""
    few, many = (_bytes(_at_noon(make, np.ones(k, dtype=np.int64), ticks)) for k in (100, 200))
    return (many - few) / 100


def _at_noon(make: Callable[..., Mechanism], counts: NDArray[np.int64], ticks: int = TICKS[0]) -> Mechanism:
    mechanism = make(counters=len(counts), ticks=ticks, rho=0.5, sensitivity=1.0)
    for _ in range(ticks // 2 - 1):
        mechanism.step(counts)
    return mechanism


def _bytes(thing: object) -> int:
    if isinstance(thing, np.ndarray):
        return thing.nbytes
    if isinstance(thing, dict):
        return sum(map(_bytes, thing.values()))
    if isinstance(thing, MemoryOnly) and not isinstance(thing, DiscreteGaussian):
        names: tuple[str, ...] = tuple(thing.__slots__)
        return sum(_bytes(getattr(thing, name)) for name in names)
    return 0


def _stepping(make: Callable[..., Mechanism], counters: int) -> Callable[[], float]:
    counts = np.random.default_rng(1).integers(0, 20, size=counters)

    mechanism = _at_noon(make, counts)
    return lambda: _rate(lambda: mechanism.step(counts), counters)


def _drawing(counters: int) -> Callable[[], float]:
    noise = DiscreteGaussian(2**30)
    return lambda: _rate(lambda: noise.draw(counters), counters)


def _opendp(counters: int) -> Callable[[], float]:
    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T="i64")
    noise = dp.m.make_gaussian(*space, scale=float(2**30))
    zeros = [0] * counters
    return lambda: _rate(lambda: noise(zeros), counters, steps=1)


def _rate(step: Callable[[], object], counters: int, *, steps: int = STEPS) -> float:
    begun = time.process_time()
    for _ in range(steps):
        step()
    return counters * steps / (time.process_time() - begun)


LINE = Line("line", np.array([[0.0, 0.0], [9.0, 0.0]]))
ZONE = Zone("zone", np.array([[0.0, 0.0], [9.0, 0.0], [9.0, 9.0]]))
BUDGETS = ((0.2, 0.3), (0.2, 0.9), (0.5, 0.3), (0.5, 0.9), (2.0, 0.3))
CRITICAL_PER_S2 = 0.02
DENSE_PER_M2, AGITATED_MPS = 5.0, 0.5


def state() -> list[str]:
    """Errors of the measures that need positions at every moment, as Markdown."""
    return [
        paragraph(
            f"""
            Standard error of the speed now, m/s, of so many people in a zone who walk at {WALK_MPS:g} m/s on average: one
            zone, ticks of a minute, a day without a restart, at the worst time of the day; - where it is not told, because the
            number inside is not sure enough. Beside it the share of the budget that it takes, and what that costs the counts.
            """
        ),
        "",
        f"| rho a day | share | {' | '.join(f'{people} people' for people in PEOPLE)} | counts' error grows by |",
        f"| --- | --- | {' | '.join('---' for _ in PEOPLE)} | --- |",
        *(_speed_row(rho, share) for rho, share in BUDGETS),
        "",
        *_voronoi_rows(),
        "",
        *_pressure_rows(),
    ]


def _speed_row(rho: float, share: float) -> str:
    plan = plan_of((), (ZONE,), in_metres=True, tick_s=60, budget=Budget(rho_per_day=rho, shares=Shares(speed_now=share)))
    errors = [speed_now_error(plan, people, WALK_MPS) for people in PEOPLE]
    cells = ["-" if math.isnan(error) else f"{error:.2f}" for error in errors]
    return f"| {rho:g} | {share:.0%} | {' | '.join(cells)} | {1 / math.sqrt(1 - share) - 1:.0%} |"


def _voronoi_rows() -> list[str]:
    """How much the Voronoi density of a zone differs from people over area, beside the noise of the number of people."""
    noise = math.sqrt(2) * plan_of((), (ZONE,), in_metres=True, tick_s=60, budget=Budget())[0].worst
    rows = [
        paragraph(
            f"""
            Voronoi density of a zone of 60 m2, with a cut-off, less people over area, times the area: standard deviation in
            people over crowds at random places no nearer than 0.35 m in a hall of 15 x 12 m. Beside it the noise of the
            occupancy at the default budget, {noise:.1f} people.
            """
        ),
        "",
        "| people/m2 | people in the zone | Voronoi differs by | of the noise |",
        "| --- | --- | --- | --- |",
    ]
    for density in (0.2, 1.0, 3.0, 5.0):
        inside, differences = _voronoi(density)
        spread = float(np.std(differences))
        rows.append(f"| {density:g} | {inside:.0f} | {spread:.1f} | {spread / noise:.0%} |")
    return rows


def _voronoi(density: float, *, crowds: int = 40) -> tuple[float, NDArray[np.float64]]:
    rng = np.random.default_rng(3)
    hall = Area("hall", np.array([[0.0, 0.0], [15.0, 0.0], [15.0, 12.0], [0.0, 12.0]]))
    zone = Area("zone", np.array([[2.5, 3.0], [12.5, 3.0], [12.5, 9.0], [2.5, 9.0]]))
    people, differences = [], []
    for _ in range(crowds):
        xy = _crowd(rng, round(density * hall.area_m2))
        inside = int(np.sum((xy[:, 0] > 2.5) & (xy[:, 0] < 12.5) & (xy[:, 1] > 3.0) & (xy[:, 1] < 9.0)))
        cells = cells_of_moment(xy, hall, cut_off=CUT_OFF)
        parts = overlaps_with(cells, [zone])[0] / cells.areas_m2
        people.append(inside)
        differences.append(float(parts.sum()) - inside)
    return float(np.mean(people)), np.array(differences)


def _crowd(rng: np.random.Generator, people: int) -> NDArray[np.float64]:
    placed = np.zeros((0, 2))
    while len(placed) < people:
        new = rng.uniform((0.05, 0.05), (14.95, 11.95))
        if not len(placed) or np.hypot(*(placed - new).T).min() > 0.35:
            placed = np.vstack([placed, new])
    return placed


def _pressure_rows() -> list[str]:
    """The error that crowd pressure would have."""
    rows = [
        paragraph(
            f"""
            Crowd pressure, density times the variance of velocity, is not released. This is the error it would have at
            {DENSE_PER_M2:g} people/m2 if its mean velocity were known, the squares of speeds up to {AGITATED_MPS:g} m/s were
            released as levels are, and they had nine tenths of the budget; the critical value is {CRITICAL_PER_S2:g} /s2.
            """
        ),
        "",
        f"| rho a day | {' | '.join(f'{people} people' for people in PEOPLE)} |",
        f"| --- | {' | '.join('---' for _ in PEOPLE)} |",
    ]
    for rho in (0.2, 0.5):
        plan = plan_of((), (ZONE,), in_metres=True, tick_s=60, budget=Budget(rho_per_day=rho, shares=Shares(speed_now=0.9)))
        error = {planned.stream.name: planned.worst for planned in plan}[SPEED_NOW]
        cells = [f"{DENSE_PER_M2 * AGITATED_MPS**2 * error / people:.3f}" for people in PEOPLE]
        rows.append(f"| {rho:g} | {' | '.join(cells)} |")
    return rows
