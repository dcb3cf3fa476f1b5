"""Little's law against closed forms and simulated queues."""

from collections.abc import Callable
from math import inf, isnan
from typing import TypedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.queues import Served, serve

from throng.data.little import Wait, mean_wait, wait_to_come

SPAN_S = 3600.0


def test_two_minutes_at_ten_a_minute_make_twenty() -> None:
    wait = mean_wait(20.0, 600.0, 3600.0)
    assert wait.wait_s == pytest.approx(120.0)
    assert wait.shortest_s < 120 < wait.longest_s
    assert wait_to_come(20, 600, 3600).wait_s == pytest.approx(120.0)


def test_the_error_is_that_of_a_quotient() -> None:
    """With small errors: relative variances add; chance of services adds 1 / served and 1 / people."""
    wait = wait_to_come(100.0, 400.0, 1000.0, people_error=10.0, served_error=20.0)
    relative = np.sqrt((10 / 100) ** 2 + 1 / 100 + (20 / 400) ** 2 + 1 / 400)
    assert wait.error_s == pytest.approx(250.0 * relative)
    assert wait.shortest_s == pytest.approx(250 * (1 - 1.96 * relative), rel=0.1)
    assert mean_wait(100.0, 4e6, 1e7, people_error=10.0).error_s == pytest.approx(25.0, rel=1e-4)


@given(st.floats(0.5, 200), st.integers(50, 5000), st.floats(0, 20), st.floats(0, 5), st.floats(0.01, 100))
def test_units_of_time_scale(people: float, passed: int, people_error: float, passed_error: float, unit: float) -> None:
    laws: tuple[Callable[[float], Wait], ...] = (
        lambda span: mean_wait(people, passed, span, people_error=people_error, passed_error=passed_error),
        lambda span: wait_to_come(people, passed, span, people_error=people_error, served_error=passed_error),
    )
    for law in laws:
        one, other = law(600.0), law(600.0 * unit)
        assert other.wait_s == pytest.approx(unit * one.wait_s)
        assert other.longest_s == pytest.approx(unit * one.longest_s)
        assert 0 <= one.shortest_s <= one.wait_s <= one.longest_s < inf


@pytest.mark.parametrize(
    ("passed", "error", "reason"),
    [(0.0, 0.0, "nobody"), (-2.0, 3.0, "nobody"), (4.0, 3.0, "told from zero"), (1.0, 0.5, "told from zero")],
)
def test_a_rate_that_may_be_zero_makes_the_wait_unknown(passed: float, error: float, reason: str) -> None:
    for wait in (mean_wait(8, passed, 60, passed_error=error), wait_to_come(8, passed, 60, served_error=error)):
        if wait.reason is not None:
            assert reason in wait.reason
            assert isnan(wait.wait_s)
            assert isnan(wait.longest_s)
    assert wait_to_come(8, passed, 60, served_error=error).reason


def test_an_empty_queue_has_no_wait() -> None:
    assert wait_to_come(0, 30, 60).wait_s == 0.0
    assert mean_wait(0.0, 30, 60).wait_s == 0.0
    assert wait_to_come(-1.3, 30, 60, people_error=2.0).wait_s == 0.0


class Queue(TypedDict):
    arrivals_per_s: float
    service_s: float
    servers: int
    even: bool


QUEUES: dict[str, Queue] = {
    "M/M/1": {"arrivals_per_s": 0.16, "service_s": 5.0, "servers": 1, "even": False},
    "M/D/1": {"arrivals_per_s": 0.16, "service_s": 5.0, "servers": 1, "even": True},
    "M/M/3": {"arrivals_per_s": 0.48, "service_s": 5.0, "servers": 3, "even": False},
}
EXPECTED_S = {
    "M/M/1": 5.0 / (1 - 0.8),
    "M/D/1": 5.0 * (1 + 0.8 / (2 * (1 - 0.8))),
    "M/M/3": 5.0 * (1 + 0.6471910 / (3 * (1 - 0.8))),
}
"""Mean times in the system: S / (1 - rho), Pollaczek and Khinchin, and Erlang's C(3, 2.4) = 0.6472."""


@pytest.mark.parametrize("kind", QUEUES)
def test_the_simulated_queue_is_the_textbooks(kind: str) -> None:
    queue = serve(np.random.default_rng(1), span_s=400_000.0, **QUEUES[kind])
    assert (queue.left_s - queue.came_s).mean() == pytest.approx(EXPECTED_S[kind], rel=0.07)


def _hour(seed: int, kind: str) -> tuple[Served, float]:
    return serve(np.random.default_rng(seed), span_s=3 * SPAN_S, **QUEUES[kind]), SPAN_S


@pytest.mark.parametrize("kind", QUEUES)
def test_littles_wait_is_the_one_that_was_measured(kind: str) -> None:
    held, off = 0, []
    for seed in range(200):
        queue, begin_s = _hour(seed, kind)
        dwells = queue.dwells(begin_s, begin_s + SPAN_S)
        wait = mean_wait(queue.mean_people(begin_s, begin_s + SPAN_S), len(dwells), SPAN_S)
        held += wait.shortest_s <= dwells.mean() <= wait.longest_s
        off.append(abs(wait.wait_s / dwells.mean() - 1))
    assert held >= 185
    assert np.median(off) < 0.02


@pytest.mark.parametrize("kind", QUEUES)
def test_noise_on_the_totals_is_in_the_error(kind: str) -> None:
    """Gaussian errors like those of released totals: 3.4 on the count of those who passed, 1 on the mean number inside."""
    rng, held = np.random.default_rng(2), 0
    for seed in range(200):
        queue, begin_s = _hour(seed, kind)
        dwells = queue.dwells(begin_s, begin_s + SPAN_S)
        people = queue.mean_people(begin_s, begin_s + SPAN_S) + rng.normal(0, 1.0)
        passed = len(dwells) + rng.normal(0, 3.4)
        wait = mean_wait(people, passed, SPAN_S, people_error=1.0, passed_error=3.4)
        held += wait.shortest_s <= dwells.mean() <= wait.longest_s
    assert held >= 187


@pytest.mark.parametrize("kind", QUEUES)
def test_who_joins_waits_as_long_as_was_said(kind: str) -> None:
    """Those who wait now over the rate of the last busy hour, against how long until all of them had been called."""
    held, off = [], []
    for seed in range(200):
        queue, now_s = _hour(seed, kind)[0].waiting(), 2 * SPAN_S
        ahead = queue.left_s[(queue.came_s <= now_s) & (queue.left_s > now_s)]
        if len(ahead) >= 3:
            served, busy_s = len(queue.dwells(now_s - SPAN_S, now_s)), queue.busy_s(now_s - SPAN_S, now_s)
            wait = wait_to_come(len(ahead), served, busy_s)
            held.append(wait.shortest_s <= ahead.max() - now_s <= wait.longest_s)
            off.append(wait.wait_s / (ahead.max() - now_s))
    assert len(held) > 40
    assert np.mean(held) >= 0.92
    assert np.median(off) == pytest.approx(1.0, abs=0.15)
