"""Ways of single people out of occupancy: most of them from exact numbers, no more than by chance from what is released."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.audit.scenes import last_of_day, series, wall

from throng.audit.attacks.trajectories import recover, share_recovered, whole_counts
from throng.privacy.budget import Budget

PLACES, PEOPLE, TICKS, TOWNS = 12, 6, 16, 40
XY_M = np.column_stack((100.0 * np.arange(PLACES), np.zeros(PLACES)))
"""A street of places, each with a camera of its own."""


def _walks(rng: np.random.Generator) -> NDArray[np.int64]:
    """Few people (people, ticks), who walk the street to and fro, each from where he likes, and turn at its ends."""
    begins, steps = rng.integers(0, PLACES, PEOPLE), rng.choice((-1, 0, 1), PEOPLE)
    way = begins[:, None] + steps[:, None] * np.arange(TICKS)
    lap = 2 * (PLACES - 1)
    folded: NDArray[np.int64] = np.minimum(way % lap, lap - way % lap)
    return folded


def _occupancy(walks: NDArray[np.int64]) -> NDArray[np.float64]:
    """Exact, (ticks, places)."""
    return np.array([np.bincount(walks[:, tick], minlength=PLACES) for tick in range(TICKS)], dtype=np.float64)


def _released(folder: Path, walks: NDArray[np.int64]) -> NDArray[np.float64]:
    """What the walls of the places say of how many are there, (ticks, places): each visit is a passage."""
    columns = []
    for place in range(PLACES):
        here = np.pad((walks == place).astype(int), ((0, 0), (1, 0)))
        comes, goes = np.diff(here) == 1, np.diff(here) == -1
        events = {
            tick: [(1000 * person + np.sum(comes[person, : tick + 1]), 0) for person in np.flatnonzero(comes[:, tick])]
            + [(1000 * person + np.sum(comes[person, : tick + 1]), 1) for person in np.flatnonzero(goes[:, tick])]
            for tick in range(TICKS)
        }
        through = wall(folder, Budget(passage_counters=2), camera=f"place {place}", number_of_zones=1)
        columns.append(series(last_of_day(through, events, ticks=TICKS), "occupancy")[0])
    return np.array(columns).T


def _shares(folder: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """By town, the share recovered from releases, and from the releases of another town, which is chance."""
    rng = np.random.default_rng()
    towns = [_walks(rng) for _ in range(TOWNS)]
    released = []
    for number, walks in enumerate(towns):
        (folder / str(number)).mkdir()
        released.append(_released(folder / str(number), walks))
    found = [recover(each, XY_M, people=PEOPLE) for each in released]
    own = [share_recovered(way, walks) for way, walks in zip(found, towns, strict=True)]
    other = [share_recovered(way, walks) for way, walks in zip(found, towns[1:] + towns[:1], strict=True)]
    return np.array(own), np.array(other)


def test_releases_give_hardly_more_than_chance_and_exact_numbers_most(tmp_path: Path) -> None:
    """Nine standard deviations lie between what is measured and either limit."""
    own, chance = (shares.mean() for shares in _shares(tmp_path))
    rng = np.random.default_rng()
    towns = [_walks(rng) for _ in range(TOWNS)]
    exact = np.mean([share_recovered(recover(_occupancy(walks), XY_M, people=PEOPLE), walks) for walks in towns])
    assert exact > 0.8
    assert own - chance < 0.2 * (exact - chance)


@pytest.mark.usefixtures("_noise_off")
def test_without_noise_the_walls_give_what_exact_numbers_give(tmp_path: Path) -> None:
    walks = _walks(np.random.default_rng(3))
    np.testing.assert_allclose(_released(tmp_path, walks), _occupancy(walks), atol=1e-3)


def test_people_are_never_lost_or_added() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        counts = rng.normal(0, 5, 7)
        whole = whole_counts(counts, 9)
        assert whole.sum() == 9
        assert (whole >= 0).all()
    assert whole_counts([2.0, 0.0, 3.0], 5).tolist() == [2, 0, 3]
    assert whole_counts([-1.0, -2.0], 4).tolist() == [2, 2]


def test_ways_that_never_meet_are_recovered_whole() -> None:
    """Two who walk the same way far apart."""
    counts = np.zeros((4, 8))
    for tick in range(4):
        counts[tick, [tick, 4 + tick]] = 1
    found = recover(counts, XY_M[:8], people=2)
    assert share_recovered(found, [[0, 1, 2, 3], [4, 5, 6, 7]]) == 1.0
    assert share_recovered(found, [[0, 1, 2, 7], [4, 5, 6, 3]]) == pytest.approx(0.75)
