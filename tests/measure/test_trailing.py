"""Velocities while a camera runs: right for those who walk straight, unknown for those who have just come."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throng.measure.trailing import LOOKS, TrailingVelocities


@given(st.integers(0, 10_000), st.sampled_from([3.0, 5.0, 12.5, 30.0]))
def test_straight_walks_have_their_velocity_at_any_rate(seed: int, rate_hz: float) -> None:
    generator = np.random.default_rng(seed)
    begin, walk = generator.uniform(-50, 50, (2, 20, 2))
    ids = (generator.integers(0, 2**60) + generator.permutation(20)).astype(np.uint64)
    measured = TrailingVelocities()
    for frame in range(int(3 * rate_hz)):
        order = generator.permutation(20)[: int(generator.integers(15, 21))]
        found = measured.update(ids[order], (begin + walk * frame / rate_hz)[order], frame / rate_hz)
    known = np.isfinite(found).all(axis=1)
    assert known.mean() > 0.8
    np.testing.assert_allclose(found[known], walk[order][known], rtol=1e-6, atol=1e-9)


def test_who_has_just_come_has_none_and_after_a_pause_nobody() -> None:
    measured = TrailingVelocities()
    one, both = np.array([5], np.uint64), np.array([5, 3], np.uint64)
    for frame in range(11):
        alone = measured.update(one, np.array([[0.1 * frame, 0.0]]), 0.1 * frame)
    assert alone[0, 0] == pytest.approx(1.0)
    new = measured.update(both, np.array([[1.1, 0.0], [9.0, 9.0]]), 1.1)
    assert np.isnan(new[1]).all()
    assert new[0, 0] == pytest.approx(1.0)
    assert np.isnan(measured.update(both, np.zeros((2, 2)), 9.0)).all()


def test_sway_is_evened_out_over_the_window() -> None:
    generator = np.random.default_rng(2)
    measured = TrailingVelocities(window_s=1.0)
    found = [
        measured.update(np.array([1], np.uint64), np.array([[frame / 30, 0.0]]) + generator.normal(0, 0.02, (1, 2)), frame / 30)
        for frame in range(300)
    ]
    sway = np.array(found)[40:, 0] - [1.0, 0.0]
    assert np.sqrt((sway**2).mean()) < 1.3 * 2**0.5 * 0.02


def test_what_is_kept_is_bounded() -> None:
    measured = TrailingVelocities()
    for frame in range(1000):
        measured.update(np.arange(3, dtype=np.uint64), np.zeros((3, 2)), frame / 100)
    assert len(measured._past) == LOOKS + 1


def test_nobody() -> None:
    measured = TrailingVelocities()
    for frame in range(20):
        assert measured.update(np.empty(0, np.uint64), np.empty((0, 2)), frame / 10).shape == (0, 2)
    assert np.isnan(measured.update(np.array([1], np.uint64), np.zeros((1, 2)), 2.0)).all()
