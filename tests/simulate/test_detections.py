from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from throng.simulate.detections import Faults, TrueBoxes, degraded, hidden_shares, true_boxes
from throng.simulate.scenario import load

NO_FAULTS = Faults(miss=0.0, false=0.0, jitter=0.0)
TIMES = np.arange(0.0, 300.0, 0.5).tolist()


@pytest.fixture(scope="module")
def frames() -> list[TrueBoxes]:
    scenario = load("concourse-50")
    return list(true_boxes(scenario, scenario.cameras[0], TIMES))


def _rng(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


def _iou(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    a, b = first[:, None], second[None]
    shared = np.maximum(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0.0).prod(axis=-1)
    areas = [(boxes[..., 2:] - boxes[..., :2]).prod(axis=-1) for boxes in (a, b)]
    iou: NDArray[np.float64] = shared / (areas[0] + areas[1] - shared)
    return iou


@pytest.mark.parametrize(("name", "camera"), [("concourse-50", "hall"), ("concourse", "gates")])
def test_everybody_whose_foot_point_the_camera_sees_has_a_box(name: str, camera: str) -> None:
    scenario = load(name)
    view = scenario.camera(camera)
    for seen in true_boxes(scenario, view, TIMES[::50]):
        people, xy, _ = scenario.positions(seen.time_s)
        expected = people[scenario.in_view(view, xy)]
        assert sorted(seen.people % len(scenario.people)) == sorted(expected)


def test_boxes_stand_on_the_foot_points(frames: list[TrueBoxes]) -> None:
    scenario = load("concourse-50")
    camera = scenario.cameras[0]
    for seen in frames[::50]:
        people, xy, _ = scenario.positions(seen.time_s)
        place = {int(person): point for person, point in zip(people, camera.project_ground(xy), strict=True)}
        feet = np.array([place[int(person)] for person in seen.people % len(scenario.people)])
        np.testing.assert_allclose(seen.feet_px, feet)
        np.testing.assert_allclose(seen.boxes_px[:, 3], feet[:, 1])
        whole = (seen.boxes_px[:, 0] > 0) & (seen.boxes_px[:, 2] < camera.size_px[0])
        np.testing.assert_allclose(seen.boxes_px[whole][:, [0, 2]].mean(axis=1), feet[whole, 0])


def test_a_box_is_as_large_as_a_body_there(small_camera: Any, crowd_of: Any) -> None:
    camera = small_camera()
    scenario = crowd_of([(0.0, [(0, 20, 10), (10, 20, 10)]), (0.0, [(0, 20, 14), (10, 20, 14)])], camera)
    (seen,) = true_boxes(scenario, camera, [5.0])
    for y_m, box in zip((14.0, 10.0), seen.boxes_px, strict=True):
        spans = [camera.project(np.array([[20.0, y_m, 0.0], [20.0, y_m, height]])) for height in (1.5, 1.95)]
        least, most = (foot[1] - head[1] for foot, head in spans)
        assert least < box[3] - box[1] < 1.12 * most
        middle = np.array([[19.75, y_m, 0.85], [20.25, y_m, 0.85]])
        assert box[2] - box[0] == pytest.approx(np.ptp(camera.project(middle)[:, 0]), rel=0.01)


def test_farthest_come_first(frames: list[TrueBoxes]) -> None:
    scenario = load("concourse-50")
    camera = scenario.cameras[0]
    for seen in frames[::50]:
        away = np.hypot(*(camera.ground(seen.feet_px) - camera.centre_m[:2]).T)
        assert (np.diff(away) <= 1e-6).all()


def test_a_walk_keeps_its_number_past_the_end_and_the_next_has_another(small_camera: Any, crowd_of: Any) -> None:
    camera = small_camera()
    scenario = crowd_of([(38.0, [(0, 16, 11), (6, 24, 11)]), (10.0, [(0, 16, 12), (20, 24, 12)])], camera)
    times = [1.0, 20.0, 38.0, 39.0, 41.0, 43.0, 60.0, 79.0]
    alone = [each.people.tolist() for each in true_boxes(scenario, camera, times)]
    before, other, first, second, third, fourth, other_again, later = (numbers[0] for numbers in alone)
    assert first == second == third == fourth
    assert len({before, other, first, other_again, later}) == 5


def test_without_faults_the_boxes_are_exact(frames: list[TrueBoxes]) -> None:
    for seen in frames[::100]:
        found = degraded(seen, NO_FAULTS, _rng())
        np.testing.assert_allclose(found.boxes_px, seen.boxes_px, atol=1e-9)
        assert found.time_s == seen.time_s


def test_misses_and_false_boxes_come_at_their_rates(frames: list[TrueBoxes]) -> None:
    total = sum(len(seen) for seen in frames)
    rng = _rng()
    missed = total - sum(len(degraded(seen, Faults(miss=0.1, false=0.0), rng)) for seen in frames)
    false = sum(len(degraded(seen, Faults(miss=1.0, false=0.5), rng)) for seen in frames)
    for count, law in ((missed, stats.binom(total, 0.10)), (false, stats.poisson(0.5 * total))):
        least, most = law.interval(0.999)
        assert least <= count <= most


def test_people_are_missed_independently(frames: list[TrueBoxes]) -> None:
    rng = _rng()
    # With everybody's chance apart, the number missed in a frame has variance n p (1 - p); missed together it has far more.
    spread = [
        (len(seen) - len(degraded(seen, Faults(miss=0.5, false=0.0), rng)) - 0.5 * len(seen)) / np.sqrt(0.25 * len(seen))
        for seen in frames
    ]
    assert np.var(spread) == pytest.approx(1.0, abs=4 * np.sqrt(2 / len(frames)))


def test_jitter_has_its_size(frames: list[TrueBoxes]) -> None:
    rng = _rng()
    shifts, stretches = [], []
    for seen in frames:
        inner = (seen.boxes_px > 20).all(axis=1) & (seen.boxes_px < np.tile(seen.size_px, 2) - 20).all(axis=1)
        true = seen.boxes_px[inner]
        found = degraded(seen, Faults(miss=0.0, false=0.0, jitter=0.04), rng).boxes_px[inner]
        size, found_size = true[:, 2:] - true[:, :2], found[:, 2:] - found[:, :2]
        shifts.append((found[:, :2] + found[:, 2:] - true[:, :2] - true[:, 2:]) / 2 / size[:, 1:])
        stretches.append(np.log(found_size / size))
    for noise in (np.concatenate(shifts), np.concatenate(stretches)):
        error = 4 / np.sqrt(len(noise))
        np.testing.assert_allclose(noise.mean(axis=0), 0.0, atol=0.04 * error)
        np.testing.assert_allclose(noise.std(axis=0), 0.04, rtol=error)


def test_nothing_lies_outside_the_picture(frames: list[TrueBoxes]) -> None:
    rng = _rng()
    for seen in frames:
        for boxes in (seen.boxes_px, degraded(seen, Faults(false=0.5, jitter=0.05), rng).boxes_px):
            assert (boxes >= 0).all()
            assert (boxes <= np.tile(seen.size_px, 2)).all()
            assert (boxes[:, 2:] > boxes[:, :2]).all()


def test_false_boxes_are_as_large_as_people_and_anywhere(frames: list[TrueBoxes]) -> None:
    rng = _rng()
    false = np.concatenate([degraded(seen, Faults(miss=1.0, false=0.2), rng).boxes_px for seen in frames])
    people = np.concatenate([seen.boxes_px for seen in frames])
    heights, true_heights = false[:, 3] - false[:, 1], people[:, 3] - people[:, 1]
    assert np.percentile(true_heights, 1) / 1.6 < np.percentile(heights, 1)
    assert np.percentile(heights, 99) < 1.6 * np.percentile(true_heights, 99)
    middles = (false[:, :2] + false[:, 2:]) / 2
    column, row = (middles // np.array([768 / 4, 432 / 3])).astype(int).T
    cells = np.bincount(4 * row + column, minlength=12)
    assert cells.min() > 0.3 * cells.mean()


def test_false_boxes_do_not_persist(frames: list[TrueBoxes]) -> None:
    rng = _rng()
    films = [degraded(seen, Faults(miss=1.0, false=0.1), rng).boxes_px for seen in frames]
    again = [bool((_iou(before, after) > 0.5).any()) for before, after in pairwise(films) if len(before) and len(after)]
    # About five boxes a frame, each a three-hundredth of the picture: by chance a few meet.
    assert np.mean(again) < 0.2


def test_scores_of_people_and_false_boxes_overlap(frames: list[TrueBoxes]) -> None:
    rng = _rng()
    of_people = np.concatenate([degraded(seen, Faults(false=0.0), rng).scores for seen in frames])
    of_false = np.concatenate([degraded(seen, Faults(miss=1.0, false=0.2), rng).scores for seen in frames])
    assert of_people.mean() == pytest.approx(5.0 / 6.5, abs=0.01)
    assert of_false.mean() == pytest.approx(0.4, abs=0.02)
    assert 0.0 <= min(of_people.min(), of_false.min()) <= max(of_people.max(), of_false.max()) <= 1.0
    assert (of_false > np.median(of_people)).any()


def test_the_seed_decides(frames: list[TrueBoxes]) -> None:
    first, same, other = (degraded(frames[0], Faults(), _rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.boxes_px, same.boxes_px)
    np.testing.assert_array_equal(first.scores, same.scores)
    assert len(other) != len(first) or (other.boxes_px != first.boxes_px).any()


def test_hidden_share_counts_nearer_boxes_once() -> None:
    far, nearer, nearest = [0.0, 0.0, 10.0, 20.0], [5.0, 0.0, 15.0, 20.0], [5.0, 10.0, 30.0, 40.0]
    shares = hidden_shares(np.array([far, nearer, nearest]))
    np.testing.assert_allclose(shares, [0.5, 0.5, 0.0], atol=0.06)
    assert hidden_shares(np.empty((0, 4))).shape == (0,)


@pytest.mark.parametrize(("ahead_px", "share"), [(0.0, 1.0), (2.5, 0.75), (5.0, 0.5), (10.0, 0.0)])
def test_hidden_share_of_one_box_behind_another(ahead_px: float, share: float) -> None:
    """Closed form: of two boxes equally large, the farther is hidden as far as they overlap, to half a point of the grid."""
    far, near = [0.0, 0.0, 10.0, 20.0], [ahead_px, 0.0, 10.0 + ahead_px, 20.0]
    np.testing.assert_allclose(hidden_shares(np.array([far, near])), [share, 0.0], atol=0.5 / 9 + 1e-9)


def test_who_is_hidden_more_than_the_limit_is_never_found() -> None:
    """Nine tenths of the first box lie behind the second, half of the third behind the last."""
    lefts = np.array([0.0, 1.0, 50.0, 55.0])
    boxes = np.column_stack([lefts, np.zeros(4), lefts + 10.0, np.full(4, 20.0)])
    feet = np.column_stack([lefts + 5.0, boxes[:, 3]])
    seen = TrueBoxes(0.0, np.arange(4), boxes, feet, (100, 100))
    for limit, found in ((1.0, [0, 1, 2, 3]), (0.7, [1, 2, 3]), (0.3, [1, 3])):
        hiding = Faults(miss=0.0, false=0.0, jitter=0.0, hides_from=limit)
        np.testing.assert_allclose(degraded(seen, hiding, _rng()).boxes_px, boxes[found])


def test_an_empty_view_gives_no_detections(small_camera: Any, crowd_of: Any) -> None:
    camera = small_camera()
    scenario = crowd_of([(0.0, [(0, 20, 10), (2, 20, 10)])], camera)
    (seen,) = true_boxes(scenario, camera, [20.0])
    assert len(seen) == 0
    assert len(degraded(seen, Faults(), _rng())) == 0
