"""Clogging: exact series, power laws with known exponents, a simulated gate that gets hindered, a real one that does not."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.measure.scenes import gate
from tests.measure.walkers import every, juelich

from throng.data.trajectories import Trajectories
from throng.measure.clogging import Bottleneck, Clogging, interval_tail
from throng.measure.pressure import local_motion

Floats = NDArray[np.float64]


def watch(trajectories: Trajectories, bottleneck: Bottleneck, *, gate_y_m: float) -> list[Clogging]:
    """What is known every five seconds of a gate across y, with the density between 0.5 and 1.7 m before y = 0."""
    order = np.lexsort((trajectories.frames, trajectories.ids))
    ids, frames, y = trajectories.ids[order], trajectories.frames[order], trajectories.xy_m[order, 1]
    through = (ids[1:] == ids[:-1]) & (y[:-1] >= gate_y_m) & (y[1:] < gate_y_m)
    passed = np.bincount(frames[1:][through] - trajectories.first_frame, minlength=len(trajectories.starts) - 1)
    at = np.stack(np.meshgrid(np.linspace(-0.6, 0.6, 5), np.linspace(0.5, 1.7, 5)), axis=-1).reshape(-1, 2)
    found = []
    for frame, number in enumerate(passed.tolist()):
        people = trajectories.xy_m[trajectories.starts[frame] : trajectories.starts[frame + 1]]
        density = local_motion(people, np.zeros_like(people), at).density_per_m2.mean()
        bottleneck.add(frame / trajectories.rate_hz, number, float(density))
        if frame % round(5 * trajectories.rate_hz) == 0:
            found.append(bottleneck.clogging())
    return found


def confidences(found: list[Clogging]) -> Floats:
    return np.array([one.confidence for one in found])


def test_outflow_that_falls_while_density_rises() -> None:
    bottleneck = Bottleneck()
    for second in range(66):
        bottleneck.add(second, 6 - second // 10, 2.0 + second / 30)
    found = bottleneck.clogging()
    assert found.confidence > 0.999
    assert found.outflow_per_s.slope_per_s == pytest.approx(-0.1, rel=0.05)
    assert found.density_per_m2.slope_per_s == pytest.approx(1 / 30)
    assert found.density_per_m2.level == pytest.approx(2.0 + 62 / 30)
    assert found.reason is None


@pytest.mark.parametrize(
    ("outflow", "density"), [(lambda s: s // 10, lambda s: s / 30), (lambda s: 6 - s // 10, lambda s: 3 - s / 30)]
)
def test_one_of_both_is_not_enough(outflow: object, density: object) -> None:
    assert callable(outflow)
    assert callable(density)
    bottleneck = Bottleneck()
    for second in range(66):
        bottleneck.add(second, outflow(second), density(second))
    assert bottleneck.clogging().confidence < 0.01


def test_too_short_or_unseen_is_unknown_with_a_reason() -> None:
    bottleneck = Bottleneck()
    assert bottleneck.clogging().reason == ("outflow: fewer than 5 values are known; density: fewer than 5 values are known")
    for second in range(66):
        bottleneck.add(second, 1, np.nan)
    found = bottleneck.clogging()
    assert np.isnan(found.confidence)
    assert found.reason == "density: fewer than 5 values are known"
    assert found.outflow_per_s.slope_per_s == pytest.approx(0.0)


def test_what_was_not_seen_is_no_stop_of_the_outflow() -> None:
    bottleneck = Bottleneck()
    for second in range(66):
        if not 20 <= second < 40:
            bottleneck.add(second, 2, 3.0)
    assert bottleneck.clogging().outflow_per_s.slope_per_s == pytest.approx(0.0, abs=1e-12)


def test_a_pause_is_stalled_as_far_as_chance_does_not_explain_it() -> None:
    """Ten passages in ten seconds and none for another ten: by chance (1 / 2)^10."""
    bottleneck = Bottleneck()
    assert np.isnan(bottleneck.clogging().stalled)
    for second in range(21):
        bottleneck.add(second, int(second <= 10), 3.0)
    assert bottleneck.clogging().stalled == pytest.approx(1 - 2**-10)


def test_a_gate_that_gets_hindered_clogs() -> None:
    found = watch(gate(per_s=2.0, hindered_from_s=80.0), Bottleneck(), gate_y_m=0.0)
    before, after = confidences(found[8:16]), confidences(found[22:])
    assert before.max() < 0.7
    assert after.max() > 0.98
    assert found[-1].outflow_per_s.slope_per_s < 0 < found[-1].density_per_m2.slope_per_s


@pytest.mark.parametrize("per_s", [1.0, 1.4, 1.8])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_free_gate_does_not(per_s: float, seed: int) -> None:
    found = watch(gate(per_s=per_s, seed=seed), Bottleneck(), gate_y_m=0.0)
    assert np.nanmax(confidences(found[8:])) < 0.9


def test_five_frames_a_second_tell_the_same() -> None:
    crowd = gate(per_s=2.0, hindered_from_s=80.0)
    fast, slow = (watch(one, Bottleneck(), gate_y_m=0.0) for one in (crowd, every(crowd, 2)))
    np.testing.assert_allclose(confidences(slow[10:]), confidences(fast[10:]), atol=0.1)


@pytest.mark.realdata
def test_a_real_gate_that_does_not_clog(shared_data: Path) -> None:
    """In 040_c_56_h- the density before the gate rises to 6 / m^2 and falls, and 1.1 people a second come out all the time."""
    recording = juelich(shared_data, "040_c_56_h-.txt")
    for one in (recording, every(recording, 5)):
        found = watch(one, Bottleneck(slot_s=2.0, span_s=20.0), gate_y_m=-0.5)
        assert max(clogging.density_per_m2.level for clogging in found[2:]) > 5.5
        assert np.nanmax(confidences(found)) < 0.6
        assert found[8].outflow_per_s.level == pytest.approx(1.14, abs=0.15)


def pareto(exponent: float, n: int, seed: int) -> Floats:
    times: Floats = 0.8 * np.random.default_rng(seed).random(n) ** (-1 / (exponent - 1))
    return times


@pytest.mark.parametrize("exponent", [1.6, 2.5, 4.0])
def test_the_exponent_of_a_power_law(exponent: float) -> None:
    off = []
    for seed in range(40):
        tail = interval_tail(pareto(exponent, 400, seed))
        off.append((tail.exponent - exponent) / tail.error)
    assert abs(np.mean(off)) < 0.6
    assert np.mean(np.abs(off) < 2) > 0.85


def test_the_formula_written_out() -> None:
    """Equal steps of the logarithm from 1 s: the mean of ln t is 1, so the exponent is 2."""
    times = np.exp(-np.log((np.arange(25) + 0.5) / 25))
    tail = interval_tail(times)
    assert tail.exponent == pytest.approx(1 + 25 / np.log(times / times.min()).sum())
    assert tail.error == pytest.approx((tail.exponent - 1) / 5)
    unended = interval_tail(times, unended_s=100.0)
    assert unended.exponent == pytest.approx(1 + 25 / (np.log(times / times.min()).sum() + np.log(100 / times.min())))


def test_a_random_stream_has_a_steep_tail_and_few_intervals_none() -> None:
    assert interval_tail(np.random.default_rng(1).exponential(1.0, 500)).exponent > 3
    few = interval_tail(np.random.default_rng(1).exponential(1.0, 24))
    assert np.isnan([few.exponent, few.error, few.shortest_s]).all()
    assert few.reason is not None
    assert interval_tail(np.ones(100)).reason is not None


@given(st.floats(0.01, 100), st.integers(0, 1000))
def test_units_of_time_change_nothing(unit: float, seed: int) -> None:
    times = pareto(2.2, 60, seed)
    one, other = interval_tail(times), interval_tail(unit * times)
    assert other.exponent == pytest.approx(one.exponent)
    assert other.shortest_s == pytest.approx(unit * one.shortest_s)


def test_the_live_tail_is_that_of_the_passages() -> None:
    bottleneck, times = Bottleneck(), np.cumsum(pareto(2.5, 400, 0))
    frames = np.arange(0.0, times[-1], 0.05)
    passed = np.histogram(times, np.append(frames, times[-1]))[0]
    for time_s, number in zip(frames, passed.tolist(), strict=True):
        bottleneck.add(time_s, number, np.nan)
    assert bottleneck.tail().exponent == pytest.approx(2.5, abs=0.4)
