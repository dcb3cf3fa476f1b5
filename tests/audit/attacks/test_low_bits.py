"""The last bits of what is released know nothing of who was there."""

from pathlib import Path

import numpy as np
import pytest
from tests.audit.scenes import events_of, last_of_day, series, wall

from throng.audit.attacks.low_bits import dependence, low_bits
from throng.privacy.budget import MECHANISMS, Budget

TICKS, LINES, DAYS = 6, 100, 5
FALSE_FAILURE = 1e-8


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_low_bits_do_not_tell_whether_somebody_passed(tmp_path: Path, mechanism: str) -> None:
    """A crowd of up to seven, so that a grid that follows the count would show."""
    values, truth = [], []
    for day in range(DAYS):
        counts = np.random.default_rng(day).integers(0, 8, (2 * LINES, TICKS))
        through = wall(tmp_path, Budget(mechanism=mechanism), camera=f"day {day}", number_of_lines=LINES)
        values.append(series(last_of_day(through, events_of(counts), ticks=TICKS), "in", "out").ravel())
        truth.append(counts.ravel())
    for finest in (8, 16, 30, 44):
        assert dependence(low_bits(np.concatenate(values), finest=finest, bits=3), np.concatenate(truth)) > FALSE_FAILURE


def test_a_grid_that_follows_the_count_is_seen() -> None:
    """Noise in steps of 1/16 added to tenths: the place between two steps is the count."""
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 8, 2000)
    values = truth / 10 + np.rint(rng.normal(0, 100, 2000)) / 16
    assert dependence(low_bits(values, finest=16, bits=12), truth) < 1e-100


def test_low_bits_are_those_of_the_grid() -> None:
    assert low_bits([0.0, 0.25, -0.25, 5.75], finest=2, bits=2).tolist() == [0, 1, 3, 3]
