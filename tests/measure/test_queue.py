"""Queues that are watched frame by frame, against simulated ones with known rates."""

import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.data.queues import Served, serve
from tests.measure.scenes import gate

from throng.measure.queue import Queue, QueueState, waiting

Floats = NDArray[np.float64]

KINDS = {"M/M/1": (1, False), "M/D/1": (1, True), "M/M/3": (3, False)}
SERVICES_PER_S = 0.2
SPAN_S = 1800.0


def simulated(kind: str, seed: int) -> Served:
    """Nine in ten of what the servers, together 0.2 a second, can do; those who wait, until they are called."""
    servers, even = KINDS[kind]
    queue = serve(
        np.random.default_rng(seed),
        arrivals_per_s=0.9 * SERVICES_PER_S,
        service_s=servers / SERVICES_PER_S,
        servers=servers,
        even=even,
        span_s=3 * SPAN_S,
    )
    return queue.waiting()


def watch(queue: Served, rate_hz: float, *, until_s: float = 2 * SPAN_S) -> QueueState:
    """The state of the queue after so many frames a second for an hour."""
    watched = Queue(span_s=SPAN_S)
    edges = np.arange(until_s - SPAN_S - 30, until_s + 1e-6, 1 / rate_hz)
    inside = np.searchsorted(queue.came_s, edges, "right") - np.searchsorted(queue.left_s, edges, "right")
    ends = np.searchsorted(queue.left_s, edges, "right")
    for frame in range(1, len(edges)):
        gone = slice(ends[frame - 1], ends[frame])
        dwells = queue.left_s[gone] - queue.came_s[gone]
        watched.add(edges[frame], int(inside[frame]), len(dwells), dwells)
    return watched.state()


@pytest.mark.parametrize("kind", KINDS)
def test_the_service_rate_is_the_servers(kind: str) -> None:
    """Even services are half done when somebody begins to wait, which makes the rate a little too high."""
    states = [watch(simulated(kind, seed), 2.0) for seed in range(30)]
    rates = np.array([state.service_rate_per_s for state in states])
    assert rates.mean() == pytest.approx(SERVICES_PER_S, rel=0.08 if kind == "M/D/1" else 0.02)
    off = (rates - SERVICES_PER_S) / [state.rate_error for state in states]
    assert np.mean(np.abs(off) < 2) > 0.85


@pytest.mark.parametrize("kind", KINDS)
def test_littles_wait_agrees_with_measured_dwell(kind: str) -> None:
    held, off = [], []
    for seed in range(30):
        state = watch(simulated(kind, seed), 2.0)
        held.append(state.wait.shortest_s <= state.measured_s <= state.wait.longest_s)
        off.append(state.wait.wait_s / state.measured_s)
    assert np.mean(held) >= 0.9
    assert np.median(off) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("kind", KINDS)
def test_who_joins_waits_as_long_as_was_said(kind: str) -> None:
    held = []
    for seed in range(120):
        queue, now_s = simulated(kind, seed), 2 * SPAN_S
        ahead = queue.left_s[(queue.came_s <= now_s) & (queue.left_s > now_s)]
        if len(ahead) >= 3:
            state = watch(queue, 1.0)
            assert state.waiting == len(ahead)
            held.append(state.wait_to_come.shortest_s <= ahead.max() - now_s <= state.wait_to_come.longest_s)
    assert len(held) > 40
    assert np.mean(held) >= 0.89


def test_five_frames_a_second_tell_the_same_as_thirty() -> None:
    queue = simulated("M/M/1", 3)
    slow, fast = watch(queue, 5.0), watch(queue, 30.0)
    assert slow.wait.wait_s == pytest.approx(fast.wait.wait_s, rel=0.005)
    assert slow.service_rate_per_s == pytest.approx(fast.service_rate_per_s, rel=0.005)
    assert slow.measured_s == pytest.approx(fast.measured_s, rel=0.005)


def test_the_error_of_measured_dwell_is_that_of_a_mean() -> None:
    queue, dwells = Queue(slot_s=10, span_s=100), np.array([10.0, 14.0, 30.0])
    queue.add(1.0, 3, 3, dwells)
    queue.add(11.0, 0, 0)
    state = queue.state()
    assert state.measured_s == pytest.approx(18.0)
    assert state.measured_error == pytest.approx(dwells.std(ddof=1) / np.sqrt(3))


def test_frames_that_are_missing_do_not_dilute_the_rate() -> None:
    """A queue of five that moves once in ten seconds, unseen for half of the time."""
    queue = Queue(slot_s=10, span_s=600)
    for second in range(601):
        if second < 300 or second == 600:
            queue.add(second, 5, int(second % 10 == 5))
    state = queue.state()
    assert state.mean_waiting == 5.0
    assert state.service_rate_per_s == pytest.approx(0.1)
    assert state.rate_error == pytest.approx(np.sqrt(30) / 300)
    assert state.wait.wait_s == pytest.approx(50.0)
    assert state.wait_to_come.wait_s == pytest.approx(50.0)


def test_what_is_not_known_has_a_reason() -> None:
    queue = Queue(slot_s=10, span_s=100)
    state = queue.state()
    assert np.isnan([state.waiting, state.mean_waiting, state.service_rate_per_s, state.measured_s]).all()
    assert state.wait.reason
    assert state.wait_to_come.reason
    for second in range(100):
        queue.add(second, 7, 0)
    state = queue.state()
    assert (state.waiting, state.mean_waiting, state.service_rate_per_s) == (7, 7.0, 0.0)
    assert state.wait.reason == "nobody is known to have left the queue"
    assert state.wait_to_come.reason == "nobody is known to have been served"


def test_an_empty_queue_has_no_service_rate() -> None:
    queue = Queue(slot_s=10, span_s=100)
    for second in range(100):
        queue.add(second, 0, 0)
    state = queue.state()
    assert (state.waiting, state.mean_waiting) == (0, 0.0)
    assert np.isnan(state.service_rate_per_s)


def test_who_waits() -> None:
    v = np.array([[0.0, 0.0], [0.3, 0.3], [0.4, 0.4], [np.nan, np.nan], [0.0, 0.0]])
    inside = np.array([True, True, True, True, False])
    assert waiting(v, inside).tolist() == [True, True, False, True, False]


def test_memory_does_not_grow_with_time() -> None:
    queue = Queue()
    for second in range(1000):
        queue.add(second, 3, 1, np.array([20.0]))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for second in range(1000, 6000):
            queue.add(second, 3, 1, np.array([20.0]))
        assert tracemalloc.get_traced_memory()[0] - before < 5_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("hindered_from_s", "rel"), [(None, 0.05), (80.0, 2.0)])
def test_before_a_simulated_gate_the_law_holds(hindered_from_s: float | None, rel: float) -> None:
    """All in 6 m before the gate are its queue: their number over the outflow, against how long each was there.

    While the gate clogs those who got out had waited for less than those will who have not; the error says so.
    """
    crowd = gate(per_s=2.0, hindered_from_s=hindered_from_s)
    inside = (crowd.xy_m[:, 1] >= 0) & (crowd.xy_m[:, 1] < 6)
    ids, frames = crowd.ids[inside], crowd.frames[inside]
    order = np.lexsort((frames, ids))
    starts = np.flatnonzero(np.diff(ids[order], prepend=-1))
    came, left = np.minimum.reduceat(frames[order], starts), np.maximum.reduceat(frames[order], starts)
    queue, last = Queue(slot_s=5.0, span_s=100.0), int(crowd.last_frame)
    for frame in range(400, last):
        gone = left == frame - 1
        dwells = (left[gone] + 1 - came[gone]) / crowd.rate_hz
        queue.add(frame / crowd.rate_hz, int(np.count_nonzero(frames == frame)), len(dwells), dwells)
    state = queue.state()
    assert state.wait.shortest_s < state.measured_s < state.wait.longest_s
    assert state.wait.wait_s == pytest.approx(state.measured_s, rel=rel)
    assert (state.wait.error_s > 0.3 * state.wait.wait_s) == (hindered_from_s is not None)
