"""Frame times: always increasing, and those of the stream."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throng.capture.clock import LiveClock, RateGate, StreamClock

presentation = st.none() | st.floats(-1e6, 1e6)


@given(times=st.lists(presentation, max_size=50))
def test_stream_time_begins_at_zero_and_always_increases(times: list[float | None]) -> None:
    clock = StreamClock(0.04)
    out = [clock.time_s(time_s) for time_s in times]
    assert out[:1] in ([], [0.0])
    assert all(later > earlier for earlier, later in itertools.pairwise(out))


def test_a_missing_time_a_repeated_one_and_a_clock_that_begins_anew() -> None:
    clock = StreamClock(0.1)
    times = [clock.time_s(t) for t in (50.0, 50.1, None, 50.3, 50.3, 50.25, 50.5, 3.0, 3.1)]
    assert times == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.301, 0.302, 0.5, 0.6, 0.7])


def test_a_loop_goes_on_one_interval_after_its_end() -> None:
    clock = StreamClock(0.1)
    first = [clock.time_s(t) for t in (2.0, 2.1)]
    clock.begin_anew()
    assert [*first, clock.time_s(2.0), clock.time_s(2.1)] == pytest.approx([0.0, 0.1, 0.2, 0.3])


@given(delays_s=st.lists(st.floats(0.0, 0.9), min_size=2, max_size=100))
def test_jitter_of_arrival_does_not_reach_the_times(delays_s: list[float]) -> None:
    clock = LiveClock()
    times = [clock.time_s(0.1 * i, arrival_s=1.7e9 + 0.1 * i + late_s) for i, late_s in enumerate(delays_s)]
    assert times == pytest.approx([1.7e9 + delays_s[0] + 0.1 * i for i in range(len(times))], abs=1e-5, rel=0)


def test_a_stall_that_is_made_good_leaves_the_anchor_alone() -> None:
    clock = LiveClock()
    lateness_s = [0.0, 2.5, 2.4, 2.0, 0.1, 0.0]
    times = [clock.time_s(0.1 * i, arrival_s=1000.0 + 0.1 * i + late_s) for i, late_s in enumerate(lateness_s)]
    assert times == pytest.approx([1000.0 + 0.1 * i for i in range(6)])


def test_lasting_drift_sets_the_anchor_anew_and_time_never_goes_back() -> None:
    clock = LiveClock()
    times = [clock.time_s(0.1 * i, arrival_s=1000.0 + 0.11 * i) for i in range(1000)]  # the stream's clock is 10 per cent slow
    assert all(later > earlier for earlier, later in itertools.pairwise(times))
    assert abs(times[-1] - (1000.0 + 0.11 * 999)) < 1.5
    ahead = LiveClock()
    times = [ahead.time_s(0.1 * i, arrival_s=1000.0 + 0.05 * i) for i in range(1000)]
    assert all(later > earlier for earlier, later in itertools.pairwise(times))
    assert times[-1] - (1000.0 + 0.05 * 999) < 1.1


def test_a_machine_whose_clock_was_set_back_is_followed() -> None:
    clock = LiveClock()
    clock.time_s(0.0, arrival_s=5000.0)
    assert clock.time_s(0.1, arrival_s=1000.0) == pytest.approx(1000.0)


@given(rate_hz=st.floats(0.1, 100.0), steps_s=st.lists(st.floats(0.001, 2.0), min_size=1, max_size=200))
def test_the_gate_lets_the_first_through_and_keeps_the_mean_rate(rate_hz: float, steps_s: list[float]) -> None:
    gate, now_s, passed = RateGate(rate_hz), 0.0, 0
    assert gate.passes(0.0)
    for step_s in steps_s:
        now_s += step_s
        passed += gate.passes(now_s)
    assert passed <= now_s * rate_hz + 1e-3


@given(st.data())
def test_leaving_out_what_is_not_wanted_changes_nothing_of_what_is(data: st.DataObject) -> None:
    """Frames are decoded up to some places before or after they are shown; those that others need cannot be left out."""
    steps_s = data.draw(st.lists(st.floats(0.005, 0.4), min_size=1, max_size=60))
    shown_s = list(itertools.accumulate(steps_s))
    rate_hz = data.draw(st.sampled_from([1.0, 5.0, 12.5]))
    reach = data.draw(st.integers(0, 8))
    places = [k + data.draw(st.integers(-reach, reach)) for k in range(len(shown_s))]
    decoded = sorted(range(len(shown_s)), key=lambda k: (places[k], k))
    needed = [data.draw(st.booleans()) for _ in shown_s]
    gate = RateGate(rate_hz)
    left = [k for k in decoded if gate.spares(shown_s[k])]
    kept = [time_s for k, time_s in enumerate(shown_s) if k not in left or needed[k]]
    whole = RateGate(rate_hz)
    assert [time_s for time_s in kept if gate.passes(time_s)] == [time_s for time_s in shown_s if whole.passes(time_s)]


def test_where_no_rate_is_asked_for_nothing_is_left_out() -> None:
    gate = RateGate(None)
    assert not any(gate.spares(k / 25) for k in range(50))
    assert not RateGate(5.0).spares(None)
