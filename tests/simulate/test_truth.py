from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.simulate.camera import SimulatedCamera, mounted
from throng.simulate.layout import CONCOURSE
from throng.simulate.scenario import Scenario, load
from throng.simulate.trajectories import KNOT_HZ, Trajectories
from throng.simulate.truth import distance_inside, settled_changes, truth_of

SQUARE = ((16.0, 8.0), (24.0, 8.0), (24.0, 14.0), (16.0, 14.0))
NORTHWARD = ((20.0, 6.0), (20.0, 16.0))


def camera_with(line: Any = NORTHWARD, zone: Any = SQUARE) -> SimulatedCamera:
    return mounted(
        "hall",
        at_m=(20.0, 3.0, 8.0),
        pan_deg=0.0,
        tilt_deg=55.0,
        field_of_view_deg=90.0,
        lines_m={"line": line},
        zones_m={"zone": zone},
    )


def counts(scenario: Scenario, **options: Any) -> tuple[int, int, int, int]:
    truth = truth_of(scenario, scenario.cameras[0], **options)
    line, zone = truth.lines[0], truth.zones[0]
    return len(line.in_s), len(line.out_s), len(zone.entries_s), len(zone.exits_s)


def test_the_right_hand_side_of_the_picture_is_in(crowd_of: Any) -> None:
    camera = camera_with()
    eastward = crowd_of([(2.0, [(0, 15, 11), (10, 25, 11)])], camera)
    first, second = camera.lines_px[0].ends_px
    before, after = camera.project_ground(np.array([[15.0, 11.0], [25.0, 11.0]]))
    right_in_picture = np.array([-(second - first)[1], (second - first)[0]])
    assert (before - first) @ right_in_picture < 0 < (after - first) @ right_in_picture
    truth = truth_of(eastward, camera)
    np.testing.assert_allclose(truth.lines[0].in_s, [7.0], atol=0.01)
    assert len(truth.lines[0].out_s) == 0


@pytest.mark.parametrize(
    ("far_m", "pause_s", "expected"),
    [
        (20.1, 0.2, (0, 0)),
        (20.1, 1.4, (1, 1)),
        (20.6, 0.0, (1, 1)),
    ],
    ids=["a step over and back", "a short way over, for a while", "well over and back at once"],
)
def test_swaying_is_no_crossing(crowd_of: Any, far_m: float, pause_s: float, expected: tuple[int, int]) -> None:
    there = 5.0 + (far_m - 19.0) / 2.0
    back = there + pause_s
    walk = [(0, 19, 11), (5, 19, 11), (there, far_m, 11), (back, far_m, 11), (back + (far_m - 19) / 2.0, 19, 11), (30, 19, 11)]
    assert counts(crowd_of([(1.0, walk)], camera_with()))[:2] == expected


def test_a_sway_that_ends_on_the_other_side_counts_once_when_it_lasts() -> None:
    times = np.arange(0, 4, 0.1)
    distance = np.where(times < 1, -0.05, np.where((times * 5).astype(int) % 2 == 0, 0.05, -0.05))
    distance[times >= 2] = 0.2
    changes = settled_changes(times, distance)
    assert len(changes) == 1
    assert distance[changes[0][0]] < 0 < distance[changes[0][0] + 1]


def test_passing_the_end_of_a_line_is_no_crossing(crowd_of: Any) -> None:
    around = [(0, 18, 10), (4, 18, 17), (8, 22, 17), (12, 22, 10)]
    through_and_around = [*around, (16, 18, 10)]
    for line in (((20.0, 6.0), (20.0, 15.0)), ((20.0, 15.0), (20.0, 6.0))):
        assert counts(crowd_of([(0.0, around)], camera_with(line=line)))[:2] == (0, 0)
    camera = camera_with(line=((20.0, 6.0), (20.0, 15.0)))
    assert counts(crowd_of([(0.0, through_and_around)], camera))[:2] == (0, 1)


def test_who_appears_inside_enters_and_who_vanishes_inside_leaves(crowd_of: Any) -> None:
    appears = (1.0, [(0, 20, 11), (6, 28, 11)])
    vanishes = (3.0, [(0, 28, 11), (6, 20, 11)])
    scenario = crowd_of([appears, vanishes], camera_with())
    truth = truth_of(scenario, scenario.cameras[0])
    zone = truth.zones[0]
    np.testing.assert_allclose(zone.entries_s, [1.0, 6.0], atol=0.01)
    np.testing.assert_allclose(zone.exits_s, [4.0, 9.0], atol=0.01)
    assert zone.occupancy[:12].tolist() == [0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0]
    assert truth.in_view[:12].tolist() == [0, 1, 1, 2, 2, 2, 2, 2, 1, 1, 0, 0]


def test_who_is_still_inside_at_the_end_stays(crowd_of: Any) -> None:
    scenario = crowd_of([(1.0, [(0, 28, 11), (6, 20, 11), (30, 20, 11)])], camera_with())
    assert counts(scenario, duration_s=12.0)[2:] == (1, 0)
    assert counts(scenario)[2:] == (1, 1)


def test_nobody_counts_outside_the_view(crowd_of: Any) -> None:
    """The same walk, once in the picture and once south of its lower edge, over a line that reaches there."""
    camera = camera_with(line=((20.0, 1.0), (20.0, 16.0)))
    assert counts(crowd_of([(0.0, [(0, 15, 11), (8, 25, 11)])], camera))[:2] == (1, 0)
    assert counts(crowd_of([(0.0, [(0, 15, 2), (8, 25, 2)])], camera))[:2] == (0, 0)


def test_a_walk_over_the_end_of_the_loop_goes_on_at_its_beginning(crowd_of: Any) -> None:
    scenario = crowd_of([(36.0, [(0, 15, 11), (10, 25, 11)])], camera_with())
    truth = truth_of(scenario, scenario.cameras[0], duration_s=80.0)
    np.testing.assert_allclose(truth.lines[0].in_s, [1.0, 41.0], atol=0.01)
    # One round: inside from the first moment until 5 s, and again from 37 s to the end.
    assert counts(scenario)[2:] == (2, 1)


Corner = tuple[float, float]
places = st.tuples(st.floats(9, 31), st.floats(6, 17))
routes = st.lists(st.lists(places, min_size=2, max_size=5), min_size=1, max_size=6)


def paths_of(route: Sequence[Corner], speed_mps: float = 1.3) -> NDArray[np.float64]:
    corners = np.array(route)
    far = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    knots = np.arange(0, max(far[-1], 0.6), speed_mps / KNOT_HZ)
    return np.stack([np.interp(knots, far, corners[:, k]) for k in (0, 1)], axis=1)


def mirrored(points: Any) -> NDArray[np.float64]:
    result: NDArray[np.float64] = np.asarray(points) * np.array([-1.0, 1.0]) + np.array([40.0, 0.0])
    return result


@settings(max_examples=40, deadline=None)
@given(routes)
def test_reversing_time_swaps_in_and_out(route_list: list[list[Corner]]) -> None:
    paths = [paths_of(route) for route in route_list]
    forward = Trajectories.of([(5, path) for path in paths], duration_s=200.0)
    backward = Trajectories.of([(5, path[::-1]) for path in paths], duration_s=200.0)
    camera = camera_with()
    ins, outs, entries, exits = counts(Scenario("f", CONCOURSE, forward, (camera,)))
    assert counts(Scenario("b", CONCOURSE, backward, (camera,))) == (outs, ins, exits, entries)
    assert entries == exits


@settings(max_examples=40, deadline=None)
@given(routes)
def test_mirroring_swaps_in_and_out_and_keeps_visits(route_list: list[list[Corner]]) -> None:
    paths = [paths_of(route) for route in route_list]
    plain = Trajectories.of([(5, path) for path in paths], duration_s=200.0)
    other = Trajectories.of([(5, mirrored(path)) for path in paths], duration_s=200.0)
    ins, outs, entries, exits = counts(Scenario("p", CONCOURSE, plain, (camera_with(),)))
    mirror = camera_with(line=mirrored(NORTHWARD), zone=mirrored(SQUARE))
    # A corner exactly on the line belongs to one side, so compare only clear walks.
    if not any(np.abs(path[:, 0] - 20).min() < 0.02 for path in paths):
        assert counts(Scenario("m", CONCOURSE, other, (mirror,)))[:2] == (outs, ins)
    assert counts(Scenario("m", CONCOURSE, other, (mirror,)))[2:] == (entries, exits)


def test_crossings_equal_brute_force_in_the_picture() -> None:
    """Straight walkers, each at most once over the line: pixel by pixel at 100 Hz, with the picture's own rule."""
    rng = np.random.default_rng(5)
    starts, ends = rng.uniform((9, 6), (18.5, 17), (60, 2)), rng.uniform((21.5, 6), (31, 17), (60, 2))
    flip = rng.random(60) < 0.4
    starts[flip], ends[flip] = ends[flip].copy(), starts[flip].copy()
    paths = [(3 * k, paths_of([tuple(a), tuple(b)])) for k, (a, b) in enumerate(zip(starts, ends, strict=True))]
    camera = camera_with(line=((19.5, 7.0), (20.8, 15.0)))
    people = Trajectories.of(paths, duration_s=100.0)
    first, second = camera.lines_px[0].ends_px
    along = second - first
    expected = [0, 0]
    for k in range(len(people)):
        times, knots = people.path(k)
        fine = np.arange(times[0], times[-1], 0.01)
        pixels = camera.project_ground(np.stack([np.interp(fine, times, knots[:, j]) for j in (0, 1)], axis=1))
        right = (pixels - first) @ np.array([-along[1], along[0]]) > 0
        change = np.flatnonzero(right[1:] != right[:-1])
        share = (pixels[change] - first) @ along / (along @ along)
        for at, where in zip(change, share, strict=True):
            if 0 <= where <= 1:
                expected[0 if right[at + 1] else 1] += 1
    assert counts(Scenario("x", CONCOURSE, people, (camera,)))[:2] == tuple(expected)
    assert min(expected) > 5


def test_occupancy_of_a_shipped_scenario_is_the_number_of_feet_in_the_zone() -> None:
    scenario = load("concourse-5")
    camera = scenario.cameras[0]
    truth = truth_of(scenario, camera)
    zone, corners = truth.zones[0], camera.zones_m[0][1]
    inside = []
    for time_s, in_view in zip(truth.sample_times_s, truth.in_view, strict=True):
        xy = scenario.positions(time_s)[1]
        seen = scenario.in_view(camera, xy)
        assert seen.sum() == in_view
        inside.append((seen & (distance_inside(xy, corners) >= 0)).sum())
    # They may differ for the moment that somebody needs to settle over the border.
    assert np.mean(np.array(inside) != zone.occupancy) < 0.01
    assert zone.occupancy[-1] == pytest.approx(len(zone.entries_s) - len(zone.exits_s), abs=1)


def test_distance_inside_a_square() -> None:
    square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]], dtype=float)
    points = np.array([[2, 2], [1, 2], [-1, 2], [5, 5], [2, 3.5]], dtype=float)
    expected = [2, 1, -1, -np.sqrt(2), 0.5]
    np.testing.assert_allclose(distance_inside(points, square), expected)
    np.testing.assert_allclose(distance_inside(points, square[::-1]), expected)
