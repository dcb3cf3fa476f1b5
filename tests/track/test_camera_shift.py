"""Pushes at the camera, told from people who move on their own."""

import numpy as np
import pytest
from tests.track.crowds import Floats, boxes, seen

from throng.track.camera_shift import common_surprise, jolt
from throng.track.tracker import Tracker

HEIGHT = 100.0


def _crowd(seed: int, people: int = 20, width_px: float = 1500.0) -> Floats:
    """Boxes (n, 4), centre and size, of people of about the same height."""
    generator = np.random.default_rng(seed)
    height = HEIGHT * generator.uniform(0.9, 1.1, people)
    return np.column_stack([generator.uniform(0, width_px, (people, 2)), 0.4 * height, height])


@pytest.mark.parametrize("shift", [(2.0, 0.0), (0.0, -7.5), (30.0, 40.0), (-0.25, 0.5)])
def test_a_surprise_that_all_share_is_found_exactly(shift: tuple[float, float]) -> None:
    found = common_surprise(np.broadcast_to(np.array(shift), (12, 2)))
    assert found is not None
    np.testing.assert_array_equal(found, shift)


def test_a_surprise_that_most_share_is_found_despite_outliers() -> None:
    generator = np.random.default_rng(3)
    differences = np.array([10.0, -6.0]) + generator.normal(0, 3, (30, 2))
    differences[:8] = generator.uniform(-80, 80, (8, 2))
    found = common_surprise(differences)
    assert found is not None
    np.testing.assert_allclose(found, [10, -6], atol=2.5)


@pytest.mark.parametrize(("people", "most"), [(6, 0.22), (15, 0.12), (60, 0.08)])
def test_people_who_move_at_random_are_seldom_taken_for_the_camera(people: int, most: float) -> None:
    # The spread of few is itself uncertain; what chance makes is a few pixels.
    generator = np.random.default_rng(people)
    shifts = [common_surprise(generator.normal(0, 8, (people, 2))) for _ in range(1000)]
    false = np.array([shift for shift in shifts if shift is not None])
    assert len(false) < 1000 * most
    assert np.abs(false).max() < 2 * 8


def test_nobody_and_few_say_nothing() -> None:
    none = np.empty((0, 2))
    assert common_surprise(none) is None
    assert common_surprise(np.full((3, 2), 9.0)) is None
    crowd = _crowd(1)
    assert jolt(crowd[:0], crowd) is None
    assert jolt(crowd, crowd[:0]) is None
    assert jolt(crowd[:3], crowd[:3]) is None
    assert jolt(crowd, crowd + np.array([1e4, 0, 0, 0])) is None


@pytest.mark.parametrize("seed", range(10))
def test_a_jolt_is_found_with_half_of_the_people_missing(seed: int) -> None:
    generator = np.random.default_rng(seed)
    expected, angle = _crowd(seed, width_px=600.0), generator.uniform(0, 2 * np.pi)
    push = 0.5 * HEIGHT * np.array([np.cos(angle), np.sin(angle)])
    still_here = generator.permutation(len(expected))[: len(expected) // 2]
    found = expected[still_here] + generator.normal(0, 0.02 * HEIGHT, (len(still_here), 4))
    found[:, :2] += push
    shift = jolt(expected, np.concatenate([found, _crowd(seed + 100, people=5, width_px=600.0)]))
    assert shift is not None
    np.testing.assert_allclose(shift, push, atol=0.05 * HEIGHT)


def test_other_people_are_no_jolt() -> None:
    # Half of the people would have to find a box of their height at one and the same displacement.
    false = sum(jolt(_crowd(seed), _crowd(seed + 1000)) is not None for seed in range(200))
    assert false < 10


@pytest.mark.parametrize("people", [8, 12, 40])
@pytest.mark.parametrize("seed", range(3))
def test_a_shaking_camera_loses_nobody(seed: int, people: int) -> None:
    generator = np.random.default_rng(seed)
    columns = int(np.ceil(np.sqrt(people)))
    start = np.array([(150.0 * (n % columns), 200.0 * (n // columns)) for n in range(people)])
    velocity = generator.uniform(-15, 15, (people, 2))
    tracker, owners = Tracker(), dict[int, int]()
    for frame in range(60):
        time_s = frame / 10
        true = start + velocity * time_s
        push = generator.normal(0, 0.2 * HEIGHT, 2) if frame > 10 else np.zeros(2)
        tracks = tracker.update(seen(boxes(true + push + generator.normal(0, 2, (people, 2))), time_s))
        if frame > 3:
            assert len(tracks) == people
            centres = (tracks.boxes_px[:, :2] + tracks.boxes_px[:, 2:]) / 2
            nearest = np.hypot(*(centres[:, None] - true - push).transpose(2, 0, 1)).argmin(axis=1)
            for key, person in zip(tracks.ids.tolist(), nearest.tolist(), strict=True):
                assert owners.setdefault(key, person) == person
    assert len(owners) == people
