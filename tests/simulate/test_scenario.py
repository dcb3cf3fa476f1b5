import numpy as np
import pytest

from throng.data.errors import SourceError
from throng.simulate.layout import PASSAGE_DEPTH_M
from throng.simulate.scenario import FOLDER, load, names
from throng.simulate.scene import PASSAGE, PILLAR, empty_scene
from throng.simulate.trajectories import KNOT_HZ
from throng.simulate.truth import truth_of

COUNTING = {"concourse-5": (5, 60), "concourse-50": (50, 300), "concourse-150": (150, 300)}


def test_the_files_stay_small() -> None:
    sizes = {path.stem: path.stat().st_size for path in FOLDER.glob("*.npz")}
    assert set(sizes) == set(names())
    assert max(sizes.values()) <= 600_000
    assert sum(sizes.values()) <= 2_000_000


@pytest.mark.parametrize("name", COUNTING)
def test_counting_scenarios_show_as_many_people_and_crossings_as_they_promise(name: str) -> None:
    people, crossings = COUNTING[name]
    scenario = load(name)
    (camera,) = scenario.cameras
    truth = truth_of(scenario, camera)
    assert truth.in_view.mean() == pytest.approx(people, rel=0.05)
    assert sum(len(line.in_s) + len(line.out_s) for line in truth.lines) >= crossings
    assert all(len(line.in_s) >= 20 and len(line.out_s) >= 20 for line in truth.lines)


def test_the_demo_has_four_busy_cameras() -> None:
    scenario = load("concourse")
    assert len(scenario.cameras) == 4
    times = np.arange(0.0, scenario.duration_s, 2.0)
    inside = [scenario.layout.inside(scenario.positions(t)[1]).sum() for t in times]
    assert 60 <= np.mean(inside) <= 80
    for camera in scenario.cameras:
        assert np.mean([scenario.in_view(camera, scenario.positions(t)[1]).sum() for t in times]) > 8
    assert 180 <= scenario.duration_s <= 300


@pytest.mark.parametrize("name", names())
def test_people_come_and_go_only_at_the_dark_ends_of_passages(name: str) -> None:
    scenario = load(name)
    crowd = scenario.people
    ends = np.concatenate([crowd.xy_cm[crowd.firsts[:-1]], crowd.xy_cm[crowd.firsts[1:] - 1]]) / 100
    assert scenario.layout.outside_m(ends).min() > PASSAGE_DEPTH_M - 1.7
    steps = np.concatenate([np.hypot(*np.diff(crowd.path(k)[1], axis=0).T) for k in range(len(crowd))])
    assert steps.max() * KNOT_HZ < 3.5


def test_people_walk_as_fast_as_people_do() -> None:
    crowd = load("concourse-5").people
    speeds = np.concatenate([np.hypot(*np.diff(crowd.path(k)[1], axis=0).T) for k in range(len(crowd))]) * KNOT_HZ
    walking = speeds[speeds > 0.4]
    assert walking.mean() == pytest.approx(1.34, abs=0.1)
    assert walking.std() == pytest.approx(0.26, abs=0.1)


def test_some_people_wait_in_front_of_the_board() -> None:
    scenario = load("concourse")
    west, south, east, north = scenario.layout.waiting_m
    longest = []
    for k in range(len(scenario.people)):
        path = scenario.people.path(k)[1]
        still = np.hypot(*np.diff(path, axis=0).T) * KNOT_HZ < 0.1
        near = (path[1:, 0] > west - 2) & (path[1:, 0] < east + 2) & (path[1:, 1] > south - 2) & (path[1:, 1] < north + 2)
        longest.append((still & near).sum() / KNOT_HZ)
    waited = np.array(longest) > 15
    assert 0.05 < waited.mean() < 0.25


def test_no_door_is_in_the_counting_view() -> None:
    scenario = load("concourse-5")
    surface = empty_scene(scenario.layout, scenario.cameras[0]).surface
    assert not ((surface >= PASSAGE) & (surface < PILLAR)).any()


def test_a_wrong_name_gets_the_nearest() -> None:
    with pytest.raises(SourceError, match='no scenario "concurse": did you mean "concourse"'):
        load("concurse")
    with pytest.raises(SourceError, match='no camera "gate": did you mean "gates"'):
        load("concourse").camera("gate")
    with pytest.raises(SourceError, match="choose one of concourse, concourse-5, concourse-50, concourse-150"):
        load("zzz")
