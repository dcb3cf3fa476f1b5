"""Shares of time in the cells of the picture, against adding up by hand."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.data.place import HEAT_COLUMNS, HEAT_ROWS, cell_name
from throng.measure.heat import LONGEST_STEP_S, SHORTEST_S, CellShares
from throng.measure.slots import FIRST_CAPACITY

SIZE_PX = (640, 360)
CELL_PX = 40


def _ids(*keys: int) -> NDArray[np.uint64]:
    return np.array(keys, dtype=np.uint64)


def _cell_by_hand(x: float, y: float) -> int:
    column = min(max(int(x // CELL_PX), 0), HEAT_COLUMNS - 1)
    return HEAT_COLUMNS * min(max(int(y // CELL_PX), 0), HEAT_ROWS - 1) + column


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_shares_are_those_added_up_by_hand(seed: int) -> None:
    """People come, wander beyond the picture, are unseen for moments and end, at a rate that changes."""
    random = np.random.default_rng(seed)
    shares, time_s, places = CellShares(SIZE_PX), 0.0, random.uniform(-80, 700, (40, 2))
    seconds: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    seen_s: dict[int, list[float]] = defaultdict(list)
    alive: list[int] = []
    for step in range(80):
        places += random.normal(0, 20, places.shape)
        alive += [step // 2] if step % 2 else []
        here = [key for key in alive if random.random() < 0.8]
        shares.update(_ids(*here), places[here].reshape(-1, 2), time_s)
        for key in here:
            if seen_s[key]:
                seconds[key][_cell_by_hand(*places[key])] += min(time_s - seen_s[key][-1], LONGEST_STEP_S)
            seen_s[key].append(time_s)
        time_s += random.choice([0.04, 0.2, 0.9])
        ended = alive if step == 79 else [key for key in alive if random.random() < 0.03]
        alive = [key for key in alive if key not in ended]
        found: dict[int, dict[int, float]] = defaultdict(dict)
        for key, cell, share in shares.end(_ids(*ended)):
            found[key][cell] = share
        assert set(found) == {key for key in ended if seen_s[key] and seen_s[key][-1] - seen_s[key][0] >= SHORTEST_S}
        for key, cells in found.items():
            assert sum(cells.values()) == pytest.approx(1.0, abs=1e-12)
            assert cells == pytest.approx({cell: each / sum(seconds[key].values()) for cell, each in seconds[key].items()})


@pytest.mark.parametrize(
    ("point", "name"),
    [
        ((0.0, 0.0), "@0,0"),
        ((130.0, 30.0), "@3,0"),
        ((30.0, 130.0), "@0,3"),
        ((640.0, 360.0), "@15,8"),
        ((-500.0, 5000.0), "@0,8"),
        ((5000.0, -1.0), "@15,0"),
    ],
)
def test_who_stands_is_in_one_cell_also_beyond_the_picture(point: tuple[float, float], name: str) -> None:
    shares = CellShares(SIZE_PX)
    for frame in range(12):
        shares.update(_ids(7), np.array([point]), frame / 10)
    ((key, cell, share),) = shares.end(_ids(7))
    assert (key, cell_name(cell), share) == (7, name, 1.0)


def test_time_counts_and_not_the_number_of_frames() -> None:
    """Two seconds at 25 frames a second, then two at 5."""
    shares = CellShares(SIZE_PX)
    for time_s in [*np.arange(0, 2, 0.04), *np.arange(2, 4, 0.2)]:
        shares.update(_ids(1), np.array([[20.0 if time_s < 2 else 60.0, 20.0]]), time_s)
    assert [share for _, _, share in shares.end(_ids(1))] == pytest.approx([0.5, 0.5], abs=0.05)


def test_nobody_is_told_twice_and_the_unknown_are_not_told() -> None:
    shares = CellShares(SIZE_PX)
    for time_s in (0.0, 0.5, 1.0):
        shares.update(_ids(1), np.array([[1.0, 1.0]]), time_s)
    assert len(shares.end(_ids(1, 2))) == 1
    assert shares.end(_ids(1, 2)) == []


def test_memory_follows_those_in_view() -> None:
    shares = CellShares(SIZE_PX)
    for key in range(50 * FIRST_CAPACITY):
        shares.update(_ids(key), np.array([[1.0, 1.0]]), float(key))
        shares.end(_ids(key))
    assert shares._seconds.shape == (HEAT_COLUMNS * HEAT_ROWS, FIRST_CAPACITY)
