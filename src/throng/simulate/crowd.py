"""People who walk through a layout, simulated by JuPedSim (an optional extra).

Each person comes out of one door and walks to another, half of them by way of a random place; some stop in front of the
departures board; some walk in pairs. Movement follows the collision-free speed model (Tordeux, Chraibi and Seyfried, Traffic
and Granular Flow '15, arXiv 1512.05597). Speeds are normal, 1.34 +- 0.26 m/s (Weidmann 1993). The timetable repeats, and what
is kept are the people of its second round with their whole ways, so that the crowd can be replayed in a loop.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from throng.data.errors import SourceError
from throng.simulate.layout import PASSAGE_DEPTH_M, Door, Layout, Wall
from throng.simulate.trajectories import KNOT_HZ, Trajectories

_STEP_S = 0.02
_STEPS_PER_KNOT = round(1.0 / (KNOT_HZ * _STEP_S))
_RADIUS_M = 0.17
_ARRIVED_M = 1.2
_PATIENCE_S = 25.0
_GONE_M = PASSAGE_DEPTH_M - 1.5
_RIGHT: dict[Wall, float] = {"west": -1.0, "east": 1.0, "south": 1.0, "north": -1.0}
"""Which way along its wall lies the right-hand side of somebody who comes in: people keep right in the passages."""


@dataclass(slots=True)
class _Plan:
    """What one person means to do: the same in every round of the timetable."""

    start_s: float
    start_m: tuple[float, float]
    stops_m: list[tuple[float, float]]
    goal_m: tuple[float, float]
    speed_mps: float
    wait_s: float


@dataclass(slots=True)
class _Walker:
    plan: _Plan
    keep: bool
    start_knot: int
    path_m: list[tuple[float, float]]
    legs_m: list[tuple[float, float]]
    wait_until_s: float | None = None
    leg_since_s: float = 0.0
    knots_m: list[tuple[float, float]] = field(default_factory=list)


def simulate_crowd(
    layout: Layout,
    people_per_minute: float,
    seconds: float,
    seed: int,
    *,
    waiting_share: float = 0.12,
    pair_share: float = 0.2,
    progress: Callable[[float], None] | None = None,
) -> Trajectories:
    """A crowd that loops after `seconds`.

    Parameters
    ----------
    layout : Layout
        Where they walk.
    people_per_minute : float
        How many come in, through all doors together.
    seconds : float
        Length of one round, 30 s or more.
    seed : int
        The same seed gives the same crowd.
    waiting_share : float
        Share of the people who stop at the departures board, 20 to 60 s.
    pair_share : float
        Share of the people who walk with another.
    progress : callable, optional
        Told the share done, 0 to 1.

    Raises
    ------
    SourceError
        JuPedSim is not installed, or a parameter is out of range.
    """
    if not (people_per_minute > 0 and seconds >= 30):
        raise SourceError(
            "a crowd needs more than 0 people a minute and at least 30 seconds, "
            f"not {people_per_minute:g} people a minute and {seconds:g} seconds"
        )
    jps = _jupedsim()
    seconds = round(seconds * KNOT_HZ) / KNOT_HZ
    rng = np.random.default_rng(seed)
    people = max(1, round(people_per_minute * seconds / 60.0))
    plans = _timetable(layout, people, seconds, rng, waiting_share=waiting_share, pair_share=pair_share)
    run = _Run(jps, layout, plans, seconds)
    total = round(3 * seconds * KNOT_HZ)
    for knot in range(total):
        run.advance(knot)
        if progress is not None:
            progress((knot + 1) / total)
        if knot > 2 * seconds * KNOT_HZ and run.all_kept_left():
            break
    return Trajectories.of([(w.start_knot - round(seconds * KNOT_HZ), w.knots_m) for w in run.kept], duration_s=seconds)


def _jupedsim() -> Any:
    try:
        import jupedsim  # noqa: PLC0415  an optional extra: asked for only when somebody simulates
    except ImportError as error:
        raise SourceError(
            "making a new crowd needs JuPedSim: pip install 'throng[simulate]' (its wheel also asks for 1.2 GB of display "
            "libraries; pip install --no-deps jupedsim, then numpy, shapely and deprecated, is enough)"
        ) from error
    return jupedsim


def walkable(layout: Layout) -> shapely.Polygon:
    """The area people can walk on: the hall and the passages behind its doors, less the pillars."""
    hall = shapely.box(0, 0, layout.width_m, layout.depth_m)
    passages = [shapely.box(*layout.passage_m(door)) for door in layout.doors]
    pillars = shapely.union_all([shapely.box(*p) for p in layout.pillars_m])
    area: shapely.Polygon = shapely.union_all([hall, *passages]).difference(pillars)
    return area


def _timetable(
    layout: Layout, people: int, seconds: float, rng: np.random.Generator, *, waiting_share: float, pair_share: float
) -> list[_Plan]:
    plans: list[_Plan] = []
    widths = np.array([door.width_m for door in layout.doors])
    while len(plans) < people:
        pair = rng.random() < pair_share / 2 / (1 - pair_share / 2)
        first = int(rng.choice(len(layout.doors), p=widths / widths.sum()))
        far = np.array([door.wall != layout.doors[first].wall for door in layout.doors]) * widths + 1e-3
        far[first] = 0.0
        last = int(rng.choice(len(layout.doors), p=far / far.sum()))
        start_s, ends = rng.uniform(0.0, seconds), (layout.doors[first], layout.doors[last])
        plans += _party(layout, ends, start_s, rng, waiting_share=waiting_share, size=1 + pair)
    return sorted(plans[:people], key=lambda plan: plan.start_s)


def _party(
    layout: Layout, ends: tuple[Door, Door], start_s: float, rng: np.random.Generator, *, waiting_share: float, size: int
) -> list[_Plan]:
    entry, leave = ends
    speed_mps = float(np.clip(rng.normal(1.34, 0.26), 0.7, 2.1))
    entry_m = _RIGHT[entry.wall] * rng.uniform(0.5, entry.width_m / 2 - 0.75)
    leave_m = -_RIGHT[leave.wall] * rng.uniform(0.5, leave.width_m / 2 - 0.75)
    wait_s, stop = 0.0, None
    chance = rng.random()
    if chance < waiting_share:
        west, south, east, north = layout.waiting_m
        wait_s, stop = rng.uniform(20.0, 60.0), (rng.uniform(west, east), rng.uniform(south, north))
    elif chance < 0.5 + waiting_share:
        stop = (rng.uniform(0.2, 0.8) * layout.width_m, rng.uniform(0.2, 0.75) * layout.depth_m)
    party = []
    for k in range(size):
        aside = (0.35 if k == 0 else -0.35) if size == 2 else 0.0
        party.append(
            _Plan(
                start_s,
                layout.at_door(entry, along_m=entry_m + aside, behind_m=PASSAGE_DEPTH_M - 0.5),
                [] if stop is None else [(stop[0] + aside, stop[1])],
                layout.at_door(leave, along_m=leave_m + aside, behind_m=PASSAGE_DEPTH_M - 0.3),
                speed_mps,
                wait_s,
            )
        )
    return party


class _Run:
    """One simulation under way."""

    def __init__(self, jps: Any, layout: Layout, plans: list[_Plan], seconds: float) -> None:
        area = walkable(layout)
        self._jps, self._layout = jps, layout
        self._simulation = jps.Simulation(model=jps.CollisionFreeSpeedModelV2(), geometry=area, dt=_STEP_S)
        self._stage = self._simulation.add_direct_steering_stage()
        self._journey = self._simulation.add_journey(jps.JourneyDescription([self._stage]))
        self._router = jps.RoutingEngine(area.buffer(-0.45, join_style="mitre"))
        self._queue = [(plan.start_s + seconds * k, plan, k == 1) for k in range(3) for plan in plans]
        self._walkers: dict[int, _Walker] = {}
        self._expected = len(plans)
        self.kept: list[_Walker] = []

    def all_kept_left(self) -> bool:
        return len(self.kept) == self._expected and not any(walker.keep for walker in self._walkers.values())

    def advance(self, knot: int) -> None:
        """One knot of the trajectories: let people in, note where all are, steer them, and move."""
        now_s = knot / KNOT_HZ
        self._let_in(knot, now_s)
        for agent in self._simulation.agents():
            self._steer(agent, now_s)
        self._simulation.iterate(_STEPS_PER_KNOT)

    def _let_in(self, knot: int, now_s: float) -> None:
        later = []
        while self._queue and self._queue[0][0] <= now_s:
            due = self._queue.pop(0)
            if not self._try_in(due[1], due[2], knot):
                later.append(due)
        self._queue[:0] = later

    def _try_in(self, plan: _Plan, keep: bool, knot: int) -> bool:
        if any(True for _ in self._simulation.agents_in_range(plan.start_m, 0.6)):
            return False
        parameters = self._jps.CollisionFreeSpeedModelV2AgentParameters(
            position=plan.start_m,
            journey_id=self._journey,
            stage_id=self._stage,
            desired_speed=plan.speed_mps,
            radius=_RADIUS_M,
            time_gap=0.5,
        )
        walker = _Walker(plan, keep, knot, [], [*plan.stops_m, plan.goal_m])
        self._walkers[self._simulation.add_agent(parameters)] = walker
        if keep:
            self.kept.append(walker)
        return True

    def _steer(self, agent: Any, now_s: float) -> None:
        walker = self._walkers[agent.id]
        position = agent.position
        walker.knots_m.append(position)
        if self._layout.outside_m(np.array(position)) > _GONE_M and _near(position, walker.plan.goal_m, 4.0):
            del self._walkers[agent.id]
            self._simulation.mark_agent_for_removal(agent.id)
            return
        if walker.wait_until_s is not None:
            if now_s < walker.wait_until_s:
                return
            walker.wait_until_s = None
            agent.model.desired_speed = walker.plan.speed_mps
        self._follow(agent, walker, position, now_s)

    def _follow(self, agent: Any, walker: _Walker, position: tuple[float, float], now_s: float) -> None:
        tired = now_s - walker.leg_since_s > _PATIENCE_S and len(walker.legs_m) > 1
        if walker.path_m and (_near(position, walker.path_m[0], _ARRIVED_M) or tired):
            walker.path_m.pop(0)
            if not walker.path_m and len(walker.legs_m) > 1:
                walker.legs_m.pop(0)
                if walker.plan.wait_s > 0:
                    agent.model.desired_speed = 0.0
                    walker.wait_until_s = now_s + walker.plan.wait_s
                    return
        if not walker.path_m:
            walker.path_m = self._route(position, walker.legs_m[0])
            walker.leg_since_s = now_s
        agent.target = walker.path_m[0]

    def _route(self, start: tuple[float, float], goal: tuple[float, float]) -> list[tuple[float, float]]:
        if not (self._router.is_routable(start) and self._router.is_routable(goal)):
            return [goal]
        return [*self._router.compute_waypoints(start, goal)[1:-1], goal]


def _near(a: tuple[float, float], b: tuple[float, float], reach_m: float) -> bool:
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 < reach_m**2
