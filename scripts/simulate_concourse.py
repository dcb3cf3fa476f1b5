"""Makes the crowds that come with Throng: src/throng/simulate/scenarios/*.npz.

Needs JuPedSim. Deterministic: the same version of JuPedSim gives the same files. Takes a few minutes.

    python scripts/simulate_concourse.py [NAME...]
"""

import sys
from typing import NamedTuple

import numpy as np

from throng.simulate.crowd import simulate_crowd
from throng.simulate.layout import CONCOURSE
from throng.simulate.scenario import FOLDER, Scenario, cameras_of
from throng.simulate.trajectories import save


class Recipe(NamedTuple):
    """How one crowd is made."""

    people_per_minute: float
    seconds: float
    seed: int
    waiting_share: float


RECIPES = {
    "concourse": Recipe(130.0, 240.0, 1, 0.15),
    "concourse-5": Recipe(19.5, 600.0, 2, 0.08),
    "concourse-50": Recipe(180.0, 300.0, 3, 0.08),
    "concourse-150": Recipe(565.0, 180.0, 4, 0.05),
}


def make(name: str) -> None:
    """Simulate one crowd, write it, and print its figures."""
    recipe = RECIPES[name]
    crowd = simulate_crowd(CONCOURSE, recipe.people_per_minute, recipe.seconds, recipe.seed, waiting_share=recipe.waiting_share)
    path = FOLDER / f"{name}.npz"
    save(crowd, path)
    scenario = Scenario(name, CONCOURSE, crowd, cameras_of(name))
    times = np.arange(0.0, scenario.duration_s)
    places = [scenario.positions(t)[1] for t in times]
    inside = np.mean([CONCOURSE.inside(xy).sum() for xy in places])
    print(f"{name}: {len(crowd)} people, {path.stat().st_size / 1000:.0f} kB, {inside:.1f} in the hall on average")
    for camera in scenario.cameras:
        seen = [scenario.in_view(camera, xy).sum() for xy in places]
        print(f"  {camera.name}: {np.mean(seen):.1f} in view on average, {min(seen)} to {max(seen)}")


if __name__ == "__main__":
    for chosen in sys.argv[1:] or RECIPES:
        make(chosen)
