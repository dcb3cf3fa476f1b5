from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from throng.data.errors import CalibrationError
from throng.data.tracks import Tracks
from throng.ground.people import (
    BOX_ERROR,
    MARGIN,
    MOST_BOXES,
    PERSON_HEIGHT_ERROR,
    TALL_BY_STEEPNESS,
    Walkers,
    walkers_of,
)
from throng.ground.people_body import body_boxes, bottom_middles, stand
from throng.ground.people_watch import MOST_PEOPLE, MOST_SAMPLES, Watcher
from throng.ground.view import View

Floats = NDArray[np.float64]
Place = tuple[float, float]

VIEW = View(1200.0, np.radians(30), np.radians(1.0), 6.0, 1280, 720)
VIEWS = st.builds(
    lambda focal, tilt, roll, height: View(focal, np.radians(tilt), np.radians(roll), height, 1280, 720),
    st.floats(700, 2200),
    st.floats(8, 60),
    st.floats(-5, 5),
    st.floats(3, 15),
)


def crossing(
    view: View, *, start: Place = (-4.0, 9.0), end: Place = (4.0, 14.0), height_m: float = 1.70, n: int = 24
) -> tuple[Floats, Floats]:
    """Boxes of one person who walks from place to place."""
    places = np.asarray(np.linspace(start, end, n), dtype=np.float64)
    heading = np.full(n, np.arctan2(end[1] - start[1], end[0] - start[0]))
    return 0.5 * np.arange(n, dtype=np.float64), body_boxes(view, places, heading, height_m)


def evidence(view: View, ways: list[tuple[Place, Place]], **options: Any) -> Walkers:
    parts = [(np.full(len(t), i), t, b) for i, (t, b) in enumerate(crossing(view, start=a, end=b) for a, b in ways)]
    ids, times, boxes = (np.concatenate(each) for each in zip(*parts, strict=True))
    return walkers_of(ids, times, boxes, width_px=1280, height_px=720, **options)


WAYS = [((-3.0, 9.0), (3.0, 12.0)), ((2.0, 8.0), (-1.0, 16.0)), ((-2.0, 15.0), (2.0, 10.0))]


def test_a_level_camera_sees_a_body_as_tall_as_its_height_over_its_distance() -> None:
    view = View(1000.0, 0.0, 0.0, 1.0, 1280, 720)
    box = body_boxes(view, np.array([[0.0, 100.0]]), np.zeros(1), 1.7)[0]
    assert box[3] - box[1] == pytest.approx(1000 * 1.7 / 100, rel=0.01)
    assert (box[0] + box[2]) / 2 == pytest.approx(640, abs=1.0)


@settings(max_examples=40, deadline=None)
@given(VIEWS)
def test_where_a_box_ends_its_body_stands(view: View) -> None:
    middle, standing = view.to_ground([[640.0, 500.0]])
    if not standing.all() or np.hypot(*middle[0]) > 40:
        return
    feet = middle + np.linspace((-0.5, -0.5), (0.5, 0.5), 5)
    boxes = body_boxes(view, feet, np.full(5, np.pi / 4), 1.7)
    if not np.isfinite(boxes).all():
        return
    found, heading = stand(view, bottom_middles(boxes), (np.zeros(5, int), np.full(5, 4)), 1.7)
    assert found == pytest.approx(feet, abs=0.05)
    assert heading == pytest.approx(np.full(5, np.pi / 4), abs=0.2)


def test_the_true_view_leaves_nothing_unexplained() -> None:
    walkers = evidence(VIEW, WAYS)
    assert len(walkers) == 3
    misses = walkers.misses(VIEW)
    assert np.abs(misses.tall).max() < 0.01
    assert np.abs(misses.wide).max() < 0.02
    assert np.abs(misses.path).max() < 0.02
    assert np.sum(walkers.residuals(VIEW) ** 2) < 0.1 * np.sum(
        walkers.residuals(replace(VIEW, tilt_rad=VIEW.tilt_rad + 0.02)) ** 2
    )


def test_residuals_have_the_covariance_of_shared_errors() -> None:
    """Oracle: the chi-square of the heights with their covariance written out."""
    walkers = evidence(VIEW, WAYS)
    view = replace(VIEW, tilt_rad=VIEW.tilt_rad + 0.03, height_m=6.4)
    n = len(walkers.times_s)
    misses = walkers.misses(view)
    sides = (walkers.boxes_px[:, 3] - walkers.boxes_px[:, 1]) / np.exp(misses.tall)
    shared = [
        np.hypot(0.03 / 1.70, BOX_ERROR) * misses.slope,
        2 * MARGIN * 1280 / sides,
        TALL_BY_STEEPNESS * misses.steepness,
    ]
    same = walkers.person[:, None] == walkers.person
    covariance = walkers.tall_error**2 * np.eye(n) + PERSON_HEIGHT_ERROR**2 * np.outer(misses.slope, misses.slope) * same
    covariance += sum(np.outer(each, each) for each in shared)
    wanted = misses.tall @ np.linalg.solve(covariance, misses.tall)
    assert np.sum(walkers.residuals(view)[:n] ** 2) == pytest.approx(wanted, rel=1e-9)


def test_residuals_are_finite_and_as_many_for_any_view() -> None:
    walkers = evidence(VIEW, WAYS)
    for tilt, height in ((0.0, 1.0), (1.5, 2.0), (0.3, 100.0), (-0.3, 5.0)):
        residuals = walkers.residuals(replace(VIEW, tilt_rad=tilt, height_m=height))
        assert residuals.shape == (4 * len(walkers.times_s),)
        assert np.isfinite(residuals).all()


def test_one_person_counts_once_however_long_the_walk() -> None:
    times, boxes = crossing(VIEW, n=400)
    walkers = walkers_of(np.zeros(400), times, boxes, width_px=1280, height_px=720)
    assert len(walkers) == 1
    assert len(walkers.times_s) == MOST_BOXES


def test_boxes_cut_short_are_left_out() -> None:
    times, boxes = crossing(VIEW)
    boxes[10:14, 3] -= 0.3 * (boxes[10:14, 3] - boxes[10:14, 1])
    walkers = walkers_of(np.zeros(24), times, boxes, width_px=1280, height_px=720)
    assert not set(walkers.times_s) & set(times[10:14])
    assert np.abs(walkers.misses(VIEW).tall).max() < 0.02


def test_who_is_at_the_border_or_stands_is_left_out() -> None:
    times, boxes = crossing(VIEW)
    cut = boxes.copy()
    cut[:, 3] = 720.0
    still = np.tile(boxes[:1], (24, 1))
    ids = np.repeat([0, 1], 24)
    walkers = walkers_of(ids, np.tile(times, 2), np.concatenate([cut, still]), width_px=1280, height_px=720)
    assert len(walkers) == 0


@pytest.mark.parametrize("height_m", [0.5, 3.0, np.nan])
def test_a_mean_height_that_nobody_has_is_refused(height_m: float) -> None:
    with pytest.raises(CalibrationError, match="mean height"):
        evidence(VIEW, WAYS, mean_height_m=height_m)


def test_people_stay_in_memory() -> None:
    walkers = evidence(VIEW, WAYS)
    assert "float64[" in repr(walkers)
    assert str(float(walkers.boxes_px[0, 0])) not in repr(walkers)


def tracks(ids: list[int], boxes: ArrayLike, time_s: float, ended: Sequence[int] = ()) -> Tracks:
    n = len(ids)
    corners = np.reshape(np.array(boxes, dtype=np.float64), (n, 4))
    feet = np.column_stack([corners[:, [0, 2]].mean(axis=1), corners[:, 3]])
    return Tracks(np.array(ids, np.uint64), corners, feet, None, np.array(ended, np.uint64), time_s, np.ones(n, bool), feet)


def test_a_watcher_takes_whole_people_who_are_alone() -> None:
    times, boxes = crossing(VIEW)
    beside = boxes + np.array([20.0, 0.0, 20.0, 0.0])
    watcher = Watcher(1280, 720)
    for time, box, other in zip(times, boxes, beside, strict=True):
        watcher.take(tracks([1], [box], time))
        watcher.take(tracks([2, 3], [box, other], time))
    watcher.take(tracks([], [], 99.0, ended=[1, 2, 3]))
    assert len(watcher.walkers()) == 1


def test_a_watcher_holds_no_more_with_time() -> None:
    times, boxes = crossing(VIEW, n=100)
    watcher = Watcher(1280, 720)
    for one in range(MOST_PEOPLE + 20):
        for time, box in zip(times[::5], boxes[::5], strict=True):
            watcher.take(tracks([one], [box], one + time))
        watcher.take(tracks([], [], one + 50.0, ended=[one]))
    for time, box in zip(times, boxes, strict=True):
        watcher.take(tracks([9999], [box], 1000 + time))
    assert len(watcher._walked) == MOST_PEOPLE
    assert len(watcher._walking[9999].times_s) <= MOST_SAMPLES


def test_progress_grows_from_nothing() -> None:
    watcher = Watcher(1280, 720)
    assert watcher.progress() == 0.0
    times, boxes = crossing(VIEW)
    for time, box in zip(times, boxes, strict=True):
        watcher.take(tracks([1], [box], time))
    watcher.take(tracks([], [], 99.0, ended=[1]))
    assert 0.0 < watcher.progress() < 0.1
