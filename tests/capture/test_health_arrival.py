"""Dropped frames: told by the source's own count, so that a slow machine and a wanted rate are never taken for loss."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.capture.disturb import frame_of

from throng.capture.health.arrival import LOSSY
from throng.capture.health.scene import SceneHealth

SCENE = np.random.default_rng(1).integers(60, 190, (36, 64)).astype(np.uint8).repeat(4, 0).repeat(4, 1)


def told(times_s: list[float], indices: list[int]) -> list[tuple[float, str]]:
    """What is told of frames with these times and numbers, and when."""
    health = SceneHealth()
    reasons = []
    for time_s, index in zip(times_s, indices, strict=True):
        picture = SCENE.copy()
        picture[0, index % 256] ^= 1
        if reason := health.look(frame_of(picture, time_s, index)):
            reasons.append((time_s, reason))
    return reasons


def arrivals(rate_hz: float, lost: list[tuple[float, float]], *, length_s: float, keep: int) -> list[float]:
    """Times of the frames that come, when all but every `keep`th is lost from some seconds to others."""
    times_s = [i / rate_hz for i in range(round(length_s * rate_hz))]
    return [t for i, t in enumerate(times_s) if i % keep == 0 or not any(a <= t < b for a, b in lost)]


@pytest.mark.parametrize(("rate_hz", "keep"), [(5.0, 6), (12.5, 10), (25.0, 20), (30.0, 60)])
def test_lost_frames_are_told_and_taken_back_within_ten_seconds(rate_hz: float, keep: int) -> None:
    times_s = arrivals(rate_hz, [(30.0, 60.0)], length_s=80.0, keep=keep)
    reasons = told(times_s, list(range(len(times_s))))
    assert {reason for _, reason in reasons} == {LOSSY}
    assert 30.0 < reasons[0][0] <= 40.0
    assert 60.0 <= reasons[-1][0] <= 70.0


@given(
    rate_hz=st.sampled_from([1.0, 5.0, 12.5, 25.0]),
    taken=st.lists(st.integers(1, 25), min_size=150, max_size=150),
    jitter=st.floats(0.0, 0.4),
)
@settings(max_examples=15, deadline=None)
def test_a_slow_consumer_or_a_lower_wanted_rate_loses_nothing(rate_hz: float, taken: list[int], jitter: float) -> None:
    indices = np.cumsum(taken)
    times_s = (indices + jitter * np.sin(indices)) / rate_hz
    kept = np.concatenate([[True], np.diff(times_s) > 0])
    assert told(times_s[kept].tolist(), indices[kept].tolist()) == []


@given(steps=st.lists(st.floats(0.5, 2.0), min_size=200, max_size=200), rate_hz=st.sampled_from([1.0, 5.0, 25.0]))
@settings(max_examples=15, deadline=None)
def test_a_rate_that_varies_is_no_loss(steps: list[float], rate_hz: float) -> None:
    assert told(np.cumsum(np.array(steps) / rate_hz).tolist(), list(range(200))) == []


def test_a_camera_that_halves_its_rate_at_night_loses_nothing() -> None:
    times_s = [i / 25 for i in range(1000)] + [40 + i / 12.5 for i in range(1000)]
    assert told(times_s, list(range(2000))) == []


def test_a_lower_rate_that_lasts_is_the_cameras_own() -> None:
    times_s = [i / 25 for i in range(1500)] + [60 + i / 3 for i in range(2000)]
    reasons = told(times_s, list(range(3500)))
    assert 60.0 < reasons[0][0] <= 70.0
    assert 300.0 <= reasons[-1][0] <= 400.0


@given(gap_s=st.floats(5.1, 4000.0), restarts=st.booleans())
@settings(max_examples=20, deadline=None)
def test_outages_are_no_loss(gap_s: float, restarts: bool) -> None:
    """The source tells them itself; after one, the numbers may begin anew."""
    times_s = [i / 5 for i in range(100)] + [20 + gap_s + i / 5 for i in range(100)]
    indices = list(range(100)) + list(range(0 if restarts else 100, 100 if restarts else 200))
    assert told(times_s, indices) == []


def test_numbers_that_begin_anew_are_no_loss() -> None:
    assert told([i / 5 for i in range(200)], [*range(100), *range(100)]) == []


def test_clocks_that_jump_are_no_loss() -> None:
    times_s, now_s = [], 0.0
    for i in range(1000):
        now_s += {200: 40.0, 400: 3600.0, 600: -7200.0, 800: 8.0}.get(i, 0.2)
        times_s.append(now_s)
    assert told(times_s, list(range(1000))) == []
