"""What is made up of zones shows in their columns: pressure when a crowd sways, counter-flow, queues."""

import numpy as np
import pytest

from throng.data.trajectories import Trajectories
from throng.study.places import parse_zone
from throng.study.study import measure

ZONE = parse_zone("zone: -4,-4 4,-4 4,4 -4,4")


def recording(places_m: np.ndarray, rate_hz: float = 5.0) -> Trajectories:
    """Places (frames, people, 2); NaN for who is absent."""
    frames, people = np.nonzero(np.isfinite(places_m[..., 0]))
    return Trajectories(people, frames, places_m[frames, people], rate_hz)


def lattice() -> np.ndarray:
    x, y = np.meshgrid(np.arange(-6, 6, 0.6), np.arange(-6, 6, 0.6))
    return np.stack([x.ravel(), y.ravel()], axis=-1)


def test_pressure_rises_while_the_crowd_sways() -> None:
    times_s = np.arange(0, 85, 0.2)
    sway_m = np.where((times_s > 30) & (times_s < 55), 0.3 * np.sin(2 * np.pi * times_s / 4), 0.0)
    places = lattice() + np.stack([sway_m, np.zeros(len(times_s))], axis=-1)[:, None]
    study = measure(recording(places), zones=[ZONE], interval_s=5.0, window_s=0.8)
    pressure = study.zones["pressure_max_per_s2"].to_numpy()
    assert np.isnan(pressure[0])
    assert (pressure[4:6] < 1e-6).all()
    # All move alike, so the local velocity is that of the sway: rho <v^2>, v = 0.3 (2 pi / 4) cos, for 20 s.
    amplitude = 0.3 * 2 * np.pi / 4 * np.sinc(0.8 / 4)
    assert np.nanmax(pressure) == pytest.approx(1 / 0.36 * amplitude**2 / 2, rel=0.1)
    assert 8 <= np.nanargmax(pressure) <= 11
    assert (pressure[-1:] < 1e-6).all()


def test_counter_flow_is_the_share_of_those_against() -> None:
    times_s = np.arange(0, 4, 0.2)
    way = np.where(np.arange(20) < 15, 1.0, -0.5)
    x = way * 1.2 * (times_s[:, None] - 2) + np.zeros(20)
    places = np.stack([x, np.broadcast_to(np.arange(20) * 0.3 - 3, x.shape)], axis=-1)
    (row,) = measure(recording(places), zones=[ZONE]).zones.to_pylist()
    assert row["counter_flow_share"] == pytest.approx(0.25)
    # Nobody shares a lane with somebody else but at the border of the two ways.
    assert row["lane_order"] > 0.5


def test_a_queue_is_served_as_it_was_made() -> None:
    # One comes each second from 2 s on, stands for 10 s, and is gone.
    rate_hz, stay_s = 10.0, 10.0
    times_s = np.arange(0, 200, 1 / rate_hz)
    came_s = np.arange(2.0, 185.0, 1.0)
    here = (times_s[:, None] >= came_s) & (times_s[:, None] < came_s + stay_s)
    outside = (times_s[:, None] >= came_s - 1) & (times_s[:, None] < came_s + stay_s + 1)
    x = np.where(here, 0.0, np.where(outside, np.where(times_s[:, None] < came_s, -5.0, 5.0), np.nan))
    places = np.stack([x, np.broadcast_to(np.linspace(-3, 3, len(came_s)), x.shape)], axis=-1)
    study = measure(recording(places, rate_hz), zones=[ZONE], window_s=0.2)
    (queue,) = study.queues.to_pylist()
    assert queue["service_rate_per_s"] == pytest.approx(1.0, rel=0.1)
    assert queue["waiting_mean"] == pytest.approx(len(came_s) * stay_s / 200, rel=0.05)
    assert queue["wait_shortest_s"] < stay_s < queue["wait_longest_s"]
    assert queue["stay_mean_s"] == pytest.approx(stay_s, abs=0.1)
    (dwell,) = study.dwell.to_pylist()
    assert dwell["complete"] == len(came_s)
    assert dwell["mean_s"] == pytest.approx(stay_s, abs=0.1)
