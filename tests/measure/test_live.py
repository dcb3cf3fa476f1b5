"""What is measured while a camera runs is what is measured on the recording afterwards."""

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.measure.walkers import every, walkers

from throng.data.ground_place import Area
from throng.data.tracks import Tracks
from throng.data.trajectories import Trajectories
from throng.measure.density import classic_density
from throng.measure.live import LiveMeasures, ZonesNow
from throng.measure.speed import mean_speed, velocities

Floats = NDArray[np.float64]


def tracks_at(recording: Trajectories, frame: int) -> Tracks:
    rows = slice(recording.starts[frame], recording.starts[frame + 1])
    n = recording.starts[frame + 1] - recording.starts[frame]
    nowhere = np.zeros((n, 2))
    return Tracks(
        recording.ids[rows].astype(np.uint64),
        np.zeros((n, 4)),
        nowhere,
        recording.xy_m[rows].copy(),
        np.empty(0, np.uint64),
        frame / recording.rate_hz,
        np.ones(n, dtype=bool),
        nowhere,
    )


def watched(recording: Trajectories, zones: list[Area], every_s: float) -> tuple[LiveMeasures, dict[int, ZonesNow]]:
    live = LiveMeasures(zones, every_s=every_s)
    found = {}
    for frame in range(len(recording.starts) - 1):
        now = live.update(tracks_at(recording, frame))
        if now is not None:
            found[frame] = now
    return live, found


@pytest.fixture(scope="module")
def recording() -> Trajectories:
    return walkers()


@pytest.fixture(scope="module")
def zones(recording: Trajectories) -> list[Area]:
    (left, bottom), (right, top) = np.quantile(recording.xy_m, [0.25, 0.75], axis=0)
    middle = (left + right) / 2
    return [
        Area(name, np.array([[a, bottom], [b, bottom], [b, top], [a, top]]))
        for name, a, b in (("west", left, middle), ("east", middle, right))
    ]


def test_density_and_speed_are_those_of_the_recording(recording: Trajectories, zones: list[Area]) -> None:
    _, found = watched(recording, zones, 0.0)
    frames = np.array(sorted(found))
    assert len(frames) == len(recording.starts) - 1
    wanted_mps = velocities(recording, window_s=1.0)
    for number, zone in enumerate(zones):
        classic = np.array([found[frame].classic_per_m2[number] for frame in frames])
        np.testing.assert_allclose(classic, classic_density(recording, zone))
        # Live velocities look back, those of a recording both ways: the same on average.
        live_mps = np.array([found[frame].speed_mps[number] for frame in frames])
        both = np.isfinite(live_mps) & np.isfinite(mean_speed(recording, wanted_mps, zone))
        assert both.any()
        assert np.mean(live_mps[both] - mean_speed(recording, wanted_mps, zone)[both]) == pytest.approx(0, abs=0.06)


def test_voronoi_density_is_near_the_classic_one_on_average(recording: Trajectories, zones: list[Area]) -> None:
    _, found = watched(recording, zones, 0.0)
    classic, voronoi = (
        np.array([getattr(now, name) for now in found.values()]) for name in ("classic_per_m2", "voronoi_per_m2")
    )
    assert voronoi.mean() == pytest.approx(classic.mean(), rel=0.15)
    assert voronoi.std() < classic.std()


def test_five_frames_a_second_tell_what_all_do(recording: Trajectories, zones: list[Area]) -> None:
    means = []
    for one in (recording, every(recording, round(recording.rate_hz / 5))):
        _, found = watched(one, zones, 0.5)
        names = ("voronoi_per_m2", "speed_mps", "voronoi_speed_mps")
        means.append([np.nanmean([getattr(now, name) for now in found.values()]) for name in names])
    np.testing.assert_allclose(means[0], means[1], rtol=0.05)


def test_the_floor_is_used_for_as_long_as_people_are_there(recording: Trajectories, zones: list[Area]) -> None:
    live, found = watched(recording, zones, 0.0)
    (left, bottom), cell = (live.grid.left_m, live.grid.bottom_m), live.grid.cell_m
    on_grid = ((recording.xy_m > [left, bottom]) & (recording.xy_m < [left + cell * live.grid.columns, np.inf])).all(axis=1)
    assert 0 < live.floor_s_per_m2.sum() * cell**2 <= on_grid.sum() / recording.rate_hz
    assert live.density_per_m2.shape == live.floor_s_per_m2.shape
    assert len(found) > 0


def nobody(ground_m: Floats | None) -> Tracks:
    nowhere = np.empty((0, 2))
    none = np.empty(0, np.uint64)
    return Tracks(none, np.empty((0, 4)), nowhere, ground_m, none, 0.0, np.empty(0, bool), nowhere)


def test_nobody_is_no_people_and_no_speed(zones: list[Area]) -> None:
    now = LiveMeasures(zones).update(nobody(np.empty((0, 2))))
    assert now is not None
    assert now.people.tolist() == [0, 0]
    assert now.voronoi_per_m2.tolist() == [0, 0]
    for unknown in (now.speed_mps, now.voronoi_speed_mps, now.standing, now.counter_flow, now.pressure_per_s2):
        assert np.isnan(unknown).all()


def test_tracks_in_the_picture_alone_are_refused(zones: list[Area]) -> None:
    with pytest.raises(ValueError, match="ground"):
        LiveMeasures(zones).update(nobody(None))
