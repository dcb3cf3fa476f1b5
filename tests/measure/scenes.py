"""Crowds simulated by JuPedSim for the tests of measures: a gate that gets hindered, and a corridor."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from throng.data.trajectories import Trajectories

Floats = NDArray[np.float64]
RATE_HZ = 10.0
_STEP_S = 0.02


class _Scene:
    """A simulation that takes note of all places ten times a second."""

    def __init__(self, floor: shapely.Polygon, exits: list[shapely.Polygon]) -> None:
        self._jps = pytest.importorskip("jupedsim", reason="needs the optional extra: pip install 'throng[simulate]'")
        self._simulation = self._jps.Simulation(model=self._jps.CollisionFreeSpeedModelV2(), geometry=floor, dt=_STEP_S)
        stages = [self._simulation.add_exit_stage(area) for area in exits]
        self._journeys = [(self._simulation.add_journey(self._jps.JourneyDescription([stage])), stage) for stage in stages]

    def enter(self, place: tuple[float, float], *, exit_number: int, speed_mps: float) -> None:
        """Let somebody in, unless somebody stands there."""
        if any(True for _ in self._simulation.agents_in_range(place, 0.45)):
            return
        journey, stage = self._journeys[exit_number]
        self._simulation.add_agent(
            self._jps.CollisionFreeSpeedModelV2AgentParameters(
                position=place, journey_id=journey, stage_id=stage, desired_speed=speed_mps, radius=0.15, time_gap=0.6
            )
        )

    def play(self, seconds: float, each: Callable[["_Scene", float], None]) -> Trajectories:
        """Run, and do something ten times a second."""
        rows: list[tuple[float, ...]] = []
        for frame in range(round(seconds * RATE_HZ)):
            each(self, frame / RATE_HZ)
            rows += [(agent.id, frame, *agent.position) for agent in self._simulation.agents()]
            self._simulation.iterate(round(1 / (RATE_HZ * _STEP_S)))
        table = np.array(rows)
        return Trajectories(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2:], RATE_HZ)

    @property
    def people(self) -> list[Any]:
        return list(self._simulation.agents())


@cache
def gate(*, per_s: float, hindered_from_s: float | None = None, seconds: float = 150.0, seed: int = 0) -> Trajectories:
    """People who come from y = 12 m to a gate 1.2 m wide at y = 0, and leave at y = -3 m.

    From a time on something in the gate slows people there, more and more over half a minute, down to 0.05 m/s.
    """
    rng = np.random.default_rng(seed)
    floor = shapely.union_all([shapely.box(-4, 0, 4, 13), shapely.box(-0.6, -0.5, 0.6, 0.1), shapely.box(-4, -4, 4, -0.4)])
    scene = _Scene(floor, [shapely.box(-4, -4, 4, -3)])

    def each(scene: _Scene, time_s: float) -> None:
        for _ in range(rng.poisson(per_s / RATE_HZ)):
            place = (rng.uniform(-3.5, 3.5), rng.uniform(11.5, 12.5))
            scene.enter(place, exit_number=0, speed_mps=float(np.clip(rng.normal(1.34, 0.26), 0.7, 2.0)))
        if hindered_from_s is not None and time_s >= hindered_from_s:
            slow_mps = max(0.05, 1.0 - (time_s - hindered_from_s) / 30)
            for agent in scene.people:
                x, y = agent.position
                agent.model.desired_speed = slow_mps if abs(x) < 0.8 and -0.5 < y < 0.3 else max(agent.model.desired_speed, 1.0)

    return scene.play(seconds, each)


@cache
def corridor(*, forth_per_s: float, back_per_s: float, seconds: float = 60.0, seed: int = 0) -> Trajectories:
    """People who walk through a corridor 20 m long and 5 m wide, both ways."""
    rng = np.random.default_rng(seed)
    scene = _Scene(shapely.box(-2, 0, 22, 5), [shapely.box(21, 0, 22, 5), shapely.box(-2, 0, -1, 5)])

    def each(scene: _Scene, time_s: float) -> None:
        for way, per_s in enumerate((forth_per_s, back_per_s)):
            for _ in range(rng.poisson(per_s / RATE_HZ)):
                speed = float(np.clip(rng.normal(1.34, 0.26), 0.7, 2.0))
                scene.enter((0.0 if way == 0 else 20.0, rng.uniform(0.4, 4.6)), exit_number=way, speed_mps=speed)

    return scene.play(seconds, each)
